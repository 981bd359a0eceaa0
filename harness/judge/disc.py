"""Tests that hold a train to the pattern of its code disc: at which station, and with how many declared slots.

Where the declared decoding takes both channels, what is found must not clear up without the short pulses on one alone: they
cancel there, and a contact that bounces shifts no slot.  Where such a test finds nothing to speak on, and the split test finds
pulses put in between the others, it is asked again of the train without these: pulses at random places hide the pattern they
stand in (statistics.md T2).  A train that the test can read as it stands, and one without suspects, is never touched.  What is
left out is told from the others by its intervals alone, and a disc may have two narrow slots: a test that counts slots may
clear such a train, and accuses none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from captures.model import EdgeKind, Int64Array, PulseTrain
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import Link, Reading, Segment, SegmentKind, View
from harness.judge.pulses.gray import without_jogs
from harness.judge.pulses.mending import put_in
from harness.judge.quantities import number
from harness.judge.trains import COMPARED, channels, clipped, compared, gaps_in_window, walked

LEAST_SLOTS = 8
BRIEF = 0.25
BOARD = Link("encoder", "board")
Read = Callable[[Segment, PulseTrain, Link, int, View], Reading]


def edges(segment: Segment, train: PulseTrain) -> Int64Array:
    """Ticks (n,) of the rising edges in the segment: a slot's two edges are not half a slot apart."""
    ticks, levels = clipped(segment, train)
    return ticks if levels is None or train.edge is not EdgeKind.BOTH else ticks[levels == 1]


def deliveries(
    segments: Sequence[Segment], order: Sequence[str] = ("board", "encoder")
) -> Iterator[tuple[Segment, str, Link, bool]]:
    """Each segment in which fuel flows, the station at which a test of one stream reads it, the link to that station, and
    whether the board behind it is tapped on the same clock: the first tapped one of `order`, but the encoder beside such a
    board, whose own link is BOARD."""
    for segment in segments:
        station = next((one for one in order if channels(segment, one)), None)
        if segment.kind is SegmentKind.SHUT or station is None:
            continue
        beside = station == "board" and compared(segment)
        station = "encoder" if beside else station
        yield segment, station, Link(upstream_of(station, stations(segment)), station), beside


def readings(
    name: str,
    order: Sequence[str],
    read: Read,
    segments: Sequence[Segment],
    view: View,
    *,
    mended_hits: bool = True,
) -> list[Reading]:
    """One reading a segment, at the first tapped station of `order`; `mended_hits`: whether a train without the pulses put in
    may show a break, or only be cleared.

    A board behind an encoder that is tapped on the same clock is mute: edge balance compares the edges themselves, and the
    encoder is read instead.
    """
    slots = number(view.profile, "slots_per_rev")
    found = []
    for segment, station, link, beside in deliveries(segments, order):
        if beside:
            found.append(Reading(name, segment.id, BOARD, 1.0, reason=COMPARED))
        train = next(iter(channels(segment, station).values()))
        if slots is None or slots < LEAST_SLOTS:
            found.append(Reading(name, segment.id, link, 1.0, reason="slots per revolution not declared"))
        elif gaps_in_window(segment, train):
            found.append(Reading(name, segment.id, link, 1.0, reason=f"gap in {train.name}"))
        else:
            found.append(_read(read, segment, train, link, int(slots), view, mended_hits))
    return found


def _turning(segment: Segment, train: PulseTrain, view: View) -> PulseTrain | None:
    """The train without the brief pulses that a decoder of both channels leaves out, where the declared one is such and there are
    any: under BRIEF of the usual distance of edges.  A device that multiplies one channel alone makes longer ones."""
    other = walked(segment, train, view.profile)
    ticks, levels = clipped(segment, train)
    if other is None or levels is None:
        return None
    walk, _ = without_jogs(ticks, levels, clipped(segment, other)[0])
    d = np.diff(ticks)
    nearest = np.minimum(np.append(d, d[-1:]), np.insert(d, 0, d[:1]))
    kept = np.isin(ticks, walk) | (nearest > BRIEF * float(np.median(d)))
    return None if kept.all() else replace(train, ticks=ticks[kept], levels=levels[kept])


def _read(
    read: Read, segment: Segment, train: PulseTrain, link: Link, slots: int, view: View, mended_hits: bool
) -> Reading:
    """The reading of the train; where it is mute, that of the train without the pulses put in, if that one speaks."""
    reading = read(segment, train, link, slots, view)
    if reading.spoke:
        turning = _turning(segment, train, view) if reading.hits else None
        walk = reading if turning is None else read(segment, turning, link, slots, view)
        return walk if walk.spoke and not walk.hits else reading
    ticks = edges(segment, train)
    suspects = put_in(ticks)
    if not suspects.size:
        return reading
    mended = replace(train, ticks=np.delete(ticks, suspects), edge=EdgeKind.RISING, levels=None)
    again = read(segment, mended, link, slots, view)
    if not again.spoke or (again.hits and not mended_hits):
        return reading
    return replace(again, at={**again.at, "left_out": int(suspects.size)})
