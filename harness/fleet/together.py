"""Who was seen with whom when it happened: a driver who only relieves on one odd vehicle must not be taken for its cause."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.fleet.cells import Ints

_HALF = 32  # bits
_MOST = 1_000_000  # pairs kept before equal ones are put together


class Together:
    """Hit trips by vehicle and driver."""

    def __init__(self) -> None:
        self._pairs = np.zeros(0, dtype=np.int64)
        self._counts = np.zeros(0, dtype=np.int64)
        self._fresh: list[Ints] = []
        self._size = 0

    def add(self, unit: Mapping[str, Ints]) -> None:
        """Hit trips (n,); nothing where only one of the two is mapped."""
        if len(unit) < 2:
            return
        self._fresh.append((unit["vehicle"] << _HALF) | unit["driver"])
        self._size += unit["vehicle"].size
        if self._size > _MOST:
            self._settle()

    def _settle(self) -> None:
        fresh, counts = np.unique(np.concatenate([*self._fresh, self._pairs[:0]]), return_counts=True)
        both = np.concatenate([self._pairs, fresh])
        self._pairs, where = np.unique(both, return_inverse=True)
        weights = np.concatenate([self._counts, counts])
        self._counts = np.rint(np.bincount(where, weights, self._pairs.size)).astype(np.int64)
        self._fresh, self._size = [], 0

    def of(self, noun: str, code: int) -> list[tuple[int, int]]:
        """(other unit, trips) of one vehicle's drivers, or one driver's vehicles; the most first."""
        self._settle()
        vehicle, driver = self._pairs >> _HALF, self._pairs & ((1 << _HALF) - 1)
        mine, others = (vehicle, driver) if noun == "vehicle" else (driver, vehicle)
        own = np.flatnonzero(mine == code)
        own = own[np.argsort(-self._counts[own], kind="stable")]
        return [(int(others[at]), int(self._counts[at])) for at in own]
