"""A passenger's ride, phase A of field_rules.md section 3: nobody knows that the meter is looked at.

The passenger notes what the meter shows while others drive, keeps the receipt, and carries a receiver that logs the way.  What
is worked only in company of a passenger shows here and nowhere else; a raid comes afterwards, on the same car.
"""

from __future__ import annotations

from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.step import Confirm, Drive, Hire, Inquire, Judge, Phase, Plan, Read, Vacate

LEGS_M = (
    "900",
    "1400",
    "1700",
    "1200",
    "1300",
)  # beyond the start distance of most tariffs, and on; odd, for no step of a fare is
RIDES = 2
SPEED_KM_H = Decimal(60)


def steps(can: Ability) -> Plan:
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark(
            "The passengers are no officers to look at, sit behind, and write only when the car stands or who does not drive can"
        ),
    )
    yield Phase("A", mark("covert: rides as any passenger takes them"))
    yield Inquire(
        "tariff_posted",
        mark("Tariff as posted in the car or published: start, per km, waiting, night; or `not posted`"),
    )
    for number in range(1, RIDES + 1):
        label = f"A{number}"
        yield Hire(label, covert=True)
        yield Read("meter", label)
        for metres in LEGS_M:
            yield Drive(label, Decimal(metres), SPEED_KM_H, "city")
            yield Read("meter", label)
        yield Vacate(label)
        if "record" in can.stations:
            yield Read("receipt", label)
    yield Judge()
    yield from blocks.ride_closing()
