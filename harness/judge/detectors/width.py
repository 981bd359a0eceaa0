"""Width: are some pulses as wide as no magnet of the rotor makes them?

A magnet that passes keeps a share of its interval, whatever the speed (Hall and reed alike; taximeters.md 3 [S16]), so that the widths of
neighbours follow the intervals.  Null: in steady motion the share of a pulse lies within a factor `factor` of what the same place of
the turn has, bounce and spikes of interference (narrower than `spike_us`) apart; others come as separate disturbances at an honest rate.  A box
that puts pulses in gives them a width of its own.  Needs both edges.  Source: taximeters.md 6 (D7).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import median_filter

from captures.model import EdgeKind, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet_on_count
from harness.judge.events import HONEST_EVENTS, counted, first_of_each, least_counted, poisson_p
from harness.judge.quantities import number
from harness.judge.sensor_class import chatter_s, pulses_per_m, sensor_class
from harness.judge.trains import channels, clipped, gaps_in_window, micro, segment_window, ticks_of, to_ns

NAME = "width"
NEIGHBOURS = 21  # pulses, over which the share of the usual pulse is told


def _reading(segment: Segment, train: PulseTrain, link: Link, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if train.levels is None or train.edge is not EdgeKind.BOTH or train.tick_s is None:
        return mute(f"{train.name}: both edges were not recorded")
    own = sensor_class(view.profile)
    if own is not None and own.bounce_us and pulses_per_m(view.profile) is None:
        return mute("K of the meter is not declared")  # how long its contact may chatter follows from it
    if gaps_in_window(segment, train):
        return mute(f"gap in {train.name}")
    ticks, levels = clipped(segment, train)
    assert levels is not None
    rises = np.flatnonzero((levels[:-1] == 1) & (levels[1:] == 0))
    spike = ticks_of(micro(view.parameters["spike_us"]), train.tick_s)
    width = ticks[rises + 1] - ticks[rises]
    # a contact that chatters closes briefly before it closes for good
    settled = np.append(np.diff(ticks[rises]) > int(chatter_s(view.profile) / float(train.tick_s)), True)
    wide = (width > spike) & settled
    begins, width = ticks[rises[wide]], width[wide].astype(np.float64)
    if begins.size < view.parameters["min_pulses"]:
        return mute(f"{train.name}: {begins.size} pulses are too few")
    gaps = np.diff(begins).astype(np.float64)
    # a real pulse between two others: the interval is that of its neighbours, taken from both sides, so that one put in between does not tell it
    period = median_filter(np.append(gaps, gaps[-1]), NEIGHBOURS, mode="nearest")
    share = width / period
    usual = median_filter(share, NEIGHBOURS, mode="nearest")
    drift = np.abs(np.log(period[NEIGHBOURS:] / period[:-NEIGHBOURS]))
    calm = np.zeros(share.size, dtype=bool)
    half = NEIGHBOURS // 2
    calm[half : half + drift.size] = drift < view.parameters["calm"]
    factor = view.parameters["factor"]
    odd = calm & ((share > factor * usual) | (share < usual / factor))
    if np.count_nonzero(calm) < view.parameters["min_pulses"]:
        return mute(f"{train.name}: too little steady motion")
    first, last = segment_window(segment, train)
    seconds, per_s = float((last - first) * train.tick_s), view.parameters["honest_per_s"]
    found = begins[odd]
    separate = found[first_of_each(found, ticks_of(micro(view.parameters["burst_us"]), train.tick_s))]
    hits = counted(int(separate.size), seconds, per_s, view.parameters)
    at: dict[str, Any] = {"station": train.station, "odd": int(found.size)}
    if hits:
        at["width_us"] = round(float(np.median(width[odd]) * train.tick_s) * 1e6, 1)
        stamps = to_ns(segment, train, separate[:1])
        at |= {} if stamps is None else {"onset_ns": int(stamps[0])}
    return Reading(
        NAME,
        segment.id,
        link,
        bet_on_count(hits, view.parameters, view.validation),
        p=poisson_p(int(separate.size), HONEST_EVENTS + per_s * seconds) if hits else 1.0,
        hits=hits,
        mde=least_counted(seconds, per_s, view.parameters) / begins.size,
        shape=Shape.SWITCHED if hits else None,
        at=at,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings: list[Reading] = []
    own, magnets = sensor_class(view.profile), number(view.profile, "magnets")
    for segment in segments:
        if segment.kind is not SegmentKind.TRIP:
            continue
        observed = stations(segment)
        for station in ("sensor", "input"):
            taps = channels(segment, station)
            if not taps:
                continue
            link = Link(upstream_of(station, observed), station)
            train = next(iter(taps.values()))
            if own is None or own.name != "magnet-rotor" or magnets is None or int(magnets) > NEIGHBOURS // 2:
                why = "the papers do not say that the pulses come straight from a rotor of a few magnets"
                readings.append(Reading(NAME, segment.id, link, 1.0, reason=why))
            else:
                readings.append(_reading(segment, train, link, view))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="in steady motion the share of its interval that a pulse takes is that of its neighbours, within a factor; others are rare",
    needs="both edges of one channel of sensor or input, a declared magnet rotor",
    parameters={
        "spike_us": 200.0,
        "min_pulses": 200.0,
        "calm": 0.5,
        "factor": 3.0,
        "burst_us": 50_000.0,
        "honest_per_s": 0.02,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="some pulses have a width that no magnet of the rotor makes",
    telling=40,
    shows=Kind.ADDED,
    witness="pulses",
)
