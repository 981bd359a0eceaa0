"""Codes that are never shown, prices under every rounding mode, and the pace of frames."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from captures.model import Int64Array
from harness.judge.weights.cadence import cadence
from harness.judge.weights.codes import interval, loads_needed, never_shown, ramp, repeated_p
from harness.judge.weights.price import MODES, Frame, exact, factor, modes, rounded

RUNS = 300


def poured(rng: np.random.Generator, gain: float, lumps: float = 0.0, until: float = 120.0) -> Int64Array:
    """Readings of sand that runs onto the pan; the gain comes after the rounding; lumps fall at random."""
    load = np.cumsum(rng.exponential(0.1, int(until / 0.1)) + (rng.random(int(until / 0.1)) < lumps) * 2.2)
    return np.round(gain * np.round(load)).astype(np.int64)


@pytest.mark.parametrize("gain", [1.02, 1.05, 1.1])
def test_a_ramp_shows_the_gain_after_rounding(gain: float) -> None:
    rng = np.random.default_rng(1)
    found = ramp(poured(rng, gain, until=300))
    assert found is not None
    assert found.gain_interval is not None
    assert found.gain_interval[0] <= gain <= found.gain_interval[1]
    if len(found.codes) >= 8:
        assert found.p < 1e-3
    again = ramp(poured(rng, gain, until=300))
    assert again is not None
    assert repeated_p([found, again]) < 1e-6


def test_an_honest_ramp_misses_nothing_and_lumps_miss_at_random() -> None:
    rng = np.random.default_rng(2)
    honest = ramp(poured(rng, 1.0))
    assert honest is not None
    assert honest.codes == ()
    assert honest.gain is None
    regular, repeated = [], []
    for _ in range(RUNS):
        one, other = ramp(poured(rng, 1.0, 0.01)), ramp(poured(rng, 1.0, 0.01))
        assert one is not None
        assert other is not None
        regular.append(one.p)
        repeated.append(repeated_p([one, other]))
    for p in (regular, repeated):
        assert sum(x <= 0.01 for x in p) <= stats.binom.isf(1e-5, RUNS, 0.01)
    assert ramp(np.array([3, 3, 4])) is None
    with pytest.raises(ValueError, match="one slow ramp"):
        ramp(np.array([0, 10**12]))
    assert repeated_p([honest]) == 1.0


def test_a_larger_interval_is_found_first() -> None:
    assert interval(np.array([10, 25, 5, 100])) == 5
    assert interval(np.array([10, 10])) == 0
    assert interval(np.array([], dtype=np.int64)) == 0


def test_random_loads_need_as_many_as_derived() -> None:
    """n = 50 ln(50/alpha) for a gain of 1.02 (statistics.md 2d); all periods tried cost more."""
    assert loads_needed(50, 1e-4) == pytest.approx(656, abs=1)
    rng, classes = np.random.default_rng(3), sum(range(2, 201))
    n = int(loads_needed(51, 1e-4, classes)) + 1
    found = never_shown(np.floor(1.02 * rng.integers(200, 3000, n) + 0.5 + 1e-9).astype(np.int64))
    assert found is not None
    assert found.p <= 1e-4
    assert found.gain == pytest.approx(1.02, abs=0.001)


def test_codes_that_chance_left_out_are_no_finding() -> None:
    rng = np.random.default_rng(4)
    p = [1.0 if (one := never_shown(rng.integers(200, 3000, 400))) is None else one.p for _ in range(RUNS)]
    assert sum(x <= 0.05 for x in p) <= stats.binom.isf(1e-5, RUNS, 0.05)
    assert never_shown(np.arange(20)) is None  # a spread of few periods says nothing of classes


# --------------------------------------------------------------------------------------------------------------- price


def sold(weight: str, unit_price: str, price: str, unit: str = "kg", basis: str = "kg") -> Frame:
    return Frame(Decimal(weight), unit, Decimal(unit_price), basis, Decimal(price))


CENT = Decimal("0.01")


def test_each_mode_has_its_own_price() -> None:
    value = exact(sold("0.530", "12.50", "0"))
    assert value == Decimal("6.625")
    assert {mode: rounded(value, CENT, mode) for mode in MODES} == {
        "half-up": Decimal("6.63"), "half-even": Decimal("6.62"), "down": Decimal("6.62"), "up": Decimal("6.63"),
    }  # fmt: skip
    assert rounded(Decimal("6.13"), Decimal("0.05"), "half-up") == Decimal("6.15")
    assert exact(sold("1.06", "6.25", "0", "jin", "kg")) == Decimal("3.3125")
    assert exact(sold("0.530", "1.25", "0", "kg", "100 g")) == Decimal("6.625")


@given(
    st.lists(st.tuples(st.integers(1, 15000), st.integers(1, 99999)), min_size=1, max_size=20),
    st.sampled_from(sorted(MODES)),
    st.sampled_from(["kg", "jin", "100 g"]),
)
def test_the_mode_that_was_used_is_consistent(sales: list[tuple[int, int]], mode: str, basis: str) -> None:
    frames = []
    for grams, cents in sales:
        frame = Frame(Decimal(grams).scaleb(-3), "kg", Decimal(cents).scaleb(-2), basis, Decimal(0))
        frames.append(Frame(frame.weight, "kg", frame.unit_price, basis, rounded(exact(frame), CENT, mode)))
    found = modes(frames, CENT)
    assert mode in found.consistent
    assert found.unexplained == ()
    one = factor(frames, CENT)
    assert one is not None
    assert one[0] < 1 < one[1]


def test_frames_that_no_mode_explains_are_named() -> None:
    frames = [sold("0.530", "12.50", "6.63"), sold("0.531", "12.50", "6.64"), sold("1.000", "10.00", "10.50")]
    found = modes(frames, CENT)
    assert found.unexplained == (2,)
    assert found.consistent == ()
    assert found.broken["half-up"] == (2,)
    assert found.telling == 2
    two_modes = modes([sold("0.530", "12.50", "6.63"), sold("0.530", "12.50", "6.62")], CENT)
    assert two_modes.consistent == ()
    assert two_modes.unexplained == ()


def test_a_changed_conversion_shows_as_one_factor() -> None:
    frames = []
    for jin in ("2.00", "5.30", "11.46"):
        value = exact(sold(jin, "9.80", "0", "jin")) * Decimal("1.05")
        frames.append(sold(jin, "9.80", str(rounded(value, CENT, "half-up")), "jin"))
    found = factor(frames, CENT)
    assert found is not None
    assert found[0] < Fraction(105, 100) < found[1]
    assert found[0] > Fraction(104, 100)
    assert factor([sold("1", "1.00", "1.00"), sold("1", "1.00", "2.00")], CENT) is None


def test_hostile_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="unit 'stone'"):
        exact(sold("1", "1", "1", "stone"))
    with pytest.raises(ValueError, match="expected numbers"):
        modes([sold("NaN", "1", "1")], CENT)
    with pytest.raises(ValueError, match="expected numbers"):
        exact(sold("1E+999999", "1", "1"))
    with pytest.raises(ValueError, match="above 0"):
        modes([], Decimal(0))


# ------------------------------------------------------------------------------------------------------------- cadence


def arrived(rng: np.random.Generator, n: int, late_ns: float = 0.0, slower_ns: float = 0.0) -> Int64Array:
    """Frames of 50 ms with a wandering clock, at a host that is 2 ms late on average, now and then 30, and twice stalls."""
    after = np.maximum(np.arange(n) - n // 2, 0)
    sent = np.arange(n) * 50e6 + late_ns * (after > 0) + slower_ns * after + np.cumsum(rng.normal(0, 2e4, n))
    delay = rng.exponential(2e6, n) + (rng.random(n) < 0.002) * rng.uniform(0, 3e7, n)
    for begin in rng.integers(0, n - 40, 2):
        there = slice(int(begin), int(begin) + 40)
        delay[there] = np.maximum(delay[there], sent[begin] + rng.uniform(0, 1.5e9) - sent[there])
    return np.maximum.accumulate((sent + delay).astype(np.int64))


def test_the_pace_of_honest_frames_does_not_change() -> None:
    rng = np.random.default_rng(7)
    latency, period = [], []
    for _ in range(RUNS):
        found = cadence(arrived(rng, int(rng.integers(2000, 6000))), floor_ns=1)
        assert found is not None
        assert found.period_ns == pytest.approx(50e6, rel=1e-3)
        latency.append(found.latency.p if found.latency else 1.0)
        period.append(found.period.p if found.period else 1.0)
    for p in (latency, period):
        assert sum(x <= 0.01 for x in p) <= stats.binom.isf(1e-5, RUNS, 0.01)


def test_a_box_in_the_line_is_found() -> None:
    rng = np.random.default_rng(8)
    for _ in range(10):
        times = arrived(rng, 5000, late_ns=10e6)
        found = cadence(times)
        assert found is not None
        assert found.latency is not None
        assert found.latency.p < 1e-4
        assert found.latency.size_ns == pytest.approx(10e6, abs=2e6)
        assert abs(found.latency.at_ns - int(times[2500])) <= 2 * found.latency.u_ns
        slower = cadence(arrived(rng, 5000, slower_ns=2e5))
        assert slower is not None
        assert slower.period is not None
        assert slower.period.p < 1e-3
        assert slower.period.size_ns == pytest.approx(2e5, rel=0.2)


def test_lost_frames_are_counted_and_are_no_latency() -> None:
    rng = np.random.default_rng(9)
    found = cadence(np.delete(arrived(rng, 5000), [1234, 3210, 3211]))
    assert found is not None
    assert (found.lost, found.added) == (3, 0)
    assert found.latency is None or found.latency.p > 0.01
    assert cadence(np.arange(100, dtype=np.int64)) is None
    assert cadence(np.zeros(2000, dtype=np.int64)) is not None  # all at once: no pace, no crash
