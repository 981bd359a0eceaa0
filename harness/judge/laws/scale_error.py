"""Scale error: is the error of indication of a known load beyond what honest wear and adjustment make?

Null (a set test): |I - L| is at most `times` the maximum permissible error at that load, with half an interval of rounding and
four standard uncertainties of the load.  An error alone is conformity, not cheating: at most suspect (the verdict's rule).
Source: R 76-1:2006 3.5; design.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.intervals import mpe_kg
from harness.judge.loads import e_at, error_kg, observed, untouched, weighable

NAME = "scale-error"
Z = 4.0


def _reading(segment: Segment, station: str, view: View) -> Reading:
    link = Link("load", station)

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    found, seen = error_kg(segment, station), untouched(segment, station)
    if segment.load_kg is None:
        return mute("the load is not known")
    load = segment.load_kg[0]
    if found is None or seen is None:
        return mute("no reading at rest before a key was pressed")
    most = mpe_kg(view.profile, load)
    if most is None:
        return mute("the edition has no limit for this load")
    error, u = found
    e = e_at(view.profile, max(load, float(seen.kg)))
    bound = view.parameters["times"] * most + 0.5 * e + Z * u
    hit = abs(error) > bound
    q = view.parameters["q" if seen.sure else "q_eye"]
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, q, view.validation),
        p=q if hit else 1.0,
        hits=int(hit),
        effect=error / load,
        interval=((error - 0.5 * e - 2 * u) / load, (error + 0.5 * e + 2 * u) / load),
        mde=(bound + 0.5 * e) / load,
        shape=Shape.CONSTANT if hit else None,
        at={"sure": seen.sure, "load_kg": load, "error_kg": error},
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    loaded = [s for s in weighable(segments, view.profile) if s.load_kg is None or s.load_kg[0] > 0]
    return [_reading(segment, station, view) for segment in loaded for station in observed(segment)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="the error of indication of a known load lies within twice the maximum permissible error, rounding and load allowed for",
    needs="a known load at rest, its weight read before a key was pressed",
    parameters={"times": 2.0, "q": 3e-4, "q_eye": 0.02},
    judge=judge,
    mechanism="the error of a known load is beyond what honest adjustment makes",
    witness="weight-line",
    telling=56,
    method="mass of the load",
    conformity_alone=True,
    one_by_one=True,
    shows=Kind.WEIGHED,
)
