"""A whole raid in a few small deliveries: for tests and benchmarks that run it hundreds of times.

It is no procedure for a case and stands in no list of plans: two half litres prove nothing about an instrument.
"""

from __future__ import annotations

from fixtures.language import mark
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.sale import sale
from harness.step import Confirm, Inquire, Judge, Phase, Plan, PowerCycle, Read


def miniature(volume_l: str, sales: int) -> PlanSpec:
    """A raid with `sales` deliveries of `volume_l` litres before power is cut, and as many after it."""
    summary = f"{2 * sales} deliveries of {volume_l} L, for tests only"
    needs = frozenset({"reference", "display"})
    return PlanSpec("miniature-raid", "dispenser", needs, lambda can: _steps(can, volume_l, sales), summary)


def _steps(can: Ability, volume_l: str, sales: int) -> Plan:
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
    for n in range(1, sales + 1):
        yield from sale(can, f"B{n}", volume_l)
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    yield Judge()
    if (yield from blocks.decided("E")):
        yield Phase("E", mark("power away at the station's breaker, then what showed most"))
        yield PowerCycle(30)
        for n in range(1, sales + 1):
            yield from sale(can, f"E{n}", volume_l)
    if "totaliser" in can.stations:
        yield Read("totaliser", "end")
    yield from blocks.identity_again()
    yield from blocks.closing(
        mark(
            "Fuel returned by grade to its tank, litres and totaliser recorded; instrument sealed unchanged and handed over"
        )
    )


MINIATURE = miniature("0.50", 1)
