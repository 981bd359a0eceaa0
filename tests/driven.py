"""Trips and soaks of a taximeter as a bench leaves them, written down by hand: for tests of what the judge makes of them.

A drive is a speed over time; a rotor turns it into pulses with unequal magnets; what is put on the line, and what is done to the
display, is said by each test.  Nothing here knows a simulator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import (
    ClockMap,
    EdgeKind,
    Flag,
    Int64Array,
    Mark,
    MarkSource,
    Origin,
    PulseTrain,
    Register,
    SampledTrace,
    frozen_int64,
)
from harness.catalogue import load_sensor_classes
from harness.judge.contract import DetectorSpec, Reading, Segment, SegmentKind, Validation, View
from harness.judge.sensor_class import SENSORS

Floats = npt.NDArray[np.float64]
S = 1_000_000_000
TICK_S = Fraction(1, 1_000_000)
STEP_S = 0.02  # of the speed
PROFILE: dict[str, Any] = {
    "pulses_per_km": "1000", "sealed_k": True, "certificate_k": "1000", "sensor_class": "magnet-rotor", "magnets": "1",
    "distance_resolution_km": "0.1", "fare_step": "0.1", SENSORS: load_sensor_classes(),
}  # fmt: skip
VALIDATED = Validation(10_000, 0)
HERE = Origin("test", "")
CLOCK = "analyser"


def run(spec: DetectorSpec, *segments: Segment, **profile: Any) -> list[Reading]:
    """What a test says of `segments`, in the order given; `profile` over PROFILE."""
    return list(spec.judge(segments, View(PROFILE | profile, spec.parameters, VALIDATED)))


def town(seed: int = 1, seconds: float = 300, top_kmh: float = 60.0) -> Floats:
    """Speeds in m/s every STEP_S of driving in a town: pulling off, cruising, slowing down, standing."""
    rng = np.random.default_rng(seed)
    speed, parts = 0.0, []
    while sum(part.size for part in parts) < seconds / STEP_S:
        for goal, held_s in ((rng.uniform(0.4, 1) * top_kmh / 3.6, rng.uniform(5, 40)), (rng.choice([0.0, 3.0]), rng.uniform(0, 15))):  # fmt: skip
            rate = rng.uniform(0.8, 2.5)
            ramp = np.linspace(speed, goal, max(2, int(abs(goal - speed) / rate / STEP_S)))
            sway = 0.3 * np.sin(np.arange(int(held_s / STEP_S)) * STEP_S * rng.uniform(0.2, 0.8)) * (goal > 1)
            parts += [ramp, goal + sway]
            speed = float(goal + (sway[-1] if sway.size else 0.0))
    return np.maximum(np.concatenate(parts)[: int(seconds / STEP_S)], 0.0)


def steady(kmh: float, seconds: float) -> Floats:
    return np.full(int(seconds / STEP_S), kmh / 3.6)


def travelled(speeds: Floats) -> Floats:
    """Metres at the end of every step (n,)."""
    metres: Floats = np.cumsum(speeds) * STEP_S
    return metres


def pulses(
    speeds: Floats, per_m: float = 1.0, magnets: int = 1, uneven: float = 0.0, seed: int = 1, jitter: float = 0.002
) -> Floats:
    """Seconds (n,) at which the magnets of a rotor pass; `uneven`: how far a magnet may stand off its place, in pulses."""
    rng = np.random.default_rng(seed)
    metres = travelled(speeds)
    places = np.arange(int(metres[-1] * per_m)).astype(np.float64) + rng.uniform()
    off = rng.uniform(-uneven, uneven, magnets)
    places += np.tile(off, places.size // magnets + 1)[: places.size] + rng.normal(0, jitter, places.size)
    times = np.arange(1, metres.size + 1) * STEP_S
    moving = np.concatenate([[True], np.diff(metres) > 0])
    seconds: Floats = np.sort(np.interp(np.maximum(places, 0) / per_m, metres[moving], times[moving]))
    return seconds


def injected(kmh: float, begin_s: float, seconds: float, per_m: float = 1.0) -> Floats:
    """A train of equal intervals, as a box in the driver's hand gives it out."""
    return begin_s + np.arange(int(seconds * kmh / 3.6 * per_m)) / (kmh / 3.6 * per_m)


def ticks(seconds: Floats) -> Int64Array:
    return frozen_int64(np.unique(np.round(np.sort(seconds) / float(TICK_S)).astype(np.int64)))


def train(
    station: str, seconds: Floats, until_s: float, channel: str = "A", duty: Floats | float | None = None
) -> PulseTrain:
    """Rising edges at `seconds`; both edges where `duty` is given: widths in seconds (n,), or a share of each interval."""
    window = (0, int(until_s / float(TICK_S)))
    if duty is None:
        return PulseTrain(station, channel, ticks(seconds), TICK_S, EdgeKind.RISING, window, HERE, CLOCK)
    rises = np.sort(seconds)
    widths = np.append(np.diff(rises), 0.05) * duty if isinstance(duty, float) else duty
    both = np.stack([rises, np.minimum(rises + widths, np.append(rises[1:], np.inf) - 2e-6)], axis=1).ravel()
    at, levels = np.round(both / float(TICK_S)).astype(np.int64), np.tile([1, 0], rises.size).astype(np.uint8)
    keep = np.concatenate([[True], np.diff(at) > 0])
    return PulseTrain(
        station, channel, frozen_int64(at[keep]), TICK_S, EdgeKind.BOTH, window, HERE, CLOCK, levels[keep]
    )


def clock(begin_s: float = 0.0) -> ClockMap:
    return ClockMap(CLOCK, int(begin_s * S), Fraction(1000), 1000, 1e-6)


def register(
    station: str, values: Sequence[Decimal | str], at_s: Sequence[float], step: str = "0.1", unit: str = "km"
) -> Register:
    times = frozen_int64([round(t * S) for t in at_s])
    return Register(station, times, frozen_int64([S // 10] * len(values)), tuple(Decimal(v) for v in values), Decimal(step), unit, HERE)  # fmt: skip


def trace(station: str, values: Floats, every_s: float, step: str) -> SampledTrace:
    n = values.size
    times = frozen_int64([round((i + 1) * every_s * S) for i in range(n)])
    steps = frozen_int64(np.round(values / float(step)).astype(np.int64))
    return SampledTrace(station, times, steps, np.zeros(n, np.uint8), Decimal(step), "m" if station == "reference" else "km/h", HERE, Flag(0))  # fmt: skip


def mark(at_s: float, kind: str) -> Mark:
    return Mark(round(at_s * S), S // 5, MarkSource.OPERATOR, kind)


def segment(
    id: str, until_s: float, *trains: PulseTrain, kind: SegmentKind = SegmentKind.TRIP, registers: Sequence[Register] = (),
    traces: Sequence[SampledTrace] = (), marks: Sequence[Mark] = (), reference_m: tuple[float, float] | None = None,
    state: str = "power-0", phase: str = "C", begin_s: float = 0.0, **context: Any,
) -> Segment:  # fmt: skip
    """A trip, or what `kind` says, of `until_s`; all that it holds is told from its begin, which is `begin_s` in the case."""
    begin = int(begin_s * S)
    clocks: Mapping[str, ClockMap] = {CLOCK: clock(begin_s)} if trains else {}
    read = {one.station: replace(one, times_ns=frozen_int64(one.times_ns + begin)) for one in registers}
    seen = {one.station: replace(one, times_ns=frozen_int64(one.times_ns + begin)) for one in traces}
    return Segment(
        id, kind, phase, state, (begin, begin + int(until_s * S)), {"hired": True, **context}, {t.name: t for t in trains}, read, clocks,
        tuple(replace(one, t_ns=one.t_ns + begin) for one in marks), traces=seen, reference_m=reference_m,
    )  # fmt: skip


def soak(id: str, until_s: float, *trains: PulseTrain, **more: Any) -> Segment:
    return segment(id, until_s, *trains, kind=SegmentKind.SOAK, **more)
