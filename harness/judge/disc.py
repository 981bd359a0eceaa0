"""Tests that hold a train to the pattern of its code disc: at which station, and with how many declared slots.

Where such a test finds nothing to speak on, and the split test finds pulses put in between the others, it is asked again of
the train without these: pulses at random places hide the pattern they stand in (statistics.md T2).  A train that the test can
read as it stands, and one without suspects, is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from captures.model import EdgeKind, Int64Array, PulseTrain
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import Link, Reading, Segment, SegmentKind, View
from harness.judge.pulses.mending import put_in
from harness.judge.quantities import number
from harness.judge.trains import COMPARED, channels, clipped, compared, gaps_in_window

LEAST_SLOTS = 8
Read = Callable[[Segment, PulseTrain, Link, int, View], Reading]


def edges(segment: Segment, train: PulseTrain) -> Int64Array:
    """Ticks (n,) of the rising edges in the segment: a slot's two edges are not half a slot apart."""
    ticks, levels = clipped(segment, train)
    return ticks if levels is None or train.edge is not EdgeKind.BOTH else ticks[levels == 1]


def readings(
    name: str,
    order: Sequence[str],
    read: Read,
    segments: Sequence[Segment],
    view: View,
) -> list[Reading]:
    """One reading a segment, at the first tapped station of `order`.

    A board behind an encoder that is tapped on the same clock is mute: edge balance compares the edges themselves, and the
    encoder is read instead.
    """
    slots = number(view.profile, "slots_per_rev")
    found = []
    for segment in segments:
        station = next((one for one in order if channels(segment, one)), None)
        if segment.kind is SegmentKind.SHUT or station is None:
            continue
        if station == "board" and compared(segment):
            found.append(Reading(name, segment.id, Link("encoder", "board"), 1.0, reason=COMPARED))
            station = "encoder"
        link = Link(upstream_of(station, stations(segment)), station)
        train = next(iter(channels(segment, station).values()))
        if slots is None or slots < LEAST_SLOTS:
            found.append(Reading(name, segment.id, link, 1.0, reason="slots per revolution not declared"))
        elif gaps_in_window(segment, train):
            found.append(Reading(name, segment.id, link, 1.0, reason=f"gap in {train.name}"))
        else:
            found.append(_read(read, segment, train, link, int(slots), view))
    return found


def _read(read: Read, segment: Segment, train: PulseTrain, link: Link, slots: int, view: View) -> Reading:
    """The reading of the train; where it is mute, that of the train without the pulses put in, if that one speaks."""
    reading = read(segment, train, link, slots, view)
    if reading.spoke:
        return reading
    ticks = edges(segment, train)
    suspects = put_in(ticks)
    if not suspects.size:
        return reading
    mended = replace(train, ticks=np.delete(ticks, suspects), edge=EdgeKind.RISING, levels=None)
    again = read(segment, mended, link, slots, view)
    return replace(again, at={**again.at, "left_out": int(suspects.size)}) if again.spoke else reading
