"""Where suspects lie among real edges: what each pattern is called, its parameters, and how often chance gets a name."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.suspects import (
    CLOSE,
    Pattern,
    Placement,
    causal,
    comb,
    every,
    placement,
    rayleigh,
    taken_out,
)

TICK_S = 1e-6


def wheel(rng: np.random.Generator, n: int, sway: float = 0.3) -> Int64Array:
    """Ticks of n pulses of about 15 ms; the flow sways by a factor exp(+-sway)."""
    slow = np.exp(sway * np.sin(np.linspace(0, 6, n) + rng.uniform(0, 6)))
    return np.cumsum(15_000 * slow * (1 + 0.03 * rng.normal(size=n))).astype(np.int64)


def within(real: Int64Array, after: Int64Array, share: np.ndarray | float) -> Int64Array:
    gap = real[after + 1] - real[after]
    return np.asarray(real[after] + np.maximum(1, (gap * share).astype(np.int64)), dtype=np.int64)


def at_random(rng: np.random.Generator, pulses: int, k: int) -> tuple[Int64Array, Int64Array]:
    real = wheel(rng, pulses)
    after = np.sort(rng.choice(pulses - 1, k, replace=False))
    return real, within(real, after, rng.random(k))


def placed(real: Int64Array, suspects: Int64Array) -> Placement:
    found = placement(real, suspects, TICK_S)
    assert found is not None
    return found


def bound(n: int, p: float) -> int:
    """More than so many of n has chance 1e-6."""
    return int(stats.binom.isf(1e-6, n, p))


@pytest.mark.parametrize(("pulses", "k"), [(500, 8), (2000, 20), (2000, 60)])
def test_random_places_are_given_a_pattern_as_rarely_as_stated(pulses: int, k: int) -> None:
    runs = 300
    rng = np.random.default_rng([pulses, k])
    ps: dict[str, list[float]] = {"every": [], "comb": [], "time": [], "phase": []}
    names = Counter[Pattern]()
    for _ in range(runs):
        real, suspects = at_random(rng, pulses, k)
        at = np.searchsorted(real, suspects, "right")
        delay, whole = (suspects - real[at - 1]).astype(float), (real[at] - real[at - 1]).astype(float)
        found = every(at)
        assert found is not None
        ps["every"].append(found.p)
        ps["comb"].append(comb((suspects - suspects[0]) * TICK_S).p)
        ps["time"].append(np.exp(rayleigh(delay, whole, float(np.median(whole)))))
        ps["phase"].append(np.exp(rayleigh(delay / whole, np.ones(k), 1.0)))
        names[placed(real, suspects).pattern] += 1
    for name, values in ps.items():
        assert sum(p < 1e-2 for p in values) <= bound(runs, 1.3e-2), name
        assert sum(p < 1e-3 for p in values) <= bound(runs, 2e-3), name
    for name in ("time", "phase"):  # these nulls are continuous: they must use their level
        assert sum(p < 0.1 for p in ps[name]) >= runs * 0.1 - 5 * np.sqrt(runs * 0.09)
    assert runs - names[Pattern.RANDOM] <= bound(runs, 1e-3)


def test_near_edges_that_do_not_show_which_was_put_in_keep_the_null() -> None:
    """Of two near edges the later is taken: the test knows what that does to places at random."""
    rng, runs, p = np.random.default_rng(3), 300, []
    for _ in range(runs):
        real, suspects = at_random(rng, 1000, 60)
        ticks = np.sort(np.concatenate([real, suspects]))
        chosen = causal(ticks, np.searchsorted(ticks, suspects))
        rest = np.delete(ticks, chosen)
        at = np.searchsorted(rest, ticks[chosen], "right")
        inner = (at > 0) & (at < rest.size)
        at, those = at[inner], ticks[chosen][inner]
        share = (those - rest[at - 1]) / (rest[at] - rest[at - 1])
        p.append(np.exp(rayleigh(share, np.ones_like(share), 1.0, CLOSE)))
    assert sum(one < 1e-2 for one in p) <= bound(runs, 1.3e-2)
    assert sum(one < 0.1 for one in p) >= runs * 0.1 - 5 * np.sqrt(runs * 0.09)


@pytest.mark.parametrize("n", [5, 20, 33.4, 50])
@pytest.mark.parametrize("jitter", [0.0, 0.02])
@pytest.mark.parametrize("lost", [0.0, 0.25])
def test_every_n_is_told_with_its_period(n: float, jitter: float, lost: float) -> None:
    rng = np.random.default_rng([int(10 * n), int(100 * jitter), int(100 * lost)])
    for _ in range(20):
        real = wheel(rng, int(45 * n))
        after = np.cumsum(n * (1 + jitter * rng.normal(size=40))).round().astype(np.int64)
        after = after[(after < real.size - 1) & (rng.random(40) >= lost)]
        found = placed(real, within(real, after, rng.random(after.size)))
        assert found.pattern is Pattern.EVERY
        assert found.every_n is not None
        assert found.every_n.value == pytest.approx(n, abs=5 * found.every_n.u + 1e-9)
        assert found.every_n.u < 0.02 * n + 0.1


def test_five_cycles_show_a_period() -> None:
    rng = np.random.default_rng(5)
    real = wheel(rng, 600)
    after = np.arange(6) * 50 + 20
    assert placed(real, within(real, after, rng.random(6))).pattern is Pattern.EVERY
    assert placement(real, within(real, after[:5], 0.5), TICK_S) is None


@pytest.mark.parametrize("hz", [0.7, 3.3, 9.1])
def test_an_oscillator_of_its_own_is_told_with_its_rate_whatever_flows(hz: float) -> None:
    for seed in range(20):
        rng = np.random.default_rng([seed, int(10 * hz)])
        real = wheel(rng, 2000)
        clock = np.arange(real[0] + rng.uniform(0, 1e6 / hz), real[-1], 1e6 / hz).astype(np.int64)
        found = placed(real, clock)
        assert found.pattern is Pattern.OSCILLATOR
        assert found.oscillator_hz is not None
        assert found.oscillator_hz.value == pytest.approx(hz, rel=1e-4)
        assert found.delay_us is None


def test_a_source_at_one_constant_rate_lets_pulses_and_time_stand() -> None:
    real = np.arange(1, 2000, dtype=np.int64) * 15_000
    found = placed(real, within(real, np.arange(20, 1900, 40), 0.4))
    assert {found.pattern, found.rival} == {Pattern.EVERY, Pattern.OSCILLATOR}


@pytest.mark.parametrize("us", [400, 3_000, 7_000])
def test_a_fixed_delay_is_told_in_microseconds(us: int) -> None:
    for seed in range(20):
        rng = np.random.default_rng([seed, us])
        real = wheel(rng, 2000)
        after = np.sort(rng.choice(1999, 15, replace=False))
        found = placed(real, real[after] + us + rng.integers(-30, 30, 15))
        assert found.pattern is Pattern.DELAY
        assert found.delay_us is not None
        assert found.delay_us.value == pytest.approx(us, abs=30)
        if us > 1_000:  # of a short delay the scatter itself hides whether it follows the interval
            assert found.phase is None


def test_the_middle_of_the_interval_is_a_share_and_no_time() -> None:
    rng = np.random.default_rng(6)
    real = wheel(rng, 2000)
    found = placed(real, within(real, np.sort(rng.choice(1999, 30, replace=False)), 0.5 + 0.02 * rng.normal(size=30)))
    assert found.pattern is Pattern.DELAY
    assert found.delay_us is None
    assert found.phase is not None
    assert found.phase.value == pytest.approx(0.5, abs=0.02)
    assert "delay_us" not in found.at()


def test_pulses_at_random_in_the_low_part_of_each_interval_keep_no_delay() -> None:
    """What is or-ed into a line shows while the line is low."""
    for seed in range(20):
        rng = np.random.default_rng([seed, 8])
        real = wheel(rng, 2000)
        after = np.sort(rng.choice(1999, 60, replace=False))
        assert placed(real, within(real, after, rng.uniform(0.5, 0.95, 60))).pattern is Pattern.RANDOM


def test_what_is_taken_out_has_a_period_and_nothing_else() -> None:
    found = taken_out(np.arange(49, 2000, 50))
    assert found is not None
    assert found.at()["every_n"] == 50
    rng = np.random.default_rng(7)
    found = taken_out(np.sort(rng.choice(2000, 40, replace=False)))
    assert found is not None
    assert found.pattern is Pattern.RANDOM
    assert taken_out(np.array([5, 10, 15])) is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(-(10**12), 10**12), k=st.integers(6, 60))
def test_a_common_shift_changes_nothing(seed: int, shift: int, k: int) -> None:
    real, suspects = at_random(np.random.default_rng(seed), 700, k)
    assert placement(real, suspects, TICK_S) == placement(real + shift, suspects + shift, TICK_S)
