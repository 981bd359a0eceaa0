"""What was seen of a fare, and the constants that a meter may have: the nouns of the solver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum

from protocols.tariff.rule import TariffError


@dataclass(frozen=True, slots=True)
class Shown:
    """The display showed `fare` at some instant within `tolerance_ns` of `time_ns`."""

    time_ns: int
    fare: Decimal
    tolerance_ns: int = 0


def of_changes(changes: Iterable[tuple[int, Decimal]], tolerance_ns: int = 0) -> tuple[Shown, ...]:
    """Changes of a display, each as two readings: the old fare just before it, the new one with it."""
    found: list[Shown] = []
    for time_ns, fare in changes:
        if found:
            found.append(Shown(time_ns - 1, found[-1].fare, tolerance_ns))
        found.append(Shown(time_ns, fare, tolerance_ns))
    return tuple(found)


class Constant(IntEnum):
    """K_RATIO       the meter's metres to those of the distance course
    CLOCK_RATIO   its waiting seconds to true ones
    PRELOAD_M     metres it held already at the hire: the start distance is so much shorter
    STEP_RATIO    the length of its steps beyond the start distance to that of the tariff
    PRICE_FACTOR  the price of its steps to that of the tariff
    SHOWN_FACTOR  what it shows to what it has reckoned"""

    K_RATIO = 0
    CLOCK_RATIO = 1
    PRELOAD_M = 2
    STEP_RATIO = 3
    PRICE_FACTOR = 4
    SHOWN_FACTOR = 5


NOMINAL = {one: 0.0 if one is Constant.PRELOAD_M else 1.0 for one in Constant}
Ranges = Mapping[Constant, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The constants may lie anywhere in `ranges`, those not named are nominal; `forced` windows hold all the time."""

    name: str
    ranges: Ranges
    forced: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        for one, (low, high) in self.ranges.items():
            if not low <= high or (one is not Constant.PRELOAD_M and low <= 0) or low < 0:
                raise TariffError(
                    f"hypothesis {self.name}: {one.name} expected a range above 0 (a preload from 0 on), got {low} to {high}"
                )


@dataclass(frozen=True, slots=True)
class Failure:
    """The first reading that no constants of the hypothesis explain together with those before it."""

    index: int
    shown: Shown


@dataclass(frozen=True, slots=True)
class Explanation:
    """One reading of a tariff under one hypothesis.

    explained  True: `witness` is an example.  False: proven impossible, `failure` says from where.  None: not excluded at
               the resolution, and no example found; it counts as possible.
    hull       for each constant that was free the least interval, to the resolution, outside of which nothing explains it
    complete   the search ended before its budget did; else the hull is only an outer one
    """

    tariff: str
    hypothesis: str
    choices: Mapping[str, str]
    explained: bool | None
    hull: Ranges
    witness: Mapping[Constant, float]
    failure: Failure | None
    complete: bool
