"""Edge matching finds exactly what was put in or taken out, in integer ticks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.judge.events import clusters
from harness.judge.pulses import matching
from harness.judge.pulses.matching import LEAST_SILENT, TRACKED, balance, covered, follow, match, silences

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


MOST = 1_000


def drifting(seed: int, n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Two taps with a latency that wanders between 300 and 950 ticks, by less than the window a block."""
    rng = np.random.default_rng(seed)
    up = np.cumsum(rng.integers(2_400, 4_000, n))
    course = 625 + 325 * np.sin(np.arange(n) / n * rng.uniform(2, 8) + rng.uniform(0, 6))
    return up, up + course.astype(np.int64) + rng.integers(-40, 40, n)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 0.1))
@example(seed=258, share=0.0)  # 12 edges of 6000 are late by up to 12 ticks: too few to track
def test_under_a_drift_within_its_bound_the_inserted_edges_are_surplus_and_late_ones_cancel(
    seed: int, share: float
) -> None:
    up, down = drifting(seed, 6_000)
    rng = np.random.default_rng([seed, 1])
    at = np.flatnonzero(rng.random(up.size) < share)
    extra = down[at] + rng.integers(600, 1_000, at.size)  # beyond the window, before the next
    tracked = follow(up, np.sort(np.concatenate([down, extra])), LATENCY, SKEW, MOST)
    late = np.flatnonzero(down - up > LATENCY) if not tracked.high else np.zeros(0, dtype=np.int64)
    # not tracked: too few are late, or what was put in outweighs them, so that following them leaves more than half
    assert late.size < TRACKED * up.size or 2 * late.size <= extra.size + 1
    assert tracked.found.surplus.tolist() == sorted([*extra.tolist(), *down[late].tolist()])
    assert tracked.found.deficit_at.tolist() == late.tolist()
    if not extra.size:
        assert balance(tracked.found, 4_000).net.size == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(-(10**15), 10**15), share=st.floats(0.0, 0.1))
def test_a_common_shift_moves_what_is_found_and_nothing_else(seed: int, shift: int, share: float) -> None:
    up, down = drifting(seed, 2_000)
    down = down[np.random.default_rng([seed, 1]).random(down.size) >= share]
    here, there = follow(up, down, LATENCY, SKEW, MOST), follow(up + shift, down + shift, LATENCY, SKEW, MOST)
    assert (here.low, here.high) == (there.low, there.high)
    assert (here.found.surplus + shift).tolist() == there.found.surplus.tolist()
    assert here.found.deficit_at.tolist() == there.found.deficit_at.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(50, 400), data=st.data())
def test_with_the_roles_swapped_what_was_surplus_is_missing(seed: int, n: int, data: st.DataObject) -> None:
    up, down = taps(seed, n)
    places = sorted(data.draw(st.sets(st.integers(0, n - 2), max_size=n // 3)))
    extra = np.array([down[i] + 900 for i in places], dtype=np.int64)
    more = np.sort(np.concatenate([down, extra]))
    here, swapped = match(up, more, LATENCY, SKEW), match(more, up, SKEW, LATENCY)
    assert here.surplus.tolist() == extra.tolist() == swapped.deficit.tolist()
    assert here.deficit.size == swapped.surplus.size == 0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), first=st.integers(20, 600), size=st.integers(LEAST_SILENT + 2, 300), side=st.sampled_from(["up", "down"]))  # fmt: skip
def test_a_stretch_that_one_tap_did_not_see_is_told_whole(seed: int, first: int, size: int, side: str) -> None:
    up, down = taps(seed, 1_000)
    kept = np.ones(up.size, dtype=bool)
    kept[first : first + size] = False
    left, right = (up[kept], down) if side == "up" else (up, down[kept])
    [one] = silences(left, right, match(left, right, LATENCY, SKEW))
    assert (one.silent, one.edges, one.steady) == (side, size, True)
    told = down if side == "up" else up
    assert (one.begin, one.end) == (told[first], told[first + size - 1])


def test_insertions_are_no_silence_however_many() -> None:
    up, down = taps(3, 2_000)
    dense = np.sort(np.concatenate([down, down + 1_000, down + 1_400]))
    assert silences(up, dense, match(up, dense, LATENCY, SKEW)) == []
    gone = np.delete(down, np.s_[::2])
    assert silences(up, gone, match(up, gone, LATENCY, SKEW)) == []


def test_what_several_taps_missed_together_is_counted_once() -> None:
    assert covered([(0, 10), (5, 20), (30, 40), (32, 35)]) == 30
    assert covered([]) == 0


def _by_hand(up: list[int], down: list[int], latency: int, skew: int) -> tuple[list[int], list[int]]:
    """Surplus and deficit ticks by the rule itself: each edge claims the latest upstream edge not after it (+ skew)."""
    taken: dict[int, int] = {}
    surplus, last = [], None
    for tick in down:
        before = [i for i, one in enumerate(up) if one <= tick + skew]
        claim = before[-1] if before else None
        if claim is None or claim == last or tick - up[claim] > latency:
            surplus.append(tick)
        else:
            taken[claim] = tick
        last = claim
    return surplus, [one for i, one in enumerate(up) if i not in taken]


def test_long_trains_are_matched_in_passes_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trains that end before, in and after a pass; with edges put in, taken out, late; empty ones."""
    rng = np.random.default_rng(11)
    surpluses = deficits = 0
    for trial in range(200):
        monkeypatch.setattr(matching, "PASS", int(rng.choice([1, 2, 3, 8, 1 << 12])))
        up = np.unique(rng.integers(0, 400, int(rng.integers(0, 25))))
        down = up + rng.integers(-3, 12, up.size) if trial % 2 else rng.integers(0, 400, int(rng.integers(0, 25)))
        down = np.unique(np.concatenate([down, rng.integers(0, 400, int(rng.integers(0, 3)))]))
        found = match(up, down, 8, 2)
        surplus, deficit = _by_hand(up.tolist(), down.tolist(), 8, 2)
        assert found.surplus.tolist() == surplus
        assert found.deficit.tolist() == deficit
        assert found.surplus_at.tolist() == (np.searchsorted(up, found.surplus + 2, "right") - 1).tolist()
        assert up[found.deficit_at].tolist() == deficit
        surpluses, deficits = surpluses + len(surplus), deficits + len(deficit)
    assert min(surpluses, deficits) > 100
