"""How late arrivals are, from what the host sees: simulated adapters whose delays are known."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.timing import (
    LEAST,
    MS,
    Timing,
    combined,
    defaults,
    lattice,
    proven_lateness,
    rectangular_u_ns,
    round_trips,
    traffic,
)

CHAR_NS = 1_145_833  # 9600 baud, 11 bits


def frames(n: int, seed: int) -> np.ndarray:
    """Ends of frames on a line: a till asks about every 50 ms, the pump answers within 25 ms; int64 ns (2 n,)."""
    rng = np.random.default_rng(seed)
    asked = np.cumsum(rng.integers(45 * MS, 60 * MS, n))
    return np.sort(np.concatenate([asked, asked + rng.integers(5 * MS, 25 * MS, n)]))


def held(true_ns: np.ndarray, timer_ms: int, seed: int = 1) -> np.ndarray:
    """When a USB adapter hands them over: at the next tick of its timer, up to 0.2 ms late in the host."""
    rng = np.random.default_rng(seed)
    ticks = -(-true_ns // (timer_ms * MS)) * timer_ms * MS if timer_ms else true_ns
    return ticks + rng.integers(20_000, 200_000, true_ns.size)


@pytest.mark.parametrize("timer_ms", [16, 10, 4, 2, 1])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_latency_timer_shows_in_the_intervals(timer_ms: int, seed: int) -> None:
    arrived = np.unique(held(frames(120, seed), timer_ms, seed))
    assert lattice(arrived) == timer_ms * MS
    seen = traffic([(int(t), 8) for t in arrived], CHAR_NS)
    assert seen is not None
    assert f"steps of {timer_ms} ms" in seen.how
    # rectangular over the timer's period, whatever the host adds
    assert rectangular_u_ns(seen.width_ns) >= timer_ms * MS / math.sqrt(12)


@pytest.mark.parametrize("seed", range(20))
def test_a_line_without_a_timer_shows_none(seed: int) -> None:
    arrived = held(frames(120, seed), 0, seed)
    assert lattice(arrived) == 0
    seen = traffic([(int(t), 8) for t in arrived], CHAR_NS)
    assert seen is not None
    assert "no timer" in seen.how


def test_a_master_that_asks_at_equal_times_is_no_timer() -> None:
    """Every multiple of everything: it must not be taken for a measurement, neither way."""
    arrived = np.arange(200, dtype=np.int64) * 200 * MS + np.random.default_rng(1).integers(0, 100_000, 200)
    assert lattice(arrived) is None
    assert traffic([(int(t), 8) for t in arrived], CHAR_NS) is None


def test_too_little_traffic_says_nothing() -> None:
    assert traffic([(t * 37 * MS, 3) for t in range(10)], CHAR_NS) is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 50 * MS), st.integers(0, 20 * MS)), min_size=1, max_size=60)
)
def test_nothing_is_called_later_than_it_was(reads: list[tuple[int, int, int]]) -> None:
    """Bytes at line speed with any pauses between them, each read late by any delay: what is proven is a lower bound."""
    size, pause, delay = (np.array(column, np.int64) for column in zip(*reads, strict=True))
    true_ns = np.cumsum(size * CHAR_NS + pause)
    arrived = np.maximum.accumulate(true_ns + delay)  # reads stay in order
    proven = proven_lateness(arrived, size, CHAR_NS)
    assert np.all(proven >= 0)
    assert np.all(proven <= arrived - true_ns)


def test_a_read_that_waited_in_a_saturated_line_is_proven_late() -> None:
    true_ns = np.arange(1, 101, dtype=np.int64) * CHAR_NS
    arrived = true_ns.copy()
    arrived[50] += 9 * MS
    arrived = np.maximum.accumulate(arrived)
    proven = proven_lateness(arrived, np.ones(100, np.int64), CHAR_NS)
    assert proven[50] == pytest.approx(9 * MS, rel=0.05)
    assert proven[10] < MS * 4  # the tolerance of the baud rate over what follows


def test_answers_scatter_by_what_was_added() -> None:
    rng = np.random.default_rng(5)
    seen = round_trips([30 * MS + int(d) for d in rng.integers(0, 16 * MS, 200)], "200 identity queries")
    assert seen is not None
    assert seen.n == 200
    assert seen.p50_ns == pytest.approx(8 * MS, rel=0.15)
    assert rectangular_u_ns(seen.width_ns) == pytest.approx(16 * MS / math.sqrt(12), rel=0.05)
    assert round_trips([MS] * (LEAST - 1), "few") is None


def test_rare_long_delays_are_not_lost_between_percentiles() -> None:
    seen = round_trips([MS] * 995 + [81 * MS] * 5, "one process too many")
    assert seen is not None
    assert seen.p99_ns == 0
    assert rectangular_u_ns(seen.width_ns) >= int(np.std([0] * 995 + [80 * MS] * 5))


def test_what_is_declared_bounds_what_was_seen_from_below() -> None:
    seen = round_trips([MS] * 50, "50 identity queries")
    exact = combined("tap", seen, None, "usb")
    assert (exact.n, exact.u_ns) == (50, 0)
    locked = combined("tap", seen, 16, "usb")
    assert locked.u_ns == rectangular_u_ns(16 * MS)
    assert "latency timer 16 ms declared" in locked.how


def test_without_a_measurement_the_timer_and_then_the_default_stands() -> None:
    declared = combined("tap", None, 1, "usb")
    assert (declared.n, declared.u_ns, declared.measured) == (0, rectangular_u_ns(MS), False)
    fallen = combined("tap", None, None, "usb")
    assert fallen == Timing("tap", 0, 8 * MS, 16 * MS, rectangular_u_ns(16 * MS), fallen.how)
    assert "not measured" in fallen.how
    assert "AN232B-04" in fallen.how


def test_every_default_has_source_and_grade() -> None:
    table = tomllib.loads((files("fixtures") / "timing.toml").read_text("utf-8"))
    assert set(table) == set(defaults()) == {"usb", "socket", "pty"}
    for entry in table.values():
        assert set(entry) == {"hold_ms", "source", "grade", "verified"}
        assert entry["verified"] == (entry["grade"] != "U")
