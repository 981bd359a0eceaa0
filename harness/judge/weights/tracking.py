"""Zero tracking: how fast an instrument pulls its reading to zero (R 76-1: at most 0.5 d/s; scales.md 2C, S23).

`absorbed` is a bound without a model: what lies on the pan less what is shown was tracked away, each known to its weights and
to half a step of rounding, so between two readings the mean rate was at least what is left of their difference.

`pull` is an estimate: a tracker moves at one rate whatever the load, so its codes change at equal times, while creep and a
filter settle ever more slowly.  Null of its `constant_p`: changes at one rate, their times normal about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats

LEGAL_D_PER_S = 0.5  # d/s, R 76-1 4.5.7, V2: anchor for tests; what is judged comes from the acceptance data
_FEWEST = 4
_MOST = 20_000


@dataclass(frozen=True)
class Absorbed:
    """At least `rate` steps a second were tracked away between two readings: `total` steps in `seconds`."""

    rate: float
    total: float
    seconds: float
    from_ns: int
    to_ns: int


def absorbed(
    times_ns: Int64Array, on_pan: Floats, readings: Int64Array, u_pan: float = 0.0, least_ns: int = 500_000_000
) -> Absorbed | None:
    """The fastest tracking that settled `readings` (n,) with `on_pan` (n,) steps of weights prove, over any span of `least_ns`
    or more; `u_pan` bounds the error of the weights.  None where no tracking is proved.  Null: a scale of gain one near zero
    without tracking, noise within the rounding.  Raises ValueError for more than 20,000 readings: settled ones are few."""
    if times_ns.size > _MOST:
        raise ValueError(f"absorbed: {times_ns.size} readings, expected at most {_MOST} settled ones")
    tracked = on_pan - readings
    best: Absorbed | None = None
    for i in range(times_ns.size):
        later = np.flatnonzero(times_ns - times_ns[i] >= least_ns)
        if not later.size:
            break
        total = np.abs(tracked[later] - tracked[i]) - 1.0 - 2 * u_pan
        seconds = (times_ns[later] - times_ns[i]) / 1e9
        at = int(np.argmax(total / seconds))
        if total[at] > 0 and (best is None or total[at] / seconds[at] > best.rate):
            j = int(later[at])
            best = Absorbed(
                float(total[at] / seconds[at]), float(total[at]), float(seconds[at]), int(times_ns[i]), int(times_ns[j])
            )
    return best


@dataclass(frozen=True)
class Pull:
    """Rate in steps a second (signed) with standard uncertainty, over `changes` of code; `constant_p` small where the rate
    was no constant one (two-sided t of the curvature)."""

    rate: float
    u_rate: float
    changes: int
    constant_p: float


def pull(times_ns: Int64Array, readings: Int64Array) -> Pull | None:
    """The rate at which `readings` (n,) drift one way over at least four codes; None where they do not.

    Each code's own time of first arrival is read, so flicker back does not count."""
    if readings.size < 2:
        return None
    way = 1 if readings[-1] >= readings[0] else -1
    ahead = np.maximum.accumulate(way * readings)
    first = np.flatnonzero(np.diff(ahead) == 1) + 1
    if first.size != int(ahead[-1] - ahead[0]) or first.size < _FEWEST:
        return None  # a jump over codes is no drift
    t = (times_ns[first] - times_ns[first[0]]) / 1e9
    # half way between the last frame without and the first with it
    t = t - (times_ns[first] - times_ns[first - 1]) / 2e9
    k = np.arange(first.size, dtype=np.float64)
    (slope, _), residual = _least_squares(np.column_stack([k, np.ones_like(k)]), t)
    n = k.size
    sd = max(sqrt(residual / (n - 2)), float(np.median(np.diff(times_ns))) / 1e9 / sqrt(12))
    if slope <= 0:
        return None
    u_slope = sd / sqrt(float(((k - k.mean()) ** 2).sum()))
    curved, left = _least_squares(np.column_stack([k - k.mean(), np.ones_like(k), (k - k.mean()) ** 2]), t)
    bend = (k - k.mean()) ** 2
    across = bend - np.polyval(np.polyfit(k, bend, 1), k)
    spread = max(sqrt(left / max(n - 3, 1)), float(np.median(np.diff(times_ns))) / 1e9 / sqrt(12))
    score = abs(float(curved[2])) * sqrt(float((across**2).sum())) / spread
    return Pull(way / float(slope), u_slope / float(slope) ** 2, int(n), float(2 * stats.t.sf(score, max(n - 3, 1))))


def _least_squares(design: Floats, y: Floats) -> tuple[Floats, float]:
    found = np.linalg.lstsq(design, y, rcond=None)[0]
    return np.asarray(found, dtype=np.float64), float(((y - design @ found) ** 2).sum())
