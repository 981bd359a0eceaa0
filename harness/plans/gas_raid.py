"""Raid on a gas dispenser in service (CNG, LNG, LPG), phases A to E of field_rules.md section 3.

High pressure: whatever is connected, vented or disconnected is so by the station's own staff (section 1), covert purchases
too, as any customer's; no open vessel stands in a step.  The parameter menu is read, never changed, and only after the
first known delivery: some menus freeze or clear a counter.  Quantities are kilograms or litres at 15 C, as declared.
"""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.sale import measure, read_out
from harness.step import Confirm, Deliver, Inquire, Outcome, Phase, Plan, PowerCycle, Read, Shut, Step

LONG = Decimal("22.00")


def steps(can: Ability) -> Plan:
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark(
            "Lane closed off, gas detector read, extinguisher at hand, vessels within their test date and fill limit, hose restraint fixed; the station's own staff connects, vents and disconnects, and nobody else"
        ),
    )
    yield Inquire("product", mark("Gas of this dispenser, as marked"))
    yield Phase("A", mark("covert: bought as ordinary customers buy"))
    for label, asked in (("A1", "13.70"), ("A2", "7.30"), ("A3", "11.90")):
        yield from _sale(can, label, asked, covert=True)
    yield Phase("B", mark("control taken: till, remotes and power room; hands off the instrument"))
    yield Confirm("control", mark("Till, remotes and power room are secured; nobody touches the dispenser"))
    yield from blocks.badge()
    if "totaliser" in can.stations:
        yield Read("totaliser", "start")
    yield from blocks.identity(blocks.GAS)
    yield Inquire(
        "certificate",
        mark(
            "Latest verification certificate of this dispenser: its meter factor, density and compensation, or `none`"
        ),
    )
    yield from _sale(can, "B1", "13.70", parameters=True)
    yield Phase("C", mark("overt: the same quantities, long, slow, nothing flowing"))
    yield from _sale(can, "C1", "7.30", parameters=True)
    yield from _sale(can, "C2", "11.90", parameters=True)
    if can.measures(LONG):
        yield from _sale(can, "C3", str(LONG), parameters=True)
    yield Shut("S1", 60)
    yield from _sale(can, "F1", "5.60", flow="slow")
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    if (yield from blocks.decided("E")):
        yield Phase("E", mark("power away at the station's breaker, then what showed most"))
        yield PowerCycle(30)
        yield from _sale(can, "E1", "13.70", parameters=True)
        yield from _sale(can, "E2", "7.30", parameters=True)
        yield from _sale(can, "E3", "11.90", parameters=True)
    yield from blocks.identity_again(blocks.GAS)
    yield from blocks.closing(
        mark(
            "Gas returned through the station's return or recovery line by its staff, or vented by their procedure; quantities and totaliser recorded; instrument sealed unchanged and handed over"
        )
    )


def _sale(
    can: Ability, label: str, quantity: str, *, flow: str = "full", covert: bool = False, parameters: bool = False
) -> Generator[Step, Outcome, None]:
    """One delivery into a closed vessel, what is shown, what went in, and where asked the parameter menu."""
    asked = Decimal(quantity)
    yield Deliver(label, asked, None, flow, covert)
    yield from read_out(can, label)
    if can.measures(asked):
        yield measure(can, label)
    if parameters and "parameters" in can.stations:
        yield Read("parameters", label)
