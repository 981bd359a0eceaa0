"""A line that carries both white and accumulating noise: its noise estimated, its points whitened.

Model on points (v, y), n <= 160: y = a + b v + c q + noise, noise covariance C = sigma^2 I + tau^2 min(v_i, v_j)
(white reading error plus a random walk of the meters), sigma and tau from robust second differences at two lags, so
that a break itself hardly enters them.  Generalised least squares: whiten once, project out the base, then every
candidate break (breaks.py) costs two dot products.  Derived from statistics.md T7, T10 (whiten first).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """`sigma_l` white, litres; `tau` random walk, litres per square root of litre; `dof` of their estimate."""

    sigma_l: float
    tau: float
    dof: float


def _lagged(y: Floats, lag: int) -> float:
    """Robust variance of second differences at `lag` points."""
    second = y[2 * lag :] - 2 * y[lag:-lag] + y[: -2 * lag]
    if second.size < 5:
        return math.nan
    return float((1.4826 * np.median(np.abs(second - np.median(second)))) ** 2)


def noise(v: Floats, y: Floats, floor_l: float) -> Noise:
    """sigma and tau: var of second differences = 6 sigma^2 + 2 h tau^2 at spacing h."""
    spacing = float(np.median(np.diff(v)))
    lag = max(2, min(v.size // 10, 12))
    one, many = _lagged(y, 1), _lagged(y, lag)
    if math.isnan(many):
        many = one
    # both extremes must be covered: all white (from lag 1) and all accumulated (from the long lag)
    tau2 = max(many - one, 0.0) / (2 * spacing * (lag - 1)) if lag > 1 else 0.0
    sigma2 = max(one - 2 * spacing * tau2, one / 4) / 6
    tau2 = max(tau2, 0.02 * one / (2 * spacing))
    return Noise(math.sqrt(max(sigma2, floor_l**2)), math.sqrt(tau2), max(6.0, v.size / 3))


@dataclass(frozen=True, eq=False)
class Prepared:
    """Whitened data: `y` (n,) with the base projected out, `full` (n,) with it; `columns` (n, k) of the base and its
    orthonormal `base` (n, k); `factor` (n, n) whitens."""

    v: Floats
    y: Floats
    factor: Floats
    base: Floats
    noise: Noise
    columns: Floats
    full: Floats


def prepare(v: Floats, y: Floats, q: Floats, u_l: Floats, found: Noise) -> Prepared:
    """Whiten y and the base [1, v, q]; `u_l` (n,) extra standard uncertainty of each point (time error x flow)."""
    rel = v - v[0]
    covariance = found.tau**2 * np.minimum.outer(rel, rel)
    covariance[np.diag_indices_from(covariance)] += found.sigma_l**2 + u_l**2
    factor = linalg.cholesky(covariance, lower=True)
    columns = [np.ones_like(v), rel]
    spread = float(np.std(q))
    if spread > 1e-3 * max(float(np.mean(np.abs(q))), 1e-12):
        columns.append((q - float(np.mean(q))) / spread)
    white = linalg.solve_triangular(factor, np.column_stack([*columns, y]), lower=True)
    base: Floats = np.asarray(linalg.qr(white[:, :-1], mode="economic")[0], dtype=np.float64)
    y_white = white[:, -1]
    return Prepared(v, y_white - base @ (base.T @ y_white), factor, base, found, white[:, :-1], y_white)
