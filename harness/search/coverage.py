"""What a search has tried, and what it has not: combinations of levels, the model's functions by class, what no such search reaches.

Every share is one of the plan under the model: of so many functions drawn from it these runs would have shown so many.  It is never a
probability about the instrument (field_rules.md section 7).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from fixtures.language import mark
from harness.search.cost import Trial, allowed, choices
from harness.search.model import Model
from harness.search.population import Population, hits

# what a black box cannot show, and what speaks to it instead (statistics.md 3e, last paragraph; scales.md 4A and 4B)
CODE, DATE, KEYS = (
    mark("a secret radio code that nobody has"),
    mark("a date in the future"),
    mark("a key sequence longer than was tried"),
)
COUNTERS = mark("the event counter, the checksum of the program, and the contrast of states before and after power")
BEYOND = (
    (CODE, mark("taps before and behind a re-timing device show that it is there, also while it adds nothing")),
    (DATE, mark("the image of the program, and taps that show a device that regenerates pulses")),
    (KEYS, COUNTERS),
)  # fmt: skip
AT_SCALES = (
    (CODE, mark("the shell opened by who is entitled: a receiver, wires or a supply that the approved type does not have")),
    (DATE, mark("the image of the program, and its checksum beside the registered one")),
    (KEYS, COUNTERS),
)  # fmt: skip


def beyond(family: str) -> tuple[tuple[str, str], ...]:
    """What no search at an instrument of this family reaches, each with what speaks to it."""
    return AT_SCALES if family.endswith("scale") else BEYOND


@dataclass(frozen=True)
class Coverage:
    """`pairs` and `triples`: (tried, that there are) of combinations of levels of two and three factors that may be chosen; `grid` the pairs
    by the names of their factors.  `shown`: class of functions -> (share these runs would have shown, of how many drawn)."""

    runs: int
    pairs: tuple[int, int]
    triples: tuple[int, int]
    shown: tuple[tuple[str, float, int], ...]
    grid: tuple[tuple[str, str, int, int], ...] = ()


def by_factors(model: Model, trials: Sequence[Trial], t: int, phase: str) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """For each t factors: (the factors, how many combinations of their levels were tried, how many runs of `phase` may have)."""
    may = choices(model, allowed(model, phase))
    for own in combinations(range(len(may)), t):
        made = {tuple(trial.levels[f] for f in own) for trial in trials}
        tried = sum(all(level in may[f] for f, level in zip(own, levels, strict=True)) for levels in made)
        yield own, tried, math.prod(len(may[f]) for f in own)


def combined(model: Model, trials: Sequence[Trial], t: int, phase: str) -> tuple[int, int]:
    """(tried, that there are) of the combinations of t levels that runs of `phase` may have."""
    told = list(by_factors(model, trials, t, phase))
    return sum(tried for _, tried, _ in told), sum(there for _, _, there in told)


def coverage(population: Population, trials: Sequence[Trial], kit: str, phase: str) -> Coverage:
    """Of runs that showed nothing."""
    model = population.model
    seen, shows = np.zeros(len(population), dtype=bool), population.shows(kit)
    for trial in trials:
        seen |= hits(shows, trial.levels)
    classes: list[tuple[str, Any]] = [("all", np.ones(len(population), dtype=bool)), ("evading", population.evades)]
    classes += [(str(k), np.isin(population.order, [k])) for k in sorted(set(population.order.tolist()))]
    classes += [
        (factor.name, ~permits.all(axis=1)) for factor, permits in zip(model.factors, population.permits, strict=True)
    ]
    shown = tuple((name, float(seen[own].mean()), int(own.sum())) for name, own in classes if own.any())
    names = [factor.name for factor in model.factors]
    grid = tuple((names[a], names[b], tried, there) for (a, b), tried, there in by_factors(model, trials, 2, phase))
    return Coverage(len(trials), combined(model, trials, 2, phase), combined(model, trials, 3, phase), shown, grid)
