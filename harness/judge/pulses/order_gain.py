"""The order-period gain meter: after how many pulses does the pattern of the code disc come again?

statistics.md T2.  y = log interval less its mean over one declared revolution of N pulses.  A disc repeats itself every
N pulses; behind a device that makes 1 + g pulses of each, every N(1 + g).  For lines of unknown amplitude and phase in
coloured noise the log-likelihood of a gain is S(g) = sum over the harmonics h of P(h/(N(1 + g))) / noise(h), P the
periodogram; its greatest place is the estimate, its curvature the uncertainty.

Null of `p`: no period repeats.  Then each term is Exp(1); one harmonic, and the one beside it, may be a pulsation of the
pump that has nothing to do with the shaft, so the two greatest terms are left out, and what is left is compared with the
distribution of such trimmed sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from captures.model import Int64Array
from harness.judge.pulses.medians import medians
from harness.judge.pulses.revolution import Floats, held_back, less_revolution_mean, log_intervals, steady

Complexes = npt.NDArray[np.complex128]
OVERSAMPLING = 8
LEAST_REVOLUTIONS = 8
MOST_HARMONICS = 20
TRIMMED = 2
STRETCH = 4096  # gains, or draws, looked at together
LONG, BLOCKS = 1 << 15, 1 << 11  # trains of LONG pulses and more are summed by so many blocks
MORE = 5.0  # maxima over a continuum, to those over independent places: measured on trains without a pattern
_DRAWS = 200_000


@dataclass(frozen=True)
class OrderGain:
    """`gain` relative to the declared slots, `u` its standard uncertainty; `p` that no period repeats; `score` S at the
    gain, `declared` S within `u` of none; `revolutions` looked at."""

    gain: float
    u: float
    p: float
    score: float
    declared: float
    revolutions: float


def pattern(ticks: Int64Array, slots: int) -> Floats:
    """y (n,): log interval in steady motion less its running mean over one revolution."""
    x = log_intervals(ticks)[steady(ticks)]
    return held_back(less_revolution_mean(x, slots)) if x.size > 2 * slots else np.zeros(0)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Periodogram of y over its own `noise` (m,): `ratio` (m,) at k/`size` cycles a pulse, Exp(1) where there is no line."""

    ratio: Floats
    noise: Floats
    size: int


def spectrum(y: Floats, slots: int) -> Spectrum:
    """The whitened periodogram of y (n,): noise is the median of each stretch of one order, 1/slots wide."""
    size = 1 << (OVERSAMPLING * y.size - 1).bit_length()
    power = np.abs(np.fft.rfft(y - y.mean(), size)) ** 2 / y.size
    width = max(size // slots, 8)
    blocks = power.size // width
    noise = medians(power[: blocks * width].reshape(blocks, width)) / np.log(2)
    middle = (np.arange(blocks) + 0.5) * width
    floor = np.exp(np.interp(np.arange(power.size), middle, np.log(noise + 1e-300)))
    return Spectrum(power / floor, floor, size)


def terms(spec: Spectrum, slots: int, gains: Floats, harmonics: int) -> Floats:
    """The whitened power (h, g) at each harmonic of the period slots x (1 + g)."""
    orders = np.arange(1, harmonics + 1, dtype=np.float64)[:, None]
    place = orders * spec.size / (slots * (1 + gains[None, :]))
    low = np.minimum(place.astype(np.int64), spec.ratio.size - 2)
    share = place - low
    result: Floats = spec.ratio[low] * (1 - share) + spec.ratio[low + 1] * share
    return result


@lru_cache(maxsize=32)
def _null(harmonics: int) -> Floats:
    """Sorted sums of `harmonics` Exp(1) without their TRIMMED greatest, and the rate at which their tail falls."""
    rng, sums = np.random.default_rng(harmonics), np.empty(_DRAWS)
    for begin in range(0, _DRAWS, STRETCH):
        part = sums[begin : begin + STRETCH]
        draws = np.sort(rng.exponential(size=(part.size, harmonics)), axis=1)
        part[:] = draws[:, : harmonics - TRIMMED].sum(axis=1)
    return np.sort(sums)


def tail(sum_: float, harmonics: int) -> float:
    """P(trimmed sum > `sum_`) of Exp(1) terms; beyond the draws by the chi-square of the same mean and variance, scaled to
    meet them at their 99.9 % quantile."""
    drawn = _null(harmonics)
    edge = float(drawn[int(0.999 * drawn.size)])
    if sum_ <= edge:
        return float(1 - np.searchsorted(drawn, sum_) / drawn.size)
    mean, variance = float(drawn.mean()), float(drawn.var())
    shape, scale = mean**2 / variance, variance / mean
    return 1e-3 * float(stats.gamma.sf(sum_, shape, scale=scale) / stats.gamma.sf(edge, shape, scale=scale))


def measure(ticks: Int64Array, slots: int, low: float, high: float) -> OrderGain | None:
    """The gain of a strictly increasing train of equal edges (n,), looked for in `low` <= g <= `high`; None where fewer
    than LEAST_REVOLUTIONS are in steady motion."""
    y = pattern(ticks, slots)
    revolutions = y.size / slots
    if revolutions < LEAST_REVOLUTIONS:
        return None
    spec = spectrum(y, slots)
    harmonics = min(MOST_HARMONICS, int(0.45 * slots))
    # a line is 1/n wide: at harmonic h a step in g of 1/(4 h revolutions)
    step = 1 / (4 * harmonics * revolutions)
    gains = np.arange(low, high + step, step)
    best, trimmed = _greatest(spec, slots, gains, harmonics)
    independent = MORE * (high - low) * revolutions * harmonics
    p = min(1.0, independent * tail(trimmed, harmonics))
    gain, score, u = _top(y, spec, slots, harmonics, best, step)
    near = max(3 * min(u, step), step)
    declared = float(terms(spec, slots, np.linspace(-near, near, 41), harmonics).sum(axis=0).max())
    return OrderGain(gain, u, p, score, declared, revolutions)


def _greatest(spec: Spectrum, slots: int, gains: Floats, harmonics: int) -> tuple[float, float]:
    """Of `gains` (g,) the first at which the trimmed sum is greatest, and that sum.

    By stretches that stay in the cache; only places that rounding could make the greatest are sorted and summed."""
    gain, most = float(gains[0]), -np.inf
    for begin in range(0, gains.size, STRETCH):
        part = gains[begin : begin + STRETCH]
        each = terms(spec, slots, part, harmonics)
        greatest = np.zeros((TRIMMED, part.size))
        for row in each:
            for i in range(TRIMMED):
                greatest[i], row = np.maximum(greatest[i], row), np.minimum(greatest[i], row)
        total = each.sum(axis=0)
        rough = total - greatest.sum(axis=0)
        near = np.flatnonzero(rough >= max(float(rough.max()), most) - 1e-12 * float(total.max()))
        ordered = np.sort(each[:, near], axis=0)
        sums = ordered[0].copy()
        for row in ordered[1 : harmonics - TRIMMED]:
            sums += row
        if sums.size and float(sums.max()) > most:
            gain, most = float(part[near[int(sums.argmax())]]), float(sums.max())
    return gain, most


def _top(y: Floats, spec: Spectrum, slots: int, harmonics: int, gain: float, step: float) -> tuple[float, float, float]:
    """The greatest S within a step of `gain`, from exact sums: gain, S and the uncertainty that the curvature says."""
    fine = gain + np.linspace(-step, step, 33)
    for _ in range(2):
        sums = _exact(y, spec, slots, fine, harmonics)
        gain = float(fine[int(sums.argmax())])
        fine = gain + (fine - fine[16]) / 8
    x, sums = fine - gain, _exact(y, spec, slots, fine, harmonics)
    _, slope, curve = np.polynomial.polynomial.polyfit(x, sums, 2)
    if curve >= 0:
        return gain, float(sums.max()), float("inf")
    return gain - float(slope / (2 * curve)), float(sums.max()), float(1 / np.sqrt(-2 * curve))


def _exact(y: Floats, spec: Spectrum, slots: int, gains: Floats, harmonics: int) -> Floats:
    """S (g,) by direct sums over y (n,); the noise is that in the middle of the gains, so that S bends by its lines alone."""
    period = slots * (1 + float(gains[gains.size // 2]))
    total = np.zeros(gains.size)
    centred = y - y.mean()
    lines = (
        _lines(centred, slots * (1 + gains), harmonics)
        if y.size < LONG
        else _folded(centred, slots * (1 + gains), harmonics)
    )
    for order, line in enumerate(lines, 1):
        noise = spec.noise[min(round(order * spec.size / period), spec.noise.size - 1)]
        total += np.abs(line) ** 2 / y.size / noise
    return total


def _lines(y: Floats, periods: Floats, harmonics: int) -> Iterator[Complexes]:
    """Of each harmonic the sums (g,) of y (n,) against a line of each of the periods (g,)."""
    base = np.exp(-2j * np.pi * np.outer(1 / periods, np.arange(y.size, dtype=np.float64)))
    line = base.copy()
    for _ in range(harmonics):
        yield line @ y
        line *= base


def _folded(y: Floats, periods: Floats, harmonics: int) -> Iterator[Complexes]:
    """The same for long trains: blocks of pulses are summed against the middle period, and turned to the others at their
    middle.  The periods lie within a line of each other: within a block they turn by 4e-4 at most, and so much of the noise
    is taken wrongly."""
    block = -(-y.size // BLOCKS)
    square = np.zeros((BLOCKS, block))
    square.ravel()[: y.size] = y
    f = 1 / periods
    inner = np.exp(-2j * np.pi * f[f.size // 2] * np.outer(np.arange(block), np.arange(1, harmonics + 1)))
    sums = square @ inner.real + 1j * (square @ inner.imag)
    middle = (f - f[f.size // 2]) * (block - 1) / 2
    base = np.exp(-2j * np.pi * (np.outer(f, np.arange(BLOCKS) * block) + middle[:, None]))
    line = base.copy()
    for order in range(harmonics):
        yield line @ sums[:, order]
        line *= base
