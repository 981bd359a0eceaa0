"""Codes that a display never shows: a gain applied after rounding skips them (statistics.md 2d).

Rounding first and multiplying by g > 1 afterwards leaves every 1/(1 - 1/g)-th code impossible; g < 1 doubles codes, and hides
none.  All here within one interval and one unit: at 15 kg / 5 g the units themselves step by five, which `interval` finds.

A slow ramp visits every code.  Its null: the ramp was slow enough that each code between the ends was shown for several
readings; lumps in what is poured skip codes at random places, which neither lie at one period nor repeat on the next ramp.
Random loads visit codes by chance.  Their null: each load falls into every residue class of the tried periods alike, as
loads spread over many periods at random do; every class of every period tried is paid for.  A gain that is no ratio of small
whole numbers drifts through the classes: that, only a ramp finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.suspects import every

_WIDEST = 1_000_000  # codes
PERIODS = (2, 200)  # of impossible codes: gains of 100 % down to 0.5 %


def interval(codes: Int64Array) -> int:
    """The greatest step that divides all differences of the codes (n,); 0 where all are alike.  Above 1, the display steps by
    more than was declared, an honest larger scale interval: divide by it before asking for missing codes."""
    return int(np.gcd.reduce(np.abs(codes - codes[0]))) if codes.size else 0


@dataclass(frozen=True)
class Missing:
    """Codes (k,) that a ramp over `visited` codes from `low` to `high` skipped; `least_readings` that a shown code had (but
    for those at both ends); the `period` in codes with its uncertainty and `p` of its regularity, where there are six; the
    gain that it implies."""

    codes: tuple[int, ...]
    low: int
    high: int
    visited: int
    least_readings: int
    period: float | None
    p: float
    gain: float | None
    gain_interval: tuple[float, float] | None


def ramp(codes: Int64Array) -> Missing | None:
    """What separate readings `codes` (n,) of one slow ramp never showed; None where it spans fewer than three codes.

    Raises ValueError where it spans more than a million: no ramp of one instrument."""
    if not codes.size or int(np.ptp(codes)) < 2:
        return None
    if int(np.ptp(codes)) > _WIDEST:
        raise ValueError(f"ramp: readings span {int(np.ptp(codes))} codes, expected at most {_WIDEST}: one slow ramp?")
    low, high = int(codes.min()), int(codes.max())
    counts = np.bincount(codes - low)
    missing = np.flatnonzero(counts == 0) + low
    shown = counts[1:-1][counts[1:-1] > 0]
    least = int(shown.min()) if shown.size else 0
    found = every(missing.astype(np.int64))
    period, p = None, 1.0
    gain: float | None = None
    gain_interval: tuple[float, float] | None = None
    if missing.size >= 2:
        # the first and the last skipped code are known to a code: so is the whole of the periods between
        whole, between = float(missing[-1] - missing[0]), missing.size - 1
        period = whole / between
        if whole - 1 > between:
            gain = period / (period - 1)
            gain_interval = ((whole + 1) / (whole + 1 - between), (whole - 1) / (whole - 1 - between))
    if found is not None:
        p = exp(max(found.log_p, -700.0))
    return Missing(
        tuple(missing.tolist()), low, high, int(np.count_nonzero(counts)), least, period, p, gain, gain_interval
    )  # fmt: skip


def repeated_p(ramps: Sequence[Missing]) -> float:
    """P(so many codes are skipped by every one of the ramps): null, each skips its own number of codes at random places of the
    range that all share.  Exact for two (hypergeometric); of more, the pair with the largest p."""
    if len(ramps) < 2:
        return 1.0
    low, high = max(one.low for one in ramps), min(one.high for one in ramps)
    inside = [{code for code in one.codes if low < code < high} for one in ramps]
    pool = high - low - 1
    if pool < 1:
        return 1.0
    tails = [
        float(stats.hypergeom.sf(len(a & b) - 1, pool, len(a), len(b)))
        for i, a in enumerate(inside)
        for b in inside[i + 1 :]
    ]
    return max(tails)


@dataclass(frozen=True)
class Never:
    """The residue class (`residue` modulo `period`) that none of the loads showed, and `p` of it with all classes tried; the
    `gain` it implies."""

    period: int
    residue: int
    p: float
    gain: float


def never_shown(codes: Int64Array, periods: tuple[int, int] = PERIODS) -> Never | None:
    """The best supported class of impossible codes in the readings (n,) of random loads; None where every class of every
    period was shown.  The chance of an empty class of 1/P is (1 - 1/P)^n; all classes of all `periods` are paid for."""
    n = int(codes.size)
    tried = sum(range(periods[0], periods[1] + 1))
    best: Never | None = None
    spread = int(np.ptp(codes)) if n else 0
    for period in range(periods[0], periods[1] + 1):
        log_p = n * log(1 - 1 / period) + log(tried)
        if log_p >= 0 or spread < 5 * period:
            break
        empty = np.flatnonzero(np.bincount(codes % period, minlength=period) == 0)
        if empty.size and (best is None or exp(log_p) < best.p):
            best = Never(period, int(empty[0]), exp(max(log_p, -700.0)), period / (period - 1))
    return best


def loads_needed(period: int, alpha: float, classes: int | None = None) -> float:
    """Random loads until an impossible class of one in `period` is shown at `alpha`: P ln(classes/alpha), `classes` tried, the
    period's own by default."""
    return period * log((classes or period) / alpha)
