"""A sale and everything that is read after it."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

from harness.plans.ability import Ability
from harness.step import Continue, Deliver, Outcome, Prove, Read, Step, Weigh


def sale(
    can: Ability,
    label: str,
    volume_l: str,
    *,
    amount: str | None = None,
    flow: str = "full",
    covert: bool = False,
    press_at_l: str | None = None,
) -> Generator[Step, Outcome, None]:
    """Deliver, then display and totaliser at rest; what the bench has to catch it in is weighed or read.

    Where no wire tells what the register holds when the nozzle is lifted, the display is read before it is opened.
    """
    volume = Decimal(volume_l)
    yield Deliver(
        label,
        volume,
        None if amount is None else Decimal(amount),
        flow,
        covert,
        None if press_at_l is None else Decimal(press_at_l),
        Decimal(0) if can.reads_start else None,
    )
    if can.reads_start:
        yield Read("start", label)
        yield Continue(label)
    yield from read_out(can, label)
    if can.measures(volume):
        yield measure(can, label)


def read_out(can: Ability, label: str) -> Generator[Step, Outcome, None]:
    """Display and totaliser after the end of a sale."""
    if "display" in can.stations:
        yield Read("display", label)
    if "totaliser" in can.stations:
        yield Read("totaliser", label)


def measure(can: Ability, label: str, portion: int = 0) -> Step:
    return Prove(label, portion) if can.prover_l is not None else Weigh(label, portion)
