"""What the scale's own line said of one load: frames, the interval they are judged in, how fast they are renewed, how much they
wander.  Tests of streams count here, in steps of the line, and in no other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from captures.model import Flag, Int64Array, Mark, SampledTrace, UInt8Array
from harness.judge.contract import Segment
from harness.judge.loads import OUT_OF_RANGE, STREAMS, e_at, loadings
from harness.judge.pulses.medians import median
from harness.judge.pulses.sequential import Floats
from harness.judge.weights.runs import renewed_within_ns, runs

NS = 1_000_000_000
WITNESS = "weight-line"  # all tests of this one stream are one witness
SETTLE_S = 3.0  # from the end of a change of load to a stable reading, where the profile says nothing
RENEWED_NS = 250_000_000  # a slow display is renewed so often: fewer separate readings claim less
SILENCE_NS = 2_000_000_000
BLOCK_S = 2.0
DECK_E_KG = 1.0  # from this interval on vehicles are weighed [D]
_NORMAL = 1.4826  # median absolute deviation -> standard deviation
_EVENTS = ("press-", "power-")


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of one stretch: `times_ns` (n,), `steps` (n,) in `step_kg`, `flags` (n,), the `told` ones; out of range and garbage
    left out (`holes`: spans of it).  `e`: the verification scale interval at this load, in steps; `update_ms`: as declared."""

    times_ns: Int64Array
    steps: Int64Array
    flags: UInt8Array
    told: Flag
    step_kg: float
    e: float
    holes: tuple[tuple[int, int], ...]
    update_ms: int | None = None

    def __len__(self) -> int:
        return int(self.times_ns.size)

    @property
    def seconds(self) -> float:
        return float(self.times_ns[-1] - self.times_ns[0]) / NS if len(self) else 0.0

    @cached_property
    def frame_ns(self) -> int:
        """Time from frame to frame."""
        return int(median(np.diff(self.times_ns))) if len(self) > 1 else 0

    @cached_property
    def update_ns(self) -> int:
        """Time after which a reading is another one: as declared, else as the shortest time between two changes shows."""
        if self.update_ms is not None:
            return max(self.update_ms * 1_000_000, self.frame_ns, 1)
        found = renewed_within_ns(runs(self.times_ns, self.steps, np.zeros(len(self), np.uint8)))
        return max(min(found or RENEWED_NS, RENEWED_NS), self.frame_ns, 1)

    def between(self, begin_ns: int, end_ns: int) -> slice:
        """Indices of the frames of [begin, end]."""
        first = int(np.searchsorted(self.times_ns, begin_ns))
        return slice(first, int(np.searchsorted(self.times_ns, end_ns, "right")))

    def blocks(self, seconds: float = BLOCK_S) -> Floats:
        """Blocks (b, k) of as many frames as fill `seconds`; what is left over at the end is dropped."""
        size = max(2, round(seconds * NS / max(self.frame_ns, 1)))
        whole = len(self) // size
        return self.steps[: whole * size].reshape(whole, size).astype(np.float64)


def vehicles(profile: Mapping[str, Any]) -> bool:
    """Whether vehicles are weighed: by what is declared, else by the interval."""
    declared = {"ramp_kg_s", "cells"} & set(profile)
    first = str(profile.get("intervals", "")).split()
    return bool(declared) or (bool(first) and float(first[0].split("/")[1]) >= DECK_E_KG)


def streams(segments: Sequence[Segment]) -> list[tuple[Segment, str]]:
    """Every finished loading with every line that was listened to, in order."""
    return [(s, name) for s in loadings(segments) for name in STREAMS if name in s.traces]


def frames(segment: Segment, station: str, profile: Mapping[str, Any], begin_ns: int, end_ns: int) -> Frames:
    """The frames of [begin, end) of a line of this loading."""
    trace = segment.traces[station]
    first, last = (int(np.searchsorted(trace.times_ns, t)) for t in (begin_ns, end_ns))
    times, steps, flags = trace.times_ns[first:last], trace.steps[first:last], trace.flags[first:last]
    fit = (flags & np.uint8(OUT_OF_RANGE)) == 0
    if not fit.all():
        times, steps, flags = times[fit], steps[fit], flags[fit]
    e = interval_steps(segment, trace, profile, steps)
    holes = tuple((a, b) for a, b in trace.garbage if a < end_ns and b > begin_ns)
    declared = profile.get("update_ms")
    return Frames(
        times, steps, flags, trace.told, float(trace.step), e, holes, None if declared is None else int(declared)
    )  # fmt: skip


def at_rest(segment: Segment, station: str, profile: Mapping[str, Any]) -> Frames:
    """The frames from settling to the next change of load."""
    settle_ns = round(float(profile.get("settle_s", SETTLE_S)) * NS)
    return frames(segment, station, profile, segment.window_ns[0] + settle_ns, segment.window_ns[1])


def whole(segment: Segment, station: str, profile: Mapping[str, Any]) -> Frames:
    """All frames of the loading, those of the way to rest among them."""
    return frames(segment, station, profile, -(2**62), segment.window_ns[1])


def interval_steps(segment: Segment, trace: SampledTrace, profile: Mapping[str, Any], steps: Int64Array) -> float:
    """The coarsest interval that readings of this loading may have, in steps of the line, at least one."""
    largest = float(np.abs(steps).max()) * float(trace.step) if steps.size else 0.0
    load = segment.load_kg[0] if segment.load_kg is not None else 0.0
    return max(e_at(profile, max(load, largest)) / float(trace.step), 1.0)


def wander(own: Frames) -> tuple[float, float]:
    """(scatter within, wandering between) blocks of two seconds: standard deviations in steps, both by medians, so that a step
    or two count nothing; (0, 0) with fewer than four blocks.  Wind and sway are correlated over seconds, so what a level does
    of itself is taken from the stream and not from a model."""
    blocks = own.blocks()
    if len(blocks) < 4:
        return 0.0, 0.0
    means = blocks.mean(axis=1)
    return float(median(blocks.std(axis=1))), _NORMAL * float(median(np.abs(means[2:] - means[:-2])))


def worked(segment: Segment, before_ns: int, after_ns: int) -> list[tuple[int, int]]:
    """Spans in which a key, a remote or the power may act: from `before_ns` ahead of the earliest to `after_ns` behind the latest
    instant of each."""
    own: list[Mark] = [m for m in segment.marks if m.kind.startswith(_EVENTS)]
    return [(m.t_ns - m.u_ns - before_ns, m.t_ns + m.u_ns + after_ns) for m in own]


def meets(spans: Sequence[tuple[int, int]], from_ns: int, to_ns: int) -> bool:
    """Whether [from, to] touches any of the spans."""
    return any(a <= to_ns and b >= from_ns for a, b in spans)
