"""What no plan can beat: the linear relaxation of the budgeted maximum cover, by column generation.

maximise sum_i w_i y_i  subject to  y_i <= sum of x_s over the runs s that show i,  sum c_s x_s <= budget,  0 <= y_i <= 1,  x_s >= 0:
any plan within the budget is a point of it, so its optimum is at least what any plan shows.  States (time and sales since
power-up) are taken as if each could be had without what brings them about, which only raises the bound.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from harness.search.cost import cost
from harness.search.population import Bools, Floats, Population
from harness.search.scheduler import settings

ROUNDS, ADDED = 60, 40
GAP = 1e-4


def bound(population: Population, kit: str, minutes: float, phase: str) -> float:
    """Upper bound of the share of `population` that runs of `phase` show within `minutes`.  RuntimeError where the solver fails."""
    model, n = population.model, len(population)
    runs = settings(model, phase)
    spent = np.array([cost(model, kit, one).minutes for one in runs])
    runs = [one for one, own in zip(runs, spent, strict=True) if own <= minutes]
    spent = spent[spent <= minutes]
    if not runs:
        return 0.0
    shows = population.shows(kit)
    hits = np.ones((len(runs), n), dtype=bool)
    levels = np.array([one.levels for one in runs])
    for f, own in enumerate(shows):
        hits &= own.T[levels[:, f]]
    chosen = list(_greedy(hits, spent, minutes))
    upper = 1.0
    for _ in range(ROUNDS):
        value, price, per_minute = _relaxed(hits[chosen], spent[chosen], minutes)
        reduced = hits @ price - per_minute * spent
        best = float(reduced.max())
        # weak duality: no run is worth more than best above its price, and runs of the least cost fit so often
        upper = min(upper, value + max(best, 0.0) * minutes / float(spent.min()))
        if best <= GAP:
            break
        order = np.argsort(-reduced)[:ADDED]
        chosen += [int(s) for s in order if reduced[s] > GAP / 10 and int(s) not in set(chosen)]
    return min(upper, 1.0)


def _relaxed(hits: Bools, spent: Floats, minutes: float) -> tuple[float, Floats, float]:
    """Optimum over these runs, the price of each function's cover and of a minute."""
    k, n = hits.shape
    cover = sparse.hstack([-sparse.csr_matrix(hits.T.astype(float)), sparse.identity(n)], format="csr")
    budget = sparse.csr_matrix(np.concatenate([spent, np.zeros(n)])[None, :])
    found = linprog(
        np.concatenate([np.zeros(k), np.full(n, -1.0 / n)]),
        A_ub=sparse.vstack([cover, budget], format="csr"),
        b_ub=np.concatenate([np.zeros(n), [minutes]]),
        bounds=[(0, None)] * k + [(0, 1)] * n,
        method="highs",
    )
    if not found.success or found.fun is None:
        raise RuntimeError(f"bound of the cover: expected an optimum, got {found.message}")
    duals = -np.asarray(found.ineqlin.marginals)
    return -float(found.fun), duals[:n], float(duals[n])


def _greedy(hits: Bools, spent: Floats, minutes: float) -> list[int]:
    left, free = np.ones(hits.shape[1], dtype=bool), minutes
    chosen: list[int] = []
    while True:
        gained = np.where(spent <= free, (hits @ left.astype(float)) / spent, 0.0)
        best = int(np.argmax(gained))
        if gained[best] <= 0:
            return chosen or [0]
        chosen.append(best)
        left &= ~hits[best]
        free -= spent[best]
