"""An honest dispenser: six sales and a watch with the nozzle shut.

A pulser of fifty uneven slots (scatter, eccentricity, jitter of each edge) with two channels in quadrature, on a flow that starts, wanders and
ends; the board's line some microseconds behind the encoder's; a board that counts every edge of both channels (x4) and a register that is polled
and lags; display, amount and totaliser that follow it; a meter in the line and a prover beside, each within its uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import ClockMap, EdgeKind, Origin, PulseTrain, Register
from harness.fixed_streams import Case
from harness.judge.contract import Segment, SegmentKind

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
S = 1_000_000_000
PULSES_PER_L, SLOTS, METER_PER_L = 100, 50, 200
GRID_S = 0.01
FINE = Decimal("0.01")
PRICE = Decimal("7.52")
VOLUMES_L = (5.0, 8.0)
APART_NS = 200 * S
_ORIGIN = Origin("testing-streams/1", "harness/testing/streams_dispenser.py")
PROFILE: Mapping[str, Any] = {
    "pulses_per_litre": str(PULSES_PER_L), "decoding": "x4", "slots_per_rev": str(SLOTS), "sensor_class": "disc", "volume_resolution_l": "0.01",
    "amount_resolution": "0.01", "price": str(PRICE), "price_unit": "CNY/L", "totaliser_resolution_l": "0.01",
    "reference_pulses_per_litre": str(METER_PER_L), "reference_u_rel": "0.0003", "electronic_calibration": False, "blending": False,
    "sealed_k": True, "topology": "direct", "register_update_ms": "250", "max_flow_l_min": "50", "max_flow_rise_l_min_s": "100",
    "max_flow_rise_source": "assumed",
}  # fmt: skip


@dataclass(frozen=True)
class _Pulser:
    """What stays the same over the sales of one dispenser.  `slots` (SLOTS,): where each slot lies beside its place, in pitches."""

    slots: Floats
    jitter: float
    quarter: float
    meter_error: float
    reference_error: float
    wire_us: int
    lag_s: float
    poll_s: float


def _drawn(rng: np.random.Generator) -> _Pulser:
    turn = 2 * np.pi * np.arange(SLOTS) / SLOTS
    eccentric = float(rng.uniform(0.02, 0.06)) * np.sin(turn + float(rng.uniform(0, 6.28)))
    return _Pulser(
        slots=rng.normal(0, float(rng.uniform(0.003, 0.01)), SLOTS) + eccentric,
        jitter=float(rng.uniform(0.003, 0.008)),
        quarter=float(rng.uniform(0.2, 0.3)),
        meter_error=float(rng.uniform(-0.002, 0.002)),
        reference_error=float(rng.normal(0, 0.0002)),
        wire_us=int(rng.integers(2, 40)),
        lag_s=float(rng.uniform(0.03, 0.25)),
        poll_s=float(rng.uniform(0.2, 0.5)),
    )


def _flow(rng: np.random.Generator, litres: float) -> tuple[Floats, Floats]:
    """Seconds (n,) and litres delivered until then (n,): a second of rest, a start, a flow that wanders by a percent, a soft end."""
    peak = float(rng.uniform(30, 45)) / 60
    t: Floats = np.arange(0, litres / peak * 1.5 + 20, GRID_S)
    waves = [float(rng.uniform(0, 0.008)) * np.sin(t * float(rng.uniform(0.3, 2)) + float(rng.uniform(0, 6.28))) for _ in range(3)]  # fmt: skip
    q = peak * (1 + np.sum(waves, axis=0)) * (1 - np.exp(-t / float(rng.uniform(0.4, 1.0))))
    left = litres - np.cumsum(q) * GRID_S
    q = q * np.clip(left / (0.15 * peak) + 0.05, 0.05, 1)  # the valve closes in two steps
    v = np.minimum(np.cumsum(q) * GRID_S, litres)
    end = int(np.searchsorted(v, litres)) + 1
    return t[:end] + 1.0, v[:end]


def _channels(rng: np.random.Generator, one: _Pulser, t: Floats, v: Floats) -> dict[str, Ints]:
    """Ticks of a microsecond (n,) of the alternating edges of both channels, rising first."""
    metered, first = v * PULSES_PER_L * (1 + one.meter_error), int(rng.integers(SLOTS))
    k = np.arange(int(metered[-1]) + 1)
    found = {}
    for name, phase in (("A", 0.0), ("B", one.quarter)):
        at = np.stack([k + phase, k + phase + 0.5], axis=1) + 0.3 + one.slots[(k + first) % SLOTS, None]
        pitches = np.maximum.accumulate((at + rng.normal(0, one.jitter, at.shape)).ravel())
        pitches = pitches[pitches < metered[-1]]
        found[name] = _ticks(np.interp(pitches[: pitches.size // 2 * 2], metered, t))
    return found


def _ticks(seconds: Floats) -> Ints:
    """Whole microseconds, each later than the one before."""
    whole, n = np.round(seconds * 1e6).astype(np.int64), np.arange(seconds.size)
    rising: Ints = np.maximum.accumulate(whole - n) + n
    return rising


def _train(station: str, channel: str, ticks: Ints, end_s: float) -> PulseTrain:
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    window = (0, int(end_s * 1e6))
    return PulseTrain(station, channel, ticks, Fraction(1, 1_000_000), EdgeKind.BOTH, window, _ORIGIN, "tap", levels)


def _register(station: str, times_ns: Ints, values: list[Decimal], unit: str) -> Register:
    return Register(station, times_ns, np.full(times_ns.size, S // 100), tuple(values), FINE, unit, _ORIGIN)


def _sale(
    rng: np.random.Generator, one: _Pulser, id: str, begin_ns: int, litres: float, phase: str, total: Decimal
) -> Segment:
    """One sale of about so much; the totaliser stood at `total` before it."""
    t, v = _flow(rng, litres)
    end_s = float(t[-1]) + 2.5
    lines = _channels(rng, one, t, v)
    trains = {f"encoder.{name}": _train("encoder", name, ticks, end_s) for name, ticks in lines.items()}
    trains |= {f"board.{name}": _train("board", name, ticks + one.wire_us, end_s) for name, ticks in lines.items()}
    ripple = rng.normal(0, 0.01, int(litres * METER_PER_L))
    passed = (np.arange(ripple.size) + float(rng.uniform(0, 1)) + ripple) / METER_PER_L / (1 + one.reference_error)
    rising = _ticks(np.interp(passed[passed < litres], v, t))
    trains["reference.P"] = _train("reference", "P", np.stack([rising, rising + 1000], axis=1).ravel(), end_s)
    counted = np.sort(np.concatenate([*lines.values()])) / 1e6  # every edge of both channels: a quarter of a pulse
    polls = np.arange(0.2, end_s - 0.1, one.poll_s)
    steps = np.searchsorted(counted, polls - one.lag_s, "right") // 4
    sold = FINE * int(steps[-1])
    rest = np.array([begin_ns + int((end_s - 0.1) * S)], dtype=np.int64)
    before_and_after = np.array([begin_ns, rest[0]], dtype=np.int64)
    polled = begin_ns + np.round(polls * S).astype(np.int64)
    registers = {
        "register": _register("register", polled, [FINE * int(n) for n in steps], "L"),
        "display": _register("display", rest, [sold], "L"),
        "amount": _register("amount", rest, [(sold * PRICE).quantize(FINE, ROUND_HALF_UP)], "CNY"),
        "totaliser": _register("totaliser", before_and_after, [total, total + sold], "L"),
    }
    u = max(0.0005 * litres, 0.004)
    context = {
        "asked_l": str(litres), "preset": "volume", "flow": "full", "price": str(PRICE), "wire_end": True, "photographed": True,
        "covert": phase == "A", "foreign_sale": False, "start_l": "0.00", "start_by": "wire",
    }  # fmt: skip
    return Segment(
        id, SegmentKind.DELIVERY, phase, _state(phase), (begin_ns, begin_ns + int(end_s * S)), context, trains, registers,
        _clocks(begin_ns), reference_l=(litres + float(rng.normal(0, u)), u),
    )  # fmt: skip


def _state(phase: str) -> str:
    return "power-1" if phase == "E" else "power-0"


def _clocks(begin_ns: int) -> dict[str, ClockMap]:
    return {"tap": ClockMap("tap", begin_ns, Fraction(1000), 50_000, 1e-5)}


def _shut(rng: np.random.Generator, id: str, begin_ns: int) -> Segment:
    """A minute with the nozzle closed: nothing is counted, and the register stays where it was."""
    seconds, still = 60, np.zeros(0, dtype=np.int64)
    trains = {f"{station}.{name}": _train(station, name, still, seconds) for station in ("encoder", "board") for name in "AB"}  # fmt: skip
    polls = begin_ns + np.arange(S // 5, seconds * S, S // 2, dtype=np.int64)
    register = _register("register", polls, [FINE * int(rng.integers(500, 900))] * polls.size, "L")
    window = (begin_ns, begin_ns + seconds * S)
    return Segment(
        id, SegmentKind.SHUT, "C", "power-0", window, {"seconds": seconds}, trains, {"register": register}, _clocks(begin_ns)
    )  # fmt: skip


def dispenser(rng: np.random.Generator) -> Case:
    """Two volumes sold unannounced, again openly, a watch with the nozzle shut, and both again after a power cut."""
    one, total, found = _drawn(rng), FINE * int(rng.integers(10**5, 10**8)), list[Segment]()
    for phase in "ACE":
        if phase == "E":
            found.append(_shut(rng, "S1", len(found) * APART_NS))
        for number, litres in enumerate(VOLUMES_L, 1):
            sale = _sale(rng, one, f"{phase}{number}", len(found) * APART_NS, litres, phase, total)
            total = sale.registers["totaliser"].values[-1]
            found.append(sale)
    return Case(tuple(found), PROFILE)
