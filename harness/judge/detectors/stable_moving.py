"""Stable flag: the line calls a reading stable while the weight moves, or never calls it stable at all.

Null: an indicator looks back over a second at most (stability bands of some quarters of an interval within 0.4 to 1 s), so a weight
that moves by several intervals within a second cannot carry the flag in every frame from before it began to move until after
it came to rest.  Rarely a single moving frame is lost.  What keys do at once (zero, tare, unit) is left out, and lines too slow to
show one frame of movement are not judged.  In a loading where the weight stands for long, an honest indicator says so in some frame,
unless something below what is shown keeps it from it.  A flag that stays up in most of the loadings that move is out of use or
wide by its settings: then nothing is claimed of any of them.  Source: scales.md 1A (S24), 3 (stability test).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Flag
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.events import first_of_each
from harness.judge.weight_line import NS, WITNESS, Frames, at_rest, meets, streams, whole, worked

NAME = "stable-moving"
Bools = npt.NDArray[np.bool_]


def moving(line: Frames, view: View) -> tuple[Bools, Bools]:
    """(moved, called stable throughout) by frame (n,): whether the reading changes by more than the band within a second from it,
    and whether every frame from shortly before until after that is flagged stable and none is missing."""
    parameters = view.parameters
    times = line.times_ns
    span, after, before = (round(parameters[key] * NS) for key in ("span_s", "after_s", "before_s"))
    later = np.searchsorted(times, times + span, "right") - 1
    band = (parameters["band_e"] + float(view.profile.get("display_hysteresis_e", 0) or 0)) * line.e
    moved = np.abs(line.steps[later] - line.steps) > band
    first = np.searchsorted(times, times - before)
    last = np.searchsorted(times, times + span + after, "right") - 1
    unstable = (line.flags & np.uint8(Flag.STABLE)) == 0
    missing = np.append(np.diff(times) > round(parameters["gap_s"] * NS), True)
    odd = np.concatenate([[0], np.cumsum(unstable)])
    lost = np.concatenate([[0], np.cumsum(missing)])
    heard = (lost[last] == lost[first]) & (times - before >= times[0]) & (times + span + after <= times[-1])
    return moved & heard, moved & heard & (odd[last + 1] == odd[first])


def _reading(segment: Segment, station: str, view: View) -> Reading:
    link = Link("load", station)
    line = whole(segment, station, view.profile)
    if Flag.STABLE not in line.told:
        return Reading(NAME, segment.id, link, 1.0, reason="the line tells nothing of stability")
    if len(line) < 10 or line.frame_ns > round(view.parameters["gap_s"] * NS) // 2:
        return Reading(NAME, segment.id, link, 1.0, reason="the line is too slow to show a moving frame")
    moved, flagged = moving(line, view)
    spans = worked(segment, NS // 2, 5 * NS)
    at = np.flatnonzero(flagged)
    separate = at[first_of_each(line.times_ns[at], round(view.parameters["burst_s"] * NS))] if at.size else at
    times = [t for t in line.times_ns[separate].tolist() if not meets([*spans, *line.holes], t - NS, t + 2 * NS)]
    if times:
        share = float(flagged.sum()) / max(float(moved.sum()), 1.0)
        told = {"stable": "moving", "moved": True, "onset_ns": times[0], "share": round(share, 3)}
        return _hit(segment, link, len(times), view.parameters["q"], told, view)
    if _never(segment, station, view):
        return _hit(segment, link, 1, view.parameters["q_never"], {"stable": "never"}, view)
    still = {"moved": True} if moved.any() else {}
    return Reading(NAME, segment.id, link, bet(False, view.parameters["q"], view.validation), p=1.0, at=still)


def _never(segment: Segment, station: str, view: View) -> bool:
    """The load stood on one code, or two neighbours, for long and no frame says it is stable."""
    line = at_rest(segment, station, view.profile)
    if line.seconds < view.parameters["long_s"] or ((line.flags & np.uint8(Flag.STABLE)) != 0).any():
        return False
    return bool(np.ptp(line.steps) <= line.e)


def _hit(segment: Segment, link: Link, hits: int, q: float, at: dict[str, Any], view: View) -> Reading:
    e = bet(True, q, view.validation)
    return Reading(NAME, segment.id, link, e, p=q, hits=hits, shape=Shape.EXTRA, at={"sure": True, **at})


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = [_reading(segment, station, view) for segment, station in streams(segments)]
    told: dict[Link, list[Reading]] = {}
    for reading in readings:
        if reading.spoke and "moved" in reading.at:
            told.setdefault(reading.link, []).append(reading)
    # of an indicator whose flag stays up as a rule the flag says nothing: one property of a device, seen again in each loading
    usual = {link for link, own in told.items() if 2 * sum(one.at.get("stable") == "moving" for one in own) > len(own)}
    return [replace(one, e=1.0, at={**one.at, "usual": True}) if one.link in usual else one for one in readings]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="no weight moves by several intervals in a second while every frame before, during and after calls it stable, and one that stands is called so",
    needs="a line that tells of stability, several frames a second, loads that come and go",
    parameters={
        "band_e": 5.0, "span_s": 1.0, "before_s": 0.3, "after_s": 1.5, "gap_s": 0.5, "burst_s": 3.0, "long_s": 20.0, "q": 3e-4,
        "q_never": 0.05,
    },
    judge=judge,
    weight=0.5,
    mechanism="the line calls a weight stable while it moves, or never does",
    telling=58,
    witness=WITNESS,
    one_by_one=True,
    shows=Kind.UNDETERMINED,
)  # fmt: skip
