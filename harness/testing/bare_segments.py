"""Segments that lack what a test needs: of every kind, with nothing in them, one edge, nothing but a gap, no clock, no reading at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from captures.model import EdgeKind, Flag, Origin, PulseTrain, Register, SampledTrace
from harness.fixed_streams import Case
from harness.judge.contract import Segment, SegmentKind
from harness.testing.streams import HONEST

S = 1_000_000_000
WINDOW = (0, 60 * S)
TICKS = (0, 60_000_000)
_ORIGIN = Origin("testing-bare/1", "harness/testing/bare_segments.py")
_LINES = ("encoder.A", "encoder.B", "board.A", "board.B", "reference.P", "sensor.A", "input.A")
_NUMBERS = {
    "register": "L", "display": "L", "amount": "CNY", "totaliser": "L", "weight": "kg", "price": "CNY", "unit_price": "CNY/kg", "ticket": "kg",
    "record": "kg", "distance": "km", "fare": "CNY",
}  # fmt: skip
_FAMILY = {
    SegmentKind.LOADING: "scale", SegmentKind.TRIP: "taximeter", SegmentKind.SOAK: "taximeter",
}  # fmt: skip


def _trains(ticks: tuple[int, ...], tick_s: Fraction | None = Fraction(1, 1_000_000), **more: Any) -> dict[str, PulseTrain]:  # fmt: skip
    edges, levels = np.array(ticks, dtype=np.int64), np.array([(n + 1) % 2 for n in range(len(ticks))], dtype=np.uint8)
    return {
        name: PulseTrain(name[:-2], name[-1], edges, tick_s, EdgeKind.BOTH, TICKS, _ORIGIN, "tap", levels, **more)
        for name in _LINES
    }


def _registers(values: tuple[str, ...], kind: SegmentKind) -> dict[str, Register]:
    times = np.arange(1, len(values) + 1, dtype=np.int64) * S
    own = {**_NUMBERS, "display": "kg"} if kind is SegmentKind.LOADING else _NUMBERS
    return {
        name: Register(name, times, np.zeros(times.size, dtype=np.int64), tuple(map(Decimal, values)), Decimal("0.01"), unit, _ORIGIN)
        for name, unit in own.items()
    }  # fmt: skip


def _trace(n: int) -> dict[str, SampledTrace]:
    times, steps = np.arange(n, dtype=np.int64) * S, np.zeros(n, dtype=np.int64)
    none = np.zeros(n, dtype=np.uint8)
    weight = SampledTrace("weight", times, steps, none, Decimal("0.005"), "kg", _ORIGIN, Flag.STABLE)
    speed = SampledTrace("speed", times, steps, none, Decimal(1), "km/h", _ORIGIN)
    return {"weight": weight, "speed": speed, "reference": replace(speed, station="reference", unit="m")}


def _of_kind(kind: SegmentKind) -> Mapping[str, Segment]:
    nothing = Segment("bare", kind, "C", "power-0", WINDOW)
    load = (0.0, 0.0) if kind is SegmentKind.LOADING else None
    return {
        "with nothing in it": nothing,
        "with lines on which nothing happens": replace(nothing, trains=_trains(()), registers=_registers((), kind), traces=_trace(0)),
        "with one edge a line": replace(nothing, trains=_trains((1_000_000,)), load_kg=load),
        "with one pulse a line": replace(nothing, trains=_trains((1_000_000, 1_010_000))),
        "all of it a gap": replace(nothing, trains=_trains((), gaps=(TICKS,))),
        "without a sample rate": replace(nothing, trains=_trains((1_000_000, 1_010_000, 1_020_000), None)),
        "with one reading each": replace(nothing, registers=_registers(("0",), kind), traces=_trace(1), load_kg=load),
        "cut short": replace(nothing, trains=_trains((1_000_000,)), registers=_registers(("0",), kind), complete=False),
    }  # fmt: skip


@cache
def bare_cases() -> Mapping[str, Case]:
    """By name; each with the profile of its family, and a dispenser's with none at all."""
    profiles = {family: make(np.random.default_rng(1)).profile for family, make in HONEST.items()}
    found = {f"no segments, profile of a {family}": Case((), profile) for family, profile in profiles.items()}
    found["no segments and no profile"] = Case((), {})
    for kind in SegmentKind:
        own = _of_kind(kind)
        profile = profiles[_FAMILY.get(kind, "dispenser")]
        for what, segment in own.items():
            found[f"one {kind} {what}"] = Case((segment,), profile)
            found[f"one {kind} {what}, nothing declared"] = Case((segment,), {})
        every = tuple(replace(segment, id=f"bare-{number}") for number, segment in enumerate(own.values()))
        found[f"several of {kind}, none complete"] = Case(every, profile)
    return found
