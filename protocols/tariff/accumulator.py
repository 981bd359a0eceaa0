"""A quantity that grows with counts in some spells and with time in others, and when it reaches given amounts. Exact.

All amounts are whole numbers of 1/scale; int64 where they fit, Python's integers where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.trip import Trip

SAFE = 2**62


@dataclass(frozen=True, slots=True)
class Rate:
    """Growth with each count, or with each ns; one of them is 0."""

    per_count: Fraction
    per_ns: Fraction


@dataclass(frozen=True, eq=False, slots=True)
class Runs:
    """Spells begins..ends (n,) ns that follow each other; in each it grows at rates[rate]."""

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    rate: NDArray[np.int64]
    rates: tuple[Rate, ...]


class Accumulator:
    def __init__(self, trip: Trip, runs: Runs, unit: Fraction) -> None:
        """`unit` is what thresholds are whole numbers of, in terms of the rates."""
        self._trip = trip
        denominators = {part.denominator for rate in runs.rates for part in (rate.per_count, rate.per_ns)}
        self._scale = lcm(unit.denominator, *denominators)
        self._unit = int(unit * self._scale)
        self._begins = runs.begins
        self._counts = trip.count_at(runs.begins)
        self._by_count = np.array([rate.per_count != 0 for rate in runs.rates], np.bool_)[runs.rate]
        slopes = [int((rate.per_count + rate.per_ns) * self._scale) for rate in runs.rates]
        spans = np.where(self._by_count, trip.count_at(runs.ends) - self._counts, runs.ends - runs.begins)
        safe = max(slopes, default=1) * max(1, int(spans.sum())) < SAFE
        self._slopes = np.array(slopes, np.int64 if safe else object)[runs.rate]
        self._cumulative = np.concatenate(([0], np.cumsum(self._slopes * spans)))
        self._total = int(self._cumulative[-1])

    @property
    def total(self) -> Fraction:
        """What is reached at the end of the trip."""
        return Fraction(self._total, self._scale)

    def whole(self) -> int:
        """`total` in thresholds' units, rounded up."""
        return -(-self._total // self._unit)

    def reached(self, thresholds: NDArray[np.int64], strict: bool) -> NDArray[np.int64]:
        """Instants at which the rising `thresholds` are reached (passed, if `strict`); those never reached are left out.

        With counts it is the instant of the count that does it, with time the nanosecond.
        """
        top = int(thresholds[-1]) * self._unit if len(thresholds) else 0
        kind = np.int64 if max(top, self._total) < SAFE else object
        cumulative = self._cumulative.astype(kind)
        wanted = thresholds.astype(kind) * self._unit
        wanted = wanted[: int(np.searchsorted(wanted, self._total, "left" if strict else "right"))]
        if not len(wanted):
            return np.zeros(0, np.int64)
        at = np.searchsorted(cumulative[1:], wanted, "right" if strict else "left").astype(np.int64)
        need, slopes = wanted - cumulative[at], np.maximum(self._slopes[at], 1)  # a threshold of 0 needs no growth
        steps = (need // slopes + 1 if strict else -(-need // slopes)).astype(np.int64)
        by_count = self._by_count[at]
        times = self._begins[at] + steps
        if by_count.any() and len(self._trip.counts):
            rows = np.searchsorted(self._trip.counts, (self._counts[at] + steps)[by_count], "left")
            times[by_count] = self._trip.times_ns[np.minimum(rows, len(self._trip.counts) - 1)]
        return np.asarray(np.maximum(times, self._begins[at]), np.int64)
