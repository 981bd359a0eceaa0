"""Edges of one pulser, and of a device behind it: streams for kernels on one train.

Pulsers after statistics.md 1a; 100 pulses a litre, 50 slots a revolution, 40 L/min, told in microseconds.  A model: real
amplitudes are assumptions.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from captures.model import Int64Array
from harness.judge.pulses.revolution import Floats

SLOTS = 50
RATE = 40 / 60 * 100  # pulses a second
GRADES = {  # slot scatter, eccentricity, ripple, jitter (pitches), flow (relative), its seconds
    "nominal": (0.007, 0.005, 0.020, 0.005, 0.015, 0.5),
    "weak": (0.002, 0.003, 0.004, 0.005, 0.015, 0.5),
    "poor": (0.001, 0.001, 0.001, 0.010, 0.020, 0.3),
}


def pattern(rng: np.random.Generator, grade: str) -> Floats:
    """Errors of the slots (SLOTS,), in pitches."""
    slot, eccentric, ripple, *_ = GRADES[grade]
    j = np.arange(SLOTS)
    errors = rng.normal(0, slot, SLOTS) + eccentric * SLOTS / (2 * np.pi) * np.sin(
        2 * np.pi * j / SLOTS + rng.uniform(0, 6)
    )
    errors += ripple * SLOTS / (8 * np.pi) * np.sin(8 * np.pi * j / SLOTS + rng.uniform(0, 6))
    return np.asarray(errors, dtype=np.float64)


def shaft(rng: np.random.Generator, grade: str, litres: float, errors: Floats) -> Floats:
    """Seconds (n,) at which the edges of a disc with slot `errors` come."""
    *_, jitter, wander, seconds = GRADES[grade]
    n = int(litres * 100) + 30
    k = np.arange(n)
    volume = np.maximum.accumulate(k + errors[k % SLOTS] + rng.normal(0, jitter, n))
    step = 0.002
    a = np.exp(-step / seconds)
    flow = 1 + lfilter([np.sqrt(1 - a * a)], [1, -a], rng.normal(0, wander, int(n / RATE * 1.3 / step)))
    return np.interp(volume, np.cumsum(RATE * flow) * step, (np.arange(flow.size) + 1) * step)[10:]


def multiplied(t: Floats, gain: float, mean: int = 1, begin: int = 0) -> Floats:
    """1 + gain edges for each of t (n,) from the `begin`-th on, at intervals averaged over the last `mean`."""
    tail = t[begin:]
    if mean > 1:
        d = np.diff(t)
        smooth = np.convolve(d, np.ones(mean) / mean)[: d.size]
        tail = t[begin] + np.concatenate([[0.0], np.cumsum(smooth[max(begin, mean) :])])
    more = np.interp(np.arange(0, tail.size - 1, 1 / (1 + gain)), np.arange(tail.size), tail)
    return np.concatenate([t[:begin], more])


def told(t: Floats) -> Int64Array:
    """The edges in whole microseconds."""
    return np.asarray(np.round(t * 1e6), dtype=np.int64)


def train(rng: np.random.Generator, grade: str, litres: float, gain: float = 0.0, even: bool = False) -> Int64Array:
    """Edges of a pulser behind a multiplier of 1 + gain; `even`: of a disc without errors."""
    errors = pattern(rng, grade)
    t = shaft(rng, grade, litres, errors * (not even))
    return told(multiplied(t, gain) if gain else t)
