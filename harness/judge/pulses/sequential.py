"""When did it begin?  CUSUM, Shiryaev-Roberts and window GLR over standardised observations (statistics.md T10, section 4).

Observations are independent N(0, 1) before the change and N(d, 1) after it: what is differenced or coloured is whitened
first.  CUSUM is exactly minimax for known d (Moustakides 1986); its mean times between alarms and to detection solve an
integral equation (Page 1954), so its threshold is computed, not simulated.  GLR does not know d.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

Floats = npt.NDArray[np.float64]
_NODES = 200


def cusum(x: Floats, d: float) -> Floats:
    """W (n,): greatest log-likelihood ratio of a change to mean `d` at some place so far, in nats, at least 0."""
    total = np.cumsum(d * x - d * d / 2)
    least = np.minimum.accumulate(np.concatenate([[0.0], total]))
    result: Floats = total - least[1:]
    return result


def shiryaev_roberts(x: Floats, d: float) -> Floats:
    """log R (n,): the sum over all places of the likelihood ratios of a change to `d` there."""
    total = np.cumsum(d * x - d * d / 2)
    before = np.concatenate([[0.0], total[:-1]])
    result: Floats = total + np.logaddexp.accumulate(-before)
    return result


def lags(longest: int, growth: float = 1.1) -> npt.NDArray[np.int64]:
    """1, 2, 3 ... then growing by `growth`, up to `longest`."""
    found = [1]
    while found[-1] < longest:
        found.append(max(found[-1] + 1, int(found[-1] * growth)))
    return np.array([lag for lag in found if lag <= longest], dtype=np.int64)


def glr(x: Floats, longest: int, side: int = 0, growth: float = 1.1) -> tuple[Floats, npt.NDArray[np.int64]]:
    """(G, onset), each (n,): greatest (S_t - S_k)^2 / 2(t - k) over thinned lags t - k <= `longest`, in nats, and its k.

    The mean after the change is unknown; `side`: its sign, 0 for either."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    best, onset = np.zeros(x.size), np.zeros(x.size, dtype=np.int64)
    for lag in lags(min(longest, x.size), growth):
        rise = total[lag:] - total[:-lag]
        value = (rise if side == 0 else np.maximum(side * rise, 0.0)) ** 2 / (2 * lag)
        tail = best[lag - 1 :]
        higher = value > tail
        tail[higher] = value[higher]
        onset[lag - 1 :][higher] = np.flatnonzero(higher)
    return best, onset


def run_length(h: float, d: float, shift: float) -> float:
    """Mean number of observations N(`shift`, 1) until CUSUM for `d`, from 0, exceeds `h` nats.

    L(w) = 1 + L(0) F(-w) + integral of L(v) f(v - w) over 0..h, by Gauss-Legendre nodes; F, f of d x - d^2/2.
    """
    nodes, weights = _legendre()
    v, weight = (nodes + 1) * h / 2, weights * h / 2
    mean = d * shift - d * d / 2
    start = np.concatenate([[0.0], v])
    kernel = np.empty((start.size, start.size))
    kernel[:, 0] = stats.norm.cdf(-start, mean, d)
    kernel[:, 1:] = stats.norm.pdf(v[None, :] - start[:, None], mean, d) * weight
    solved = np.linalg.solve(np.eye(start.size) - kernel, np.ones(start.size))
    return float(solved[0])


@cache
def _legendre() -> tuple[Floats, Floats]:
    """Nodes and weights on -1..1: most of the time of an integral goes into finding them."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


@lru_cache(maxsize=4096)
def threshold(arl: float, d: float) -> float:
    """h in nats at which CUSUM for `d` has `arl` observations between false alarms on average."""
    return float(optimize.brentq(lambda h: np.log(run_length(h, d, 0.0) / arl), 0.05, np.log(arl) + 1))
