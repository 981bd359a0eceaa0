"""What is counted of every unit while the trips go by; memory grows with units and days, not with trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import Ints
from harness.fleet.errors import FleetError

Number = TypeVar("Number", np.int32, np.int64, np.float32, np.float64)
MOST_CELLS = 400_000_000  # units x days, a bit each
DAY_S = 86_400
BITS = np.array([byte.bit_count() for byte in range(256)], dtype=np.int64)


def grown(array: npt.NDArray[Number], size: int) -> npt.NDArray[Number]:
    """`array` (n, ...) with at least `size` rows, what is new at zero; grows by half so that it is seldom copied."""
    if array.shape[0] >= size:
        return array
    return np.concatenate([array, np.zeros((size + size // 2 - array.shape[0], *array.shape[1:]), dtype=array.dtype)])


@dataclass(frozen=True)
class Counted:
    """Of each unit (units,): trips and days that could show it, trips and days that did, and the money above the bound."""

    trips: Ints
    days: Ints
    hit_trips: Ints
    hit_days: Ints
    excess: Ints


class Tally:
    """Trips and days of one kind of event, by unit.

    Days, because one stuck button or one bad shift makes many trips alike: a day with any number of them counts once.
    """

    def __init__(self) -> None:
        self._sums = np.zeros((0, 3), dtype=np.int64)  # trips that could, trips that did, money
        self._days = (_Days(), _Days())

    def exposed(self, unit: Ints, day: Ints) -> None:
        """Trips (n,) that could show it."""
        self._add(0, unit, day)

    def hit(self, unit: Ints, day: Ints, excess: Ints) -> None:
        """Those of the exposed trips that did, and by how much money."""
        size = self._add(1, unit, day)
        self._sums[:size, 2] += np.rint(np.bincount(unit, excess, size)).astype(np.int64)

    def _add(self, column: int, unit: Ints, day: Ints) -> int:
        size = int(unit.max(initial=-1)) + 1
        self._sums = grown(self._sums, size)
        self._sums[:size, column] += np.bincount(unit, minlength=size)
        self._days[column].add(unit, day)
        return size

    def counted(self, units: int) -> Counted:
        sums = grown(self._sums, units)[:units]
        days, hit_days = (one.count(units) for one in self._days)
        return Counted(sums[:, 0], days, sums[:, 1], hit_days, sums[:, 2])


class _Days:
    """A bit for each unit and day."""

    def __init__(self) -> None:
        self._first = 0
        self._bits = np.zeros((0, 0), dtype=np.uint8)

    def add(self, unit: Ints, day: Ints) -> None:
        if not unit.size:
            return
        week = day // 8  # eight days a byte
        if not self._bits.size:
            self._first = int(week.min())
        low, high = min(self._first, int(week.min())), int(week.max()) + 1
        rows, columns = int(unit.max()) + 1, max(high, self._first + self._bits.shape[1]) - low
        if rows > self._bits.shape[0] or low < self._first or columns > self._bits.shape[1]:
            rows = max(rows + rows // 2, self._bits.shape[0])
            if rows * columns * 8 > MOST_CELLS:
                raise FleetError(
                    f"expected at most {MOST_CELLS} units times days, got {rows} times {columns * 8}: "
                    "is a date read wrongly, or split the file by year"
                )
            fresh = np.zeros((rows, columns), dtype=np.uint8)
            begin = self._first - low if self._bits.size else 0
            fresh[: self._bits.shape[0], begin : begin + self._bits.shape[1]] = self._bits
            self._bits, self._first = fresh, low
        np.bitwise_or.at(self._bits, (unit, week - self._first), (1 << (day % 8)).astype(np.uint8))

    def count(self, units: int) -> Ints:
        found = np.zeros(units, dtype=np.int64)
        rows = min(units, self._bits.shape[0])
        found[:rows] = BITS[self._bits[:rows]].sum(axis=1)
        return found
