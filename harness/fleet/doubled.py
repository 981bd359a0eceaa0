"""The doubled rate inside the city: which trips under its code were charged as such, by the fleet's own ordinary fares.

In New York (2010) a doubled out-of-town rate was used inside the city; most presses were fumbles at the end of a trip and cost
nothing (taximeters.md, C19).  So a code alone counts for nothing: the fare must stand out too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import MICRO, Ints
from harness.fleet.errors import FleetError
from harness.fleet.mapping import Mapped
from harness.fleet.ordinary import Floats, OrdinaryFares
from harness.fleet.records import Trips
from harness.fleet.tally import DAY_S, Counted, Tally
from harness.fleet.together import Together

MOST = 2_000_000  # trips under the doubled code that are kept until the ordinary fares are known

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Kept:
    """Trips (n,) inside the city under the doubled code."""

    unit: dict[str, Ints]
    day: Ints
    metres: Floats
    seconds: Ints
    fare: Ints


class Doubled:
    """Ordinary trips are counted as they come, those under the doubled code when all ordinary fares are known."""

    def __init__(self, units: tuple[str, ...]) -> None:
        self._fares = OrdinaryFares()
        self._tallies = {noun: Tally() for noun in units}
        self.together = Together()
        self._kept: list[_Kept] = []
        self.pressed = 0  # trips inside the city under the code, whatever their fare

    def add(self, some: Trips, ordinary: Bools, doubled: Bools, fare: Ints, mapped: Mapped) -> None:
        """Trips of one block, those inside the city marked by their code.  Raises FleetError beyond MOST under the doubled one."""
        metres, day = some.distance / MICRO * float(mapped.metres), some.start_s // DAY_S
        self._fares.add(metres[ordinary], some.duration_s[ordinary], fare[ordinary])
        either = ordinary | doubled
        for noun, tally in self._tallies.items():
            tally.exposed(some.unit[noun][either], day[either])
        if not doubled.any():
            return
        self.pressed += int(doubled.sum())
        if self.pressed > MOST:
            raise FleetError(
                f"expected at most {MOST} trips inside the city under the doubled code, got more: "
                "are rates.doubled and [city] right? Else split the file by month"
            )
        unit = {noun: codes[doubled] for noun, codes in some.unit.items()}
        self._kept.append(_Kept(unit, day[doubled], metres[doubled], some.duration_s[doubled], fare[doubled]))

    def close(self) -> None:
        """No more trips: count which of those kept were charged above the ordinary."""
        if not self._kept:
            return
        kept = self._kept
        fare = np.concatenate([one.fare for one in kept])
        place = self._fares.place(
            np.concatenate([one.metres for one in kept]), np.concatenate([one.seconds for one in kept]), fare
        )
        day = np.concatenate([one.day for one in kept])[place.above]
        excess = np.round(fare[place.above] * (1 - 1 / place.ratio[place.above])).astype(np.int64)
        for noun, tally in self._tallies.items():
            unit = np.concatenate([one.unit[noun] for one in kept])[place.above]
            tally.hit(unit, day, excess)
        self.together.add(
            {noun: np.concatenate([one.unit[noun] for one in kept])[place.above] for noun in self._tallies}
        )
        self._kept = []

    def counted(self, noun: str, units: int) -> Counted:
        return self._tallies[noun].counted(units)
