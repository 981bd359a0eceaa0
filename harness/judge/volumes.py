"""Continuous volume of a station inside one delivery: volume against host time, for the course of the error.

From a pulse train (interpolated between pulses) or from register polls.  Litres as floats; times integer ns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array, PulseTrain
from harness.judge.contract import Segment
from harness.judge.pulses.gray import decode
from harness.judge.quantities import divided, number
from harness.judge.trains import channels, clipped, gaps_in_window, to_ns, walked

Floats = npt.NDArray[np.float64]
MOST_DOUBLE = 1e-3  # share of steps in which both channels changed at one tick


@dataclass(frozen=True, eq=False)
class Track:
    """`t_ns` (n,) strictly increasing, `litres` (n,) cumulative, `u_ns` (n,) half-width of each time, `step_l` the
    resolution."""

    t_ns: Int64Array
    litres: Floats
    u_ns: Int64Array
    step_l: float


def pulses(segment: Segment, train: PulseTrain, per_litre: float) -> Track | str:
    """A track of the rising edges, or why there is none."""
    if gaps_in_window(segment, train):
        return f"gap in {train.name}"
    ticks, levels = clipped(segment, train)
    return _pulses(segment, train, ticks if levels is None else ticks[levels == 1], per_litre)


def _pulses(segment: Segment, train: PulseTrain, counted: Int64Array, per_litre: float) -> Track | str:
    stamps = to_ns(segment, train, counted)
    if stamps is None:
        return f"{train.name}: its clock is not tied to the host's"
    if stamps.size < 20:
        return f"{train.name}: {stamps.size} pulses are too few"
    keep = np.concatenate([[True], np.diff(stamps) > 0])
    stamps = stamps[keep]
    litres = np.arange(1, stamps.size + 1, dtype=np.float64) / per_litre
    return Track(stamps, litres, np.zeros(stamps.size, dtype=np.int64), 1.0 / per_litre)


def track(segment: Segment, station: str, profile: Mapping[str, Any]) -> Track | str:
    """The track of "reference", "encoder", "board" or "register", or why there is none."""
    if station == "reference":
        k, train = number(profile, "reference_pulses_per_litre"), segment.trains.get("reference.P")
        if train is None:
            return "no in-line reference"
        return pulses(segment, train, float(k)) if k else "reference pulses per litre not declared"
    if station in ("encoder", "board"):
        part = divided(profile)
        if part:
            return part
        k = number(profile, "pulses_per_litre")
        taps = channels(segment, station)
        if not taps:
            return f"{station} not tapped"
        return pulses(segment, next(iter(taps.values())), float(k)) if k else "pulses per litre not declared"
    register = segment.registers.get(station)
    if register is None or len(register.values) < 12:
        return f"{station}: fewer than 12 readings inside the delivery"
    order = np.argsort(register.times_ns, kind="stable")
    t_ns = register.times_ns[order]
    keep = np.concatenate([[True], np.diff(t_ns) > 0])
    litres = np.array([float(value) for value in register.values], dtype=np.float64)[order]
    return Track(t_ns[keep], litres[keep], register.u_ns[order][keep], float(register.resolution))


def netted(segment: Segment, station: str, profile: Mapping[str, Any]) -> Track | None:
    """The track that a declared decoder of both channels makes of "encoder" or "board", which what is on one of them alone
    moves there and back; None where it counts the pulses that `track` does, or cannot be told."""
    a, k = channels(segment, station).get("A"), number(profile, "pulses_per_litre")
    b = None if a is None else walked(segment, a, profile)
    if a is None or b is None or k is None or gaps_in_window(segment, a) or divided(profile):
        return None
    (a_ticks, a_levels), (b_ticks, b_levels) = clipped(segment, a), clipped(segment, b)
    assert a_levels is not None
    assert b_levels is not None
    walk = decode(a_ticks, a_levels, b_ticks, b_levels)
    if np.count_nonzero(walk.double) > MOST_DOUBLE * walk.ticks.size:  # too coarse to tell which of the two came first
        return None
    place = np.cumsum(walk.direction, dtype=np.int64)
    furthest = np.maximum.accumulate(place if place.size and place[-1] >= 0 else -place)
    counted = walk.ticks[np.flatnonzero(np.diff(furthest // 4, prepend=0) > 0)]
    if abs(counted.size - np.count_nonzero(a_levels == 1)) <= 1:
        return None
    found = _pulses(segment, a, counted, float(k))
    return None if isinstance(found, str) else found
