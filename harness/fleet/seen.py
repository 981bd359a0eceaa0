"""Which trips have come already: 64-bit keys in sorted runs that are merged as they grow.

8 bytes a trip.  Two different trips share a key with a chance of n^2 / 2^65 (10^7 trips: 3e-6), so that a trip is taken
for a duplicate wrongly once in a few hundred thousand such files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import Ints

Keys = npt.NDArray[np.uint64]
_STEP, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def keys(columns: Sequence[Ints]) -> Keys:
    """One key a row of `columns` (each (n,)); the mixer is splitmix64 (Steele, Lea and Flood 2014)."""
    mixed = np.zeros(columns[0].size, dtype=np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.uint64)) + _STEP
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed


class Seen:
    """The keys so far."""

    def __init__(self) -> None:
        self._runs: list[Keys] = []

    def again(self, found: Keys) -> npt.NDArray[np.bool_]:
        """Which of `found` (n,) have come before, in an earlier call or this one; then they are all known."""
        different, first = np.unique(found, return_index=True)
        known = np.zeros(different.size, dtype=np.bool_)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, different), run.size - 1)
            known |= run[at] == different
        result = np.ones(found.size, dtype=np.bool_)
        result[first] = known
        self._add(different[~known])
        return result

    def _add(self, fresh: Keys) -> None:
        while self._runs and self._runs[-1].size <= 2 * fresh.size:
            fresh = np.sort(np.concatenate([self._runs.pop(), fresh]), kind="stable")
        if fresh.size:
            self._runs.append(fresh)
