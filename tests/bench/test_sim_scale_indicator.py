"""The simulated indicator: rest, zero, tracking, tare, rounding, range, hold; boot and what is lost with the power."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from captures.model import Flag
from fixtures.sim.scale.board import TEST_NS, PriceScale
from fixtures.sim.scale.direct import Put, weighing
from fixtures.sim.scale.filters import FilterData
from fixtures.sim.scale.indicator import Indicator, IndicatorData
from fixtures.sim.scale.intervals import Intervals
from fixtures.sim.scale.scenario import TWO_INTERVALS, ScaleScenario

S = 1_000_000_000
MS = 1_000_000
QUIET = {"span": 0.0, "noise_e": 0.01}


def scale(**changes: object) -> PriceScale:
    return PriceScale(ScaleScenario(**{"seed": 5, **QUIET, **changes}))  # type: ignore[arg-type]


def shown_at(made: PriceScale, seconds: float) -> Decimal | None:
    return made.shown(int(seconds * S)).weight


@pytest.mark.parametrize(
    ("kg", "shown"),
    [(0.531, "0.530"), (0.5335, "0.535"), (0.5318, "0.530"), (4.9968, "4.995"), (14.9986, "15.000"), (0.0, "0.000")],
)
def test_weight_is_rounded_to_e(kg: float, shown: str) -> None:
    made = scale()
    made.put(kg, 2 * S)
    assert shown_at(made, 8) == Decimal(shown)
    assert made.shown(8 * S).stable


def test_intervals_switch_with_the_weight_and_ranges_stay_until_empty() -> None:
    loads = [(2, 5.9), (8, 7.003), (14, 3.0036), (20, 0.0), (26, 3.0036)]
    readings = []
    for multi_range in (False, True):
        made = scale(intervals=TWO_INTERVALS, multi_range=multi_range)
        got = []
        for at, kg in loads:
            made.put(kg, at * S)
            got.append(shown_at(made, at + 5))
        readings.append([str(one) for one in got])
    assert readings[0] == ["5.900", "7.005", "3.004", "0.000", "3.004"]
    assert readings[1] == ["5.900", "7.005", "3.005", "0.000", "3.004"]


def test_every_displayed_weight_is_a_multiple_of_its_e() -> None:
    intervals = Intervals(TWO_INTERVALS)
    assert intervals.step == Decimal("0.001")
    for kg in np.random.default_rng(1).uniform(0, 15, 500):
        place = intervals.place(float(kg))
        steps = intervals.rounded(float(kg), place)
        assert steps % intervals.e_steps[place] == 0
        assert abs(steps * 0.001 - kg) <= intervals.e_steps[place] * 0.0005 + 1e-12


def test_display_holds_on_to_a_step_within_its_hysteresis() -> None:
    made = Indicator(
        IndicatorData(hysteresis_e=0.25, tracking_e_s=0), Intervals(((Decimal(15), Decimal("0.005")),)), 100 * MS
    )
    course = [0.0] * 10 + [0.500 + 0.0001 * n for n in range(80)] + [0.508 - 0.0001 * n for n in range(100)]
    shown = []
    for number, kg in enumerate(course):
        made.update(number * 100 * MS, kg)
        if made.reading is not None:
            shown.append((kg, made.reading.steps * 5))
    up = next(kg for kg, grams in shown if grams == 505)
    down = next(kg for kg, grams in reversed(shown) if grams == 505)
    assert up == pytest.approx(0.50375, abs=2e-4)  # half an e and a quarter beyond
    assert down == pytest.approx(0.50125, abs=2e-4)


def test_stable_comes_after_the_settling_that_filter_and_window_need() -> None:
    made = weighing(ScaleScenario(seed=5, **QUIET), [Put(2 * S, 1.0)], 8 * S)  # type: ignore[arg-type]
    after = made.between(2 * S, 8 * S)
    stable = (made.flags[after] & Flag.STABLE) > 0
    first = made.times_ns[after][~stable][-1]
    assert 2 * S + 500 * MS <= first <= 2 * S + 1800 * MS
    assert (made.steps[after][stable][-20:] == 200).all()


def test_a_slow_filter_s_time_constant_is_met_in_the_trace() -> None:
    """A lag of 0.2 Hz: 63 % of a step 0.8 s after it (and the mechanics' fraction of that)."""
    slow = FilterData("lag", cutoff_hz=0.2)
    scenario = ScaleScenario(seed=5, rate_hz=80, frame_ms=100, filter=slow, **QUIET)  # type: ignore[arg-type]
    made = weighing(scenario, [Put(3 * S, 5.0)], 12 * S)
    reached = made.times_ns[np.argmax(made.steps >= 1000 * (1 - np.exp(-1)))] - 3 * S
    assert reached / 1e9 == pytest.approx(1 / (2 * np.pi * 0.2), abs=0.15)


def test_zero_key_acts_within_its_range_and_only_at_rest() -> None:
    made = scale()
    made.put(0.100, 2 * S)
    made.key("zero", 5 * S)
    assert shown_at(made, 6) == 0
    made.put(0.0, 7 * S)
    assert shown_at(made, 10) == Decimal("-0.100")
    made.put(1.0, 11 * S)
    made.key("zero", 14 * S)  # beyond 2 % of Max
    assert shown_at(made, 16) == Decimal("0.900")
    made.put(0.05, 17 * S)
    made.key("zero", 17 * S + 10 * MS)  # in motion: waits for rest
    assert shown_at(made, 17.05) != 0
    assert shown_at(made, 20) == 0


def test_tare_shows_net_and_an_empty_pan_clears_it() -> None:
    made = scale()
    made.put(0.250, 2 * S)
    made.key("tare", 5 * S)
    assert shown_at(made, 6) == 0
    assert made.shown(6 * S).net
    made.put(0.750, 7 * S)
    assert shown_at(made, 10) == Decimal("0.500")
    made.put(0.0, 11 * S)
    assert shown_at(made, 14) == Decimal("-0.250")
    assert made.shown(14 * S).price is None  # nothing is sold below zero
    made.key("tare", 15 * S)
    assert shown_at(made, 17) == 0
    assert not made.shown(17 * S).net


def test_preset_tare_is_typed_where_the_scale_has_it() -> None:
    for preset, expected in ((True, "0.780"), (False, "1.000")):
        made = scale(preset_tare=preset)
        for number, key in enumerate((".", "2", "2", "tare")):
            made.key(key, 2 * S + number * 300 * MS)
        made.put(1.0, 6 * S)
        assert shown_at(made, 10) == Decimal(expected)


def test_zero_tracking_swallows_slow_loads_and_not_quick_ones() -> None:
    def creeping(rate_e_s: float, **changes: object) -> Decimal | None:
        made = scale(honest=("zero_tracking",), **changes)
        for tenth in range(200):
            made.put(rate_e_s * 0.005 * tenth / 10, 2 * S + tenth * 100 * MS)
        return shown_at(made, 23)

    assert creeping(0.2) == 0
    swallowed = creeping(2.0)
    assert swallowed is not None
    assert swallowed >= Decimal("0.180")


def test_overload_and_underload_show_no_weight() -> None:
    made = scale()
    made.put(15.04, 2 * S)
    assert made.shown(6 * S).state == "weight"  # up to 9 e beyond Max
    made.put(15.06, 7 * S)
    over = made.shown(11 * S)
    assert (over.state, over.weight, over.price) == ("overload", None, None)
    made.put(-3.5, 12 * S)
    assert made.shown(16 * S).state == "underload"


def test_hold_keeps_the_weight_until_the_load_is_gone() -> None:
    made = scale()
    made.key("hold", S)
    made.put(0.5, 2 * S)
    assert shown_at(made, 6) == Decimal("0.500")
    made.put(0.6, 7 * S)
    assert shown_at(made, 10) == Decimal("0.500")
    made.put(0.0, 11 * S)
    assert shown_at(made, 14) == 0
    made.key("hold", 15 * S)
    made.put(0.6, 16 * S)
    assert shown_at(made, 20) == Decimal("0.600")


def test_power_up_tests_itself_takes_zero_and_forgets() -> None:
    made = scale()
    for number, key in enumerate(("1", "2", ".", "5", "unit")):
        made.key(key, 2 * S + number * 300 * MS)
    made.put(0.2, 5 * S)
    made.key("tare", 8 * S)
    made.power(False, 12 * S)
    assert made.shown(13 * S).state == "dark"
    assert made.said(13 * S).reading is None
    made.power(True, 14 * S)
    assert made.shown(14 * S + TEST_NS - 1).state == "test"
    made.key("5", 15 * S)  # not taken in the self-test
    after = made.shown(20 * S)
    assert (after.state, after.unit, after.weight, after.unit_price) == ("weight", "kg", 0, 0)  # 0.2 kg became zero
    assert not after.net
    made.power(False, 21 * S)
    made.put(5.0, 22 * S)  # beyond the range of the initial zero
    made.power(True, 23 * S)
    assert shown_at(made, 30) == Decimal("5.000")


@pytest.mark.parametrize("seed", range(4))
def test_creep_and_drift_stay_inside_the_limits_of_an_honest_scale(seed: int) -> None:
    """R 76: no more than 0.5 e in half an hour at Max, on any honest scale that the seeds make."""
    for honest in ((), ("creep",)):
        made = PriceScale(ScaleScenario(seed=seed, honest=honest, noise_e=0.01))
        made.put(14.9, 2 * S)
        made.advance(10 * S)
        begun = made.indicator.gross_kg
        made.advance(1810 * S)
        moved_e = (made.indicator.gross_kg - begun) / 0.005
        assert abs(moved_e) <= 0.5
        if honest:
            assert moved_e > 0.3


def test_same_seed_same_readings_other_seed_others() -> None:
    def run(seed: int) -> list[tuple[int, int]]:
        made = weighing(ScaleScenario(seed=seed, honest=("wind", "vibration")), [Put(2 * S, 0.7)], 30 * S)
        return list(zip(made.steps.tolist(), made.flags.tolist(), strict=True))

    assert run(1) == run(1)
    assert run(1) != run(2)
