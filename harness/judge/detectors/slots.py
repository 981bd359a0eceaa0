"""Slots: does the code disc repeat its pattern after as many pulses as its papers say?

Every disc has slots that are not quite even; the pattern comes again each revolution.  y = log interval less its mean
over one declared revolution is explained by its mean pattern over P pulses; the residual variances of the declared N and
of the best P within `reach` of it are compared.  Null: the disc has N slots, then P = N explains most and the ratio
s2(N)/s2(P) does not exceed one by more than F-distributed chance (degrees of freedom divided by `dependence`, since jitter
makes neighbouring intervals depend on each other; all P tried are paid for).  Where no P gives the same pattern in both
halves of the delivery the disc shows no fingerprint, and the test is mute.  Source: fuel_dispensers.md 1.3 (C16: a pattern
of 51 or 52 elements instead of 50), statistics.md 1a, 1b (extra teeth: an integer period N').
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from captures.model import Int64Array, PulseTrain
from harness.judge import disc
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.pulses.revolution import Floats, held_back, log_intervals, revolution_means, steady

NAME = "slots"


@dataclass(frozen=True)
class Fold:
    """Pattern of `period` pulses: residual variance `left`, its degrees of freedom, agreement of both halves (-1..1)."""

    period: int
    left: float
    dof: int
    agreement: float


def fingerprint(ticks: Int64Array, slots: int) -> Floats:
    """y (n,): log interval less its running mean over `slots` intervals; slow ends (under a third of the usual flow) cut."""
    x = log_intervals(ticks)[steady(ticks)]
    if x.size <= 2 * slots:
        return np.zeros(0)
    mean = revolution_means(x, slots)
    before = slots // 2
    return held_back(x[before : before + mean.size] - mean)


def fold(y: Floats, period: int) -> Fold:
    """Explain y (n,) by its mean pattern over `period` pulses."""
    at = np.arange(y.size) % period

    def pattern(part: slice) -> Floats:
        n = np.bincount(at[part], minlength=period)
        mean = np.bincount(at[part], y[part], period) / np.maximum(n, 1)
        return np.asarray(mean - mean.mean(), dtype=np.float64)

    whole = pattern(slice(None))
    residual = y - whole[at]
    dof = y.size - period
    middle = y.size // 2
    one, two = pattern(slice(None, middle)), pattern(slice(middle, None))
    # a pulsating pump makes one strong order (and its double): the pattern of a disc is what agrees beside it
    orders = np.abs(np.fft.rfft(whole))
    strongest = np.argsort(orders)[-2:]
    one, two = (_without(part, strongest) for part in (one, two))
    norm = float(np.sqrt((one @ one) * (two @ two)))
    return Fold(period, float(residual @ residual) / dof, dof, float(one @ two) / norm if norm > 0 else 0.0)


def _without(pattern: Floats, orders: npt.NDArray[np.intp]) -> Floats:
    spectrum = np.fft.rfft(pattern)
    spectrum[orders] = 0
    rest: Floats = np.asarray(np.fft.irfft(spectrum, pattern.size), dtype=np.float64)
    return rest


def _reading(segment: Segment, train: PulseTrain, link: Link, slots: int, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    ticks = disc.edges(segment, train)
    least = int(view.parameters["min_revolutions"]) * slots
    y = fingerprint(ticks, slots) if ticks.size > least else np.zeros(0)
    if y.size < least:
        return mute(f"{train.name}: fewer than {least} pulses in steady flow")
    reach = max(1, int(slots * view.parameters["reach"]))
    folds = {p: fold(y, p) for p in range(slots - reach, slots + reach + 1)}
    best, declared = min(folds.values(), key=lambda f: f.left), folds[slots]
    if best.agreement < view.parameters["agreement"]:
        return mute(f"{train.name}: the disc shows no pattern that comes again: no power")
    ratio, tried = declared.left / best.left, len(folds) - 1
    share = view.parameters["dependence"]
    p = min(1.0, tried * float(stats.f.sf(ratio, declared.dof / share, best.dof / share)))
    hit = best.period != slots and p < view.parameters["q"]
    if best.period != slots and not hit:
        return mute(f"{train.name}: the pattern is too weak to tell {slots} slots from {best.period}")
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=p if best.period != slots else 1.0,
        hits=y.size // slots if hit else 0,  # revolutions that show it
        effect=best.period / slots - 1 if hit else 0.0,
        interval=((best.period - 0.5) / slots - 1, (best.period + 0.5) / slots - 1) if hit else None,
        mde=1 / slots,
        shape=Shape.CONSTANT if hit else None,
        at={"slots": best.period, "declared": slots, "agreement": round(best.agreement, 3)},
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return disc.readings(NAME, ("encoder", "board"), _reading, segments, view, mended_hits=False)


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="detector",
    null="the code disc has the declared number of slots",
    needs="one channel of the encoder (or of the board) over eight revolutions in steady flow, declared slots a revolution",
    parameters={"reach": 0.2, "min_revolutions": 8.0, "agreement": 0.6, "dependence": 3.0, "q": 1e-6},
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="the code disc has another number of slots than declared",
    telling=44,
    shows=Kind.DISC,
    witness="pulses",
)
