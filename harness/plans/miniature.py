"""A whole raid in two deliveries of half a litre: for tests and benchmarks that run it hundreds of times.

It is no procedure for a case and stands in no list of plans: half a litre proves nothing about an instrument.
"""

from __future__ import annotations

from fixtures.language import mark
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.sale import sale
from harness.step import Confirm, Inquire, Judge, Phase, Plan, PowerCycle, Read

VOLUME_L = "0.50"


def steps(can: Ability) -> Plan:
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark("Lane closed off, metal vessels earthed, extinguisher at hand, no plastic cans, no telephone in the zone"),
    )
    yield Inquire("product", mark("Product of this nozzle, as marked (petrol 92, diesel 0 ...)"))
    yield Phase("B", mark("control taken: till, remotes and power room; hands off the instrument"))
    yield Confirm("control", mark("Till, remotes and power room are secured; nobody touches the dispenser"))
    yield from blocks.badge()
    if "totaliser" in can.stations:
        yield Read("totaliser", "start")
    yield from blocks.identity()
    yield from sale(can, "B1", VOLUME_L)
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    yield Judge()
    if (yield from blocks.decided("E")):
        yield Phase("E", mark("power away at the station's breaker, then what showed most"))
        yield PowerCycle(30)
        yield from sale(can, "E1", VOLUME_L)
    if "totaliser" in can.stations:
        yield Read("totaliser", "end")
    yield from blocks.identity_again()
    yield from blocks.closing(
        mark(
            "Fuel returned by grade to its tank, litres and totaliser recorded; instrument sealed unchanged and handed over"
        )
    )


MINIATURE = PlanSpec(
    "miniature-raid", "dispenser", frozenset({"reference", "display"}), steps, "two deliveries of 0.5 L, for tests only"
)
