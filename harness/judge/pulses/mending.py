"""A train without what was put in between its pulses: the split test again and again, until nothing more is found.

The split test (pulses/intervals.py) compares a pair of intervals with six neighbours, and is silent where these disagree: beside
another insertion.  Here, once it has found LEAST, what is left is held to wider medians, WIDE intervals on either side, which
must agree by themselves: a stage of the valve is no insertion.  A train in which the split test finds fewer is left as it is.
"""

from __future__ import annotations

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.intervals import find
from harness.judge.pulses.suspects import causal

LEAST = 2
WIDE = 15
PASSES = 8
BLOCK = 64


def put_in(ticks: Int64Array, first: Int64Array | None = None) -> Int64Array:
    """Indices (k,) of the edges put in between the others of a strictly increasing train (n,); none for fewer than LEAST.
    `first` (s,): those that the split test finds, where they are known."""
    found = causal(ticks, find(ticks).splits) if first is None else first
    if found.size < LEAST:
        return found[:0]
    kept = np.ones(ticks.size, dtype=bool)
    left = ticks
    for _ in range(PASSES):
        kept[np.flatnonzero(kept)[found] if left is not ticks else found] = False
        left = ticks[kept]
        found = causal(left, _beside_wide_medians(np.diff(left)))
        if not found.size:
            break
    return np.flatnonzero(~kept).astype(np.int64)


def _beside_wide_medians(d: Int64Array) -> Int64Array:
    """Indices (k,) of edges between two intervals of (n,) that together make one: 0.7 to 1.35 of the medians on either side,
    these within a factor 1.3.  Of hits beside each other the smallest sum counts; the next pass sees the others."""
    half = WIDE // 2
    if d.size < 2 * WIDE:
        return np.zeros(0, dtype=np.int64)
    i = _candidates(d)
    # at the ends of the train the outermost whole window stands for what is not there
    before = _median(d, np.maximum(i - 1 - half, half))
    after = _median(d, np.minimum(i + 2 + half, d.size - 1 - half))
    sums = d[i] + d[i + 1]
    agree = (10 * before <= 13 * after) & (10 * after <= 13 * before)
    usual = before + after
    hit = agree & (40 * sums < 27 * usual) & (20 * sums > 7 * usual)
    at, sums = i[hit], sums[hit]
    best = np.ones(at.size, dtype=bool)
    beside = np.diff(at) <= 2
    best[1:] &= ~(beside & (sums[:-1] <= sums[1:]))
    best[:-1] &= ~(beside & (sums[1:] < sums[:-1]))
    result: Int64Array = at[best] + 1
    return result


def _candidates(d: Int64Array) -> Int64Array:
    """Indices i (k,) of pairs (d_i, d_i+1) that may make one interval, by the medians of whole blocks of BLOCK: 1.35 of a median
    that is no more than 1.3 times the greatest of the blocks around."""
    blocks = -(-d.size // BLOCK)
    padded = np.concatenate([d, np.full(blocks * BLOCK - d.size, d[-1])]).reshape(blocks, BLOCK)
    middle = np.partition(padded, BLOCK // 2, axis=1)[:, BLOCK // 2]
    beside = np.concatenate([middle[:1], middle, middle[-1:]])
    usual = np.maximum(np.maximum(beside[:-2], beside[2:]), middle)
    most = np.repeat(usual * 7 // 4, BLOCK)[: d.size]
    result: Int64Array = np.flatnonzero(d[1:-2] + d[2:-1] < most[1:-2]) + 1
    return result


def _median(d: Int64Array, middle: Int64Array) -> Int64Array:
    """Medians (k,) of the WIDE intervals around each index (k,)."""
    half = WIDE // 2
    windows = d[middle[:, None] + np.arange(-half, half + 1)]
    result: Int64Array = np.partition(windows, half, axis=1)[:, half]
    return result
