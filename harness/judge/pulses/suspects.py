"""Where suspect edges lie among the real ones: after every n-th pulse, at the teeth of a clock of their own, a fixed delay
after a real edge, or at random.  statistics.md T8 and 1b.

Four tests, each with its own null of suspects put in at random:

- every n: of the steps from suspect to suspect, in pulses, how many are alike.  The cyclic autocorrelation of the 0/1 series
  at the lag n, of neighbours only: its null is exact.  Null: between the first and the last, every arrangement of as many
  suspects is equally likely, whatever their density; given one step s the others are a uniform composition of the rest, and
  the number of them in [s, s + w] is at most binomial (one of them is determined by the others).  All s and widths tried are
  paid for.  A period may be no whole number, and may jitter by w.
- own oscillator: the comb in time, R(f) = |sum exp(2 pi i f t)|^2 / n around one over the usual step.  Null: random instants.
- fixed delay: Rayleigh's test of the delay after the real edge before, as a share of the interval it divides (phase), and as
  plain time.  Null: uniform over the interval.  The mean and covariance that this has for the intervals as they are is taken
  off and divided out, so that unequal intervals do not pass for a pattern.

Behind a steady flow a period in pulses is one in time too: of the two, the one whose suspects scatter less about its comb is
named, where F says that they do; else both stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, floor, log, log10, pi, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import gammaln

from captures.model import Int64Array

Floats = npt.NDArray[np.float64]
LEVEL = 1e-3  # chance that suspects at random places are given a pattern
LEAST = 6  # suspects: with fewer no pattern could reach LEVEL
LEAST_COMB = 8
MOST = 300  # suspects looked at by the comb, the first
SLACK = 0.1  # relative, of the median step: what periods the comb looks for
CLOSE = 0.15  # of an interval: nearer to a neighbour it does not show which of the two edges was put in
FIXED = 0.05  # of an interval: most that a fixed delay scatters, by its median deviation.  A line at rest shows pulses put in
# at random in the low part of each interval only: that is no uniform share, and no delay either
APART = 0.01  # F: below, two combs are told apart
_TESTS = 4
_LEAST_PERIOD = 3  # pulses


class Pattern(StrEnum):
    EVERY = "every n"
    OSCILLATOR = "own oscillator"
    DELAY = "fixed delay"
    RANDOM = "random"


@dataclass(frozen=True)
class Estimate:
    """`value` with its standard uncertainty `u`, in the unit of what it is of; `log_p` (natural) of its test."""

    value: float
    u: float
    log_p: float

    @property
    def p(self) -> float:
        return exp(max(self.log_p, -700.0))

    def told(self, key: str) -> dict[str, float | int]:
        """As a reading says it: to a tenth of its uncertainty; a whole number where the uncertainty holds one."""
        digits = max(0, 1 - floor(log10(self.u))) if 0 < self.u < float("inf") else 6
        whole = round(self.value)
        value = whole if key == "every_n" and abs(self.value - whole) <= 2 * self.u else round(self.value, digits)
        return {key: value, f"{key}_u": round(self.u, digits)}


@dataclass(frozen=True)
class Placement:
    """The pattern best supported, and `p` that random places look so regular in any of the tests (1 for "random"); of each
    test that LEVEL supports the estimate: `every_n` pulses, `oscillator_hz`, `delay_us` and `phase` (share of the interval).
    `rival`: where pulses and time explain the suspects equally well, the pattern that is not named.  `tested`: p by test."""

    pattern: Pattern
    p: float
    suspects: int
    every_n: Estimate | None = None
    oscillator_hz: Estimate | None = None
    delay_us: Estimate | None = None
    phase: Estimate | None = None
    rival: Pattern | None = None
    tested: Mapping[str, float] = field(default_factory=dict)

    def at(self) -> dict[str, Any]:
        """What a reading says of it: numbers with uncertainties, only where supported."""
        told: dict[str, Any] = {"pattern": str(self.pattern), "pattern_p": self.p, "suspects": self.suspects}
        every_n = {} if self.every_n is None else self.every_n.told("every_n")
        hz = {} if self.oscillator_hz is None else self.oscillator_hz.told("oscillator_hz")
        us = {} if self.delay_us is None else self.delay_us.told("delay_us")
        share = {} if self.phase is None else self.phase.told("delay_share")
        told |= every_n | hz | us | share
        if self.rival is not None:
            told["pattern_or"] = str(self.rival)
        return told


# ---------------------------------------------------------------------------------------------------------- every n


def every(places: Int64Array) -> Estimate | None:
    """The period, in pulses, of suspects at the sorted `places` (k,); None for fewer than LEAST.  log_p as tested."""
    steps: Int64Array = np.sort(np.diff(np.unique(places))).astype(np.int64)
    k, total = int(steps.size), int(steps.sum())
    if k < LEAST - 1:
        return None
    anchors: Int64Array = np.unique(steps[steps >= _LEAST_PERIOD])
    if not anchors.size:
        return None
    none = np.zeros_like(anchors)
    widths = (none, none + 1, np.maximum(anchors // 20, 1), np.maximum(anchors // 8, 1))
    best, window = 0.0, (0, 0)
    for width in widths:
        held = np.searchsorted(steps, anchors + width, "right") - np.searchsorted(steps, anchors, "left")
        share = _at_least(anchors, anchors, total, k) - _at_least(anchors + width + 1, anchors, total, k)
        log_p = log_binomial_tail(held - 2, k - 2, share) + log(k * len(widths))
        least = int(log_p.argmin())
        if log_p[least] < best:
            best, window = float(log_p[least]), (int(anchors[least]), int(anchors[least] + width[least]))
    inside = steps[(steps >= window[0]) & (steps <= window[1])]
    if not inside.size:
        return Estimate(float(np.median(steps)), float("inf"), 0.0)
    u = max(float(inside.std()) / sqrt(inside.size), 0.29 / inside.size)
    return Estimate(float(inside.mean()), u, best)


def _at_least(least: Int64Array, anchors: Int64Array, total: int, k: int) -> Floats:
    """P(another step >= `least` (m,)), given that one of k steps (each at least one) of sum `total` is the anchor (m,): the
    others are a uniform composition of the rest."""
    others = k - 1
    rest = (total - anchors - others).astype(np.float64)
    left = rest - (least - 1)
    possible = left >= 0
    left, n = np.where(possible, left, 0.0), others - 1
    value = gammaln(left + n + 1) - gammaln(left + 1) - gammaln(rest + n + 1) + gammaln(rest + 1)
    result: Floats = np.where(possible, np.exp(value), 0.0)
    return result


def log_binomial_tail(hits: Int64Array, n: int, share: Floats) -> Floats:
    """ln P(Bin(n, share) >= hits) (m,); where that is too small for a float, its bound by Chernoff."""
    share = np.clip(share, 1e-300, 1.0)
    exact = stats.binom.logsf(hits - 1, n, share)
    part = np.clip(hits / n, share, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(part < 1, (1 - part) * np.log((1 - part) / (1 - share)), 0.0)
    bound = -n * (part * np.log(part / share) + rest)
    result: Floats = np.where(np.isfinite(exact) & (exact > -600), exact, np.minimum(bound, 0.0))
    return np.where(hits <= 0, 0.0, result)


# ---------------------------------------------------------------------------------------------------- own oscillator


@dataclass(frozen=True)
class Comb:
    """Best comb of some places: `per_unit` teeth with standard uncertainty `u`, `sharpness` R/n in 0..1, `log_p` under
    random places."""

    per_unit: float
    u: float
    sharpness: float
    log_p: float

    @property
    def p(self) -> float:
        return exp(max(self.log_p, -700.0))

    @property
    def scatter(self) -> float:
        """Variance of the places about the teeth, in squared spacings."""
        return -log(min(max(self.sharpness, 1e-12), 1.0)) / (2 * pi) ** 2


NO_COMB = Comb(0.0, float("inf"), 0.0, 0.0)


def comb(places: Floats, slack: float = SLACK, oversampling: int = 4) -> Comb:
    """The sharpest comb of sorted `places` (n,) with a spacing within `slack` (relative) of one of its usual spacings.

    Longer spacings come from teeth that were hidden by a real pulse: the median is a guess, and where most teeth were hidden
    their lower fifth is.  P(max R > r) <= 3 n_f exp(-r) over both: the grid is finer than the n_f independent frequencies
    (statistics.md T4).
    """
    if places.size < 2 or places[-1] <= places[0]:
        return NO_COMB
    median, fifth = (float(x) for x in np.quantile(np.diff(places), (0.5, 0.2)))
    guesses = [spacing for spacing in (median, fifth) if spacing > 0]
    if len(guesses) == 2 and fifth * (1 + slack) > median * (1 - slack):
        guesses = [median]
    found = [_comb(places, spacing, slack, oversampling) for spacing in guesses]
    best = min(found, key=lambda one: one.log_p, default=NO_COMB)
    return Comb(best.per_unit, best.u, best.sharpness, min(0.0, best.log_p + log(max(len(found), 1))))


def _comb(places: Floats, spacing: float, slack: float, oversampling: int) -> Comb:
    n, span = places.size, float(places[-1] - places[0])
    low, high = 1 / (spacing * (1 + slack)), 1 / (spacing * (1 - slack))
    independent = max(2.0, (high - low) * span)
    count = int(np.ceil(oversampling * independent)) + 1
    step = (high - low) / (count - 1)
    power = _power(places, low, step, count)
    top = int(power.argmax())
    best, at = float(power[top]), low + top * step
    for _ in range(3):  # the grid is a quarter of a line wide: the tooth is read between its places
        power = _power(places, at - step, step / 4, 9)
        top = int(power.argmax())
        if power[top] >= best:
            best, at = float(power[top]), at + step * (top - 4) / 4
        step /= 4
    sharpness = min(best / n, 1.0)
    found = Comb(at, 0.0, sharpness, min(0.0, log(3 * independent) - best))
    # Rife and Boorstyn 1974: the variance of a frequency read from n phases over a span
    return Comb(at, max(sqrt(12 * found.scatter / n) / span, 1e-12), sharpness, found.log_p)


def _power(places: Floats, first: float, step: float, count: int) -> Floats:
    """R (count,) at `count` frequencies from `first` on: those of a long step and of a short one, multiplied."""
    at, turn = places - places[0], 2j * pi
    short = max(1, round(sqrt(count)))
    ahead = np.exp(turn * np.outer(first + step * short * np.arange(-(-count // short)), at))
    beside = np.exp(turn * np.outer(at, step * np.arange(short)))
    result: Floats = np.abs((ahead @ beside).ravel()[:count]) ** 2 / places.size
    return result


def scatter_less(one: Comb, other: Comb, n: int) -> bool:
    """Whether n places scatter less about `one` than about `other`, by F at APART."""
    least = 1e-9
    ratio = (other.scatter + least) / (one.scatter + least)
    return float(stats.f.sf(ratio, n - 2, n - 2)) < APART


# ------------------------------------------------------------------------------------------------------ fixed delay


def rayleigh(delay: Floats, whole: Floats, turn: float, close: float = 0.0) -> float:
    """ln p of Rayleigh's test of `delay` (n,) modulo `turn`, uniform over [0, whole (n,)] under the null.

    `close`: share of an interval within which the later of two near edges was always taken for the suspect; under the null
    the shares above 1 - close then lie below `close`.
    """
    n = delay.size
    omega = 2 * pi / turn

    def mean(harmonic: int) -> npt.NDArray[np.complex128]:
        jw = 1j * omega * harmonic
        result: npt.NDArray[np.complex128] = (np.exp(jw * close * whole) + np.exp(jw * (1 - close) * whole) - 2) / (
            jw * whole
        )
        return result

    one, two = mean(1), mean(2)
    shift = np.exp(1j * omega * delay).sum() - one.sum()
    xx = ((1 + two.real) / 2 - one.real**2).sum()
    yy = ((1 - two.real) / 2 - one.imag**2).sum()
    xy = (two.imag / 2 - one.real * one.imag).sum()
    determinant = float(xx * yy - xy * xy)
    if determinant <= 1e-9 * n * n:
        return 0.0
    form = (yy * shift.real**2 - 2 * xy * shift.real * shift.imag + xx * shift.imag**2) / determinant
    return -min(float(form) / 2, float(n))  # |mean| <= 1: no more than n, whatever the rounding


def causal(ticks: Int64Array, splits: Int64Array) -> Int64Array:
    """Indices (k,) of the suspects among `ticks` (n,): of two edges within CLOSE of an interval the later one, for what
    answers an edge comes after it; which of the two divides an interval, the pair sums do not tell."""
    if not splits.size:
        return splits
    later = np.minimum(splits + 1, ticks.size - 1)
    before, after = ticks[splits] - ticks[splits - 1], ticks[later] - ticks[splits]
    moved = (after < CLOSE * (before + after)) & (later > splits)
    result: Int64Array = np.unique(np.where(moved, later, splits))
    return result


# ----------------------------------------------------------------------------------------------------------- together


def placement(real: Int64Array, suspects: Int64Array, tick_s: float, close: float = 0.0) -> Placement | None:
    """The pattern of suspects (k,) among real edges (n,) of the same kind, sorted ticks of `tick_s` seconds; None for fewer
    than LEAST.  `close`: see `rayleigh`; CLOSE where `causal` chose them, 0 where a second tap did."""
    if suspects.size < LEAST:
        return None
    pulse = np.searchsorted(real, suspects, "right").astype(np.int64)
    clock, index_comb = NO_COMB, NO_COMB
    m = min(int(suspects.size), MOST)
    if m >= LEAST_COMB:
        clock = comb((suspects - suspects[0])[:m].astype(np.float64) * tick_s)
        index_comb = comb(pulse[:m].astype(np.float64))
    inner = (pulse > 0) & (pulse < real.size)
    after, at = suspects[inner], pulse[inner]
    before = real[at - 1] if at.size else after
    whole = real[at] - before if at.size else after
    delay, phase = _delays((after - before).astype(np.float64), whole.astype(np.float64), tick_s, close)
    period = every(pulse)
    found = _supported({
        Pattern.EVERY: period, Pattern.OSCILLATOR: Estimate(clock.per_unit, clock.u, clock.log_p),
        Pattern.DELAY: min(delay, phase, key=lambda one: one.log_p),
    })  # fmt: skip
    rival: Pattern | None = None
    if {Pattern.EVERY, Pattern.OSCILLATOR} <= set(found):
        if scatter_less(index_comb, clock, m):
            del found[Pattern.OSCILLATOR]
        elif scatter_less(clock, index_comb, m):
            del found[Pattern.EVERY]
        else:
            rival = max(Pattern.EVERY, Pattern.OSCILLATOR, key=lambda one: found[one].log_p)
    tested = {"every_n": 1.0 if period is None else period.p, "oscillator": clock.p, "delay": delay.p, "phase": phase.p}
    if not found:
        return Placement(Pattern.RANDOM, 1.0, int(suspects.size), tested=tested)
    pattern = min(found, key=lambda one: found[one].log_p)
    if pattern is Pattern.OSCILLATOR:  # where its teeth fall in the intervals follows from it
        found.pop(Pattern.DELAY, None)
    typical = float(np.median(whole)) * tick_s * 1e6 if whole.size else 1.0
    fixed = Pattern.DELAY in found
    return Placement(
        pattern,
        min(1.0, _TESTS * found[pattern].p),
        int(suspects.size),
        found.get(Pattern.EVERY),
        found.get(Pattern.OSCILLATOR),
        delay if fixed and delay.log_p < _BAR and delay.u <= 1.5 * typical * phase.u else None,
        phase if fixed and phase.log_p < _BAR and typical * phase.u <= 1.5 * delay.u else None,
        rival if pattern in (Pattern.EVERY, Pattern.OSCILLATOR) else None,
        tested,
    )


def taken_out(places: Int64Array) -> Placement | None:
    """The pattern of pulses that are missing after the sorted `places` (k,), counted with those that are missing: there is no
    instant of theirs to ask about.  None for fewer than LEAST."""
    if places.size < LEAST:
        return None
    found = _supported({Pattern.EVERY: every(places)})
    if not found:
        return Placement(Pattern.RANDOM, 1.0, int(places.size))
    one = found[Pattern.EVERY]
    return Placement(Pattern.EVERY, min(1.0, _TESTS * one.p), int(places.size), every_n=one)


def at_one_slot(pulse: Int64Array, slots: int) -> bool:
    """Whether four fifths of the suspects after the real pulses `pulse` (k,) stand at one slot of the disc, which a scratch or a
    burr there makes too: by chance, all slots paid for, once in a million."""
    k = int(pulse.size)
    if k < LEAST:
        return False
    most = int(np.bincount(pulse % slots, minlength=slots).max())
    chance = log(slots) + float(stats.binom.logsf(most - 2, k - 1, 1 / slots))
    return 5 * most >= 4 * k and chance < log(1e-6)


_BAR = log(LEVEL / _TESTS)


def _supported(tested: dict[Pattern, Estimate | None]) -> dict[Pattern, Estimate]:
    return {name: one for name, one in tested.items() if one is not None and one.log_p < _BAR}


def _delays(delay: Floats, whole: Floats, tick_s: float, close: float) -> tuple[Estimate, Estimate]:
    """Median of delays (k,) in microseconds and as a share of the intervals (k,), each with the ln p of its test."""
    if delay.size < LEAST:
        return (Estimate(0.0, float("inf"), 0.0),) * 2
    share, typical = delay / whole, float(np.median(whole))
    in_time = rayleigh(delay, whole, typical, close)
    in_phase = rayleigh(share, np.ones_like(share), 1.0, close)
    unit = tick_s * 1e6
    return _middle(delay * unit, FIXED * typical * unit, in_time), _middle(share, FIXED, in_phase)


def _middle(values: Floats, most: float, log_p: float) -> Estimate:
    """Median of values (n,) with its standard uncertainty under a normal scatter of their median deviation; ln p is 0 where
    they scatter by more than `most`."""
    median = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - median)))
    return Estimate(median, 1.2533 * spread / sqrt(values.size), log_p if spread <= most else 0.0)
