"""Steps at constant load: the reading moved and stayed, while nobody touched what lies on the scale (statistics.md 2c).

Null: a constant load, noise of standard deviation at most the one of the plateaus, and creep of at most `creep` steps from one
plateau to the next (R 76-1: half an interval in 30 minutes).  Such a stream flickers between adjacent codes and wanders
slowly; two plateaus whose level intervals lie more than the creep apart are impossible under it but for their MISS.  A jump
of one code between two quiet plateaus is therefore no step (creep over a changeover point does that), a jump of two is, and
so is one of a single code between two that both flicker.

What a step has to do with an event: under random allocation of the events to slots the hits are hypergeometric, whatever
makes the steps; where events were not allocated, steps that come at any time hit the windows behind them in proportion to
their share of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats, cusum
from harness.judge.weights.plateau import Plateaus
from harness.judge.weights.quantised import worst_sd

CREEP = 0.5  # steps, where one step is one scale interval: R 76-1, creep in 30 minutes
_UNSURE = 7.0  # nats: chance that the place of a step lies outside


@dataclass(frozen=True)
class Step:
    """The level moved by `size` steps (surely within `interval`) after `from_ns`, the last reading surely of the plateau before,
    and until `to_ns`, the first surely of the plateau after; `between` readings belong to neither, `beyond` of them lie outside
    both (an overshoot).  `before`, `after`: numbers of the two plateaus."""

    before: int
    after: int
    from_ns: int
    to_ns: int
    size: float
    interval: tuple[float, float]
    between: int
    beyond: int

    @property
    def at_ns(self) -> int:
        return (self.from_ns + self.to_ns) // 2


def steps(found: Plateaus, readings: Int64Array, creep: float = CREEP) -> list[Step]:
    """The steps between neighbouring plateaus of the stream of `readings` (n,)."""
    if len(found) < 2:
        return []
    least, most = found.least[1:] - found.most[:-1], found.most[1:] - found.least[:-1]
    result = []
    for i in np.flatnonzero((least > creep) | (most < -creep)).tolist():
        part = readings[found.last[i] + 1 : found.first[i + 1]]
        size = float(found.mean[i + 1] - found.mean[i])
        # noise lays r readings to the wrong side with probability below exp(-r size^2/(8 s^2))
        unsure = ceil(8 * _UNSURE * (found.noise**2 + 1 / 12) / max(abs(size), 1.0) ** 2 - 1) * found.update_ns
        codes = sorted((found.low[i], found.high[i], found.low[i + 1], found.high[i + 1]))
        result.append(
            Step(
                i,
                i + 1,
                int(found.to_ns[i]) - unsure,
                int(found.from_ns[i + 1]) + unsure,
                size,
                (float(least[i]), float(most[i])),
                int(part.size),
                int(np.count_nonzero((part < codes[0]) | (part > codes[-1]))),
            )
        )
    return result


def followed(steps_ns: tuple[Int64Array, Int64Array], events_ns: Int64Array, lag_ns: tuple[int, int]) -> Int64Array:
    """For each step (k,), given by its earliest and latest times, the index of the latest event it may follow within `lag_ns`
    (least, most); -1 for an unexplained one.  `events_ns` (m,) sorted."""
    from_ns, to_ns = steps_ns
    if not events_ns.size:
        return np.full(from_ns.size, -1, dtype=np.int64)
    at = np.searchsorted(events_ns, to_ns - lag_ns[0], "right") - 1
    caused = (at >= 0) & (events_ns[np.maximum(at, 0)] + lag_ns[1] >= from_ns)
    return np.where(caused, at, -1).astype(np.int64)


def allocated_p(stepped: npt.NDArray[np.bool_], event: npt.NDArray[np.bool_]) -> float:
    """P(as many slots with both, or more): of n slots those with an event were drawn at random (all draws of as many alike
    likely), which says nothing under the null about the slots that stepped.  Exact (Fisher)."""
    if stepped.shape != event.shape:
        raise ValueError(f"slots: {stepped.size} looked at and {event.size} allocated, expected as many")
    both = int(np.count_nonzero(stepped & event))
    return float(stats.hypergeom.sf(both - 1, stepped.size, int(stepped.sum()), int(event.sum())))


def coverage(events_ns: Int64Array, span_ns: tuple[int, int], lag_ns: tuple[int, int], width_ns: int = 0) -> float:
    """Share of the instants of `span_ns` at which a step of unsure time (`width_ns`) would be laid to an event."""
    begins = np.clip(events_ns + lag_ns[0] - width_ns, *span_ns)
    ends = np.clip(events_ns + lag_ns[1], *span_ns)
    covered, until = 0, span_ns[0]
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        covered += max(0, end - max(begin, until))
        until = max(until, end)
    return covered / max(span_ns[1] - span_ns[0], 1)


def coincidence_p(hits: int, total: int, share: float) -> float:
    """P(`hits` of `total` steps or more lie behind events that cover `share` of the time): steps of their own, each at any
    instant alike and independent of the others.  For events nobody allocated."""
    return float(stats.binom.sf(hits - 1, total, min(max(share, 0.0), 1.0)))


def course(readings: Int64Array, level: float, noise: float, shift: float = 1.0) -> tuple[Floats, float]:
    """CUSUM (n,) in nats of separate readings after a `level`, for a `shift` in steps (signed), and the d of it in standard
    deviations, for `sequential.threshold`.  The deviation is the worst that rounding makes of the noise over all phases: with
    the mean one, a level half way between two codes would alarm by taking turns."""
    sd = worst_sd(noise)
    way = 1.0 if shift > 0 else -1.0
    d = abs(shift) / sd
    return cusum(way * (readings.astype(np.float64) - level) / sd, d), d
