"""Exact permutation against enumeration; levels under any rounding; the readings that tables 2a and 2b ask for."""

from __future__ import annotations

from itertools import combinations, permutations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from captures.model import Int64Array
from harness.judge.weights.permutation import mirrored, paired, sign_capital, two_sample

RUNS = 300
VALUES = st.lists(st.integers(-4, 4), min_size=2, max_size=8)


def enumerated(values: list[int], chosen: list[int], side: int) -> float:
    """P over all choices of as many, by trying each: sums as far from their mean as the one seen."""
    k, n, all_ = len(chosen), len(values), sum(values)
    seen = sum(values[i] for i in chosen) * n - k * all_
    sums = [sum(values[i] for i in c) * n - k * all_ for c in combinations(range(n), k)]
    hits = sum(abs(s) >= abs(seen) if side == 0 else side * s >= side * seen for s in sums)
    return hits / len(sums)


@settings(max_examples=120)
@given(VALUES, st.data(), st.sampled_from([-1, 0, 1]))
def test_two_samples_are_counted_exactly(values: list[int], data: st.DataObject, side: int) -> None:
    k = data.draw(st.integers(1, len(values) - 1))
    chosen = data.draw(st.permutations(range(len(values))))[:k]
    is_b = np.isin(np.arange(len(values)), chosen)
    found = two_sample(np.array(values, dtype=np.int64), is_b, side)
    assert found.p == pytest.approx(enumerated(values, list(chosen), side), rel=1e-12)
    assert found.least <= found.p + 1e-15


@settings(max_examples=80)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=8), st.sampled_from([-1, 0, 1]))
def test_pairs_are_counted_exactly(differences: list[int], side: int) -> None:
    seen = sum(differences)
    sums = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in product((-1, 1), repeat=len(differences))
    ]
    hits = sum(abs(s) >= abs(seen) if side == 0 else side * s >= side * seen for s in sums)
    assert paired(np.array(differences, dtype=np.int64), side).p == pytest.approx(hits / len(sums), rel=1e-12)


def test_blocks_are_permuted_within_themselves() -> None:
    values, is_b = [3, 0, 1, 5, 2, 2, 7, 1], np.array([1, 0, 0, 1, 0, 1, 1, 0], bool)
    block = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    seen = sum(v for v, b in zip(values, is_b, strict=True) if b)
    sums = [
        sum(values[i] for i in one) + sum(values[4 + i] for i in other)
        for one in combinations(range(4), 2)
        for other in combinations(range(4), 2)
    ]
    exact = sum(s >= seen for s in sums) / len(sums)
    assert two_sample(np.array(values), is_b, 1, block).p == pytest.approx(exact)
    assert len(set(permutations("AABB"))) == comb(4, 2)


def test_granularity_is_that_of_the_table() -> None:
    for n, p in ((5, 4.0e-3), (6, 1.08e-3), (7, 2.9e-4), (8, 7.8e-5), (9, 2.1e-5), (10, 5.4e-6)):
        values, is_b = np.repeat([0, 5], n), np.repeat([False, True], n)
        one, both = two_sample(values, is_b, 1), two_sample(values, is_b)
        assert one.p == one.least == pytest.approx(p, rel=0.03)
        assert both.p == both.least == pytest.approx(2 * one.p)
    assert paired(np.ones(10, dtype=np.int64), 1).p < 1e-3 < paired(np.ones(9, dtype=np.int64), 1).p
    assert paired(np.ones(14, dtype=np.int64), 1).p < 1e-4 < paired(np.ones(13, dtype=np.int64), 1).p


def test_sign_capital_costs_one_pair() -> None:
    one = sign_capital([1] * 15, 1)
    assert one[9] < 1e3 <= one[10]
    assert one[13] < 1e4 <= one[14]
    assert sign_capital([0, 0]) == [1.0, 1.0]


def test_sign_capital_has_mean_one() -> None:
    for side in (-1, 0, 1):
        ends = [sign_capital(signs, side)[-1] for signs in product((-1, 1), repeat=6)]
        assert np.mean(ends) == pytest.approx(1)
        crossed = np.mean([max(sign_capital(signs, side)) >= 8 for signs in product((-1, 1), repeat=10)])
        assert crossed <= 1 / 8


def placed(
    rng: np.random.Generator, n: int, noise: float, shift: float, drift: float = 0.0
) -> tuple[Int64Array, np.ndarray]:
    """n + n readings in random order, rounded; B `shift` higher; the whole series drifts."""
    is_b = rng.permutation(np.repeat([False, True], n))
    y = rng.uniform(0, 1) + is_b * shift + rng.normal(0, noise, 2 * n) + np.linspace(0, drift, 2 * n)
    return np.round(y).astype(np.int64), is_b


@pytest.mark.parametrize("drift", [0.0, 3.0])
def test_the_level_holds_under_rounding_and_drift(drift: float) -> None:
    rng = np.random.default_rng(2)
    p = [two_sample(*placed(rng, 10, 0.05, 0.0, drift)).p for _ in range(RUNS)]
    for level in (0.05, 0.01):
        assert sum(x <= level for x in p) <= stats.binom.isf(1e-5, RUNS, level)


@pytest.mark.parametrize(
    ("shift", "noise", "alpha", "n"),
    [(2, 0.05, 1e-3, 7), (2, 0.05, 1e-4, 8), (1, 0.05, 1e-3, 9), (1, 0.2, 1e-3, 12), (1, 0.05, 1e-4, 12)],
)
def test_readings_for_ninety_percent_are_those_of_the_table(shift: float, noise: float, alpha: float, n: int) -> None:
    """One-sided, as the table is; 300 runs tell 0.9 to 0.05."""
    rng = np.random.default_rng([int(shift), n])
    power = np.mean([two_sample(*placed(rng, n, noise, shift), 1).p <= alpha for _ in range(RUNS)])
    assert power >= 0.85


def test_mirrored_blocks_cancel_a_drift() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(RUNS):
        first = rng.integers(0, 2, 12).astype(bool)
        is_b = np.column_stack([first, ~first, ~first, first]).ravel()
        y = np.round(100 * np.arange(48) + rng.normal(0, 2, 48)).astype(np.int64)
        found.append(mirrored(y, is_b))
    assert sum(one.p <= 0.05 for one in found) <= stats.binom.isf(1e-5, RUNS, 0.05)
    assert max(abs(one.shift) for one in found) < 5
    shifted = mirrored(y + 10 * is_b, is_b)
    assert shifted.p == pytest.approx(2**-11)
    assert shifted.shift == pytest.approx(10, abs=2)


def test_what_is_no_comparison_is_refused() -> None:
    none, two = np.zeros(4, dtype=bool), np.array([0, 1, 1, 0], dtype=bool)
    with pytest.raises(ValueError, match="of A and B"):
        two_sample(np.arange(4), none)
    with pytest.raises(ValueError, match="one load"):
        two_sample(np.array([0, 0, 1, 1 << 30]), two)
    with pytest.raises(ValueError, match="one load"):
        paired(np.array([1, 1 << 40]))
    with pytest.raises(ValueError, match="whole blocks"):
        mirrored(np.arange(5), np.zeros(5, dtype=bool))
    with pytest.raises(ValueError, match="as many A as B"):
        mirrored(np.arange(4), none)
    with pytest.raises(ValueError, match="a pair"):
        paired(np.zeros(0, dtype=np.int64))


def test_beyond_sixty_two_bits_it_is_fishers_test() -> None:
    """Of readings 0 and 1 the sum is hypergeometric; 40 + 40 arrangements no longer fit an integer of 62 bits."""
    rng = np.random.default_rng(4)
    for _ in range(10):
        values, is_b = rng.integers(0, 2, 80), rng.permutation(np.repeat([False, True], 40))
        both = int(values[is_b].sum())
        exact = float(stats.hypergeom.sf(both - 1, 80, int(values.sum()), 40))
        assert two_sample(values, is_b, 1).p == pytest.approx(exact, rel=1e-9)
