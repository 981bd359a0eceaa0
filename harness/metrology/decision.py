"""Conformity of a measured value under a declared decision rule, with both risks (JCGM 106:2012).

Within a tolerance interval a result is accepted, rejected, or neither; a rule says where.  The specific risk is that of this one result; global
risks are those of a whole population of instruments whose true errors are known to scatter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy import integrate, stats

from harness.metrology.errors import MetrologyError

REACH = 12.0  # standard deviations of the population beyond which nothing is integrated


class Rule(StrEnum):
    """`simple`: accepted within the limits, rejected beyond.  `guarded`: accepted within the limits less a guard band, rejected beyond them
    and as much more, else neither.  `shared-risk`: as simple, where the expanded uncertainty is small enough, else neither."""

    SIMPLE = "simple"
    GUARDED = "guarded"
    SHARED_RISK = "shared-risk"


class Decision(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Tolerance:
    """Limits of what is permitted; an infinite one is no limit."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or not self.low < self.high:
            raise MetrologyError(f"expected a lower limit below the upper one, got {self.low} and {self.high}")

    @classmethod
    def about_zero(cls, mpe: float) -> Tolerance:
        """Plus and minus a maximum permissible error."""
        return cls(-mpe, mpe)

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    @property
    def beside(self) -> float:
        """What an uncertainty is compared with: half of the interval, or the limit itself where there is one alone."""
        return self.half if math.isfinite(self.half) else min(abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Conformity:
    """`p`: probability that the true value conforms (JCGM 106, 7.2.2, no other knowledge than the measurement).  `consumer`: probability
    that what was accepted does not conform; `producer`: that what was rejected does; each 0 where the decision was another."""

    decision: Decision
    p: float
    consumer: float
    producer: float
    guard: float
    reason: str = ""


def decide(
    value: float,
    u: float,
    tolerance: Tolerance,
    rule: Rule,
    *,
    k: float = 2.0,
    r: float = 1.0,
    shared: float | None = None,
) -> Conformity:
    """`u` standard uncertainty, U = k u; guard band r U (JCGM 106, 8.3.1).  `shared`: the ratio of U to half of the tolerance up to which the
    edition leaves uncertainty out of account; shared risk needs it."""
    if not (math.isfinite(value) and math.isfinite(u) and u >= 0):
        raise MetrologyError(f"expected a value and a standard uncertainty from 0 on, got {value} and {u}")
    p, guard, why = conforming(value, u, tolerance), 0.0, ""
    inside = tolerance.low <= value <= tolerance.high
    found = Decision.PASS if inside else Decision.FAIL
    if rule is Rule.GUARDED:
        guard = r * k * u
        accepted = tolerance.low + guard <= value <= tolerance.high - guard
        rejected = value < tolerance.low - guard or value > tolerance.high + guard
        found = Decision.PASS if accepted else Decision.FAIL if rejected else Decision.INCONCLUSIVE
    elif rule is Rule.SHARED_RISK and shared is None:
        raise MetrologyError(
            "expected with shared risk the ratio of uncertainty to limit that the edition allows, got none"
        )
    elif rule is Rule.SHARED_RISK and k * u > (shared or 0.0) * tolerance.beside:
        found = Decision.INCONCLUSIVE
        why = f"expanded uncertainty {k * u:.3g} is more than {shared or 0.0:.3g} of the limit {tolerance.beside:.3g}"
    return Conformity(
        found, p, 1 - p if found is Decision.PASS else 0.0, p if found is Decision.FAIL else 0.0, guard, why
    )


def conforming(value: float, u: float, tolerance: Tolerance) -> float:
    """Probability that the true value lies within the limits, Y given y normal about y (JCGM 106, 7.2.2)."""
    if u == 0:
        return float(tolerance.low <= value <= tolerance.high)
    return float(stats.norm.cdf((tolerance.high - value) / u) - stats.norm.cdf((tolerance.low - value) / u))


@dataclass(frozen=True)
class Risks:
    """Of a population: `consumer`, does not conform and is accepted; `producer`, conforms and is rejected (JCGM 106, 9.3.1)."""

    consumer: float
    producer: float


def global_risks(tolerance: Tolerance, u: float, spread: float, guard: float = 0.0, mean: float = 0.0) -> Risks:
    """Of instruments whose true errors are normal about `mean` with standard deviation `spread`, measured with standard uncertainty `u` and
    accepted within the limits less `guard`, negative where what is a little beyond them is accepted too.  By quadrature."""
    if not (u > 0 and spread > 0):
        raise MetrologyError(f"expected uncertainty and spread above 0, got {u} and {spread}")
    low, high = tolerance.low + guard, tolerance.high - guard

    def accepted(true: float) -> float:
        return float(stats.norm.cdf((high - true) / u) - stats.norm.cdf((low - true) / u)) if low < high else 0.0

    def weighed(begin: float, end: float, accept: bool) -> float:
        begin, end = max(begin, mean - REACH * spread), min(end, mean + REACH * spread)
        if begin >= end:
            return 0.0
        edges = [edge for edge in (low, high, mean) if begin < edge < end]
        value, _ = integrate.quad(
            lambda true: stats.norm.pdf(true, mean, spread) * (accepted(true) if accept else 1 - accepted(true)),
            begin, end, points=edges or None, limit=200,
        )  # fmt: skip
        return float(value)

    outside = weighed(-math.inf, tolerance.low, True) + weighed(tolerance.high, math.inf, True)
    return Risks(outside, weighed(tolerance.low, tolerance.high, False))


def accusation_limit(mpe: float, u: float, false_alarm: float) -> float:
    """What an error has to exceed so that an instrument just at the limit is accused no oftener than `false_alarm`."""
    return mpe + float(stats.norm.isf(false_alarm)) * u
