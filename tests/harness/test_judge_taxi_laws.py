"""The laws of a taximeter on trips written down by hand: scale, fare, clocks, records, conformity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from harness.catalogue import with_rules
from harness.editions import edition
from harness.families import family_tests
from harness.judge.conformity_taxi import conformity
from harness.judge.contexts import groups
from harness.judge.contract import Conformity, DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.laws import fare_replay
from harness.judge.laws.clock_offset import DETECTOR as CLOCK
from harness.judge.laws.distance_scale import DETECTOR as SCALE
from harness.judge.laws.fare_replay import DETECTOR as FARE
from harness.judge.laws.leg_share import DETECTOR as LEGS
from harness.judge.laws.record import DETECTOR as RECORD
from harness.judge.laws.waiting_clock import DETECTOR as WAITING
from harness.metrology.decision import Tolerance, conforming
from harness.tariffs import tariff
from protocols.tariff.engine import Meter, fare
from protocols.tariff.trip import Trip
from tests import driven
from tests.driven import PROFILE, S, pulses, register, run, segment, steady, town, trace, train, travelled

CN = edition("jjg517-2016")
R21 = edition("oiml-r21-2007")
TESTS = family_tests(CN).detectors


def shown(speeds: driven.Floats, gain: float = 1.0, every_s: float = 5.0, step: str = "0.1") -> Any:
    """The displayed distance, cut to its last digit, read every so often and once more at rest."""
    metres = travelled(speeds) * gain / 1000
    at = [*np.arange(every_s, speeds.size * driven.STEP_S, every_s).tolist(), speeds.size * driven.STEP_S + 3.0]
    km = [metres[min(int(t / driven.STEP_S), metres.size) - 1] for t in at]
    values = [Decimal(int(Decimal(str(x)) / Decimal(step))) * Decimal(step) for x in km]
    return register("distance", [Decimal(0), *values], [0.0, *at], step)


def trip(number: int, gain: float = 1.0, kmh: float = 50, seconds: float = 400, **context: Any) -> Segment:
    speeds = steady(kmh, seconds)
    metres = float(travelled(speeds)[-1])
    taps = [train("input", pulses(speeds, gain, seed=number), seconds + 5)]
    own = {"reference": "surveyed", **context}
    return segment(f"t{number}", seconds + 5, *taps, registers=[shown(speeds, gain)], reference_m=(metres, metres * 0.001), begin_s=1000 * number, **own)  # fmt: skip


def hits(readings: Sequence[Reading]) -> list[Reading]:
    return [reading for reading in readings if reading.hits]


# ------------------------------------------------------------------------------------------------ scale and conformity


def test_a_constant_tenth_too_much_is_scale_over_every_trip() -> None:
    readings = run(SCALE, *(trip(i, 1.10) for i in range(3)))
    assert {str(reading.link) for reading in hits(readings)} == {"reference>input", "reference>distance"}
    assert all(reading.shape is Shape.CONSTANT for reading in hits(readings))
    assert hits(readings)[0].effect == pytest.approx(0.10, abs=0.003)
    assert SCALE.conformity_alone


@pytest.mark.parametrize("gain", [0.90, 0.96, 1.0, 1.025, 1.035])
def test_wear_and_too_little_are_no_scale_that_accuses(gain: float) -> None:
    assert not hits(run(SCALE, *(trip(i, gain) for i in range(3))))


def test_trips_that_differ_among_themselves_have_no_scale() -> None:
    readings = run(SCALE, trip(0, 1.0), trip(1, 1.10), trip(2, 1.20), trip(3, 1.0))
    assert not hits(readings)
    assert any(reading.at.get("scattered") for reading in readings)


def test_trips_that_each_tell_too_much_are_told_though_they_differ() -> None:
    """A driver who presses more on one ride than on another does not go free for it."""
    assert len(hits(run(SCALE, trip(0, 1.15), trip(1, 1.30)))) == 4  # each by its taps and by its display


# -------------------------------------------------------------------------------------------------------- leg by leg


def ridden(shares: Sequence[float], *, metres: float = 1300.0, misread: int | None = None) -> Segment:
    """A trip of legs that tell so much too much each, read at rest after each on a display of 0.1 km."""
    at = [60.0 * i for i in range(len(shares) + 1)]
    ways = np.cumsum([0.0, *(metres * (1 + share) for share in shares)]) + 40.0
    values = [Decimal(int(way / 100)) / 10 for way in ways]
    if misread is not None:
        values[misread] += Decimal(3)
    own = register("distance", values, at)
    legs = tuple((a, b, metres, 8.0) for a, b in pairwise(own.times_ns.tolist()))
    whole = metres * len(shares)
    return segment(
        "r", at[-1] + 5, registers=[own], reference_m=(whole, 15.0), reference="gnss", legs_m=legs, covert=True
    )


@pytest.mark.parametrize(
    "shares", [[0.0] * 6, [0.02] * 6, [0.3] * 6, [0.02, 0.0, 0.03, 0.01, 0.0, 0.02], [-0.2, 0.02, 0.0, -0.1, 0.0, 0.0]]
)
def test_one_share_of_every_leg_or_little_is_no_share_of_some_legs(shares: list[float]) -> None:
    [reading] = run(LEGS, ridden(shares))
    assert reading.spoke
    assert not reading.hits


def test_what_is_worked_on_some_legs_is_told() -> None:
    [reading] = run(LEGS, ridden([0.6, 0.0, 0.25, 0.5, 0.0, 0.4]))
    assert reading.hits == 4
    assert reading.shape is Shape.SWITCHED
    assert reading.effect == pytest.approx(0.29, abs=0.03)
    assert reading.at["most_leg"] == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("which", range(1, 7))
def test_one_digit_misread_makes_no_legs_differ(which: int) -> None:
    """Three kilometres too much on one reading, whichever it is."""
    [reading] = run(LEGS, ridden([0.01] * 6, misread=which))
    assert not reading.hits


def test_legs_without_a_reference_say_nothing() -> None:
    whole = ridden([0.5] * 6)
    [reading] = run(LEGS, replace(whole, context={**whole.context, "legs_m": ()}))
    assert reading.reason.startswith("no two readings")
    [reading] = run(LEGS, ridden([0.5, 0.0, 0.5]))
    assert reading.reason == "3 legs are too few"


@pytest.mark.parametrize(
    ("gain", "expected"),
    [(1.0, "pass"), (0.97, "pass"), (0.94, "fail"), (1.03, "fail"), (1.10, "fail"), (1.010, "inconclusive")],
)
def test_the_limits_are_one_of_too_much_and_another_of_too_little(gain: float, expected: str) -> None:
    found = conformity([trip(i, gain, kmh=90) for i in range(3)], PROFILE, CN)
    assert found.conformity == expected
    assert not found.verified
    assert found.limit == (0.01 if gain > 1 else 0.04 if gain < 1 else found.limit)


def test_a_reed_that_chatters_counts_each_closing_once() -> None:
    speeds = steady(50, 400)
    metres = float(travelled(speeds)[-1])
    drive = pulses(speeds)
    bounced = np.sort(np.concatenate([drive, drive[::3] + 0.0011, drive[::5] + 0.0017]))
    own = segment(
        "t",
        405,
        train("input", bounced, 405),
        registers=[shown(speeds)],
        reference_m=(metres, 1.0),
        reference="surveyed",
    )
    assert not hits(run(SCALE, own))
    assert not hits(through("register-law", own))
    assert conformity([own], PROFILE, CN).conformity is not Conformity.FAIL


def test_satellites_decide_nothing_inside_the_limits() -> None:
    inside = [trip(i, 1.0, kmh=90, reference="gnss") for i in range(3)]
    assert conformity(inside, PROFILE, CN).conformity is Conformity.INCONCLUSIVE
    beyond = [trip(i, 1.2, reference="gnss") for i in range(3)]
    assert conformity(beyond, PROFILE, CN).conformity is Conformity.FAIL


def test_a_meter_alone_has_the_floor_of_four_metres() -> None:
    # 1 km at 60 km/h: 0.4 % of it are 4 m, and the share of 0.2 % is less
    speeds = steady(60, 61)
    metres = float(travelled(speeds)[-1])
    own = segment("b", 65, train("input", pulses(speeds, 1.003), 65), reference_m=(metres, 0.2), reference="source")
    found = conformity([own], PROFILE, R21)
    assert found.limit == pytest.approx(4 / metres)
    assert found.conformity is Conformity.INCONCLUSIVE or found.conformity is Conformity.PASS
    assert conforming(0.003, 1e-4, Tolerance(-0.004, 0.004)) > 0.99
    assert conforming(0.003, 1e-4, Tolerance(-0.004, 0.002)) < 0.01


def falsified(number: int, factor: float) -> Segment:
    """A surveyed trip whose display makes `factor` of right pulses."""
    speeds = steady(60, 400)
    metres = float(travelled(speeds)[-1])
    taps = [train("input", pulses(speeds, seed=number), 405)]
    return segment(f"d{number}", 405, *taps, registers=[shown(speeds, factor)], reference_m=(metres, metres * 0.001), begin_s=1000 * number, reference="surveyed")  # fmt: skip


def test_the_limits_are_those_of_what_the_passenger_sees() -> None:
    assert conformity([falsified(i, 1.0) for i in range(3)], PROFILE, CN).conformity is Conformity.PASS
    found = conformity([falsified(i, 1.2) for i in range(3)], PROFILE, CN)
    assert found.conformity is Conformity.FAIL
    assert found.error == pytest.approx(0.2, abs=0.02)
    once = conformity([falsified(0, 1.2), falsified(1, 1.0)], PROFILE, CN)
    assert once.conformity is Conformity.PASS, "one digit may be misread"


def test_a_stretch_noted_wrongly_once_decides_nothing() -> None:
    right = falsified(0, 1.0)
    assert right.reference_m is not None
    wrong = replace(right, id="w", reference_m=(3 * right.reference_m[0], right.reference_m[1]))
    assert conformity([wrong, falsified(1, 1.0)], PROFILE, CN).conformity is Conformity.INCONCLUSIVE


def test_nothing_measured_is_inconclusive() -> None:
    assert conformity([], PROFILE, CN).conformity is Conformity.INCONCLUSIVE


def test_trips_have_groups_of_their_own_behind_a_press_and_beyond_what_a_verification_drives() -> None:
    assert not {"event", "long"} & set(groups(falsified(0, 1.0), "0"))
    behind = replace(falsified(0, 1.0), context={"pressed": ("press-remote",)})
    assert "event" in groups(behind, "0")
    own = replace(
        falsified(0, 1.0),
        registers={"distance": register("distance", [Decimal(0), Decimal("25.1")], [0.0, 400.0], "0.1")},
    )
    assert "long" in groups(own, "0")


# ------------------------------------------------------------------------------------------------- distance against pulses


def through(name: str, *segments: Segment, **profile: Any) -> list[Reading]:
    spec: DetectorSpec = TESTS[name]
    return list(spec.judge(segments, View(PROFILE | profile, spec.parameters, driven.VALIDATED)))


def other_k(number: int, factor: float) -> Segment:
    """The meter makes `factor` times the distance of its pulses."""
    speeds = steady(50, 400)
    return segment(
        f"k{number}", 405, train("input", pulses(speeds, seed=number), 405), registers=[shown(speeds, factor)]
    )


def test_the_displayed_distance_is_the_pulses_over_the_sealed_k() -> None:
    assert all(
        reading.spoke and not reading.hits for reading in through("register-law", *(other_k(i, 1.0) for i in range(3)))
    )
    broken = hits(through("register-law", *(other_k(i, 1.08) for i in range(3))))
    assert [reading.link for reading in broken] == [Link("input", "distance")] * 3
    assert not hits(through("register-law", other_k(0, 1.08), sealed_k=False))


def test_an_increase_beyond_a_distance_is_a_course_that_bends() -> None:
    speeds = steady(60, 1800)  # 30 km
    metres = travelled(speeds)
    bent = np.where(metres > 15_000, 15_000 + (metres - 15_000) * 1.2, metres) / 1000
    at = np.arange(5.0, 1800.0, 5.0)

    def read(km: driven.Floats) -> Any:
        return register(
            "distance", [Decimal(int(km[int(t / driven.STEP_S) - 1] * 100)) / 100 for t in at], at.tolist(), "0.01"
        )

    tap = train("input", pulses(speeds), 1805)
    assert not hits(through("course", segment("t", 1805, tap, registers=[read(metres / 1000)])))
    [reading] = hits(through("course", segment("t", 1805, tap, registers=[read(bent)])))
    assert reading.link == Link("input", "distance")
    assert reading.at["onset_l"] == pytest.approx(15.0, abs=0.5)


# ------------------------------------------------------------------------------------------------------------------- fare

NOON = 12 * 3600 * S
BY_FARE = with_rules(PROFILE | {"tariff": "tokyo-2017"}, CN)


def fared(number: int, name: str = "tokyo-2017", *, factor: float = 1.0, above: float = 0.0, clock: str = "1", civil: int | None = NOON, added: str = "0", choice: int = 0, seconds: float = 900) -> Segment:  # fmt: skip
    """A ride whose fare an engine made; `factor` on what lies above `above`."""
    speeds = town(number, seconds, 70)
    stamps = np.round(pulses(speeds, seed=number) * S).astype(np.int64)
    readings = list(tariff(name).readings({}))
    rule = readings[choice % len(readings)].rule
    course = fare(rule, Trip.of_pulses(stamps, 1000, 0, int((seconds + 5) * S), NOON), Meter(clock_ratio=Fraction(clock)))  # fmt: skip
    at = np.linspace(1, seconds + 3, 9)
    step = Decimal(rule.display.step)
    values = []
    for t in at:
        value = course.displayed_at(int(t * S))
        value = (
            value
            if value <= Decimal(str(above))
            else Decimal(str(above)) + (value - Decimal(str(above))) * Decimal(str(factor))
        )
        values.append((value / step).quantize(Decimal(1)) * step + Decimal(added))
    context = {} if civil is None else {"civil_ns": civil}
    tap = train("input", stamps / S, seconds + 5)
    return segment(
        f"f{number}", seconds + 5, tap, registers=[register("fare", values, at.tolist(), str(step), "CNY")], **context
    )


def replay(*segments: Segment, profile: Any = BY_FARE) -> list[Reading]:
    return list(FARE.judge(segments, View(profile, FARE.parameters, driven.VALIDATED)))


@pytest.mark.parametrize("choice", [0, 7, 30])
def test_a_fare_that_some_reading_of_the_tariff_makes_is_explained(choice: int) -> None:
    readings = replay(*(fared(i, choice=choice) for i in range(3)))
    assert all(reading.spoke and not reading.hits for reading in readings)


def test_a_fare_beyond_every_reading_of_the_tariff_is_not() -> None:
    for changes in (
        {"factor": 1.3},
        {"factor": 1.5, "above": 2000.0},
        {"factor": 10.0},
        {"added": "800"},
        {"factor": 0.8},
    ):
        [reading] = replay(fared(4, **changes))  # type: ignore[arg-type]
        assert reading.hits, changes
        assert reading.at["tariff"] == "tokyo-2017"
        assert reading.at["verified"] is False
        assert reading.effect is not None
        assert (reading.effect > 0) is (changes != {"factor": 0.8})
    [once] = replay(fared(4, added="800"))
    assert once.at["beyond_extras"] is False  # an extra added by hand grows no further


def test_a_fast_waiting_clock_is_a_fare_that_nothing_explains() -> None:
    assert hits(replay(*(fared(i, clock="3", seconds=1800) for i in (1, 2, 3))))


@pytest.mark.parametrize(
    ("ahead_s", "told"), [(0, None), (90, None), (-240, None), (90, (90.0, 1.0)), (-7200, (-7200.0, 1.0))]
)
def test_a_clock_that_is_off_begins_the_night_at_another_time(ahead_s: int, told: tuple[float, float] | None) -> None:
    """A ride across the beginning of the night by a meter whose clock is off: explained, whether anybody compared the clocks or not."""
    seconds, evening = 900.0, (22 * 3600 - 450) * S
    rule = tariff("tokyo-2017").first({}).rule
    assert any(window.from_s == 22 * 3600 for window in rule.windows)
    stamps = np.round(pulses(town(3, seconds, 70), seed=3) * S).astype(np.int64)
    trip = Trip.of_pulses(stamps, 1000, 0, int((seconds + 5) * S), evening)
    course = fare(rule, trip, Meter(clock_offset_ns=ahead_s * S))
    at = np.linspace(1, seconds + 3, 9)
    values = [course.displayed_at(int(t * S)) for t in at]
    context: dict[str, Any] = {"civil_ns": evening, **({} if told is None else {"clock_offset_s": told})}
    read = [register("fare", values, at.tolist(), str(rule.display.step), "JPY")]
    [reading] = replay(segment("n", seconds + 5, train("input", stamps / S, seconds + 5), registers=read, **context))
    assert reading.spoke
    assert not reading.hits


def test_a_night_hours_away_is_not_the_clock_s_doing() -> None:
    """Nobody compared the clocks, and the night price at noon is more than a clock that is off explains."""
    stamps = np.round(pulses(town(3, 900, 70), seed=3) * S).astype(np.int64)
    rule = tariff("tokyo-2017").first({}).rule
    course = fare(rule, Trip.of_pulses(stamps, 1000, 0, 905 * S, NOON), Meter(clock_offset_ns=11 * 3600 * S))
    at = np.linspace(1, 903, 9)
    read = [register("fare", [course.displayed_at(int(t * S)) for t in at], at.tolist(), str(rule.display.step), "JPY")]
    assert hits(replay(segment("n", 905, train("input", stamps / S, 905), registers=read, civil_ns=NOON)))


def test_a_long_day_by_one_rule_exhausts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fare_replay, "MOST_RUNS", 60)
    readings = replay(*(fared(1) for _ in range(40)))
    assert all(reading.spoke for reading in readings)


def test_by_a_reference_alone_the_limits_of_the_distance_are_allowed_for() -> None:
    ride = fared(5)
    speeds = town(5, 900, 70)

    def by(metres_gain: float) -> Segment:
        metres = travelled(speeds)[::50] * metres_gain
        return segment(
            "r",
            905,
            registers=list(ride.registers.values()),
            traces=[trace("reference", metres, 1.0, "0.01")],
            civil_ns=NOON,
        )

    assert not hits(replay(by(1.0)))
    assert not hits(replay(by(1.03)))
    assert hits(replay(by(0.6)))


def test_without_a_tariff_or_a_distance_nothing_is_claimed() -> None:
    [reading] = replay(fared(1), profile=PROFILE)
    assert reading.reason == "no tariff is declared"
    ride = fared(1)
    [reading] = replay(segment("x", 905, registers=list(ride.registers.values()), civil_ns=NOON))
    assert reading.reason == "neither pulses nor a reference over time"
    [reading] = replay(fared(1, civil=None))
    assert reading.reason.startswith("the hour of the day is not known")


# ------------------------------------------------------------------------------------------------------- clocks, records


def waited(rate: float, seconds: float = 300, step: int = 1) -> Segment:
    at = np.arange(0.0, seconds + 1, 10)
    values = [Decimal(int(t * rate) // step * step) for t in at]
    return segment("w", seconds, registers=[register("waiting", values, at.tolist(), str(step), "s")])


def test_no_clock_runs_ahead_of_time() -> None:
    for rate, step in ((1.0, 1), (0.3, 1), (1.0, 60), (1.001, 1)):
        assert not hits(run(WAITING, waited(rate, 900, step)))
    for rate, step in ((2.0, 1), (33.0, 1), (2.0, 60)):
        [reading] = hits(run(WAITING, waited(rate, 1500, step)))
        assert reading.hits >= 3
        assert reading.effect == pytest.approx(rate - 1, rel=0.1)
    assert (
        "went back"
        in run(WAITING, segment("w", 60, registers=[register("waiting", ["50", "10"], [0, 50], "1", "s")]))[0].reason
    )


def test_the_clock_of_the_day_may_drift_as_a_quartz_clock_does() -> None:
    assert not hits(run(CLOCK, segment("c", 10, clock_offset_s=(360.0, 1.0))))
    assert hits(run(CLOCK, segment("c", 10, clock_offset_s=(-1500.0, 1.0))))
    assert not run(CLOCK, segment("c", 10))


SHIFT = {"k": 1000, "total_km": "1000.0", "total_paid_km": "600.0", "km": "120.0", "paid_km": "80.0", "between_km": "0"}


def recorded(**context: Any) -> dict[str, Reading]:
    return {str(reading.link): reading for reading in run(RECORD, segment("r", 10, **context))}


def test_honest_records_agree() -> None:
    after = SHIFT | {"total_km": "1130.2", "total_paid_km": "680.0", "km": "130.2", "paid_km": "80.1"}
    found = recorded(
        stated_k="1000", shifts=[SHIFT, after], records=[{"number": n} for n in (7, 8, 8, 9)], heartbeats=[1, 3, 2]
    )
    assert set(found) == {"input>distance", "fare>record", "reference>input"}
    assert not hits(list(found.values()))


@pytest.mark.parametrize(
    ("link", "context"),
    [
        ("input>distance", {"stated_k": "900"}),
        ("input>distance", {"shifts": [SHIFT | {"k": 800}]}),
        ("fare>record", {"records": [{"number": 7}, {"number": 9}]}),
        ("fare>record", {"shifts": [SHIFT, SHIFT | {"total_km": "900.0"}]}),
        ("fare>record", {"shifts": [SHIFT | {"total_paid_km": "1200.0"}]}),
        ("fare>record", {"shifts": [SHIFT, SHIFT | {"total_km": "1200.0", "km": "120.0"}]}),
        ("reference>input", {"heartbeats": [1, 0x81, 3]}),
    ],
)
def test_each_disagreement_is_told_at_its_link(link: str, context: dict[str, Any]) -> None:
    found = recorded(**context)
    assert found[link].hits
    assert found[link].at["faults"]


def test_what_a_record_lacks_or_garbles_is_compared_with_nothing() -> None:
    assert not recorded(shifts=[{"k": "x"}, 7], records="none", heartbeats=None, stated_k="K?")
    kept = segment("r", 10, registers=[register("record_km", ["8.1"], [9]), register("distance", ["7.6"], [9])])
    assert hits(run(RECORD, kept))


def test_what_is_paid_is_rounded_as_the_tariff_says_and_no_less() -> None:
    def kept(fare: str, receipt: str, name: str) -> bool:
        end = segment("r", 10, registers=[register("fare", [fare], [8]), register("receipt_fare", [receipt], [9])])
        return bool(hits(run(RECORD, end, **with_rules({"tariff": name}, CN))))

    assert not kept("27.4", "27", "shanghai")
    assert kept("27.4", "25", "shanghai")
    assert not kept("12000", "11700", "tokyo-2022")  # a tenth off the part above 9000
    assert kept("12000", "11000", "tokyo-2022")
    assert kept("27.4", "27", "manila-2018")
