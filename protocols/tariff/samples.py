"""Metres and slow seconds of a trip at the instants at which a display was read, for a range of the ratio of K.

A meter that reads more metres holds fewer spells to be slow.  The range is cut into cells; at each end of them two sets of
spells are kept: what is surely slow, and what may be, where the meter's speed may be off by some km/h.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.low_speed import slow_spells
from protocols.tariff.observed import Shown
from protocols.tariff.trip import Meter, Trip

Floats = NDArray[np.float64]
Pieces = tuple[
    tuple[int, int, Fraction, Fraction], ...
]  # parts of a trip: begin, end, factors of metres and of seconds
CELLS = 24


@lru_cache(maxsize=16)
def samples(
    trip: Trip, shown: tuple[Shown, ...], edges: tuple[int, ...], pieces: Pieces, limit_kmh: Fraction | None, clocked: bool,
    single: bool, meter: Meter, k_range: tuple[float, float], slack_kmh: float,
) -> Samples:  # fmt: skip
    """The samples of a trip, shared by the readings of a tariff."""
    times = np.array([one.time_ns for one in shown], np.int64)
    slack = np.array([one.tolerance_ns for one in shown], np.int64)
    first, last = trip.hired_ns, trip.vacated_ns
    asked = [np.clip(times - slack, first, last), np.clip(times + slack, first, last), np.array(edges, np.int64) - 1]
    return Samples(trip, asked, pieces, limit_kmh, clocked, single, meter, k_range, slack_kmh)


class Samples:
    """grid (cells + 1,): ratios of K at the ends of the cells.  For each of the sets of instants asked about (n,):
    metres (n,), and slow metres (mode S alone) and slow seconds (2 ends, n), the surely slow ones first."""

    def __init__(
        self, trip: Trip, asked: list[NDArray[np.int64]], pieces: Pieces, limit_kmh: Fraction | None, clocked: bool,
        single: bool, meter: Meter, k_range: tuple[float, float], slack_kmh: float,
    ) -> None:  # fmt: skip
        self._trip, self._pieces, self._single = trip, pieces, single
        self._metre, self._first = float(trip.metres_per_count), int(trip.count_at(np.array([trip.hired_ns]))[0])
        cells = 1 if limit_kmh is None or k_range[0] == k_range[1] else CELLS
        self.grid = np.geomspace(*k_range, cells + 1)
        self.grid[0], self.grid[-1] = k_range[0] * (1 - 1e-6), k_range[1] * (1 + 1e-6)
        self.update_s = meter.update_ns / 1e9
        self.limit_m_s = float(limit_kmh or 0) / 3.6
        self.fastest_m_s = self.limit_m_s + (slack_kmh + float(meter.hysteresis_kmh)) / 3.6
        self._spells: list[NDArray[np.int64]] = []
        for margin in (-Fraction(slack_kmh), Fraction(slack_kmh)):
            for k_ratio in self.grid.tolist():
                if not clocked:
                    spells = np.zeros((0, 2), np.int64)
                elif limit_kmh is None:
                    spells = np.array([[trip.hired_ns, trip.vacated_ns]], np.int64)
                else:
                    limit, ratio = (
                        limit_kmh + margin.limit_denominator(1000),
                        Fraction(k_ratio).limit_denominator(10**7),
                    )
                    spells = slow_spells(trip, limit, ratio, meter.update_ns, Fraction(meter.hysteresis_kmh))
                self._spells.append(spells)
        self._sums: dict[tuple[int, bool], tuple[Floats, Floats]] = {}
        ends = range(len(self._spells))
        self.metres = [self._weighted(times, None, unit=True) for times in asked]
        self.slow_s = [np.array([self._weighted(times, end, unit=False) for end in ends]) for times in asked]
        self.slow_m = [
            np.array([self._weighted(times, end, unit=True) for end in ends])
            if single
            else np.zeros((len(ends), len(times)))
            for times in asked
        ]

    @cached_property
    def at_counts(self) -> tuple[Floats, Floats]:
        """Slow seconds (2 ends, N + 1) at each count of the trip and at its end, and metres charged (2 ends or 1, N)."""
        trip, ends = self._trip, range(len(self._spells))
        times = np.clip(np.append(trip.times_ns, trip.vacated_ns), trip.hired_ns, trip.vacated_ns)
        seconds = np.array([self._weighted(times, end, unit=False) for end in ends])
        metres = self._weighted(times[:-1], None, unit=True)[None, :]
        if self._single:
            metres = metres - np.array([self._weighted(times[:-1], end, unit=True) for end in ends])
        return seconds, metres

    def _weighted(self, times: NDArray[np.int64], cell: int | None, unit: bool) -> Floats:
        """Metres (unit) or seconds up to `times`, within the slow spells of a cell's end (None: all), by the factors of
        windows that shorten steps."""
        found = np.zeros(len(times))
        for begin, end, of_metres, of_seconds in self._pieces:
            upto = self._in(np.clip(times, begin, end), cell, unit)
            before = self._in(np.array([begin], np.int64), cell, unit)
            found += float(of_metres if unit else of_seconds) * (upto - before)
        return found

    def _in(self, times: NDArray[np.int64], cell: int | None, unit: bool) -> Floats:
        if cell is None:
            return self._amount(times, unit)
        spells = self._spells[cell]
        if not len(spells):
            return np.zeros(len(times))
        if (cell, unit) not in self._sums:
            begins, ends = self._amount(spells[:, 0], unit), self._amount(spells[:, 1], unit)
            self._sums[cell, unit] = begins, np.concatenate(([0.0], np.cumsum(ends - begins)))
        begins, whole = self._sums[cell, unit]
        at = np.searchsorted(spells[:, 0], times, "right") - 1
        inside = np.maximum(at, 0)
        own = self._amount(np.minimum(times, spells[inside, 1]), unit) - begins[inside]
        return np.asarray(np.where(at < 0, 0.0, whole[inside] + own), np.float64)

    def _amount(self, times: NDArray[np.int64], unit: bool) -> Floats:
        """Metres or seconds since the hire."""
        if unit:
            return np.asarray((self._trip.count_at(times) - self._first) * self._metre, np.float64)
        return np.asarray((times - self._trip.hired_ns) / 1e9, np.float64)
