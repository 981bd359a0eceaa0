"""Repeatability of a few runs: by their range, as JJG 443 writes it, and by their standard deviation.  Both estimate a standard deviation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import integrate, stats

from harness.metrology.errors import MetrologyError

MOST = 100  # runs


@dataclass(frozen=True)
class Repeatability:
    """`by_range`: (greatest - least) / d_n; `by_deviation`: standard deviation with n - 1."""

    n: int
    mean: float
    spread: float
    by_range: float
    by_deviation: float


def repeatability(values: Sequence[float]) -> Repeatability:
    """Of two runs and more, in the unit of the values (fuel_dispensers.md 3.2)."""
    if not 2 <= len(values) <= MOST or not all(map(math.isfinite, values)):
        raise MetrologyError(f"expected 2 to {MOST} runs, each a number, got {len(values)}")
    spread = max(values) - min(values)
    return Repeatability(
        len(values),
        float(np.mean(values)),
        spread,
        spread / round(range_factor(len(values)), 2),
        float(np.std(values, ddof=1)),
    )


@cache
def range_factor(n: int) -> float:
    """d_n: expected range of n normal values in standard deviations; 1.69 for three, as the regulation prints it.

    Integral of 1 - F^n - (1 - F)^n (Tippett 1925).
    """
    value, _ = integrate.quad(lambda x: 1 - stats.norm.cdf(x) ** n - stats.norm.sf(x) ** n, -10, 10, limit=200)
    return float(value)
