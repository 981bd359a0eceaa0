"""What ordinary trips of a length and a duration cost in this fleet, and how far above them a fare stands.

Needs no tariff: a fare under a doubled rate lies far above those of trips as long in distance and in time, although distance
and time alone would allow it (the bounds of a tariff cannot tell stop-and-go from a doubled rate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import MICRO, Ints

UPPER = 0.995  # of ordinary fares in a class
FEWEST = 200  # ordinary trips that a class must have
WIDEST = 4  # neighbouring classes on each side
DISTANCE = (100.0, 1.08, 92)  # least metres, ratio of neighbours, classes: 100 m to 118 km
DURATION = (60.0, 1.12, 50)  # seconds: 1 min to 4.8 h
FARE = (0.01, 1.025, 740)  # units of money: a cent to 800 000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where fares (n,) stand among ordinary ones: `above` the upper border of their class, `ratio` to its median.

    False and nan where the class has too few trips.
    """

    above: npt.NDArray[np.bool_]
    ratio: Floats


class OrdinaryFares:
    """A histogram of fares in each class of distance and duration."""

    def __init__(self) -> None:
        self._counts = np.zeros((DISTANCE[2] * DURATION[2], FARE[2]), dtype=np.int32)

    def add(self, metres: Floats, seconds: Ints, fare: Ints) -> None:
        flat = _group(metres, seconds) * FARE[2] + _class(fare / MICRO, FARE)
        places, count = np.unique(flat, return_counts=True)
        self._counts.reshape(-1)[places] += count.astype(np.int32)

    def place(self, metres: Floats, seconds: Ints, fare: Ints) -> Place:
        group = _group(metres, seconds)
        different, back = np.unique(group, return_inverse=True)
        upper, median, enough = (np.array(one)[back] for one in zip(*map(self._quantiles, different), strict=True))
        own = _class(fare / MICRO, FARE)
        middle = FARE[0] * FARE[1] ** (median + 0.5)
        return Place(enough & (own > upper), np.where(enough, fare / MICRO / middle, np.nan))

    def _quantiles(self, group: int) -> tuple[int, int, bool]:
        """Classes of the upper border and of the median, and whether there are trips enough, with as many neighbours as
        that takes: neighbours cost less and more, so a wider class has a higher border and misses rather than accuses."""
        distance, duration = divmod(int(group), DURATION[2])
        grid = self._counts.reshape(DISTANCE[2], DURATION[2], FARE[2])
        for wide in range(WIDEST + 1):
            near = grid[max(distance - wide, 0) : distance + wide + 1, max(duration - wide, 0) : duration + wide + 1]
            reached = np.cumsum(near.sum(axis=(0, 1), dtype=np.int64))
            if reached[-1] >= FEWEST:
                upper, median = np.searchsorted(reached, (UPPER * reached[-1], 0.5 * reached[-1]))
                return int(upper), int(median), True
        return 0, 0, False


def _group(metres: Floats, seconds: Ints) -> Ints:
    result: Ints = _class(metres, DISTANCE) * DURATION[2] + _class(seconds.astype(np.float64), DURATION)
    return result


def _class(values: Floats, classes: tuple[float, float, int]) -> Ints:
    least, ratio, number = classes
    found = np.floor(np.log(np.maximum(values, least) / least) / np.log(ratio))
    result: Ints = np.minimum(found, number - 1).astype(np.int64)
    return result
