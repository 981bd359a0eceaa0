"""Too noisy, too quiet: the scatter of separate readings at one level, against a noise that is declared or was learned.

Readings are independent and at a constant level (thin them first: `runs.thinned`); the level's phase within a step is unknown
and every probability is its worst over it.  A display that sits on one code is normal on a shop scale: where even that could
not have been unlikely, the test answers None, no power, and never "too quiet".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import logsumexp, ndtr

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats
from harness.judge.weights.quantised import log_mass, mass

_PHASES = np.linspace(-0.5, 0.5, 81)
_POWER = 0.01  # a test that cannot reach this p has no power
_RANGE = (0.005, 8.0)  # steps: of the noise that is learned
_HALF_CHI2_95 = 1.92


def noisy_p(readings: Int64Array, noise: float) -> float:
    """P(as many readings (n,) or more outside their best two adjacent codes): null a constant level and normal noise of at
    most `noise` steps.  At the worst phase a reading lies outside with Phi(-1/2s) + Phi(-3/2s)."""
    codes, counts = np.unique(readings, return_counts=True)
    pairs = counts + np.where(np.append(np.diff(codes), 0) == 1, np.append(counts[1:], 0), 0)
    outside = int(readings.size - pairs.max(initial=0))
    worst = float(ndtr(-0.5 / noise) + ndtr(-1.5 / noise))
    return float(stats.binom.sf(outside - 1, readings.size, worst))


def quiet_p(readings: Int64Array, noise: float) -> float | None:
    """P(as many readings (n,) or more in one code, or in two adjacent ones; both tried): null a constant level and normal noise
    of at least `noise` steps.  None where all n in one code would not be unlikely either: no power."""
    n = int(readings.size)
    if n == 0 or _alike_p(n, n, noise, 1) > _POWER / 2:
        return None
    codes, counts = np.unique(readings, return_counts=True)
    pairs = counts + np.where(np.append(np.diff(codes), 0) == 1, np.append(counts[1:], 0), 0)
    return min(1.0, 2 * min(_alike_p(int(counts.max()), n, noise, 1), _alike_p(int(pairs.max()), n, noise, 2)))


def _alike_p(most: int, n: int, noise: float, width: int) -> float:
    """P(at least `most` of n within any one window of `width` codes), at the worst phase: the sum over windows bounds it."""
    reach = np.arange(-int(4 * noise + 2), int(4 * noise + 3))
    each = sum(mass(reach[:, None] + i, _PHASES[None, :], noise) for i in range(width))
    tails = np.asarray(stats.binom.sf(most - 1, n, np.minimum(each, 1.0)), dtype=np.float64)
    return min(1.0, float(tails.sum(axis=0).max()))


@dataclass(frozen=True)
class Learned:
    """Noise in steps: most likely value and where the likelihood is within 1.92 nats of it; `least` 0 where the codes allow
    any small noise."""

    noise: float
    least: float
    most: float


def learned(levels: Sequence[Int64Array]) -> Learned | None:
    """One noise for the readings of several constant levels, their phases unknown and uniform; None without readings.

    Marginal likelihood over phases around the mean of each level; of levels at rest, how many flicker tells the noise.
    """
    used = [np.unique(level, return_counts=True) for level in levels if level.size]
    if not used:
        return None
    coarse = np.geomspace(*_RANGE, 40)
    total = _likelihood(used, coarse)
    near = np.flatnonzero(total >= total.max() - _HALF_CHI2_95)
    ends = coarse[max(near[0] - 1, 0)], coarse[min(near[-1] + 1, coarse.size - 1)]
    fine = np.geomspace(*ends, 60)
    total = _likelihood(used, fine)
    near = np.flatnonzero(total >= total.max() - _HALF_CHI2_95)
    least, most = fine[max(near[0] - 1, 0)], fine[min(near[-1] + 1, fine.size - 1)]
    open_ended = least <= _RANGE[0] * 1.001  # the codes allow any small noise
    return Learned(float(fine[total.argmax()]), 0.0 if open_ended else float(least), float(most))


def _likelihood(levels: Sequence[tuple[Int64Array, Int64Array]], noises: Floats) -> Floats:
    """ln of the marginal likelihood (m,) of codes with counts at each level, under each noise (m,)."""
    total = np.zeros(noises.size)
    for codes, counts in levels:
        middle = np.round(np.average(codes, weights=counts)) + np.linspace(-1.5, 1.5, 181)
        each = log_mass(codes[None, None, :], middle[None, :, None], noises[:, None, None])
        total += logsumexp((np.maximum(each, -1e6) * counts).sum(axis=2), axis=1)
    return total
