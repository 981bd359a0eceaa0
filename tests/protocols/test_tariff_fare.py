"""The fare engine: low speed, steps, windows, rounding; against reckoning by hand and against a slow reckoning of its own."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.tariff import Cause, Meter, Mode, Rule, TariffError, Trip, fare, metres_per_pulse, pulses_per_km_of_wheel
from protocols.tariff.known import known as tariff
from protocols.tariff.low_speed import slow_spells
from protocols.tariff.rule import Charge, Distance, Tier
from tests.protocols.tariff_trips import MONDAY_NS, S, drive

D = Decimal


def steady(kmh: float, metres: int, stand_s: int = 0, hour: float = 12.0, **fields: object) -> Trip:
    """Pulses of 1 m at one speed, then standing."""
    times = np.rint(np.arange(1, metres + 1) * 3.6 / kmh * S).astype(np.int64)
    return Trip.of_pulses(times, 1000, 0, int(times[-1]) + stand_s * S, MONDAY_NS + int(hour * 3600) * S, **fields)


def test_every_step_has_its_instant_and_cause() -> None:
    rule = tariff("beijing-2013").first({"time.charge": "completed"}).rule
    course = fare(rule, steady(36, 4500, stand_s=700))
    assert [(s.time_ns / S, s.cause, float(s.accrued), s.displayed) for s in course.steps()] == [
        (0, Cause.START, 13.0, D("13.0")),
        (300.1, Cause.DISTANCE, 15.3, D("15.3")),  # the pulse after 3000 m
        (400.1, Cause.DISTANCE, 17.6, D("17.6")),
        (750, Cause.TIME, 19.9, D("19.9")),
        (1050, Cause.TIME, 22.2, D("22.2")),
    ]
    assert course.displayed_at(400 * S) == D("15.3")
    assert (course.distance_m, course.slow_s, course.paid) == (4500, 700, D(23))
    with pytest.raises(TariffError, match="from the hire"):
        course.displayed_at(-1)


def test_a_vehicle_at_the_limit_exactly_is_not_slow() -> None:
    times = np.arange(1, 1001, dtype=np.int64) * 300_000_000  # 1 m in 0.3 s is 12 km/h
    trip = Trip.of_pulses(times, 1000, 0, int(times[-1]))
    assert len(slow_spells(trip, Fraction(12), Fraction(1), 0, Fraction(0))) == 0
    faster_limit = Fraction(12) + Fraction(1, 10**9)
    assert slow_spells(trip, faster_limit, Fraction(1), 0, Fraction(0)).tolist() == [[0, times[-1]]]


def test_low_speed_by_interval_by_window_and_with_hysteresis() -> None:
    fast, slow = np.full(100, 200_000_000), np.full(100, 320_000_000)  # 18 and 11.25 km/h
    times = np.cumsum(np.concatenate((fast, slow, fast)))
    trip = Trip.of_pulses(times, 1000, 0, int(times[-1]) + 5 * S)
    assert slow_spells(trip, Fraction(12), Fraction(1), 0, Fraction(0)).tolist() == [
        [times[99], times[199]], [times[299], times[299] + 5 * S],
    ]  # fmt: skip
    by_second = slow_spells(trip, Fraction(12), Fraction(1), S, Fraction(0))
    assert by_second[:, 0].min() >= 20 * S  # nothing of the first fast spell
    assert (by_second % S == 0).all() or by_second[-1, 1] == trip.vacated_ns
    slower_end = slow_spells(trip, Fraction(12), Fraction(1), 0, Fraction(7))  # fast again above 19 km/h only
    assert slower_end.tolist() == [[0, times[299] + 5 * S]]  # a trip begins slow, and 18 km/h does not end it


def test_counts_at_one_instant_are_one_interval() -> None:
    trip = Trip(np.array([S, S, 2 * S]), np.array([1, 2, 3]), Fraction(4), 0, 3 * S)
    assert slow_spells(trip, Fraction(20), Fraction(1), 0, Fraction(0)).tolist() == [
        [S, 3 * S]
    ]  # 8 m in the first second


@pytest.mark.parametrize(("hour", "at_night"), [(12.0, 0), (22.88, 37), (23.0, 50), (4.88, 13)])
def test_a_night_that_begins_or_ends_on_the_way(hour: float, at_night: int) -> None:
    """8 km at 36 km/h: steps of 100 m from 310 s on, each at the price of its instant; the hour turns after 432 s."""
    rule = tariff("beijing-2013").first({"distance.charge": "completed", "distance.step_m": "100"}).rule
    course = fare(rule, steady(36, 8000, hour=hour))
    assert course.total == 13 + Fraction("0.23") * 50 + Fraction("0.046") * at_night


def test_a_clock_that_is_ahead_begins_the_night_early() -> None:
    rule = tariff("beijing-2013").first({}).rule
    trip = steady(36, 8000, hour=22.8)
    early = Meter(clock_offset_ns=6 * 60 * S)
    assert fare(rule, trip, early).total > fare(rule, trip).total == fare(rule, steady(36, 8000)).total


def test_shorter_steps_at_night_count_faster_at_the_same_price() -> None:
    rule = tariff("tokyo-2022").first({"window.night.by": "shorter-steps"}).rule
    assert fare(rule, steady(36, 914, hour=23)).displayed == 600  # 1096 m / 1.2 = 913.3 m
    assert fare(rule, steady(36, 913, hour=23)).displayed == 500
    assert fare(rule, steady(36, 914, hour=12)).displayed == 500
    by_price = tariff("tokyo-2022").first({"window.night.by": "price"}).rule
    assert fare(by_price, steady(36, 1100, hour=23)).displayed == 620


def test_metres_and_seconds_fill_one_unit() -> None:
    """Tokyo 2017: 200 m of a unit of 237 m, then (37 / 237) 90 s = 14.05 s standing complete it."""
    rule = tariff("tokyo-2017").first({}).rule
    course = fare(rule, steady(36, 1052 + 200, stand_s=20))
    assert [s.displayed for s in course.steps()] == [410, 490, 570]
    last = list(course.steps())[-1]
    assert last.time_ns == 125_200_000_000 + ceil(Fraction(37, 237) * 90 * S) + (0 if 37 * 90 * S % 237 else 1)
    apart = tariff("tokyo-2017").first({"time.accumulation": "separate"}).rule
    assert [s.cause for s in fare(apart, steady(36, 1052 + 200, stand_s=20)).steps()] == [
        Cause.START, Cause.DISTANCE, Cause.TIME,
    ]  # fmt: skip


def test_mode_d_takes_time_and_distance_side_by_side() -> None:
    rule = tariff("manila-2018").first({"distance.charge": "completed", "time.charge": "completed"}).rule
    assert rule.mode is Mode.D
    course = fare(rule, steady(30, 10_000))
    assert course.total == 40 + 135 + 2 * 20
    assert fare(rule, steady(30, 10_000), Meter(clock_ratio=Fraction(2))).total == 40 + 135 + 2 * 40


def test_a_window_of_a_day_of_the_week_lasts_into_the_next_morning() -> None:
    rule = tariff("new-york-2025").first({}).rule
    peak = {d: fare(rule, steady(36, 1000, hour=17 + 24 * d)).paid for d in range(7)}
    assert {d: peak[d] - peak[6] for d in range(7)} == {0: D("2.5"), 1: D("2.5"), 2: D("2.5"), 3: D("2.5"), 4: D("2.5"), 5: 0, 6: 0}  # fmt: skip


def test_steps_over_the_beginning_of_a_tier_cost_what_their_parts_cost() -> None:
    rule = tariff("shenzhen-2024").first({"distance.step_m": "1000", "distance.charge": "completed"}).rule
    odd = replace(rule, tiers=(Tier("far", D(2400), D("0.5"), None, ""), Tier("very-far", D(2800), D(1), None, "")), windows=())  # fmt: skip
    assert fare(odd, steady(36, 3000)).total == 10 + Fraction("2.7") * (1 + Fraction("0.5") * Fraction("0.4") + Fraction("0.2"))  # fmt: skip


def test_a_tier_with_a_step_of_its_own_begins_a_new_step() -> None:
    rule = tariff("london-t1").first({}).rule
    begins = [s.time_ns for s in fare(rule, steady(36, 9_900)).steps()]
    units = ceil((9656.1 - 234.8) / 117.4)
    assert len(begins) == 1 + units + ceil((9900 - 9656.1) / 86.9)
    assert begins[1 + units] == 965_700_000_000  # the metre after 9656.1 m


def test_wheels_and_constants_of_no_size_are_refused() -> None:
    assert metres_per_pulse(D(623)) == Fraction(1000, 623)
    assert pulses_per_km_of_wheel(D(2000), D(4)) == 2000
    for wrong in (D(0), D(-1), D("NaN"), D("Infinity")):
        with pytest.raises(TariffError, match="wheel circumference expected above 0 mm"):
            pulses_per_km_of_wheel(wrong, D(4))
        with pytest.raises(TariffError, match="K expected above 0"):
            metres_per_pulse(wrong)
    with pytest.raises(TariffError, match="pulses per turn expected above 0"):
        pulses_per_km_of_wheel(D(2000), D(0))


@pytest.mark.parametrize(
    ("times", "counts", "length", "end", "message"),
    [
        ([2, 1], [1, 2], 1, 9, "instants that never fall, got a step back after row 0"),
        ([1, 2, 3], [1, 3, 2], 1, 9, "counts that never fall, got a step back after row 1"),
        ([1], [1, 2], 1, 9, "one count an instant"),
        ([1], [1], 0, 9, "metres per count above 0"),
        ([1], [1], 1, 0, "its end after its hire"),
        ([1], [9 * 10**6], 1, 9, "at most 5000000 m"),
    ],
)
def test_trips_that_cannot_be(times: list[int], counts: list[int], length: int, end: int, message: str) -> None:
    with pytest.raises(TariffError, match=message):
        Trip(np.array(times), np.array(counts), Fraction(length), 0, end)


def test_a_gap_in_a_distance_is_no_distance() -> None:
    with pytest.raises(TariffError, match="cut the trip there"):
        Trip.of_distance(np.array([0, S]), np.array([0.0, np.nan]), 0, S)


def slowly(rule: Rule, trip: Trip, meter: Meter) -> Fraction:
    """Start price, tiers and waiting of a CN tariff by day, reckoned from totals alone."""
    spells = slow_spells(trip, Fraction(rule.low_speed_kmh or 0), meter.k_ratio, meter.update_ns, Fraction(0))
    slow = Fraction(int((spells[:, 1] - spells[:, 0]).sum()), S) * meter.clock_ratio
    own: Distance = rule.distance
    beyond = trip.distance_m * meter.k_ratio - Fraction(rule.start.distance_m)
    whole = floor if own.charge is Charge.COMPLETED else ceil
    upto = Fraction(rule.start.distance_m) + max(0, whole(beyond / Fraction(own.step_m))) * Fraction(own.step_m)
    total = Fraction(rule.start.price)
    edges = [Fraction(rule.start.distance_m), *(Fraction(t.above_m) for t in rule.tiers), Fraction(10**9)]
    for low, high, share in zip(edges, edges[1:], [D(0), *(t.extra for t in rule.tiers)], strict=False):
        total += Fraction(own.price) / Fraction(own.per_m) * (1 + Fraction(share)) * max(0, min(upto, high) - low)
    assert rule.time is not None
    whole = floor if rule.time.charge is Charge.COMPLETED else ceil
    steps = max(0, whole((slow - Fraction(rule.time.free_s)) / Fraction(rule.time.step_s)))
    return total + steps * rule.time.step_price


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["luoyang-2022", "shenzhen-2024", "hangzhou-2022"]), st.integers(0, 99), st.data())
def test_the_course_ends_where_the_totals_say(name: str, seed: int, data: st.DataObject) -> None:
    own = tariff(name)
    choices = {u.key: data.draw(st.sampled_from(u.alternatives)) for u in own.unknowns} | {"time.within_start": "true"}
    rule = own.first(choices).rule
    trip = drive(seed, 12, data.draw(st.sampled_from([623, 1000, 8000])))
    meter = Meter(Fraction(data.draw(st.integers(800, 1300)), 1000), Fraction(data.draw(st.integers(500, 3000)), 1000))
    course = fare(rule, trip, meter)
    assert course.total == slowly(rule, trip, meter)
    assert (np.diff(course.times_ns) >= 0).all()
    assert abs(Fraction(course.displayed) - course.total) < rule.display.step


def test_a_day_of_driving() -> None:
    """10^6 pulses and 500 fares; the bound is loose, benchmarks tell the figure."""
    import time

    gaps = np.random.default_rng(1).uniform(0.03, 0.5, 1_000_000)
    times = (np.cumsum(gaps) * S).astype(np.int64)
    rule = tariff("beijing-2013").first({}).rule
    edges = np.linspace(0, times[-1], 501).astype(np.int64)
    rows = np.searchsorted(times, edges)
    begin = time.process_time()
    shown = [
        fare(rule, Trip.of_pulses(times[i:j], 1000, int(a), int(b))).displayed
        for a, b, i, j in zip(edges, edges[1:], rows, rows[1:], strict=False)
    ]
    assert time.process_time() - begin < 2
    assert min(shown) > 13
