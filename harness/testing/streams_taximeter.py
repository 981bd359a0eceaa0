"""An honest taxi: rides of which the way is surveyed, and watches at standstill with its controls worked.

A rotor of a few uneven magnets on wheels that are off by a percent or two, pulses as wide as a share of their interval, the meter's input some
microseconds behind the sensor; a display of distance that counts whole steps; the car's own speed from its plug.  Fare, waiting, records and
satellites are not modelled: a test that needs them needs streams of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import ClockMap, EdgeKind, Flag, Mark, MarkSource, Origin, PulseTrain, Register, SampledTrace
from harness.catalogue import with_rules
from harness.editions import edition
from harness.fixed_streams import Case
from harness.judge.contract import Segment, SegmentKind

Floats = npt.NDArray[np.float64]
S = 1_000_000_000
GRID_S = 0.05
K, MAGNETS = 4000, 4
TICK_S = Fraction(1, 1_000_000)
CONTROLS = ("horn", "indicator", "wipers", "window")
STEP_KM = Decimal("0.1")
EDITION = "jjg517-2016"
_ORIGIN = Origin("testing-streams/1", "harness/testing/streams_taximeter.py")
_DECLARED = {
    "pulses_per_km": str(K), "certificate_k": str(K), "sealed_k": True, "sensor_class": "magnet-rotor", "magnets": str(MAGNETS),
    "distance_resolution_km": str(STEP_KM), "fare_step": "0.1", "currency": "CNY", "update_ms": 500,
}  # fmt: skip


@dataclass(frozen=True)
class _Car:
    """`magnets` (MAGNETS,): where each lies beside its place, in pitches; `width`: of a pulse, as a share of its interval."""

    wheels: float
    magnets: Floats
    width: float
    late_us: int


class _Visit:
    """Rides and watches one after the other, on one clock."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._t_ns = rng, 0
        self._car = _Car(
            float(rng.uniform(-0.03, 0.01)), rng.normal(0, 0.02, MAGNETS), float(rng.uniform(0.2, 0.5)), int(rng.integers(2, 30))
        )  # fmt: skip
        self.found: list[Segment] = []

    def ride(self, id: str, metres: float, phase: str, state: str) -> None:
        """Hired at rest, driven once to the end of a surveyed way, read at rest, vacant."""
        rng = self._rng
        seconds, way = _drive(rng, metres)
        turned = way * (1 + self._car.wheels) * K / 1000
        n = np.arange(int(turned[-1]))
        first = int(rng.integers(MAGNETS))
        at = n + 0.5 + self._car.magnets[(n + first) % MAGNETS] + rng.normal(0, 0.004, n.size)
        pulses = np.interp(np.maximum.accumulate(at), turned, seconds)
        u = float(np.hypot(metres * 5e-4, 0.5))
        end_s = float(seconds[-1])
        km = [Decimal(0), Decimal(n.size * 1000 // K // 100) * STEP_KM]
        context: dict[str, Any] = {"hired": True, "reference": "surveyed"}
        plug = np.arange(0.5, end_s, 0.5)
        kmh = np.floor(np.interp(plug, seconds, np.gradient(way, GRID_S)) * 3.6 + 1e-9).astype(np.int64)
        speed = SampledTrace(
            "speed", self._t_ns + np.round(plug * S).astype(np.int64), kmh, np.zeros(plug.size, np.uint8), Decimal(1), "km/h", _ORIGIN, Flag(0)
        )  # fmt: skip
        known = (metres + float(rng.normal(0, u / 2)), u)
        self._segment(id, SegmentKind.TRIP, phase, state, pulses, end_s, km, context, (), {"speed": speed}, known)

    def watch(self, id: str, phase: str, state: str, hired: bool, passes: int) -> None:
        """Handbrake on; every control worked so often, each time marked."""
        marks, t = [], 8.0
        for control in CONTROLS * passes:
            marks.append(Mark(self._t_ns + int(t * S), 2 * S, MarkSource.OPERATOR, f"control-{control}"))
            t += float(self._rng.uniform(9, 12))
        context = {"handbrake": True, "hired": hired}
        still = [Decimal(0), Decimal(0)]
        self._segment(
            id, SegmentKind.SOAK, phase, state, np.zeros(0), max(t, 60.0) + 6.0, still, context, tuple(marks), {}, None
        )

    def _segment(
        self, id: str, kind: SegmentKind, phase: str, state: str, pulses: Floats, end_s: float, km: list[Decimal], context: dict[str, Any],
        marks: tuple[Mark, ...], traces: dict[str, SampledTrace], known: tuple[float, float] | None,
    ) -> None:  # fmt: skip
        begin_ns, end_ns = self._t_ns, self._t_ns + int(end_s * S)
        looks = np.array([begin_ns + 2 * S, end_ns - S], dtype=np.int64)
        distance = Register("distance", looks, np.full(2, S // 2), tuple(km), STEP_KM, "km", _ORIGIN)
        told = {"covert": False, "photographed": True, "seals_unchanged": True, "stated_k": str(K), **context}
        self.found.append(
            Segment(
                id, kind, phase, state, (begin_ns, end_ns), {**told, "events": tuple(mark.kind for mark in marks)},
                {"sensor.A": self._line("sensor", pulses, end_s, 0), "input.A": self._line("input", pulses, end_s, self._car.late_us)},
                {"distance": distance}, {"tap": ClockMap("tap", begin_ns, Fraction(1000), 20_000, 1e-6)}, marks, traces=traces, reference_m=known,
            )
        )  # fmt: skip
        self._t_ns = end_ns + 30 * S

    def _line(self, station: str, pulses: Floats, end_s: float, late_us: int) -> PulseTrain:
        gaps = np.diff(pulses, append=pulses[-1:] + 0.2)
        edges = np.stack([pulses, pulses + np.minimum(gaps, 1.0) * self._car.width], axis=1).ravel()
        ticks = np.round(edges * 1e6).astype(np.int64) + late_us
        levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
        return PulseTrain(
            station, "A", ticks, TICK_S, EdgeKind.BOTH, (0, int(end_s * 1e6)), _ORIGIN, "tap", levels, instrument=""
        )


def _drive(rng: np.random.Generator, metres: float) -> tuple[Floats, Floats]:
    """Seconds (n,) and metres (n,): ten seconds at rest, away at a metre and a half a second squared, a speed that wanders, and to rest."""
    top, a = float(rng.uniform(9, 16)), 1.5
    ramp = np.arange(0, top, a * GRID_S)
    middle = np.arange(0, (metres - top * top / a) / top, GRID_S)
    wander = top * (1 + float(rng.uniform(0.01, 0.05)) * np.sin(middle * float(rng.uniform(0.1, 0.4))))
    speed = np.concatenate([np.zeros(200), ramp, wander, ramp[::-1], np.zeros(200)])
    way: Floats = np.cumsum(speed) * GRID_S
    seconds: Floats = np.arange(1, way.size + 1, dtype=np.float64) * GRID_S
    return seconds, way * (metres / float(way[-1]))


@cache
def _profile() -> Mapping[str, Any]:
    return with_rules(_DECLARED, edition(EDITION))


def taximeter(rng: np.random.Generator) -> Case:
    """Watches at standstill, hired and vacant, and three rides; a ride and a watch again after a power cut."""
    visit = _Visit(rng)
    visit.watch("B1", "B", "power-0", True, 3)
    visit.watch("B2", "B", "power-0", False, 0)
    for number in range(1, 4):
        visit.ride(f"D{number}", float(rng.uniform(900, 1300)), "C", "power-0")
    visit.watch("E1", "E", "power-1", True, 3)
    visit.ride("F1", float(rng.uniform(900, 1300)), "E", "power-1")
    return Case(tuple(visit.found), _profile())
