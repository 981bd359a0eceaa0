"""What binds the deliveries of one visit: a totaliser that goes on, other people's sales, start values, stop modes, codes.

Honest throughout; numbers read by eye are misread as in generators.py.  Amplitudes are assumptions [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.generators import ORIGIN, PROFILE, Tamper, _decimal, _misread, delivery, instrument
from captures.model import Register
from harness.catalogue import load_self_lock
from harness.judge.contract import Segment, SegmentKind

LOCK_PROFILE: dict[str, Any] = {**PROFILE, "self_lock": "jjg443", "self_lock_rules": load_self_lock()}
STOP_L = 0.03  # how much fuller or emptier the hose is after another kind of stop


def visit(rng: np.random.Generator, segments: Sequence[Segment], misread: float) -> list[Segment]:
    """The deliveries as one visit's: every one follows the one before."""
    total = Decimal("184220.31") + Decimal(int(rng.integers(0, 10**6))) / 100
    rest = float(rng.uniform(0, 0.0099))  # what the totaliser holds below its last digit
    read = total
    last_shown: Decimal | None = None
    stop_l = float(rng.uniform(-STOP_L, STOP_L))
    result = []
    for segment in segments:
        registers, context = dict(segment.registers), dict(segment.context)
        wired = "register" in registers
        foreign = _foreign(rng, context, wired)
        if "totaliser" in registers:
            name = "register" if wired else "display"
            sold = registers[name].values[-1] if wired else _true_end(segment)
            rest += float(rng.uniform(0, 0.0099)) + float(sold + foreign)
            after = total + _decimal(rest, "0.01")
            seen = _misread(rng, after, misread * 0.2)
            registers["totaliser"] = replace(registers["totaliser"], values=(read, seen))
            read = seen
        if rng.random() < 0.25:  # by an amount, or stopped by hand
            context["preset"] = str(rng.choice(["amount", "free"]))
        reference = segment.reference_l
        if context["preset"] != "volume" and reference is not None:
            reference = (reference[0] + stop_l, reference[1])
        context |= _start(rng, segment, last_shown, misread)
        if "display" in registers:
            last_shown = registers["display"].values[-1]
        result.append(replace(segment, registers=registers, context=context, reference_l=reference))
    return result


def _true_end(segment: Segment) -> Decimal:
    """What was really sold where the display, perhaps misread, is all there is: the totaliser knows."""
    return segment.registers["totaliser"].values[-1] - segment.registers["totaliser"].values[0]


def _foreign(rng: np.random.Generator, context: dict[str, Any], wired: bool) -> Decimal:
    """Litres of another customer's sale before this one, and what the bench heard of it."""
    if rng.random() >= 0.1:
        return Decimal(0)
    litres = Decimal(int(rng.integers(500, 5000))) / 100
    if wired:
        context["foreign_sale"] = True
        if rng.random() < 0.8:
            context["heard_l"] = (str(litres),)
    return litres


def _start(rng: np.random.Generator, segment: Segment, last: Decimal | None, misread: float) -> dict[str, Any]:
    register = segment.registers.get("register")
    if register is not None:
        value = register.values[0]
        if not any(name.startswith(("board", "encoder")) for name in segment.trains) and rng.random() < 0.4:
            value += _decimal(float(rng.uniform(0, 0.06)), "0.01")
        heard = {"start_ns": int(register.times_ns[0]), "start_u_ns": int(register.u_ns[0])}
        return {"start_l": str(value), "start_by": "wire", **heard}
    value = _decimal(float(rng.uniform(0, 0.06)), "0.01") if rng.random() < 0.4 else Decimal("0.00")
    if last is not None and rng.random() < 0.03:
        value = last  # not zeroed yet
    return {"start_l": str(_misread(rng, value, misread)), "start_by": "eye"}


def locking_case(rng: np.random.Generator, misread: float, sales: int = 9) -> list[Segment]:
    """A board out of its limit and a self-lock that says so after five sales; the place of the code is read by eye."""
    it, gain = instrument(rng), float(rng.choice([-0.03, 0.03]))
    result = []
    for i in range(sales):
        code = "64" if i >= 5 else ""
        if rng.random() < misread:
            code = "" if code else "64"
        context = {"codes": (code,) if code else (), "photographed": misread == 0.0}
        result.append(
            delivery(
                rng,
                it,
                4.0,
                id=f"l{i + 1}",
                tamper=Tamper(register_gain=gain),
                stations="encoder register",
                start_ns=i * 200_000_000_000,
                context=context,
            )
        )
    return result


def bare_visit(rng: np.random.Generator) -> list[Segment]:
    """Eight sales of which only the numbers at rest were read, three of them after power was cut."""
    surely, wired = bool(rng.random() < 0.5), bool(rng.random() < 0.7)
    misread = 0.0 if surely else 0.005
    result = []
    for i in range(8):
        start_ns = i * 200_000_000_000
        litres = Decimal(int(rng.integers(400, 4500))) / 100
        times = np.array([start_ns + 1, start_ns + 2], dtype=np.int64)
        shown = (litres, litres) if wired else (_misread(rng, litres, misread),) * 2
        total = Decimal(1000)  # the advance is what was truly sold; the visit puts the totals in a row
        registers = {
            "register" if wired else "display": _register("register" if wired else "display", times, shown),
            "totaliser": _register("totaliser", times, (total, total + litres)),
        }
        context = {"preset": "volume", "asked_l": float(litres), "photographed": surely}
        context |= {"wire_end": True, "foreign_sale": False} if wired else {}
        phase, state = ("A", "power-0") if i < 3 else ("C", "power-0") if i < 5 else ("E", "power-1")
        window = (start_ns, start_ns + 10**9)
        result.append(Segment(f"r{i + 1}", SegmentKind.DELIVERY, phase, state, window, context, registers=registers))
    return visit(rng, result, misread)


def _register(station: str, times: npt.NDArray[np.int64], values: tuple[Decimal, ...]) -> Register:
    return Register(station, times, times * 0, values, Decimal("0.01"), "L", ORIGIN)
