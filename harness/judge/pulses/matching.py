"""Matching the edges of two taps on one clock: every downstream edge belongs to at most one upstream edge before it.

Sorted against sorted, without loops: each downstream edge claims the latest upstream edge not later than itself
(+ skew); it matches when that lies within the latency and nobody claimed it earlier.  What remains is surplus
(downstream only) and deficit (upstream only).  Integer ticks throughout.

A latency beyond that, or one that drifts, is tracked: from block to block of BLOCK edges the median of the delays to the nearest
edge moves it, within bounds (statistics.md T8: linear, no dynamic programming).  A stretch in which one of the taps is silent
and the other goes on as before is a gap of the silent tap: a clip that fell off, a buffer that ran over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from harness.judge.events import clusters
from harness.judge.pulses.medians import median


@dataclass(frozen=True, eq=False)
class Match:
    """`surplus` ticks (s,) downstream, `surplus_at` (s,) index of the last upstream edge before each; `deficit` ticks
    (d,) upstream, `deficit_at` (d,) their indices."""

    surplus: Int64Array
    surplus_at: Int64Array
    deficit: Int64Array
    deficit_at: Int64Array


_NONE = np.zeros(0, dtype=np.int64)
BLOCK = 256  # upstream edges in which the latency may move by the tolerance
PASS = 1 << 12  # downstream edges a pass: what they are held to stays in the cache
TRACKED = 0.01  # share of edges unmatched on both sides from which a latency is looked for


def match(up: Int64Array, down: Int64Array, latency: int, skew: int) -> Match:
    """Match `down` (n,) to `up` (m,), both strictly increasing; delays from -skew to +latency ticks are honest."""
    if up.size == down.size:
        delay = down - up
        if not up.size or (int(delay.min()) >= -skew and int(delay.max()) <= latency):
            return Match(_NONE, _NONE, _NONE, _NONE)
    near, claimed = _claims(up, down, latency, skew)
    return _left(up, down, near, claimed)


def _claims(
    up: Int64Array, down: Int64Array, latency: int, skew: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Which of down (n,) match, and the upstream edge each claims."""
    claimed = np.empty(down.size, dtype=np.intp)
    near = np.zeros(down.size, dtype=bool)
    if not up.size or not down.size:
        claimed[:] = -1
        return near, claimed
    # by passes: of the upstream edges only those are searched that lie between the first and last of a pass
    bounds = np.searchsorted(up, np.append(down[::PASS], down[-1]) + skew, "right").tolist()
    for begin, first, last in zip(range(0, down.size, PASS), bounds, bounds[1:], strict=False):
        part, own = down[begin : begin + PASS], claimed[begin : begin + PASS]
        np.add(up[first:last].searchsorted(part + skew, "right"), first - 1, out=own)
        near[begin : begin + PASS] = part - up.take(own, mode="clip") <= latency
    near &= claimed >= 0
    # of several edges claiming one upstream edge the first keeps it
    near[1:] &= claimed[1:] != claimed[:-1]
    return near, claimed


def _left(up: Int64Array, down: Int64Array, near: npt.NDArray[np.bool_], claimed: npt.NDArray[np.intp]) -> Match:
    over = np.flatnonzero(~near)
    if down.size - over.size == up.size:  # each is claimed
        return Match(down[over], claimed[over], _NONE, _NONE)
    missing = np.ones(up.size, dtype=bool)
    missing[claimed[near]] = False
    deficit_at = np.flatnonzero(missing)
    return Match(down[over], claimed[over], up[deficit_at], deficit_at)


@dataclass(frozen=True, eq=False)
class Balance:
    """Violations, one per burst: `ticks` (k,) of the first edge, `net` (k,) edges too many (> 0) or missing (< 0),
    `at` (k,) index of the upstream edge before."""

    ticks: Int64Array
    net: Int64Array
    at: Int64Array


def balance(found: Match, burst: int) -> Balance:
    """Bursts in which surplus and deficit do not cancel: an edge moved beyond the latency is no violation."""
    ticks = np.concatenate([found.surplus, found.deficit])
    if not ticks.size:
        return Balance(_NONE, _NONE, _NONE)
    order = np.argsort(ticks, kind="stable")
    sign = np.concatenate([np.ones(found.surplus.size, np.int64), -np.ones(found.deficit.size, np.int64)])[order]
    at = np.concatenate([found.surplus_at, found.deficit_at])[order]
    ticks = ticks[order]
    number = clusters(ticks, burst)
    first = np.concatenate([[0], np.flatnonzero(np.diff(number)) + 1])
    net = np.add.reduceat(sign, first)
    keep = net != 0
    return Balance(ticks[first][keep], net[keep], at[first][keep])


@dataclass(frozen=True, eq=False)
class Tracked:
    """A match under a latency of `low` to `high` ticks; both 0 where the fixed window was enough."""

    found: Match
    low: int = 0
    high: int = 0


def follow(up: Int64Array, down: Int64Array, latency: int, skew: int, most: int) -> Tracked:
    """Match with delays from -skew to +latency ticks; where that leaves edges over on both sides, with a tracked latency of at
    most `most` ticks and half of an interval (beyond it a late edge is not told from one too many), in a window as wide."""
    found = match(up, down, latency, skew)
    least = max(8, int(TRACKED * up.size))
    if min(found.surplus.size, found.deficit.size) < least:
        return Tracked(found)
    bound = min(most, int(np.quantile(np.diff(up), 0.05)) // 2)
    tolerance = (latency + skew) // 2
    course = _latencies(up, down, tolerance, bound) if bound > tolerance else None
    if course is None:
        return Tracked(found)
    shifted = down - np.interp(down, up[::BLOCK][: course.size] + course, course).astype(np.int64)
    near, claimed = _claims(up, np.maximum.accumulate(shifted), tolerance, tolerance)
    other = _left(up, down, near, claimed)
    if other.surplus.size + other.deficit.size > (found.surplus.size + found.deficit.size) // 2:
        return Tracked(found)
    return Tracked(other, int(course.min()), int(course.max()))


def _latencies(up: Int64Array, down: Int64Array, tolerance: int, bound: int) -> Int64Array | None:
    """The latency (b,) at the begin of every block of upstream edges; None where it leaves -tolerance to `bound`."""
    late = _first(up[:BLOCK], down, bound)
    found = []
    for begin in range(0, up.size, BLOCK):
        block = up[begin : begin + BLOCK]
        first, last = np.searchsorted(down, (block[0] + late - tolerance, block[-1] + late + tolerance))
        part = down[first:last] - late
        if part.size >= 8 and block.size >= 2:
            after = np.clip(np.searchsorted(block, part), 1, block.size - 1)
            to_next, to_last = part - block[after], part - block[after - 1]
            nearest = np.where(-to_next < to_last, to_next, to_last)
            late += int(np.clip(median(nearest), -tolerance, tolerance))
        if not -tolerance <= late <= bound:
            return None
        found.append(late)
    return np.array(found, dtype=np.int64)


def _first(up: Int64Array, down: Int64Array, bound: int) -> int:
    """The delay within 0 to `bound` at which most edges of the first block find a partner."""
    low, high = np.searchsorted(down, up), np.searchsorted(down, up + bound, "right")
    delays = np.concatenate([down[a:b] - t for t, a, b in zip(up.tolist(), low.tolist(), high.tolist(), strict=True)])
    if not delays.size:
        return 0
    counts, edges = np.histogram(delays, 64, (0, bound + 1))
    top = int(np.convolve(counts, [1, 1], "valid").argmax())
    return int(median(delays[(delays >= edges[top]) & (delays <= edges[top + 2])]))


@dataclass(frozen=True)
class Silence:
    """A stretch of ticks `begin` to `end`, both ends included, in which one tap is silent ("up" or "down") and the other
    tells `edges`; `steady`: these go on at the pace from before and to after."""

    begin: int
    end: int
    silent: str
    edges: int
    steady: bool


LEAST_SILENT = 16  # edges of the other tap
_BESIDE = 8  # edges by which the pace before and after is told
_PACE = 1.5  # factor within which it is the same


def silences(up: Int64Array, down: Int64Array, found: Match) -> list[Silence]:
    """Stretches in which one tap tells LEAST_SILENT edges and more, and the other none, in order of time."""
    stretches = []
    for first, last in _runs(found.deficit_at):
        begin, end = int(up[first]), int(up[last])
        before, after = np.searchsorted(down, (begin, end), "right")
        if before == after:
            stretches.append(Silence(begin, end, "down", last - first + 1, _same_pace(up, first, last)))
    over = np.searchsorted(down, found.surplus)
    for first, last in _runs(over):
        # of one stretch of the other tap's silence: all after the same upstream edge
        at = np.searchsorted(up, down[first : last + 1], "right")
        for begin, end in _equal(at):
            if end - begin + 1 >= LEAST_SILENT:
                a, b = first + begin, first + end
                stretches.append(Silence(int(down[a]), int(down[b]), "up", b - a + 1, _same_pace(down, a, b)))
    return sorted(stretches, key=lambda one: one.begin)


def covered(spans: Sequence[tuple[int, int]]) -> int:
    """Ticks in any of the spans."""
    total, until = 0, None
    for begin, end in sorted(spans):
        begin = begin if until is None else max(begin, until)
        total += max(end - begin, 0)
        until = end if until is None else max(end, until)
    return total


def _runs(index: Int64Array) -> list[tuple[int, int]]:
    """First and last of every run of at least LEAST_SILENT neighbours among sorted indices (k,)."""
    if index.size < LEAST_SILENT:
        return []
    cut = np.flatnonzero(np.diff(index) > 1)
    first, last = np.concatenate([[0], cut + 1]), np.concatenate([cut, [index.size - 1]])
    long = last - first + 1 >= LEAST_SILENT
    return list(zip(index[first[long]].tolist(), index[last[long]].tolist(), strict=True))


def _equal(values: npt.NDArray[np.intp]) -> list[tuple[int, int]]:
    """First and last index of every run of equal values (n,)."""
    cut = np.flatnonzero(np.diff(values))
    return list(zip([0, *(cut + 1).tolist()], [*cut.tolist(), values.size - 1], strict=True))


def _same_pace(ticks: Int64Array, first: int, last: int) -> bool:
    """Whether the edges first to last go on at the pace of those before them, and those after them at theirs."""

    def pace(begin: int, end: int) -> float | None:
        begin, end = max(begin, 0), min(end, ticks.size - 1)
        return float(ticks[end] - ticks[begin]) / (end - begin) if end - begin >= _BESIDE // 2 else None

    before, begins = pace(first - 1 - _BESIDE, first - 1), pace(first - 1, first - 1 + _BESIDE)
    ends, after = pace(last + 1 - _BESIDE, last + 1), pace(last + 1, last + 1 + _BESIDE)
    pairs = [(a, b) for a, b in ((before, begins), (ends, after)) if a is not None and b is not None]
    return bool(pairs) and all(a <= _PACE * b and b <= _PACE * a for a, b in pairs)
