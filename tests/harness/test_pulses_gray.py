"""The short count of net steps is the walk's own sum, whatever the edges do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.pulses.gray import decode, net_steps

EDGES = st.lists(st.integers(0, 60), unique=True, max_size=40).map(sorted)


def alternating(ticks: list[int], first: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array(ticks, dtype=np.int64), ((np.arange(len(ticks)) + first) % 2).astype(np.uint8)


@given(EDGES, st.integers(0, 1), EDGES, st.integers(0, 1))
def test_net_steps_is_the_sum_of_the_walk(a: list[int], a_first: int, b: list[int], b_first: int) -> None:
    one, two = alternating(a, a_first), alternating(b, b_first)
    assert net_steps(*one, *two) == int(decode(*one, *two).direction.sum())


def test_a_turning_shaft_counts_four_steps_a_slot() -> None:
    a, b = np.arange(0, 400, 20, dtype=np.int64), np.arange(10, 410, 20, dtype=np.int64)
    levels = ((np.arange(20) + 1) % 2).astype(np.uint8)
    assert net_steps(a, levels, b, levels) == -40
    assert net_steps(b, levels, a, levels) == 40
