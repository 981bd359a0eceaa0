"""Zero flow: does a line carry pulses while the nozzle is closed and the motor runs?

Null: the hose takes up at most `dilation_l` when pressure comes, a leak lets through at most `leak_l_min` (`dribble_l_min` where the encoder
turns), and single
disturbances come at an honest rate; the count scatters about that bound like a Poisson count at most.  With both
channels the walk is counted, in which noise on one channel cancels; with one channel separate disturbances are allowed
for.  What the encoder shows too went through the meter and is told of the encoder.  Source: statistics.md 1c (zero-flow
pulses), fuel_dispensers.md 1.3 (C08, C25) and 7.1 point 6; bounds are engineering values [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.events import HONEST_EVENTS, first_of_each
from harness.judge.pulses.gray import net_steps
from harness.judge.quantities import number
from harness.judge.trains import channels, clipped, gaps_in_window, micro, same_clock, segment_window, ticks_of

NAME = "zero-flow"
STATIONS = ("encoder", "board")


@dataclass(frozen=True)
class _Count:
    """Pulses seen in `seconds` with the nozzle closed; `walked` when both channels were decoded; or why there are none."""

    pulses: float
    events: int
    seconds: float
    walked: bool
    why_not: str = ""


def _count(segment: Segment, station: str, view: View) -> _Count:
    taps = channels(segment, station)
    for train in taps.values():
        if gaps_in_window(segment, train):
            return _Count(0, 0, 0, False, f"gap in {train.name}")
        if train.tick_s is None:
            return _Count(0, 0, 0, False, f"{train.name}: no sample rate")
    train = next(iter(taps.values()))
    assert train.tick_s is not None
    first, last = segment_window(segment, train)
    seconds = max(float((last - first) * train.tick_s), 0.0)
    if seconds < view.parameters["min_s"]:
        return _Count(0, 0, seconds, False, f"{seconds:.0f} s with a closed nozzle are too short")
    ticks, levels = clipped(segment, train)
    rising = ticks if levels is None else ticks[levels == 1]
    events = int(first_of_each(rising, ticks_of(micro(view.parameters["burst_us"]), train.tick_s)).size)
    a, b = taps.get("A"), taps.get("B")
    if a is not None and b is not None and a.levels is not None and b.levels is not None and same_clock(a, b):
        (a_ticks, a_levels), (b_ticks, b_levels) = clipped(segment, a), clipped(segment, b)
        assert a_levels is not None
        assert b_levels is not None
        return _Count(abs(net_steps(a_ticks, a_levels, b_ticks, b_levels)) / 4, events, seconds, True)
    return _Count(float(rising.size), events, seconds, False)


def _reading(segment: Segment, station: str, link: Link, upstream: float, view: View) -> tuple[Reading, float]:
    def mute(reason: str) -> tuple[Reading, float]:
        return Reading(NAME, segment.id, link, 1.0, reason=reason), 0.0

    per_litre = number(view.profile, "pulses_per_litre")
    if per_litre is None:
        return mute("pulses per litre not declared")
    found = _count(segment, station, view)
    if found.why_not or not segment.complete:
        return mute(found.why_not or "the watch was cut")
    if found.pulses and upstream >= 0.8 * found.pulses:
        return mute("the encoder shows the same")
    k, minutes = float(per_litre), found.seconds / 60
    # a leak that drips is seen; what turns the meter itself may be a dribbling nozzle, which is a matter of conformity
    leak = view.parameters["leak_l_min" if station == "board" else "dribble_l_min"]
    bound = k * (view.parameters["dilation_l"] + leak * minutes)
    own = found.pulses - upstream  # what went through the meter as well is no surplus of this line
    p = float(stats.poisson.sf(int(np.ceil(own)) - 1, bound)) if own > bound else 1.0
    if not found.walked:  # disturbances are pulses here: separate ones beyond their honest rate as well
        mean = HONEST_EVENTS + view.parameters["honest_per_s"] * found.seconds + bound
        p = max(p, float(stats.poisson.sf(found.events - 1, mean)))
    hit = p < view.parameters["q"]
    litres = own / k
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=p,
        hits=found.events if hit else 0,
        shape=Shape.EXTRA if hit else None,
        at={"station": station, "pulses": own, "litres": round(litres, 3), "rate_hz": own / found.seconds}
        if hit
        else {"pulses": own},
    ), found.pulses


def _segment(segment: Segment, view: View) -> list[Reading]:
    observed = stations(segment)
    readings, upstream = [], 0.0
    for station in STATIONS:
        if station in observed and channels(segment, station):
            link = Link(upstream_of(station, observed), station)
            reading, pulses = _reading(segment, station, link, upstream, view)
            upstream = pulses if station == "encoder" else upstream
            readings.append(reading)
    return readings


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [r for segment in segments if segment.kind is SegmentKind.SHUT for r in _segment(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="with the nozzle closed no more is counted than a hose takes up and a leak lets through, and rare disturbances",
    needs="a watch of half a minute with the nozzle closed and the motor on, a tap of encoder or board",
    parameters={
        "dilation_l": 0.15,
        "leak_l_min": 0.1,
        "dribble_l_min": 1.0,
        "honest_per_s": 0.5,
        "burst_us": 50_000.0,
        "min_s": 20.0,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="pulses come while the nozzle is closed",
    telling=40,
    shows=Kind.ADDED,
    witness="pulses",
)
