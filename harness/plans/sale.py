"""A sale and everything that is read after it."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

from harness.plans.ability import Ability
from harness.step import Deliver, Outcome, Read, Step, Weigh


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
    """Deliver, then display and totaliser at rest; without an in-line meter the can is weighed."""
    yield Deliver(
        label,
        Decimal(volume_l),
        None if amount is None else Decimal(amount),
        flow,
        covert,
        None if press_at_l is None else Decimal(press_at_l),
    )
    if "display" in can.stations:
        yield Read("display", label)
    if "totaliser" in can.stations:
        yield Read("totaliser", label)
    if not can.inline:
        yield Weigh(label)
