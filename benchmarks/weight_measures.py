"""What benchmarks/weights.py measures: one block of runs each, seeded by its name and number."""

from __future__ import annotations

import time
import zlib

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.sequential import threshold
from harness.judge.weights.cadence import cadence
from harness.judge.weights.changeover import difference_p, strata
from harness.judge.weights.codes import never_shown, ramp, repeated_p
from harness.judge.weights.dynamics import compared_p, transient
from harness.judge.weights.noise import noisy_p, quiet_p
from harness.judge.weights.permutation import two_sample
from harness.judge.weights.plateau import plateaus
from harness.judge.weights.runs import runs
from harness.judge.weights.steps import course, steps
from harness.judge.weights.tracking import pull

SEED = 20_261_121
Found = dict[str, list[float]]
HZ = 20
UPDATE = 1_000_000_000 // HZ


def seeded(*name: object) -> np.random.Generator:
    return np.random.default_rng([SEED, zlib.crc32(" ".join(map(str, name)).encode())])


def placings(
    rng: np.random.Generator, n: int, noise: float, shift: float, dither: str
) -> tuple[Int64Array, np.ndarray]:
    """n + n readings in random order, B `shift` steps higher, and which are B.  With dither in twentieths of a step, less the
    weight that was added: "random" uniform for each placing, "strata" each stratum once in either state."""
    is_b = rng.permutation(np.repeat([False, True], n))
    y = rng.uniform(0, 1) + is_b * shift + rng.normal(0, noise, 2 * n)
    if not dither:
        return np.round(y).astype(np.int64), is_b
    added = rng.integers(0, 20, 2 * n) / 20
    return np.round(20 * (np.round(y + added) - added)).astype(np.int64), is_b


def permutation(noise: float, shift: float, n: int, dither: bool, count: int, number: int) -> Found:
    """p one-sided and two-sided of `count` comparisons of n + n readings."""
    rng = seeded("permutation", noise, shift, n, dither, number)
    both = [placings(rng, n, noise, shift, dither) for _ in range(count)]
    return {"one": [two_sample(*pair, 1).p for pair in both], "two": [two_sample(*pair).p for pair in both]}


def changeover_null(noise: float, k: int, count: int) -> Found:
    """p of two dithered states of one level at phase 0.413, the strata as they stand and moved by a random offset."""
    rng = seeded("changeover", noise, k)
    found: Found = {"worst": [], "drawn": []}
    for name in found:
        for _ in range(count):
            offset = rng.uniform() if name == "drawn" else 0.0
            a, b = np.round(0.413 + strata(k, offset) + rng.normal(0, noise, (2, k))).sum(axis=1)
            found[name].append(difference_p(int(b - a), k, noise, drawn=name == "drawn"))
    return found


def dither_scatter(noise: float, k: int, count: int) -> Found:
    """Standard deviation of the difference of two dithered states at random phases."""
    rng = seeded("scatter", noise, k)
    y = rng.uniform(0, 1, (count, 1, 1)) + strata(k) + rng.normal(0, noise, (count, 2, k))
    return {"sd": [float(np.diff(np.round(y).mean(axis=2), axis=1).std())]}


def constant(
    rng: np.random.Generator, n: int, noise: float, creep: float, shift: float
) -> tuple[Int64Array, Int64Array]:
    at = np.arange(n)
    y = rng.uniform(300, 301) + creep * (1 - np.exp(-3 * at / n)) + shift * (at >= n // 2) + rng.normal(0, noise, n)
    return (at * UPDATE).astype(np.int64), np.round(y).astype(np.int64)


def step_runs(noise: float, shift: float, count: int) -> Found:
    """A minute at 20 readings a second with creep up to half a step either way and a `shift` in the middle: steps found, and
    whether the interval of one found alone holds the shift (with the creep that was added)."""
    rng = seeded("steps", noise, shift)
    found: Found = {"steps": [], "held": []}
    for _ in range(count):
        creep = rng.uniform(-0.5, 0.5)
        times, seen = constant(rng, 60 * HZ, noise, creep, shift)
        told = steps(plateaus(times, seen, noise, UPDATE), seen)
        found["steps"].append(len(told))
        if len(told) == 1:
            least, most = told[0].interval
            found["held"].append(float(least - abs(creep) <= shift <= most + abs(creep)))
    return found


def cusum_delays(count: int) -> Found:
    """Readings until CUSUM (ARL 1e4) finds a shift of one step at noise 0.2, all phases; which thousands of readings without
    one alarmed."""
    rng = seeded("cusum")
    d = course(np.zeros(1, dtype=np.int64), 0.0, 0.2)[1]
    h, delays, quiet = threshold(1e4, d), [], []
    for _ in range(count):
        level = rng.uniform(0, 1)
        base = float(np.round(level + rng.normal(0, 0.2, 400)).mean())
        over = course(np.round(level + 1 + rng.normal(0, 0.2, 60)).astype(np.int64), base, 0.2)[0] > h
        delays.append(float(np.argmax(over)) + 1 if over.any() else 60.0)
        still = course(np.round(level + rng.normal(0, 0.2, 1000)).astype(np.int64), base, 0.2)[0] > h
        quiet.append(float(still.any()))
    return {"delays": delays, "alarmed": quiet}


def response(rng: np.random.Generator, hz: float, size: float, tau: float) -> tuple[np.ndarray, Int64Array]:
    t = np.arange(0, 4, 1 / hz) + rng.uniform(0, 1 / hz) - 1
    y = 500 + rng.uniform() + size * ((1 - np.exp(-np.maximum(t, 0) / tau)) if tau else t > 0)
    return t, np.round(y + rng.normal(0, 0.05, t.size)).astype(np.int64)


def time_constants(size: float, hz: float, count: int) -> Found:
    """tau of steps with 250 ms, its stated uncertainty, and p that neighbours have one tau."""
    rng = seeded("tau", size, hz)
    told = [transient(*response(rng, hz, size, 0.25), 0.05) for _ in range(count)]
    fits = [one for one in told if one is not None]
    pairs = [compared_p(a, b) for a, b in zip(fits[::2], fits[1::2], strict=False)]
    return {
        "tau": [one.tau_s for one in fits],
        "u": [one.u_tau_s for one in fits],
        "p": [p for p in pairs if p is not None],
    }


def transients(hz: float, tau: float, count: int) -> Found:
    """ln likelihood ratio of a transient over a switch, of steps of 20 with time constant `tau` (0: a switch)."""
    rng = seeded("transients", hz, tau)
    told = [transient(*response(rng, hz, 20, tau), 0.05) for _ in range(count)]
    return {"ratio": [one.log_ratio for one in told if one is not None]}


def frames(rng: np.random.Generator, n: int, late: float = 0.0, slower: float = 0.0) -> Int64Array:
    """Frames of 50 ms from a wandering clock, to a host 2 ms late on average, now and then 30, and twice stalled."""
    after = np.maximum(np.arange(n) - n // 2, 0)
    sent = np.arange(n) * 50e6 + late * (after > 0) + slower * after + np.cumsum(rng.normal(0, 2e4, n))
    delay = rng.exponential(2e6, n) + (rng.random(n) < 0.002) * rng.uniform(0, 3e7, n)
    for begin in rng.integers(0, n - 40, 2):
        there = slice(int(begin), int(begin) + 40)
        delay[there] = np.maximum(delay[there], sent[begin] + rng.uniform(0, 1.5e9) - sent[there])
    return np.maximum.accumulate((sent + delay).astype(np.int64))


def cadences(n: int, late: float, slower: float, count: int) -> Found:
    rng = seeded("cadence", n, late, slower)
    found: Found = {"latency": [], "period": []}
    for _ in range(count):
        told = cadence(frames(rng, n, late, slower), floor_ns=1)
        assert told is not None
        found["latency"].append(told.latency.p if told.latency else 1.0)
        found["period"].append(told.period.p if told.period else 1.0)
    return found


def noise_levels(noise: float, count: int) -> Found:
    """p of both noise tests on 60 readings of the noise they are told; a test without power gives none."""
    rng = seeded("noise", noise)
    seen = [constant(rng, 60, noise, 0.0, 0.0)[1] for _ in range(count)]
    still = [quiet_p(one, noise) for one in seen]
    return {"noisy": [noisy_p(one, noise) for one in seen], "quiet": [p for p in still if p is not None]}


def poured(rng: np.random.Generator, gain: float, lumps: float) -> Int64Array:
    load = np.cumsum(rng.exponential(0.1, 3000) + (rng.random(3000) < lumps) * 2.2)
    return np.floor(gain * np.round(load) + 0.5 + 1e-9).astype(np.int64)


def codes(gain: float, lumps: float, count: int) -> Found:
    """p of a ramp's regularity, of two ramps that skip the same codes, and of 1200 random loads; `lumps`: share of readings
    before which 2.2 steps fell at once."""
    rng = seeded("codes", gain, lumps)
    found: Found = {"regular": [], "repeated": [], "never": []}
    for _ in range(count):
        one, other = ramp(poured(rng, gain, lumps)), ramp(poured(rng, gain, lumps))
        assert one is not None
        assert other is not None
        never = never_shown(np.floor(gain * rng.integers(200, 3000, 1200) + 0.5 + 1e-9).astype(np.int64))
        found["regular"].append(one.p)
        found["repeated"].append(repeated_p([one, other]))
        found["never"].append(never.p if never else 1.0)
    return found


def pulls(count: int) -> Found:
    rng, t = seeded("pulls"), np.arange(0, 40, 0.1)
    found = []
    for _ in range(count):
        seen = np.round(rng.uniform(0, 1) + 0.4 * t + rng.normal(0, 0.05, t.size)).astype(np.int64)
        one = pull((t * 1e9).astype(np.int64), seen)
        assert one is not None
        found.append(one.constant_p)
    return {"p": found}


def throughput(noise: float) -> Found:
    """Seconds for a million frames at 80 Hz, another load every ten seconds: runs, plateaus, steps, cadence; best of three."""
    rng, n = seeded("throughput", noise), 1_000_000
    at = np.arange(n)
    loads = rng.uniform(20, 3000, n // 800 + 2)
    now, before = loads[at // 800 + 1], loads[at // 800]
    y = now - (now - before) * np.exp(-(at % 800) / 80 / 0.25) + rng.normal(0, noise, n)
    seen, times, flags = np.round(y).astype(np.int64), at * 12_500_000, np.zeros(n, dtype=np.uint8)
    taken = []
    for _ in range(3):
        marks = [time.perf_counter()]
        runs(times, seen, flags)
        marks.append(time.perf_counter())
        flat = plateaus(times, seen, noise, 12_500_000)
        marks.append(time.perf_counter())
        told = steps(flat, seen)
        marks.append(time.perf_counter())
        cadence(times)
        marks.append(time.perf_counter())
        taken.append([*np.diff(marks).tolist(), float(len(flat)), float(len(told))])
    return {"seconds": min(taken, key=lambda one: sum(one[:4]))}
