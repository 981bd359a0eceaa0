"""Plateau noise: one load at rest shows far more scatter, or far less, than the others of its size on this instrument.

Null: separate readings of a load at rest scatter with at least half the noise of the quietest and at most twice that of the noisiest
other loading of like load in this case (weights/noise.py; readings a second apart, the phase of the level unknown).  A display
that sits on one code throughout is normal on a shop scale: there the test has no power and says so.  A field beside the
indicator (T08) raises the scatter, a simulator in the cells' place (T09) ends it; so do wind and an engine switched off,
which nothing here excludes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.rest_steps import followed
from harness.judge.weight_line import NS, WITNESS, at_rest, streams
from harness.judge.weights.noise import learned, noisy_p, quiet_p
from harness.judge.weights.runs import thinned

NAME = "plateau-noise"


@dataclass(frozen=True, eq=False)
class Plateau:
    """Separate readings of one load at rest, less their median; `level` in steps, `scatter` their standard deviation."""

    segment: str
    readings: Int64Array
    level: float
    scatter: float


def plateau(segment: Segment, station: str, view: View) -> Plateau | str:
    line = at_rest(segment, station, view.profile)
    kept = thinned(line.times_ns, max(line.update_ns, round(view.parameters["apart_s"] * NS)))
    if kept.size < view.parameters["least"]:
        return "too few separate readings at rest"
    readings = line.steps[kept[: int(view.parameters["most"])]]
    level = float(np.median(readings))
    if abs(level) < view.parameters["min_e"] * line.e:
        return "too little on the scale"
    return Plateau(segment.id, readings - round(level), level, float(readings.std()))


def _reading(own: Plateau, others: Sequence[Plateau], link: Link, view: View) -> Reading:
    times = view.parameters["times"]
    noisiest, quietest = max(others, key=lambda one: one.scatter), min(others, key=lambda one: one.scatter)
    p, what = 1.0, ""
    if own.scatter > times * noisiest.scatter and own.scatter > 0.5:
        known = learned([noisiest.readings])
        p, what = noisy_p(own.readings, times * known.most) if known is not None else 1.0, "noisy"
    elif own.scatter * times < quietest.scatter:
        known = learned([quietest.readings])
        found = quiet_p(own.readings, known.least / times) if known is not None and known.least > 0 else None
        p, what = 1.0 if found is None else found, "quiet"
    elif quietest.scatter == 0 and own.scatter == 0:
        return Reading(NAME, own.segment, link, 1.0, reason="the display sits on one code: no power")
    hit = p < view.parameters["p_hit"]
    return Reading(
        NAME,
        own.segment,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=view.parameters["q"] if hit else 1.0,
        hits=int(hit),
        shape=Shape.EXTRA if hit else None,
        at={"scatter": round(own.scatter, 3), "others": [round(quietest.scatter, 3), round(noisiest.scatter, 3)]} | ({"plateau": what} if hit else {}),
    )  # fmt: skip


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    found = [(segment, station, plateau(segment, station, view)) for segment, station in streams(segments)]
    plateaus = {
        station: [one for _, name, one in found if name == station and isinstance(one, Plateau)]
        for station in {name for _, name, _ in found}
    }
    levels = {station: np.array([one.level for one in own]) for station, own in plateaus.items()}
    readings = []
    for segment, station, own in found:
        link = Link("load", station)
        if isinstance(own, str):
            readings.append(Reading(NAME, segment.id, link, 1.0, reason=own))
            continue
        ratio = levels[station] / own.level
        near = np.flatnonzero((ratio >= 1 / view.parameters["like"]) & (ratio <= view.parameters["like"]))
        others = [plateaus[station][i] for i in near.tolist() if plateaus[station][i] is not own]
        if len(others) < view.parameters["least_others"]:
            readings.append(Reading(NAME, segment.id, link, 1.0, reason="fewer than four other loads of its size"))
            continue
        read = _reading(own, others, link, view)
        if read.hits and read.at["plateau"] == "noisy" and _stepped(segment, station, view):
            read = Reading(NAME, segment.id, link, 1.0, reason="it moved while it lay there")
        readings.append(read)
    return readings


def _stepped(segment: Segment, station: str, view: View) -> bool:
    own = followed(segment, station, view.profile, 1.0)
    return not isinstance(own, str) and bool(own.found)


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="a load at rest scatters at most twice as much as the noisiest and at least half as much as the quietest of the other loads of its size",
    needs="the scale's line at rest for fifteen seconds in five loadings of like size, on displays that flicker",
    parameters={
        "apart_s": 1.0, "least": 12.0, "most": 120.0, "min_e": 20.0, "like": 3.0, "least_others": 4.0, "times": 2.0, "p_hit": 1e-3,
        "q": 0.01,
    },
    judge=judge,
    weight=0.25,
    mechanism="a load at rest shows another noise than the others",
    telling=60,
    witness=WITNESS,
    shows=Kind.UNDETERMINED,
)  # fmt: skip
