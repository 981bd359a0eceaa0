"""Distance scale: is more distance told than was travelled, by one constant share beyond what wear and adjustment make?

Null: the share told too much is at most `bound` (the limit of 1 %, a year of tyre wear of 2.5 % and what pressure, load and the roller
add), with the uncertainties of reference, resolution and count, or trips of no common share of which some lie within it.  One-sided: too little harms no customer, and is left to
conformity.  A constant share is a matter of K, tyres and gears, whatever made it: what this finds is scale and not
pulses put in, and alone at most suspect (field_rules.md section 6).  Trips that differ among themselves by more than their
uncertainty have no scale, and where some lie within the bound only `gain-change`, `leg-share`, `course` and the tests of pulses speak.  Source: taximeters.md 0 (findings 4 and 5) and 6 (D8).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from harness.judge.account import Kind
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.distances import FROM_SATELLITES, distance
from harness.judge.evalue import bet

NAME = "distance-scale"
REFERENCE = "reference"


def _stations(segment: Segment, view: View) -> list[str]:
    """What is held to the reference: the taps by K, and the last station that tells kilometres."""
    seen = stations(segment)
    if REFERENCE not in seen or segment.kind is not SegmentKind.TRIP:
        return []
    taps = [name for name in ("input", "sensor") if name in seen][:1]
    shown = [name for name in ("distance", "record") if name in seen][:1]
    return [*taps, *shown]


def _reading(segment: Segment, station: str, view: View) -> Reading:
    link = Link(REFERENCE, station)
    told, true = distance(segment, station, view.profile), distance(segment, REFERENCE, view.profile)
    why = told.why_not or true.why_not or ("" if segment.complete else "the trip was cut")
    if not why and true.metres < view.parameters["min_m"]:
        why = f"{true.metres:.0f} m are too little"
    if why:
        return Reading(NAME, segment.id, link, 1.0, reason=why)
    error = told.metres / true.metres - 1
    by = str(segment.context.get("reference", ""))
    floor = view.parameters["satellites_rel" if by in FROM_SATELLITES else "repeatability"]
    u = math.hypot(told.u, true.u) / true.metres
    u = math.hypot(u, floor)
    bound = view.parameters["bound"]
    p = float(stats.norm.sf((error - bound) / u))
    hit = p < view.parameters["q"]
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=min(1.0, p),
        hits=int(hit),
        effect=error,
        interval=(error - 1.96 * u, error + 1.96 * u),
        mde=bound + (float(stats.norm.isf(view.parameters["q"])) + 1.2816) * u,
        shape=Shape.CONSTANT if hit else None,
        at={"metres": round(true.metres, 1), "u": u, "beyond_wear": hit},
    )


def _one_share(readings: Sequence[Reading], q: float) -> bool:
    """Whether one share explains all trips that spoke: chi squared about their weighted mean."""
    if len(readings) < 2:
        return True
    error = np.array([one.effect for one in readings], dtype=np.float64)
    weight = 1 / np.array([one.at["u"] for one in readings], dtype=np.float64) ** 2
    mean = float(np.sum(weight * error) / np.sum(weight))
    left = float(np.sum(weight * (error - mean) ** 2))
    return float(stats.chi2.sf(left, error.size - 1)) > q


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """Readings of every trip; of a link over which the trips have no common share none hits, unless each of them tells too much."""
    readings = [_reading(segment, station, view) for segment in segments for station in _stations(segment, view)]
    for link in {reading.link for reading in readings}:
        own = [one for one in readings if one.link == link and one.spoke]
        if not all(one.hits for one in own) and not _one_share(own, view.parameters["q_scatter"]):
            readings = [
                replace(one, e=1.0, p=1.0, hits=0, shape=None, at={**one.at, "scattered": True})
                if one in own and one.hits
                else one
                for one in readings
            ]
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="the share of distance told too much lies within limit and wear, or the trips have no common share and some lie within",
    needs="a reference for the trip, and K with a tap or a displayed distance",
    parameters={
        "bound": 0.045,
        "repeatability": 0.003,
        "satellites_rel": 0.0075,
        "min_m": 900.0,
        "q": 3e-4,
        "q_scatter": 1e-3,
    },
    judge=judge,
    mechanism="more distance is told than was travelled, by one constant share: a matter of scale",
    telling=58,
    shows=Kind.SCALED,
    method="distance of the reference",
    conformity_alone=True,
)
