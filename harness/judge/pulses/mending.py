"""A train without what was put in between its pulses: the split test again and again, until nothing more is found.

The split test (pulses/intervals.py) compares a pair of intervals with six neighbours, and is silent where these disagree: beside
another insertion.  Here, once it has found LEAST, what is left is held to wider medians, WIDE intervals on either side, which
must agree by themselves: a stage of the valve is no insertion.  A train in which the split test finds fewer is left as it is.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from captures.model import Int64Array
from harness.judge.pulses.intervals import find
from harness.judge.pulses.suspects import causal

LEAST = 2
WIDE = 15
PASSES = 8


def put_in(ticks: Int64Array, first: Int64Array | None = None) -> Int64Array:
    """Indices (k,) of the edges put in between the others of a strictly increasing train (n,); none for fewer than LEAST.
    `first` (s,): those that the split test finds, where they are known."""
    found = causal(ticks, find(ticks).splits) if first is None else first
    if found.size < LEAST:
        return found[:0]
    kept = np.arange(ticks.size)
    for _ in range(PASSES):
        kept = np.delete(kept, found)
        found = causal(ticks[kept], _beside_wide_medians(np.diff(ticks[kept])))
        if not found.size:
            break
    return np.setdiff1d(np.arange(ticks.size), kept, assume_unique=True).astype(np.int64)


def _beside_wide_medians(d: Int64Array) -> Int64Array:
    """Indices (k,) of edges between two intervals of (n,) that together make one: 0.7 to 1.35 of the medians on either side,
    these within a factor 1.3.  Of hits beside each other the smallest sum counts; the next pass sees the others."""
    half = WIDE // 2
    if d.size < 2 * WIDE:
        return np.zeros(0, dtype=np.int64)
    middle = median_filter(d, WIDE)
    i = np.arange(1, d.size - 2)
    # at the ends of the train the outermost whole window stands for what is not there
    before = middle[np.maximum(i - 1 - half, half)]
    after = middle[np.minimum(i + 2 + half, d.size - 1 - half)]
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
