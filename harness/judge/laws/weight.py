"""Weight law: the display shows what the scale's own line says, at rest, of one load and in one unit.

Null (a set test): two roundings of one weight, to the interval on the display and to the last digit of the line, differ by less
than the sum of half their steps; an anti-flicker hysteresis may hold one of them back by as much as declared.  The line says
many things between two presses and nobody knows which of them the eye saw: all that it said at rest is admitted.  Or a digit was
misread.  Source: field_rules.md section 4 (weight, display, ticket: only when stable, same mode and unit).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.intervals import coarsest_e
from harness.judge.loads import Shown, around, loadings, shown, undisturbed
from harness.judge.settest import violation

NAME = "weight-law"
LINK = Link("weight", "display")


def _reading(segment: Segment, view: View) -> Reading | None:
    if "weight" not in segment.traces or "display" not in segment.registers:
        return None
    hysteresis = view.decimal("display_hysteresis_e") or Decimal(0)
    trace = segment.traces["weight"]
    told = [
        (said, seen)
        for seen in undisturbed(shown(segment, "display"), view.profile)
        if (said := around(segment, trace, seen))
    ]
    if not told:
        return Reading(NAME, segment.id, LINK, 1.0, reason="no reading at rest of both in one state")

    def admitted(said: tuple[Decimal, Decimal], seen: Shown) -> tuple[Decimal, Decimal]:
        e = coarsest_e(view.profile, max(abs(said[0]), abs(said[1]), abs(seen.kg)))
        half = e / 2 + trace.step / 2 + hysteresis * e
        return said[0] - half, said[1] + half

    def beyond(pair: tuple[tuple[Decimal, Decimal], Shown]) -> Decimal:
        low, high = admitted(*pair)
        return max(low - pair[1].kg, pair[1].kg - high)

    said, seen = max(told, key=beyond)
    low, high = admitted(said, seen)
    found = violation(
        NAME, segment.id, LINK, view, seen.kg, low, high, {"at_rest": True, "pairs": len(told)}, Shape.CONSTANT
    )  # fmt: skip
    least = Decimal(str(view.parameters["min_e"])) * coarsest_e(view.profile, low)
    # of next to nothing no share can be told
    return found if min(abs(low), abs(high)) >= least else replace(found, effect=None, interval=None, mde=None)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in loadings(segments) if (reading := _reading(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="display and line round one weight each to its own step, or a digit was misread",
    needs="the scale's line at rest while the display was read, in one unit and mode",
    parameters={"q": 0.02, "q_sure": 3e-4, "min_e": 20},
    judge=judge,
    mechanism="the display is not what the scale sends",
    telling=18,
    one_by_one=True,
    shows=Kind.SHOWN,
)
