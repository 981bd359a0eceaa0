"""Pulse intervals as speeds: where a train is faster, or gains speed faster, than a wheel can.

Kernels on one train of equal edges; they claim nothing.  Edges within `bounce` of the last one kept are left out first: a
contact chatters.  A speed is told over `over` intervals, a turn of the rotor where that is more, so that unequal magnets do not
look like changes of speed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
LEAST = 2  # intervals: three pulses, the first after which two of a train put in on top of the real one have passed


@dataclass(frozen=True)
class Bounds:
    """What no wheel does, in seconds and pulses: `shortest` mean interval, `change` in pulses/s gained a second, `step` gained at
    once by an output that is set anew now and then, `spread` of one told rate; `over` intervals a rate is told, `back` seconds it
    is held against."""

    shortest: float
    change: float
    step: float
    spread: float
    over: int
    back: float


def debounced(ticks: Int64Array, bounce: int) -> Int64Array:
    """The edges (k,) of `ticks` (n,) that lie `bounce` ticks and more behind the last one kept."""
    if bounce <= 0 or ticks.size < 2:
        return ticks
    kept = np.ones(ticks.size, dtype=bool)
    last = 0
    # an edge far behind the one before it is far behind the last one kept as well: the others are decided one by one
    for i in (np.flatnonzero(np.diff(ticks) < bounce) + 1).tolist():
        last = int(ticks[i - 1]) if kept[i - 1] else last
        kept[i] = int(ticks[i]) - last >= bounce
        last = int(ticks[i]) if kept[i] else last
    return ticks[kept]


def too_fast(seconds: Floats, shortest: float, over: int = LEAST) -> Truths:
    """Which pulses (n,) end `over` intervals that together are shorter than as many of `shortest`."""
    found = np.zeros(seconds.size, dtype=bool)
    if seconds.size > over:
        found[over:] = seconds[over:] - seconds[:-over] < over * shortest
    return found


def too_sudden(seconds: Floats, bounds: Bounds) -> Truths:
    """Which pulses (n,) end `over` intervals whose rate is more than the vehicle could have gained since `back` seconds before.

    Held against the fastest rate of that time and not the last: a rate that comes back after a lost pulse, or a wheel that
    is let go, gains nothing.  Without three pulses in that time nothing is said: whatever stands may pull off.
    """
    n, over = seconds.size, bounds.over
    found = np.zeros(n, dtype=bool)
    if n < 2 * over + 2:
        return found
    rate = np.zeros(n)
    rate[over:] = over / np.maximum(seconds[over:] - seconds[:-over], 1e-9)
    middle = np.zeros(n)
    middle[over:] = (seconds[over:] + seconds[:-over]) / 2
    # a first sieve against the stretch right before; the few that pass are held against all of `back`
    before = np.zeros(n)
    before[over + 1 :] = rate[over:-1]
    near = np.zeros(n)
    near[2 * over :] = rate[over:-over]
    apart = np.full(n, np.inf)
    apart[2 * over :] = middle[2 * over :] - middle[over:-over]
    allowed = near * (1 + bounds.spread) + bounds.change * apart + bounds.step
    for i in np.flatnonzero((rate > allowed) & (near > 0)).tolist():
        start = seconds[i - over] - bounds.back
        first = int(np.searchsorted(seconds, start))
        last = i - over  # the stretch judged begins there
        if last - first < max(over, LEAST) + 1 or last - over < 0:
            continue
        told = slice(max(first + over, over), last + 1)
        if told.stop <= told.start:
            continue
        could = rate[told] * (1 + bounds.spread) + bounds.change * (middle[i] - middle[told]) + bounds.step
        found[i] = bool(rate[i] > could.max())
    return found
