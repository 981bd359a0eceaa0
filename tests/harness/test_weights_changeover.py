"""Changeover weights: golden vector, one-sided approach, the exact null of dithered sums, the table of detectable shifts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.judge.weights.changeover import (
    changeover,
    critical,
    detectable,
    difference_p,
    dither_sd,
    dithered,
    hysteresis,
    power,
    strata,
)

RUNS = 300
TABLE = [  # noise, K, detectable shift in e at alpha 1e-4 and power 90 %: statistics.md 2a
    (0.02, 10, 0.21), (0.02, 20, 0.17), (0.02, 40, 0.12), (0.05, 10, 0.34), (0.05, 20, 0.29), (0.05, 40, 0.19),
    (0.1, 10, 0.57), (0.1, 20, 0.38), (0.1, 40, 0.28), (0.2, 10, 0.74), (0.2, 20, 0.56), (0.2, 40, 0.37),
    (0.4, 10, 1.13), (0.4, 20, 0.83), (0.4, 40, 0.55),
]  # fmt: skip


def test_golden_vector_of_r76() -> None:
    """e = 5 g, L = 50 g, I = 50 g, dL = 2 g: P = 50.5 g (scales.md 2C), here 10.1 e."""
    added = np.arange(10) * 0.1
    found = changeover(added, np.round(10.1 + added + 1e-9).astype(np.int64), True)
    assert found is not None
    assert found.interval == pytest.approx((10.1, 10.2))
    assert found.interval[0] - 1e-9 <= 10.1 <= found.interval[1]


def test_up_and_down_differ_by_the_hysteresis() -> None:
    held = 0.3  # half of it either way
    added = np.arange(25) * 0.1
    load = 7.23
    up = changeover(added, np.round(load - held / 2 + added).astype(np.int64), True)
    down = changeover(added[::-1], np.round(load + held / 2 + added[::-1]).astype(np.int64), False)
    assert up is not None
    assert down is not None
    least, most = hysteresis(up, down)
    assert least <= held <= most
    assert most - least == pytest.approx(0.2)
    with pytest.raises(ValueError, match="way up"):
        hysteresis(down, up)


def test_the_approach_is_from_one_side_only() -> None:
    with pytest.raises(ValueError, match="only added"):
        changeover(np.array([0.0, 0.2, 0.1]), np.array([1, 1, 2]), True)
    assert changeover(np.array([0.0, 0.1]), np.array([1, 1]), True) is None


def test_flicker_at_the_changeover_widens_the_interval() -> None:
    found = changeover(np.arange(6) * 0.1, np.array([4, 4, 5, 4, 5, 5]), True)
    assert found is not None
    assert found.interval == pytest.approx((4.5 - 0.4, 4.5 - 0.1))


@pytest.mark.parametrize(("noise", "k"), [(0.05, 20), (0.2, 20), (0.4, 20)])
def test_dithered_differences_scatter_as_derived(noise: float, k: int) -> None:
    """sqrt(2 x 0.564 s/K), measured 0.0531, 0.1065 and 0.156 at s = 0.05, 0.2, 0.4 (statistics.md 2a)."""
    rng, added = np.random.default_rng([1, int(100 * noise)]), strata(k)
    level = rng.uniform(0, 1, (4000, 1, 1))
    seen = np.round(level + added + rng.normal(0, noise, (4000, 2, k))).mean(axis=2)
    sd = float(np.diff(seen, axis=1).std())
    assert sd == pytest.approx(dither_sd(noise, k), rel=0.05 if noise <= 0.2 else 0.08)
    one = np.round(3.3 + added + rng.normal(0, noise, k)).astype(np.int64)
    assert dithered(added, one) == pytest.approx(3.3, abs=5 * dither_sd(noise, k))


@pytest.mark.parametrize(("noise", "k", "table"), TABLE)
def test_detectable_shifts_are_those_of_the_table(noise: float, k: int, table: float) -> None:
    assert detectable(1e-4, k, noise, side=1, drawn=True) == pytest.approx(table, rel=0.1)


@pytest.mark.parametrize(("noise", "drawn"), [(0.02, False), (0.1, False), (0.05, True), (0.4, True)])
def test_the_null_holds_under_rounding(noise: float, drawn: bool) -> None:
    rng, k = np.random.default_rng([2, int(100 * noise)]), 10
    p = []
    for _ in range(RUNS):
        offset = rng.uniform() if drawn else 0.0
        seen = np.round(0.413 + strata(k, offset) + rng.normal(0, noise, (2, k))).sum(axis=1)
        p.append(difference_p(int(seen[1] - seen[0]), k, noise, drawn=drawn))
    for level in (0.1, 0.01):
        assert sum(x <= level for x in p) <= stats.binom.isf(1e-5, RUNS, level)


def test_power_is_what_simulation_finds() -> None:
    rng, k, noise, shift = np.random.default_rng(3), 20, 0.05, 0.25
    least = critical(1e-3, k, noise)
    level = rng.uniform(0, 1, 3000)
    a = np.round(level[:, None] + strata(k) + rng.normal(0, noise, (3000, k))).sum(axis=1)
    b = np.round(level[:, None] + shift + strata(k) + rng.normal(0, noise, (3000, k))).sum(axis=1)
    assert np.mean(np.abs(b - a) >= least) == pytest.approx(power(shift, 1e-3, k, noise), abs=0.03)


def test_sides_and_no_difference() -> None:
    assert difference_p(0, 10, 0.1) == 1.0
    assert difference_p(5, 10, 0.1, -1) == 1.0
    assert difference_p(5, 10, 0.1, 1) == pytest.approx(difference_p(-5, 10, 0.1, -1), rel=1e-6)
    assert difference_p(5, 10, 0.1) == pytest.approx(2 * difference_p(5, 10, 0.1, 1), rel=1e-3)
