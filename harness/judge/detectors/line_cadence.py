"""Line cadence: the pace of the frames, or how late they come, changes while the case lasts.

Null: one pace, one latency, delays of the host alike from block to block (weights/cadence.py), within each stretch in which the line was
heard without a break.  A box put into the line, or a program that passes frames on, adds a latency or a pace of its own (S10,
T16, T19); so does an indicator that changes its mode, and a host that asks more slowly.  It says that something is in the
line at times, a property of a device and no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import calibrate
from harness.judge.weight_line import NS, WITNESS, meets, streams, worked
from harness.judge.weights.cadence import Cadence, Shift, cadence

NAME = "line-cadence"


def pieces(segments: Sequence[Segment], station: str, gap_ns: int) -> list[tuple[Int64Array, list[Segment]]]:
    """Times of the frames of each stretch without a silence, garbage or a restart, with the loadings that it covers."""
    found: list[tuple[list[Int64Array], list[Segment]]] = []
    for segment in segments:
        trace = segment.traces[station]
        if not trace.times_ns.size:
            continue
        cuts = np.flatnonzero(np.diff(trace.times_ns) > gap_ns) + 1
        for part in np.split(trace.times_ns, cuts):
            last = found[-1] if found else None
            joined = last is not None and 0 < int(part[0]) - int(last[0][-1][-1]) <= gap_ns
            if last is not None and joined and last[1][-1].span == segment.span and last[1][-1].state == segment.state:
                last[0].append(part)
                last[1].append(segment)
            else:
                found.append(([part], [segment]))
    return [(np.concatenate(parts), own) for parts, own in found]


def _reading(times: Int64Array, own: Sequence[Segment], station: str, view: View) -> Reading:
    link = Link("load", station)
    found = cadence(times, round(view.parameters["floor_ms"] * 1e6))
    if found is None:
        return Reading(NAME, own[-1].id, link, 1.0, reason="too few frames without a silence")
    shifts = [shift for shift in (found.latency, found.period) if shift is not None and not _keyed(shift, own)]
    least = min(shifts, key=lambda shift: shift.p, default=None)
    if least is None:
        return Reading(NAME, own[-1].id, link, calibrate(1.0, view.validation), p=1.0)
    hit = least.p < view.parameters["p_hit"]
    where = next((one for one in own if one.window_ns[1] > least.at_ns), own[-1])
    return Reading(
        NAME,
        where.id,
        link,
        calibrate(least.p, view.validation),
        p=least.p,
        hits=int(hit),
        shape=Shape.EXTRA if hit else None,
        at=_at(least, found) if hit else {},
    )


def _keyed(shift: Shift, own: Sequence[Segment]) -> bool:
    """A key may change what is sent: a unit, a longer frame, another mode."""
    return any(meets(worked(one, NS, 5 * NS), shift.at_ns - shift.u_ns, shift.at_ns + shift.u_ns) for one in own)


def _at(shift: Shift, found: Cadence) -> dict[str, object]:
    what = "period" if shift is found.period else "latency"
    return {"cadence": what, "onset_ns": shift.at_ns, "ms": round(shift.size_ns / 1e6, 3), "period_ms": round(found.period_ns / 1e6, 3)}  # fmt: skip


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for station in dict.fromkeys(station for _, station in streams(segments)):
        own = [segment for segment, name in streams(segments) if name == station]
        readings += [
            _reading(times, part, station, view)
            for times, part in pieces(own, station, round(view.parameters["gap_s"] * NS))
        ]
    order = {segment.id: i for i, segment in enumerate(segments)}
    return sorted(readings, key=lambda reading: order[reading.segment])


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="frames of one stretch come at one pace and with one latency, delays of the host alike throughout",
    needs="1,536 frames of the scale's line or more without a silence",
    parameters={"floor_ms": 5.0, "gap_s": 2.0, "p_hit": 1e-4},
    judge=judge,
    weight=0.25,
    mechanism="the frames of the line come at another pace, or later, from some moment on",
    telling=90,
    witness=WITNESS,
    device_type=True,
    shows=Kind.UNDETERMINED,
)
