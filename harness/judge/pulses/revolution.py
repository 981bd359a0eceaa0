"""What a code disc does from slot to slot, apart from how fast it turns: log intervals less their mean over a revolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from harness.judge.pulses.medians import median

Floats = npt.NDArray[np.float64]


def log_intervals(ticks: Int64Array) -> Floats:
    """Natural logs of the intervals (n - 1,) of a strictly increasing train."""
    result: Floats = np.log(np.diff(ticks).astype(np.float64))
    return result


def steady(ticks: Int64Array) -> slice:
    """Of the intervals of a train (n,) those from the first to the last in at least a third of the usual flow."""
    d = np.diff(ticks)
    fast = np.flatnonzero(d <= 3 * int(median(d))) if d.size else d
    return slice(int(fast[0]), int(fast[-1]) + 1) if fast.size else slice(0, 0)


def revolution_means(x: Floats, slots: int) -> Floats:
    """Means (n - slots + 1,) over every `slots` neighbours of x (n,)."""
    sums = np.concatenate([[0.0], np.cumsum(x)])
    result: Floats = (sums[slots:] - sums[:-slots]) / slots
    return result


def less_revolution_mean(x: Floats, slots: int) -> Floats:
    """x (n,) less its mean over the revolution around each, from index slots // 2 on.

    Where `slots` is even the middle lies between two: half of the two outermost of slots + 1 intervals count.
    """
    mean = revolution_means(x, slots)
    if slots % 2 == 0:
        mean = (mean[1:] + mean[:-1]) / 2
    before = slots // 2
    result: Floats = x[before : before + mean.size] - mean
    return result


def held_back(y: Floats) -> Floats:
    """y (n,), nothing further out than five times the median: a valve stage or a hand at the nozzle is no pattern."""
    bound = 5 * median(np.abs(y)) + 1e-12
    return np.asarray(np.clip(y, -bound, bound), dtype=np.float64)
