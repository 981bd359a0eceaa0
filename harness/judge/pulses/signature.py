"""The pattern that a rotor's unequal magnets leave in the intervals, turn after turn, for rotors of any number of magnets.

Kernels on one train; they claim nothing.  The second difference of the log intervals takes the driving away; the pattern of a period
is its mean by phase over a block of turns.  Two blocks that follow each other agree where their patterns point the same way: with
no pattern of that period the sign of their product is a coin, whatever the noise (symmetric, and apart by a turn at the borders), so that the number of pairs that
agree is binomial, exactly.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from captures.model import Int64Array

Floats = npt.NDArray[np.float64]
TURNS = 6  # of a block
STRETCH = 240  # intervals
LOCAL = 24  # turns over which a pattern is told to be taken away
HELD = 5.0  # medians beyond which an interval is a stop or a lost pulse, and no pattern


def roughness(ticks: Int64Array) -> Floats:
    """Second differences (n,) of the log intervals, at the index of the interval in the middle; 0 where the drive stops or jumps."""
    x = np.log(np.maximum(np.diff(ticks), 1).astype(np.float64))
    y = np.zeros(x.size)
    if x.size >= 3:
        y[1:-1] = x[1:-1] - (x[:-2] + x[2:]) / 2
    # what a pattern is worth changes where a device sets in: each stretch has a bound of its own
    whole = y.size // STRETCH * STRETCH
    result: Floats = np.concatenate([_held(y[:whole].reshape(-1, STRETCH)).ravel(), _held(y[None, whole:])[0]])
    return result


def _held(y: Floats) -> Floats:
    """Rows (k, n) with zeros where a value lies too far beyond the median of its row."""
    if not y.size:
        return y
    size = np.abs(y)
    held: Floats = np.where(size <= HELD * np.median(size, axis=1, keepdims=True), y, 0.0)
    return held


def patterns(y: Floats, period: int) -> Floats:
    """Mean by phase of every block, (blocks, period), each less its own mean."""
    size = TURNS * period
    n = y.size // size
    folded = y[: n * size].reshape(n, TURNS, period).mean(axis=1)
    result: Floats = folded - folded.mean(axis=1, keepdims=True)
    return result


def without(y: Floats, period: int) -> Floats:
    """y less its pattern of `period`, told anew every LOCAL turns: one that comes and goes leaves nothing behind."""
    result = y.copy()
    for begin in range(0, y.size, LOCAL * period):
        part = result[begin : begin + LOCAL * period]
        phase = np.arange(part.size) % period
        means = np.bincount(phase, weights=part, minlength=period) / np.maximum(np.bincount(phase, minlength=period), 1)
        part -= means[phase]
    return result


def agreeing(found: Floats) -> npt.NDArray[np.bool_]:
    """Of disjoint pairs of neighbouring blocks of patterns (n, period) whether they point the same way, (n // 2,)."""
    pairs = found[: found.shape[0] // 2 * 2].reshape(-1, 2, found.shape[1])
    agree: npt.NDArray[np.bool_] = np.einsum("ij,ij->i", pairs[:, 0], pairs[:, 1]) > 0
    return agree


def p_of(agree: npt.NDArray[np.bool_]) -> float:
    """P(so many pairs agree, or more) where there is no pattern."""
    return _tail(int(agree.sum()), agree.size) if agree.size else 1.0


@cache
def _tail(k: int, n: int) -> float:
    return float(stats.binom.sf(k - 1, n, 0.5))
