"""The fastest honest rise: an axle rolls on, the filter follows (scales.md 1D, T01-T08).

Null: what is put on comes axle by axle, none heavier than `axle`, no two closer than `spacing` in time; each mounts within
`mount_s`, the deck overshoots by at most `overshoot` (second order, exp(-pi z/sqrt(1 - z^2))), and the indicator filters with
at least `filter_s` (first order; 0 where undeclared).  Within a span w each axle, new or still settling, rises by at most
its weight x (1 + overshoot) x late(w), late(w) = min(1 - exp(-w/filter), w/mount); of axles S apart there are 1 + whole w/S in
the span, and what the filter still owes of those before it adds 1/(exp(S/filter) - 1).  And a step of rounding.  With
neither filter nor mounting declared only a jump of more than one axle is impossible.  Falls have the same bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, pi, sqrt

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats


@dataclass(frozen=True)
class DriveOn:
    """What can roll on at most: `axle` in steps, seconds between two axles, seconds that one takes to mount, time constant of
    the filter in seconds, overshoot as a share of the axle."""

    axle: float
    spacing_s: float
    mount_s: float = 0.0
    filter_s: float = 0.0
    overshoot: float = 0.0

    def __post_init__(self) -> None:
        if self.axle <= 0 or self.spacing_s <= 0:
            raise ValueError(f"drive-on: expected an axle and a spacing above 0, got {self.axle} and {self.spacing_s}")

    def rise(self, span_s: Floats) -> Floats:
        """Most that the reading may rise within each span (n,), steps."""
        late, owed = np.ones_like(span_s), 0.0
        if self.filter_s > 0:
            late = -np.expm1(-span_s / self.filter_s)
            owed = 1 / expm1(min(self.spacing_s / self.filter_s, 700.0))
        if self.mount_s > 0:
            late = np.minimum(late, span_s / self.mount_s)
        result: Floats = self.axle * (1 + self.overshoot) * (1 + np.floor(span_s / self.spacing_s) + owed) * late + 1.0
        return result


def overshoot(damping: float) -> float:
    """First overshoot of a second-order system as a share of its step."""
    return exp(-pi * damping / sqrt(1 - damping**2)) if damping < 1 else 0.0


@dataclass(frozen=True)
class Jump:
    """From one reading to another `size` steps in `span_s`, where at most `most` could be."""

    from_ns: int
    to_ns: int
    size: int
    span_s: float
    most: float


def impossible(
    times_ns: Int64Array, readings: Int64Array, bound: DriveOn, late_ns: int = 0, frames: int = 4
) -> list[Jump]:
    """The jumps within 1 to `frames` readings that exceed `bound`; of overlapping ones the shortest.  `late_ns`: by how much
    two readings may lie farther apart than their times of arrival say."""
    found: list[Jump] = []
    for apart in range(1, min(frames, times_ns.size - 1) + 1):
        size = readings[apart:] - readings[:-apart]
        span_s = (times_ns[apart:] - times_ns[:-apart] + late_ns) / 1e9
        most = bound.rise(span_s)
        for i in np.flatnonzero(np.abs(size) > most).tolist():
            begin, end = int(times_ns[i]), int(times_ns[i + apart])
            if not any(one.from_ns < end and begin < one.to_ns for one in found):
                found.append(Jump(begin, end, int(size[i]), float(span_s[i]), float(most[i])))
    return sorted(found, key=lambda one: one.from_ns)
