"""One slow signal on two instruments: how far the clock of one is off against the other's.

Both saw the same edges.  Over the edges that both have, the time by the tested clock against the time by the reference
clock is a line whose slope less one is the rate error.  Its uncertainty is that of two readings at the ends of the
stretch, sqrt(2) s / T with s the standard deviation about the line and at least that of the resolutions: it does not
shrink with the number of edges, because a clock that wanders is not averaged away (JCGM 100:2008, 4.2 and 4.3.7).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from captures.model import ClockMap, PulseTrain

LEAST_EDGES = 10
COVERAGE = 2.0  # expanded uncertainty, about 95 %


class ClockCheckError(ValueError):
    """The two trains cannot be compared; the message says why."""


@dataclass(frozen=True)
class RateCheck:
    """Rate error of the tested clock in ppm (positive: it runs fast) with its standard uncertainty.

    `holds`: whether the error, with its expanded uncertainty, stays inside the bound the tested instrument is declared
    to keep; None where the uncertainty reaches over the bound.
    """

    edges: int
    unmatched: int
    seconds: float
    error_ppm: float
    u_ppm: float
    bound_ppm: float

    @property
    def holds(self) -> bool | None:
        reach = COVERAGE * self.u_ppm
        if abs(self.error_ppm) + reach <= self.bound_ppm:
            return True
        return False if abs(self.error_ppm) - reach > self.bound_ppm else None


def compare(reference: PulseTrain, reference_clock: ClockMap, tested: PulseTrain, tested_clock: ClockMap) -> RateCheck:
    """The rate of `tested`'s clock by `reference`'s; the bounds of both clocks are those of their maps.

    Raises ClockCheckError where the trains have no common stretch of at least LEAST_EDGES edges, or one has gaps.
    """
    for train in (reference, tested):
        if train.tick_s is None or train.gaps:
            raise ClockCheckError(
                f"{train.name} of {train.clock}: expected whole time stamps, got gaps or no rate: {train.gaps[:3]}; repeat the check"
            )
    assert reference.tick_s is not None
    assert tested.tick_s is not None
    at_reference, at_tested = _matched(reference, reference_clock, tested, tested_clock)
    unmatched = len(_inside(reference, reference_clock, tested, tested_clock) - frozenset(at_reference))
    if len(at_reference) < LEAST_EDGES:
        raise ClockCheckError(
            f"expected at least {LEAST_EDGES} edges that both instruments saw, got {len(at_reference)} ({reference.name}: "
            f"{reference.rising.size}, {tested.name}: {tested.rising.size}): is the same signal on both, and slow enough?"
        )
    # exact differences first: a float holds what is left of them to a fraction of a picosecond
    true_ps = [int((tick - at_reference[0]) * reference.tick_s * 10**12) for tick in at_reference]
    shown_ps = [int((tick - at_tested[0]) * tested.tick_s * 10**12) for tick in at_tested]
    t_s = np.array(true_ps, np.float64) * 1e-12
    off_s = np.array([shown - true for shown, true in zip(shown_ps, true_ps, strict=True)], np.float64) * 1e-12
    slope, level = np.polyfit(t_s, off_s, 1)
    scatter = float(np.std(off_s - (slope * t_s + level), ddof=2))
    resolution = math.hypot(float(reference.tick_s), float(tested.tick_s)) / math.sqrt(12)
    seconds = float(t_s[-1])
    u_fit = math.sqrt(2.0) * max(scatter, resolution) / seconds
    u_reference = reference_clock.rate_bound / math.sqrt(3.0)  # a bound: rectangular
    return RateCheck(
        len(at_reference), unmatched, seconds, float(slope) * 1e6, math.hypot(u_fit, u_reference) * 1e6,
        tested_clock.rate_bound * 1e6,
    )  # fmt: skip


def _matched(
    reference: PulseTrain, reference_clock: ClockMap, tested: PulseTrain, tested_clock: ClockMap
) -> tuple[list[int], list[int]]:
    """Rising edges that are nearest to each other on the host's time, closer than a quarter of the shortest period."""
    ours, theirs = reference.rising, tested.rising
    if ours.size < 2 or theirs.size < 2:
        return [], []
    ours_ns, theirs_ns = reference_clock.to_ns(ours), tested_clock.to_ns(theirs)
    near_ns = min(int(np.diff(ours_ns).min()), int(np.diff(theirs_ns).min())) // 4
    if reference_clock.u_ns + tested_clock.u_ns > 2 * near_ns:
        raise ClockCheckError(
            f"expected a signal slow enough to tell its edges apart across two clocks that are tied to "
            f"{(reference_clock.u_ns + tested_clock.u_ns) / 1e6:.1f} ms, got a shortest period of {4 * near_ns / 1e6:.1f} ms; use a pulse per second"
        )
    after = np.searchsorted(theirs_ns, ours_ns)
    before = np.clip(after - 1, 0, theirs_ns.size - 1)
    after = np.clip(after, 0, theirs_ns.size - 1)
    nearest = np.where(np.abs(theirs_ns[before] - ours_ns) <= np.abs(theirs_ns[after] - ours_ns), before, after)
    close = np.abs(theirs_ns[nearest] - ours_ns) <= near_ns
    return ours[close].tolist(), theirs[nearest[close]].tolist()


def _inside(
    reference: PulseTrain, reference_clock: ClockMap, tested: PulseTrain, tested_clock: ClockMap
) -> frozenset[int]:
    """Ticks of the reference's rising edges that lie well inside the stretch the tested instrument looked at."""
    first, last = tested_clock.to_ns(np.array(tested.window))
    margin = reference_clock.u_ns + tested_clock.u_ns
    ns = reference_clock.to_ns(reference.rising)
    return frozenset(reference.rising[(ns >= first + margin) & (ns <= last - margin)].tolist())
