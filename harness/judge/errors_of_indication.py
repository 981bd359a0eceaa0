"""Error of indication of one delivery, E = (V_indicated - V_ref) / V_ref: positive when the customer is short.

Sign and formula: fuel_dispensers.md sections 0 and 3.2 (JJG 443).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.judge.contract import Segment, SegmentKind
from harness.judge.quantities import Quantity, volume

NOMINAL: Mapping[str, Any] = {}


def indicated(segment: Segment, profile: Mapping[str, Any]) -> Quantity:
    """What the customer is shown: the display, else the board's register."""
    shown = volume(segment, "display", profile)
    return shown if not shown.why_not else volume(segment, "register", profile)


def error_of_indication(segment: Segment, profile: Mapping[str, Any] = NOMINAL) -> float | None:
    """E of a delivery, or None where display or reference is missing.  Without a profile only a weighed delivery or
    one whose register followed it can speak: a pulse reference needs its declared pulses per litre."""
    if segment.kind is not SegmentKind.DELIVERY:
        return None
    shown, true = indicated(segment, profile), volume(segment, "reference", profile)
    if shown.why_not or true.why_not or true.litres <= 0:
        return None
    return (shown.litres - true.litres) / true.litres
