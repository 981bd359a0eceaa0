"""Single violations: counted once per burst, and what their places say (onset, end).

One disturbance is one event however many edges it makes: violations closer than the burst time belong together
(field_rules.md section 6, condition 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from captures.model import Int64Array
from harness.judge.contract import Shape

HONEST_EVENTS = 0.5  # mean number of separate disturbances in one honest segment allowed by the Poisson null below,
# whatever its length; to it comes a rate per observed second, a parameter of each detector

HONEST_REGULAR = (
    1e-4  # chance that random places look so regular (pulses/suspects.py `every`) from which they are no disturbance
)


@dataclass(frozen=True)
class Course:
    """Where events lie within `total` litres: shape, first and last litre, spacing."""

    shape: Shape
    onset_l: float
    onset_interval_l: tuple[float, float]
    end_l: float | None


def clusters(ticks: Int64Array, burst: int) -> Int64Array:
    """Cluster number (n,) of sorted event ticks (n,): a cluster holds what lies within `burst` of its first event.

    Dense events do not chain into one: a multiplier that adds a pulse every 10 ms makes many events, not a long one.
    """
    if not ticks.size:
        return np.zeros(0, dtype=np.int64)
    new = np.concatenate([[True], np.diff(ticks) > burst])
    begins = np.flatnonzero(new)
    ends = np.concatenate([begins[1:], [ticks.size]])
    for i in np.flatnonzero(ticks[ends - 1] - ticks[begins] > burst):
        at, end = int(begins[i]), int(ends[i])
        while (at := at + int(np.searchsorted(ticks[at:end], ticks[at] + burst, "right"))) < end:
            new[at] = True
    return (np.cumsum(new) - 1).astype(np.int64)


def first_of_each(ticks: Int64Array, burst: int) -> Int64Array:
    """Index (k,) of the first event of every cluster of sorted ticks (n,)."""
    return np.flatnonzero(np.diff(clusters(ticks, burst), prepend=-1)).astype(np.int64)


def poisson_p(hits: int, mean: float = HONEST_EVENTS) -> float:
    """P(at least `hits` separate disturbances) when honest segments see `mean` of them on average."""
    return float(stats.poisson.sf(hits - 1, mean)) if hits else 1.0


def counted(hits: int, seconds: float, per_s: float, parameters: Mapping[str, float]) -> int:
    """How many of `hits` separate disturbances may be counted as violations (for `evalue.bet_on_count`): all where an
    honest line with `per_s` disturbances a second in `seconds` observed shows so many with probability below `q`,
    fewer than `many_hits` where it is below `q_few`, else none."""
    p = poisson_p(hits, HONEST_EVENTS + per_s * seconds)
    if hits < parameters["min_hits"] or p >= parameters["q_few"]:
        return 0
    return hits if p < parameters["q"] else min(hits, int(parameters["many_hits"]) - 1)


def least_counted(seconds: float, per_s: float, parameters: Mapping[str, float]) -> int:
    """The fewest separate disturbances in `seconds` that `counted` takes for violations."""
    k = int(stats.poisson.isf(parameters["q_few"], HONEST_EVENTS + per_s * seconds)) + 1
    return max(k, int(parameters["min_hits"]))


def place(litres: npt.NDArray[np.float64], total_l: float) -> Course | None:
    """Shape of events at `litres` (m,), sorted, within a delivery of `total_l`.

    A steady gain shows its first event within a few spacings of the start and its last within a few of the end.
    An event-free stretch of six median spacings (chance e^-6 were they random) at either side is an onset or an end.
    """
    if litres.size < 3 or total_l <= 0:
        return None
    spacing = float(np.median(np.diff(litres))) or total_l / max(litres.size, 1)
    spacing = max(spacing, float(np.mean(np.diff(litres))) / 2)
    first, last = float(litres[0]), float(litres[-1])
    late, early = first > 6 * spacing + 0.2, total_l - last > 6 * spacing + 0.2
    shape = Shape.SWITCHED if late or early else Shape.CONSTANT
    return Course(shape, first if late else 0.0, (max(0.0, first - 3 * spacing), first), last if early else None)
