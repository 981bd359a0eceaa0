"""When a meter holds the vehicle to be slow.

Speed of an interval: its counts times their length over its time, intervals being those between counts (and from the
hire to the first, from the last to the end), or windows of a fixed length.  An interval is slow as a whole when its speed
is below the limit, strictly; compared in whole numbers, so that a vehicle at the limit exactly is not slow.
With a hysteresis what was slow stays so below limit + hysteresis; a trip begins slow.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.trip import Trip

SAFE = 2**62
KEPT = 32  # spells of so many trips and meters: readings of one tariff ask for the same ones


@lru_cache(maxsize=KEPT)
def slow_spells(
    trip: Trip, limit_kmh: Fraction, k_ratio: Fraction, update_ns: int, hysteresis_kmh: Fraction
) -> NDArray[np.int64]:
    """Spells (n, 2) of low speed, ns, touching ones joined; the meter's speed is `k_ratio` times that of the trip.  Not to be written to: it is kept."""
    edges, counts = _intervals(trip, update_ns)
    length = trip.metres_per_count * k_ratio
    slow = below(counts, np.diff(edges), length, limit_kmh)
    if hysteresis_kmh:
        fast = ~below(counts, np.diff(edges), length, limit_kmh + hysteresis_kmh)
        decided = np.where(slow | fast, np.arange(len(slow)), -1)
        last = np.maximum.accumulate(decided) if len(decided) else decided
        slow = np.where(last < 0, True, slow[last])
    turns = np.flatnonzero(np.diff(np.concatenate(([0], slow.astype(np.int8), [0]))))
    found = edges[turns].reshape(-1, 2)
    found.setflags(write=False)
    return found


def below(
    counts: NDArray[np.int64], spans_ns: NDArray[np.int64], metres_per_count: Fraction, limit_kmh: Fraction
) -> NDArray[np.bool_]:
    """For each interval whether `counts` in `spans_ns` are slower than the limit, exactly.

    v = counts * metres / ns * 3.6e9 km/h, so v < limit becomes counts * a < ns * b in whole numbers.
    """
    if limit_kmh <= 0:
        return np.zeros(len(counts), dtype=np.bool_)
    ratio = metres_per_count * 3_600_000_000 / limit_kmh
    a, b = ratio.numerator, ratio.denominator
    if len(counts) and int(counts.max()) * a < SAFE and int(spans_ns.max()) * b < SAFE:
        return np.asarray(counts * a < spans_ns * b)
    return np.asarray(counts.astype(object) * a < spans_ns.astype(object) * b, dtype=np.bool_)


def _intervals(trip: Trip, update_ns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Edges (n + 1,) of the intervals and the counts (n,) in each."""
    if update_ns:
        inner = np.arange(trip.hired_ns, trip.vacated_ns, update_ns, dtype=np.int64)
        edges = np.append(inner, trip.vacated_ns)
        return edges, np.diff(trip.count_at(edges)).astype(np.int64)
    inside = trip.inside
    inner, reached = trip.times_ns[inside], trip.counts[inside]
    edges = np.concatenate(([trip.hired_ns], inner, [trip.vacated_ns]))
    first = trip.count_at(np.array([trip.hired_ns]))
    counts = np.diff(np.concatenate((first, reached, reached[-1:] if len(reached) else first)))
    moving = np.diff(edges) > 0  # several counts at one instant are one interval
    if not moving.all():
        keep = np.concatenate(([True], moving))
        sums = np.concatenate(([0], np.cumsum(counts)))
        last = np.append(np.flatnonzero(keep)[1:] - 1, len(edges) - 1)  # the last row of each instant
        return edges[keep], np.diff(sums[last]).astype(np.int64)
    return edges, counts.astype(np.int64)
