"""Two channels in quadrature as a Gray-code walk, without loops.

State = 2 A + B.  A forward step follows 0 1 3 2 (or its mirror image, when the channels are swapped); two channels
changing at one tick is a double step.  Reference: statistics.md T5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array, UInt8Array

_STEP = np.zeros(16, dtype=np.int8)  # index 4 * previous + next: +1 forward, -1 back, 2 double, 0 none
for _previous, _next in ((0, 1), (1, 3), (3, 2), (2, 0)):
    _STEP[4 * _previous + _next] = 1
    _STEP[4 * _next + _previous] = -1
for _previous, _next in ((0, 3), (3, 0), (1, 2), (2, 1)):
    _STEP[4 * _previous + _next] = 2


@dataclass(frozen=True, eq=False)
class Walk:
    """`ticks` (m,) of every change of state, `direction` int8 (m,) +1, -1 or 0 for a double step, `double` bool (m,),
    `edges` = edges of both channels together."""

    ticks: Int64Array
    direction: npt.NDArray[np.int8]
    double: npt.NDArray[np.bool_]
    channel_a: npt.NDArray[np.bool_]
    edges: int


def decode(a: Int64Array, a_levels: UInt8Array, b: Int64Array, b_levels: UInt8Array) -> Walk:
    """The walk of edges a (n,), b (k,) with the levels after them."""
    ticks = np.concatenate([a, b])
    order = np.argsort(ticks, kind="stable")
    is_a = order < a.size
    # index of the last edge of each channel at or before every merged edge
    seen_a, seen_b = np.cumsum(is_a) - 1, np.cumsum(~is_a) - 1
    ticks = ticks[order]
    level_a = _levels_at(a_levels, seen_a)
    level_b = _levels_at(b_levels, seen_b)
    last = np.ones(ticks.size, dtype=bool)  # of edges at one tick the last one holds the state
    if ticks.size:
        last[:-1] = ticks[1:] != ticks[:-1]
    state = (2 * level_a + level_b)[last].astype(np.int64)
    begin = 2 * _before(a_levels) + _before(b_levels)
    step = _STEP[4 * np.concatenate([[begin], state[:-1]]) + state] if state.size else np.zeros(0, dtype=np.int8)
    double = step == 2
    direction = np.where(double, 0, step).astype(np.int8)
    return Walk(ticks[last], direction, double, is_a[last], int(a.size + b.size))


def net_steps(a: Int64Array, a_levels: UInt8Array, b: Int64Array, b_levels: UInt8Array) -> int:
    """Steps forward less steps back, the sum of `decode(...).direction`, without the walk itself.

    Forward is 0 1 3 2, B leading: an edge of A goes forward when it leaves A like B, an edge of B when it leaves B
    unlike A.  Edges of both at one tick cancel, as a double step counts nothing.
    """
    forward_a = int(np.count_nonzero(a_levels == _level_just_before(b, b_levels, a)))
    forward_b = int(np.count_nonzero(b_levels != _level_just_before(a, a_levels, b)))
    return 2 * forward_a - int(a.size) + 2 * forward_b - int(b.size)


def _level_just_before(ticks: Int64Array, levels: UInt8Array, when: Int64Array) -> UInt8Array:
    known = np.concatenate([np.array([_before(levels)], dtype=np.uint8), levels])
    result: UInt8Array = known[np.searchsorted(ticks, when, "left")]
    return result


def _before(levels: UInt8Array) -> int:
    """The level before the first edge."""
    return 1 - int(levels[0]) if levels.size else 0


def _levels_at(levels: UInt8Array, index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if not levels.size:
        return np.zeros(index.size, dtype=np.int64)
    values = levels[np.maximum(index, 0)].astype(np.int64)
    return np.where(index < 0, _before(levels), values)


def without_jogs(ticks: Int64Array, levels: UInt8Array, other: Int64Array) -> tuple[Int64Array, UInt8Array]:
    """The edges (n,) that move a decoder of both channels: of edges with none of the `other` channel between them, each
    two go there and back, as contact bounce, interference and a shaft that turns back do."""
    run = np.searchsorted(other, ticks, "right")
    first = np.flatnonzero(np.diff(run, prepend=-1))
    if first.size == ticks.size:  # the channels take turns
        return ticks, levels
    length = np.diff(np.append(first, ticks.size))
    kept = first[length % 2 == 1]
    return ticks[kept], levels[kept]
