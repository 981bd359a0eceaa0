"""Timer lattice: real ticks, an exact null, and sources that only look like one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks.tracker import RECORDED
from captures.formats import read
from captures.model import Int64Array
from harness.judge.pulses.lattice import find, intervals

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TRUTH = DATA / "truth.json"


def wandering(rng: np.random.Generator, n: int, usual: float = 15_000.0) -> Int64Array:
    """A free-running train: intervals that follow a slow flow, in ticks of a microsecond."""
    slow = np.cumsum(rng.normal(0, 0.004, n))
    d = usual * np.exp(0.03 * np.sin(np.arange(n) / 40) + slow - slow.mean() + rng.normal(0, 0.01, n))
    return np.cumsum(np.maximum(np.round(d), 2).astype(np.int64))


@pytest.mark.skipif(not TRUTH.exists(), reason=f"recorded sessions are not at {DATA}")
@pytest.mark.parametrize(("name", "channel", "tick_us"), RECORDED)
def test_the_tick_of_a_recorded_controller_from_300_edges(name: str, channel: str, tick_us: float) -> None:
    train = next(t for t in read(DATA / "sigrok" / name).trains if t.channel == channel)
    assert train.levels is not None
    assert train.tick_s is not None
    found = find(train.ticks[train.levels == 1][:300])
    assert found is not None
    assert found.p < 1e-12
    assert found.tick * float(train.tick_s) * 1e6 == pytest.approx(tick_us, rel=1e-3)


def test_the_null_is_that_of_its_formula() -> None:
    p = []
    for seed in range(300):
        found = find(wandering(np.random.default_rng(seed), 400))
        assert found is not None
        p.append(found.p)
    small = int(np.count_nonzero(np.array(p) < 0.1))
    assert stats.binom.ppf(1e-4, 300, 0.05) <= small <= stats.binom.isf(1e-4, 300, 0.13)
    assert min(p) > 1e-6


@pytest.mark.parametrize(("jitter", "edges"), [(0.1, 100), (0.2, 1600)])
def test_a_timer_is_found_in_as_few_edges_as_theory_says(jitter: float, edges: int) -> None:
    """Edges for nine in ten at 1e-4: 50 to 100 at 0.1 tick of edge jitter, 800 to 1600 at 0.2 (statistics.md T4)."""
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ticks = np.round(np.round(wandering(rng, edges) / 20) * 20 + rng.normal(0, 20 * jitter, edges))
        line = find(np.unique(ticks.astype(np.int64)))
        found += line is not None and line.p < 1e-4 and abs(line.tick - 20) < 0.05
    assert found >= 18


def test_a_source_of_constant_rate_is_no_timer() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        steady = np.cumsum(np.full(3000, 1000.37)) + rng.normal(0, 0.4, 3000)
        assert find(np.unique(np.round(steady).astype(np.int64))) is None
        ramp = 1000 + 2000 * np.linspace(1, 0, 150) ** 2.3 * rng.uniform(0.9, 1.1)
        plateau = np.cumsum(np.concatenate([ramp, np.full(3000, 1000.37)]) + rng.normal(0, 3, 3150))
        line = find(np.unique(np.round(plateau).astype(np.int64)))
        assert line is None or line.p > 1e-5


def test_the_lattice_of_the_recorder_is_its_unit_and_no_finding() -> None:
    ticks = wandering(np.random.default_rng(1), 500) // 4 * 4
    found = find(np.unique(ticks))
    assert found is not None
    assert found.unit == 4
    assert found.p > 1e-3


def test_the_answer_does_not_depend_on_where_time_begins() -> None:
    ticks = wandering(np.random.default_rng(2), 300)
    assert find(ticks) == find(ticks + 1_700_000_000_000_000_000)


def test_too_few_or_too_even_intervals_say_nothing() -> None:
    assert find(np.arange(10, dtype=np.int64) * 1000) is None
    assert intervals(np.arange(500, dtype=np.int64) * 1000) is None
