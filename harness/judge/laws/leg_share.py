"""Leg share: is too much distance told, and more of it on one leg than on another?

A driver who works something for his passenger works it here and there; tyres, gears and K tell too much by one share all the way.  Null: what is told
too much lies within `bound` (limit, wear, reference), or is one share of every leg between two readings of the display.  The scatter of the
legs about one share is chi squared of their uncertainties: the display's resolution (its cut is
triangular between two readings), the reference, and what wheels slip by (`slip_rel` of the leg and `slip_m`).  Both parts have to be excluded, and
stay so whichever one reading is left out, because one digit may be misread.  Source: taximeters.md 1 (C01 to C09: bursts
at a few instants, normal otherwise), GUM first order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from harness.judge.account import Kind
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet

NAME = "leg-share"
REFERENCE, DISTANCE = "reference", "distance"
LEAST_LEGS = 3
Leg = tuple[float, float, float]  # metres displayed, metres driven, standard uncertainty of what stands between them


def _legs(segment: Segment, view: View) -> list[Leg] | str:
    register = segment.registers.get("distance")
    told = segment.context.get("legs_m", ())
    if register is None or not isinstance(told, tuple) or not told:
        return "no two readings of the distance with a reference between them"
    shown = dict(zip(register.times_ns.tolist(), register.values, strict=True))
    step_m = float(register.resolution) * 1000
    found = []
    for begin_ns, end_ns, metres, u in told:
        if begin_ns not in shown or end_ns not in shown or metres < view.parameters["min_m"]:
            continue
        slip = view.parameters["slip_rel"] * metres + view.parameters["slip_m"]
        own = float(shown[end_ns] - shown[begin_ns]) * 1000
        found.append((own, float(metres), math.hypot(step_m / math.sqrt(6), u, slip)))
    return found if len(found) > LEAST_LEGS else f"{len(found)} legs are too few"


def _tested(legs: Sequence[Leg], bound: float) -> tuple[float, float]:
    """(p of both parts together, share told too much): the greater of p of the scatter and p of the whole within `bound`."""
    shown, driven, u = np.array(legs, dtype=np.float64).T
    weight = (driven / u) ** 2
    share = float(np.sum(weight * shown / driven) / np.sum(weight))
    scatter = float(np.sum(weight * (shown / driven - share) ** 2))
    whole, u_whole = float(shown.sum() / driven.sum() - 1), float(np.sqrt(np.sum(u**2)) / driven.sum())
    p_scatter = float(stats.chi2.sf(scatter, len(legs) - 1))
    return max(p_scatter, float(stats.norm.sf((whole - bound) / u_whole))), whole


def _without(legs: Sequence[Leg], which: int) -> list[Leg]:
    """As if the reading between legs `which - 1` and `which` had not been taken; the first and the last end a leg."""
    if not 0 < which < len(legs):
        return [*legs[1:]] if which == 0 else [*legs[:-1]]
    (a, r, u), (b, s, v) = legs[which - 1], legs[which]
    return [*legs[: which - 1], (a + b, r + s, math.hypot(u, v)), *legs[which + 1 :]]


def _reading(segment: Segment, view: View) -> Reading:
    link, bound, q = Link(REFERENCE, DISTANCE), view.parameters["bound"], view.parameters["q"]
    legs = _legs(segment, view)
    if isinstance(legs, str):
        return Reading(NAME, segment.id, link, 1.0, reason=legs)
    p, whole = _tested(legs, bound)
    p = max(p, *(_tested(_without(legs, which), bound)[0] for which in range(len(legs) + 1)))
    hit = p < q
    shares = [round(shown / driven - 1, 4) for shown, driven, _ in legs]
    at = {"legs": len(legs), "least_leg": min(shares), "most_leg": max(shares)}
    return Reading(
        NAME, segment.id, link, bet(hit, q, view.validation), p=min(1.0, p), hits=sum(one > bound for one in shares) if hit else 0,
        effect=whole, shape=Shape.SWITCHED if hit else None, at=at,
    )  # fmt: skip


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """One reading a trip whose distance was read on the way."""
    return [
        _reading(one, view)
        for one in segments
        if one.kind is SegmentKind.TRIP and {REFERENCE, DISTANCE} <= stations(one)
    ]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="what is told too much lies within limit and wear, or is one share of every leg",
    needs="a reference on the way, and the displayed distance read four times and more in one trip",
    parameters={"bound": 0.045, "slip_rel": 0.01, "slip_m": 5.0, "min_m": 300.0, "q": 3e-4},
    judge=judge,
    one_by_one=True,
    mechanism="more distance is told than was travelled, on some legs of a trip and not on others",
    telling=62,
    shows=Kind.ADDED,
    method="distance of the reference, leg by leg",
)
