"""The course of the error inside one delivery: y(v) = V_down - V_up against v, between two continuous stations.

Null: an offset, a constant gain, a lag in proportion to the flow, white and accumulating noise, a kink of at most
`bound` and a jump of at most `jump_l` (air, hammer, a burst of interference).  Start and stop (flow under `gate` of the steady flow)
are left out.  Alternative: the gain changes, or the volume jumps, at one unknown place; on or off, either sign.
Whether the place is the same volume in several deliveries is decided when they are folded.  See kink.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge import kink
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.volumes import Floats, Track, track

NAME = "course"
ORDER = ("reference", "encoder", "board", "register")
POINTS = 120


@dataclass(frozen=True, eq=False)
class Points:
    """The error course: upstream litres v (n,), y (n,) litres, flow q (n,) L/s, u_l (n,) standard uncertainty."""

    v: Floats
    y: Floats
    q: Floats
    u_l: Floats
    t_ns: Int64Array


def pairs(segment: Segment) -> list[Link]:
    """Neighbouring continuous stations; encoder to board belongs to edge balance, which is exact."""
    seen = stations(segment)
    present = [name for name in ORDER if name in seen]
    if "reference" in present and "reference.P" not in segment.trains:
        present.remove("reference")
    register = segment.registers.get("register")
    if "register" in present and (register is None or len(register.values) < 3):
        present.remove("register")
    links = [Link(a, b) for a, b in pairwise(present)]
    return [link for link in links if link != Link("encoder", "board")]


def flow(up: Track, t_ns: Int64Array) -> Floats:
    """Flow in L/s around each time, from the upstream track over one second."""
    half = 500_000_000
    grid = up.t_ns.astype(np.float64)
    ahead = np.interp((t_ns + half).astype(np.float64), grid, up.litres)
    behind = np.interp((t_ns - half).astype(np.float64), grid, up.litres)
    result: Floats = ahead - behind
    return result


def points(up: Track, down: Track, gate: float, skip_l: float) -> Points | str:
    """The course at the downstream times, gated to steady flow and thinned to POINTS means of equal volume."""
    t_ns, litres, u_ns = down.t_ns, down.litres, down.u_ns
    inner = (t_ns > up.t_ns[0]) & (t_ns < up.t_ns[-1])
    t_ns, litres, u_ns = t_ns[inner], litres[inner], u_ns[inner]
    if t_ns.size < 12:
        return "fewer than 12 common points inside the delivery"
    # seconds from the first point: float ns of an epoch would lose the sub-microsecond part
    origin = int(up.t_ns[0])
    v = np.interp((t_ns - origin).astype(np.float64), (up.t_ns - origin).astype(np.float64), up.litres)
    q = flow(Track(up.t_ns - origin, up.litres, up.u_ns, up.step_l), t_ns - origin)
    steady = float(np.median(q[q > 0.2 * float(q.max())])) if q.size else 0.0
    fast = (np.abs(q - steady) <= gate * steady) & (v >= v[0] + skip_l) & (v <= v[-1] - 0.1)
    if int(fast.sum()) < 12:
        return "too few points in steady flow"
    v, y, q, t_ns, u_ns = v[fast], (litres - v)[fast], q[fast], t_ns[fast], u_ns[fast]
    u_l = u_ns * 1e-9 * q / np.sqrt(3)
    if v.size <= POINTS:
        return Points(v, y, q, u_l, t_ns)
    edges = np.linspace(v[0], v[-1], POINTS + 1)
    cell = np.clip(np.searchsorted(edges, v, "right") - 1, 0, POINTS - 1)
    n = np.bincount(cell, minlength=POINTS)
    keep = n > 0

    def mean(x: Floats) -> Floats:
        result: Floats = np.bincount(cell, x, POINTS)[keep] / n[keep]
        return result

    first = np.searchsorted(cell, np.flatnonzero(keep), "left")
    return Points(mean(v), mean(y), mean(q), mean(u_l), t_ns[first])


def _judge(segment: Segment, link: Link, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    up, down = (track(segment, name, view.profile) for name in (link.upstream, link.downstream))
    if isinstance(up, str):
        return mute(up)
    if isinstance(down, str):
        return mute(down)
    course = points(up, down, view.parameters["gate"], view.parameters["skip_l"])
    if isinstance(course, str):
        return mute(course)
    span = float(course.v[-1] - course.v[0])
    margin = view.parameters["margin_l"]
    if span < 2.5 * margin or float(np.max(np.diff(course.v))) > margin:
        return mute(f"{span:.1f} L of steady flow, or holes between the readings, are too little for a course")
    floor = max(down.step_l, up.step_l) / np.sqrt(12)
    found = kink.noise(course.v, course.y, float(floor))
    data = kink.prepare(course.v, course.y, course.q, course.u_l, found)
    places = np.linspace(course.v[0] + margin, course.v[-1] - margin, min(48, max(6, int(span / 0.5))))
    # an honest jump close to an end looks like a kink there: the bound grows as the shorter arm shrinks
    arm = np.minimum(places - course.v[0], course.v[-1] - places)
    bounds = view.parameters["bound"] + view.parameters["jump_l"] / arm
    between = (course.v[1:] + course.v[:-1]) / 2  # a jump lies between two points, or its size is smeared
    between = between[(between >= places[0]) & (between <= places[-1])]
    breaks = [
        kink.best(data, "kink", places, bounds),
        kink.best(data, "jump", between, np.full_like(between, view.parameters["jump_l"])),
    ]
    top = min(breaks, key=lambda b: b.p)
    p = min(1.0, 2 * top.p)
    hit = p < view.parameters["q"]
    bend, jump = breaks
    threshold = float(stats.t.isf(view.parameters["q"] / (4 * bend.candidates), bend.dof)) + 1.2816
    at = {
        "kind": top.kind,
        "span_l": (float(course.v[0]), float(course.v[-1])),
        "sigma_l": found.sigma_l,
        "mde_jump_l": view.parameters["jump_l"] + threshold * jump.median_se,
    }
    effect = top.size if top.kind == "kink" else top.size / float(course.v[-1])
    half = 1.96 * top.se * (1.0 if top.kind == "kink" else 1 / float(course.v[-1]))
    violations = 0
    if hit:
        at |= {"onset_l": top.at_l, "onset_interval_l": top.interval_l, "size": top.size}
        at["onset_ns"] = int(course.t_ns[min(int(np.searchsorted(course.v, top.at_l)), course.t_ns.size - 1)])
        # readings that the line before the break does not explain
        after = course.v > top.at_l
        lift = top.size * (course.v - top.at_l) if top.kind == "kink" else np.full_like(course.v, top.size)
        violations = max(1, int(np.count_nonzero(after & (np.abs(lift) > 4 * found.sigma_l))))
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=p,
        hits=violations,
        effect=effect if hit else 0.0,
        interval=(effect - half, effect + half) if hit else None,
        mde=float(np.median(bounds)) + threshold * bend.median_se,
        shape=Shape.SWITCHED if hit else None,
        at=at,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for segment in segments:
        if segment.kind is SegmentKind.DELIVERY:
            readings += [_judge(segment, link, view) for link in pairs(segment)]
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="offset, constant gain, lag with flow, reading and meter noise, kink and jump within honest bounds",
    needs="two stations followed continuously through a delivery, on clocks tied to the host's",
    parameters={"bound": 0.002, "jump_l": 0.05, "gate": 0.3, "skip_l": 0.5, "margin_l": 1.5, "q": 3e-4},
    judge=judge,
)
