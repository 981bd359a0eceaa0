"""Fleets through the whole screening: honest ones list nobody, cheats of each kind are listed by the test made for them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, binomtest, norm

from benchmarks.generators_fleet import CARELESS, HEADER, MAPPING, Cheat, Fleet, make, write
from harness.exits import Exit
from harness.fleet import rates
from harness.fleet.bounds import tariffed
from harness.fleet.kinds import OF_PEOPLE
from harness.fleet.lattice import Residues
from harness.fleet.mapping import parse
from harness.fleet.plot import draw
from harness.fleet.rates import Honest, fit, holm, interval, p_values
from harness.fleet.scale import Speeds
from harness.fleet.screening import Screening, screen
from harness.fleet.tally import Tally
from harness.fleet.together import Together
from protocols.tariff import known
from tests.commands import shortmeasure

ALPHA = 0.004
CHEATS = {
    0: Cheat(doubles=0.5), 1: Cheat(gain=1.4), 2: Cheat(factor=1.25), 3: Cheat(tens=0.6), 4: Cheat(tenfold=0.4),
    5: Cheat(lump_mi=30, lumped=0.2),
}  # fmt: skip
MADE = Fleet(vehicles=70, days=20, trips=6)


def screened(folder: Path, fleet: Fleet, seed: int) -> Screening:
    path = folder / "trips.csv"
    write(make(fleet, seed), path)
    return screen(path, parse(MAPPING, "m"))


def listed(found: Screening) -> dict[tuple[str, str], list[str]]:
    return {(test.kind.id, test.noun): [one.unit for one in test.listed] for test in found.made}


def test_an_honest_fleet_lists_nobody(tmp_path: Path) -> None:
    found = screened(tmp_path, MADE, 1)
    assert found.listed == 0
    assert {test.kind.id for test in found.made} == {"doubled", "fast", "off-lattice", "tens", "gaps", "scale"}
    assert all(test.units in (70, 140) for test in found.made)


def test_each_cheat_is_listed_by_its_test(tmp_path: Path) -> None:
    found = screened(tmp_path, replace(MADE, cheats=CHEATS), 2)
    own = listed(found)
    assert own["doubled", "driver"] == ["D00000"]
    assert "V00001" in own["scale", "vehicle"]
    assert own["gaps", "vehicle"] == ["V00002"]
    assert own["tens", "vehicle"] == ["V00003"]
    assert own["fast", "vehicle"] == ["V00005"]
    scale = next(test for test in found.made if test.kind.id == "scale")
    gain = next(one for one in scale.listed if one.unit == "V00001")
    assert gain.low < 0.4 < gain.high
    doubled = next(test for test in found.made if (test.kind.id, test.noun) == ("doubled", "driver"))
    assert doubled.listed[0].together[0][0] == "V00000"
    assert doubled.listed[0].excess > 0


def test_relief_drivers_of_an_odd_vehicle_are_not_listed(tmp_path: Path) -> None:
    found = screened(tmp_path, replace(MADE, cheats={5: CHEATS[5]}), 2)
    fast = {test.noun: test for test in found.made if test.kind.id == "fast"}
    assert [one.unit for one in fast["vehicle"].listed] == ["V00005"]
    assert fast["driver"].listed == ()
    assert fast["driver"].on_vehicles >= 2


def test_a_code_without_a_fare_is_no_event(tmp_path: Path) -> None:
    """Presses at the end of a trip cost nothing: a driver may do it every day."""
    made = make(MADE, 3)
    code = np.where((made.driver == 4) & (made.code == 1), 4, made.code)
    path = tmp_path / "trips.csv"
    write(replace(made, code=code), path)
    assert ("doubled", "driver") in listed(found := screen(path, parse(MAPPING, "m")))
    assert listed(found)["doubled", "driver"] == []


def test_a_button_stuck_for_one_shift_is_one_event(tmp_path: Path) -> None:
    """Every trip of a day charged at the doubled rate: many trips, one day."""
    made = make(replace(MADE, trips=8), 4)
    stuck = (made.driver == 4) & (made.start // 86_400 == 3) & ~made.away
    path = tmp_path / "trips.csv"
    write(replace(made, code=np.where(stuck, 4, made.code), fare=np.where(stuck, 2 * made.fare, made.fare)), path)
    found = screen(path, parse(MAPPING, "m"))
    doubled = next(test for test in found.made if (test.kind.id, test.noun) == ("doubled", "driver"))
    assert doubled.hits >= 1
    assert doubled.listed == ()


def test_a_small_fleet_is_counted_and_not_tested(tmp_path: Path) -> None:
    found = screened(tmp_path, replace(MADE, vehicles=10, cheats={0: CHEATS[5]}), 2)
    assert found.made == ()
    fast = next(test for test in found.tests if (test.kind.id, test.noun) == ("fast", "vehicle"))
    assert fast.hits > 5
    assert "fewer than 30" in fast.why_not


EVENTS = {  # what one trip of V07 shows: minutes, kilometres, fare, minutes waited
    "none": ("10", "4.0", "15.3", "10"),
    "waiting": ("10", "4.0", "15.3", "12"),
    "off-lattice": ("10", "4.03", "15.3", "2"),
    "fast": ("10", "32.0", "95.0", "2"),
    "above": ("10", "4.0", "60.0", "2"),
    "below": ("10", "20.0", "30.0", "2"),
}


def test_every_kind_of_day_is_told_apart_and_drawn(tmp_path: Path) -> None:
    """45 vehicles, 12 days, three like trips a day, Beijing's tariff; the first ones do one thing each on every day, once."""
    mapping = MAPPING.replace('driver = "hack"\nrate_code = "code"\n', 'waiting = "w"\n').split("[rates]")[0]
    mapping = mapping.replace('"mi"\n', '"km"\nwaiting = "min"\n').replace("0.01", "0.1")
    mapping = mapping.replace('start_zone = "from"\nend_zone = "to"\n', "")
    odd, like = dict(enumerate(EVENTS.values())), ("10", "4.0", "15.3", "2")
    rows = ["medallion,pickup,dropoff,miles,fare,w"]
    for vehicle in range(45):
        for day in range(1, 13):
            for hour in (10, 12, 14):
                minutes, km, fare, waited = odd.get(vehicle, like) if hour == 12 else like
                clock = f"2024-05-{day:02d} {hour}"
                rows.append(
                    f"V{vehicle},{clock}:{vehicle:02d}:00,{clock}:{vehicle + int(minutes)}:00,{km},{fare},{waited}"
                )
    path, picture = tmp_path / "trips.csv", tmp_path / "fleet.svg"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    own = known("beijing-2013")
    found = screen(path, parse(mapping, "m"), tariffed(own.id, own.verified, [own.first({}).rule]))
    days = {test.kind.id: test for test in found.made if test.kind.per == "days"}
    assert set(days) == set(EVENTS) - {"none"}
    for number, event in enumerate(EVENTS):
        if event != "none":
            assert [one.unit for one in days[event].listed] == [f"V{number}"]
            assert days[event].hits == 12
    assert draw(found, picture)
    assert "fare above its ceiling" in picture.read_text("utf-8")
    assert not draw(replace(found, tests=()), tmp_path / "none.svg")


# how often honest units do it


@pytest.mark.parametrize("name", ["all alike", "log-normal, spread 1.0", "exponential", "60 % never"])
def test_honest_units_are_not_listed(name: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(2):
        n = rng.integers(18, 30, 400)
        x = rng.binomial(n, np.minimum(CARELESS[name](rng, 400, 0.01), 1))
        honest = fit(x, n, ALPHA, OF_PEOPLE)
        assert (holm(p_values(honest, x, n)) > ALPHA - honest.beta).all()


def test_units_apart_do_not_teach_the_fleet_their_rate() -> None:
    rng = np.random.default_rng(6)
    n = rng.integers(18, 30, 1000)
    x = rng.binomial(n, 0.01)
    x[:20] = rng.binomial(n[:20], 0.9)
    honest = fit(x, n, ALPHA, OF_PEOPLE)
    assert honest.mean == pytest.approx(0.01, rel=0.25)
    assert 0.01 < honest.others < 0.06
    told = np.flatnonzero(holm(p_values(honest, x, n)) <= ALPHA - honest.beta)
    assert told.tolist() == list(range(20))


def test_the_fleet_shows_its_spread() -> None:
    rng = np.random.default_rng(7)
    n = np.full(3000, 200)
    x = rng.binomial(n, np.minimum(0.02 * np.exp(rng.normal(0, 0.8, n.size)), 1))
    honest = fit(x, n, ALPHA, 0.1)
    assert honest.median == pytest.approx(0.02, rel=0.08)
    assert honest.spread == pytest.approx(0.8, rel=0.08)


def test_p_values_are_those_of_the_integral() -> None:
    middle, spread = np.log(0.02), 0.6
    honest = Honest(0.02, spread, 0.0, np.array([(middle, spread)]), 0.0, 100)
    for x, n in ((2, 25), (8, 30), (20, 25)):
        exact = quad(
            lambda z, x=x, n=n: norm.pdf(z) * binom.sf(x - 1, n, min(np.exp(middle + spread * z), 1)), -8, 9, limit=200
        )[0]
        assert p_values(honest, np.array([x]), np.array([n]))[0] == pytest.approx(exact, rel=0.03)


def test_too_few_units_are_an_error() -> None:
    few = np.ones(29, dtype=np.int64)
    with pytest.raises(ValueError, match="expected at least 30 units, got 29"):
        fit(few, few, ALPHA, OF_PEOPLE)


def test_holm_and_intervals_agree_with_scipy_and_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
    for x, n in ((0, 20), (3, 20), (20, 20)):
        known = binomtest(x, n).proportion_ci()
        assert interval(x, n) == pytest.approx((known.low, known.high))
    assert rates.SPREAD_GRANTED >= OF_PEOPLE


# counts


def test_days_are_counted_once_over_blocks_and_out_of_order() -> None:
    tally, rng = Tally(), np.random.default_rng(8)
    unit, day = rng.integers(0, 9, 3000), rng.integers(15_000, 15_060, 3000)
    hit = rng.random(3000) < 0.2
    for part in np.array_split(rng.permutation(3000), 7):
        tally.exposed(unit[part], day[part])
        own = part[hit[part]]
        tally.hit(unit[own], day[own], np.full(own.size, 5))
    counted = tally.counted(12)
    for one in range(12):
        mine = unit == one
        assert counted.trips[one] == mine.sum()
        assert counted.days[one] == np.unique(day[mine]).size
        assert counted.hit_days[one] == np.unique(day[mine & hit]).size
        assert counted.excess[one] == 5 * (mine & hit).sum()


@pytest.mark.parametrize(("factor", "modulus"), [(2.0, 2), (1.5, 3), (1.25, 5), (1.1, 11), (22 / 21, 22)])
def test_a_factor_on_rounded_records_leaves_gaps(factor: float, modulus: int) -> None:
    rng, residues = np.random.default_rng(9), Residues()
    for unit in range(40):
        steps = rng.integers(20, 2000, 1500)
        residues.add(np.full(1500, unit), np.round(steps * factor).astype(np.int64) if unit == 3 else steps)
    p, gaps = residues.gaps(40)
    assert p[3] < 1e-9
    assert gaps[3] is not None
    assert gaps[3].modulus % modulus == 0 or gaps[3].p < 1e-20
    assert np.delete(p, 3).min() > 1e-4


def test_a_factor_shows_against_the_same_hours_and_durations() -> None:
    rng, speeds = np.random.default_rng(10), Speeds()
    for unit in range(80):
        start, duration = rng.integers(0, 20 * 86_400, 300), rng.integers(120, 2400, 300)
        kmh = (20 + 10 * (start // 3600 % 24 > 20)) * np.exp(rng.normal(0, 0.3, 300)) * np.exp(rng.normal(0, 0.02))
        distance = kmh / 3.6 * duration * (1.3 if unit == 7 else 1) * 1e6
        speeds.add(np.full(300, unit), start, duration, distance.astype(np.int64))
    scales = speeds.scales(80)
    assert scales is not None
    assert int(np.argmin(scales.p)) == 7
    assert np.delete(scales.p, 7).min() > 1e-4
    low, high = scales.interval(7)
    assert low < 0.3 < high
    assert 0.0 <= scales.spread < 0.04


def test_who_was_with_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.fleet.together._MOST", 3)
    together = Together()
    for vehicle, driver in (([1, 1, 2], [5, 5, 5]), ([1, 1], [6, 5])):
        together.add({"vehicle": np.array(vehicle), "driver": np.array(driver)})
    assert together.of("vehicle", 1) == [(5, 3), (6, 1)]
    assert together.of("driver", 5) == [(1, 3), (2, 1)]
    assert together.of("driver", 9) == []


# the command


@pytest.fixture
def fleet(tmp_path: Path) -> tuple[str, str]:
    path, mapping = tmp_path / "trips.csv", tmp_path / "map.toml"
    write(make(replace(MADE, cheats=CHEATS), 2), path)
    mapping.write_text(MAPPING, "utf-8")
    return str(path), str(mapping)


def test_the_command_prints_lists_and_overwrites_nothing(
    fleet: tuple[str, str], capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    path, mapping = fleet
    picture = tmp_path / "fleet.svg"
    code, out, err = shortmeasure(
        capfd, "fleet", "check", path, "--map", mapping, "--tariff", "new-york-2012", "--json"
    )
    assert code == Exit.INCONCLUSIVE, err
    document: dict[str, Any] = json.loads(out)
    assert document["tariff"] == {"id": "new-york-2012", "verified": False}
    assert document["trips"] == document["records"]
    above = next(test for test in document["tests"] if (test["test"], test["of"]) == ("above", "vehicle"))
    assert [one["unit"] for one in above["listed"]] == ["V00004"]
    assert float(above["listed"][0]["money_above"]) > 500
    assert "proves nothing" in document["limits"][0]
    assert "proven" not in out
    picture.write_text("another", "utf-8")
    again, _, told = shortmeasure(capfd, "fleet", "check", path, "--map", mapping, "--plot", str(picture))
    assert again == Exit.PRECONDITION
    assert "already" in told


def test_the_command_in_chinese(
    fleet: tuple[str, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, _ = shortmeasure(capfd, "fleet", "check", fleet[0], "--map", fleet[1], "--alpha", "0.2")
    assert code == Exit.INCONCLUSIVE
    assert "这是对记录的筛查" in out
    assert "其他可能的解释" in out
    assert "fleet" not in out.replace("made fleet", "")


def test_without_pandas_the_command_says_so(
    fleet: tuple[str, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = shortmeasure(capfd, "fleet", "check", fleet[0], "--map", fleet[1])
    assert code == Exit.USAGE
    assert "shortmeasure[fleet]" in err


def test_bad_input_ends_in_one_message(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    path, mapping = tmp_path / "trips.csv", tmp_path / "map.toml"
    mapping.write_text(MAPPING, "utf-8")
    path.write_text("a;b\n1;2\n", "utf-8")
    code, _, err = shortmeasure(capfd, "fleet", "check", str(path), "--map", str(mapping))
    assert code == Exit.PRECONDITION
    assert "expected a column 'medallion'" in err
    path.write_text(HEADER + "\n", "utf-8")
    code, out, _ = shortmeasure(capfd, "fleet", "check", str(path), "--map", str(mapping))
    assert code == Exit.INCONCLUSIVE
    assert "0 records, 0 trips" in out
    code, _, err = shortmeasure(capfd, "fleet", "check", str(path), "--map", str(mapping), "--tariff", "atlantis")
    assert code == Exit.USAGE
    assert "new-york-2012" in err
    for wrong in (("--alpha", "nan"), ("--plot", "x.doc"), ("--plot", "nowhere/x.svg")):
        code, _, err = shortmeasure(capfd, "fleet", "check", str(path), "--map", str(mapping), *wrong)
        assert code == Exit.USAGE
