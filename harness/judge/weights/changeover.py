"""Changeover weights: the level below one scale interval, from small weights that are added or taken off (R 76-1; statistics.md 2a).

P = I + e/2 - dL, all here in steps of one interval e: the reading changes at I + 1/2, so the level is that less what was added.
One direction at a time: a display with hysteresis against flicker changes later on the way up and on the way down, and the
two changeover points differ by it.

Two states are compared by stratified dither: K readings of each with 0, 1/K ... (K-1)/K of an interval added, always
approached from the same side.  Mean reading less mean added weight has standard deviation sqrt(0.564 s/K) per state; the sums
are small integers, so the null is no normal distribution: `difference_p` is exact, at the worst noise up to the one stated and
the worst phase of the common level; where the strata were moved by a common offset drawn at random (`drawn`), the phase is
uniform by that draw and the mean over it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats
from harness.judge.weights.quantised import mass

_PHASES = 16  # of the level between two strata; beyond a stratum everything repeats
_NOISES = (0.15, 0.3, 0.5, 0.7, 0.85, 1.0)  # of the stated noise: what is most harmful is not always the largest
_SIGMAS = 5.0


@dataclass(frozen=True)
class Changeover:
    """Level in steps at the changeover from reading `code`, surely within `interval` but for noise; `rising`: from which side."""

    code: int
    level: float
    interval: tuple[float, float]
    rising: bool


def changeover(added: Floats, readings: Int64Array, rising: bool) -> Changeover | None:
    """The level without any added weight, from weights `added` (n,) in steps and the `readings` (n,) with them.

    The changeover is unambiguous: the reading of the first weights until the last that shows it, another for all that follow.
    None where it never changes.  Raises ValueError where the weights do not go one way, as the approach must.
    """
    way = np.diff(added) if rising else -np.diff(added)
    if added.shape != readings.shape or bool(np.any(way < 0)):
        raise ValueError("changeover: expected weights that are only added, or only taken off, one reading for each")
    moved = (readings - readings[0]) * (1 if rising else -1) if readings.size else readings
    if not readings.size or not bool(np.any(moved > 0)):
        return None
    first = int(np.argmax(moved > 0))
    staying = np.flatnonzero(moved <= 0)
    last = max(int(staying[-1]), first - 1) if staying.size else first - 1
    after = min(last + 1, readings.size - 1)
    # flicker between the first new reading and the last old one: the point lies anywhere in it
    edge = float(readings[0]) + (0.5 if rising else -0.5)
    ends = sorted((edge - float(added[first - 1]), edge - float(added[after])))
    return Changeover(int(readings[0]), sum(ends) / 2, (ends[0], ends[1]), rising)


def hysteresis(up: Changeover, down: Changeover) -> tuple[float, float]:
    """(least, most) steps by which the display holds its reading: 0 in it where none shows.  Both of one load."""
    if not up.rising or down.rising:
        raise ValueError("hysteresis: expected one changeover on the way up and one on the way down")
    # held readings change at I + 1/2 + h/2 going up, at I - 1/2 - h/2 going down
    return down.interval[0] - up.interval[1], down.interval[1] - up.interval[0]


def strata(k: int, offset: float = 0.0) -> Floats:
    """The weights to add (k,), in steps; `offset` in [0, 1): where in its stratum each lies, one for both states."""
    return (np.arange(k, dtype=np.float64) + offset) / k


def dithered(added: Floats, readings: Int64Array) -> float:
    """The level in steps from readings (n,) with strata `added` (n,): mean reading, less mean weight and the half stratum by
    which the strata fall short of a whole interval's mean."""
    return float(readings.mean() - added.mean())


def dither_sd(noise: float, k: int) -> float:
    """Standard deviation of the difference of two dithered states, in steps: sqrt(2 x 0.564 s/K) (0.564 = 1/sqrt(pi)); for noise
    not far below a stratum."""
    return sqrt(2 * noise / (sqrt(np.pi) * k))


@lru_cache(maxsize=4096)
def _pmf(k: int, noise: float, phase: float) -> tuple[int, Floats]:
    """(least sum, masses) of the sum of k dithered readings of the level `phase` in steps."""
    reach = int(_SIGMAS * noise) + 2
    codes = np.arange(-reach, reach + 2)
    found = np.ones(1)
    for row in mass(codes[None, :], (phase + strata(k))[:, None], noise):
        found = np.convolve(found, row)
    found.setflags(write=False)
    return -reach * k, found


def _difference(k: int, noise: float, phase: float, shift: float) -> tuple[int, Floats]:
    """(least, masses) of sum B - sum A, B `shift` steps above A."""
    whole, rest = divmod(phase + shift, 1.0)
    a_least, a = _pmf(k, noise, phase)
    b_least, b = _pmf(k, noise, round(rest, 9))
    return b_least + int(whole) * k - (a_least + a.size - 1), np.convolve(b, a[::-1])


def _tail(k: int, noise: float, phase: float, shift: float, at_least: int, side: int) -> float:
    least, masses = _difference(k, noise, phase, shift)
    sums = np.arange(least, least + masses.size)
    if side:
        return float(masses[side * sums >= at_least].sum())
    return float(masses[np.abs(sums) >= at_least].sum())


@lru_cache(maxsize=4096)
def difference_p(total: int, k: int, noise: float, side: int = 0, drawn: bool = False) -> float:
    """P(a difference of the sums of K dithered readings in two states as large as `total`, either way or towards `side`).

    Null: the same level in both states, at any phase (at a uniform one where the offset of the strata was `drawn`),
    independent normal noise of at most `noise` steps.  Exact up to the grids of phases and noises.
    """
    at_least = abs(total) if side == 0 else side * total
    if at_least <= 0:
        return 1.0
    each = [[_tail(k, share * noise, x, 0.0, at_least, side) for x in _phases(k)] for share in _NOISES]
    return min(1.0, max(float(np.mean(row)) if drawn else max(row) for row in each))


def _phases(k: int) -> list[float]:
    return [(i + 0.5) / (_PHASES * k) for i in range(_PHASES)]


def critical(alpha: float, k: int, noise: float, side: int = 0, drawn: bool = False) -> int:
    """The least difference of the sums whose p is at most `alpha`."""
    total = 1
    while difference_p(total if side >= 0 else -total, k, noise, side, drawn) > alpha:
        total += 1
    return total


def power(shift: float, alpha: float, k: int, noise: float, side: int = 0, drawn: bool = False) -> float:
    """P(p <= alpha) at a `shift` in steps, the mean over phases of the level."""
    at_least = critical(alpha, k, noise, side, drawn)
    return float(np.mean([_tail(k, noise, x, shift, at_least, side) for x in _phases(k)]))


def detectable(alpha: float, k: int, noise: float, side: int = 0, drawn: bool = False, wanted: float = 0.9) -> float:
    """The least shift in steps, to 0.002, that is found with probability `wanted`; 8 where none below it is."""
    low, high = 0.0, 8.0
    at_least = critical(alpha, k, noise, side, drawn)
    while high - low > 0.002:
        middle = (low + high) / 2
        found = float(np.mean([_tail(k, noise, x, middle, at_least, side) for x in _phases(k)]))
        low, high = (low, middle) if found >= wanted else (middle, high)
    return high
