"""Functions of a trigger model, drawn: conjunctions of conditions with clauses of evasion, as boxes of levels.

A function acts in a run when every factor stands at a level that it permits; so a population is one table of bits a factor, and thousands
are tried against a setting at once.  Interaction profile and evasion: statistics.md 3e, illustrative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.search.model import ENDINGS, Model

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """n functions.  `permits[f]`: (n, levels) whether the function acts at that level of factor f.  `above`: (n,) units of the quantity
    from which it acts, 0 from the beginning and where the model's functions act on the whole of it.  `gain`: (n,) share that it adds.  `order`: (n,) conditions.  `evades`: (n,).  `ends`: (n,)
    index into ENDINGS, what switches off what was switched on."""

    model: Model
    permits: tuple[Bools, ...]
    above: Floats
    gain: Floats
    order: Ints
    evades: Bools
    ends: Ints

    def __len__(self) -> int:
        return self.gain.size

    def active(self, levels: Sequence[int]) -> Floats:
        """(n,) units of the quantity over which each acts in a run at `levels`, one level a factor; 0 where it does not."""
        return np.where(hits(self.permits, levels), self.quantity(levels) - self.above, 0.0)

    def quantity(self, levels: Sequence[int]) -> float:
        model = self.model
        return model.quantities[levels[model.index(model.quantity)]] if model.quantity else 1.0

    def shows(self, kit: str) -> tuple[Bools, ...]:
        """As `permits`, but at the levels of the quantity only where so much acts that the excess shows with that kit."""
        model, own = self.model, self.model.kit(kit)
        if not model.quantity:
            return self.permits
        at = model.index(model.quantity)
        asked = np.array(model.quantities)
        excess = self.gain[:, None] * np.maximum(asked[None, :] - self.above[:, None], 0.0)
        seen = excess >= np.maximum(own.least, own.share * asked)[None, :]
        return tuple(permits & seen if n == at else permits for n, permits in enumerate(self.permits))


def hits(tables: Sequence[Bools], levels: Sequence[int]) -> Bools:
    """(n,) whether every factor's table (`permits`, or what `shows`) holds at its level."""
    found = np.ones(tables[0].shape[0], dtype=bool)
    for table, level in zip(tables, levels, strict=True):
        found &= table[:, level]
    return found


def draw(
    model: Model,
    n: int,
    rng: np.random.Generator,
    *,
    evasive: float | None = None,
    weights: Sequence[float] | None = None,
    interactions: Sequence[float] | None = None,
) -> Population:
    """n functions by the model's prior.  `evasive`: the share that evades, None: two thirds.  `weights` and `interactions`: another
    prior than the model's, for populations that a plan was not made for."""
    orders = np.asarray(model.interactions if interactions is None else interactions)
    order = rng.choice(np.arange(1, orders.size + 1), n, p=orders / orders.sum())
    weight = np.array([one.weight for one in model.factors]) if weights is None else np.asarray(weights, dtype=float)
    # the first `order` of a weighted random order of the factors (exponential clocks)
    clocks = rng.exponential(size=(n, weight.size)) / np.maximum(weight, 1e-12)[None, :]
    rank = np.argsort(np.argsort(clocks, axis=1), axis=1)
    permits, above = [], np.zeros(n)
    for f, factor in enumerate(model.factors):
        own = np.ones((n, len(factor.levels)), dtype=bool)
        bound = rank[:, f] < order
        if factor.thresholds:
            numbers = np.array([float(level) for level in factor.levels])
            limit = numbers[rng.integers(0, numbers.size - 1, n)]
            own[bound] = numbers[None, :] > limit[bound, None]
            if factor.name == model.quantity and not model.whole:
                above[bound] = limit[bound]
        else:
            wanted = np.array(factor.triggers)
            level = rng.choice(len(factor.levels), n, p=wanted / wanted.sum())
            own[bound] = np.arange(len(factor.levels))[None, :] == level[bound, None]
        permits.append(own)
    evades = rng.random(n) < (2 / 3 if evasive is None else evasive)
    _evade(model, permits, evades, rng)
    share = np.array([dict(model.cleared).get(one, 0.0) for one in ENDINGS])
    ends = rng.choice(len(ENDINGS), n, p=share / share.sum()) if share.sum() else np.zeros(n, dtype=np.int64)
    gain = rng.choice(np.array(model.gains), n)
    return Population(model, tuple(permits), above, gain, order, evades, ends)


def flattened(model: Model, n: int, rng: np.random.Generator) -> Population:
    """n functions by a flatter prior than the model's own, half way to all orders alike and by the roots of its weights: what it calls rare is an
    assumption, and a plan that leaves it out loses more by being wrong than it wins by being right."""
    weights = [factor.weight**0.5 for factor in model.factors]
    even = 1 / len(model.interactions)
    return draw(model, n, rng, weights=weights, interactions=[(one + even) / 2 for one in model.interactions])


def _evade(model: Model, permits: list[Bools], evades: Bools, rng: np.random.Generator) -> None:
    """Clauses of evasion, at least one of those that leave the function somewhere to act."""
    if not model.evasions or not evades.any():
        return
    taken = np.stack([rng.random(evades.size) < one.share for one in model.evasions], axis=1)
    none = evades & ~taken.any(axis=1)
    taken[np.flatnonzero(none), rng.integers(0, len(model.evasions), int(none.sum()))] = True
    for number, one in enumerate(model.evasions):
        f = model.index(one.factor)
        off = np.isin(np.array(model.factors[f].levels), one.levels)
        who = evades & taken[:, number]
        left = permits[f] & ~off[None, :]
        who &= left.any(axis=1)  # what would never act is no function
        permits[f][who] = left[who]
