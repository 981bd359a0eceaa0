"""How a reading goes from one level to the next: time constant of a step, and steps that have none (statistics.md 2c).

A load that is put on moves the cell and passes the filter; a gain that is switched in software behind the filter does not.
Model of a transient: y(t) = b - (b - a) exp(-(t - t0)/tau) after t0, rounded, with independent normal noise; a reading c says
no more than that y + n lay within half a step of it (interval censoring), so quantisation is in the likelihood and not a
noise of its own.  Model of a switch: a before t0 and b after it.

What the numbers cannot say: a filter with a cut-out lets large steps through at once and smooths small ones, so a switch is
told from a load only beside a load step of like size on the same instrument, and time constants are compared only so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, pi, sqrt

import numpy as np
from scipy import optimize
from scipy.special import ndtr

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats
from harness.judge.weights.quantised import log_mass

LIKE = 1.5  # steps whose sizes differ by more than this factor are not compared
FLOOR = 0.1  # steps: least noise the likelihood is told, so that it stays smooth
_FEWEST = 6  # readings


@dataclass(frozen=True)
class Transient:
    """Fit of one step: `tau_s` with standard uncertainty `u_tau_s` (inf where the readings do not tell it), onset `t0_s`,
    levels `before` and `after` in steps; `misfit`: how far, in steps, the worst reading lies outside its half step around
    the course and four standard deviations of noise; `log_ratio`: ln of its likelihood over that of a sudden switch with as many
    parameters, near 0 where both explain the readings."""

    tau_s: float
    u_tau_s: float
    t0_s: float
    before: float
    after: float
    misfit: float
    log_ratio: float

    @property
    def size(self) -> float:
        return self.after - self.before


def _course(t: Floats, t0: float, tau: float, before: float, after: float) -> Floats:
    gone = np.maximum(t - t0, 0.0) / tau
    result: Floats = after - (after - before) * np.exp(-gone)
    return result


def transient(times_s: Floats, readings: Int64Array, noise: float) -> Transient | None:
    """The step in separate `readings` (n,) at `times_s` (n,), both plateaus among them; `noise` in steps.  None where they do
    not end at another level than they began at, or are fewer than six."""
    codes = readings.astype(np.float64)
    if not _moves(times_s, codes):
        return None
    s = max(noise, FLOOR)
    t0, tau, a, b, least = _fitted(times_s, codes, s, None)
    off = np.abs(codes - _course(times_s, t0, tau, a, b)) - 0.5
    u = _uncertainty(times_s, t0, tau, a, b, s) * tau
    return Transient(tau, u, t0, a, b, max(float(off.max()) - 4 * s, 0.0), _switch_cost(codes, s) - least)


def switch_ratio(times_s: Floats, readings: Int64Array, noise: float, tau_s: float) -> float | None:
    """ln of the likelihood of a sudden switch over that of a transient with the time constant `tau_s`, which load steps of
    like size have on this instrument: above 0, it looks like a switch.  None where `transient` has none."""
    codes = readings.astype(np.float64)
    if not _moves(times_s, codes):
        return None
    s = max(noise, FLOOR)
    return _fitted(times_s, codes, s, tau_s)[4] - _switch_cost(codes, s)


def _edge(codes: Floats) -> tuple[float, float]:
    edge = max(1, codes.size // 10)
    return float(np.median(codes[:edge])), float(np.median(codes[-edge:]))


def _moves(t: Floats, codes: Floats) -> bool:
    if codes.size < _FEWEST or t[-1] <= t[0]:
        return False
    before, after = _edge(codes)
    return abs(after - before) >= 1


def _fitted(t: Floats, codes: Floats, s: float, tau_s: float | None) -> tuple[float, float, float, float, float]:
    """(t0, tau, before, after, least negative log likelihood): least squares, from there the likelihood; tau free or held."""
    before, after = _edge(codes)
    span = float(t[-1] - t[0])
    apart = max(float(np.median(np.diff(t))), span / (10 * t.size))  # frames that came together have one time
    left = float(t[max(int(np.argmax(np.abs(codes - before) >= 1)) - 1, 0)])
    reached = float(t[int(np.argmax((codes - before) / (after - before) >= 1 - exp(-1)))])
    free = tau_s is None
    start = np.array([left, log(max(reached - left, apart / 4) if tau_s is None else tau_s), before, after])
    scale = np.array([apart, 1.0, 1.0, 1.0])[[0, 2, 3, 1][: 3 + free]]
    order = [0, 2, 3, 1][: 3 + free]

    def told(x: Floats) -> tuple[float, float, float, float]:
        full = start.copy()
        full[order] += x * scale
        return float(full[0]), exp(float(np.clip(full[1], -12, log(10 * span)))), float(full[2]), float(full[3])

    def residual(x: Floats) -> Floats:
        return _course(t, *told(x)) - codes

    def cost(x: Floats) -> float:
        return -float(log_mass(codes, _course(t, *told(x)), s).sum())

    least = optimize.least_squares(residual, np.zeros(len(order)), max_nfev=200).x
    found = optimize.minimize(
        cost, least, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-5, "maxiter": 1200}
    )
    return *told(np.asarray(found.x, dtype=np.float64)), float(found.fun)


def _uncertainty(t: Floats, t0: float, tau: float, before: float, after: float, s: float) -> float:
    """Standard uncertainty of ln tau: the Fisher information of rounded readings about (t0, ln tau, before, after).

    A reading tells of its level by (phi(l) - phi(u))^2 / P(code) over the codes it could show: much beside a changeover point,
    hardly anything in the middle of a code."""
    gone = np.maximum(t - t0, 0.0) / tau
    left, late = np.exp(-gone), t > t0
    size = after - before
    slope = np.column_stack([-size * left / tau * late, -size * left * gone, left, 1 - left])
    level = _course(t, t0, tau, before, after)
    codes = np.round(level)[:, None] + np.arange(-2 - int(4 * s), 3 + int(4 * s))
    upper, lower = (codes + 0.5 - level[:, None]) / s, (codes - 0.5 - level[:, None]) / s
    density = (np.exp(-(lower**2) / 2) - np.exp(-(upper**2) / 2)) / (sqrt(2 * pi) * s)
    told = (density**2 / np.maximum(np.exp(log_mass(codes, level[:, None], s)), 1e-300)).sum(axis=1)
    information = (slope * told[:, None]).T @ slope
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    try:
        variance = float(np.linalg.inv(information / np.outer(scale, scale))[1, 1]) / float(scale[1]) ** 2
    except np.linalg.LinAlgError:
        return inf
    return sqrt(variance) if variance > 0 else inf


def _switch_cost(codes: Floats, s: float) -> float:
    """Least negative log likelihood of a sudden switch, over its place and both levels.  One reading at the switch may be
    anything: a display that averages over its own interval shows a mixture once."""
    best = inf
    jumps = np.argsort(-np.abs(np.diff(codes)))[:8] + 1  # a switch lies at one of the largest changes, if anywhere
    for at in jumps.tolist():
        for until, since in ((at, at), (at - 1, at), (at, at + 1)):
            best = min(best, sum(_level_cost(part, s) for part in (codes[:until], codes[since:])))
    return best


def _level_cost(part: Floats, s: float) -> float:
    if not part.size:
        return 0.0
    codes, counts = np.unique(part, return_counts=True)
    levels = np.append(np.median(part) + np.linspace(-0.75, 0.75, 151), np.mean(part))
    return -float((log_mass(codes[:, None], levels[None, :], s) * counts[:, None]).sum(axis=0).max())


def alike(one: Transient, other: Transient) -> bool:
    """Whether the two steps go the same way and are of like size: only then may a filter be expected to pass both alike."""
    ratio = one.size / other.size
    return 1 / LIKE <= ratio <= LIKE


def compared_p(one: Transient, other: Transient) -> float | None:
    """Two-sided p that both steps have one time constant: null two responses of one shape through one filter, errors of ln tau
    normal.  A misfit counts as noise: where the model does not hold, both uncertainties grow with it.  None where the steps
    are not alike or tau is not told."""
    if not alike(one, other):
        return None
    spread = 0.0
    for response in (one, other):
        spread += (response.u_tau_s / response.tau_s * (1 + response.misfit / FLOOR)) ** 2
    if not 0 < spread < inf:
        return None
    return float(2 * ndtr(-abs(log(one.tau_s / other.tau_s)) / sqrt(spread)))
