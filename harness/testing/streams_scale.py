"""An honest price scale of class III: loads unannounced, openly, under keys, and after a power cut, with and without its line.

A measuring chain inside its limits on initial verification: span, zero, repeatability, creep and noise, each a share of an interval; weights of
their class; a price that is the weight shown times the unit price; a line of eight frames a second that settles and says when it stands still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Flag, Mark, MarkSource, Origin, Register, SampledTrace
from harness.catalogue import with_rules
from harness.editions import edition
from harness.fixed_streams import Case
from harness.judge.contract import Segment, SegmentKind

Floats = npt.NDArray[np.float64]
S = 1_000_000_000
FRAME_NS = S // 8
MAX_KG, E_KG = 15.0, Decimal("0.005")
CENT = Decimal("0.01")
EDITION = "oiml-r76-2006"
KEYS = ("M1", "total", "print")  # none of them changes the weight that is displayed
U_REL = 0.00005
_ORIGIN = Origin("testing-streams/1", "harness/testing/streams_scale.py")
_DECLARED = {
    "intervals": f"{MAX_KG:g}/{E_KG}", "accuracy_class": "III", "limits": "initial", "trade": "selling", "price_step": "0.01",
    "unit_price_step": "0.01", "price_rounding": "half-up", "currency": "CNY", "keys": "M1 total print zero tare", "clear_key": "clear",
}  # fmt: skip


@dataclass(frozen=True)
class _Chain:
    """`span` and `creep` relative, the rest in kg; `wired`: its line is heard."""

    span: float
    creep: float
    zero_kg: float
    repeat_kg: float
    noise_kg: float
    settling_s: float
    unit_price: Decimal
    wired: bool


def _drawn(rng: np.random.Generator) -> _Chain:
    e = float(E_KG)
    return _Chain(
        span=float(rng.uniform(-1, 1)) * e / MAX_KG,
        creep=float(rng.uniform(0, 0.3)) * e / MAX_KG,
        zero_kg=float(rng.uniform(-0.2, 0.2)) * e,
        repeat_kg=float(rng.uniform(0.02, 0.15)) * e,
        noise_kg=float(rng.uniform(0.02, 0.15)) * e,
        settling_s=float(rng.uniform(0.15, 0.5)),
        unit_price=CENT * int(rng.integers(199, 6000)),
        wired=bool(rng.random() < 0.7),
    )


class _Session:
    """Loads one after the other, on one clock."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._chain = rng, _drawn(rng)
        self._t_ns, self._before_kg, self._pressed = 0, 0.0, list[str]()
        self.found: list[Segment] = []

    def load(self, id: str, kg: float, phase: str, keys: Sequence[str] = ()) -> None:
        """A load of so much, read at rest, and once more after each of `keys`."""
        rng, chain = self._rng, self._chain
        on_ns = self._t_ns + 6 * S
        times, marks = [on_ns + 4 * S], list[Mark]()
        for key in keys:
            pressed_ns = times[-1] + 2 * S
            marks.append(Mark(pressed_ns, S, MarkSource.OPERATOR, f"press-{key}"))
            times.append(pressed_ns + 4 * S)
        until_ns = times[-1] + 2 * S
        truth = kg * (1 + float(rng.normal(0, U_REL)))
        steady = truth * (1 + chain.span) + chain.zero_kg + float(rng.normal(0, chain.repeat_kg))

        def level(t_ns: npt.NDArray[np.int64]) -> Floats:
            crept: Floats = steady + chain.creep * truth * (1 - np.exp(-(t_ns - on_ns) / S / 600))
            return crept

        at = np.array(times, dtype=np.int64)
        noisy = level(at) + rng.normal(0, chain.noise_kg, at.size)
        shown = [Decimal(round(one / float(E_KG))) * E_KG for one in noisy.tolist()]
        prices = [(max(one, Decimal(0)) * chain.unit_price).quantize(CENT, ROUND_HALF_UP) for one in shown]
        registers = {
            "display": _register("display", at, shown, E_KG, "kg"),
            "unit_price": _register("unit_price", at, [chain.unit_price] * at.size, CENT, "CNY/kg"),
            "price": _register("price", at, prices, CENT, "CNY"),
        }
        events = tuple(mark.kind for mark in marks)
        context: dict[str, Any] = {
            "asked_kg": f"{kg:g}", "position": "centre", "covert": phase == "A", "by_hand": True, "events": events,
            "pressed_before": tuple(self._pressed), "photographed": True, "seals_unchanged": True,
        }  # fmt: skip
        traces = {"weight": self._line(level, on_ns, until_ns)} if chain.wired else {}
        state = "power-1" if phase == "E" else "power-0"
        self.found.append(
            Segment(
                id, SegmentKind.LOADING, phase, state, (on_ns, until_ns), context, registers=registers, marks=tuple(marks), traces=traces,
                load_kg=(kg, kg * U_REL),
            )
        )  # fmt: skip
        self._pressed += events
        self._t_ns, self._before_kg = until_ns, steady

    def dark(self) -> None:
        """Power away for a minute."""
        self._t_ns += 60 * S
        self._pressed.clear()

    def _line(self, level: Any, on_ns: int, until_ns: int) -> SampledTrace:
        """What the line says from three seconds before the load counts as placed: the change, and rest behind it."""
        rng, chain, e = self._rng, self._chain, float(E_KG)
        times = np.arange(on_ns - 3 * S, until_ns, FRAME_NS, dtype=np.int64)
        since_s = (times - (on_ns - 2.5 * S)) / S
        there = level(times)
        gone = np.where(since_s < 0, 1.0, np.exp(-np.clip(since_s, 0, None) / chain.settling_s))
        course = there + (self._before_kg - there) * gone
        steps = np.rint((course + rng.normal(0, chain.noise_kg, times.size)) / e).astype(np.int64)
        still = (np.abs(course - there) < 0.5 * e) | (since_s < 0)
        flags = np.where(still, int(Flag.STABLE), 0).astype(np.uint8)
        return SampledTrace("weight", times, steps, flags, E_KG, "kg", _ORIGIN, Flag.STABLE | Flag.OVERLOAD)


def _register(name: str, at: npt.NDArray[np.int64], values: list[Decimal], step: Decimal, unit: str) -> Register:
    return Register(name, at, np.zeros(at.size, dtype=np.int64), tuple(values), step, unit, _ORIGIN)


@cache
def _profile() -> Mapping[str, Any]:
    return with_rules(_DECLARED, edition(EDITION))


def scale(rng: np.random.Generator) -> Case:
    """Five loads and the empty scale, unannounced, openly and after a power cut; keys pressed over two of them before it."""
    session, loads = _Session(rng), [round(float(kg), 3) for kg in rng.uniform(0.5, 12, 5)]
    for phase in "ACE":
        if phase == "E":
            for number, kg in enumerate(loads[:2], 1):
                session.load(f"K{number}", kg, "C", [str(rng.choice(KEYS)) for _ in range(3)])
            session.dark()
        session.load(f"{phase}0", 0.0, phase)
        for number, kg in enumerate(loads, 1):
            session.load(f"{phase}{number}", kg, phase)
    return Case(tuple(session.found), _profile())
