"""Matching the edges of two taps on one clock: every downstream edge belongs to at most one upstream edge before it.

Sorted against sorted, without loops: each downstream edge claims the latest upstream edge not later than itself
(+ skew); it matches when that lies within the latency and nobody claimed it earlier.  What remains is surplus
(downstream only) and deficit (upstream only).  Integer ticks throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from captures.model import Int64Array
from harness.judge.events import clusters


@dataclass(frozen=True, eq=False)
class Match:
    """`surplus` ticks (s,) downstream, `surplus_at` (s,) index of the last upstream edge before each; `deficit` ticks
    (d,) upstream, `deficit_at` (d,) their indices."""

    surplus: Int64Array
    surplus_at: Int64Array
    deficit: Int64Array
    deficit_at: Int64Array


_NONE = np.zeros(0, dtype=np.int64)


def match(up: Int64Array, down: Int64Array, latency: int, skew: int) -> Match:
    """Match `down` (n,) to `up` (m,), both strictly increasing; delays from -skew to +latency ticks are honest."""
    if up.size == down.size:
        delay = down - up
        if not up.size or (int(delay.min()) >= -skew and int(delay.max()) <= latency):
            return Match(_NONE, _NONE, _NONE, _NONE)
    claimed = np.searchsorted(up, down + skew, "right") - 1
    near = claimed >= 0
    near &= down - up[np.maximum(claimed, 0)] <= latency if up.size else False
    # of several edges claiming one upstream edge the first keeps it
    repeated = np.zeros(down.size, dtype=bool)
    repeated[1:] = claimed[1:] == claimed[:-1]
    near &= ~repeated | (claimed < 0)
    missing = np.ones(up.size, dtype=bool)
    missing[claimed[near]] = False
    deficit_at = np.flatnonzero(missing)
    return Match(down[~near], claimed[~near], up[deficit_at], deficit_at)


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
