"""Pulse trains inside a segment: window, gaps, clock and volume, in integer ticks.

What the instrument did not look at is never counted: edges outside the common window of the trains compared, or
inside a gap of either, are left out on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from captures.model import Int64Array, PulseTrain, UInt8Array
from harness.judge.contract import Segment


def channels(segment: Segment, station: str) -> dict[str, PulseTrain]:
    """Trains of one station by channel, in channel order."""
    prefix = station + "."
    return {name[len(prefix) :]: train for name, train in sorted(segment.trains.items()) if name.startswith(prefix)}


def same_clock(a: PulseTrain, b: PulseTrain) -> bool:
    """Ticks of the two may be compared as they stand."""
    return a.clock == b.clock and a.tick_s is not None and a.tick_s == b.tick_s


COMPARED = "the encoder is tapped on the same clock: edge balance compares the edges themselves"


def compared(segment: Segment) -> bool:
    """Encoder and board tapped on one clock, a channel at least: what the board's line looks like by itself is the weaker
    question (statistics.md 1e)."""
    ups, downs = channels(segment, "encoder"), channels(segment, "board")
    return any(name in ups and same_clock(ups[name], train) for name, train in downs.items())


def ticks_of(seconds: Fraction, tick_s: Fraction) -> int:
    """`seconds` in whole ticks, rounded up."""
    return -int(-(seconds / tick_s) // 1)


def micro(us: float) -> Fraction:
    """A parameter in microseconds as an exact number of seconds."""
    return Fraction(round(us * 1000), 1_000_000_000)


def segment_window(segment: Segment, train: PulseTrain) -> tuple[int, int]:
    """The train's window cut to the segment's, in ticks; the train's own where its clock is not tied to the host."""
    first, last = train.window
    clock = segment.clocks.get(train.clock)
    if clock is None:
        return first, last
    rate = Fraction(clock.ns_per_tick)
    lower = (Fraction(segment.window_ns[0] - clock.offset_ns - clock.u_ns) / rate).__floor__()
    upper = (Fraction(segment.window_ns[1] - clock.offset_ns + clock.u_ns) / rate).__ceil__()
    return max(first, lower), min(last, upper)


def inside(ticks: Int64Array, window: tuple[int, int], gaps: tuple[tuple[int, int], ...]) -> slice | Int64Array:
    """What selects the ticks within `window` and outside `gaps` (both ends inclusive): a slice where no gap cuts."""
    first = int(np.searchsorted(ticks, window[0], "left"))
    last = int(np.searchsorted(ticks, window[1], "right"))
    keep: Int64Array | None = None
    for begin, end in gaps:
        a, b = int(np.searchsorted(ticks, begin, "left")), int(np.searchsorted(ticks, end, "right"))
        if a >= b:
            continue
        if keep is None:
            keep = np.arange(first, last, dtype=np.int64)
        keep = keep[(keep < a) | (keep >= b)]
    return slice(first, last) if keep is None else keep


def clipped(segment: Segment, train: PulseTrain) -> tuple[Int64Array, UInt8Array | None]:
    """Ticks (n,) and levels (n,) of the train inside the segment's window and outside the train's gaps."""
    select = inside(train.ticks, segment_window(segment, train), train.gaps)
    return train.ticks[select], None if train.levels is None else train.levels[select]


def gaps_in_window(segment: Segment, train: PulseTrain) -> int:
    """How many gaps of the train touch the segment's window."""
    first, last = segment_window(segment, train)
    return sum(1 for begin, end in train.gaps if end >= first and begin <= last)


def to_ns(segment: Segment, train: PulseTrain, ticks: Int64Array) -> Int64Array | None:
    """Host times (n,) of ticks (n,); None where the clock is not tied to the host's."""
    clock = segment.clocks.get(train.clock)
    return None if clock is None else clock.to_ns(ticks)


def walked(segment: Segment, train: PulseTrain, profile: Mapping[str, Any]) -> PulseTrain | None:
    """The other channel, where the declared decoding takes both: a pulse on one alone cancels in such a decoder."""
    if profile.get("decoding") not in ("x2", "x4"):
        return None
    other = channels(segment, train.station).get({"A": "B", "B": "A"}.get(train.channel, ""))
    if other is None or other.levels is None or train.levels is None or not same_clock(train, other):
        return None
    return None if gaps_in_window(segment, other) else other


def stays_us(segment: Segment, train: PulseTrain, rises: Int64Array) -> float | None:
    """Median time in us for which the line stays up after these rising edges; None where one edge was recorded, or none of them falls."""
    ticks, levels = clipped(segment, train)
    if levels is None or train.tick_s is None or not rises.size:
        return None
    falls = ticks[levels == 0]
    after = np.searchsorted(falls, rises)
    ended = after < falls.size
    if not ended.any():
        return None
    return round(float(np.median(falls[after[ended]] - rises[ended]) * train.tick_s) * 1e6, 1)
