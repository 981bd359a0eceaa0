"""Edge matching finds exactly what was put in or taken out, in integer ticks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.events import clusters
from harness.judge.pulses.matching import balance, match

LATENCY, SKEW = 500, 20


def taps(seed: int, n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    up = np.cumsum(rng.integers(2_000, 4_000, n))
    return up, up + rng.integers(0, 9, n)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(5, 400), data=st.data())
def test_exactly_the_inserted_edges_are_surplus(seed: int, n: int, data: st.DataObject) -> None:
    up, down = taps(seed, n)
    places = data.draw(st.sets(st.integers(0, n - 2), max_size=n // 2))
    delays = data.draw(st.lists(st.integers(20, 1_900), min_size=len(places), max_size=len(places)))
    extra = np.array([down[i] + d for i, d in zip(sorted(places), delays, strict=True)], dtype=np.int64)
    found = match(up, np.sort(np.concatenate([down, extra])), LATENCY, SKEW)
    assert found.surplus.tolist() == extra.tolist()
    assert found.deficit.size == 0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(5, 400), data=st.data())
def test_exactly_the_deleted_edges_are_missing(seed: int, n: int, data: st.DataObject) -> None:
    up, down = taps(seed, n)
    gone = sorted(data.draw(st.sets(st.integers(0, n - 1), max_size=n)))
    found = match(up, np.delete(down, gone), LATENCY, SKEW)
    assert found.deficit_at.tolist() == gone
    assert found.surplus.size == 0


def test_an_edge_moved_within_a_burst_is_no_violation() -> None:
    up, down = taps(1, 200)
    moved = down.copy()
    moved[50] += 900  # beyond the latency, before the next edge
    found = match(up, moved, LATENCY, SKEW)
    assert (found.surplus.size, found.deficit.size) == (1, 1)
    assert balance(found, 50_000).ticks.size == 0


def test_empty_streams() -> None:
    none = np.zeros(0, dtype=np.int64)
    up, _ = taps(2, 5)
    assert match(none, none, LATENCY, SKEW).surplus.size == 0
    assert match(up, none, LATENCY, SKEW).deficit.size == 5
    assert match(none, up, LATENCY, SKEW).surplus.size == 5


def test_dense_events_do_not_chain_into_one() -> None:
    ticks = np.arange(0, 1_000, 10, dtype=np.int64)
    assert clusters(ticks, 50).max() + 1 == 17  # 0..50, 60..110, ...
    assert clusters(np.array([0, 10, 1_000], dtype=np.int64), 50).tolist() == [0, 0, 1]
