"""Jitter floor: is what should come straight from a code disc more even than a disc can turn?

Null: nothing evens the pulses out.  With the encoder tapped on the same clock the board's line is at least as uneven as the
encoder's, over the same stretches of time; wiring and interference only add.  Without it the line is held to what the disc
repeated every revolution in earlier deliveries of the same instrument, or to a declared floor: how pump and flow add to that
differs from delivery to delivery, so it is left out, and only a quarter of the variance is too even (pulses/jitter.py).  A hit says that a device averaged the
pulses before it gave them out: a property of a type.  Approved adapters may do that, so the test speaks only where the papers
say that the pulses come straight from a disc (`sensor_class = "disc"`), and names what it sees elsewhere.  A recorder
whose steps are near the unevenness shows neither it nor its absence: no power.  Source: statistics.md T6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from captures.model import PulseTrain
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.disc import BOARD, LEAST_SLOTS, deliveries, edges
from harness.judge.evalue import bet
from harness.judge.pulses.jitter import BLOCK, Blocks, Evenness, blocks, evenness, of_pattern, rounding, within
from harness.judge.pulses.lattice import common_step
from harness.judge.pulses.medians import median
from harness.judge.quantities import number
from harness.judge.trains import channels, gaps_in_window, same_clock

NAME = "jitter-floor"


@dataclass(frozen=True, eq=False)
class Earlier:
    """What the disc repeated in an earlier delivery at a station: its variance and agreement (`of_pattern`), and the
    variance that the recorder's rounding makes."""

    instrument: str
    station: str
    variance: float
    agreement: float
    rounded: float


def _mute(segment: Segment, link: Link, reason: str) -> Reading:
    return Reading(NAME, segment.id, link, 1.0, reason=reason)


def _told(segment: Segment, link: Link, train: PulseTrain, found: Evenness, bound: float, view: View) -> Reading:
    """What the blocks say, where the tick leaves power."""
    hit = found.p < view.parameters["q"] and found.ratio < bound
    evened = sqrt(found.ratio)
    if hit and view.profile.get("sensor_class") != "disc":
        return _mute(segment, link, f"{train.name}: pulses evened out to {evened:.3g} of what they should vary by; whether this type of pulser does that, is not declared")  # fmt: skip
    at = {"station": train.station, "channel": train.channel}
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=found.p,
        hits=int(hit),  # one delivery is one witness
        shape=Shape.CONSTANT if hit else None,
        at=at | ({"evened_to": round(evened, 4), "blocks": found.blocks} if hit else {}),
    )


def _beside(segment: Segment, up: PulseTrain, down: PulseTrain, view: View) -> Reading:
    """The board's line against the encoder's, of the same delivery."""
    bound = view.parameters["bound_beside"]
    if gaps_in_window(segment, up) or gaps_in_window(segment, down):
        return _mute(segment, BOARD, f"gap in {up.name} or {down.name}")
    ups, downs = edges(segment, up), edges(segment, down)
    part = blocks(ups)
    if part is None:
        return _mute(segment, BOARD, f"{up.name}: too few pulses in steady motion")
    inside = int(np.count_nonzero((downs >= part.ends[0]) & (downs < part.ends[-1])))
    made = inside / (part.variance.size * BLOCK)
    if not 1 / view.parameters["most_ratio"] <= made <= view.parameters["most_ratio"]:
        return _mute(segment, BOARD, f"{down.name}: {made:.2f} pulses for each of {up.name}: not of one pulse each")
    if rounding(part.usual, common_step(ups)) > bound / 4 * median(part.variance):
        return _mute(segment, BOARD, f"{up.name}: as even as the recorder's ticks are fine: no power")
    found = evenness(within(downs, part.ends), part.variance, bound, view.parameters["chance_beside"])
    if found is None:
        return _mute(segment, BOARD, f"{down.name}: too few pulses in steady motion")
    return _told(segment, BOARD, down, found, bound, view)


def _alone(
    segment: Segment, train: PulseTrain, link: Link, earlier: Sequence[Earlier], view: View
) -> tuple[Reading, Earlier | None]:
    """A line against earlier deliveries of its own, and what it is to later ones."""
    if train.tick_s is None:
        return _mute(segment, link, f"{train.name}: no sample rate"), None
    if gaps_in_window(segment, train):
        return _mute(segment, link, f"gap in {train.name}"), None
    ticks = edges(segment, train)
    part = blocks(ticks)
    if part is None:
        return _mute(segment, link, f"{train.name}: too few pulses in steady motion"), None
    slots = number(view.profile, "slots_per_rev")
    pattern = of_pattern(ticks, int(slots)) if slots is not None and slots >= LEAST_SLOTS else (0.0, 0.0)
    own = Earlier(segment.instrument, train.station, *pattern, rounding(part.usual, common_step(ticks)))
    floor = _floor(own, earlier, view)
    if isinstance(floor, str):
        return _mute(segment, link, f"{train.name}: {floor}"), own
    reading = _held(segment, link, train, part, floor, view)
    return reading, own if reading.spoke and not reading.hits else None


def _floor(own: Earlier, earlier: Sequence[Earlier], view: View) -> float | str:
    """The variance that a block shows at least: what the disc repeated in earlier deliveries, the least of them, else the
    declared one; or why there is none."""
    alike = [
        one
        for one in earlier
        if (one.instrument, one.station) == (own.instrument, own.station)
        and one.agreement >= view.parameters["agreement"]
    ]
    if len(alike) >= view.parameters["least_earlier"]:
        least = min(alike, key=lambda one: one.variance)
        floor, rounded = least.variance, max(least.rounded, own.rounded)
    else:
        declared = number(view.profile, "jitter_floor_rel")
        if declared is None:
            return "too few earlier deliveries that show a pattern of the disc to hold it to, and no floor declared"
        floor, rounded = float(declared) ** 2, own.rounded
    if rounded > view.parameters["bound_earlier"] / 4 * floor:
        return "as even as the recorder's ticks are fine: no power"
    return floor


def _held(segment: Segment, link: Link, train: PulseTrain, part: Blocks, floor: float, view: View) -> Reading:
    bound = view.parameters["bound_earlier"]
    found = evenness(part.variance, floor, bound, view.parameters["chance_earlier"])
    if found is None:
        return _mute(segment, link, f"{train.name}: too few pulses in steady motion")
    return _told(segment, link, train, found, bound, view)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings, earlier = list[Reading](), list[Earlier]()
    for segment, station, link, beside in deliveries(segments):
        if beside:
            ups, downs = channels(segment, "encoder"), channels(segment, "board")
            name = next(name for name in ups if name in downs and same_clock(ups[name], downs[name]))
            readings.append(_beside(segment, ups[name], downs[name], view))
        train = next(iter(channels(segment, station).values()))
        reading, own = _alone(segment, train, link, earlier, view)
        readings.append(reading)
        if own is not None:
            earlier.append(own)
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="nothing evens the pulses out: the board's line varies as the encoder's, a line by what its disc repeats",
    needs="encoder and board on one clock, or two earlier deliveries in which the disc shows a pattern, or a declared floor; "
    "pulses declared to come from a disc; ticks a tenth of the unevenness",
    parameters={
        "q": 1e-6,
        "bound_beside": 0.5,
        "bound_earlier": 0.25,
        "chance_beside": 0.1,
        "chance_earlier": 0.2,
        "agreement": 0.8,
        "least_earlier": 2.0,
        "most_ratio": 1.5,
    },
    judge=judge,
    weight=0.5,
    mechanism="the pulses are more even than a code disc turns: a device averages them",
    telling=91,
    shows=Kind.RETIMED,
    witness="pulses",
    device_type=True,
)
