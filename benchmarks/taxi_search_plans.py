"""Plans of a search at a taximeter: the trips of a verification, settings drawn, a covering array, the scheduler."""

from __future__ import annotations

from benchmarks.search_cases import Following, at_random, pairwise, scheduled
from harness.search.cost import Cost, State, Trial, completed
from harness.search.model import Model


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


PLANS = {"regulation": regulation, "random": at_random, "pairwise": pairwise, "scheduler": scheduled}
