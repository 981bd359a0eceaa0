"""Constant gain: is the mean error beyond what honest wear and adjustment make?

Null: |error of indication| of a delivery is at most `bound` (twice the maximum permissible error), with the stated
uncertainty of the reference, the resolution and the repeatability.  An error alone is conformity, not cheating:
whatever this finds is at most suspect (the verdict's rule).  Source: design.md section 6; statistics.md T7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.quantities import calibrated, volume
from harness.judge.reading_errors import sure
from harness.judge.smoothness import rough

NAME = "constant-gain"


def _stations(segment: Segment, view: View) -> list[str]:
    """What is compared with the reference: what is shown, and the encoder where its pulses per litre are sealed."""
    observed = stations(segment)
    if "reference" not in observed or segment.kind is not SegmentKind.DELIVERY:
        return []
    shown: tuple[str, ...] = ("register", "display")
    found = [name for name in shown if name in observed][:1]
    if "encoder" in observed and view.profile.get("sealed_k") and not calibrated(view.profile):
        found.append("encoder")
    return found


def _reading(segment: Segment, station: str, view: View) -> Reading:
    link = Link("reference", station)
    shown, true = volume(segment, station, view.profile), volume(segment, "reference", view.profile)
    why = shown.why_not or true.why_not or ("" if segment.complete else "the delivery was cut")
    if why:
        return Reading(NAME, segment.id, link, 1.0, reason=why)
    if true.litres < view.parameters["min_l"]:
        return Reading(NAME, segment.id, link, 1.0, reason=f"{true.litres:.2f} L are too little")
    error = (shown.litres - true.litres) / true.litres
    u = math.hypot(shown.u, true.u, view.parameters["offset_l"]) / true.litres
    u = math.hypot(u, view.parameters["repeatability"])
    bound = view.parameters["bound"]
    p = min(1.0, 2 * float(stats.norm.sf((abs(error) - bound) / u)))
    hit = p < view.parameters["q"]
    if hit and rough(segment, view.profile):
        why = f"an error of {error:+.2%}, but the flow was not that of liquid alone: gas or vapour may make it"
        return Reading(NAME, segment.id, link, 1.0, reason=why)
    certain = all(sure(segment, name, view.profile) for name in ("reference", station))
    q = view.parameters["q"] if certain else view.parameters["q_eye"]
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, q, view.validation),
        p=p if certain else max(p, q),
        hits=int(hit),
        effect=error,
        interval=(error - 1.96 * u, error + 1.96 * u),
        mde=bound + (float(stats.norm.isf(view.parameters["q"] / 2)) + 1.2816) * u,
        shape=Shape.CONSTANT if hit else None,
        at={"sure": certain, "litres": true.litres, "u": u},
    )


def _one_gain(hits: Sequence[Reading], q: float) -> bool:
    """Whether one gain and one fixed volume explain all deliveries that hit: chi squared of E = g + c / V."""
    n = len(hits)
    if n < 3:
        return True
    error = np.array([reading.effect for reading in hits], dtype=np.float64)
    u = np.array([reading.at["u"] for reading in hits], dtype=np.float64)
    litres = np.array([reading.at["litres"] for reading in hits], dtype=np.float64)
    terms = np.stack([np.ones(n), 1 / litres], axis=1)[:, : 2 if np.ptp(litres) > 0.2 * litres.min() else 1]
    fitted, *_ = np.linalg.lstsq(terms / u[:, None], error / u, rcond=None)
    left = float(np.sum(((error - terms @ fitted) / u) ** 2))
    dof = n - terms.shape[1]
    return dof < 1 or float(stats.chi2.sf(left, dof)) > q


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """Readings of every delivery.  Where those beyond the bound differ among themselves by more than their uncertainty, no
    gain of the instrument explains them, nor where most deliveries do not show it: air, vapour, a measure badly drained are never twice alike."""
    readings = [_reading(segment, station, view) for segment in segments for station in _stations(segment, view)]
    for link in {reading.link for reading in readings}:
        hits = [reading for reading in readings if reading.link == link and reading.hits]
        spoke = sum(reading.link == link and reading.spoke for reading in readings)
        if 2 * len(hits) < spoke or not _one_gain(hits, view.parameters["q_scatter"]):
            readings = [
                replace(r, e=1.0, p=1.0, hits=0, shape=None, at={**r.at, "scattered": True}) if r in hits else r
                for r in readings
            ]
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="law",
    null="the error of indication lies within twice the maximum permissible error, or scatters as no gain does, or gas passes the meter",
    needs="a reference for the delivery, display or register at rest",
    parameters={
        "bound": 0.006,
        "repeatability": 0.0006,
        "offset_l": 0.01,
        "min_l": 2.0,
        "q": 3e-4,
        "q_eye": 0.02,
        "q_scatter": 1e-3,
    },
    judge=judge,
    mechanism="the error is beyond what honest adjustment makes",
    telling=56,
    method="volume of the reference",
    sized=True,
    conformity_alone=True,
)
