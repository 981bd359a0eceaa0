"""What to try next: the run that would show most of the model's functions still unseen, for each minute it takes.

Expected first detection per cost by weights over functions drawn from the model (statistics.md 3e): after a run that showed nothing every
function that it would have shown loses weight, by less than certainty: the draw is a sample, and one like it may still hide.  The draw that
plans are made by is flatter than the model's prior (`flattened`); what the model would have shown is told by its own.  Among runs nearly as good one is drawn,
so that nobody who watches can tell the next (rule 2 there).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from fixtures.language import Sentence, mark
from harness.search.cost import Cost, State, Trial, allowed, choices, completed, cost
from harness.search.model import Model
from harness.search.population import Bools, Population, draw, flattened, hits

DRAWN = 4000  # functions of the model that plans are weighed by
STARTS = 6  # climbs from as many places
NEARLY = 0.9  # of the best: as good
AT_LAST = 0.5  # of the best for each minute: worth the last chance [D]
MISSED = 0.05  # probability that a run does not show what it should [D]
LIKE_IT = 0.3  # of the worth of a function that was not shown: so much is left to those like it [D]


@dataclass(frozen=True)
class Proposal:
    """The next run, what it costs, what it is worth among the functions that plans are made by, and the share of what is left of the model that
    it would show."""

    trial: Trial
    cost: Cost
    worth: float
    share: float = 0.0

    def why(self, model: Model) -> Sentence:
        """One line for the officers: what is asked beside the plainest run, what it would show, what it takes."""
        text = mark("{what}: would show {share} of what the model leaves, takes {minutes} min")
        power = mark("{what}, after power was away: would show {share} of what the model leaves, takes {minutes} min")
        what = model.differences(self.trial.levels, (-1,) * len(model.factors))
        return Sentence(
            power if self.trial.cycle else text,
            what=what,
            share=f"{100 * self.share:.1f} %",
            minutes=f"{self.cost.minutes:.1f}",
        )


@dataclass
class Scheduler:
    """Proposals for one kit under a budget; `seed` makes the model's draw and every choice repeatable.

    `refuse(factor, level)`: nobody has what that level needs, or the bench cannot do it: never proposed again.
    """

    model: Model
    kit: str
    seed: int
    population: Population | None = None
    power: bool = True  # whether it may be cut
    _refused: set[tuple[int, int]] = field(default_factory=set)
    _costs: dict[Trial, Cost] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 8])
        self.drawn = self.population or draw(self.model, DRAWN, np.random.default_rng([self.seed, 7]))
        self._shows = self.drawn.shows(self.kit)
        self.weight = np.full(len(self.drawn), 1.0 / max(len(self.drawn), 1))
        planned = self.population or flattened(self.model, DRAWN, np.random.default_rng([self.seed, 6]))
        self._planned = planned.shows(self.kit)
        self._worth = np.full(len(planned), 1.0 / max(len(planned), 1))

    def refuse(self, factor: str, level: str) -> None:
        f = self.model.index(factor)
        self._refused.add((f, self.model.factors[f].levels.index(level)))

    def hits(self, levels: Sequence[int]) -> Bools:
        """(n,) whether the run would show each function."""
        return hits(self._shows, levels)

    def tell(self, trial: Trial) -> None:
        """`trial` showed nothing."""
        self.weight = np.where(self.hits(trial.levels), self.weight * MISSED, self.weight)
        self.skip(trial)

    def skip(self, trial: Trial) -> None:
        """The officers left `trial` out: it said nothing, and others are proposed before it and its like."""
        self._worth = np.where(hits(self._planned, trial.levels), self._worth * LIKE_IT, self._worth)

    @property
    def left(self) -> float:
        """The share of the model's functions that no run so far would have shown."""
        return float(self.weight.sum())

    def propose(self, state: State, budget: Cost) -> Proposal | None:
        """The next run in `state` that the rest of the `budget` allows; None where none shows anything."""
        acts = allowed(self.model, state.phase)
        found: dict[Trial, Proposal] = {}
        for cycle in (False, True)[: 1 + (self.power and "power" in acts)]:
            for one in self._climbs(state, acts, cycle, budget):
                found.setdefault(one.trial, one)
        if not found:
            return None
        best = max(one.worth / one.cost.minutes for one in found.values())
        near = [one for one in found.values() if one.worth / one.cost.minutes >= NEARLY * best]
        near = self._last_chance(found.values(), best, max(one.cost.minutes for one in near), budget) or near
        near.sort(key=lambda one: one.trial.levels)
        chosen = near[int(self._rng.integers(len(near)))]
        shown = float(self.weight[self.hits(chosen.trial.levels)].sum())
        return replace(chosen, share=shown / max(self.left, 1e-12))

    def _last_chance(self, found: Iterable[Proposal], best: float, spent: float, budget: Cost) -> list[Proposal]:
        """Runs worth AT_LAST of the best for each minute that could still be made twice now, as a hit has to be, and not after one of `spent`
        minutes: what is cheap can wait, what takes a power cut cannot."""
        return [
            one
            for one in found
            if one.worth / one.cost.minutes >= AT_LAST * best
            and 2 * one.cost.minutes <= budget.minutes < 2 * one.cost.minutes + spent
            and one.cost.minutes > spent
        ]

    def _cost(self, trial: Trial) -> Cost:
        if trial not in self._costs:
            self._costs[trial] = cost(self.model, self.kit, trial)
        return self._costs[trial]

    def _levels(self, acts: frozenset[str]) -> list[list[int]]:
        """Of each factor the levels that may be chosen; of a state one that stands for what it will be."""
        return [
            [0] if factor.state else [level for level in levels if (f, level) not in self._refused]
            for f, (factor, levels) in enumerate(zip(self.model.factors, choices(self.model, acts), strict=True))
        ]

    def _climbs(self, state: State, acts: frozenset[str], cycle: bool, budget: Cost) -> list[Proposal]:
        levels_of = self._levels(acts)
        free = [n for n, own in enumerate(levels_of) if len(own) > 1]
        found = []
        for start in range(STARTS):
            levels = [own[0] if start == 0 else own[int(self._rng.integers(len(own)))] for own in levels_of]
            now, best = list(completed(self.model, state, levels, cycle).levels), -1.0
            while True:
                value = best
                for f in free:
                    others = np.ones(self._worth.size, dtype=bool)
                    for g, shows in enumerate(self._planned):
                        if g != f:
                            others &= shows[:, now[g]]
                    shares = (self._worth * others) @ self._planned[f][:, levels_of[f]]
                    for level, share in zip(levels_of[f], shares, strict=True):
                        trial = Trial((*now[:f], level, *now[f + 1 :]), cycle)
                        spent = self._cost(trial)
                        if spent.minutes > budget.minutes or spent.quantity > budget.quantity:
                            continue
                        if share / spent.minutes > best + 1e-12:
                            best, now = float(share / spent.minutes), list(trial.levels)
                if best <= value + 1e-12:
                    break
            if best > 0:
                trial = Trial(tuple(now), cycle)
                spent = self._cost(trial)
                found.append(Proposal(trial, spent, best * spent.minutes))
        return found


def settings(model: Model, phase: str) -> list[Trial]:
    """Every run there is in `phase`, states as if each could be had: what a bound is taken over."""
    acts = allowed(model, phase)
    return [Trial(one) for one in product(*choices(model, acts))]
