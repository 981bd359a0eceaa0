"""Which quantities of a segment a single misread or mistyped number could have made.

A number read by eye may be wrong; a photograph can be read again, a register that repeats at rest over the wire does
not repeat a damaged frame, and a displayed volume that agrees with the displayed amount would need two errors that
fit.  A weighing is typed in by hand.  field_rules.md section 6, condition 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.judge.contract import Segment
from harness.judge.quantities import at_rest, number, repeats_at_rest, unit_price


def sure(segment: Segment, station: str, profile: Mapping[str, Any]) -> bool:
    """Whether the volume at `station` cannot be a single reading error."""
    if station in ("encoder", "board"):
        return True
    if segment.context.get("photographed"):
        return True
    if station == "reference":
        return segment.reference_l is None
    if station == "register":
        return repeats_at_rest(segment.registers.get("register")) >= 2
    return station == "display" and amount_agrees(segment, profile)


def amount_agrees(segment: Segment, profile: Mapping[str, Any]) -> bool:
    """The displayed amount is the observed unit price times the displayed volume."""
    display, amount = segment.registers.get("display"), segment.registers.get("amount")
    shown, asked = at_rest(display), at_rest(amount)
    price = unit_price(segment, profile)
    if display is None or amount is None or shown is None or asked is None or price is None:
        return False
    interval = max(display.resolution, number(profile, "volume_resolution_l") or display.resolution)
    return abs(asked - price * shown) <= amount.resolution + price * interval
