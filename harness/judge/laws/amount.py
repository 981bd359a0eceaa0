"""Amount law: amount = price x volume.

Null (a set test): |A - p V_d| <= one money step + p x one volume interval; any amount preset stops inside that.
Field_rules.md gives half a money step, which holds for rounding to the nearest; rounding up or down is honest too.
Tighter only where the profile declares `amount_rounding`: "nearest" leaves half a step on either side, "down" a step
below, "up" a step above.  The price is the one observed for this very sale: prices change during a visit.
Spoken per station: the displayed pair, and the pair the register reports.  Source: field_rules.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from captures.model import Register
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.quantities import at_rest, ended, repeats_at_rest, unit_price
from harness.judge.settest import violation

NAME = "amount-law"
PAIRS = (("display", "amount", Link("display", "amount")), ("register", "register_amount", Link("register", "amount")))
_ROUNDING = {  # money steps that rounding may take away, and may add
    "nearest": (Decimal("0.5"), Decimal("0.5")),
    "down": (Decimal(1), Decimal(0)),
    "up": (Decimal(0), Decimal(1)),
}


def _pair(segment: Segment, view: View, volume: Register, amount: Register, link: Link) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    shown, asked = at_rest(volume), at_rest(amount)
    if shown is None or asked is None or not segment.complete:
        return mute("no reading at rest")
    # display and amount are one glance at a display that stands still; the register may still have been counting
    eye = volume.station == "display"
    if not (eye or ended(segment)):
        return mute("the end of the sale was not heard")
    price = unit_price(segment, view.profile)
    if price is None:
        return mute("the unit price of this sale was not observed")
    step = max(amount.resolution, view.decimal("amount_resolution") or amount.resolution)
    interval = max(volume.resolution, view.decimal("volume_resolution_l") or volume.resolution)
    less, more = _ROUNDING.get(str(view.declared("amount_rounding")), (Decimal(1), Decimal(1)))
    return violation(
        NAME,
        segment.id,
        link,
        view,
        asked,
        price * (shown - interval) - less * step,
        price * (shown + interval) + more * step,
        {"at_rest": True, "price": str(price)},
        Shape.CONSTANT,
        sure=bool(segment.context.get("photographed")) if eye else repeats_at_rest(amount) >= 3,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [
        _pair(segment, view, segment.registers[volume], segment.registers[amount], link)
        for segment in segments
        for volume, amount, link in PAIRS
        if volume in segment.registers and amount in segment.registers
    ]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="the amount is the price times a volume the display could stand for, or a digit was misread",
    needs="volume and amount read at rest, the unit price of the sale",
    parameters={"q": 0.02, "q_sure": 3e-4},
    judge=judge,
    mechanism="the amount is not the price times the volume",
    telling=20,
    shows=Kind.AMOUNT,
)
