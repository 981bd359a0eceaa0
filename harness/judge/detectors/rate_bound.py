"""Rate bound: do the pulses say a speed, or a gain of speed, that no road vehicle has?

Null: no two intervals together are shorter than at the greatest speed of the vehicle (with a margin: a wheel that spins turns no
faster than the engine drives it in its longest gear), and over a turn of the rotor the rate gains no more than a spinning or
released wheel does, held against the fastest rate of the two seconds before.  A contact that chatters, magnets at unequal distances
and an output that is set anew every `update_ms` do what their declared class does (catalogue/sensor_classes.toml); the widest of all
classes where none is declared.  What else does not comes in separate disturbances at an honest rate.  Pulses lost and found again, wheel-spin and
ABS gain nothing on the speed before.  A train that is faster than the vehicle for most of its time says that K is declared wrongly:
the test is mute.

The first violation is told at `raised_ns`, two intervals behind the first pulse put in: nothing later is needed for it.
Source: taximeters.md 3 (plausibility bound) and 6 (D1); the margins are engineering values [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captures.model import Int64Array, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import edges
from harness.judge.evalue import bet_on_count
from harness.judge.events import HONEST_EVENTS, counted, first_of_each, least_counted, place, poisson_p
from harness.judge.pulses.speeds import LEAST, Bounds, debounced, too_fast, too_sudden
from harness.judge.quantities import number
from harness.judge.sensor_class import SensorClass, per_m_at, sensor_class, top_speed_kmh
from harness.judge.trains import channels, gaps_in_window, micro, segment_window, stays_us, ticks_of, to_ns

NAME = "rate-bound"
STATIONS = ("sensor", "input")
SAME = "the sensor shows the same"
TURN = 16  # pulses of a turn at most over which a rate is told


@dataclass(frozen=True, eq=False)
class _Found:
    """Pulses (n,) in ticks, and of them those that end a violation (v,)."""

    pulses: Int64Array
    violations: Int64Array
    fast: int


def _bounds(view: View, own: SensorClass, per_m: float) -> tuple[Bounds, float, float]:
    """What no wheel does, at one tap; the speed it stands for in km/h; the longest chatter in seconds."""
    magnets = number(view.profile, "magnets")
    single = magnets == 1 or own.spacing_rel == 0
    uneven = 0.0 if single else own.spacing_rel
    top = top_speed_kmh(view.profile) * view.parameters["speed_margin"]
    # an output that is set anew now and then may give one pulse more within an update than the wheels made
    turned = top / 3.6 * per_m / (1 - uneven)
    fastest = turned + (1000 / own.update_ms if own.update_ms else 0.0)
    # and no pulse comes before the shaft has turned for it, nor later than its class may be
    shortest = max(1 / fastest, 1 / turned - own.latency_ms / 1000 / LEAST)
    whole_turn = magnets is not None and int(magnets) <= TURN
    over = max(LEAST + 1, int(magnets) if whole_turn and magnets is not None else TURN if uneven else 0)
    change = view.parameters["slip_m_s2"] * per_m
    # within one turn the magnets stand where they stand: over whole turns their spacing is gone
    spread = view.parameters["spread"] + (0.0 if whole_turn or single else uneven / over)
    bounds = Bounds(shortest, change, change * own.update_ms / 1000, spread, over, view.parameters["back_s"])
    bounce = min(own.bounce_us / 1e6, view.parameters["bounce_share"] * 3.6 / (top_speed_kmh(view.profile) * per_m))
    return bounds, 3.6 / (shortest * per_m), bounce


def _examine(ticks: Int64Array, tick_s: float, bounds: Bounds, bounce: int) -> _Found:
    pulses = debounced(ticks, bounce)
    seconds = np.asarray((pulses - pulses[:1]) * tick_s, dtype=np.float64)
    fast = too_fast(seconds, bounds.shortest)
    both = fast | too_sudden(seconds, bounds)
    return _Found(pulses, pulses[both], int(np.count_nonzero(fast)))


def _mostly_fast(found: _Found, bounds: Bounds, tick_s: float) -> bool:
    """Whether the train is faster than the vehicle for more than half of the time in which it moves."""
    intervals = np.diff(found.pulses) * tick_s
    moving = intervals[intervals < 3.0]
    return bool(moving.size) and float(moving[moving < bounds.shortest].sum()) > 0.5 * float(moving.sum())


def _reading(segment: Segment, train: PulseTrain, link: Link, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, at={"station": train.station}, reason=reason)

    own, per_m = sensor_class(view.profile), per_m_at(view.profile, train.station)
    if own is None or per_m is None:
        return mute("K of the meter is not declared" if per_m is None else "no sensor classes are known")
    if train.tick_s is None:
        return mute(f"{train.name}: no sample rate")
    if gaps_in_window(segment, train):
        return mute(f"gap in {train.name}")
    bounds, top_kmh, bounce_s = _bounds(view, own, per_m)
    tick_s = float(train.tick_s)
    found = _examine(edges(segment, train), tick_s, bounds, int(bounce_s / tick_s))
    if segment.kind is SegmentKind.TRIP and _mostly_fast(found, bounds, tick_s):
        return mute(f"{train.name}: faster than the vehicle for most of the time: is K declared rightly?")
    first, last = segment_window(segment, train)
    seconds, per_s = max(float((last - first) * train.tick_s), 0.0), view.parameters["honest_per_s"]
    burst = ticks_of(micro(view.parameters["burst_us"]), train.tick_s)
    separate = found.violations[first_of_each(found.violations, burst)]
    hits = counted(int(separate.size), seconds, per_s, view.parameters)
    at: dict[str, Any] = {"station": train.station, "bound_kmh": round(top_kmh, 1)}
    if separate.size:
        at |= _told(segment, train, found, separate, per_m, view)
    shape = None
    if hits:
        shape = Shape.EXTRA if segment.kind is SegmentKind.SOAK else at.pop("shape", Shape.SWITCHED)
    at.pop("shape", None)
    return Reading(
        NAME,
        segment.id,
        link,
        bet_on_count(hits, view.parameters, view.validation),
        p=poisson_p(int(separate.size), HONEST_EVENTS + per_s * seconds) if hits else 1.0,
        hits=hits,
        mde=least_counted(seconds, per_s, view.parameters) / max(found.pulses.size, 1),
        shape=shape,
        at=at,
    )


def _told(
    segment: Segment, train: PulseTrain, found: _Found, separate: Int64Array, per_m: float, view: View
) -> dict[str, Any]:
    """Where it was raised, how fast the train was there, and where the violations lie along the way."""
    assert train.tick_s is not None
    index = np.searchsorted(found.pulses, found.violations)
    spans = (found.pulses[index] - found.pulses[np.maximum(index - LEAST, 0)]) * float(train.tick_s)
    kmh = LEAST / np.maximum(spans, 1e-9) / per_m * 3.6
    at: dict[str, Any] = {
        "speed_kmh": round(float(np.median(kmh)), 1),
        "too_fast": found.fast,
        "separate": int(separate.size),
    }
    at |= _looks(segment, train, found, index, view)
    begun = found.pulses[np.maximum(np.searchsorted(found.pulses, separate[:1]) - LEAST, 0)]
    stamps = to_ns(segment, train, np.concatenate([begun, separate[:1]]))
    if stamps is not None:
        at |= {"onset_ns": int(stamps[0]), "raised_ns": int(stamps[1])}
    km = np.searchsorted(found.pulses, separate) / (1000 * per_m)
    course = place(km, found.pulses.size / (1000 * per_m))
    if course is not None and segment.kind is SegmentKind.TRIP:
        at |= {"shape": Shape.SWITCHED, "onset_l": course.onset_l, "onset_interval_l": course.onset_interval_l}
    return at


def _looks(segment: Segment, train: PulseTrain, found: _Found, index: Int64Array, view: View) -> dict[str, Any]:
    """Whether most of the intervals found are equal (`even`), as neither chatter nor interference makes them, and how wide the
    narrower half of the pulses is, where both edges were recorded."""
    assert train.tick_s is not None
    own = found.pulses[index[index > 0]] - found.pulses[index[index > 0] - 1]
    usual = float(np.median(own)) if own.size else 0.0
    alike = np.abs(own - usual) <= view.parameters["even"] * usual + 1
    at: dict[str, Any] = {"even": bool(own.size >= 3 and 2 * np.count_nonzero(alike) > own.size)}
    if (width := stays_us(segment, train, found.violations)) is not None:
        at["width_us"] = width
    return at


def _segment(segment: Segment, view: View) -> list[Reading]:
    """One reading a tap: of the sensor, and of the input where the sensor does not show the same."""
    observed = stations(segment)
    readings: list[Reading] = []
    for station in STATIONS:
        taps = channels(segment, station)
        if not taps:
            continue
        link = Link(upstream_of(station, observed), station)
        reading = max((_reading(segment, train, link, view) for train in taps.values()), key=lambda one: one.hits)
        if readings and readings[0].hits and readings[0].hits >= 0.8 * reading.hits:
            reading = Reading(NAME, segment.id, link, 1.0, reason=SAME)
        readings.append(reading)
    return readings


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    driven = (SegmentKind.TRIP, SegmentKind.SOAK)
    return [reading for segment in segments if segment.kind in driven for reading in _segment(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="no two intervals are shorter than at the greatest speed, no rate gains more than a spinning wheel; disturbances are rare",
    needs="one channel of sensor or input, K declared",
    parameters={
        "speed_margin": 1.1,
        "slip_m_s2": 60.0,
        "spread": 0.1,
        "back_s": 2.0,
        "bounce_share": 0.15,
        "burst_us": 50_000.0,
        "even": 0.02,
        "honest_per_s": 0.002,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="the pulses say a speed, or a gain of speed, that no road vehicle has",
    telling=22,
    shows=Kind.ADDED,
    witness="pulses",
)
