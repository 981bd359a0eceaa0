"""Watches with the nozzle closed and the motor on: honest ones (hose, leak, recoil, interference), and with an oscillator.

A model of its own, like generators.py, and with its instruments: amplitudes are assumptions [D].
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.generators import ORIGIN, TICK_S, Floats, Ints, _disturb
from captures.model import ClockMap, EdgeKind, PulseTrain, Register
from harness.judge.contract import Segment, SegmentKind

QUARTERS_PER_L = 400  # 100 pulses a litre, four edges each


def _walk(quarters: Floats, t_ticks: Ints, channel: int) -> tuple[Ints, Ints]:
    """Ticks and levels of one channel (0 = A, 1 = B, which leads) of a shaft at `quarters` (n,) of a pulse."""
    place = np.floor(quarters).astype(np.int64)
    level = np.isin(place % 4, (2, 3) if channel == 0 else (1, 2)).astype(np.int64)
    change = np.flatnonzero(np.diff(level)) + 1
    return t_ticks[change], level[change]


def watch(
    rng: np.random.Generator,
    *,
    id: str = "s1",
    seconds: float = 60.0,
    oscillator_hz: float = 0.0,
    stations: str = "encoder board register",
    start_ns: int = 0,
    emi: float = 0.3,
    phase: str = "C",
    state: str = "s1",
) -> Segment:
    """One watch of `seconds`; with `oscillator_hz` whole pulses enter the board's line and the encoder stands still."""
    wanted = stations.split()
    t = np.arange(0, seconds, 0.001)
    ticks = (t * 1e6).astype(np.int64)
    litres = rng.uniform(0, 0.06) * (1 - np.exp(-np.maximum(t - 2.0, 0) / rng.uniform(0.1, 0.5)))  # pressure comes
    if rng.random() < 0.2:
        litres = litres + rng.uniform(0, 0.05) / 60 * t  # a leaking nozzle
    if rng.random() < 0.5:  # motor off: the hose gives back
        litres = litres - litres.max() * rng.uniform(0.2, 0.8) * (t > seconds - 1.5)
    shaft = litres * QUARTERS_PER_L + rng.uniform(0, 4)
    added = np.zeros(t.size)
    if oscillator_hz:
        # a boot delay, then whole pulses, each four edges 2 ms apart
        turns = np.floor(np.maximum(t - 1.0, 0) * oscillator_hz)
        into = np.maximum(t - 1.0, 0) * oscillator_hz - turns
        added = 4 * turns + np.minimum(np.floor(into / oscillator_hz / 0.002), 3)
    window = (0, int(seconds * 1e6))
    bursts = np.sort(rng.integers(window[0], window[1], int(rng.poisson(emi))))
    trains: dict[str, PulseTrain] = {}
    for channel, name in enumerate("AB"):
        for station, quarters in (("encoder", shaft), ("board", shaft + added)):
            if station not in wanted:
                continue
            edges, levels = _walk(quarters, ticks + (4 if station == "board" else 0), channel)
            if station == "board" and bursts.size:
                first = int(levels[0]) if levels.size else 1
                edges = _disturb(rng, edges, bursts)
                levels = (np.arange(edges.size) + first) % 2
            keep = np.concatenate([[True], np.diff(edges) > 0]) if edges.size else np.zeros(0, dtype=bool)
            trains[f"{station}.{name}"] = PulseTrain(
                station, name, edges[keep], TICK_S, EdgeKind.BOTH, window, ORIGIN, "tap", levels[keep].astype(np.uint8)
            )
    registers: dict[str, Register] = {}
    if "register" in wanted:
        polls = np.arange(0.3, seconds, 0.4)
        counted = (shaft + added)[np.searchsorted(t, polls) - 1] / QUARTERS_PER_L
        shown = tuple(Decimal(int(x * 100)).scaleb(-2) for x in np.maximum(counted - counted[0], 0))
        stamps = start_ns + (polls * 1e9).astype(np.int64)
        u_ns = np.full(polls.size, 10_000_000)
        registers["register"] = Register("register", stamps, u_ns, shown, Decimal("0.01"), "L", ORIGIN)
    context: dict[str, Any] = {"seconds": int(seconds), "wire_end": True}
    clocks = {"tap": ClockMap("tap", start_ns, Fraction(1000), 50_000, 1e-5)}
    end_ns = start_ns + int(seconds * 1e9)
    return Segment(id, SegmentKind.SHUT, phase, state, (start_ns, end_ns), context, trains, registers, clocks)
