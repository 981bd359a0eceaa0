"""Gain and offset from odd loads, the set test against linear programming, the lattice of gains that are sold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from harness.judge.weights.affine import admitted, breaking, changed, half_widths, line
from harness.judge.weights.gain_lattice import gain_points, match, multiples, together_p

RUNS = 300
LOADS = np.array([0.0, 131.7, 263.2, 531.4, 790.9, 1190.3, 1623.8, 2188.1, 2741.5, 2973.3])  # steps, none of them round


def half(n: int, more: float = 0.0) -> np.ndarray:
    return np.full(n, 0.5 + more)


def test_ten_loads_to_three_thousand_give_the_gain_to_a_ten_thousandth() -> None:
    """(e/sqrt 12)/(Max sqrt(n/12)) = 0.011 % (statistics.md 2a), loads spread evenly."""
    rng, found = np.random.default_rng(1), []
    for _ in range(600):
        loads = np.linspace(0, 3000, 10) + rng.uniform(-100, 100, 10)
        found.append(line(loads, np.round(1.01 * loads + rng.uniform(-3, 3))))
    assert np.std([one.gain for one in found]) == pytest.approx(1.05e-4, rel=0.15)
    pulls = [(one.gain - 1.01) / one.u_gain for one in found]
    assert np.std(pulls) == pytest.approx(1, rel=0.1)


def test_what_all_weights_share_enters_the_gain_once() -> None:
    found = line(LOADS, np.round(LOADS), u_common=1e-3)
    assert found.u_gain < 2e-4
    assert found.u_gain_total == pytest.approx(np.hypot(found.u_gain, 1e-3 * found.gain))
    less = line(LOADS, np.round(LOADS), u_loads=2.0)
    assert less.u_gain > 5 * found.u_gain
    with pytest.raises(ValueError, match="two loads"):
        line(np.array([5.0, 5.0]), [5, 5])


SEEN = st.lists(st.tuples(st.integers(0, 300), st.integers(-20, 330)), min_size=2, max_size=7)


@settings(max_examples=50, deadline=None)
@given(SEEN, st.floats(0.5, 40))
def test_the_set_test_is_that_of_linear_programming(seen: list[tuple[int, int]], width: float) -> None:
    x, y = (np.array(column, dtype=np.float64) for column in zip(*seen, strict=True))
    found = admitted(x, y, np.full(x.size, width))
    rows = np.column_stack([x, np.ones_like(x)])
    within = {
        "A_ub": np.vstack([rows, -rows]),
        "b_ub": np.concatenate([y + width, width - y]),
        "bounds": [(None, None)] * 2,
    }
    program = optimize.linprog([0, 0], **within)
    assert found.any == (program.status == 0)
    if found.gain is None or found.offset is None:
        return
    for costs, bound in (
        ([1, 0], found.gain[0]), ([-1, 0], -found.gain[1]), ([0, 1], found.offset[0]), ([0, -1], -found.offset[1]),
    ):  # fmt: skip
        extreme = optimize.linprog(costs, **within)
        if extreme.status == 3:
            assert np.isinf(bound)
        else:
            assert bound == pytest.approx(extreme.fun, abs=1e-6, rel=1e-6)


def test_a_straight_line_is_never_refused() -> None:
    rng = np.random.default_rng(2)
    for _ in range(RUNS):
        gain, offset = rng.uniform(0.7, 1.6), rng.uniform(-30, 30)
        seen = np.round(gain * LOADS + offset)
        found = admitted(LOADS, seen, half(LOADS.size))
        assert found.gain is not None
        assert found.offset is not None
        assert found.gain[0] <= gain <= found.gain[1]
        assert found.offset[0] <= offset <= found.offset[1]
        assert breaking(LOADS, seen, half(LOADS.size)) is None


def test_loads_with_their_uncertainty_are_never_refused_either() -> None:
    rng = np.random.default_rng(3)
    for _ in range(RUNS):
        true = LOADS + rng.normal(0, 0.4, LOADS.size)
        seen = np.round(1.2 * true + rng.normal(0, 0.1, LOADS.size))
        assert admitted(LOADS, seen, half_widths(seen, LOADS, 0.4, 0.1)).any


def test_a_window_of_loads_is_named() -> None:
    """S21: a gain of 10 % between 500 and 1300 steps only."""
    seen = np.round(np.where((LOADS > 500) & (LOADS < 1300), 1.1, 1.0) * LOADS)
    found = breaking(LOADS, seen, half(LOADS.size))
    assert found is not None
    assert (found.from_load, found.to_load) == (531.4, 1190.3)
    assert found.excess == pytest.approx(0.1, abs=0.002)
    assert found.line.gain is not None
    assert found.line.gain[0] <= 1 <= found.line.gain[1]


def test_two_states_differ_or_not() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        offset = rng.uniform(-2, 2)
        a, b = np.round(LOADS + offset).astype(np.int64), np.round(LOADS + offset).astype(np.int64)
        assert changed((LOADS, a, half(a.size)), (LOADS, b, half(a.size))).same
    more = np.round(1.05 * LOADS).astype(np.int64)
    found = changed((LOADS, np.round(LOADS).astype(np.int64), half(LOADS.size)), (LOADS, more, half(LOADS.size)))
    assert not found.same
    assert found.gain == pytest.approx(0.05, abs=4 * found.u_gain)
    assert found.offset == pytest.approx(0, abs=4 * found.u_offset)


def test_gains_on_the_lattice_are_named() -> None:
    span = (-0.5, 1.0)
    points = gain_points()
    assert [p.name for p in match((0.0985, 0.1012), points, span).points] == ["+10 %"]
    assert [p.name for p in match((0.1101, 0.1118), points, span).points] == ["10/9"]
    assert match((0.249, 0.251), points, span).points[0].name == "+25 % (10/8)"
    beside = match((0.071, 0.074), points, span)
    assert beside.points == ()
    assert beside.p == 1.0


def test_a_wide_interval_says_nothing() -> None:
    found = match((0.08, 0.12), gain_points(), (-0.5, 1.0))
    assert found.points
    assert not found.told
    assert found.p == 1.0
    with pytest.raises(ValueError, match="least, most"):
        match((0.2, 0.1), gain_points(), (-0.5, 1.0))


def test_offsets_are_multiples_of_160_kg() -> None:
    points = multiples(160, (-3000, 3000), "kg")
    found = match((470.0, 490.0), points, (-3000, 3000))
    assert [p.name for p in found.points] == ["3 x 160 kg"]
    assert found.share == pytest.approx(36 * 20 / 6000)
    assert together_p([found, found]) == pytest.approx(found.share**2)
    assert together_p([found, match((500.0, 520.0), points, (-3000, 3000))]) == 1.0
    assert together_p([]) == 1.0


def test_chance_hits_come_as_often_as_stated() -> None:
    rng, points, span = np.random.default_rng(5), gain_points(), (-0.5, 1.0)
    width = 0.004
    hits = sum(bool(match((x - width, x + width), points, span).points) for x in rng.uniform(*span, 2000))
    share = match((0.0, 2 * width), points, span).share
    assert stats.binom.isf(1 - 1e-5, 2000, share) <= hits <= stats.binom.isf(1e-5, 2000, share)
