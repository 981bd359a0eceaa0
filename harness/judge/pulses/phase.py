"""Where in the intervals of channel A does channel B rise?  (statistics.md T5, last part)

Two eyes at one disc see edges of their own, each off by its own jitter; a device that makes B out of A, or both out of a
count, has B rise at a place that the edges of A already tell: a quarter, a fixed delay, a share of the last interval or of
their mean.  `unexplained` is what is left of B's place after the best such rule is taken out.  What a disc leaves there is
taken from channel A itself: every second edge of A between its neighbours, by the same rule, less what the same slot did a
revolution before, since a pattern that both channels share is no jitter of B.
"""

from __future__ import annotations

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.jitter import robust_variance
from harness.judge.pulses.medians import median
from harness.judge.pulses.revolution import Floats

BLOCK = 50  # pulses of A: twenty-five of every second one
REACH = 8  # intervals back over which a device may average
ROWS = 1 << 12
LEAST_PAIRS = 200
_MAD = 1.4826
_CALM = 1.0  # of an interval: a neighbour over twice its length, or under half; beside the sliver of a bounce any rule would bend
_ROUNDS = 20
_HELD = 5.0  # robust standard deviations beyond which an edge does not shape the rule


def torn(a: Int64Array) -> float:
    """Share of the intervals of a train (n,) that are over half as long again as the one before, or the reverse: no shaft
    turns so, and in a train with pulses put in nothing is told of the disc's jitter."""
    d = np.diff(a)
    if d.size < 2:
        return 0.0
    low, high = np.minimum(d[1:], d[:-1]), np.maximum(d[1:], d[:-1])
    return float(np.count_nonzero(2 * high > 3 * low)) / (d.size - 1)


def pairs(a: Int64Array, b: Int64Array) -> tuple[Int64Array, Int64Array]:
    """(i, delay), each (k,): intervals a_i..a_(i+1) of channel A (n,) that hold just one edge of channel B (m,), and the
    ticks from a_i to it."""
    place = np.searchsorted(b, a, "left")
    one = np.flatnonzero(np.diff(place) == 1)
    return one.astype(np.int64), b[place[one]] - a[one]


def unexplained(frame: Int64Array, i: Int64Array, delay: Int64Array) -> Floats:
    """What is left (n - 1,) of the delays (k,) after the edges `frame` (n,), in intervals; nan where there is none.

    The rule is linear, over the interval itself: a constant share of it, shares of the next and of the last REACH
    intervals, and a constant delay; least squares, without what lies beyond _HELD, until that is the same again: a dirty slot
    turns the first rules by itself.  What lies beside a sliver is not looked at.
    """
    d = np.diff(frame).astype(np.float64)
    left = np.full(d.size, np.nan)
    inner = (i >= REACH) & (i < d.size - 1)
    i, share = i[inner], delay[inner] / d[i[inner]]
    if i.size < LEAST_PAIRS // 2:
        return left
    rule = _rule(d, i)
    calm = (rule[:, 1:].max(axis=1) <= _CALM) & (rule[:, 1:].min(axis=1) >= 1 / (1 + _CALM) - 1)
    if np.count_nonzero(calm) < LEAST_PAIRS // 2:
        return left
    kept, before = calm, None
    for _ in range(_ROUNDS):
        if before is not None and (kept == before).all():
            break  # the same edges give the same rule
        whole = bool(kept.all())
        used, told = (rule, share) if whole else (rule[kept], share[kept])
        normal = used.T @ used
        weights = np.linalg.solve(normal + 1e-12 * np.trace(normal) * np.eye(normal.shape[0]), used.T @ told)
        rest = share - rule @ weights
        off = np.abs(rest)
        kept, before = calm & (off <= _HELD * _MAD * median(off) + 1e-12), kept
    left[i[calm]] = rest[calm]
    return left


def _rule(d: Floats, i: Int64Array) -> Floats:
    """What a place in the intervals d (n,) of the numbers `i` (k,) may follow: rows (k, REACH + 3) of one, the interval after,
    those before and the median, each as a share of the interval itself and about the mean, which is well conditioned."""
    rule = np.empty((i.size, REACH + 3))
    usual = median(d)
    for begin in range(0, i.size, ROWS):  # that stay in the cache
        at = i[begin : begin + ROWS]
        part, own = rule[begin : begin + ROWS], d[at]
        part[:, 0] = 1.0
        for column, shift in enumerate((1, *range(-1, -REACH - 1, -1)), 1):
            part[:, column] = d[at + shift] / own - 1
        part[:, -1] = usual / own - 1
    return rule


def of_blocks(x: Floats, size: int) -> Floats:
    """Robust variances (b,) of x in blocks of `size`; nan where fewer than half of one is known."""
    rows = x[: x.size // size * size].reshape(-1, size)
    count = np.isfinite(rows).sum(axis=1)
    result = np.full(rows.shape[0], np.nan)
    for known in np.unique(count[count * 2 >= size]):
        alike = rows[count == known]
        result[count == known] = robust_variance(alike[np.isfinite(alike)].reshape(-1, known))
    return result


def of_pairs(a: Int64Array, i: Int64Array, delay: Int64Array) -> Floats:
    """Robust variance (blocks,) of B's unexplained place after the edges of A (n,), in squared intervals; i, delay as `pairs`."""
    return of_blocks(unexplained(a, i, delay), BLOCK)


def of_disc(a: Int64Array, slots: int) -> Floats:
    """The same (blocks,) of channel A alone (n,), every second edge in the frame of the others, its slot's pattern out."""
    frame, between = a[::2], a[1::2]
    count = min(frame.size - 1, between.size)
    left = 2 * unexplained(frame, np.arange(count), between[:count] - frame[:count])  # its intervals are double
    lag = slots // 2 if slots % 2 == 0 else slots
    again = np.full(left.size, np.nan)
    if left.size > lag:
        again[lag:] = (left[lag:] - left[:-lag]) / np.sqrt(2)
    return of_blocks(again, BLOCK // 2)


def rounding(usual: float, step: int) -> float:
    """Variance of an unexplained place where edges are told to `step` ticks, `usual` ticks to an interval: three edges, each
    off by step^2 / 12, at most [D]."""
    return 3 / 12 * (step / usual) ** 2
