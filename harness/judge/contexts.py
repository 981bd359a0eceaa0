"""Context groups, fixed before anything is seen: what a segment belongs to by what was recorded about it.

A cheat that acts only in some context must not be drowned by the others, and the context must not be chosen
afterwards: every group keeps an evidence process of its own with a share of the weight fixed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.contract import Segment, SegmentKind
from harness.judge.quantities import at_rest

LONG_L = 20.5  # beyond the largest regulator's can: every documented threshold equals one (fuel_dispensers.md 1.1)
LONG_KM = 20  # past the first tiers of the tariffs, farther than a verification drives (taximeters.md 2.5)

SHARES = {
    "all": 0.5,
    "covert": 0.1,
    "overt": 0.05,
    "first state": 0.05,
    "later state": 0.05,
    "long": 0.1,
    "slow": 0.05,
    "event": 0.05,
    "shut": 0.05,
}


def covert(segment: Segment) -> bool:
    """The trader did not know: stated by the plan; else phase A is covert by definition."""
    return bool(segment.context.get("covert", segment.phase == "A"))


def slow(segment: Segment) -> bool:
    return segment.context.get("flow") == "slow"


def eventful(segment: Segment) -> bool:
    """A key, remote, switch or control was worked in or right before the segment, or a seized remote on the same power before a trip."""
    return (
        any(segment.context.get(key) for key in ("events", "controls", "pressed"))
        or segment.context.get("press_at_l") is not None
    )


def not_by_volume(segment: Segment) -> bool:
    """Sold by an amount, or without a preset: what a stop at an asked volume could be told apart from."""
    return bool(segment.context.get("preset", "volume") != "volume")


def long(segment: Segment) -> bool:
    """More than the largest can, by what was asked; by the display or register where nothing was asked; of a trip by its distance."""
    if segment.kind in (SegmentKind.LOADING, SegmentKind.SOAK):
        return False
    if segment.kind is SegmentKind.TRIP:
        shown_km = at_rest(segment.registers.get("distance"))
        return shown_km is not None and shown_km > LONG_KM
    asked = segment.context.get("asked_l")
    if asked is not None:
        return float(asked) > LONG_L
    for name in ("register", "display"):
        value = at_rest(segment.registers.get(name))
        if value is not None:
            return float(value) > LONG_L
    return False


def groups(segment: Segment, first_state: str) -> tuple[str, ...]:
    """Names of the groups the segment belongs to; each is a key of SHARES."""
    names = ["all", "covert" if covert(segment) else "overt"]
    names.append("first state" if segment.state == first_state else "later state")
    if long(segment):
        names.append("long")
    if slow(segment):
        names.append("slow")
    if eventful(segment):
        names.append("event")
    if segment.kind in (SegmentKind.SHUT, SegmentKind.SOAK):
        names.append("shut")
    return tuple(names)


def first_state(segments: Sequence[Segment]) -> str:
    return segments[0].state if segments else ""
