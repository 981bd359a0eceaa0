"""Gain and offset of a state from several odd loads: r = g L + b, and whether any pair explains the readings (scales.md 1D).

Set test: each reading says that g L + b lies within half a step, the noise and the uncertainty of its load around it.  Whether
some (g, b) lies in all these strips needs no distribution: eliminating b leaves bounds of g from every pair of loads, and
eliminating g bounds of b (Fourier and Motzkin).  Nothing left means that no straight line through rounded readings is possible:
an error that depends on the load.  Null: a straight line, loads within their stated half widths, noise within its own.

Least squares beside it for the estimate: variance 1/12 for the rounding, plus noise and the loads' own uncertainty; what all
loads have in common (one set of weights) moves the gain alone and drops out of the comparison of two states.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats

_FEWEST_LEFT = 3  # loads outside a window that still have to lie on a line: through two there is always one
_SLACK = 1e-9


@dataclass(frozen=True)
class Line:
    """Least squares: `gain` and `offset` (steps) with standard uncertainties of this state alone, the covariance of both, and
    `u_common` (relative), the part of the gain's uncertainty that every state measured with these weights shares."""

    gain: float
    u_gain: float
    offset: float
    u_offset: float
    covariance: float
    u_common: float
    loads: int

    @property
    def u_gain_total(self) -> float:
        return sqrt(self.u_gain**2 + (self.gain * self.u_common) ** 2)


@dataclass(frozen=True)
class Admitted:
    """All (gain, offset) that explain the readings: the least and the most of either, None where there is none."""

    gain: tuple[float, float] | None
    offset: tuple[float, float] | None

    @property
    def any(self) -> bool:
        return self.gain is not None


def line(
    loads: Floats, readings: npt.ArrayLike, u_loads: npt.ArrayLike = 0.0, u_common: float = 0.0, noise: float = 0.0
) -> Line:
    """Weighted least squares of readings (n,) in steps on `loads` (n,) in steps of true mass; `u_loads` their independent
    standard uncertainties (n,), steps; `u_common` relative.  Raises ValueError with fewer than two different loads."""
    x, y = np.asarray(loads, dtype=np.float64), np.asarray(readings, dtype=np.float64)
    if x.size < 2 or x.shape != y.shape or float(np.ptp(x)) <= 0:
        raise ValueError(
            f"line: expected a reading at each of two loads or more, got {x.size} loads, {y.size} readings"
        )
    weight = 1 / (1 / 12 + noise**2 + np.broadcast_to(np.asarray(u_loads, dtype=np.float64), x.shape) ** 2)
    design = np.column_stack([x, np.ones_like(x)])
    covariance = np.linalg.inv((design * weight[:, None]).T @ design)
    gain, offset = covariance @ ((design * weight[:, None]).T @ y)
    return Line(
        float(gain), sqrt(float(covariance[0, 0])), float(offset), sqrt(float(covariance[1, 1])),
        float(covariance[0, 1]), u_common, int(x.size),
    )  # fmt: skip


def half_widths(readings: npt.ArrayLike, loads: Floats, u_loads: npt.ArrayLike, noise: float, k: float = 4.0) -> Floats:
    """How far g L + b may lie from each reading (n,), steps: half a step, and `k` standard deviations of noise and load; the
    load's counted at the reading's own gain where that is above one."""
    y = np.asarray(readings, dtype=np.float64)
    gain = np.maximum(np.abs(y) / np.maximum(np.abs(loads), 1.0), 1.0)
    return np.asarray(0.5 + k * (noise + gain * np.asarray(u_loads, dtype=np.float64)), dtype=np.float64)


def _least_most(slope: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Bounds of s for which some c has low <= s slope + c <= high everywhere; inf, -inf where equal slopes contradict."""
    apart = slope[:, None] - slope[None, :]
    below, above = low[:, None] - high[None, :], high[:, None] - low[None, :]
    if bool(np.any((apart == 0) & (below > _SLACK))):
        return inf, -inf
    steep = apart > 0
    least = float((below[steep] / apart[steep]).max(initial=-inf))
    most = float((above[steep] / apart[steep]).min(initial=inf))
    return least, most


def admitted(loads: Floats, readings: npt.ArrayLike, half: Floats) -> Admitted:
    """Which lines pass within `half` (n,) steps of every reading (n,).  Loads (n,) in steps, 0 among them or not."""
    y = np.asarray(readings, dtype=np.float64)
    low, high = y - half, y + half
    gain = _least_most(loads, low, high)
    if gain[0] > gain[1] + _SLACK:
        return Admitted(None, None)
    laden = np.abs(loads) > _SLACK
    # low/L <= b (1/L) + g <= high/L: b is the slope over 1/L
    ends = np.sort(np.column_stack([low[laden] / loads[laden], high[laden] / loads[laden]]), axis=1)
    less, more = _least_most(1 / loads[laden], ends[:, 0], ends[:, 1])
    offset = (max(less, float(low[~laden].max(initial=-inf))), min(more, float(high[~laden].min(initial=inf))))
    return Admitted(gain, offset)


@dataclass(frozen=True)
class Window:
    """The loads from `from_load` to `to_load` (steps; indices into the sorted loads) that no line shares with the others;
    `line` explains the others and `excess` is how far the readings inside lie from it on average, relative to their load."""

    from_load: float
    to_load: float
    inside: tuple[int, ...]
    line: Admitted
    excess: float


def breaking(loads: Floats, readings: npt.ArrayLike, half: Floats) -> Window | None:
    """The fewest neighbouring loads without which one line explains all the others, of as few those farthest from it; None
    where one line explains all, or no window leaves three loads of which one does."""
    y = np.asarray(readings, dtype=np.float64)
    order = np.argsort(loads, kind="stable")
    x, y, h = loads[order], y[order], half[order]
    if admitted(x, y, h).any:
        return None
    for length in range(1, x.size - _FEWEST_LEFT + 1):
        found = []
        for first in range(x.size - length + 1):
            outside = np.ones(x.size, dtype=np.bool_)
            outside[first : first + length] = False
            if float(np.ptp(x[outside])) <= 0:
                continue  # one load weighed again and again: any line through it
            rest = admitted(x[outside], y[outside], h[outside])
            if rest.any:
                fit = line(x[outside], y[outside])
                off = y[~outside] - (fit.gain * x[~outside] + fit.offset)
                excess = float(np.mean(off / np.maximum(np.abs(x[~outside]), 1.0)))
                inside = tuple(order[first : first + length].tolist())
                found.append(Window(float(x[first]), float(x[first + length - 1]), inside, rest, excess))
        if found:
            return max(found, key=lambda window: abs(window.excess))
    return None


@dataclass(frozen=True)
class Changed:
    """State B against A: gain ratio less one and offset difference with standard uncertainties, and whether one line could
    explain both states (`same`: the set test; False is impossible under the null)."""

    gain: float
    u_gain: float
    offset: float
    u_offset: float
    same: bool


def changed(a: tuple[Floats, Int64Array, Floats], b: tuple[Floats, Int64Array, Floats], noise: float = 0.0) -> Changed:
    """Two states by (loads, readings, half widths) each.  With one set of weights their common uncertainty drops out, so the
    half widths carry only what differs from one placing to the next."""
    one, other = line(a[0], a[1], noise=noise), line(b[0], b[1], noise=noise)
    both = admitted(np.concatenate([a[0], b[0]]), np.concatenate([a[1], b[1]]), np.concatenate([a[2], b[2]]))
    ratio = other.gain / one.gain
    u = ratio * sqrt((one.u_gain / one.gain) ** 2 + (other.u_gain / other.gain) ** 2)
    u_offset = sqrt(one.u_offset**2 + other.u_offset**2)
    return Changed(ratio - 1, u, other.offset - one.offset, u_offset, both.any)
