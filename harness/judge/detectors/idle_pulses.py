"""Idle pulses: is anything put on the line while the vehicle stands?

Null: at stand-still a rotor is rocked to and fro by a metre at most, a magnet that stands at its threshold and single disturbances
give a pulse now and then, and a vehicle
whose own speed reads zero may creep at `creep_kmh`: below it many report none.  At stand-still is a soak (handbrake on, stated by the plan), and of a trip each
stretch in which the speed that the vehicle itself or a reference tells is zero for `still_s` and longer, without the time that such
a reading may be late at either end.  On rollers the speed of a
vehicle tells of no stand-still: wheels turn under it.  Where the sensor shows the same it is told of the sensor: a wheel, or a sensor taken
out and spun.  Source: taximeters.md 6 (D2); sizes are engineering values [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from captures.model import Int64Array, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import edges
from harness.judge.evalue import bet
from harness.judge.events import HONEST_EVENTS, first_of_each
from harness.judge.sensor_class import per_m_at
from harness.judge.trains import channels, gaps_in_window, micro, segment_window, stays_us, ticks_of, to_ns

NAME = "idle-pulses"
STATIONS = ("sensor", "input")
S = 1_000_000_000


def stands(segment: Segment, view: View) -> list[tuple[int, int]]:
    """Host times (begin, end) in ns of the stretches in which the vehicle stood."""
    if segment.kind is SegmentKind.SOAK:
        return [segment.window_ns]
    trace = segment.traces.get("speed")
    if trace is None or trace.steps.size < 2:
        return []
    late, still = int(view.parameters["late_s"] * S), int(view.parameters["still_s"] * S)
    zero = trace.steps == 0
    # a reading missed may have been one in motion: only those that follow each other closely make a stretch
    near = np.diff(trace.times_ns) <= int(view.parameters["reading_gap_s"] * S)
    joined = np.concatenate([[False], zero[1:] & zero[:-1] & near, [False]])
    begins, ends = np.flatnonzero(joined[1:] & ~joined[:-1]), np.flatnonzero(~joined[1:] & joined[:-1])
    found = [(int(trace.times_ns[a]) + late, int(trace.times_ns[b]) - late) for a, b in zip(begins, ends, strict=True)]
    return [(begin, end) for begin, end in found if end - begin >= still]


def _inside(stamps: Int64Array, spans: Sequence[tuple[int, int]]) -> Int64Array:
    """Index (k,) of the stamps within any of the spans."""
    found = [np.arange(*np.searchsorted(stamps, span), dtype=np.int64) for span in spans]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _reading(segment: Segment, train: PulseTrain, link: Link, upstream: int, view: View) -> tuple[Reading, int]:
    at: dict[str, Any] = {"station": train.station}

    def mute(reason: str) -> tuple[Reading, int]:
        return Reading(NAME, segment.id, link, 1.0, at=at, reason=reason), 0

    per_m = per_m_at(view.profile, train.station)
    if per_m is None:
        return mute("K of the meter is not declared")
    if train.tick_s is None or gaps_in_window(segment, train):
        return mute(f"{train.name}: no sample rate" if train.tick_s is None else f"gap in {train.name}")
    own = edges(segment, train)
    stamps = to_ns(segment, train, own)
    soak = segment.kind is SegmentKind.SOAK
    if stamps is None and not soak:
        return mute(f"{train.name}: its clock is not tied to the host's")
    first, last = segment_window(segment, train)
    spans = stands(segment, view)
    seconds = float((last - first) * train.tick_s) if soak else sum(end - begin for begin, end in spans) / 1e9
    if seconds < view.parameters["min_s"]:
        return mute(f"{seconds:.0f} s at stand-still are too short")
    found = own if soak else own[_inside(stamps, spans)] if stamps is not None else own[:0]
    burst = ticks_of(micro(view.parameters["burst_us"]), train.tick_s)
    separate = first_of_each(found, burst)
    times = 1 if soak else len(spans)
    creep = 0.0 if soak else view.parameters["creep_kmh"] / 3.6 * seconds
    allowed = per_m * (view.parameters["rock_m"] * times + creep) + times + view.parameters["honest_per_s"] * seconds
    surplus = int(found.size) - upstream
    mean = HONEST_EVENTS + view.parameters["honest_per_s"] * seconds
    p = float(stats.poisson.sf(separate.size - 1, mean)) if surplus > allowed else 1.0
    hit = p < view.parameters["q"]
    if found.size and upstream >= 0.8 * found.size:
        return mute("the sensor shows the same")
    if hit:
        at |= {"pulses": surplus, "allowed": round(allowed, 1), "metres": round(surplus / per_m, 1), "at_rest": True}
        at |= {"speed_told": not soak}
        if (width := stays_us(segment, train, found)) is not None:
            at["width_us"] = width
        if stamps is not None:
            at["onset_ns"] = int(stamps[int(np.searchsorted(own, found[0]))])
    reading = Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=p,
        hits=int(separate.size) if hit else 0,
        shape=Shape.EXTRA if hit else None,
        at=at,
    )
    return reading, int(found.size)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for segment in segments:
        if segment.kind not in (SegmentKind.SOAK, SegmentKind.TRIP):
            continue
        if segment.kind is SegmentKind.TRIP and ("speed" not in segment.traces or segment.context.get("on_rollers")):
            continue
        observed, upstream = stations(segment), 0
        for station in STATIONS:
            taps = channels(segment, station)
            if taps:
                link = Link(upstream_of(station, observed), station)
                reading, upstream = _reading(segment, next(iter(taps.values())), link, upstream, view)
                readings.append(reading)
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="while the vehicle stands a rotor is rocked by a metre at most and disturbances are rare",
    needs="a soak at stand-still, or a trip with the vehicle's own speed, and a tap",
    parameters={
        "rock_m": 1.0,
        "creep_kmh": 4.0,
        "late_s": 2.0,
        "still_s": 3.0,
        "reading_gap_s": 2.5,
        "min_s": 10.0,
        "burst_us": 50_000.0,
        "honest_per_s": 0.05,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="pulses come while the vehicle stands",
    telling=24,
    shows=Kind.ADDED,
    witness="pulses",
)
