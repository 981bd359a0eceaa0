"""Zero tracking: near zero the indication is pulled back faster than an instrument may.

Null: zero tracking corrects by at most `limit_d_s` intervals a second (0.5 d/s where no edition's data say otherwise; R 76-1:2006
4.5.7, number recalled, unverified), and but for it the scale shows what lies on it within a step.  Two bounds
(weights/tracking.py): small known loads, put on one after the other with no key between, of which more vanished than that rate
allows; and a reading that walks towards zero at one even rate, as creep and filters, which settle ever more slowly, do not.
Goods that are taken away bit by bit walk so as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.intervals import ZERO_TRACKING, intervals
from harness.judge.loads import loadings, observed, presses, untouched
from harness.judge.weight_line import WITNESS, at_rest, streams
from harness.judge.weights.tracking import absorbed, pull

NAME = "zero-tracking"


def _limit(view: View) -> float:
    """Of the edition, where its data came with the profile."""
    return float(view.profile.get(ZERO_TRACKING, view.parameters["limit_d_s"]))


def _pulled(segment: Segment, station: str, view: View) -> Reading:
    """A reading near zero that walks to it."""
    link = Link("load", station)
    line = at_rest(segment, station, view.profile)
    d = float(intervals(view.profile)[0].e_kg) / line.step_kg
    if presses(segment) or not len(line) or float(np.abs(line.steps).max()) > view.parameters["near_d"] * d:
        return Reading(NAME, segment.id, link, 1.0, reason="not left alone near zero")
    codes = np.round(line.steps / d).astype(np.int64)
    found = pull(line.times_ns, codes)
    limit = _limit(view)
    if found is None:
        return _told(segment, link, False, {}, view)
    towards = abs(int(codes[-1])) < abs(int(codes[0]))
    sure = abs(found.rate) - view.parameters["z"] * found.u_rate > limit and found.constant_p > 0.01
    return _told(segment, link, towards and sure, {"d_s": round(abs(found.rate), 3), "limit_d_s": limit}, view)


def _runs(segments: Sequence[Segment], station: str, view: View) -> list[list[Segment]]:
    """Rows of small known loads in one state with no key between."""
    near = view.parameters["near_d"] * float(intervals(view.profile)[0].e_kg)
    rows: list[list[Segment]] = [[]]
    for segment in segments:
        small = segment.load_kg is not None and segment.load_kg[0] <= near and station in observed(segment)
        if rows[-1] and (not small or segment.state != rows[-1][-1].state):
            rows.append([])
        if small and untouched(segment, station) is not None:
            rows[-1].append(segment)
        if presses(segment):
            rows.append([])
    return [row for row in rows if len(row) >= 2]


def _absorbed(row: Sequence[Segment], station: str, view: View) -> Reading:
    """Of a row of small loads, told for the last one."""
    d = float(intervals(view.profile)[0].e_kg)
    seen = [one for one in (untouched(segment, station) for segment in row) if one is not None]
    loads = [segment.load_kg for segment in row if segment.load_kg is not None]
    u = max(load[1] for load in loads) * view.parameters["z"] / d
    times = np.array([one.t_ns for one in seen], dtype=np.int64)
    found = absorbed(
        times, np.array([load[0] / d for load in loads]), np.array([round(float(one.kg) / d) for one in seen]), u
    )
    link, limit = Link("load", station), _limit(view)
    rate = 0.0 if found is None else found.rate
    sure = all(one.sure for one in seen)
    return _told(row[-1], link, rate > limit, {"d_s": round(rate, 3), "limit_d_s": limit, "sure": sure}, view, sure)


def _told(segment: Segment, link: Link, hit: bool, at: dict[str, object], view: View, sure: bool = True) -> Reading:
    q = view.parameters["q" if sure else "q_eye"]
    return Reading(
        NAME, segment.id, link, bet(hit, q, view.validation), p=q if hit else 1.0, hits=int(hit),
        shape=Shape.EXTRA if hit else None, at=at,
    )  # fmt: skip


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = [_pulled(segment, station, view) for segment, station in streams(segments)]
    own = loadings(segments)
    for station in dict.fromkeys(name for segment in own for name in observed(segment)):
        readings += [_absorbed(row, station, view) for row in _runs(own, station, view)]
    order = {segment.id: i for i, segment in enumerate(segments)}
    return sorted(readings, key=lambda reading: order[reading.segment])


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="near zero the indication is corrected by at most half an interval a second",
    needs="small known loads put on one after the other without a key, or the line while a reading near zero is left alone",
    parameters={"limit_d_s": 0.5, "near_d": 25.0, "z": 4.0, "q": 0.01, "q_eye": 0.05},
    judge=judge,
    weight=0.25,
    mechanism="zero tracking takes away more, and faster, than it may",
    telling=59,
    witness=WITNESS,
    conformity_alone=True,
    shows=Kind.ZERO,
)
