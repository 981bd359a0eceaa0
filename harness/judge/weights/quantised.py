"""What rounding leaves of a level with noise: P(round(x + n) = code), n normal (statistics.md 2a).

With noise far below a step a constant load shows one code, or flickers between two; mean and variance of the codes then say
little, and every test on weights goes through these masses instead of through a normal distribution of the readings.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from harness.judge.pulses.sequential import Floats


def log_mass(codes: npt.ArrayLike, level: npt.ArrayLike, noise: npt.ArrayLike) -> Floats:
    """ln P(round(level + N(0, noise^2)) = code), broadcast, in steps; `noise` above 0.  Exact far out in the tails."""
    distance = np.abs(np.asarray(codes, dtype=np.float64) - np.asarray(level, dtype=np.float64))
    sd = np.asarray(noise, dtype=np.float64)
    near, far = log_ndtr((0.5 - distance) / sd), log_ndtr((-0.5 - distance) / sd)
    return np.asarray(near + np.log1p(-np.exp(np.minimum(far - near, -1e-15))), dtype=np.float64)


def mass(codes: npt.ArrayLike, level: npt.ArrayLike, noise: npt.ArrayLike) -> Floats:
    """P(round(level + N(0, noise^2)) = code), broadcast."""
    return np.asarray(np.exp(log_mass(codes, level, noise)), dtype=np.float64)


def worst_sd(noise: float) -> float:
    """Largest standard deviation of the codes of one level over its phase, in steps: half way between two codes, where they
    take turns (0.5 for small noise, sqrt(noise^2 + 1/12) for large)."""
    codes = np.arange(-int(6 * noise) - 2, int(6 * noise) + 4)
    p = mass(codes, 0.5, noise)
    half_way = float((p * (codes - 0.5) ** 2).sum() / p.sum())
    return sqrt(max(half_way, noise**2 + 1 / 12))
