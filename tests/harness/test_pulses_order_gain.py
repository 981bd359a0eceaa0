"""Order-period gain meter: what it reads behind a multiplier, how surely, and where it has no power."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.disc_trains import SLOTS, train
from harness.judge.pulses import order_gain
from harness.judge.pulses.order_gain import OrderGain, measure


def read(seed: int, grade: str, litres: float, gain: float = 0.0, even: bool = False) -> OrderGain:
    found = measure(train(np.random.default_rng(seed), grade, litres, gain, even), SLOTS, -0.12, 0.6)
    assert found is not None
    return found


@pytest.mark.parametrize("gain", [0.0, 0.01, 0.05])
def test_ten_litres_of_a_nominal_pulser_tell_the_gain(gain: float) -> None:
    found = [read(seed, "nominal", 10, gain) for seed in range(20)]
    assert all(one.p < 1e-4 for one in found)
    pulls = np.array([(one.gain - gain) / one.u for one in found])
    assert float(np.abs(pulls).max()) < 4.5
    assert float(np.sqrt(np.mean(pulls**2))) < 1.6  # the uncertainty is that of the error
    assert float(np.std([one.gain for one in found])) < 2.0e-4  # the bound for white noise is 1.1e-4 (statistics.md 4)


def test_a_poor_pulser_has_no_power_and_is_not_read_as_honest() -> None:
    assert all(read(seed, "poor", 10, 0.02).p > 1e-3 for seed in range(20))


def test_without_a_pattern_small_p_are_as_rare_as_they_say() -> None:
    p = np.array([read(seed, "poor", 10, even=True).p for seed in range(300)])
    assert np.count_nonzero(p < 0.05) <= stats.binom.isf(1e-4, 300, 0.065)
    assert p.min() > 1e-6


def test_a_pulsating_pump_is_no_disc() -> None:
    """One line of any order is left out: a pulsation that has nothing to do with the shaft does not make a period."""
    for seed in range(20):
        ticks = train(np.random.default_rng(seed), "poor", 10, even=True)
        place = ticks / 1e6
        shaken = np.round((place + 3e-4 * np.sin(2 * np.pi * 7.3 * place)) * 1e6).astype(np.int64)
        found = measure(shaken, SLOTS, -0.12, 0.6)
        assert found is not None
        assert found.p > 1e-4


def test_few_revolutions_are_too_few() -> None:
    assert measure(train(np.random.default_rng(1), "nominal", 3), SLOTS, -0.12, 0.6) is None
    assert measure(np.zeros(0, dtype=np.int64), SLOTS, -0.12, 0.6) is None


def test_a_long_train_is_summed_by_blocks_to_the_same() -> None:
    rng = np.random.default_rng(8)
    y, periods = rng.normal(size=order_gain.LONG + 17), 50 * (1.02 + np.linspace(-1, 1, 5) * 2e-5)
    exact = np.array(list(order_gain._lines(y, periods, 3)))
    blocks = np.array(list(order_gain._folded(y, periods, 3)))
    assert np.abs(blocks - exact).max() < 4e-4 * np.abs(exact).max()


def test_the_greatest_trimmed_sum_is_that_of_sorting_them_all() -> None:
    rng = np.random.default_rng(9)
    gains = np.arange(-0.1, 0.5, 2e-5)
    spec = order_gain.Spectrum(rng.exponential(size=4097), np.ones(4097), 8192)
    each = order_gain.terms(spec, SLOTS, gains, 20)
    trimmed = np.sort(each, axis=0)[: 20 - order_gain.TRIMMED].sum(axis=0)
    assert order_gain._greatest(spec, SLOTS, gains, 20) == (gains[trimmed.argmax()], trimmed.max())
