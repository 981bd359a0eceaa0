"""The dispensers of a site together: does the public, on average, receive what the displays say?

Conformity information, never an accusation: a mean says nothing about any one instrument.  One value per instrument, its
mean error of indication E over the survey's deliveries; positive is short for the customer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class InstrumentError:
    """Mean E of `n` deliveries of one instrument (relative) and the reference's standard uncertainty."""

    instrument: str
    error: float
    u_reference: float
    n: int


@dataclass(frozen=True)
class Batch:
    """`mean` of E over `n` instruments with standard uncertainty `u`; `p_mean`: one-sided p of mean(E) <= 0.

    `positive` instruments of the `decided` ones (E not 0) have E > 0; `p_sign`: one-sided p of a share of at most half.
    """

    n: int
    mean: float
    u: float
    spread: float
    p_mean: float
    positive: int
    decided: int
    p_sign: float


def batch(errors: Sequence[InstrumentError]) -> Batch | None:
    """Figures of the batch; None for fewer than two instruments, which have no spread.

    u^2 = s^2/n + u_ref^2: one balance, one measure and one way of reading serve all, so the reference's uncertainty does
    not average out.  The t distribution has Welch-Satterthwaite degrees of freedom (GUM G.4), the reference's being many.
    The sign test is that of fuel_dispensers.md 3.3 (share of short pumps).
    """
    n = len(errors)
    if n < 2:
        return None
    values = [one.error for one in errors]
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    random, common = spread / math.sqrt(n), max(one.u_reference for one in errors)
    u = math.hypot(random, common)
    decided, positive = sum(value != 0 for value in values), sum(value > 0 for value in values)
    if u > 0:
        freedom = (n - 1) * (u / random) ** 4 if random > 0 else math.inf
        p_mean = float(stats.t.sf(mean / u, freedom)) if math.isfinite(freedom) else float(stats.norm.sf(mean / u))
    else:
        p_mean = 0.0 if mean > 0 else 1.0
    p_sign = float(stats.binom.sf(positive - 1, decided, 0.5)) if decided else 1.0
    return Batch(n, mean, u, spread, p_mean, positive, decided, p_sign)
