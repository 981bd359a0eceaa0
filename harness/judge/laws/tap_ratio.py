"""Tap ratio: do as many pulses reach the meter as the sensor gives, in the declared ratio, wherever a conditioner may change them?

Null: over any stretch the input has n/m times the pulses of the sensor, within one pulse of either, and what a conditioner still
holds back at the rate of that moment (its class's latency).  With a declared ratio m/n the stretches are held to it; undeclared,
to the ratio of this run itself: a conditioner has one, and only a change of it, over the way, speed or time, speaks.  Stretches that
deviate come as separate disturbances at an honest rate.  Where the papers say that the same pulses pass both taps `edge-balance`
compares the edges themselves, and this law is not asked; what a pulse source says it gave is held one to one to the tap that it feeds.  Both directions.  Source: taximeters.md 6 (D3, D6); field_rules.md
section 4 (conditioner m/n matching the sealed K).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.chain import station_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import edges
from harness.judge.evalue import bet_on_count
from harness.judge.events import HONEST_EVENTS, counted, least_counted, place, poisson_p
from harness.judge.sensor_class import per_m_at, ratio, sensor_class
from harness.judge.taps import same_pulses
from harness.judge.trains import channels, gaps_in_window, same_clock, segment_window, to_ns

NAME = "tap-ratio"
Floats = npt.NDArray[np.float64]


def _counts(ups: Int64Array, downs: Int64Array, marks: Int64Array) -> tuple[Floats, Floats]:
    """Pulses of sensor and input in the stretches between `marks` (n,), each (n - 1,)."""
    up, down = (np.diff(np.searchsorted(own, marks)).astype(np.float64) for own in (ups, downs))
    return up, down


def _usual(up: Floats, down: Floats) -> Fraction | None:
    """The simplest ratio of whole numbers that fits the middle stretch of the run; None where nothing moved."""
    moved = up >= 8
    if np.count_nonzero(moved) < 5:
        return None
    middle = float(np.median(down[moved] / up[moved]))
    return Fraction(middle).limit_denominator(16)


def _pairs(segment: Segment, view: View) -> list[tuple[str, str]]:
    """The stations that are compared: sensor and input, and what a pulse source says it gave with the tap it feeds."""
    tapped = [name for name in ("sensor", "input") if channels(segment, name)]
    found = [("sensor", "input")] if len(tapped) == 2 and not same_pulses(view.profile) else []
    return found + ([("source", tapped[0])] if tapped and channels(segment, "source") else [])


def _clean_left(given: Floats, taken: Floats, over: Int64Array) -> bool:
    """Whether some of the stretches in which anything came do not deviate: it is not there all the way."""
    came = np.flatnonzero((given > 0) | (taken > 0))
    return np.setdiff1d(came, over).size >= max(3.0, 0.1 * came.size)


def _reading(segment: Segment, upstream: str, downstream: str, view: View) -> Reading:
    link = Link(station_of(upstream), downstream)

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    up, down = (next(iter(channels(segment, name).values())) for name in (upstream, downstream))
    if not same_clock(up, down) or up.tick_s is None:
        return mute(f"{up.name} and {down.name} are not on one clock")
    if lost := [train.name for train in (up, down) if gaps_in_window(segment, train)]:
        return mute(f"gap in {', '.join(lost)}")
    own, per_m = sensor_class(view.profile), per_m_at(view.profile, downstream)
    if own is None or per_m is None:
        return mute("K of the meter is not declared" if per_m is None else "no sensor classes are known")
    windows = segment_window(segment, up), segment_window(segment, down)
    begin, end = max(one[0] for one in windows), min(one[1] for one in windows)
    tick_s = float(up.tick_s)
    stretch = int(view.parameters["stretch_s"] / tick_s)
    marks = np.arange(begin, end + 1, stretch, dtype=np.int64)
    if marks.size < 3:
        return mute("the run is too short")
    a, b = edges(segment, up), edges(segment, down)
    given, taken = _counts(a, b, marks)
    told = "ratio" in view.profile or view.profile.get("sensor_class") == "conditioner"
    # where a pulse source feeds the line is the bench's affair: a conditioner may stand before it or behind
    declared = upstream == "source" or (told and segment.context.get("reference") != "source")
    each: Fraction | None = Fraction(1)
    if upstream == "sensor":
        each = ratio(view.profile) if declared else each if segment.kind is SegmentKind.SOAK else _usual(given, taken)
    if each is None:
        return mute("too little was driven to tell the ratio")
    # the device may hold back what came within its latency, at either end of a stretch
    beside = np.maximum(given, np.maximum(np.append(given[1:], 0), np.insert(given[:-1], 0, 0)))
    held = beside / view.parameters["stretch_s"] * own.latency_ms / 1000
    most = 2 * (1 + float(each) * (1 + held)) + view.parameters["share"] * float(each) * given
    off = taken - float(each) * given
    over = np.flatnonzero(np.abs(off) > most)
    seconds = float((end - begin) * up.tick_s)
    per_s = view.parameters["honest_per_s"]
    net = float(b.size) - float(each) * float(a.size)
    hits = counted(int(over.size), seconds, per_s, view.parameters)
    at: dict[str, Any] = {
        "ratio": f"{each.denominator}/{each.numerator}",
        "declared_ratio": declared,
        "net_pulses": round(net, 2),
    }
    soak = segment.kind is SegmentKind.SOAK
    shape = None
    if hits:
        shape = Shape.EXTRA if soak else Shape.SWITCHED if _clean_left(given, taken, over) else Shape.CONSTANT
        km = np.searchsorted(b, marks[over]) / (1000 * per_m)
        course = None if soak else place(km, b.size / (1000 * per_m))
        if course is not None and shape is Shape.SWITCHED:
            at |= {"onset_l": course.onset_l, "onset_interval_l": course.onset_interval_l}
        stamps = to_ns(segment, up, marks[over[:1]])
        at |= {"stretches": int(over.size)} | ({} if stamps is None else {"onset_ns": int(stamps[0])})
    expected = float(each) * a.size
    effect = net / expected if expected >= 100 else None
    return Reading(
        NAME,
        segment.id,
        link,
        bet_on_count(hits, view.parameters, view.validation),
        p=poisson_p(int(over.size), HONEST_EVENTS + per_s * seconds) if hits else 1.0,
        hits=hits,
        effect=effect,
        interval=None if effect is None else (effect - 2 / expected, effect + 2 / expected),
        mde=least_counted(seconds, per_s, view.parameters) * float(np.median(most)) / expected
        if expected >= 100
        else None,
        shape=shape,
        at=at,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    driven = [segment for segment in segments if segment.kind in (SegmentKind.TRIP, SegmentKind.SOAK)]
    return [_reading(segment, *pair, view) for segment in driven for pair in _pairs(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="over every stretch the input has the pulses of the sensor in one ratio, within a pulse of either and what the conditioner holds back",
    needs="sensor and input tapped on one clock with a conditioner between them or nothing declared, or a pulse source and the tap it feeds",
    parameters={
        "stretch_s": 2.0,
        "share": 0.002,
        "honest_per_s": 0.0005,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="the meter is given another number of pulses than the sensor makes, at the ratio of its conditioner",
    telling=11,
    shows=Kind.ADDED,
    method="pulses of both taps",
    witness="pulses",
)
