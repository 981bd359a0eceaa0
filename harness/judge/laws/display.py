"""Display law: at rest the display shows the register, rounded to the display's resolution.

Null (a set test): some true volume within one step of the register shows as this display under truncation, rounding
half up, half even or up, so the two differ by less than the sum of their steps.  Source: field_rules.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.quantities import at_rest, ended, repeats_at_rest
from harness.judge.settest import violation

NAME = "display-law"
LINK = Link("register", "display")


def _segment(segment: Segment, view: View) -> Reading | None:
    register, display = segment.registers.get("register"), segment.registers.get("display")
    if register is None or display is None:
        return None
    value, shown = at_rest(register), at_rest(display)
    if value is None or shown is None or not segment.complete:
        return Reading(NAME, segment.id, LINK, 1.0, reason="no reading at rest")
    if not ended(segment):
        return Reading(NAME, segment.id, LINK, 1.0, reason="the end of the sale was not heard")
    step = max(register.resolution, view.decimal("volume_resolution_l") or register.resolution, display.resolution)
    half = register.resolution + step
    smallest = min(register.resolution, display.resolution)
    return violation(
        NAME,
        segment.id,
        LINK,
        view,
        shown,
        value - half + smallest,
        value + half - smallest,
        {"repeats": repeats_at_rest(register), "at_rest": ended(segment)},
        Shape.CONSTANT,
        sure=bool(segment.context.get("photographed")),
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments if (reading := _segment(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="the display at rest is the register under one of the admissible rounding modes, or a digit was misread",
    needs="register read after the end of the sale, display at rest",
    parameters={"q": 0.01, "q_sure": 3e-4},
    judge=judge,
    mechanism="the display is not the register",
    telling=18,
    shows=Kind.DISPLAY,
    sized=True,
)
