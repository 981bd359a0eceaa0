"""How unevenly do pulses follow each other?  The second difference of log intervals, in blocks (statistics.md T6).

A shaft in a flow is uneven from pulse to pulse, and so are the slots of its disc; a device that averages over m pulses
gives out a train that is not.  s_i = x_(i+1) - 2 x_i + x_(i-1), x the log interval, leaves slow changes of the flow out.
An F test would take the s_i as independent and Gaussian; they are neither (differenced, coloured by the flow, with outliers
from interference).  Blocks of many pulses are compared instead, each by its median absolute deviation: how many of the
blocks lie below a bound is a matter of signs, whatever the distribution, and counts for as many blocks as their own
correlation leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.medians import median, medians
from harness.judge.pulses.revolution import Floats, log_intervals, steady

BLOCK = 25  # pulses: half a revolution of a usual disc, many times the reach of a second difference
LEAST_BLOCKS = 8
LEAST_PAIRS = 4  # of revolutions
_MAD = 1.4826  # to the standard deviation of a normal distribution
_LAGS = 5  # blocks over which their correlation is looked at


@dataclass(frozen=True, eq=False)
class Blocks:
    """Variances (b,) of the second difference in blocks in steady motion, that of each block robust; `ends` (b + 1,): the
    edges, in ticks, between which they lie; `usual`: the median interval in ticks."""

    variance: Floats
    ends: Int64Array
    usual: float


@dataclass(frozen=True)
class Evenness:
    """`ratio`: median of variance to expectation over `blocks` blocks; `below`: blocks under the bound; `p` of so many."""

    ratio: float
    below: int
    blocks: int
    p: float


def second_differences(ticks: Int64Array) -> Floats:
    """s (n - 3,) of a strictly increasing train (n,)."""
    return np.diff(log_intervals(ticks), 2) if ticks.size > 3 else np.zeros(0)


def robust_variance(x: Floats) -> Floats:
    """Variances (b,) of the rows of x (b, k), from their median absolute deviations."""
    result: Floats = (_MAD * medians(np.abs(x - medians(x)[:, None]))) ** 2
    return result


def moving(ticks: Int64Array) -> Int64Array:
    """The edges of a train (n,) in steady motion."""
    part = steady(ticks)
    return ticks[part.start : part.stop + 1] if part.stop > part.start else ticks[:0]


def blocks(ticks: Int64Array) -> Blocks | None:
    """The blocks of a strictly increasing train (n,) in steady motion; None under LEAST_BLOCKS of them."""
    edges = moving(ticks)
    s = second_differences(edges)
    count = s.size // BLOCK
    if count < LEAST_BLOCKS:
        return None
    # s_i reaches over edges i to i + 3
    ends = edges[np.arange(count + 1) * BLOCK + 1]
    return Blocks(robust_variance(s[: count * BLOCK].reshape(count, BLOCK)), ends, median(np.diff(edges)))


def within(ticks: Int64Array, ends: Int64Array) -> Floats:
    """Robust variances (b,) of the second differences of another train between the `ends` (b + 1,), in ticks of one clock;
    nan where fewer than half a block's pulses lie there."""
    s = second_differences(ticks)
    place = np.searchsorted(ticks[1:-2], ends) if s.size else np.zeros(ends.size, dtype=np.int64)
    size = np.diff(place)
    result = np.full(size.size, np.nan)
    for count in np.unique(size[size >= BLOCK // 2]):  # few: mostly that of the other train, one more or one less
        which = np.flatnonzero(size == count)
        result[which] = robust_variance(s[place[which][:, None] + np.arange(count)])
    return result


def of_pattern(ticks: Int64Array, slots: int) -> tuple[float, float]:
    """(variance, agreement) of the second difference that the disc itself repeats every `slots` pulses of a train (n,): robust
    variance of the mean over the revolutions, and how the even and the odd ones agree (correlation).

    What pump and flow add keeps no time with the shaft and averages out: no delivery of the same disc shows less.  Of a mean
    over both halves that agree by a, 2a/(1 + a) of the variance is the pattern's.
    """
    s = second_differences(moving(ticks))
    whole = s[: s.size // (2 * slots) * 2 * slots].reshape(-1, 2, slots)
    if whole.shape[0] < LEAST_PAIRS:
        return 0.0, 0.0
    bound = 5 * median(np.abs(whole).ravel()) + 1e-12
    even, odd = np.clip(whole, -bound, bound).mean(axis=0)
    even, odd = even - even.mean(), odd - odd.mean()
    norm = float(np.sqrt((even @ even) * (odd @ odd)))
    agreement = float(even @ odd) / norm if norm > 0 else 0.0
    share = max(2 * agreement / (1 + agreement), 0.0) if agreement > -1 else 0.0
    return share * float(robust_variance((even + odd)[None, :] / 2)[0]), agreement


def rounding(usual: float, step: int) -> float:
    """Variance of s where every edge is told to `step` ticks and `usual` ticks lie between two: s is a third difference of
    edges (1, -3, 3, -1), each off by step^2 / 12 [D]."""
    return 20 / 12 * (step / usual) ** 2


def evenness(variance: Floats, expected: Floats | float, bound: float, chance: float) -> Evenness | None:
    """Held to `expected`: how many of the blocks (b,) lie under `bound` times it, of which each does with at most `chance`
    where nothing evens the train out.  None under LEAST_BLOCKS of them."""
    floor = np.broadcast_to(np.asarray(expected, dtype=np.float64), variance.shape)
    ratio = np.divide(variance, floor, out=np.full(variance.shape, np.nan), where=floor > 0)
    ratio = ratio[np.isfinite(ratio)]
    if ratio.size < LEAST_BLOCKS:
        return None
    low = ratio < bound
    # correlated blocks count for fewer
    share = effective(np.log(np.maximum(ratio, 1e-12))) / ratio.size
    n, k = max(int(ratio.size * share), 1), int(np.ceil(low.sum() * share))
    return Evenness(median(ratio), int(low.sum()), int(ratio.size), float(stats.binom.sf(min(k, n) - 1, n, chance)))


def effective(x: Floats) -> float:
    """How many independent values x (b,) count for: b over 1 + 2 the sum of its first positive autocorrelations."""
    y = x - x.mean()
    power = float(y @ y)
    if power <= 1e-12 * x.size:
        return float(x.size)
    total = 0.0
    for lag in range(1, min(_LAGS, x.size - 1) + 1):
        correlation = float(y[lag:] @ y[:-lag]) / power
        if correlation <= 0:
            break
        total += correlation
    return x.size / (1 + 2 * total)
