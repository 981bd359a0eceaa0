"""What is remembered between two judgements is known by everything it depends on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from captures.model import Origin, SampledTrace
from harness.judge.contract import Segment, SegmentKind
from harness.remembered import Memory

LONG = 5000  # numpy shortens what it prints beyond 1000


def weighed(steps: np.ndarray, flags: np.ndarray) -> Segment:
    times_ns = np.arange(LONG, dtype=np.int64)
    trace = SampledTrace("weight", times_ns, steps, flags, Decimal("0.005"), "kg", Origin("line", "journal 1-9"))
    return Segment("L1", SegmentKind.LOADING, "B", "s0", (0, LONG), traces={"weight": trace})


def test_two_long_traces_that_differ_in_the_middle_are_two() -> None:
    memory, steps, flags = Memory(), np.zeros(LONG, dtype=np.int64), np.zeros(LONG, dtype=np.uint8)
    first = memory._digest(weighed(steps, flags))
    assert memory._digest(weighed(steps.copy(), flags.copy())) == first
    other, flag = steps.copy(), flags.copy()
    other[LONG // 2] = 1
    flag[LONG // 2] = 1
    assert memory._digest(weighed(other, flags)) != first
    assert memory._digest(weighed(steps, flag)) != first
    moved = weighed(steps, flags)
    assert memory._digest(replace(moved, traces={"other": moved.traces["weight"]})) != first
