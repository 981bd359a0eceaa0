"""Honest deliveries put together from pieces of real recordings: another kind than generators.py, to test thresholds set there.

No free-turning disc is among the recordings, so what a disc does is resampled from what was recorded of other things:

- how fuel flows: the speed of a hand (optical mouse) and of a milling machine (stepper), slowed down and scaled to a few per
  cent, cut at random and joined;
- how an edge comes early or late: the starts of the pulses of a radio clock about their seconds, in blocks of twenty as they
  came, scaled to the jitter of the grade;
- how slots differ: the lengths of those pulses about their own mean;
- what disturbs a line: the receiver's false pulses, their lengths and distances as they came, scaled to a pulser's.

None of it is normal, white or stationary.  Where the recordings are not at hand, `available` says so and nothing is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from benchmarks import generators
from benchmarks.generators import FLOWS, PROFILE, Floats, Instrument, Ints, Kind
from captures.formats import read
from captures.model import PulseTrain
from harness.judge.contract import Segment

__all__ = ["FLOWS", "GRADES", "PROFILE", "available", "delivery", "honest_case_segments", "instrument"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "sigrok"
GRADES = {"nominal": (0.010, 0.005), "weak": (0.003, 0.005), "poor": (0.001, 0.010)}  # slot scatter, jitter: in pitches
BLOCK = 20
SLOTS = 50
LONGEST_S = 0.05  # an edge of the clock further off its second than this is no jitter


@dataclass(frozen=True, eq=False)
class Pieces:
    """Standardised: `speed` two courses of log speed, `late` (n,) in the order recorded, `lengths` (n,); of false pulses
    `false_us` lengths and `apart_us` distances, in microseconds of a pulser."""

    speed: tuple[Floats, ...]
    late: Floats
    lengths: Floats
    false_us: Ints
    apart_us: Ints


def available() -> str:
    """Why nothing can be made, "" when it can."""
    needed = ("dcf77_480s_interrupted.sr", "agilent_hdns_2000_move_mouse_fast.sr", "smoothieware.sr")
    absent = [name for name in needed if not (DATA / name).exists()]
    return f"recordings not beside this checkout: {', '.join(absent)}" if absent else ""


def _train(file: str, channel: str) -> PulseTrain:
    return next(train for train in read(DATA / f"{file}.sr").trains if train.channel == channel)


def _standard(x: Floats) -> Floats:
    return np.asarray((x - np.mean(x)) / np.std(x), dtype=np.float64)


@cache
def pieces() -> Pieces:
    """What the recordings give; FileNotFoundError where they are not."""
    if why := available():
        raise FileNotFoundError(why)
    clock = _train("dcf77_480s_interrupted", "DATA")
    rising, falling = clock.rising / 1e6, clock.falling / 1e6
    lengths = falling[: rising.size] - rising[: falling.size]
    true = lengths > 0.04
    starts = rising[: lengths.size][true]
    second = np.round(starts - starts[0])
    off = starts - np.polyval(np.polyfit(second, starts, 1), second)
    off -= np.median(off)
    off = off[np.abs(off) < LONGEST_S]
    kept = lengths[true & (lengths < 0.15)]
    false = rising[: lengths.size][~true]
    hand = np.log(1 / np.diff(_train("agilent_hdns_2000_move_mouse_fast", "MODE/XA").rising).astype(np.float64))
    mill = np.log(1 / np.diff(_train("smoothieware", "5").rising).astype(np.float64))[::40]
    speed = tuple(_standard(uniform_filter1d(one, 9)) for one in (hand, mill))
    apart = np.diff(false)
    return Pieces(
        speed,
        _standard(off),
        _standard(kept),
        np.maximum(lengths[~true] * 1e6 / 400, 1).astype(np.int64),
        np.maximum(apart[apart < 2] * 1e6 / 200, 50).astype(np.int64),
    )


def _joined(rng: np.random.Generator, source: Floats, n: int, block: int) -> Floats:
    """n values of `source` in blocks cut at random."""
    begins = rng.integers(0, source.size - block, -(-n // block))
    return np.concatenate([source[b : b + block] for b in begins])[:n]


def instrument(rng: np.random.Generator, grade: str | None = None) -> Instrument:
    grade = grade or str(rng.choice(list(GRADES)))
    return Instrument(
        grade=grade,
        gain=float(rng.normal(0, 0.0012)),
        reference_gain=float(rng.normal(0, 0.0002)),
        latency_s=float(rng.uniform(0.02, 0.25)),
        poll_s=float(rng.uniform(0.2, 0.7)),
        rounding=str(rng.choice(generators.ROUNDING)),
        slots=GRADES[grade][0] * rng.choice(pieces().lengths, SLOTS),
        phase=float(rng.uniform(0.15, 0.35)),
        filtered=bool(rng.random() < 0.9),
    )


def flow(rng: np.random.Generator, kind: str, volume_l: float) -> tuple[Floats, Floats]:
    """Times (n,) in s and cumulative litres (n,), at 10 ms: the speed of a hand or of a machine, a few per cent of it."""
    peak = float(rng.uniform(30, 48)) / 60 if kind != "slow" else float(rng.uniform(4, 8)) / 60
    step = 0.01
    n = int((volume_l / peak * 1.7 + 40) / step)
    t = np.arange(n, dtype=np.float64) * step
    source = pieces().speed[int(rng.integers(2))]
    every = int(rng.integers(15, 40))  # 10 ms steps from one recorded speed to the next
    course = _joined(rng, source, n // every + 2, min(150, source.size // 3))
    wander = np.interp(np.arange(n), np.arange(course.size) * every, course)
    wander = uniform_filter1d(wander, 2 * every)
    size = rng.uniform(0.01, 0.02) * (2 if kind == "pulsating" else 1)
    q = peak * np.exp(size * np.clip(wander, -4, 4)) * (1 - np.exp(-t / rng.uniform(0.3, 1.2)))
    if kind == "two-stage" or rng.random() < 0.3:
        v = np.cumsum(q) * step
        q = np.where(v > volume_l - rng.uniform(0.3, 1.0), np.minimum(q, 0.15 * peak), q)
    v = np.cumsum(np.maximum(q, 1e-4 * peak)) * step
    end = int(np.searchsorted(v, volume_l)) + 1
    return t[:end], np.minimum(v[:end], volume_l)


def channel(rng: np.random.Generator, it: Any, t: Floats, v: Floats, phase: float) -> Floats:
    """Seconds of alternating edges of one channel."""
    n = int(v[-1] * 100) + 2
    k = np.arange(n)
    jitter, late = GRADES[it.grade][1], pieces().late
    rise = (k + phase + it.slots[k % SLOTS] + jitter * _joined(rng, late, n, BLOCK)) / 100
    fall = (k + phase + 0.5 + it.slots[k % SLOTS] + jitter * _joined(rng, late, n, BLOCK)) / 100
    both = np.maximum.accumulate(np.stack([rise, fall], axis=1).ravel())
    inside = both[(both > v[0]) & (both < v[-1])]
    edges: Floats = np.interp(inside, v, t)
    return edges[: edges.size // 2 * 2]


def disturb(rng: np.random.Generator, edges: Ints, bursts: Ints) -> Ints:
    """Up to six of the receiver's false pulses, with their own lengths and distances, at each burst."""
    found = pieces()
    for begin in bursts:
        count = int(rng.integers(1, 7))
        at = begin + np.cumsum(rng.choice(found.apart_us, count))
        edges = generators._with_pulses(edges, at, int(rng.choice(found.false_us)))
    return edges


KIND = Kind(flow, channel, disturb)


def delivery(rng: np.random.Generator, it: Instrument, volume_l: float, **more: Any) -> Segment:
    """As generators.delivery, of this kind."""
    return generators.delivery(rng, it, volume_l, kind=KIND, **more)


def honest_case_segments(rng: np.random.Generator, n: int, **more: Any) -> list[Segment]:
    """n honest deliveries of one dispenser of this kind."""
    return generators.honest_case_segments(rng, n, make=instrument, deliver=delivery, **more)
