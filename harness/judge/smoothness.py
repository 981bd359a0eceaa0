"""How smoothly the fuel ran inside a delivery: what gas, vapour and a starved pump cannot leave smooth.

Liquid alone follows pump and valve: flow means of half a second scatter by 1 to 2 %.  Gas in the line
makes the pulses ragged, vapour and an empty suction pipe let the flow break in (fuel_dispensers.md 1.3, C21 C25: "intervals
ragged"; the bound of 2.5 % is grade D).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.judge.contract import Segment
from harness.judge.volumes import track

SMOOTH = 0.025  # relative sd of half-second means about their straight line
_WINDOW_NS = 500_000_000
_START_L, _END_L = 1.5, 1.0  # start-up, and the slow stage before a preset
_LEAST = 8  # windows


def unrest(segment: Segment, profile: Mapping[str, Any]) -> float | None:
    """Relative sd of the half-second flow means in the middle of a delivery, None where no pulses tell."""
    for station, tap in (("reference", "reference.P"), ("encoder", "encoder.A")):
        found = track(segment, station, profile) if tap in segment.trains else ""
        if isinstance(found, str):
            continue
        first, last = np.searchsorted(found.litres, (_START_L, found.litres[-1] - _END_L))
        if last - first < 2:
            return None
        t_ns = found.t_ns - found.t_ns[first]
        edges = np.arange(0, int(t_ns[last]), _WINDOW_NS)
        volumes = np.diff(np.interp(edges.astype(np.float64), t_ns.astype(np.float64), found.litres))
        if volumes.size < _LEAST or volumes.min() <= 0:
            return None
        place = np.arange(volumes.size, dtype=np.float64)
        trend = np.polynomial.polynomial.polyfit(place, volumes, 1)
        left = volumes - np.polynomial.polynomial.polyval(place, trend)
        return float(np.sqrt(np.sum(left**2) / (volumes.size - 2)) / volumes.mean())
    return None


def rough(segment: Segment, profile: Mapping[str, Any]) -> bool:
    """The flow was seen, and it was not that of liquid alone, steadily fed."""
    found = unrest(segment, profile)
    return found is not None and found > SMOOTH


def smooth(segment: Segment, profile: Mapping[str, Any]) -> bool:
    """The flow was seen, and it was that of liquid."""
    found = unrest(segment, profile)
    return found is not None and found <= SMOOTH
