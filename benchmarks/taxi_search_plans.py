"""Plans of a search at a taximeter: the trips of a verification, settings drawn, a covering array, the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from harness.search.cost import Cost, State, Trial, allowed, choices, completed, cost
from harness.search.covering import array
from harness.search.model import Model
from harness.search.parser import built_in
from harness.search.scheduler import Scheduler

PHASE = "E"  # everything may be worked, power cut
Following = Callable[[State, Cost], Trial | None]  # the next run of a plan


def regulation(model: Model, kit: str, seed: int) -> Following:
    """JJG 517, as verified in the vehicle: the surveyed 1 and 2 km at 40 and 60 km/h, again and again; nothing is worked."""
    plan, number = (("1", "40"), ("2", "60"), ("2", "40"), ("1", "60")), 0

    def following(state: State, left: Cost) -> Trial | None:
        nonlocal number
        km, kmh = plan[number % len(plan)]
        number += 1
        wanted = {"distance": km, "speed": kmh}
        free = [factor.levels.index(wanted[factor.name]) if factor.name in wanted else 0 for factor in model.factors]
        return completed(model, state, free, cycle=False)

    return following


def at_random(model: Model, kit: str, seed: int) -> Following:
    """Each level alike, among those that may be chosen."""
    rng, acts = np.random.default_rng([seed, 3]), allowed(model, PHASE)

    def following(state: State, left: Cost) -> Trial | None:
        free = [int(rng.choice(levels)) for levels in choices(model, acts)]
        return completed(model, state, free, bool(rng.random() < 0.1))

    return following


def pairwise(model: Model, kit: str, seed: int) -> Following:
    """A covering array of strength two over what may be chosen, the cheapest runs first."""
    rows = list(_rows(model.family, kit))

    def following(state: State, left: Cost) -> Trial | None:
        return completed(model, state, rows.pop(), cycle=False) if rows else None

    return following


@cache
def _rows(family: str, kit: str) -> tuple[tuple[int, ...], ...]:
    """Of the built-in model, the cheapest last; of a state one level stands for what it will be."""
    model = built_in(family)
    may = [
        own[:1] if factor.state else own
        for factor, own in zip(model.factors, choices(model, allowed(model, PHASE)), strict=True)
    ]
    free = [f for f, own in enumerate(may) if len(own) > 1]
    rows = []
    for row in array([len(may[f]) for f in free], 2):
        levels = [own[0] for own in may]
        for f, level in zip(free, row, strict=True):
            levels[f] = may[f][level]
        rows.append(tuple(levels))
    return tuple(sorted(rows, key=lambda levels: -cost(model, kit, Trial(levels)).minutes))


def scheduled(model: Model, kit: str, seed: int) -> Following:
    """The scheduler by its own prior; what was proposed showed nothing, or it would not be asked again."""
    scheduler, last = Scheduler(model, kit, seed), list[Trial]()

    def following(state: State, left: Cost) -> Trial | None:
        for one in last:
            scheduler.tell(one)
        last.clear()
        proposal = scheduler.propose(state, left)
        if proposal is None:
            return None
        last.append(proposal.trial)
        return proposal.trial

    return following


PLANS = {"regulation": regulation, "random": at_random, "pairwise": pairwise, "scheduler": scheduled}
