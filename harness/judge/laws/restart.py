"""Re-start law: power that comes back leaves totaliser and identity as they were.

Null: between the last sale before power was cut and the first after it the totaliser advances by what that first sale
sold, within the resolutions; and software version, checksum and K read again are the same text.  A number may be misread:
a step of the totaliser is held against the instrument only as far as the sales on either side agree with their own
readings, which a misreading does not repeat.  Another board has totals of its own (fuel_dispensers.md C17); two-program
chips come up with another identity (C18).  An honest board may forget what it had not saved: a step back by no more than
was sold in this case says nothing.  Source: fuel_dispensers.md 1.3, 7.1 point 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.quantities import at_rest, ended
from harness.judge.reading_errors import sure
from harness.judge.settest import violation

NAME = "restart-law"
IDENTITY = Link("board", "register")
READ_TWICE = (("stated_software", "stated_software_after"), ("stated_k", "stated_k_after"))


def _sold(segment: Segment) -> Decimal | None:
    """What one sale and the sales heard before it added; None where it is not known."""
    name = "register" if "register" in segment.registers else "display"
    value = at_rest(segment.registers.get(name))
    if value is None or not segment.complete or (name == "register" and not ended(segment)):
        return None
    heard = segment.context.get("heard_l")
    if segment.context.get("foreign_sale") is True and heard is None:
        return None
    return value + sum((Decimal(str(litres)) for litres in heard or ()), Decimal(0))


def _total(segment: Segment) -> Decimal | None:
    return at_rest(segment.registers.get("totaliser"))


def _agreeing(row: Sequence[Segment], half: Decimal) -> int:
    """How many readings in a row, from the first on, agree with what was sold between them."""
    n = 1
    for one, two in pairwise(row):
        before, after, sold = _total(one), _total(two), _sold(two if one.window_ns < two.window_ns else one)
        if before is None or after is None or sold is None or abs(abs(after - before) - sold) > half:
            break
        n += 1
    return n


def _step(segments: Sequence[Segment], i: int, view: View) -> Reading | None:
    """The totaliser across the power cut between segments i - 1 and i."""
    last, first = segments[i - 1], segments[i]
    before, after, sold = _total(last), _total(first), _sold(first)
    if before is None or after is None or last.span != first.span:
        return None
    name = "register" if "register" in first.registers else "display"
    link, id = Link(name, "totaliser"), f"{last.id}|{first.id}"
    if sold is None:
        return Reading(NAME, id, link, 1.0, reason="the first sale after power was not read at rest or not alone")
    step = max(first.registers["totaliser"].resolution, view.decimal("totaliser_resolution_l") or Decimal(0))
    half = step + 2 * first.registers[name].resolution
    later = [s for s in segments[i:] if (s.state, s.span) == (first.state, first.span)]
    earlier = [s for s in reversed(segments[:i]) if (s.state, s.span) == (last.state, last.span)]
    agreeing = min(_agreeing(earlier, half), _agreeing(later, half))
    if not sure(first, name, view.profile):
        agreeing = 1  # the first sale itself may be misread, whatever the totaliser says elsewhere
    moved = after - before - sold
    if moved > half and first.context.get("foreign_sale") is not False:
        why = "advanced by more than was sold, and whether something else was sold was not observed"
        return Reading(NAME, id, link, 1.0, reason=why)
    visit = sum((_sold(segment) or Decimal(0) for segment in segments), Decimal(0))
    at = {"step_l": str(moved), "agreeing": agreeing, "beyond_visit": abs(moved) > visit, "at_rest": True}
    reading = violation(NAME, id, link, view, moved, -half, half, at, Shape.STATE, sure=agreeing >= 2)
    # a misreading with the same digits wrong every time: one in ten of those repeats the last
    q = view.parameters["q"]
    p = q * (q / 10) ** (agreeing - 1) if reading.hits else 1.0
    return replace(reading, p=p, hits=agreeing if reading.hits else 0, effect=None, interval=None, mde=None)


def _identity(segments: Sequence[Segment], view: View) -> list[Reading]:
    """Each identity that was read before and after, once for the case."""
    readings = []
    context = segments[-1].context
    for before, after in READ_TWICE:
        one, two = (" ".join(str(context.get(key, "")).split()).casefold() for key in (before, after))
        if not all(any(c.isdigit() for c in text) for text in (one, two)):
            continue  # "not shown", "refused": nothing was read
        q = view.parameters["q_sure" if context.get("photographed") else "q"]
        differs = one != two
        at = {"read": before.removeprefix("stated_"), "before": one, "after": two, "at_rest": True}
        readings.append(
            Reading(
                NAME,
                segments[-1].id,
                IDENTITY,
                bet(differs, q, view.validation),
                p=q if differs else 1.0,
                hits=int(differs),
                shape=Shape.STATE if differs else None,
                at=at,
            )
        )
    return readings


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    deliveries = [segment for segment in segments if segment.kind is SegmentKind.DELIVERY]
    cuts = [i for i in range(1, len(deliveries)) if deliveries[i].state != deliveries[i - 1].state]
    found = [reading for i in cuts if (reading := _step(deliveries, i, view)) is not None]
    return found + (_identity(deliveries, view) if cuts else [])


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="across a power cut the totaliser advances by what was sold and the identity reads the same, or a number was "
    "misread, or another sale ran in between",
    needs="totaliser and sale read on both sides of a power cut, or software and K read again after it",
    parameters={"q": 0.02, "q_sure": 3e-4},
    judge=judge,
    weight=0.25,
    mechanism="totaliser or identity are others after power was cut",
    telling=32,
    shows=Kind.MEMORY,
)
