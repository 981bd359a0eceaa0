"""How fast does the pulse rate rise?  Rises between neighbouring stretches of one train that last (statistics.md 1c).

The rate of a stretch is one over its median interval: a few pulses of interference, or a few lost, leave it as it is.  A
rise counts where each of the next stretches keeps at least half of it; surges that fall back are air that races through the
meter, a hand at the lever, or a pressure wave.  Stretches in under a fifth of the usual rate, or beside them, are starts and stops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.revolution import Floats

STRIDES = 5  # places to a stretch
SLOW = 5  # times the usual interval
LEAST_LASTING = 3  # stretches


@dataclass(frozen=True, eq=False)
class Rises:
    """At each place `edge` (k,), index into the train, between two stretches of one length: the pulse rate before and after,
    and their difference over the time between their middles, in pulses a tick and a tick squared; nan where either is no
    motion, or the rise does not last."""

    edge: Int64Array
    before: Floats
    after: Floats
    slope: Floats


def rises(ticks: Int64Array, stretch: int, lasting: int) -> Rises:
    """Rises of a strictly increasing train (n,) between stretches of `stretch` pulses, that stand for `lasting` ticks at the
    usual rate."""
    d = np.diff(ticks)
    none = np.zeros(0)
    standing = max(LEAST_LASTING, -(-lasting // (stretch * max(int(np.median(d)), 1)))) if d.size else LEAST_LASTING
    if d.size < (3 + standing) * stretch:
        return Rises(np.zeros(0, dtype=np.int64), none, none, none)
    every = max(stretch // STRIDES, 1)
    windows = np.lib.stride_tricks.sliding_window_view(d, stretch)[::every]
    usual = np.partition(windows, stretch // 2, axis=1)[:, stretch // 2]
    rate = 1.0 / usual
    ahead = stretch // every
    stretch = ahead * every  # neighbours begin where the other ends
    count = max(rate.size - (1 + standing) * ahead, 0)
    at = np.arange(count)
    before, after = rate[at], rate[at + ahead]
    stretches = at + (1 + np.arange(1, standing + 1))[:, None] * ahead  # (kept, k): those that follow
    begin = at * every
    # the time between the middles at these rates: a step told by medians looks no steeper for where it lies
    slope = (after - before) / (stretch * (usual[at] + usual[at + ahead]) / 2)
    moving = usual <= SLOW * int(np.median(d))
    # what begins slow, or follows a stop, is a start
    calm = moving[at] & moving[at + ahead] & moving[stretches].all(axis=0) & moving[np.maximum(at - ahead, 0)]
    calm &= at >= ahead
    kept = (rate[stretches] - before) * np.sign(after - before)
    slope[~(calm & (kept >= np.abs(after - before) / 2).all(axis=0))] = np.nan
    return Rises((begin + stretch).astype(np.int64), before, after, slope)
