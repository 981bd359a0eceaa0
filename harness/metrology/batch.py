"""Whether the mean error of many instruments of a batch or region favours their owners: one-sided, with the station as sampling unit.

Instruments of one station were adjusted by the same hands: their errors go together, and a test that takes each for itself accuses honest regions
forty times as often as it says (statistics.md 3d).  The mean of the stations' means is tested against zero by Student's t over stations.
What all errors have in common, that of the one standard they were measured with, no number of stations averages out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy import stats

from harness.metrology.errors import MetrologyError

LEAST = 5  # stations: fewer have no mean that Student's t speaks of


@dataclass(frozen=True)
class Verified:
    """One verification record: the error of one instrument, relative or in its unit, positive when it favours the owner."""

    station: str
    error: float


@dataclass(frozen=True)
class Batch:
    """`mean` of the stations' means with its standard uncertainty and one-sided p (mean at most zero); `favouring`: share of instruments
    that favour their owners, and one-sided p that more than half of the stations do (sign test); `between`, `within`: standard deviations of stations
    and of instruments in one; `common`: standard uncertainty that all errors share, counted in t, p and low and not in u."""

    stations: int
    instruments: int
    mean: float
    u: float
    t: float
    p: float
    low: float  # of a one-sided interval at 1 - alpha
    alpha: float
    favouring: float
    sign_p: float
    between: float
    within: float
    common: float = 0.0

    @property
    def above_zero(self) -> bool:
        return self.p < self.alpha


def above_zero(records: Iterable[Verified], alpha: float, common: float = 0.0) -> Batch:
    """MetrologyError with fewer than LEAST stations, or errors that are no numbers.  `common` as in Batch: Student's t with the freedom of the
    stations errs on the side of the owners."""
    if not 0 < alpha < 0.5:
        raise MetrologyError(f"expected alpha above 0 and below 0.5, got {alpha}")
    if not (math.isfinite(common) and common >= 0):
        raise MetrologyError(f"expected a common standard uncertainty from 0 on, got {common}")
    ordered = sorted(records, key=lambda one: one.station)
    groups = [np.array([one.error for one in own]) for _, own in groupby(ordered, key=lambda one: one.station)]
    if len(groups) < LEAST:
        raise MetrologyError(f"expected {LEAST} stations and more, got {len(groups)}; the station is the sampling unit")
    errors = np.concatenate(groups)
    if not np.isfinite(errors).all():
        raise MetrologyError("expected errors that are numbers, got one that is none")
    means = np.array([own.mean() for own in groups])
    spread = float(means.std(ddof=1))
    u = spread / math.sqrt(means.size)
    mean = float(means.mean())
    whole = math.hypot(u, common)
    t = mean / whole if whole > 0 else math.copysign(math.inf, mean) if mean else 0.0
    p = float(stats.t.sf(t, means.size - 1))
    more, told = int((means > 0).sum()), int((means != 0).sum())
    sign = float(stats.binomtest(more, told, 0.5, alternative="greater").pvalue) if told else 1.0
    within = math.sqrt(_pooled(groups))
    own = within**2 * float(np.mean([1 / group.size for group in groups]))
    return Batch(
        means.size, errors.size, mean, u, t, p, mean - float(stats.t.isf(alpha, means.size - 1)) * whole, alpha, float((errors > 0).mean()), sign,
        math.sqrt(max(spread**2 - own, 0.0)), within, common,
    )  # fmt: skip


def _pooled(groups: Sequence[np.ndarray]) -> float:
    """Variance of instruments in one station."""
    dof = sum(own.size - 1 for own in groups)
    return float(sum(((own - own.mean()) ** 2).sum() for own in groups)) / dof if dof else 0.0


def power(shift: float, stations: int, each: int, between: float, within: float, alpha: float) -> float:
    """Probability that a mean of `shift` over so many stations of `each` instruments is found (noncentral t)."""
    u = math.sqrt((between**2 + within**2 / each) / stations)
    return float(stats.nct.sf(stats.t.isf(alpha, stations - 1), stations - 1, shift / u))
