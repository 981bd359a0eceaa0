"""Weight law: the display shows what the scale's own line says, at rest, of one load and in one unit.

Null (a set test): two roundings of one weight, to the interval on the display and to the last digit of the line, differ by less
than the sum of half their steps; an anti-flicker hysteresis may hold one of them back by as much as declared.  Or a digit was
misread.  Source: field_rules.md section 4 (weight, display, ticket: only when stable, same mode and unit).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.intervals import coarsest_e
from harness.judge.loads import comparable_pairs, loadings
from harness.judge.settest import violation

NAME = "weight-law"
LINK = Link("weight", "display")


def _reading(segment: Segment, view: View) -> Reading | None:
    if "weight" not in segment.traces or "display" not in segment.registers:
        return None
    pairs = comparable_pairs(segment, "weight", "display", view.profile)
    if not pairs:
        return Reading(NAME, segment.id, LINK, 1.0, reason="no reading at rest of both in one state")
    hysteresis = view.decimal("display_hysteresis_e") or Decimal(0)
    step = segment.traces["weight"].step

    def beyond(line: Decimal, eye: Decimal) -> Decimal:
        e = coarsest_e(view.profile, max(abs(line), abs(eye)))
        return abs(line - eye) - (e / 2 + step / 2 + hysteresis * e)

    line, eye = max(pairs, key=lambda pair: beyond(pair[0].kg, pair[1].kg))
    half = coarsest_e(view.profile, max(abs(line.kg), abs(eye.kg)))
    half = half / 2 + step / 2 + hysteresis * half
    found = violation(
        NAME, segment.id, LINK, view, eye.kg, line.kg - half, line.kg + half, {"at_rest": True, "pairs": len(pairs)}, Shape.CONSTANT
    )  # fmt: skip
    return found


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in loadings(segments) if (reading := _reading(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="display and line round one weight each to its own step, or a digit was misread",
    needs="the scale's line at rest while the display was read, in one unit and mode",
    parameters={"q": 0.02, "q_sure": 3e-4},
    judge=judge,
    mechanism="the display is not what the scale sends",
    telling=18,
    one_by_one=True,
    shows=Kind.SHOWN,
)
