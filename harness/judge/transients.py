"""How loads of an instrument come to be shown, and whether a step came otherwise: at once, as only a figure changes.

A load that is put on moves receptor, cell and filter, each of which takes its time; a gain that is switched behind the filter does
not.  A step is compared with load steps of like size alone, as a filter with a cut-out lets large ones through at once
(weights/dynamics.py).  How slowly a hand or a vehicle comes says nothing of a touch, which may come faster; what every force on the
receptor has in common is the tail, which the filter alone makes once the load is there.  So the tails are compared, the quickest of
them, less one reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from captures.model import Int64Array
from harness.judge.contract import Segment
from harness.judge.loads import loadings
from harness.judge.pulses.sequential import Floats
from harness.judge.weight_line import NS, SETTLE_S, SILENCE_NS, Frames, frames, streams
from harness.judge.weights.dynamics import LIKE, switch_ratio, transient
from harness.judge.weights.runs import thinned
from harness.judge.weights.steps import Step

SURE = 20.0  # nats by which a switch must explain a step better than the fastest load step does
FEWEST = 3  # load steps of like size
LEAST_E = 10.0  # intervals: of smaller ones the tail is not seen
MOST_STEPS = 6  # steps of one line that are compared: each takes a tenth of a second
_TAIL = (0.6, 0.9)  # of the change: between them a tail of time constant tau takes tau ln 4
_MARGIN_S = 1.0
_READINGS = 160
_AT_ONCE = 10.0  # nats that a free time constant may gain where there is none (statistics.md 2c: log_ratio of switches)


@dataclass(frozen=True, eq=False)
class Way:
    """Separate readings of one change of level, both levels among them: `seconds` (n,), `steps` (n,); `noise` in steps."""

    seconds: Floats
    steps: Int64Array
    noise: float
    size: float
    update_s: float

    @property
    def tail_s(self) -> float:
        """A time constant that the tail has at least: from the last reading below 0.6 of the change to the last below 0.9, less
        one reading."""
        done = (self.steps - float(self.steps[0])) / self.size
        at = [float(self.seconds[int(np.flatnonzero(done < share)[-1])]) for share in _TAIL]
        return max(at[1] - at[0] - self.update_s, 0.0) / log((1 - _TAIL[0]) / (1 - _TAIL[1]))


def load_steps(segments: Sequence[Segment], profile: Mapping[str, Any]) -> dict[str, LoadSteps]:
    """By station, of every line that was listened to."""
    return {station: LoadSteps(segments, station, profile) for station in {name for _, name in streams(segments)}}


class LoadSteps:
    """The changes of load of one line of a case; each is fitted once, and only where a step asks for it."""

    def __init__(self, segments: Sequence[Segment], station: str, profile: Mapping[str, Any]) -> None:
        self._segments = [s for s in loadings(segments) if station in s.traces]
        self._station, self._profile = station, profile
        self._ways: list[Way] | None = None
        self._sizes: Floats = np.zeros(0)
        self._tails: Floats = np.zeros(0)
        self._left = MOST_STEPS

    def sudden(self, line: Frames, step: Step) -> bool | None:
        """Whether the step came at once although load steps of like size take their time; None where none was recorded, the line
        is too slow to tell, or so many steps of this line have been looked at that more would tell nothing new."""
        if not self._left:
            return None
        own = _cut(line, step.from_ns, step.to_ns)
        if own is None or own.size == 0:
            return None
        known = self._like(own.size) if abs(own.size) >= LEAST_E * line.e else np.zeros(0)
        if known.size < FEWEST or float(known.min()) < line.update_ns / NS:
            return None
        self._left -= 1
        ratio = switch_ratio(own.seconds, own.steps, own.noise, float(known.min()))
        fitted = transient(own.seconds, own.steps, own.noise)
        if ratio is None or fitted is None or abs(ratio) < SURE:
            return None
        return ratio >= SURE and fitted.log_ratio < _AT_ONCE

    def _like(self, size: float) -> Floats:
        """Time constants (k,) of the tails of load steps of about that size, on and off."""
        if self._ways is None:
            found = (way_to_rest(s, self._station, self._profile) for s in self._segments)
            self._ways = [way for way in found if way is not None]
            self._sizes = np.array([abs(way.size) for way in self._ways])
            self._tails = np.array([way.tail_s for way in self._ways])
        ratio = self._sizes / abs(size)
        return self._tails[(ratio >= 1 / LIKE) & (ratio <= LIKE)]


def way_to_rest(segment: Segment, station: str, profile: Mapping[str, Any]) -> Way | None:
    """The change of load with which a loading begins, where it is one and its beginning was recorded."""
    settle_ns = round(float(profile.get("settle_s", SETTLE_S)) * NS)
    stamps, rest = segment.traces[station].times_ns, segment.window_ns[0]
    if not stamps.size or stamps[0] >= rest:
        return None
    begin = int(stamps[0])
    line = frames(segment, station, profile, begin, rest + settle_ns)
    if len(line) < 8 or any(a < rest and b > begin for a, b in line.holes):
        return None
    edge = max(2, round(0.3 * NS / max(line.frame_ns, 1)))
    before, after = (float(np.median(part)) for part in (line.steps[:edge], line.steps[-edge:]))
    if abs(after - before) < 2 * line.e:
        return None
    band = max(1.0, line.e)
    left = np.flatnonzero(np.abs(line.steps - before) > band)
    outside = np.flatnonzero(np.abs(line.steps - after) > band)
    if not left.size or not outside.size or left[0] < edge or outside[-1] >= len(line) - edge:
        return None  # it was under way already, or still is
    return _cut(line, int(line.times_ns[left[0] - 1]), int(line.times_ns[outside[-1] + 1]))


def _cut(line: Frames, from_ns: int, to_ns: int) -> Way | None:
    """Separate readings from a second before `from_ns` to a second after `to_ns`; None where a frame is missing on the way, or
    too few are there."""
    part = line.between(from_ns - round(_MARGIN_S * NS), to_ns + round(_MARGIN_S * NS))
    times, steps = line.times_ns[part], line.steps[part]
    if times.size < 8 or int(np.diff(times).max()) > min(3 * line.frame_ns, SILENCE_NS):
        return None
    edge = max(1, steps.size // 10)
    kept = thinned(times, max(line.update_ns - line.frame_ns // 2, 1))
    if kept.size > _READINGS:
        kept = kept[:: -(-kept.size // _READINGS)]
    seconds = (times[kept] - times[0]) / NS
    size = float(np.median(steps[-edge:]) - np.median(steps[:edge]))
    return Way(seconds.astype(np.float64), steps[kept], max(0.05, 0.1 * line.e), size, line.update_ns / NS)
