"""Acceleration: does the pulse rate rise faster than pump, valve and hose let the flow rise?

Null: inside a delivery the flow rises by no more than the declared `max_flow_rise_l_min_s`, over a stretch of pulses and
lastingly; surges that fall back, starts, and all falls (a valve may shut at any speed) are not judged.  Without the bound and
its source the test is mute: what a hydraulic line allows is a matter of the installation, and none of it is known beforehand.
Power is modest: over a stretch of 20 pulses at 40 L/min a bound of 60 L/min a second is broken by a rise of half the flow.
Source: statistics.md 1c (implausible acceleration); the gates are engineering values [D].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from captures.model import PulseTrain
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.disc import BOARD, deliveries, edges
from harness.judge.evalue import bet
from harness.judge.events import first_of_each
from harness.judge.pulses.acceleration import rises
from harness.judge.quantities import number
from harness.judge.trains import COMPARED, channels, gaps_in_window, micro, ticks_of, to_ns

NAME = "acceleration"


def _reading(segment: Segment, train: PulseTrain, link: Link, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    bound, k = number(view.profile, "max_flow_rise_l_min_s"), number(view.profile, "pulses_per_litre")
    if not bound or not k:
        return mute("how fast the flow may rise, or K, is not declared")
    if not str(view.profile.get("max_flow_rise_source", "")).strip():
        return mute("where the bound on the rise of the flow comes from is not declared")
    if train.tick_s is None:
        return mute(f"{train.name}: no sample rate")
    if gaps_in_window(segment, train):
        return mute(f"gap in {train.name}")
    ticks = edges(segment, train)
    stretch = int(view.parameters["stretch_pulses"])
    found = rises(ticks, stretch, ticks_of(micro(view.parameters["lasting_us"]), train.tick_s))
    judged = np.isfinite(found.slope)
    if not judged.any():
        return mute(f"{train.name}: too few pulses in steady motion")
    tick_s = float(train.tick_s)
    per_s2 = float(bound) / 60 * float(k)  # pulses a second, a second
    over = judged & (np.nan_to_num(found.slope) / tick_s**2 > per_s2)
    # told at the steepest place of each
    at_edges = ticks[found.edge[over]]
    first = first_of_each(at_edges, ticks_of(micro(view.parameters["apart_us"]), train.tick_s))
    hits = int(first.size)
    told: dict[str, object] = {"station": train.station}
    if hits:
        steepest = int(np.argmax(np.where(over, found.slope, -np.inf)))
        litres = float(found.edge[steepest]) / float(k)
        half = stretch / float(k)
        told |= {"onset_l": litres, "onset_interval_l": (max(litres - half, 0.0), litres + half)}
        told["rise_l_min_s"] = round(float(found.slope[steepest]) / tick_s**2 * 60 / float(k), 1)
        stamps = to_ns(segment, train, ticks[found.edge[steepest] : found.edge[steepest] + 1])
        if stamps is not None:
            told["onset_ns"] = int(stamps[0])
    usual = float(np.median(found.before[judged])) / tick_s
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hits > 0, view.parameters["q"], view.validation),
        p=view.parameters["q"] if hits else 1.0,
        hits=hits,
        mde=per_s2 * stretch / usual / usual,  # relative rise within the time of one stretch
        shape=Shape.SWITCHED if hits else None,
        at=told,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """One reading a segment: of the board, or of the encoder where both are tapped on one clock."""
    readings = []
    for segment, station, link, beside in deliveries(segments):
        if beside:
            readings.append(Reading(NAME, segment.id, BOARD, 1.0, reason=COMPARED))
        readings.append(_reading(segment, next(iter(channels(segment, station).values())), link, view))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=4,
    kind="detector",
    null="inside a delivery the flow rises lastingly by no more than declared, over a stretch of pulses",
    needs="one channel of board or encoder, declared pulses per litre, and a declared bound on the rise of the flow with its "
    "source",
    parameters={"q": 3e-4, "stretch_pulses": 20.0, "lasting_us": 1_000_000.0, "apart_us": 2_000_000.0},
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="the pulse rate rises faster than pump, valve and hose let the flow rise",
    telling=49,
    shows=Kind.ADDED,
    witness="pulses",
)
