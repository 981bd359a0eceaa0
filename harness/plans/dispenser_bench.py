"""Laboratory procedure for a fuel dispenser: taps on every link from the start, the state as received kept longest.

First without touching anything (the device may have been armed when it was seized), one delivery long enough to pass
every documented volume threshold (fuel_dispensers.md 1.1: 5, 10, 18.93, 20, 37.85 L), then the seized remote before,
inside and between deliveries, then nozzle shut and slow flow, then power away and the same volumes again.
"""

from __future__ import annotations

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.sale import sale
from harness.step import Confirm, Phase, Plan, PowerCycle, Press, Read, Shut


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm(
        "safety",
        mark(
            "Vapour extraction on, dispenser and vessels earthed, extinguisher at hand, drain valve to the closed tank"
        ),
    )
    yield Phase("bench", mark("identity and state as received"))
    yield from blocks.identity()
    if "totaliser" in can.stations:
        yield Read("totaliser", "start")
    yield Phase("bench", mark("as received: nothing touched"))
    yield from sale(can, "B1", "13.70")
    yield from sale(can, "B2", "45.30")
    yield from sale(can, "B3", "7.30")
    if can.remote:
        yield Phase("bench", mark("seized remote pressed before, inside and between deliveries"))
        yield blocks.presser()
        yield Press("remote")
        yield from sale(can, "R1", "13.70")
        yield from sale(can, "R2", "27.10")
        # a code or relay acts between sales only: three sales with it on, and what counts by itself with it on
        yield from sale(can, "R6", "7.30")
        yield Shut("S2", 60)
        yield Press("remote")
        yield from sale(can, "R3", "13.70")
        yield from sale(can, "R4", "27.10", press_at_l="9.40")
        yield Press("remote")
        yield from sale(can, "R5", "23.90", press_at_l="11.80")
        yield Press("remote")
        yield from sale(can, "R7", "18.30", press_at_l="6.10")
        yield Press("remote")
    yield Phase("bench", mark("nozzle shut, slow flow, amount preset"))
    yield Shut("S1", 60)
    yield from sale(can, "F1", "4.10", flow="slow")
    if can.price > 0:  # without a declared price nobody knows what an amount preset would deliver
        yield from sale(can, "A1", "13.30", amount=str((can.price * 13).quantize(can.price)))
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    dark = yield from blocks.decided("E")
    if dark:
        yield Phase("E", mark("power away, same volumes again"))
        yield PowerCycle(30)
        yield from sale(can, "P1", "13.70")
        yield from sale(can, "P2", "45.30")
        yield from sale(can, "P3", "7.30")
    if last is not None:
        yield from last(can, dark)
    yield from blocks.identity_again()
    yield from blocks.closing(mark("Litres delivered returned to the tank of their grade; dispenser sealed unchanged"))
