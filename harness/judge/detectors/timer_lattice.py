"""Timer lattice: do edges that should come straight from a code disc keep to the ticks of a timer?

Null: the shaft runs freely, then the intervals keep to no tick but the recorder's own step (see pulses/lattice.py).  What a
hit says is that a digital timer gave these edges out.  Approved pulsers that compute do that: the test speaks only where the
papers say that the pulses come straight from a disc (`sensor_class = "disc"`), and names what it sees elsewhere.

The recorder is held to itself first: a step that all trains of its clock share, or a line that a free-running source on
the same clock shows too, is the recorder's.  Source: statistics.md T4.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, gcd

import numpy as np

from captures.model import Int64Array, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import edges
from harness.judge.evalue import bet
from harness.judge.pulses.lattice import Lattice, common_step, find, intervals, power
from harness.judge.trains import channels, gaps_in_window, same_clock

NAME = "timer-lattice"
SAME = 1e-3  # relative: two lines are one


def _step(segment: Segment, train: PulseTrain) -> int | None:
    """The recorder's own step in ticks; None where no other train on the clock could tell it from the source's."""
    own = common_step(edges(segment, train))
    others = [other for other in segment.trains.values() if other is not train and same_clock(other, train)]
    steps = [common_step(edges(segment, other)) for other in others if other.station != train.station]
    if own == 1:
        return 1
    return gcd(own, *steps) if steps else None


def _shown_too(segment: Segment, train: PulseTrain, line: Lattice) -> str:
    """The name of an independent train on the same clock that keeps to the same tick."""
    for name, other in segment.trains.items():
        if other.station in (train.station, "encoder", "board") or not same_clock(other, train):
            continue
        theirs = find(edges(segment, other))
        if theirs is not None and theirs.p < 1e-3 and _harmonic(theirs.tick, line.tick):
            return name
    return ""


def _harmonic(a: float, b: float) -> bool:
    ratio = max(a, b) / min(a, b)
    return abs(ratio / round(ratio) - 1) < SAME


def blocks(ticks: Int64Array, line: Lattice, size: int) -> int:
    """In how many separate stretches of `size` edges the line stands by itself (chance e^-7 in each)."""
    shown = 0
    for begin in range(0, ticks.size - size + 1, size):
        part = intervals(ticks[begin : begin + size], line.unit)
        shown += part is not None and exp(-float(power(part, np.array([line.unit / line.tick]))[0])) < 1e-3
    return shown


def _reading(segment: Segment, train: PulseTrain, link: Link, view: View) -> tuple[Reading, Lattice | None]:
    def mute(reason: str, line: Lattice | None = None) -> tuple[Reading, Lattice | None]:
        return Reading(NAME, segment.id, link, 1.0, reason=reason), line

    if train.tick_s is None:
        return mute(f"{train.name}: no sample rate")
    if gaps_in_window(segment, train):
        return mute(f"gap in {train.name}")
    ticks = edges(segment, train)
    step = _step(segment, train)
    if step is None:
        return mute(
            f"{train.name}: every interval is a multiple of {common_step(ticks)} ticks, the recorder's or the source's"
        )
    line = find(ticks, step)
    if line is None:
        return mute(f"{train.name}: the intervals are too few or too alike to show a tick")
    tick_us = line.tick * float(train.tick_s) * 1e6
    hit = line.p < view.parameters["q"]
    if hit and (name := _shown_too(segment, train, line)):
        return mute(f"{train.name}: {name} keeps to {tick_us:.5g} us too: the recorder's own lattice", line)
    if hit and view.profile.get("sensor_class") != "disc":
        return mute(f"{train.name}: a timer of {tick_us:.5g} us gives these edges out; whether this type of pulser does, is not declared", line)  # fmt: skip
    at = {"station": train.station, "channel": train.channel}
    shown = blocks(ticks, line, int(view.parameters["block"])) if hit else 0
    found = Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=line.p,
        hits=shown,
        shape=Shape.CONSTANT if shown else None,
        at=at | ({"tick_us": round(tick_us, 4), "sharpness": round(line.sharpness, 3)} if hit else {}),
    )
    return found, line


def _segment(segment: Segment, view: View) -> list[Reading]:
    """One reading a station; what the encoder shows already is not the board's."""
    observed, result = stations(segment), list[Reading]()
    ticks_seen: list[float] = []
    for station in ("encoder", "board"):
        taps = channels(segment, station)
        if not taps:
            continue
        link = Link(upstream_of(station, observed), station)
        reading, line = _reading(segment, next(iter(taps.values())), link, view)
        if line is not None and line.p < view.parameters["q"]:
            if any(_harmonic(line.tick, seen) for seen in ticks_seen):
                reading = Reading(NAME, segment.id, link, 1.0, reason="the encoder shows the same")
            ticks_seen.append(line.tick)
        result.append(reading)
    return result


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [r for segment in segments if segment.kind is not SegmentKind.SHUT for r in _segment(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="the shaft runs freely: intervals keep to no tick but the recorder's",
    needs="one channel of encoder or board at a step of at most a third of the tick, pulses declared to come from a disc",
    parameters={"q": 1e-6, "block": 100.0},
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="a timer gives out the pulses that should come from a code disc",
    telling=90,
    shows=Kind.RETIMED,
    witness="pulses",
    device_type=True,
)
