"""Step dynamics: the weight shown changed at once, though loads of that size take their time on this instrument.

Null: whatever moves what is shown acts on the receptor or ahead of the filter, so a step has the transient that load steps of like
size and direction have here (weights/dynamics.py); only the fastest of those counts.  A hit says that a figure was switched
behind the filter.  It bears out what held-load and rest-step see: which key or nobody's hand it followed is theirs to say.
A key that honestly changes what is displayed (tare, zero, unit, hold) does the same: nothing after it is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.loads import changing, presses
from harness.judge.rest_steps import followed, separate
from harness.judge.transients import LoadSteps, load_steps
from harness.judge.weight_line import WITNESS, streams

NAME = "step-dynamics"


def _reading(segment: Segment, station: str, refs: LoadSteps, view: View) -> Reading:
    link = Link("load", station)
    own = followed(segment, station, view.profile, view.parameters["bound_e"], view.parameters["least_s"])
    if isinstance(own, str):
        return Reading(NAME, segment.id, link, 1.0, reason=own)
    may = changing(view.profile)
    until = min((start for start, _, key in presses(segment) if may(key)), default=segment.window_ns[1])
    found = [step for step in separate(own.found, own.bound) if step.to_ns < until]
    told = [(step, sudden) for step in found[:3] if (sudden := refs.sudden(own.line, step)) is not None]
    if not told:
        return Reading(NAME, segment.id, link, 1.0, reason="no step that could be compared with a load of like size")
    hits = [step for step, sudden in told if sudden]
    line = own.line
    load = (
        segment.load_kg[0] if segment.load_kg and segment.load_kg[0] > 0 else abs(float(line.steps[0])) * line.step_kg
    )
    size = hits[0].size * line.step_kg if hits else None
    return Reading(
        NAME,
        segment.id,
        link,
        bet(bool(hits), view.parameters["q"], view.validation),
        p=view.parameters["q"] if hits else 1.0,
        hits=len(hits),
        effect=size / load if size is not None and load else None,
        shape=Shape.SWITCHED if hits else None,
        at={"held": True, "sure": True}
        | ({"onset_ns": hits[0].at_ns, "sudden": True, "like_size": True} if hits else {}),
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    refs = load_steps(segments, view.profile)
    return [_reading(segment, station, refs[station], view) for segment, station in streams(segments)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="every step of a load at rest has the transient that load steps of like size and direction have on this instrument",
    needs="the scale's line with two or more changes of load of about the size of the step, renewed faster than they settle",
    parameters={"bound_e": 2.0, "least_s": 1.0, "q": 3e-4},
    judge=judge,
    weight=0.5,
    mechanism="what a load at rest shows is switched, without the transient that a load has",
    telling=41,
    witness=WITNESS,
    shows=Kind.WEIGHED,
)
