"""How often honest units do a thing, learned from the fleet itself, and which units do it oftener than that explains.

Null: unit i does it in x of n days (or trips), binomial with its own rate; rates of honest units are log-normal over the
fleet, their spread `differ` at the least, as much more as the fleet shows, and up to SPREAD_GRANTED where it cannot tell.
A minority that does it for another reason must not teach the fleet its rate:
the likelihood has a second part, rates spread evenly in the logarithm above the honest mean (two groups, Efron 2008,
Statistical Science 23).  The p-value is the greatest over all medians and spreads that the fleet's data leave possible with
confidence 1 - beta (Berger and Boos 1994, JASA 89): what the fleet cannot tell counts for the unit.  That the truth lies
outside concerns all units of a test at once, so beta is spent once, from the alpha of the test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import ndtr
from scipy.stats import beta as beta_distribution
from scipy.stats import binom, chi2

from harness.fleet.cells import Ints

Floats = npt.NDArray[np.float64]
FEWEST_UNITS = 30  # a smaller fleet does not know its own spread
SPREAD_GRANTED = 1.0  # of log rate where the fleet cannot tell: one honest unit in a thousand does it 22 times as often
SPREAD_MOST = 2.5  # looked for in the fleet
OTHERS_MOST = 0.3  # share of units that may do it for another reason; beyond, the fleet cannot be its own measure
NODES = 700
LOWEST = 1e-7  # rates below do not differ in any file that fits
MOST_PAIRS = 12_000  # of (x, n) in the likelihood; of more, an even selection
BETA_SHARE = 0.05  # of the alpha of a test, spent on the confidence set
RAYS = 16


@dataclass(frozen=True)
class Honest:
    """Rates of honest units: log-normal with this median and spread; `others`: share of units apart from them.

    `edge`: (points, 2) logarithm of the median and spread, at the border of what the fleet leaves possible with 1 - `beta`.
    """

    median: float
    spread: float
    others: float
    edge: Floats
    beta: float
    units: int

    @property
    def mean(self) -> float:
        return min(self.median * math.exp(self.spread**2 / 2), 1.0)


def fit(x: Ints, n: Ints, alpha: float, differ: float) -> Honest:
    """Learn the honest rates of units with x (units,) of n; `alpha`: of the whole test; `differ`: the least spread that honest units are granted, even where the fleet shows less.

    Raises ValueError for fewer than FEWEST_UNITS units.
    """
    if x.size < FEWEST_UNITS:
        raise ValueError(f"expected at least {FEWEST_UNITS} units, got {x.size}")
    pairs, weight = np.unique(np.stack([x, n], axis=1), axis=0, return_counts=True)
    if len(pairs) > MOST_PAIRS:
        some = np.linspace(0, len(pairs) - 1, MOST_PAIRS).astype(np.int64)
        pairs, weight = pairs[some], weight[some]
    pooled = max(float(x.sum()) / max(float(n.sum()), 1.0), 1.0 / max(float(n.sum()), 1.0))
    nodes = _nodes(pooled)
    width = np.gradient(nodes)
    seen = binom.pmf(pairs[:, :1], pairs[:, 1:], np.exp(nodes)[None, :])

    def loss(at: Floats) -> float:
        middle, spread, others = _unpacked(at, differ)
        mixed = (1 - others) * _weights(nodes, middle, spread) + others * _apart(nodes, width, middle, spread)
        return -float(weight @ np.log(np.maximum(seen @ mixed, 1e-300)))

    starts = [
        (math.log(pooled) - shift, s, o) for shift, s, o in ((0.0, 0.2, -6.0), (1.0, 0.8, -3.5), (3.0, 0.5, -3.0))
    ]
    fits = [
        minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3, "maxiter": 400})
        for start in starts
    ]
    best = min(fits, key=lambda one: float(one.fun))
    middle, spread, others = _unpacked(best.x, differ)
    beta = BETA_SHARE * alpha
    edge = _edge(loss, best.x, differ, float(best.fun) + float(chi2.isf(beta, 2)) / 2)
    return Honest(math.exp(middle), spread, others, edge, beta, int(x.size))


def _nodes(pooled: float) -> Floats:
    """Log rates, closer around what the fleet does on average."""
    far = np.linspace(math.log(LOWEST), 0.0, NODES // 2)
    near = np.linspace(math.log(pooled) - 2.5, min(math.log(pooled) + 2.5, 0.0), NODES // 2)
    nodes: Floats = np.unique(np.concatenate([far, near]))
    return np.minimum(nodes, -1e-12)


def _unpacked(at: Floats, differ: float) -> tuple[float, float, float]:
    """Log median, spread and share of others from what the search moves."""
    middle = min(max(float(at[0]), math.log(LOWEST)), 0.0)
    spread = min(max(abs(float(at[1])), differ), SPREAD_MOST)
    return middle, spread, OTHERS_MOST / (1 + math.exp(-min(max(float(at[2]), -30.0), 30.0)))


def _weights(nodes: Floats, middle: float, spread: float) -> Floats:
    """Share of honest units in each node's neighbourhood; what lies beyond the last node is in it."""
    borders = np.concatenate([[-np.inf], (nodes[1:] + nodes[:-1]) / 2, [np.inf]])
    scaled = (borders - middle) / spread
    # differences of the smaller tail: the far end must not drown in rounding
    tail = ndtr(-np.abs(scaled))
    result: Floats = np.abs(np.diff(tail))
    crossed = (scaled[:-1] < 0) & (scaled[1:] > 0)
    result[crossed] = 1 - tail[:-1][crossed] - tail[1:][crossed]
    return result


def _apart(nodes: Floats, width: Floats, middle: float, spread: float) -> Floats:
    """Rates of the others: even in the logarithm from the honest mean to one."""
    floor = min(middle + spread**2 / 2, -0.05)
    share = np.where(nodes >= floor, width, 0.0)
    result: Floats = share / share.sum()
    return result


def _edge(loss: Callable[[Floats], float], best: Floats, differ: float, most: float) -> Floats:
    """Points around the best fit at which the likelihood has fallen to the border, along rays; the share of others kept."""
    points = []
    for angle in np.arange(RAYS) * 2 * math.pi / RAYS:
        step = np.array([math.cos(angle), 0.5 * math.sin(angle), 0.0])
        inner, outer = 0.0, 0.02
        while outer < 20 and loss(best + outer * step) < most:
            inner, outer = outer, 2 * outer
        for _ in range(7):
            half = (inner + outer) / 2
            inner, outer = (half, outer) if loss(best + half * step) < most else (inner, half)
        points.append(_unpacked(best + outer * step, differ)[:2])
    middle, spread, _ = _unpacked(best, differ)
    granted = max(SPREAD_GRANTED, spread)
    return np.array([(middle, spread), *((m, min(s, granted)) for m, s in points)])


def p_values(honest: Honest, x: Ints, n: Ints) -> Floats:
    """Chance (units,) that an honest unit does it in x or more of n, at its greatest over what the fleet leaves possible."""
    pairs, back = np.unique(np.stack([x, n], axis=1), axis=0, return_inverse=True)
    result = np.empty(len(pairs))
    nodes = _nodes(honest.mean)
    for begin in range(0, len(pairs), 4096):
        part = pairs[begin : begin + 4096]
        tail = binom.sf(part[:, :1] - 1, part[:, 1:], np.exp(nodes)[None, :])
        each = np.stack([tail @ _weights(nodes, middle, spread) for middle, spread in honest.edge])
        result[begin : begin + 4096] = each.max(axis=0)
    found: Floats = np.minimum(result[back.reshape(-1)], 1.0)
    found[x == 0] = 1.0
    return found


def interval(x: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a rate."""
    tail = (1 - level) / 2
    low = 0.0 if x == 0 else float(beta_distribution.ppf(tail, x, n - x + 1))
    high = 1.0 if x == n else float(beta_distribution.isf(tail, x + 1, n - x))
    return low, high


def holm(p: Floats) -> Floats:
    """Adjusted p-values (n,): at or below alpha for none of the honest, but with chance alpha (Holm 1979), however they depend."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    result = np.empty(p.size)
    result[order] = np.minimum(steps, 1.0)
    return result
