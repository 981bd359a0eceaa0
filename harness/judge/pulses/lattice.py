"""The timer lattice of one train: do its intervals keep to whole multiples of a tick that no shaft knows?

statistics.md T4.  R(f) = |sum exp(2 pi i f d)|^2 / n over n intervals d in integer units of the recording.
Null: intervals wander over many units, then their phase modulo any fast tick is uniform and R(f) is Exp(1) at each f.
The greatest R over a band has the false-alarm probability of a periodogram's greatest line,
P(max R > z) <= 1 - (1 - e^-z) exp(-W sqrt(z) e^-z), W = bandwidth x sqrt(4 pi var d)  (Baluev 2008, MNRAS 385, 1279).
An interval that comes again more often than chance lets it, by how many values around it occur at all, counts only so
often: a source at one constant rate has one interval, not a lattice.  All sums are of integers: intervals in float seconds have a lattice of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log1p, pi, sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.medians import median

Floats = npt.NDArray[np.float64]
OVERSAMPLING = 4
CLEAR = 10.0  # times its ground: what surely stands out (e^-10 by chance)
MOST_BINS = 1 << 20  # of the histogram: intervals further out are left out
LEAST_INTERVALS = 20
REACH = 32  # units on either side in which the density of the intervals is taken as even
LEAST_SPREAD = 64  # units: below, no frequency lies between the shape of the density and the recording's own tick
# the band: from 20 over the width of the core, where the shape of the density ends (that of single slots is a tenth as wide),
# to 0.45 a unit: near one half R is real, and its tail heavier
_FROM, _TO = 20.0, 0.45
# by how many of 2 x REACH + 1 values occur: how often one of them comes by chance at most (0.999)
_MOST_BY_CHANCE: Int64Array = np.maximum(
    stats.poisson.ppf(0.999, -np.log1p(-np.minimum(np.arange(2 * REACH + 2) / (2 * REACH + 1), 0.999))), 1
).astype(np.int64)


@dataclass(frozen=True)
class Lattice:
    """The sharpest line: `tick` in ticks of the recording, `sharpness` |resultant| in 0..1 over `n` intervals,
    `p` under the null, `unit` the recording's own lattice in ticks (greatest common divisor of the intervals)."""

    tick: float
    sharpness: float
    p: float
    n: int
    unit: int


@dataclass(frozen=True, eq=False)
class Intervals:
    """Distinct intervals `values` (n,), sorted, in `unit` ticks; `counts` (n,): how often each may count."""

    values: Int64Array
    counts: Int64Array
    unit: int

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def core(self) -> int:
        """Width of the middle eight tenths."""
        share = np.cumsum(self.counts) / self.n
        first, last = np.searchsorted(share, (0.1, 0.9))
        return int(self.values[last] - self.values[first]) + 1

    @property
    def spread(self) -> int:
        return int(self.values[-1] - self.values[0]) + 1


def common_step(ticks: Int64Array) -> int:
    """Greatest common divisor of the intervals of a train, in ticks: its recorder's step, or that of what made it."""
    return max(int(np.gcd.reduce(np.diff(ticks))), 1) if ticks.size > 1 else 1


def intervals(ticks: Int64Array, unit: int | None = None) -> Intervals | None:
    """The intervals of a train (m,) in units of `unit` ticks, their greatest common divisor where none is given; None for
    too few, or too little spread.

    Intervals over four times the median (rests) are no motion; those beyond MOST_BINS of the smallest are left out.
    """
    d = np.diff(ticks)
    if d.size < LEAST_INTERVALS:
        return None
    unit = unit or common_step(ticks)
    values, counts = _distinct(d[d <= 4 * int(median(d))], unit)
    near = values - values[0] < MOST_BINS
    values, counts = values[near], counts[near]
    # of 2 x REACH + 1 values around it, the share that occurs tells how often each comes by chance (Poisson)
    around = np.searchsorted(values, values + REACH, "right") - np.searchsorted(values, values - REACH, "left")
    found = Intervals(values, np.minimum(counts, _MOST_BY_CHANCE[around]), unit)
    return found if found.n >= LEAST_INTERVALS and found.spread >= LEAST_SPREAD else None


def _distinct(d: Int64Array, unit: int) -> tuple[Int64Array, Int64Array]:
    """Values (m,) of d (n,) in whole units, sorted, and how often each comes."""
    whole = d if unit == 1 else d // unit
    least = int(whole.min())
    if int(whole.max()) - least > 8 * whole.size:  # a table of them all would be the longer way
        return np.unique(whole, return_counts=True)
    counts = np.bincount(whole - least)
    values = np.flatnonzero(counts)
    return values + least, counts[values]


def power(d: Intervals, f: Floats) -> Floats:
    """R(f) (m,) at frequencies (m,) per unit, directly."""
    phase = np.outer(f, (d.values - d.values[0]).astype(np.float64))
    result: Floats = np.abs(np.exp(2j * pi * phase) @ d.counts) ** 2 / d.n
    return result


def false_alarm(z: float, width: float) -> float:
    """P(max R > z) under the null, over a band of `width` = bandwidth x sqrt(4 pi var d)."""
    single = exp(-z)
    return -expm1(log1p(-single) - width * sqrt(z) * single) if z > 1 else 1.0


def find(ticks: Int64Array, unit: int | None = None) -> Lattice | None:
    """The sharpest line of a strictly increasing train (n,); None where the intervals cannot show one.

    `unit`: the recorder's own step where other trains on its clock tell it, in ticks."""
    d = intervals(ticks, unit)
    if d is None:
        return None
    low, high = _FROM / d.core, _TO
    n = 1 << (OVERSAMPLING * d.spread - 1).bit_length()
    present = np.zeros(d.spread)
    present[d.values - d.values[0]] = d.counts
    first, last = int(np.ceil(low * n)), int(high * n)
    if last - first < 2:
        return None
    lines = np.abs(np.fft.rfft(present, n)[first : last + 1]) ** 2 / d.n
    ground = _ground(lines, first, n / d.spread)
    clear = lines / ground
    top = int(clear.argmax())
    f, strong = _sharpest(d, (first + top) / n, 1 / n)
    z = strong / float(ground[top])
    # without jitter the harmonics of a tick are equally strong: its own frequency is the lowest of those that stand out
    k = np.arange(int(f / low), 1, -1) if z > CLEAR else np.zeros(0, dtype=np.int64)
    near = np.clip(np.round(f / k * n).astype(np.int64) - first, 0, lines.size - 1)
    for divisor in k[(clear[near] > CLEAR) & (lines[near] > 0.7 * strong)]:
        lower, there = _sharpest(d, f / int(divisor), 1 / n)
        if there >= 0.95 * strong:
            f, strong = lower, there
            break
    mean = float(np.average(d.values, weights=d.counts))
    variance = float(np.average((d.values - mean) ** 2, weights=d.counts))
    width = (high - low) * sqrt(4 * pi * variance)
    return Lattice(d.unit / f, sqrt(min(strong / d.n, 1.0)), false_alarm(z, width), d.n, d.unit)


def _ground(lines: Floats, first: int, bins: float) -> Floats:
    """What R (m,) is at large around each frequency, at least one; `bins` of R an independent frequency.

    A density with edges, or with a narrow part (a plateau of the rate), has no lines, but lies high over a wide stretch of
    low frequencies.  By half octaves: the median (that of Exp(1) is ln 2) where it is clearly above one, of the block or
    of the one below it, since such a ground falls with the frequency.
    """
    result = np.ones(lines.size)
    begin, below = 0, 1.0
    while begin < lines.size:
        end = min(lines.size, max(begin + 1, int((first + begin) * np.sqrt(2)) - first))
        part = lines[begin:end]
        usual = median(part) / np.log(2)
        own = usual if usual > 1 + 4 / np.sqrt(max(part.size / bins, 1.0)) else 1.0
        result[begin:end] = max(own, below)
        begin, below = end, own
    return result


def _sharpest(d: Intervals, f: float, step: float) -> tuple[float, float]:
    """The top of R near `f`, and R there: three passes of a fine grid within a step on either side."""
    z = 0.0
    for _ in range(3):
        grid = f + np.linspace(-step, step, 17)
        found = power(d, grid)
        i = int(found.argmax())
        f, z, step = float(grid[i]), float(found[i]), step / 8
    return f, z
