"""Raid on a fuel dispenser in service, phases A to E of field_rules.md section 3.

Covert purchases at odd volumes come first; power goes last, because a forced power cut is what erases the state
(fuel_dispensers.md 4.3).  Without an in-line meter a delivery is caught in a can and weighed, so none is longer than it.
"""

from __future__ import annotations

from fixtures.language import mark
from harness.plans.ability import Ability
from harness.plans.sale import sale
from harness.step import Confirm, Inquire, Judge, Phase, Plan, PowerCycle, Read, Shut

LONGEST_L = "45.30"  # passes every documented threshold in one delivery


def steps(can: Ability) -> Plan:
    yield Inquire("legal_basis", mark("Legal basis and number of this inspection"))
    yield Inquire("officers", mark("The two officers, card numbers"))
    yield Confirm(
        "safety",
        mark("Lane closed off, metal vessels earthed, extinguisher at hand, no plastic cans, no telephone in the zone"),
    )
    third = "27.10" if can.inline else "18.90"
    yield Phase("A", mark("covert: bought as ordinary customers buy"))
    yield from sale(can, "A1", "13.70", covert=True)
    yield from sale(can, "A2", "7.30", covert=True)
    yield from sale(can, "A3", third, covert=True)
    yield Phase("B", mark("control taken: till, remotes and power room; hands off the instrument"))
    yield Confirm("control", mark("Till, remotes and power room are secured; nobody touches the dispenser"))
    if "totaliser" in can.stations:
        yield Read("totaliser", "start")
    yield Inquire("K", mark("Sealed pulses per litre on the nameplate"))
    yield Inquire("software", mark("Software version and checksum shown"))
    yield Inquire("seals_before", mark("Numbers and state of all seals"))
    yield from sale(can, "B1", "13.70")
    yield Phase("C", mark("overt: the same volumes, the inspector's volume, long, slow, by amount, nozzle shut"))
    yield from sale(can, "C1", "7.30")
    yield from sale(can, "C2", third)
    yield from sale(can, "C3", "20.00" if can.inline else "19.60")
    if can.inline:
        yield from sale(can, "C4", LONGEST_L)
    yield Shut("S1", 60)
    yield from sale(can, "F1", "4.10", flow="slow")
    if can.price > 0:  # without a declared price nobody knows what an amount preset would deliver
        yield from sale(can, "C5", "13.30", amount=str((can.price * 13).quantize(can.price)))
    yield Phase("D", mark("preservation decided"))
    yield Confirm(
        "preservation", mark("Board, display and till photographed and imaged, or their loss accepted on record")
    )
    most = str((yield Judge()).get("most_l", "13.70"))
    yield Phase("E", mark("power away at the station's breaker, then what showed most"))
    yield PowerCycle(30)
    yield from sale(can, "E1", "13.70")
    yield from sale(can, "E2", "7.30")
    yield from sale(can, "E3", most)
    yield Inquire("seals_after", mark("Numbers and state of all seals"))
    yield Inquire("statement", mark("The party's statement and retest request, or `none`, `refused`"))
    yield Confirm(
        "closing",
        mark(
            "Fuel returned by grade to its tank, litres and totaliser recorded; instrument sealed unchanged and handed over"
        ),
    )
