"""Totaliser law: the totaliser advances by the volumes sold.

Null (a set test): over n deliveries the advance equals the sum of the registers within n volume steps and one
totaliser step (it adds unrounded volumes).  One-sided: a totaliser that advanced by more may have counted another sale, and
breaks the law only where the wire showed that nothing else was sold, or what (context "heard_l").  Needs a reading before and after each delivery, or one reading after each
of consecutive deliveries (context "ordinal") with nothing sold between.  Source: field_rules.md section 4, r6.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.quantities import at_rest, ended
from harness.judge.settest import violation

NAME = "totaliser-law"


def _advance(segment: Segment, before: Segment | None) -> Decimal | None:
    """The totaliser's advance over `segment`, from its own two readings or from the one before."""
    own = segment.registers["totaliser"].values
    if len(own) >= 2:
        return own[-1] - own[0]
    if before is None or not own:
        return None
    earlier = before.registers.get("totaliser")
    ordinals = before.context.get("ordinal"), segment.context.get("ordinal")
    follows = isinstance(ordinals[0], int) and isinstance(ordinals[1], int) and ordinals[1] == ordinals[0] + 1
    if earlier is None or not earlier.values or not follows or before.span != segment.span:
        return None
    return own[-1] - earlier.values[-1]


def _segment(segment: Segment, before: Segment | None, view: View) -> Reading | None:
    name = "register" if "register" in segment.registers else "display"
    if "totaliser" not in segment.registers or name not in segment.registers:
        return None
    link = Link(name, "totaliser")
    value, advance = at_rest(segment.registers[name]), _advance(segment, before)
    if value is None or advance is None or not segment.complete:
        return Reading(NAME, segment.id, link, 1.0, reason="no totaliser reading on both sides of the delivery")
    others: tuple[Decimal, ...] = ()
    if segment.context.get("foreign_sale") is True:
        if "heard_l" not in segment.context:
            return Reading(
                NAME, segment.id, link, 1.0, reason="another sale ran between the readings, not heard to its end"
            )
        others = tuple(Decimal(str(volume)) for volume in segment.context["heard_l"])
    # the display is read by eye after the nozzle was hung up; the register's end must have been heard
    rest = name == "display" or ended(segment)
    if not rest:
        return Reading(NAME, segment.id, link, 1.0, reason="the end of the sale was not heard")
    total, volume = segment.registers["totaliser"].resolution, segment.registers[name].resolution
    total = max(total, view.decimal("totaliser_resolution_l") or total)
    half = total + volume * (1 + len(others))
    value += sum(others, Decimal(0))
    if advance > value + half and segment.context.get("foreign_sale") is not False and not others:
        why = "advanced by more than was sold, and whether something else was sold was not observed"
        return Reading(NAME, segment.id, link, 1.0, at={"value": str(advance), "high": str(value + half)}, reason=why)
    return violation(
        NAME,
        segment.id,
        link,
        view,
        advance,
        value - half,
        value + half,
        {"at_rest": rest, "others": len(others), "advance_l": str(advance), "sold_l": str(value)},
        Shape.CONSTANT,
        sure=bool(segment.context.get("photographed")),
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    before: Segment | None = None
    for segment in segments:
        reading = _segment(segment, before, view)
        if reading is not None:
            readings.append(reading)
        before = segment
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="law",
    null="the totaliser advances by what the register shows, within the resolutions, or a digit was misread, or another "
    "sale ran in between",
    needs="totaliser read before and after, register after the end of the sale or display at rest",
    parameters={"q": 0.01, "q_sure": 3e-4},
    judge=judge,
    mechanism="the totaliser does not advance by what was sold",
    telling=22,
    shows=Kind.TOTALISER,
)
