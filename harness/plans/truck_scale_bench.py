"""A truck scale examined at leisure (a yard, a repairer's): weights and vehicles of known mass, its line heard, remote at hand.

Rising and falling loads on one path, the three positions, the seized remote over a standing load, power away and again.
"""

from __future__ import annotations

from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.price_scale_raid import scale_of
from harness.plans.truck_scale_raid import LOADS_KG, dark_and_closed, others, positions
from harness.plans.weighings import Steps, read, weigh
from harness.step import Confirm, Phase, Plan, Press, Wait

STAYS_S = 35  # nobody speaks on a radio for longer without a break


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", mark("Deck clear, a marshal at either end, nobody is on the deck while a vehicle moves"))
    yield Phase("bench", mark("identity and state as received"))
    yield from blocks.identity(blocks.SCALE)
    yield Phase("bench", mark("as received: nothing touched"))
    yield from weigh(can, "B0", Decimal(0))
    yield from others(can, "B")
    yield from positions(can, "P", scale_of(can).load(LOADS_KG[0]))
    if can.remote:
        yield from _remote(can)
    yield from dark_and_closed(can, mark("power away with the deck empty, then the same loads again"), last)


def _remote(can: Ability) -> Steps:
    """The seized remote pressed over loads that stand still, each press followed by a reading."""
    yield Phase("bench", mark("seized remote pressed over a standing load"))
    yield blocks.presser()
    for number, about in enumerate(LOADS_KG, 1):
        label = f"R{number}"
        yield from weigh(can, label, scale_of(can).load(about), "middle")
        for _ in range(2):
            yield Press("remote")
            yield from read(can, label)
            # a transmission that disturbs the indicator is over by then
            yield Wait(STAYS_S, mark("the load stands, nobody touches anything, nobody sends"))
            yield from read(can, label)
            yield Press("remote")
            yield from read(can, label)
    yield from weigh(can, "R9", Decimal(0))
