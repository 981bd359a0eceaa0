"""Functions that a search was not planned for: drawn by other priors than the model's own, and one that adds nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from harness.search.parser import built_in
from harness.search.population import Population, draw


@dataclass(frozen=True)
class Prior:
    """Weights by factor, and shares of one, two ... conditions at once."""

    weights: Mapping[str, float]
    interactions: tuple[float, ...]


def population(family: str, priors: Mapping[str, Prior], prior: str, evasive: float, n: int, seed: int) -> Population:
    """n functions of the family's model by `priors[prior]`; the same for the same arguments."""
    model, own = built_in(family), priors[prior]
    rng = np.random.default_rng([seed, sorted(priors).index(prior), round(100 * evasive)])
    weights = [own.weights[factor.name] for factor in model.factors]
    return draw(model, n, rng, evasive=evasive, weights=weights, interactions=own.interactions)


@cache
def nothing_hidden(family: str, seed: int) -> Population:
    """One function that adds nothing."""
    one = draw(built_in(family), 1, np.random.default_rng(seed))
    return Population(one.model, one.permits, one.above, one.gain * 0.0, one.order, one.evades, one.ends)
