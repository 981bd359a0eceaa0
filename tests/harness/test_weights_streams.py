"""Runs, plateaus, noise and steps of quantised streams: nulls under rounding and creep, and what they find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.sequential import threshold
from harness.judge.weights.noise import learned, noisy_p, quiet_p
from harness.judge.weights.plateau import plateaus
from harness.judge.weights.quantised import mass
from harness.judge.weights.runs import readings, renewed_within_ns, runs, thinned
from harness.judge.weights.steps import Step, allocated_p, coincidence_p, course, coverage, followed, steps

HZ, RUNS = 20, 300
UPDATE = 1_000_000_000 // HZ


def stream(
    rng: np.random.Generator, n: int, noise: float, level: float | None = None, creep: float = 0.0, shift: float = 0.0
) -> tuple[Int64Array, Int64Array]:
    """Times and rounded readings of a load that creeps and, half way, shifts."""
    at = np.arange(n)
    x = rng.uniform(300, 301) if level is None else level
    y = x + creep * (1 - np.exp(-3 * at / n)) + shift * (at >= n // 2) + rng.normal(0, noise, n)
    return (at * UPDATE).astype(np.int64), np.round(y).astype(np.int64)


def found(rng: np.random.Generator, noise: float, creep: float = 0.0, shift: float = 0.0) -> list[Step]:
    times, seen = stream(rng, 600, noise, None, creep, shift)
    return steps(plateaus(times, seen, noise, UPDATE), seen)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 4), st.integers(0, 1)), min_size=1, max_size=20))
def test_runs_give_back_the_frames(blocks: list[tuple[int, int, int]]) -> None:
    values = np.repeat([b[0] for b in blocks], [b[1] for b in blocks]).astype(np.int64)
    flags = np.repeat([b[2] for b in blocks], [b[1] for b in blocks]).astype(np.uint8)
    times = np.arange(values.size, dtype=np.int64) * 10
    one = runs(times, values, flags)
    assert np.array_equal(np.repeat(one.value, one.frames), values)
    assert np.array_equal(np.repeat(one.flags, one.frames), flags)
    assert np.array_equal(one.to_ns - one.from_ns, (one.frames - 1) * 10)
    assert not bool(np.any((np.diff(one.value) == 0) & (np.diff(one.flags.astype(int)) == 0)))


def test_repeats_are_counted_at_the_pace_of_the_indicator() -> None:
    rng = np.random.default_rng(1)
    results = rng.integers(0, 9, 200)
    results[1:][np.diff(results) == 0] += 10  # every result is another one
    times, flags = np.arange(200 * 5, dtype=np.int64) * 20, np.zeros(1000, dtype=np.uint8)
    one = runs(times, np.repeat(results, 5), flags)
    assert renewed_within_ns(one) == 100
    assert readings(one, 100).sum() == 200
    assert readings(one, None).sum() == one.value.size
    assert thinned(times, 100).size == 200
    assert runs(times[:0], times[:0], flags[:0]).value.size == 0
    with pytest.raises(ValueError, match="as many"):
        runs(times, times[:3], flags)


def test_a_silence_ends_a_run() -> None:
    times = np.array([0, 10, 20, 900, 910], dtype=np.int64)
    one = runs(times, np.full(5, 7), np.zeros(5, dtype=np.uint8), gap_ns=100)
    assert one.frames.tolist() == [3, 2]


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3, 1.0])
def test_creep_and_noise_make_no_steps(noise: float) -> None:
    """Levels miss their interval once in 1e8 a side and code: not once in 300 streams."""
    rng = np.random.default_rng([3, int(100 * noise)])
    assert sum(len(found(rng, noise, creep=rng.uniform(-0.5, 0.5))) for _ in range(RUNS)) == 0


@pytest.mark.parametrize(("noise", "shift"), [(0.02, 2.0), (0.1, 2.0), (0.3, 1.5), (1.0, 2.0)])
def test_a_shift_is_found_and_its_size_lies_in_the_interval(noise: float, shift: float) -> None:
    rng = np.random.default_rng([4, int(100 * noise)])
    for _ in range(60):
        (one,) = found(rng, noise, shift=shift)
        assert one.interval[0] <= shift <= one.interval[1]
        assert one.from_ns < 300 * UPDATE <= one.to_ns


def test_one_code_is_no_step_but_between_two_that_flicker_it_is() -> None:
    rng = np.random.default_rng(5)
    times = np.arange(400, dtype=np.int64) * UPDATE
    quiet = np.where(times < 200 * UPDATE, 100, 101)
    assert steps(plateaus(times, quiet, 0.05, UPDATE), quiet) == []
    two = np.where(times < 200 * UPDATE, 100, 102)
    assert len(steps(plateaus(times, two, 0.05, UPDATE), two)) == 1
    flickering = np.round(np.where(times < 200 * UPDATE, 100.5, 101.5) + rng.normal(0, 0.05, 400)).astype(np.int64)
    (one,) = steps(plateaus(times, flickering, 0.05, UPDATE), flickering)
    assert 0.5 < one.interval[0] <= 1 <= one.interval[1] < 1.5


def test_an_excursion_that_returns_is_none() -> None:
    times = np.arange(400, dtype=np.int64) * UPDATE
    touched = np.full(400, 100)
    touched[200:210] = 160
    assert steps(plateaus(times, touched, 0.05, UPDATE), touched) == []


def test_plateaus_leave_out_movement_and_refuse_no_noise() -> None:
    times = np.arange(200, dtype=np.int64) * UPDATE
    ramp = np.concatenate([np.full(60, 0), np.arange(80) * 5, np.full(60, 400)]).astype(np.int64)
    one = plateaus(times, ramp, 0.05, UPDATE)
    assert [(int(a), int(b)) for a, b in zip(one.low, one.high, strict=True)] == [(0, 0), (400, 400)]
    assert len(plateaus(times[:0], ramp[:0], 0.05, UPDATE)) == 0
    with pytest.raises(ValueError, match="above 0"):
        plateaus(times, ramp, 0.0, UPDATE)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 2.0), st.integers(1, 400))
def test_levels_hold_the_truth(seed: int, noise: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    level = float(rng.uniform(10, 11))
    times, seen = stream(rng, n + 1, noise, level)
    one = plateaus(times, seen, noise, UPDATE, least_ns=0, settle_ns=0)
    assert bool(np.all((one.least <= level) & (level <= one.most)))


@settings(max_examples=30)
@given(st.floats(-3, 3), st.floats(0.01, 3))
def test_masses_are_a_distribution(level: float, noise: float) -> None:
    codes = np.arange(-30, 31)
    p = mass(codes, level, noise)
    assert p.sum() == pytest.approx(1, abs=1e-9)
    assert p == pytest.approx(
        stats.norm.cdf(codes + 0.5, level, noise) - stats.norm.cdf(codes - 0.5, level, noise), abs=1e-12
    )


@pytest.mark.parametrize("noise", [0.1, 0.5, 1.5])
def test_noise_tests_keep_their_level(noise: float) -> None:
    rng = np.random.default_rng([6, int(10 * noise)])
    loud, still = [], []
    for _ in range(RUNS):
        seen = stream(rng, 60, noise)[1]
        loud.append(noisy_p(seen, noise))
        still.append(quiet_p(seen, noise))
    most = stats.binom.isf(1e-6, RUNS, 0.05)
    assert sum(p <= 0.05 for p in loud) <= most
    if noise < 0.2:
        assert still == [None] * RUNS  # a display that sits on one code says nothing
    else:
        assert sum(p is not None and p <= 0.05 for p in still) <= most


def test_noise_tests_find_a_simulator_and_a_transmitter() -> None:
    rng = np.random.default_rng(7)
    assert max(quiet_p(stream(rng, 40, 0.05)[1], 1.0) or 1.0 for _ in range(50)) < 1e-6
    assert max(noisy_p(stream(rng, 60, 1.0)[1], 0.2) for _ in range(50)) < 1e-6


@pytest.mark.parametrize("noise", [0.05, 0.2, 0.8])
def test_noise_is_learned_from_several_levels(noise: float) -> None:
    rng = np.random.default_rng([8, int(100 * noise)])
    inside = 0
    for _ in range(20):
        one = learned([stream(rng, 40, noise)[1] for _ in range(12)])
        assert one is not None
        inside += one.least <= noise <= one.most
    assert inside >= 20 - stats.binom.isf(1e-4, 20, 0.05)
    assert learned([]) is None


def test_steps_are_laid_to_the_events_before_them() -> None:
    from_ns, to_ns = np.array([95, 300, 510]), np.array([105, 310, 520])
    events = np.array([90, 400, 505])
    assert followed((from_ns, to_ns), events, (0, 50)).tolist() == [0, -1, 2]
    assert followed((from_ns, to_ns), events[:0], (0, 50)).tolist() == [-1, -1, -1]
    assert coverage(events, (0, 1000), (0, 50)) == pytest.approx(0.15)
    assert coverage(np.array([100, 120]), (0, 1000), (0, 50)) == pytest.approx(0.07)


def test_chance_of_hits_is_exact() -> None:
    stepped, event = np.array([1, 1, 1, 0, 0, 0, 0, 0], bool), np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    assert allocated_p(stepped, event) == pytest.approx(4 / 56)  # C(4,3) of C(8,3)
    assert coincidence_p(3, 3, 0.1) == pytest.approx(1e-3)
    rng = np.random.default_rng(9)
    p = [allocated_p(stepped, rng.permutation(event)) for _ in range(RUNS)]
    assert sum(x <= 0.1 for x in p) <= stats.binom.isf(1e-6, RUNS, 0.1)


def test_cusum_finds_one_step_in_a_few_readings_at_the_stated_rate_of_alarms() -> None:
    """Noise 0.2 e, a shift of 1 e, mean time between false alarms 1e4: 1-2 readings before rounding (statistics.md 2c); rounding
    at an unknown phase makes d 2 of 5 and costs two more.  Of 300 thousands of quiet readings at most a tenth alarm."""
    rng, delays, alarms = np.random.default_rng(10), [], 0
    for _ in range(RUNS):
        level = rng.uniform(0, 1)
        before = float(np.round(level + rng.normal(0, 0.2, 400)).mean())
        seen, d = course(np.round(level + 1 + rng.normal(0, 0.2, 50)).astype(np.int64), before, 0.2)
        over = seen > threshold(1e4, d)
        delays.append(int(np.argmax(over)) + 1 if over.any() else 50)
        still, _ = course(np.round(level + rng.normal(0, 0.2, 1000)).astype(np.int64), before, 0.2)
        alarms += bool((still > threshold(1e4, d)).any())
    assert np.mean(delays) < 4.5
    assert alarms <= stats.binom.isf(1e-4, RUNS, 1 - np.exp(-0.1))
    down, _ = course(np.array([4, 3, 3]), 4.0, 0.2, -1.0)
    assert down[2] > down[1] > down[0] == 0
