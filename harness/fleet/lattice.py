"""Recorded distances as multiples of their resolution: which multiples come, and which never do.

A meter that rounds an honest distance gives every last digit its turn.  A factor put on afterwards leaves gaps: times 1.25
never shows one step in five, times 2 no odd one.  Distances that were entered and not measured come in whole tens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import Ints
from harness.fleet.tally import grown

MODULI = tuple(range(2, 26))  # 25: a factor of 1.04 leaves one step in 26 out, smaller ones are not found
HEAPED = 10  # steps
_BEGIN = {modulus: sum(range(2, modulus)) for modulus in MODULI}
_WIDTH = sum(MODULI)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """Of one unit: of `trips` distances none leaves `residue` steps when divided by `modulus`."""

    modulus: int
    residue: int
    trips: int
    p: float


class Residues:
    """Counts of every residue of every modulus, by unit."""

    def __init__(self) -> None:
        self._counts = np.zeros((0, _WIDTH), dtype=np.int32)

    def add(self, unit: Ints, steps: Ints) -> None:
        """Trips (n,): whole steps above zero."""
        size = int(unit.max(initial=-1)) + 1
        self._counts = grown(self._counts, size)
        for modulus in MODULI:
            flat = np.bincount(unit * modulus + steps % modulus, minlength=size * modulus)
            self._counts[:size, _BEGIN[modulus] : _BEGIN[modulus] + modulus] += flat.reshape(size, modulus).astype(
                np.int32
            )

    def of(self, modulus: int, units: int) -> Ints:
        """(units, modulus) trips with each residue."""
        part = grown(self._counts, units)[:units, _BEGIN[modulus] : _BEGIN[modulus] + modulus]
        return part.astype(np.int64)

    def heaped(self, units: int) -> tuple[Ints, Ints]:
        """Trips whose distance is a whole number of tens of steps, and all of them."""
        counts = self.of(HEAPED, units)
        return counts[:, 0], counts.sum(axis=1)

    def gaps(self, units: int) -> tuple[Floats, list[Gap | None]]:
        """Of each unit the p-value of its rarest gap, over all moduli and residues (Bonferroni), and that gap.

        Null: each trip leaves each residue with the chance it has in the fleet without this unit, trips apart from each other.
        """
        best = np.zeros(units)
        where: list[Gap | None] = [None] * units
        for modulus in MODULI:
            counts = self.of(modulus, units)
            trips, total = counts.sum(axis=1), counts.sum(axis=0)
            others = (total[None, :] - counts) / np.maximum(total.sum() - trips, 1)[:, None]
            # log of (1 - q)^n where the unit has none; what nobody ever shows is no gap of this unit
            with np.errstate(divide="ignore"):
                log_p = np.where(counts == 0, trips[:, None] * np.log1p(-np.minimum(others, 1.0)), 0.0)
            residue = np.argmin(log_p, axis=1)
            least = log_p[np.arange(units), residue]
            for one in np.flatnonzero(least < best):
                p = float(np.exp(max(least[one], -700.0)))
                where[one] = Gap(modulus, int(residue[one]), int(trips[one]), p)
            best = np.minimum(best, least)
        p = np.minimum(np.exp(np.maximum(best, -700.0)) * _WIDTH, 1.0)
        return p, where
