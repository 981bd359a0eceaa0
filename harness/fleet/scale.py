"""A constant factor on recorded distances, as far as the fleet's own traffic can show it: a screening and no measurement.

A meter that counts too much makes its car look fast (Liu, Ni and Krishnan 2014).  Each trip's logarithm of distance is compared
with the fleet's trips of the same hour and of like duration (duration and clock do not pass through the distance counter); the mean
of a vehicle then stands among the fleet's.  How much honest vehicles differ is taken from the fleet, the widest of what
its quartiles and its 2.5 to 97.5 percentiles say, so that shoulders heavier than normal widen it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from harness.fleet.cells import Ints
from harness.fleet.tally import grown

FEWEST_TRIPS = 50
FEWEST_UNITS = 30
EDGES_S = (300, 600, 900, 1500)  # of classes of duration
SHORTEST_S = 60  # below it a minute's rounding decides
HOURS = 24
BINS = HOURS * (len(EDGES_S) + 1)
COVERED = 1.96

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scales:
    """Of the vehicles with trips enough: factor against the fleet's middle, log; `spread`: of honest ones; p two-sided."""

    unit: Ints
    trips: Ints
    log_factor: Floats
    u: Floats
    spread: float
    p: Floats

    def interval(self, at: int) -> tuple[float, float]:
        """95 % interval of the gain: what honest vehicles differ by is in it."""
        half = COVERED * float(np.hypot(self.u[at], self.spread))
        return float(np.expm1(self.log_factor[at] - half)), float(np.expm1(self.log_factor[at] + half))


class Speeds:
    """Sums of log distance, by unit and class of hour and duration."""

    def __init__(self) -> None:
        self._count = np.zeros((0, BINS), dtype=np.float32)
        self._sum = np.zeros((0, BINS), dtype=np.float64)
        self._square = np.zeros(BINS)

    def add(self, unit: Ints, start_s: Ints, duration_s: Ints, distance: Ints) -> None:
        """Trips (n,); those shorter than a minute or without distance say nothing."""
        use = (duration_s >= SHORTEST_S) & (distance > 0)
        unit, start_s, duration_s = unit[use], start_s[use], duration_s[use]
        log = np.log(distance[use].astype(np.float64)) - np.log(duration_s.astype(np.float64))
        group = start_s // 3600 % HOURS * (len(EDGES_S) + 1) + np.searchsorted(EDGES_S, duration_s, "right")
        size = int(unit.max(initial=-1)) + 1
        flat = unit * BINS + group
        self._count, self._sum = grown(self._count, size), grown(self._sum, size)
        self._count[:size] += np.bincount(flat, minlength=size * BINS).reshape(size, BINS).astype(np.float32)
        self._sum[:size] += np.bincount(flat, log, size * BINS).reshape(size, BINS)
        self._square += np.bincount(group, log**2, BINS)

    def scales(self, units: int) -> Scales | None:
        """None where fewer than FEWEST_UNITS have FEWEST_TRIPS each."""
        count = grown(self._count, units)[:units].astype(np.float64)
        total = grown(self._sum, units)[:units]
        per_bin = np.maximum(count.sum(axis=0), 1)
        mean = total.sum(axis=0) / per_bin
        variance = np.maximum(self._square / per_bin - mean**2, 0)
        trips = count.sum(axis=1)
        enough = np.flatnonzero(trips >= FEWEST_TRIPS)
        if enough.size < FEWEST_UNITS:
            return None
        n = trips[enough]
        log_factor = (total - count * mean).sum(axis=1)[enough] / n
        u = np.sqrt((count @ variance)[enough]) / n
        log_factor = log_factor - np.median(log_factor)
        spread = _spread(log_factor, u)
        p = 2 * norm.sf(np.abs(log_factor) / np.hypot(spread, u))
        return Scales(enough, n.astype(np.int64), log_factor, u, spread, p)


def _spread(log_factor: Floats, u: Floats) -> float:
    """Standard deviation of honest vehicles beyond what their own trips leave uncertain."""
    quartiles, outer = (np.diff(np.quantile(log_factor, ends))[0] for ends in ((0.25, 0.75), (0.025, 0.975)))
    seen = max(float(quartiles) / 1.349, float(outer) / (2 * COVERED))
    return float(np.sqrt(max(seen**2 - float(np.median(u)) ** 2, 0.0)))
