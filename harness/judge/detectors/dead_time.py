"""Dead time: do two pulses follow each other faster than the meter can turn at its greatest flow?

Null: no interval of one channel is shorter than 0.8 of that of the declared greatest flow (K pulses per litre), apart from contact bounce beside
an edge (shorter than `bounce_us`) and separate disturbances at an honest rate.  A stream that is faster as a whole says
that the declared flow or K is wrong, and then the test is mute.  Source: statistics.md 1c (dead time); the bounce time is an
engineering value for optical and magnetic pulsers [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from captures.model import EdgeKind, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet_on_count
from harness.judge.events import HONEST_EVENTS, counted, first_of_each, least_counted, poisson_p
from harness.judge.pulses.medians import median
from harness.judge.quantities import number
from harness.judge.trains import channels, clipped, gaps_in_window, micro, segment_window, ticks_of, to_ns

NAME = "dead-time"


def shortest_s(view: View) -> Fraction | None:
    """The shortest honest interval in seconds: 60 / (Q_max K), with a margin; None where either is undeclared."""
    flow, k = number(view.profile, "max_flow_l_min"), number(view.profile, "pulses_per_litre")
    if not flow or not k:
        return None
    return Fraction(60) / (Fraction(flow) * Fraction(k)) * Fraction(str(view.parameters["margin"]))


def _reading(segment: Segment, train: PulseTrain, link: Link, least_s: Fraction, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if train.tick_s is None:
        return mute(f"{train.name}: no sample rate")
    if gaps_in_window(segment, train):
        return mute(f"gap in {train.name}")
    ticks, levels = clipped(segment, train)
    ticks = ticks if levels is None or train.edge is not EdgeKind.BOTH else ticks[levels == 1]
    if ticks.size < view.parameters["min_pulses"]:
        return mute(f"{train.name}: {ticks.size} pulses are too few")
    intervals = np.diff(ticks)
    least = ticks_of(least_s, train.tick_s)
    if int(median(intervals)) < least:
        return mute(f"{train.name}: faster than the declared greatest flow as a whole: is flow or K declared rightly?")
    bounce = ticks_of(micro(view.parameters["bounce_us"]), train.tick_s)
    found = ticks[1:][(intervals < least) & (intervals >= bounce)]
    found = found[first_of_each(found, ticks_of(micro(view.parameters["burst_us"]), train.tick_s))]
    first, last = segment_window(segment, train)
    seconds, per_s = float((last - first) * train.tick_s), view.parameters["honest_per_s"]
    hits = counted(int(found.size), seconds, per_s, view.parameters)
    at: dict[str, object] = {"station": train.station, "shortest_us": round(float(least * train.tick_s) * 1e6)}
    stamps = to_ns(segment, train, found) if hits else None
    if stamps is not None:
        at["onset_ns"] = int(stamps[0])
    return Reading(
        NAME,
        segment.id,
        link,
        bet_on_count(hits, view.parameters, view.validation),
        p=poisson_p(int(found.size), HONEST_EVENTS + per_s * seconds) if hits else 1.0,
        hits=hits,
        effect=hits / ticks.size if hits else 0.0,
        mde=least_counted(seconds, per_s, view.parameters) / float(ticks.size),
        shape=Shape.EXTRA if hits else None,
        at=at,
    )


def _segment(segment: Segment, least_s: Fraction | None, view: View) -> list[Reading]:
    """One reading a station: of the encoder, and of the board where the encoder does not show the same."""
    observed = stations(segment)
    readings: list[Reading] = []
    for station in ("encoder", "board"):
        taps = channels(segment, station)
        if not taps:
            continue
        link = Link(upstream_of(station, observed), station)
        if least_s is None:
            readings.append(Reading(NAME, segment.id, link, 1.0, reason="greatest flow or K not declared"))
            continue
        reading = max((_reading(segment, t, link, least_s, view) for t in taps.values()), key=lambda r: r.hits)
        if readings and readings[0].hits >= 0.8 * max(reading.hits, 1):
            reading = Reading(NAME, segment.id, link, 1.0, reason="the encoder shows the same")
        readings.append(reading)
    return readings


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    least_s = shortest_s(view)
    return [r for s in segments if s.kind is not SegmentKind.SHUT for r in _segment(s, least_s, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="no interval is shorter than at the greatest flow, apart from bounce beside an edge and rare disturbances",
    needs="one channel of encoder or board, declared greatest flow and pulses per litre",
    parameters={
        "margin": 0.8,
        "bounce_us": 1500.0,
        "burst_us": 50_000.0,
        "min_pulses": 100.0,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "honest_per_s": 0.5,
        "q_few": 0.015,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="pulses follow each other faster than the meter can turn",
    telling=42,
    shows=Kind.ADDED,
    witness="pulses",
)
