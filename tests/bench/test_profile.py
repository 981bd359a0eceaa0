"""`[profile]`: every wrong value is refused with its place, and what is kept is exact text and real truth values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.benchfile import BenchFile, parse, place_in
from fixtures.errors import BenchError
from fixtures.kinds import rows_of, shown
from fixtures.profile import DISPENSER, checked, table
from fixtures.profile_taxi import sensor_per_km
from fixtures.references import PROVER
from harness.benches import built_in, find
from harness.plans import PLANS
from harness.plans.ability import Ability
from harness.plans.order import check_order, dry_run
from harness.step import Deliver

LEAST: Mapping[str, Any] = {"volume_resolution_l": "0.01", "amount_resolution": "0.01"}


def nowhere(key: str) -> str:
    return "bench.toml"


def bench(old: str = "", new: str = "", name: str = "dispenser-k3") -> BenchFile:
    text = find(name).text
    assert old in text
    return parse(text.replace(old, new, 1), "bench.toml")


@pytest.mark.parametrize("name", built_in())
def test_built_in_benches_parse_the_same_twice(name: str) -> None:
    first = find(name)
    if first.family == "dispenser":
        assert first.profile["sealed_k"] is True
        assert first.profile["slots_per_rev"] == "50"
        assert first.profile["price"] == "7.52"
    assert parse(first.text, first.where) == first


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('pulses_per_litre = "0"', "pulses_per_litre expected a number > 0 and <= 100000, got '0'"),
        ('pulses_per_litre = "-100"', "got '-100'"),
        ('pulses_per_litre = "nan"', "got 'nan'"),
        ("pulses_per_litre = nan", "got NaN"),
        ("pulses_per_litre = inf", "got Infinity"),
        ('pulses_per_litre = "1e2"', "got '1e2'"),
        ('pulses_per_litre = "\uff11\uff10\uff10"', "pulses_per_litre expected a number"),
        ('pulses_per_litre = " 100"', "got ' 100'"),
        ('pulses_per_litre = ""', "got ''"),
        ("pulses_per_litre = 100001", "got 100001"),
        ("pulses_per_litre = 1e999999", "pulses_per_litre expected a number"),
        ("pulses_per_litre = true", "got true"),
        ('pulses_per_litre = ["100"]', r"got \['100'\]"),
        ("pulses_per_litre = 2026-01-01", "pulses_per_litre expected a number"),
        ('sealed_k = "false"', "sealed_k expected true or false, without quotes, got 'false'"),
        ("sealed_k = 1", "sealed_k expected true or false"),
        ("blending = 0", "blending expected true or false"),
        ('decoding = "x3"', "decoding expected one of x1, x2, x4, got 'x3'"),
        ('topology = "Direct"', "topology expected one of direct, divided"),
        ('slots_per_rev = "50.0"', "slots_per_rev expected a whole number from 1 to 100000"),
        ("slots_per_rev = 0", "slots_per_rev expected a whole number"),
        (
            'volume_resolution_l = "0"',
            "volume_resolution_l expected a power of ten such as 0.01, from 0.0001 to 1, got '0'",
        ),
        ('volume_resolution_l = "x"', "got 'x'"),
        ('volume_resolution_l = "0.05"', "got '0.05'"),
        ('volume_resolution_l = "10"', "got '10'"),
        ('volume_resolution_l = "-0.01"', "got '-0.01'"),
        ('amount_resolution = "0.02"', "amount_resolution expected a power of ten"),
        ('totaliser_resolution_l = "0"', "totaliser_resolution_l expected a power of ten"),
        ('price = "0"', "price expected a number > 0"),
        ('price = "-7.52"', "price expected a number > 0"),
        ('price = "7.525"', "price expected a multiple of price_resolution 0.01, got 7.525"),
        ("price = 7.525", "price expected a multiple of price_resolution 0.01, got 7.525"),
        ('price = "10000.00"', "price expected at most 999999 steps of price_resolution 0.01"),
        ('price_resolution = "0.1"', "price expected a multiple of price_resolution 0.1"),
        ('price_resolution = "0"', "price_resolution expected a power of ten"),
        ('reference_u_rel = "-1"', "reference_u_rel expected a number > 0 and < 0.1, got '-1'"),
        ('reference_u_rel = "0"', "reference_u_rel expected"),
        ('reference_u_rel = "0.1"', "reference_u_rel expected"),
        ('reference_pulses_per_litre = "0"', "reference_pulses_per_litre expected a number > 0"),
        ('max_flow_l_min = "0"', "max_flow_l_min expected a number > 0"),
        ('currency = ""', "currency expected text of 1 to 32 printable characters"),
        ("currency = 156", "currency expected text"),
    ],
)
def test_wrong_values_are_named_with_their_line(line: str, message: str) -> None:
    text = find("dispenser-k3").text.splitlines()
    key = line.split(" = ")[0]
    number = next(i for i, old in enumerate(text) if old.startswith(f"{key} = "))
    text[number] = line
    at = (
        number
        if not message.startswith("price ")
        else next(i for i, old in enumerate(text) if old.startswith("price ="))
    )
    with pytest.raises(BenchError, match=rf"^bench\.toml:{at + 1}: \[profile\] .*{message}"):
        parse("\n".join(text), "bench.toml")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("price_fixed = 'yes'", "price_fixed expected true or false"),
        ("amount_rounding = 'half'", "amount_rounding expected one of nearest, down, up"),
        ("can_l = 0", "can_l expected a number > 0 and <= 1000"),
        ("register_update_ms = 0", "register_update_ms expected a whole number from 1 to 60000"),
        ("register_update_ms = 0.5", "register_update_ms expected a whole number"),
        ("bleding = true", "unknown key 'bleding' in .profile.; did you mean blending"),
        ("reference_urel = '0.1'", "did you mean reference_u_rel"),
        ("zzz = 1", "unknown key 'zzz' in .profile.; expected one of pulses_per_litre, "),
        ("can_l.x = 1", "can_l expected a number"),
        (f"can_l = {'9' * 5000}", "expected numbers of a few digits|at most 64 bit"),
        (f"can_l = 0x{'f' * 5000}", "at most 64 bit, got one of 20000 bit"),
        ("can_l = 1e99999999999999999999", "can_l expected a number|expected numbers of a few digits"),
        (f"can_l.{'.'.join('x' * 4000)} = 1", "nested a few levels deep"),
    ],
)
def test_wrong_lines_are_refused(line: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        bench("[profile]", f"[profile]\n{line}")


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [
        ("dispenser-k0", "volume_resolution_l", "volume_resolution_l is missing: every profile needs it"),
        ("dispenser-k0", "amount_resolution", "amount_resolution is missing: every profile needs it"),
        ("dispenser-k0", "pulses_per_litre", "pulses_per_litre is missing: sealed_k = true needs it"),
        ("dispenser-k2", "reference_u_rel", "reference_u_rel is missing: station reference at analyser"),
        (
            "dispenser-k3",
            "reference_pulses_per_litre",
            "reference_pulses_per_litre is missing: station reference at analyser",
        ),
        ("dispenser-k3", "price", "price is missing: master, which authorises sales, needs it"),
    ],
)
def test_what_is_missing_is_named(name: str, key: str, message: str) -> None:
    lines = [line for line in find(name).text.splitlines() if not line.startswith(f"{key} = ")]
    at = lines.index("[profile]") + 1
    with pytest.raises(BenchError, match=rf"^bench\.toml:{at}: \[profile\] {message}"):
        parse("\n".join(lines), "bench.toml")


def test_a_fixed_price_is_a_price() -> None:
    with pytest.raises(BenchError, match="price is missing: price_fixed = true needs it"):
        checked("dispenser", {**LEAST, "price_fixed": True}, nowhere)


def test_a_family_without_a_schema_is_refused() -> None:
    with pytest.raises(
        BenchError,
        match="family expected one of dispenser, gas-dispenser, price-scale, truck-scale, taximeter, got 'scale'",
    ):
        bench('family = "dispenser"', 'family = "scale"')


def test_the_line_named_is_the_one_in_the_profile() -> None:
    text = '[elsewhere]\nprice = "7.52"\n' + find("dispenser-k3").text.replace('"7.52"', '"0"', 1)
    line = text.splitlines().index('price = "0"') + 1
    assert place_in(text, "bench.toml", "profile")("price") == f"bench.toml:{line}"
    assert place_in(text, "bench.toml", "profile")("can_l") == f"bench.toml:{text.splitlines().index('[profile]') + 1}"


def test_toml_numbers_and_text_are_kept_as_the_same_exact_text() -> None:
    given_ = {**LEAST, "price": Decimal("7.520"), "slots_per_rev": 50, "can_l": Decimal("2e1"), "pulses_per_litre": 100}
    kept = checked("dispenser", given_, nowhere)
    assert (kept["price"], kept["slots_per_rev"], kept["can_l"], kept["pulses_per_litre"]) == (
        "7.520",
        "50",
        "20",
        "100",
    )


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=20)
    | st.dates()
    | st.integers(-3, 200_000).map(str)
    | st.decimals(-1, 10_000, places=3, allow_nan=False).map(str)
    | st.sampled_from(["0.01", "0.1", "1", "7.52", "x4", "direct", "nearest", "CNY", "nan", "0", "-1"])
)


def read(values: dict[str, Any]) -> dict[str, str | bool] | str:
    """What is kept of `values`, or the error's text; any other exception fails the test."""
    try:
        return checked("dispenser", values, nowhere)
    except BenchError as error:
        return str(error)


@given(
    st.dictionaries(st.sampled_from(sorted(DISPENSER)) | st.text(max_size=20), SCALARS, max_size=8),
    st.booleans(),
)
def test_any_mapping_parses_or_is_a_bench_error(values: dict[str, Any], complete: bool) -> None:
    kept = read({**LEAST, **values} if complete else values)
    if isinstance(kept, str):
        assert kept.startswith("bench.toml: ")
        return
    assert {"volume_resolution_l", "amount_resolution"} <= set(kept)
    assert all(type(value) in (str, bool) for value in kept.values())
    assert read(dict(kept)) == kept


@given(st.sampled_from(sorted(DISPENSER)), SCALARS)
def test_one_value_at_a_time_parses_or_is_quoted(key: str, value: Any) -> None:
    kept = read({**LEAST, "pulses_per_litre": "100", "price": "7", key: value})
    if isinstance(kept, str):
        assert shown(value) in kept or "multiple of" in kept
    else:
        assert isinstance(value, bool) == isinstance(kept[key], bool)


def test_the_keys_are_documented() -> None:
    docs = Path(__file__).parents[2] / "docs" / "bench.md"
    assert all(
        table(family) in docs.read_text("utf-8") for family in ("dispenser", "price-scale", "truck-scale", "taximeter")
    )
    assert rows_of(PROVER) in docs.read_text("utf-8")


PROVER_BENCH = find("dispenser-k0-prover").text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('u_ml = "2.5"\n', "", "u_ml is missing: every reference needs it"),
        ('ml_per_mm = "2"', 'ml_per_mm = "0"', "ml_per_mm expected a number > 0"),
        ('material = "stainless"', 'material = "glass"', "material expected one of stainless, carbon"),
        ('h0_mm = "66"', 'h0_mm = "140"', "expected low_mm < h0_mm < high_mm, got 5, 140 and 140"),
        ("pre_wet = true", "pre_wett = true", "did you mean pre_wet?"),
        ('kind = "prover_neck"', 'kind = "bucket"', "kind expected one of prover_neck, gravimetric"),
        ('kind = "prover_neck"', 'kind = ["prover_neck"]', "kind expected one of prover_neck, gravimetric"),
        ("pre_wet = true", 'pre_wet = "yes"', "pre_wet expected true or false, without quotes"),
    ],
)
def test_a_certificate_that_cannot_be_right_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert old in PROVER_BENCH
    with pytest.raises(BenchError, match=re.escape(message)) as error:
        parse(PROVER_BENCH.replace(old, new, 1), "bench.toml")
    assert str(error.value).startswith("bench.toml:")


def test_the_certificate_is_kept_as_written() -> None:
    reference = find("dispenser-k0-prover").reference
    assert reference["u_ml"] == "2.5"
    assert reference["pre_wet"] is True
    assert find("dispenser-k0").reference == {}


@pytest.mark.parametrize(
    "name", sorted(n for n, plan in PLANS.items() if plan.family == "dispenser" and not plan.site and not plan.clauses)
)
def test_without_a_price_no_amount_is_preset(name: str) -> None:
    stations = frozenset({"reference", "display", "amount"})

    def amounts(price: str) -> list[Decimal]:
        steps = dry_run(PLANS[name].steps(Ability(stations, True, True, Decimal(20), Decimal(price))))
        check_order(steps)
        return [step.amount for step in steps if isinstance(step, Deliver) and step.amount is not None]

    assert amounts("0") == []
    assert amounts("7.52")[:1] == [Decimal("97.76")]
    assert all(amount % Decimal("0.01") == 0 for amount in amounts("7.52"))


def test_a_source_in_the_place_of_the_sensor_gives_what_the_conditioner_takes() -> None:
    assert sensor_per_km({"pulses_per_km": "1000"}) == 1000
    assert sensor_per_km({"pulses_per_km": "1000", "ratio": "49/8"}) == 6125
