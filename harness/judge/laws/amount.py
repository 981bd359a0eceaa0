"""Amount law: amount = price x volume.

Null (a set test): |A - p V_d| <= one money step + p x one volume interval; any amount preset stops inside that.
Field_rules.md gives half a money step, which holds for rounding to the nearest; rounding up or down is honest too.
Tighter only where the profile declares the amount rule.  Source: field_rules.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.quantities import at_rest
from harness.judge.settest import violation

NAME = "amount-law"
PAIRS = (("display", "amount", Link("display", "amount")), ("register", "register_amount", Link("register", "amount")))


def _segment(segment: Segment, view: View) -> Reading | None:
    for volume_name, amount_name, link in PAIRS:
        volume, amount = segment.registers.get(volume_name), segment.registers.get(amount_name)
        if volume is None or amount is None:
            continue
        shown, asked = at_rest(volume), at_rest(amount)
        if shown is None or asked is None or not segment.complete:
            return Reading(NAME, segment.id, link, 1.0, reason="no reading at rest")
        price = segment.context.get("price", view.profile.get("price"))
        if price is None:
            return Reading(NAME, segment.id, link, 1.0, reason="unit price not recorded")
        p = Decimal(str(price))
        step = max(amount.resolution, view.decimal("amount_resolution") or amount.resolution)
        interval = max(volume.resolution, view.decimal("volume_resolution_l") or volume.resolution)
        half = step + p * interval
        return violation(
            NAME,
            segment.id,
            link,
            view,
            asked,
            p * shown - half,
            p * shown + half,
            {"at_rest": True},
            Shape.CONSTANT,
            sure=bool(segment.context.get("photographed")),
        )
    return None


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments if (reading := _segment(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="the amount is the price times a volume the display could stand for, or a digit was misread",
    needs="volume and amount read at rest, unit price",
    parameters={"q": 0.02, "q_sure": 3e-4},
    judge=judge,
)
