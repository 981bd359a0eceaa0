"""What the tests of an edition do to a taximeter: trips of known distance and speed, waiting of known time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from fixtures.language import mark
from harness.plans.ability import Ability
from harness.plans.blocks import Steps
from harness.step import Drive, Hire, Read, Stand, Vacate, Wait
from protocols.acceptance.clauses import Test

SPEED_KM_H, LEG_M = "40", Decimal(5000)  # speed where a test names none


def _trip(can: Ability, test: Test, label: str) -> Steps:
    speed = Decimal(test.settings.get("speed_km_h", SPEED_KM_H))
    for number, point in enumerate(test.points, 1):
        for repeat in range(1, test.repeats + 1):
            here = f"{label}.{number}.{repeat}"
            yield Hire(here)
            yield Read("meter", here)
            yield from _driven(here, Decimal(point.split()[0]), speed)
            yield Read("meter", here)
            yield Vacate(here)
            if "record" in can.stations:
                yield Read("receipt", here)


def _driven(label: str, metres: Decimal, speed: Decimal) -> Steps:
    """In legs that a roller or a road has room for."""
    while metres > 0:
        leg = min(metres, LEG_M)
        yield Drive(label, leg, speed)
        metres -= leg


def _waiting(can: Ability, test: Test, label: str) -> Steps:
    for number, point in enumerate(test.points, 1):
        for repeat in range(1, test.repeats + 1):
            here = f"{label}.{number}.{repeat}"
            yield Stand(here, hired=True)
            yield Read("meter", here)
            yield Wait(int(Decimal(point.split()[0])), mark("the taximeter waits, hired, nobody touches anything"))
            yield Read("meter", here)
            yield Vacate(here)


OF_TAXIMETERS: Mapping[str, Callable[[Ability, Test, str], Steps]] = {"trip": _trip, "waiting": _waiting}
