"""Whether records of verifications look written rather than measured: terminal digits, heaping at the limit, runs too much alike.

Each test has a stated null and says nothing about a person: rounding habits, coarse displays and adjustment to the limit are honest causes of some, and the
text beside each result names them.  Benford's law is not used: errors of verification are bounded and span one decade (statistics.md 2d).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fixtures.language import mark
from harness.metrology.errors import MetrologyError

LEAST = 30  # records: fewer say nothing of habits
DIGITS = 10
TOO_FEW = mark("too few records for this test")


@dataclass(frozen=True)
class Finding:
    """`null`: what an honest record would do; `honest`: what else makes it; `p` one-sided or two-sided as the null says, 1 where nothing could be
    tested, with the reason."""

    test: str
    null: str
    n: int
    statistic: float
    p: float
    honest: str
    reason: str = ""


def terminal_digits(steps: Sequence[int]) -> Finding:
    """`steps`: each reading as a whole number of steps of its resolution, over a spread of many steps.  Chi squared of the last digit, nine
    degrees of freedom."""
    null = "the last digit is any of ten alike"
    honest = mark("a display that steps by two or five, a narrow spread of readings")
    values = np.asarray(steps, dtype=np.int64)
    if values.size < LEAST or np.ptp(values) < 2 * DIGITS:
        return Finding("terminal-digits", null, values.size, 0.0, 1.0, honest, TOO_FEW)  # fmt: skip
    counts = np.bincount(np.abs(values) % DIGITS, minlength=DIGITS)
    found = stats.chisquare(counts)
    return Finding("terminal-digits", null, values.size, float(found.statistic), float(found.pvalue), honest)


def heaping(errors: Sequence[float], limit: float, width: float) -> Finding:
    """Of |error| within `width` of the `limit`: as many just inside as the slope of the density allows, told by the window before that.  One-sided
    binomial of inside against outside, the share expected inside taken from the two windows further in (their ratio continues)."""
    null = "the density of errors has no step at the limit"
    honest = mark("instruments adjusted until they just pass")
    if not (limit > width > 0):
        raise MetrologyError(f"expected a window below the limit, got {width} at {limit}")
    size = np.abs(np.asarray(errors, dtype=np.float64))
    further, before, inside, outside = (
        int(((size > limit + a * width) & (size <= limit + (a + 1) * width)).sum()) for a in (-3, -2, -1, 0)
    )
    n = inside + outside
    if n < LEAST:
        return Finding("heaping", null, n, 0.0, 1.0, honest, TOO_FEW)
    # the fall from window to window further in, never steeper than seen with its upper bound: a fall makes more inside than outside honestly
    fall = (before + 1) / (further + before + 2)
    upper = fall + 2 * math.sqrt(fall * (1 - fall) / (further + before + 3))
    share = max(0.5, 1 - fall, 1 - (2 * fall - upper))
    p = float(stats.binom.sf(inside - 1, n, min(share, 0.99)))
    return Finding("heaping", null, n, inside / n, p, honest)


def too_alike(runs: Sequence[Sequence[float]], repeatability: float) -> Finding:
    """Runs of one instrument at one flow, a group each: pooled variance against that of a `repeatability` (standard deviation) which no
    instrument of the kind is better than, with the rounding of the display.  Lower tail of chi squared."""
    null = f"runs scatter with a standard deviation of at least {repeatability:g}"
    honest = mark("an instrument better than supposed, a display too coarse to show the scatter")
    if not repeatability > 0:
        raise MetrologyError(f"expected a repeatability above 0, got {repeatability}")
    groups = [np.asarray(own, dtype=np.float64) for own in runs if len(own) > 1]
    dof = sum(own.size - 1 for own in groups)
    if dof < LEAST:
        return Finding("too-alike", null, dof, 0.0, 1.0, honest, TOO_FEW)
    total = float(sum(((own - own.mean()) ** 2).sum() for own in groups))
    return Finding("too-alike", null, dof, math.sqrt(total / dof), float(stats.chi2.cdf(total / repeatability**2, dof)), honest)  # fmt: skip


def identical(runs: Sequence[Sequence[int]], repeatability_steps: float) -> Finding:
    """Groups of runs that are all the same, in steps of the resolution: against how often a scatter of so many steps makes them so, wherever
    the true value lies between two steps.  One-sided binomial, groups of the commonest size."""
    null = f"runs scatter by {repeatability_steps:g} steps and more"
    honest = mark("a display too coarse to show the scatter")
    if not repeatability_steps > 0:
        raise MetrologyError(f"expected a scatter above 0 steps, got {repeatability_steps}")
    sizes = [len(own) for own in runs if len(own) > 1]
    if len(sizes) < LEAST:
        return Finding("identical-runs", null, len(sizes), 0.0, 1.0, honest, TOO_FEW)
    size = max(set(sizes), key=sizes.count)
    own = [group for group in runs if len(group) == size]
    same = sum(len(set(group)) == 1 for group in own)
    p = all_same(size, repeatability_steps)
    return Finding(
        "identical-runs", null, len(own), same / len(own), float(stats.binom.sf(same - 1, len(own), p)), honest
    )


def all_same(size: int, spread: float) -> float:
    """Probability that so many rounded readings agree, their scatter normal with a standard deviation of `spread` steps, averaged over where between
    two steps the mean lies."""
    offsets = (np.arange(200) + 0.5) / 200 - 0.5
    reach = math.ceil(6 * spread) + 1
    steps = np.arange(-reach, reach + 1)
    cells = stats.norm.cdf((steps + 0.5 - offsets[:, None]) / spread) - stats.norm.cdf((steps - 0.5 - offsets[:, None]) / spread)  # fmt: skip
    return float((cells**size).sum(axis=1).mean())
