"""Honest deliveries of worn and badly kept dispensers: another kind than generators.py, to test thresholds set there.

Each instrument has some of these, none of which counts a pulse too many or too few: a slot half blocked by dirt, a scratch
that makes the sensor flicker beside one edge of the disc, a coupling with play that slips back where the flow changes, a
regulator that hunts, slugs of air that race through the meter, noise that comes and goes (a Markov chain of quiet and loud
stretches), contacts that chatter, and a recorder that loses samples and says so.  Amplitudes are assumptions [D].
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.signal import lfilter

from benchmarks import generators
from benchmarks.generators import FLOWS, PROFILE, Floats, Instrument, Ints, Kind
from captures.model import PulseTrain
from harness.judge.contract import Segment

__all__ = ["FLOWS", "GRADES", "PROFILE", "delivery", "honest_case_segments", "instrument"]

GRADES = {  # slot scatter, ripple, edge jitter while quiet: in pitches
    "nominal": (0.010, 0.015, 0.003),
    "weak": (0.003, 0.004, 0.003),
    "poor": (0.001, 0.001, 0.006),
}
LOUD = 6.0  # times the quiet jitter
NARROW = 0.08  # pitches by which the blocked slot's edge misses the other channel's
SLOTS = 50


@dataclass(frozen=True)
class Worn(Instrument):
    """`blocked` (slot, or -1), `scratched` (slot, or -1; share of revolutions it shows in), `play` in pitches, `chatter` share."""

    blocked: int = -1
    scratched: int = -1
    flickers: float = 0.0
    play: float = 0.0
    chatter: float = 0.0
    loud: float = 0.0  # share of the time


def instrument(rng: np.random.Generator, grade: str | None = None) -> Worn:
    grade = grade or str(rng.choice(list(GRADES)))
    slot, ripple, _ = GRADES[grade]
    j = np.arange(SLOTS)
    errors = rng.uniform(-1.7, 1.7, SLOTS) * slot  # flat, not bell-shaped
    errors += ripple * SLOTS / (8 * np.pi) * np.sin(8 * np.pi * j / SLOTS + rng.uniform(0, 6.28))

    def some(share: float, value: float) -> float:
        return value if rng.random() < share else 0.0

    return Worn(
        grade=grade,
        gain=float(rng.uniform(-0.003, 0.003)),
        reference_gain=float(rng.normal(0, 0.0002)),
        latency_s=float(rng.uniform(0.02, 0.25)),
        poll_s=float(rng.uniform(0.2, 0.7)),
        rounding=str(rng.choice(generators.ROUNDING)),
        slots=errors,
        phase=float(rng.uniform(0.12, 0.38)),
        filtered=False,
        blocked=int(rng.integers(SLOTS)) if rng.random() < 0.2 else -1,
        scratched=int(rng.integers(SLOTS)) if rng.random() < 0.1 else -1,
        flickers=float(rng.uniform(0.01, 0.1)),
        play=some(0.3, float(rng.uniform(0.02, 0.15))),
        chatter=some(0.2, float(rng.uniform(0.001, 0.01))),
        loud=some(0.4, float(rng.uniform(0.05, 0.4))),
    )


def flow(rng: np.random.Generator, kind: str, volume_l: float) -> tuple[Floats, Floats]:
    """Times (n,) in s and cumulative litres (n,), at 5 ms: a hunting regulator, air, hammer at both ends."""
    peak = float(rng.uniform(25, 45)) / 60 if kind != "slow" else float(rng.uniform(4, 8)) / 60
    step = 0.005
    n = int((volume_l / peak * 1.8 + 40) / step)
    t = np.arange(n, dtype=np.float64) * step
    hunting = rng.uniform(0.02, 0.1) if kind == "pulsating" else rng.uniform(0, 0.03)
    f = rng.uniform(0.3, 2.0)
    swing = np.sin(2 * np.pi * f * t + 2 * np.cumsum(rng.normal(0, 0.02, n)))  # its phase wanders
    a = np.exp(-step / rng.uniform(0.2, 0.6))
    wander = lfilter([np.sqrt(1 - a * a)], [1, -a], rng.laplace(0, rng.uniform(0.007, 0.014), n))
    q = peak * (1 - np.exp(-t / rng.uniform(0.2, 0.8))) * (1 + hunting * swing + wander)
    for _ in range(int(rng.poisson(0.4 if kind != "pulsating" else 1.0))):  # air races through the meter
        begin, lasts = rng.uniform(1, max(volume_l / peak, 2)), rng.uniform(0.1, 0.5)
        q *= 1 + rng.uniform(0.1, 0.3) * np.exp(-(((t - begin) / lasts) ** 2))
    if kind == "two-stage":
        v = np.cumsum(q) * step
        q = np.where(v > volume_l - rng.uniform(0.3, 1.0), np.minimum(q, 0.15 * peak), q)
    q += peak * rng.uniform(0, 0.6) * np.exp(-t / 0.2) * np.sin(2 * np.pi * 6 * t)
    v = np.cumsum(np.maximum(q, 1e-4 * peak)) * step
    end = int(np.searchsorted(v, volume_l)) + 1
    return t[:end], np.minimum(v[:end], volume_l)


def _loudness(rng: np.random.Generator, it: Any, n: int) -> Floats:
    """Jitter (n,) in pitches of each pulse: a Markov chain of quiet and loud stretches."""
    quiet = GRADES[it.grade][2]
    if not it.loud:
        return np.full(n, quiet)
    leaves = 1 / rng.uniform(20, 200)  # a loud stretch ends
    enters = leaves * it.loud / (1 - it.loud)
    state, at, result = False, 0, np.full(n, quiet)
    while at < n:
        lasts = int(rng.geometric(leaves if state else enters))
        if state:
            result[at : at + lasts] *= LOUD
        state, at = not state, at + lasts
    return result


def _slack(it: Any, t: Floats, v: Floats, k: Ints) -> Floats:
    """How far the disc (k,) hangs behind the shaft, in pitches, 0 to `play`: it slips back while the flow falls.  The disc
    turns as one: both channels see the same."""
    if not it.play:
        return np.zeros(k.size)
    step = float(t[1] - t[0])
    keep = np.exp(-step / 0.05)
    rate = lfilter([1 - keep], [1, -keep], np.gradient(np.gradient(v, t), t))
    back = np.clip(-rate / (2 * float(np.std(rate)) + 1e-12), 0, 1)
    hangs: Floats = it.play * lfilter([1 - keep], [1, -keep], back)
    return np.interp(k / 100, v, hangs)


def channel(rng: np.random.Generator, it: Any, t: Floats, v: Floats, phase: float) -> Floats:
    """Seconds of alternating edges of one channel, flicker and chatter among them."""
    n = int(v[-1] * 100) + 2
    k = np.arange(n)
    jitter = _loudness(rng, it, n)
    place = k + phase + it.slots[k % SLOTS] + _slack(it, t, v, k)

    # channels that overtake each other lose counts, which is no mere noise: half the way to the other's edge at most
    most = min(it.phase, 0.5 - it.phase, NARROW if it.blocked >= 0 else 0.5) / 2

    def noise() -> Floats:
        result: Floats = np.clip(rng.normal(0, 1, n) * jitter, -most, most)
        return result

    rise = (place + noise()) / 100
    # as narrow as it may be before the other channel misses it: a pulse narrower than that is not counted
    width = np.where(k % SLOTS == it.blocked, it.phase + NARROW, 0.5)
    fall = (place + width + noise()) / 100
    both = np.maximum.accumulate(np.stack([rise, fall], axis=1).ravel())
    inside = both[(both > v[0]) & (both < v[-1])]
    edges = np.interp(inside, v, t)
    edges = edges[: edges.size // 2 * 2]
    pulse = np.arange(edges.size // 2)
    flickering = (pulse % SLOTS == it.scratched) & (rng.random(pulse.size) < it.flickers)
    flickering |= rng.random(pulse.size) < it.chatter
    if not flickering.any():
        return edges
    begin = edges[::2][flickering]
    gap = rng.uniform(20e-6, 150e-6, begin.size)  # off and on again right after the edge, within any filter of a board
    more = np.stack([begin + gap, begin + gap + rng.uniform(20e-6, 150e-6, begin.size)], axis=1).ravel()
    return np.sort(np.concatenate([edges, more]))


def disturb(rng: np.random.Generator, edges: Ints, bursts: Ints) -> Ints:
    """Bursts of interference with heavy-tailed lengths: from one pulse to dozens within 40 ms."""
    for begin in bursts:
        count = int(min(rng.pareto(1.2) + 1, 30))
        at = begin + np.cumsum(rng.integers(100, 1500, count))
        edges = generators._with_pulses(edges, at, int(rng.integers(2, 90)))
    return edges


def keep(rng: np.random.Generator, trains: dict[str, PulseTrain]) -> dict[str, PulseTrain]:
    """One recording in ten has lost samples, on all its lines at once, and says where."""
    if rng.random() >= 0.1 or not trains:
        return trains
    end = next(iter(trains.values())).window[1]
    first = int(rng.integers(0, end))
    gap = (first, min(first + int(rng.integers(1_000, 200_000)), end))
    result = {}
    for name, train in trains.items():
        left = (train.ticks < gap[0]) | (train.ticks > gap[1])
        levels = None if train.levels is None else train.levels[left]
        result[name] = replace(train, ticks=train.ticks[left], levels=levels, gaps=(gap,))
    return result


KIND = Kind(flow, channel, disturb, keep)


def delivery(rng: np.random.Generator, it: Instrument, volume_l: float, **more: Any) -> Segment:
    """As generators.delivery, of this kind."""
    return generators.delivery(rng, it, volume_l, kind=KIND, **more)


def honest_case_segments(rng: np.random.Generator, n: int, **more: Any) -> list[Segment]:
    """n honest deliveries of one dispenser of this kind."""
    return generators.honest_case_segments(rng, n, make=instrument, deliver=delivery, **more)
