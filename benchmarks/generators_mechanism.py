"""Honest deliveries from a mechanism: pistons turn a disc, a lamp shines through it, a comparator makes edges of the light.

Another kind than generators.py, to test thresholds that were set there: slot errors are heavy-tailed (Student t with three
degrees of freedom), the ripple is that of four chambers of unlike stroke, the duty cycle drifts while parts warm, the flow has
a long memory (power spectrum f^-0.7) and the vanes of its pump in it, and bounce is not put in but comes of itself where
noise crosses the comparator's hysteresis in slow flow.  Amplitudes are assumptions [D].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from benchmarks import generators
from benchmarks.generators import FLOWS, PROFILE, Floats, Instrument, Kind
from harness.judge.contract import Segment

__all__ = ["FLOWS", "GRADES", "PROFILE", "delivery", "honest_case_segments", "instrument"]

GRADES = {  # slot scale and eccentricity in pitches, ripple of the chambers, noise of the light, hysteresis (of its amplitude)
    "nominal": (0.004, 0.06, 0.10, 0.010, 0.06),
    "weak": (0.0012, 0.03, 0.02, 0.012, 0.05),
    "poor": (0.0005, 0.01, 0.005, 0.025, 0.03),
}
SAMPLE_S = 3e-4  # of the light: the band of the sensor and its noise, whatever the flow
SLOTS = 50


@dataclass(frozen=True)
class Mechanism(Instrument):
    """`angle` (k,) of the shaft in slots at even steps of volume over a revolution; light and comparator."""

    angle: tuple[float, ...] = ()
    eccentric: float = 0.0
    eccentric_at: float = 0.0
    noise: float = 0.01
    hysteresis: float = 0.05
    duty: float = 0.0
    drift: float = 0.0  # of the duty threshold, of the amplitude, once warm


def instrument(rng: np.random.Generator, grade: str | None = None) -> Mechanism:
    grade = grade or str(rng.choice(list(GRADES)))
    scale, eccentric, ripple, noise, hysteresis = GRADES[grade]
    turn = np.linspace(0, 2 * np.pi, 721)
    strokes = 1 + rng.normal(0, 0.02, 4)
    sweep = sum(stroke * np.maximum(np.sin(turn - c * np.pi / 2), 0) for c, stroke in enumerate(strokes))
    rate = 1 + ripple * (sweep - np.mean(sweep))  # volume per angle
    volume = np.concatenate([[0], np.cumsum((rate[1:] + rate[:-1]) / 2)])
    angle = np.interp(np.linspace(0, volume[-1], 1001), volume, turn) / (2 * np.pi) * SLOTS
    return Mechanism(
        grade=grade,
        gain=float(rng.normal(0, 0.0012)),
        reference_gain=float(rng.normal(0, 0.0002)),
        latency_s=float(rng.uniform(0.02, 0.25)),
        poll_s=float(rng.uniform(0.2, 0.7)),
        rounding=str(rng.choice(generators.ROUNDING)),
        slots=np.clip(scale * rng.standard_t(3, SLOTS), -0.1, 0.1),
        phase=float(rng.uniform(0.18, 0.32)),
        filtered=False,  # it decodes both channels: bounce cancels there
        angle=tuple(angle),
        eccentric=float(eccentric * rng.uniform(0.3, 1.5)),
        eccentric_at=float(rng.uniform(0, 2 * np.pi)),
        noise=float(noise * rng.uniform(0.5, 1.5)),
        hysteresis=float(hysteresis * rng.uniform(0.7, 1.3)),
        duty=float(rng.normal(0, 0.15)),
        drift=float(rng.normal(0, 0.08)),
    )


def flow(rng: np.random.Generator, kind: str, volume_l: float) -> tuple[Floats, Floats]:
    """Times (n,) in s and cumulative litres (n,), at 4 ms."""
    peak = float(rng.uniform(30, 48)) / 60 if kind != "slow" else float(rng.uniform(4, 8)) / 60
    step = 0.004
    n = int((volume_l / peak * 1.7 + 40) / step)
    t = np.arange(n, dtype=np.float64) * step
    f = np.fft.rfftfreq(n, step)
    shape = np.zeros(f.size)
    shape[1:] = f[1:] ** -0.35 / (1 + (f[1:] / 2.0) ** 2)  # long memory below, inertia above 2 Hz
    memory = np.fft.irfft(shape * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size)), n)
    q = peak * (1 + rng.uniform(0.008, 0.02) * memory / float(memory.std()))
    q *= 1 - np.exp(-((t / rng.uniform(0.3, 1.0)) ** 1.5))
    vanes = rng.uniform(0.002, 0.01) if kind != "pulsating" else rng.uniform(0.02, 0.06)
    q *= 1 + vanes * np.sin(2 * np.pi * rng.uniform(3, 24) * t + rng.uniform(0, 6.28))
    q *= 1 + 0.01 * np.exp(-t / rng.uniform(5, 40))  # thicker while cold
    if kind == "two-stage" or rng.random() < 0.3:
        v = np.cumsum(q) * step
        q = np.where(v > volume_l - rng.uniform(0.3, 1.0), np.minimum(q, 0.15 * peak), q)
    if rng.random() < 0.3:  # hammer when the valve opens
        q += peak * 0.5 * np.exp(-t / 0.15) * np.sin(2 * np.pi * 8 * t)
    v = np.cumsum(np.maximum(q, 1e-4 * peak)) * step
    end = int(np.searchsorted(v, volume_l)) + 1
    return t[:end], np.minimum(v[:end], volume_l)


def channel(rng: np.random.Generator, it: Any, t: Floats, v: Floats, phase: float) -> Floats:
    """Seconds of the comparator's edges on the light of one channel, `phase` pitches along."""
    at = np.arange(t[0], t[-1], SAMPLE_S)
    litres = np.interp(at, t, v)
    turns, part = np.divmod(litres * 2, 1.0)  # half a litre a revolution
    place = turns * SLOTS + np.interp(part, np.linspace(0, 1, len(it.angle)), np.array(it.angle)) + phase
    within = place % SLOTS
    ring = np.concatenate([it.slots, it.slots[:1]])
    place = place + np.interp(within, np.arange(SLOTS + 1), ring)
    place += it.eccentric * np.sin(2 * np.pi * within / SLOTS + it.eccentric_at)
    warm = it.duty + it.drift * (1 - np.exp(-(at - at[0]) / 20))
    smooth = lfilter([0.6], [1, -0.8], rng.normal(0, it.noise, at.size))
    return _edges(at, np.sin(2 * np.pi * place) + smooth - warm, it.hysteresis)


def _edges(at: Floats, light: Floats, hysteresis: float) -> Floats:
    """Seconds at which a comparator with that hysteresis turns over, by straight lines between the samples."""
    high, low = light > hysteresis, light < -hysteresis
    decided = np.where(high, 1, np.where(low, 0, -1))
    last = np.maximum.accumulate(np.where(decided >= 0, np.arange(at.size), 0))
    level: npt.NDArray[np.int64] = np.maximum(decided[last], 0)
    change = np.flatnonzero(np.diff(level)) + 1
    if change.size and level[change[0]] == 0:
        change = change[1:]
    change = change[: change.size // 2 * 2]
    bound = np.where(level[change] == 1, hysteresis, -hysteresis)
    before, after = light[change - 1], light[change]
    share = np.clip((bound - before) / (after - before), 0, 1)
    result: Floats = at[change - 1] + share * (at[change] - at[change - 1])
    return result


KIND = Kind(flow=flow, channel=channel)


def delivery(rng: np.random.Generator, it: Instrument, volume_l: float, **more: Any) -> Segment:
    """As generators.delivery, of this kind."""
    return generators.delivery(rng, it, volume_l, kind=KIND, **more)


def honest_case_segments(rng: np.random.Generator, n: int, **more: Any) -> list[Segment]:
    """n honest deliveries of one dispenser of this kind."""
    return generators.honest_case_segments(rng, n, make=instrument, deliver=delivery, **more)
