"""Split and merge hits in one train of equal edges (n,), integer ticks: statistics.md T1.

A split: two neighbouring intervals that together make one (pair sum < 1.35 of the local median; honest about 2).
A merge: one interval where two belong (1.6 to 2.6 of the local median).  The median is of six neighbours, three
on either side.  Candidates are found by comparisons alone: the median of six never exceeds the largest of any four
of them, nor falls below the smallest of any four.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from harness.judge.pulses.medians import median

REACH = 3  # neighbours on either side
BLOCK = 1 << 16  # intervals a pass: the working set stays in the cache


@dataclass(frozen=True, eq=False)
class Hits:
    """`splits` (s,): index of the edge that divides an interval; `merges` (m,): index of the edge before the hole."""

    splits: Int64Array
    merges: Int64Array


def _neighbours(d: Int64Array, left: Int64Array, right: Int64Array) -> Int64Array:
    """Sorted neighbours (k, 6): three intervals up to `left`, three from `right` on."""
    columns = [left - 2, left - 1, left, right, right + 1, right + 2]
    return np.sort(np.stack([d[c] for c in columns], axis=1), axis=1)


def _steady(six: Int64Array) -> npt.NDArray[np.bool_]:
    """Whether the middle four of the six neighbours agree within a factor 1.4: no start, stop or turn."""
    steady: npt.NDArray[np.bool_] = 5 * six[:, 4] <= 7 * six[:, 1]
    return steady


def candidates(d: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Necessary conditions, by blocks: indices i of pairs (d_i, d_i+1) and of single intervals worth a median."""
    pairs, singles = [], []
    for begin in range(REACH, d.size - REACH, BLOCK):
        m = min(BLOCK, d.size - REACH - begin)
        x = d[begin - 2 : begin + m + 3]  # x[k + 2] is interval begin + k
        before = np.maximum(x[:m], x[1 : m + 1])
        high = np.maximum(before, np.maximum(x[4 : m + 4], x[5 : m + 5]))
        found = np.flatnonzero(20 * (x[2 : m + 2] + x[3 : m + 3]) < 27 * high)
        if found.size:
            pairs.append(found + begin)
        low = np.minimum(np.minimum(x[:m], x[1 : m + 1]), np.minimum(x[3 : m + 3], x[4 : m + 4]))
        found = np.flatnonzero(5 * x[2 : m + 2] > 8 * low)
        if found.size:
            singles.append(found + begin)
    none = np.zeros(0, dtype=np.int64)
    return (np.concatenate(pairs) if pairs else none), (np.concatenate(singles) if singles else none)


def _narrowest(pairs: Int64Array, sums: Int64Array) -> Int64Array:
    """Of hits one interval apart (a short insertion fits two pairs) the one with the smaller sum."""
    if pairs.size < 2:
        return pairs
    close = np.diff(pairs) == 1
    first_wins = sums[:-1] <= sums[1:]
    keep = np.ones(pairs.size, dtype=bool)
    keep[1:] &= ~(close & first_wins)
    keep[:-1] &= ~(close & ~first_wins)
    return pairs[keep]


def find(ticks: Int64Array) -> Hits:
    """Split and merge hits of a strictly increasing train."""
    none = np.zeros(0, dtype=np.int64)
    d = np.diff(ticks)
    if d.size < 2 * REACH + 2:
        return Hits(none, none)
    pairs, singles = candidates(d)
    pairs = pairs[(pairs >= REACH) & (pairs + 1 + REACH < d.size)]
    if pairs.size:
        six = _neighbours(d, pairs - 1, pairs + 2)
        twice = six[:, 2] + six[:, 3]  # twice the median
        sums = d[pairs] + d[pairs + 1]
        # and no less than 0.7: a bounce beside its edge leaves the interval whole, two short ones are a burst
        ok = (40 * sums < 27 * twice) & (20 * sums > 7 * twice) & _steady(six)
        pairs = _narrowest(pairs[ok], sums[ok])
    singles = singles[(singles >= REACH) & (singles + REACH < d.size)]
    if singles.size:
        six = _neighbours(d, singles - 1, singles + 1)
        twice = six[:, 2] + six[:, 3]
        ok = (5 * 2 * d[singles] > 8 * twice) & (5 * 2 * d[singles] < 13 * twice) & _steady(six)
        singles = singles[ok]
    return Hits(pairs + 1, singles)


def whole_at_ends(ticks: Int64Array) -> Int64Array:
    """The train (n,) without the edge that divides its first interval, and its last: two of 0.7 to 1.35 of the median of the six
    beyond, where these are steady.  `find` has neighbours on one side alone there, and says nothing."""
    d = np.diff(ticks)
    kept = np.ones(ticks.size, dtype=bool)
    if d.size >= 2 * REACH + 2:
        for halves, beyond, edge in ((d[:2], d[2 : 2 * REACH + 2], 1), (d[-2:], d[-2 * REACH - 2 : -2], -2)):
            six = np.sort(beyond)
            total, twice = int(halves.sum()), int(six[2] + six[3])
            whole = 40 * total < 27 * twice and 20 * total > 7 * twice
            kept[edge] = not (whole and _steady(six[None])[0])
    return ticks[kept]


@dataclass(frozen=True)
class Motion:
    """Whether the train can be judged: share of places in steady motion; turns, and isolated rests, per hundred."""

    steady_share: float
    breaks_per_100: float
    roughness: float
    stops_per_100: float


def motion(ticks: Int64Array, most: int = 200_000) -> Motion:
    """Steadiness of the train from block medians; a sample of at most `most` intervals, evenly from the whole.

    `roughness` is the median absolute log ratio of the medians of neighbouring triples: ripple and noise of honest
    meters stay far below a factor 1.25.  A break is a step of those medians by more than a factor two.
    """
    d = np.diff(ticks)
    usable = d.size // 3
    if usable < 4:
        return Motion(0.0, 100.0, 1.0, 100.0)
    triples = d[: usable * 3].reshape(usable, 3)
    if usable > most // 3:
        triples = triples[: (usable // (usable // (most // 3) + 1))]
    first, middle, last = triples.T
    usual = np.maximum(np.minimum(first, middle), np.minimum(np.maximum(first, middle), last))
    steps = np.abs(np.diff(np.log(usual.astype(np.float64))))
    calm = steps < np.log(1.4)
    breaks = float((steps > np.log(2)).mean() * 100 / 3)
    return Motion(float(calm.mean()), breaks, median(steps), _stops(d))


def _stops(d: Int64Array) -> float:
    """Isolated rests per hundred intervals: over five times the median between ordinary neighbours.

    A bus clock rests between its bytes; what moves with a shaft slows down and speeds up.
    """
    usual = int(median(d))
    long = d[1:-1] > 5 * usual
    if not long.any():
        return 0.0
    return float(np.count_nonzero(long & (d[:-2] <= 2 * usual) & (d[2:] <= 2 * usual)) * 100 / d.size)
