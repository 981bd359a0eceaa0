"""Tariffs: the files in the tree keep their golden fares, and what the parser refuses."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.tariff import Tariff, TariffError, failures, folder, parse

FOLDER = folder()
NAMES = sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".toml"))
TOKYO = (FOLDER / "tokyo_2017.toml").read_text("utf-8")
SHENZHEN = (FOLDER / "shenzhen_2024.toml").read_text("utf-8")


@cache
def tariff(name: str) -> Tariff:
    return parse((FOLDER / f"{name.replace('-', '_')}.toml").read_text("utf-8"), f"{name}.toml")


def test_every_city_and_edition_is_there() -> None:
    assert {name.removesuffix(".toml").replace("_", "-") for name in NAMES} == {
        "beijing-2013", "guangzhou-2024", "hangzhou-2022", "london-t1", "london-t2", "london-t3", "luoyang-2022",
        "manila-2018", "mexico-city-2014", "new-york-2012", "new-york-2025", "seoul-2014", "shanghai", "shanghai-ev",
        "shenzhen-2018", "shenzhen-2024", "tokyo-2017", "tokyo-2022",
    }  # fmt: skip


@pytest.mark.parametrize("file", NAMES)
def test_a_tariff_keeps_its_golden_fares(file: str) -> None:
    own = tariff(file.removesuffix(".toml").replace("_", "-"))
    assert file == own.id.replace("-", "_") + ".toml"
    assert len(own.golden) >= 2
    assert failures(own) == []


@pytest.mark.parametrize("file", NAMES)
def test_what_was_not_seen_in_a_primary_document_is_unverified(file: str) -> None:
    own = tariff(file.removesuffix(".toml").replace("_", "-"))
    assert all(value.grade == "V" for value in own.values if value.verified)
    assert not any(one.verified for one in (*own.unknowns, *own.golden))
    assert not own.verified  # every one of them leaves something open


def test_a_golden_fare_that_is_wrong_is_told() -> None:
    wrong = parse(TOKYO.replace("fare = 730", "fare = 740", 1), "t.toml")
    [sentence, *_] = failures(wrong)
    assert "2000 m" in sentence
    assert "expected 740" in sentence
    assert "got 730" in sentence


@pytest.mark.parametrize(
    ("name", "kmh"),
    [
        ("beijing-2013", "12.0"),
        ("guangzhou-2024", "16.92"),
        ("shenzhen-2024", "17.78"),
        ("shanghai", "22.5"),
        ("tokyo-2022", "9.66"),
        ("london-t1", "16.77"),
        ("new-york-2012", "19.31"),
    ],
)
def test_natural_cross_over_speeds(name: str, kmh: str) -> None:
    """taximeters.md 2.4, checks [D]; 12 mph is 19.31 km/h."""
    assert round(float(tariff(name).first({}).rule.cross_over_kmh), len(kmh.split(".")[1])) == float(kmh)


def test_a_price_in_a_window_is_exact() -> None:
    [night] = tariff("shanghai-ev").first({}).rule.windows
    assert night.unit == Fraction(35, 27)
    assert night.start == Fraction(21, 16)


def test_an_alternative_has_its_place_and_no_other() -> None:
    own = tariff("beijing-2013")
    assert own.first({"distance.step_m": "500"}).rule.distance.step_m == 500
    with pytest.raises(TariffError, match=r"distance.step_m expected one of 1000, 500, 100, 1, got '250'"):
        own.check({"distance.step_m": "250"})
    with pytest.raises(TariffError, match="expected one of its unknowns"):
        own.check({"start.price": "12"})


TIER = 'id = "very-far"\nfrom_m = 35000'


@pytest.mark.parametrize(
    ("text", "old", "new", "line", "message"),
    [
        (SHENZHEN, "price = 2.7", "price = -2.7", "price = -2.7", "price expected a number above 0"),
        (SHENZHEN, "price = 2.7", "price = nan", "price = nan", "price expected a number above 0"),
        (SHENZHEN, "price = 10", "price = -10", "price = -10", "expected a number from 0"),
        (SHENZHEN, TIER, 'id = "very-far"\nfrom_m = 30000', "from_m = 30000", "tiers must not overlap; far ends at 35000"),
        (SHENZHEN, TIER, 'id = "very-far"\nfrom_m = 36000', "from_m = 36000", "tiers must leave no gap; far ends at 35000"),
        (SHENZHEN, "to_m = 35000\n", "", "from_m = 35000", "tiers must not overlap; far has no end"),
        (SHENZHEN, TIER, TIER + "\nto_m = 50000", "to_m = 50000", "tiers must leave no gap"),
        (SHENZHEN, "from_m = 20000", "from_m = 1000", "from_m = 1000", "from the start distance 2000 m on"),
        (SHENZHEN, 'to = "06:00"', 'to = "23:00"', 'to = "23:00"', "expected a window that is not empty"),
        (SHENZHEN, 'to = "06:00"', 'to = "6:00"', 'to = "6:00"', 'to expected "HH:MM"'),
        (SHENZHEN, "below_kmh = 10", "below = 10", "below = 10", "unknown key 'below'"),
        (SHENZHEN, "below_kmh = 10\n", "", "[time]", "mode CN expected the key 'below_kmh'"),
        (SHENZHEN, "[time]", "[tine]", "[tine]", "unknown table 'tine'"),
        (SHENZHEN, 'mode = "CN"', 'mode = "X"', 'mode = "X"', "mode expected one of S, D, CN"),
        (SHENZHEN, "per_m = 1000", "per_m = 0", "per_m = 0", "per_m expected a number from 1 on"),
        (SHENZHEN, 'grade = "P"\nverified = false', 'grade = "P"\nverified = true', "verified = true", "expected false unless grade is V"),
        (SHENZHEN, 'alternatives = [1000, 500, 100, 1]', "alternatives = [1000, 0]", "alternatives = [1000, 0]", "step_m expected a number from 1 on"),
        (SHENZHEN, 'alternatives = [1000, 500, 100, 1]', "alternatives = []", "alternatives = []", "a list of 1 to 16 different values"),
        (SHENZHEN, 'key = "distance.step_m"', 'key = "distance.price"', 'key = "distance.price"', "not in both, got both"),
        (SHENZHEN, 'key = "distance.step_m"', 'key = "start.bonus"', 'key = "start.bonus"', "key expected one of price"),
        (SHENZHEN, 'given = { "time.within_start" = true }', 'given = { "time.step" = true }', 'given = { "time.step" = true }', "expected one of its unknowns"),
        (TOKYO, "unit = 1.2", "unit = 1.2\ntime = 1.1", "time = 1.1", "mode S expected no time"),
        (TOKYO, "[time]", '[time]\nstep_s = 0.5', "step_s = 0.5", "step_s expected a number from 1 on"),
    ],
)  # fmt: skip
def test_errors_name_file_and_line(text: str, old: str, new: str, line: str, message: str) -> None:
    assert old in text
    changed = text.replace(old, new, 1)
    number = changed[: changed.index(line)].count("\n") + 1
    with pytest.raises(TariffError) as raised:
        parse(changed, "t.toml")
    assert str(raised.value).startswith(f"t.toml, line {number}: "), raised.value
    assert message in str(raised.value)


def test_windows_of_one_kind_must_not_overlap() -> None:
    peak = '[[window]]\nid = "late"\nkind = "peak"\nfrom = "18:59"\nto = "20:00"\ntime = 2\ndecided = "running"\nsource = "x"\ngrade = "U"\nverified = false\n\n[[extra]]'
    text = (FOLDER / "beijing_2013.toml").read_text("utf-8").replace("[[extra]]", peak, 1)
    with pytest.raises(TariffError, match="expected not to overlap the peak window evening-peak"):
        parse(text, "t.toml")
    assert parse(text.replace("18:59", "19:00"), "t.toml").id == "beijing-2013"


def test_hostile_files_are_refused() -> None:
    for text, message in [
        ("x" * 70_000, "at most 65536 characters"),
        ("a = [", "expected TOML"),
        ("a = " + "[" * 5000, "expected TOML"),
        (SHENZHEN + '\n[[unknown]]\nkey = "extra.call.amount"\nalternatives = [1]\nreason = "x"\nsource = "x"\ngrade = "U"\nverified = false', "not in both"),
        (SHENZHEN.replace("alternatives = [1000, 500, 100, 1]", f"alternatives = {list(range(1, 17))}").replace("alternatives = [60, 1]", f"alternatives = {list(range(1, 17))}").replace('alternatives = [0.1, 1]', f"alternatives = {list(range(1, 17))}").replace("alternatives = [1, 1.3]", f"alternatives = {[1 + k / 100 for k in range(16)]}").replace('alternatives = ["half-up", "down"]', 'alternatives = ["half-up", "down", "up"]'), "combinations of unknowns"),
        (SHENZHEN.replace("[start]", "[[start]]"), "expected one table"),
        (SHENZHEN.replace("[start]", "start = 3\n[begin]", 1), "unknown key 'start'"),
    ]:  # fmt: skip
        with pytest.raises(TariffError, match=message):
            parse(text, "t.toml")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(SHENZHEN) - 1), st.text(min_size=0, max_size=6), st.integers(0, 12))
def test_a_damaged_file_gives_a_tariff_or_a_clear_error(at: int, put: str, cut: int) -> None:
    text = SHENZHEN[:at] + put + SHENZHEN[at + cut :]
    message = "t.toml, "
    try:
        assert isinstance(parse(text, "t.toml"), Tariff)
    except TariffError as error:
        message = str(error)
    assert message.startswith("t.toml, ")


def test_decimals_are_not_rounded() -> None:
    own = parse(SHENZHEN.replace("price = 2.7", "price = 2.700001", 1), "t.toml")
    assert own.first({}).rule.distance.price == Decimal("2.700001")
