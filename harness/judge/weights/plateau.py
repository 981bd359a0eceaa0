"""Settled stretches of a weight stream, and what level their codes leave possible.

Null of a plateau: a constant level x plus independent normal noise of standard deviation at most `noise`, rounded to whole
steps.  Such a stream shows at most floor(8 noise) + 2 adjacent codes (4 sd either way): a stretch ends where the next reading
leaves that band.  A change inside the band divides it at the place that explains most (binary segmentation), where that pays
ln n + 12 nats; dividing claims nothing, only levels do.  What is shorter than `least_ns` is movement.

The level: share f of readings at or below code k is binomial with P = Phi((k + 1/2 - x)/s), s <= noise unknown.  Clopper and
Pearson's bounds of P bound x from every k, and all bounds hold together: exact for any s up to `noise`.  One code throughout
leaves about a step; flicker between two tells the level to a fraction of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log

import numpy as np
from scipy.special import ndtri
from scipy.stats import beta

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats

MISS = 1e-8  # chance that a level lies outside its interval, each side and code
_SIGMAS = 4.0
_DIVIDING = 12.0  # nats


@dataclass(frozen=True, eq=False)
class Plateaus:
    """Settled stretches, each array (m,): `first` and `last` frame (both of it), `settled` the first frame counted, times in
    ns of first and last frame, lowest and highest code from `settled` on, mean code, separate readings, level interval; the
    noise and the time between readings they were found with."""

    first: Int64Array
    settled: Int64Array
    last: Int64Array
    from_ns: Int64Array
    to_ns: Int64Array
    low: Int64Array
    high: Int64Array
    mean: Floats
    readings: Int64Array
    least: Floats
    most: Floats
    noise: float
    update_ns: int

    def __len__(self) -> int:
        return int(self.first.size)


def band(noise: float) -> int:
    """Most steps between two readings of one level under `noise`, but for four standard deviations."""
    return floor(2 * _SIGMAS * noise) + 1


def plateaus(
    times_ns: Int64Array,
    steps: Int64Array,
    noise: float,
    update_ns: int,
    least_ns: int = 1_000_000_000,
    settle_ns: int = 500_000_000,
    gap_ns: int | None = None,
) -> Plateaus:
    """The plateaus of frames (n,) in time order.  `noise`: most that a level scatters (sd, steps), above 0; `update_ns`: time
    between separate readings; the first `settle_ns` of a stretch are left out of its level; a silence over `gap_ns` ends it.

    Raises ValueError for a noise or a pace of 0.
    """
    if noise <= 0 or update_ns <= 0:
        raise ValueError(f"plateaus: expected noise and time between readings above 0, got {noise} and {update_ns}")
    if not times_ns.size:
        return _told(times_ns, steps, np.zeros((0, 3), dtype=np.int64), noise, update_ns)
    new = np.concatenate([[True], np.diff(steps) != 0])
    if gap_ns is not None:
        new[1:] |= np.diff(times_ns) > gap_ns
    starts = np.flatnonzero(new)
    silent = np.zeros(starts.size, dtype=np.bool_)
    if gap_ns is not None:
        silent[1:] = np.diff(times_ns)[starts[1:] - 1] > gap_ns
    begins = _begins(steps[starts].tolist(), silent.tolist(), band(noise))
    first = starts[begins]
    last = np.append(first[1:], times_ns.size) - 1
    whole = times_ns[last] - times_ns[first] >= least_ns
    first, last = _divided(times_ns, steps, first[whole], last[whole], noise, update_ns)
    settled = np.searchsorted(times_ns, times_ns[first] + settle_ns)
    long = (settled <= last) & (times_ns[last] - times_ns[np.minimum(settled, last)] >= least_ns)
    return _told(times_ns, steps, np.column_stack([first, settled, last])[long], noise, update_ns)


def _begins(values: list[int], silent: list[bool], width: int) -> list[int]:
    """Greedy: a stretch goes on while its codes span at most `width`."""
    low = high = values[0]
    found = [0]
    for i, value in enumerate(values):
        if silent[i] or value > low + width or value < high - width:
            found.append(i)
            low = high = value
        elif value > high:
            high = value
        elif value < low:
            low = value
    return found


def _divided(
    times_ns: Int64Array, steps: Int64Array, first: Int64Array, last: Int64Array, noise: float, update_ns: int
) -> tuple[Int64Array, Int64Array]:
    """First and last frames of the stretches, divided where their mean changes."""
    kept: list[tuple[int, int]] = []
    waiting = list(zip(first.tolist(), last.tolist(), strict=True))[::-1]
    while waiting:
        a, b = waiting.pop()
        n = b - a + 1
        total = np.cumsum(steps[a : b + 1] - steps[a])
        k = np.arange(1, n)
        # repeats are no readings: what they add to the sums is taken off again
        readings = min(1.0, (1 + (times_ns[b] - times_ns[a]) / update_ns) / n)
        rise = (total[:-1] - k * (total[-1] / n)) ** 2 * (n / (k * (n - k)))
        if n > 1 and float(rise.max()) * readings / (2 * (noise**2 + 1 / 12)) > log(n) + _DIVIDING:
            at = a + 1 + int(rise.argmax())
            waiting += [(at, b), (a, at - 1)]
        else:
            kept.append((a, b))
    found = np.array(kept, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _told(times_ns: Int64Array, steps: Int64Array, which: Int64Array, noise: float, update_ns: int) -> Plateaus:
    first, settled, last = (which[:, i].astype(np.int64) for i in range(3))
    m = first.size
    if not m:
        none, real = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Plateaus(none, none, none, none, none, none, none, real, none, real, real, noise, update_ns)
    bounds = np.column_stack([settled, last + 1]).ravel()
    padded = np.append(steps, steps[-1])  # the end of the last plateau may be that of the stream
    low, high = np.minimum.reduceat(padded, bounds)[::2], np.maximum.reduceat(padded, bounds)[::2]
    frames = (last - settled + 1).astype(np.float64)
    total = np.add.reduceat(padded, bounds)[::2]
    n = np.minimum(1 + (times_ns[last] - times_ns[settled]) // update_ns, last - settled + 1)
    least, most = _levels(padded, bounds, low, high, frames, n.astype(np.float64), noise)
    return Plateaus(
        first, settled, last, times_ns[first], times_ns[last], low, high, total / frames, n.astype(np.int64), least, most, noise, update_ns
    )  # fmt: skip


def _levels(
    padded: Int64Array, bounds: Int64Array, low: Int64Array, high: Int64Array, frames: Floats, n: Floats, noise: float
) -> tuple[Floats, Floats]:
    """Level intervals: each threshold k + 1/2 from below the lowest code to above the highest bounds x."""
    least, most = np.full(low.size, -np.inf), np.full(low.size, np.inf)
    held = np.zeros(padded.size, dtype=np.bool_)
    pieces = np.diff(np.append(bounds, padded.size))  # a plateau, what lies between, a plateau ...
    for above in range(-1, int((high - low).max()) + 1):
        k = np.minimum(low + above, high)  # beyond its highest code a plateau has nothing new to say
        held[bounds[0] :] = padded[bounds[0] :] <= np.repeat(np.repeat(k, 2), pieces)
        share = np.add.reduceat(held, bounds, dtype=np.float64)[::2] / frames
        below, beyond = share * n, (1 - share) * n
        p_low = np.where(below > 0, beta.ppf(MISS, np.where(below > 0, below, 1.0), beyond + 1), 0.0)
        p_high = np.where(beyond > 0, beta.isf(MISS, below + 1, np.where(beyond > 0, beyond, 1.0)), 1.0)
        least = np.maximum(least, k + 0.5 - noise * np.maximum(ndtri(p_high), 0.0))
        most = np.minimum(most, k + 0.5 - noise * np.minimum(ndtri(p_low), 0.0))
    return least, most
