"""Raid on a fuel dispenser in service, phases A to E of field_rules.md section 3.

Covert purchases come first; power goes last, because a forced power cut is what erases the state (fuel_dispensers.md
4.3).  An in-line meter follows any delivery.  A can holds 20 L of odd volumes; a neck prover measures about its own
capacity alone.  With these the long sale is measured in parts under control: a car tank has no parts.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.portions import long_l, long_sale, parts
from harness.plans.sale import sale
from harness.step import Confirm, Inquire, Judge, Outcome, Phase, Plan, PowerCycle, Read, Shut, Step


@dataclass(frozen=True)
class Volumes:
    """Litres asked, as text: three that ordinary customers ask, and the inspector's."""

    usual: str
    small: str
    large: str
    inspector: str

    @classmethod
    def on(cls, can: Ability) -> Volumes:
        """What this bench can measure.  Covert and overt sales ask the same."""
        if can.prover_l is not None:  # a prover's own volume, as far to either side as its neck can be read
            low, high = can.prover_l
            middle = can.fill_l
            up, down = (high - middle) / 3, (middle - low) / 3
            asked = (middle + up, middle - down, middle + up / 2, middle)
            return cls(*(str(volume.quantize(Decimal("0.01"))) for volume in asked))
        return cls("13.70", "7.30", "27.10" if can.whole else "18.90", "20.00" if can.whole else "19.60")


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    asked = Volumes.on(can)
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark("Lane closed off, metal vessels earthed, extinguisher at hand, no plastic cans, no telephone in the zone"),
    )
    yield Inquire("product", mark("Product of this nozzle, as marked (petrol 92, diesel 0 ...)"))
    yield from wetted(can)
    yield Phase("A", mark("covert: bought as ordinary customers buy"))
    yield from sale(can, "A1", asked.usual, covert=True)
    yield from sale(can, "A2", asked.small, covert=True)
    yield from sale(can, "A3", asked.large, covert=True)
    yield Phase("B", mark("control taken: till, remotes and power room; hands off the instrument"))
    yield Confirm("control", mark("Till, remotes and power room are secured; nobody touches the dispenser"))
    yield from blocks.badge()
    if "totaliser" in can.stations:
        yield Read("totaliser", "start")
    yield from blocks.identity()
    yield from sale(can, "B1", asked.usual)
    yield Phase("C", mark("overt: the same volumes, the inspector's volume, long, slow, by amount, nozzle shut"))
    yield from sale(can, "C1", asked.small)
    yield from sale(can, "C2", asked.large)
    yield from sale(can, "C3", asked.inspector)
    yield from _long(can, "C4")
    yield Shut("S1", 60)
    yield from sale(can, "F1", "4.10", flow="slow")
    if can.price > 0:  # without a declared price nobody knows what an amount preset would deliver
        yield from sale(can, "C5", "13.30", amount=str((can.price * 13).quantize(can.price)))
    else:  # six sales in a row all the same: self-lock counts them (fuel_dispensers.md 7.1)
        yield from sale(can, "C5", "13.30")
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    most = str((yield Judge()).get("most_l") or asked.usual)
    dark = yield from blocks.decided("E")
    if dark:
        yield from _dark(can, asked, most)
    if last is not None:
        yield from last(can, dark)
    if "totaliser" in can.stations:
        yield Read("totaliser", "end")
    yield from blocks.identity_again()
    yield from blocks.closing(
        mark(
            "Fuel returned by grade to its tank, litres and totaliser recorded; instrument sealed unchanged and handed over"
        )
    )


def _dark(can: Ability, asked: Volumes, most: str) -> Plan:
    """Phase E: what power away clears, and what comes back."""
    yield Phase("E", mark("power away at the station's breaker, then what showed most"))
    yield PowerCycle(30)
    yield from sale(can, "E1", asked.usual)
    yield from sale(can, "E2", asked.small)
    if parts(can) and Decimal(most) == long_l(can):
        yield from _long(can, "E3")
    else:
        yield from sale(can, "E3", most)


def wetted(can: Ability) -> Generator[Step, Outcome, None]:
    """A prover holds its certified volume only as it was calibrated: wet inside, before the first fill of any sale."""
    if can.prover_l is not None:
        yield Confirm(
            "wetted", mark("Prover level, filled once, emptied and drained for its drip time: it is wet inside")
        )


def _long(can: Ability, label: str) -> Generator[Step, Outcome, None]:
    """A sale that passes every documented threshold: whole where the reference follows it, else in parts."""
    if can.whole:
        yield from sale(can, label, str(long_l(can)))
    elif parts(can):
        yield from long_sale(can, label)
