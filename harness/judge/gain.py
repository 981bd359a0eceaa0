"""One gain from several deliveries, with an interval that holds however long one goes on measuring, and whether two
methods agree.

Confidence sequence of the normal mixture (Robbins 1970; statistics.md 3a) for measurements of unequal uncertainty: with
information I = sum 1/u^2 and a mixing precision rho fixed beforehand, the true gain lies within
sqrt((I + rho) ln((I + rho) / (rho alpha^2))) / I of the weighted mean at all n together, with probability 1 - alpha.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from scipy import stats

ALPHA = 0.05
MIXING = 1.0  # rho, in informations of the first delivery: narrowest after about five deliveries
HOMOGENEOUS = 1e-3  # chi squared below: the deliveries do not share one gain
SIGMAS = 3.0  # standard uncertainties within which two methods agree
LEAST_U = 1e-6


@dataclass(frozen=True)
class Measured:
    """The gain of one delivery by one method, with its standard uncertainty."""

    gain: float
    u: float


def of_interval(gain: float, interval: tuple[float, float]) -> Measured:
    """`gain` with the standard uncertainty that its 95 % interval states."""
    return Measured(gain, max((interval[1] - interval[0]) / (2 * 1.96), LEAST_U))


def half_width(u: Sequence[float], alpha: float = ALPHA) -> float:
    """Half width of the confidence sequence after measurements with standard uncertainties `u` (n >= 1)."""
    information, rho = math.fsum(1 / one**2 for one in u), MIXING / u[0] ** 2
    return math.sqrt((information + rho) * math.log((information + rho) / (rho * alpha**2))) / information


def together(found: Sequence[Measured]) -> tuple[float, tuple[float, float], bool]:
    """Gain, its interval and whether one gain explains all: the weighted mean with its confidence sequence, or, where the
    deliveries differ by more than their uncertainties, their median and the span of their own 95 % intervals."""
    weights = [1 / one.u**2 for one in found]
    mean = math.fsum(w * one.gain for w, one in zip(weights, found, strict=True)) / math.fsum(weights)
    left = math.fsum(w * (one.gain - mean) ** 2 for w, one in zip(weights, found, strict=True))
    if len(found) > 1 and float(stats.chi2.sf(left, len(found) - 1)) < HOMOGENEOUS:
        span = (min(one.gain - 1.96 * one.u for one in found), max(one.gain + 1.96 * one.u for one in found))
        return median(one.gain for one in found), span, False
    half = half_width([one.u for one in found])
    return mean, (mean - half, mean + half), True


def agree(one: Mapping[str, Measured], other: Mapping[str, Measured], systematic: float = 0.0) -> bool | None:
    """Whether two methods give one gain in the deliveries that both measured; None where they share none.

    `systematic`: what may lie between them in all deliveries alike without a break of either.
    """
    shared = sorted(set(one) & set(other))
    if not shared:
        return None
    n = len(shared)
    difference = math.fsum(one[id].gain - other[id].gain for id in shared) / n
    u = math.sqrt(math.fsum(one[id].u ** 2 + other[id].u ** 2 for id in shared)) / n
    return abs(difference) <= systematic + SIGMAS * u
