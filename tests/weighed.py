"""Loadings of a scale as a run leaves them, written down by hand: for tests of what the judge makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from captures.model import Flag, Mark, MarkSource, Origin, Register, SampledTrace, frozen_int64
from harness.catalogue import load_key_effects
from harness.judge.contract import DetectorSpec, Reading, Segment, SegmentKind, Validation, View
from harness.judge.key_effects import KEY_EFFECTS

S = 1_000_000_000
LONG_S = 40
STEPS = ((Decimal(500), Decimal(1)), (Decimal(2000), Decimal(2)), (Decimal(10000), Decimal(3)))  # in service, class III
PROFILE: dict[str, Any] = {
    "intervals": "15/0.005", "price_step": "0.01", "price_rounding": "half-up", "unit_price_keys": True,
    "mpe_steps": STEPS, KEY_EFFECTS: load_key_effects(),
}  # fmt: skip
VALIDATED = Validation(10_000, 0)
EYE = Origin("operator", "")


def run(spec: DetectorSpec, *segments: Segment, **profile: Any) -> list[Reading]:
    """What a test says of `segments`, in the order given; `profile` over PROFILE."""
    return list(spec.judge(segments, View(PROFILE | profile, spec.parameters, VALIDATED)))


def shown_as(load_kg: float, e: str = "0.005") -> Decimal:
    """A load as an honest scale rounds it."""
    return Decimal(round(load_kg / float(e))) * Decimal(e)


def register(station: str, values: Sequence[Decimal | str], at_s: Sequence[float], step: str = "0.005") -> Register:
    times = frozen_int64([round(t * S) for t in at_s])
    return Register(
        station, times, frozen_int64([0] * len(values)), tuple(map(Decimal, values)), Decimal(step), "", EYE
    )


def stream(
    values_kg: Sequence[float], start_s: float, step: str = "0.005", every_s: float = 0.1, stable: Sequence[bool] | None = None,
    flags: Sequence[int] | None = None,
) -> SampledTrace:  # fmt: skip
    """Readings of a line from `start_s` on, stable where nothing else is said."""
    times = frozen_int64([round((start_s + i * every_s) * S) for i in range(len(values_kg))])
    steps = frozen_int64([round(kg / float(step)) for kg in values_kg])
    own = [int(Flag.STABLE) * one for one in (stable if stable is not None else [True] * len(values_kg))]
    own = [one | other for one, other in zip(own, flags if flags is not None else [0] * len(own), strict=True)]
    told = Flag.STABLE | Flag.PRINT | Flag.NET
    return SampledTrace("weight", times, steps, np.array(own, np.uint8), Decimal(step), "kg", Origin("test", ""), told)


def loading(
    number: int,
    load_kg: float | None,
    display: Sequence[Decimal | str] = (),
    *,
    state: str = "power-0",
    phase: str = "C",
    keys: Sequence[tuple[float, str]] = (),
    at_s: Sequence[float] = (),
    line: SampledTrace | None = None,
    registers: Sequence[Register] = (),
    marks: Sequence[Mark] = (),
    u_kg: float = 5e-5,
    **context: Any,
) -> Segment:
    """Loading `number`, LONG_S s long: what was read of its display in order, every 5 s from the second one on or `at_s`
    (seconds from its begin; those of `registers` and `line` are absolute, `begin_s(number)` is its begin), keys pressed."""
    begin = begin_s(number)
    times = [begin + t for t in (at_s or [2 + 5 * i for i in range(len(display))])]
    own = {one.station: one for one in registers}
    if display:
        own["display"] = register("display", display, times)
    pressed = [
        Mark(
            round((begin + t) * S), S // 10, MarkSource.OPERATOR, "press-remote" if key == "remote" else f"press-{key}"
        )
        for t, key in keys
    ]
    return Segment(
        f"L{number}", SegmentKind.LOADING, phase, state, (begin * S, (begin + LONG_S) * S), context, registers=own,
        marks=tuple(sorted([*pressed, *marks], key=lambda mark: mark.t_ns)),
        traces={} if line is None else {"weight": line},
        load_kg=None if load_kg is None else (load_kg, u_kg),
    )  # fmt: skip


def begin_s(number: int) -> int:
    return number * (LONG_S + 10)


def priced(number: int, kg: str, unit_price: str, price: str, prefix: str = "", at_s: float = 2) -> list[Register]:
    """Weight, unit price and price read at once; `prefix` "ticket" for a ticket."""
    names = ("ticket", "ticket_unit_price", "ticket_price") if prefix else ("display", "unit_price", "price")
    when = [begin_s(number) + at_s]
    steps = ("0.005", "0.01", "0.01")
    return [
        register(name, [value], when, step)
        for name, value, step in zip(names, (kg, unit_price, price), steps, strict=True)
    ]
