"""Channel phase: does the second channel of the pulser come from an eye of its own at the disc?

A device that drives both channels passes every rule of the Gray walk, but has the second one rise where the edges of the first
already tell: at an exact quarter, after a fixed delay, or on the ticks of its timer.  Null: what the edges of channel A leave
unexplained of B's place (pulses/phase.py) is no less than a hundredth of what A's own edges leave, in the same train; with
the encoder tapped on the same clock, no less than a quarter of what is left at the encoder; and the delays from A to B keep to
no tick but the recorder's (pulses/lattice.py).  A hit says that a device made the edges: a property of a type.  So the test
speaks only where the papers say that the pulses come straight from a disc (`sensor_class = "disc"`), and names what it sees
elsewhere.  Source: statistics.md T5, T4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd, sqrt

import numpy as np

from captures.model import Int64Array, PulseTrain
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.disc import BOARD, LEAST_SLOTS, deliveries, edges
from harness.judge.evalue import bet
from harness.judge.pulses import phase
from harness.judge.pulses.jitter import Evenness, evenness, moving
from harness.judge.pulses.lattice import Lattice, common_step, find
from harness.judge.pulses.medians import median
from harness.judge.pulses.revolution import Floats
from harness.judge.quantities import number
from harness.judge.trains import channels, gaps_in_window, same_clock

NAME = "channel-phase"


@dataclass(frozen=True, eq=False)
class _Station:
    """Both channels of a station on one clock; its edges in the segment, and what they say, once for both ways to ask."""

    segment: Segment
    trains: tuple[PulseTrain, PulseTrain]

    @cached_property
    def edges(self) -> tuple[Int64Array, Int64Array]:
        """Rising edges of A in steady motion (n,), and of B (m,)."""
        return moving(edges(self.segment, self.trains[0])), edges(self.segment, self.trains[1])

    @cached_property
    def pairs(self) -> tuple[Int64Array, Int64Array]:
        return phase.pairs(*self.edges)

    @cached_property
    def step(self) -> int:
        return gcd(*(common_step(ticks) for ticks in self.edges))

    @cached_property
    def unexplained(self) -> Floats:
        """Robust variance (blocks,) of B's place after the edges of A, in squared intervals."""
        return phase.of_pairs(self.edges[0], *self.pairs)

    def timed(self, step: int) -> Lattice | None:
        """The line that the delays from A to B keep to."""
        _, delay = self.pairs
        return find(np.concatenate([[0], np.cumsum(delay)]), step) if delay.size else None


def _station(segment: Segment, name: str) -> _Station | str:
    """Both channels of a station, or why there are none."""
    taps = channels(segment, name)
    if not {"A", "B"} <= set(taps):
        return f"{name}: both channels are needed"
    a, b = taps["A"], taps["B"]
    if not same_clock(a, b):
        return f"{a.name} and {b.name} are not on one clock"
    lost = [train.name for train in (a, b) if gaps_in_window(segment, train)]
    return f"gap in {', '.join(lost)}" if lost else _Station(segment, (a, b))


def _fine(a: Int64Array, step: int, floor: Floats, bound: float) -> bool:
    """Whether the recorder tells edges finely enough to show `bound` times the floor."""
    known = floor[np.isfinite(floor)]
    if not known.size or a.size < 2:
        return False
    return phase.rounding(median(np.diff(a)), step) <= bound / 4 * median(known)


def _reading(
    segment: Segment, link: Link, name: str, view: View, one: _Station | str, other: _Station | str | None
) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if isinstance(one, str):
        return mute(one)
    if isinstance(other, str):
        return mute(other)
    for seen in (one,) if other is None else (one, other):
        torn = phase.torn(seen.edges[0])
        if torn > view.parameters["most_torn"]:
            return mute(
                f"{seen.trains[0].name}: {torn:.0%} of the intervals follow no shaft: pulses were put in or lost"
            )
    a, step = one.edges[0], one.step
    if other is None:
        slots = number(view.profile, "slots_per_rev")
        if slots is None or slots < LEAST_SLOTS:
            return mute("slots per revolution not declared")
        floor, bound = phase.of_disc(a, int(slots)), view.parameters["bound_alone"]
    else:
        step = gcd(step, other.step)
        floor, bound = other.unexplained, view.parameters["bound_beside"]
    if not _fine(a, step, floor, bound):
        return mute(f"{name}: too few pulses, or the recorder's ticks are as coarse as the jitter: no power")
    own = one.unexplained
    both = min(own.size, floor.size)
    found = evenness(own[:both], floor[:both], bound, view.parameters["chance"])
    if found is None:
        return mute(f"{name}: too few pulses in steady motion with one edge of B to each interval of A")
    line = one.timed(step) if other is None else None
    return _told(segment, link, one.trains, found, bound, line, view)


def _told(
    segment: Segment,
    link: Link,
    pair: tuple[PulseTrain, PulseTrain],
    found: Evenness,
    bound: float,
    line: Lattice | None,
    view: View,
) -> Reading:
    q = view.parameters["q"] / 2  # two ways to hit
    exact = found.p < q and found.ratio < bound
    timed = line is not None and line.p < q
    tick_us = line.tick * float(pair[0].tick_s or 0) * 1e6 if line is not None else 0.0
    told: dict[str, object] = {}
    if exact:
        told["unexplained"] = round(sqrt(found.ratio), 5)
    if timed:
        told["tick_us"] = round(tick_us, 4)
    if told and view.profile.get("sensor_class") != "disc":
        how = f"a timer of {tick_us:.5g} us" if timed else "the edges of A"
        return Reading(NAME, segment.id, link, 1.0, reason=f"{pair[1].name}: {how} tells where B rises; whether this type of pulser does that, is not declared")  # fmt: skip
    return Reading(
        NAME,
        segment.id,
        link,
        bet(exact or timed, view.parameters["q"], view.validation),
        p=min(1.0, 2 * min(found.p, line.p if line is not None else 1.0)),
        hits=int(exact or timed),  # one delivery is one witness
        shape=Shape.CONSTANT if exact or timed else None,
        at={"station": pair[0].station, **told},
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for segment, name, link, beside in deliveries(segments):
        station = _station(segment, name)
        if beside:
            readings.append(_reading(segment, BOARD, "board", view, _station(segment, "board"), station))
        readings.append(_reading(segment, link, name, view, station, None))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=4,
    kind="detector",
    null="each channel has edges of its own: those of A do not tell where B rises, and no timer does",
    needs="both channels of one station on one clock over ten revolutions, declared slots or the encoder beside the board, "
    "pulses declared to come from a disc; ticks of a few microseconds",
    parameters={"most_torn": 0.03, "q": 1e-6, "bound_alone": 0.01, "bound_beside": 0.25, "chance": 0.1},
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="a device makes one channel of the pulser from the other",
    telling=92,
    shows=Kind.RETIMED,
    witness="pulses",
    device_type=True,
)
