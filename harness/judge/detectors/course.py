"""The course of the error inside one delivery: y(v) = V_down - V_up against v, between two continuous stations.

Null: an offset, a constant gain, a lag in proportion to the flow, white and accumulating noise, a kink of at most
`bound` and a jump of at most `jump_l` (air, hammer, a burst of interference), and single readings that came late: what is
back within `margin_l`; pulses on one channel alone, which a decoder of both need not count.  Start and stop (flow under `gate` of the steady flow)
are left out.  Alternative: the gain changes, or the volume jumps, at unknown places, up to eight; on or off, either sign:
a kink (volume threshold), jumps (litres added by a key), on and off, a sawtooth (counted too much between the inspector's
volumes and taken back before them).  Whether the places are the same volumes in several deliveries is decided when they are
folded.  See breaks.py, kink.py; fuel_dispensers.md 1.3; statistics.md T10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge.breaks import Fit, Honest, fit, leading_gain, pattern
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.quantities import divided
from harness.judge.volumes import Floats, Track, netted, track

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


def pairs(segment: Segment, profile: Mapping[str, Any]) -> list[Link]:
    """Neighbouring continuous stations; encoder to board belongs to edge balance, which is exact.  An encoder that
    carries a part of the delivery only is no station of its course."""
    seen = stations(segment)
    part = divided(profile)
    present = [name for name in ORDER if name in seen and not (part and name in ("encoder", "board"))]
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
    # an old value told again while the fuel ran is no new reading: what comes after it says what it left out
    told = np.concatenate([[True], (np.diff(litres) != 0) | (np.diff(v) <= 2 * down.step_l)])
    fast = told & (np.abs(q - steady) <= gate * steady) & (v >= v[0] + skip_l) & (v <= v[-1] - 0.1)
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
    reading = _between(segment, link, up, down, view)
    # whether a board of both channels counts what goes there and back on one is its own affair: a break must stand either way
    for name in (link.upstream, link.downstream) if reading.hits else ():
        net = netted(segment, name, view.profile)
        if net is not None:
            other = _between(segment, link, *((net, down) if name == link.upstream else (up, net)), view)
            if other.hits and (other.effect or 0.0) * (reading.effect or 0.0) < 0:
                return mute(f"{name}: more or less, as what goes there and back on one channel is counted or not")
            reading = reading if other.hits and (other.p or 0.0) <= (reading.p or 0.0) else other
    return reading


def _between(segment: Segment, link: Link, up: Track, down: Track, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    course = points(up, down, view.parameters["gate"], view.parameters["skip_l"])
    if isinstance(course, str):
        return mute(course)
    span = float(course.v[-1] - course.v[0])
    margin = view.parameters["margin_l"]
    if span < 2.5 * margin or float(np.max(np.diff(course.v))) > margin:
        return mute(f"{span:.1f} L of steady flow, or holes between the readings, are too little for a course")
    floor = max(down.step_l, up.step_l) / np.sqrt(12)
    honest = Honest(view.parameters["bound"], view.parameters["jump_l"], margin)
    found = fit(
        course.v, course.y, course.q, course.u_l, float(floor), honest, view.parameters["penalty"], view.parameters["q"]
    )
    return _reading(segment, link, course, found, honest, view)


def _reading(segment: Segment, link: Link, course: Points, found: Fit, honest: Honest, view: View) -> Reading:
    hit = bool(found.breaks)
    first, last = float(course.v[0]), float(course.v[-1])
    # for the smallest break that would stand: every candidate is paid for, nine times in ten the noise is with it
    z = float(stats.t.isf(view.parameters["q"] / (2 * found.candidates), found.noise.dof)) + 1.2816
    arm = (last - first) / 4
    at: dict[str, Any] = {
        "span_l": (first, last),
        "sigma_l": found.noise.sigma_l,
        "mde_jump_l": honest.jump_l + z * found.se_jump,
    }
    effect, half = 0.0, 0.0
    if hit:
        effect, half = _told(at, course, found, honest)
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=min((b.p for b in found.breaks), default=1.0),
        hits=int(hit),  # one delivery is one witness, however many readings its break displaces
        effect=effect,
        interval=(effect - half, effect + half) if hit else None,
        mde=honest.bound + honest.jump_l / arm + z * found.se_kink,
        shape=Shape.SWITCHED if hit else None,
        at=at,
    )


def _told(at: dict[str, Any], course: Points, found: Fit, honest: Honest) -> tuple[float, float]:
    """What the breaks say, into `at`; effect and half its 95 % interval."""
    last = float(course.v[-1])
    strongest = min(found.breaks, key=lambda b: b.p)
    kind = pattern(found, honest.jump_l)
    begin = found.breaks[0]
    at |= {
        "kind": kind,
        "onset_l": begin.at_l,
        "onset_interval_l": begin.interval_l,
        "size": strongest.size,
        "breaks": tuple(
            {"kind": b.kind, "at_l": b.at_l, "interval_l": b.interval_l, "size": b.size, "se": b.se}
            for b in found.breaks
        ),
        "stretches": tuple({"from_l": s.from_l, "to_l": s.to_l, "gain": s.gain, "se": s.se} for s in found.stretches),
        "onset_ns": int(course.t_ns[min(int(np.searchsorted(course.v, begin.at_l)), course.t_ns.size - 1)]),
    }
    if kind == "on-off" and len(found.breaks) == 2 and found.breaks[0].size * found.breaks[1].size < 0:
        at["end_l"] = found.breaks[1].at_l
    if kind == "sawtooth":
        gain, se = leading_gain(found)
        return gain, 1.96 * se
    if strongest.kind == "kink":
        return strongest.size, 1.96 * strongest.se
    litres = sum(b.size for b in found.breaks if b.kind == "jump")
    return litres / last, 1.96 * strongest.se / last


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for segment in segments:
        if segment.kind is SegmentKind.DELIVERY:
            readings += [_judge(segment, link, view) for link in pairs(segment, view.profile)]
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=5,
    kind="detector",
    null="offset, constant gain, lag with flow, reading and meter noise, readings that came late, kink and jump within "
    "honest bounds",
    needs="two stations followed continuously through a delivery, on clocks tied to the host's",
    parameters={
        "bound": 0.002,
        "jump_l": 0.05,
        "gate": 0.3,
        "skip_l": 0.5,
        "margin_l": 1.5,
        "penalty": 16.0,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="the error changes inside a delivery",
    telling=14,
)
