"""One long sale measured in parts, without hanging up: the nozzle is shut, the measure emptied, the sale goes on.

A can or a prover holds 20 L, and every documented threshold lies at such a volume (fuel_dispensers.md 1.1); the
display before and after each part tells what was indicated for it (field_rules.md section 5).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal

from harness.plans.ability import Ability
from harness.plans.sale import measure, read_out
from harness.step import Continue, Deliver, Outcome, Read, Step

LONGEST_L = Decimal("45.30")  # passes every documented threshold in one delivery
FULL_SHARE = Decimal("0.9")  # of the can: a stop by hand may come late
ASIDE_L = Decimal("7.30")  # run off between two fills of a prover, so that no part begins at a multiple of 20 L
BEYOND_L = Decimal("21.30")  # the last part lies past the inspectors' largest can
MOST_PARTS = 3  # measured ones: the first and the last; others are caught and emptied


@dataclass(frozen=True)
class Part:
    """Up to `until_l` of the display; `measured`: into the measure, else into any can."""

    until_l: Decimal
    measured: bool


def parts(can: Ability) -> tuple[Part, ...]:
    """How a long sale is divided on this bench; empty where nothing can be measured in parts."""
    if can.whole or "display" not in can.stations or "reference" not in can.stations:
        return ()
    if can.prover_l is not None:
        capacity = can.fill_l
        second = capacity + max(ASIDE_L, BEYOND_L - capacity)
        return Part(capacity, True), Part(second, False), Part(second + capacity, True)
    fill = (can.can_l * FULL_SHARE).quantize(Decimal("0.1"))
    ends = [fill * n for n in range(1, int(LONGEST_L / fill) + 1) if fill * n < LONGEST_L] + [LONGEST_L]
    measured = {0, *range(max(0, len(ends) - MOST_PARTS + 1), len(ends))}
    return tuple(Part(end, i in measured) for i, end in enumerate(ends))


def long_l(can: Ability) -> Decimal:
    """The volume of the longest sale that this bench measures."""
    divided = parts(can)
    return divided[-1].until_l if divided else LONGEST_L


def long_sale(can: Ability, label: str) -> Generator[Step, Outcome, None]:
    """The long sale in parts.  The display is read when a part ends and again before the next begins: while the nozzle
    is shut nothing may be counted, and a reading that repeats was not misread."""
    divided = parts(can)
    first, last = divided[0], len(divided)
    yield Deliver(label, divided[-1].until_l, until_l=Decimal(0) if can.reads_start else first.until_l)
    if can.reads_start:
        yield Read("start", label)
    for number, part in enumerate(divided, 1):
        if number > 1 or can.reads_start:
            yield Continue(label, part.until_l if number < last else None)
        if number < last:
            yield Read("display", label)
        else:
            yield from read_out(can, label)
        if part.measured:
            yield measure(can, label, number)
        if number < last:
            yield Read("display", label)
