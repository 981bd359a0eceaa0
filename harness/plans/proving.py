"""What a search has seen so far, and from it the runs that a confirmation would be likeliest to prove it by (harness/search/confirming.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.search.confirming import SURE, TELLS, Candidate, Seen, best, candidates, reach, telling
from harness.search.cost import State, Trial, completed, cost
from harness.search.model import Model
from harness.search.population import Population, flattened
from harness.search.remaining import Remaining

CONFIRM_MIN = 10.0  # of a confirmation: so much longer one instrument is held for it
DRAWN = 12_000  # functions of the model that what was seen is held against
LEAST = 0.1  # a confirmation that is no likelier than this to prove anything is not proposed


@dataclass
class History:
    """Runs of a search by their label, how far each was off (relative), which showed it, and from where on it acted where a run told that."""

    trials: dict[str, Trial] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    showed: set[str] = field(default_factory=set)
    onsets: dict[str, float] = field(default_factory=dict)
    suspected: bool | None = None  # what was judged raised a suspicion; None before the first judgement
    usual: float = 0.0  # error, relative, that came again and raised no suspicion; 0 where none did

    def judged(self, outcome: Mapping[str, object]) -> None:
        """What a `Judge` step was answered with."""
        errors, onsets, shown = outcome.get("errors"), outcome.get("onsets"), outcome.get("shown")
        self.errors = {str(k): float(v) for k, v in errors.items()} if isinstance(errors, Mapping) else {}
        self.onsets = {str(k): float(v) for k, v in onsets.items()} if isinstance(onsets, Mapping) else {}
        self.showed = {str(one) for one in shown} if isinstance(shown, list | tuple) else set()
        self.suspected = outcome.get("integrity", "suspect") in ("suspect", "proven")

    def came_again(self, label: str) -> None:
        """What run `label` showed came again and raised no suspicion."""
        self.usual = max(self.usual, abs(self.errors.get(label, 0.0)))

    def nothing_new(self, label: str) -> bool:
        """Whether run `label`, which raised no suspicion either, is off no further than what came again already."""
        return self.usual > 0 and not self.suspected and 0 < abs(self.errors.get(label, 0.0)) < self.usual + TELLS

    def seen(self, model: Model, refused: frozenset[tuple[int, int]]) -> Seen:
        at = model.index(model.quantity)
        asked = {label: model.quantities[trial.levels[at]] for label, trial in self.trials.items()}
        told = [asked[label] for label in self.onsets if label in asked]
        untold = [asked[label] for label in self.showed - set(self.onsets) if label in asked]
        least = min(told, default=0.0)
        as_much = [label for label in self.showed if told and asked.get(label, 0.0) >= least]
        of = (sum(label in self.onsets for label in as_much), len(as_much))
        runs = tuple((trial, label in self.showed) for label, trial in self.trials.items())
        return Seen(runs, least, max(untold, default=0.0), of, refused)

    def remaining(self, drawn: Population) -> Remaining:
        """Functions of `drawn` that the runs leave."""
        left = Remaining.of(drawn)
        for label, trial in self.trials.items():
            left = left.told(trial, self.errors.get(label, 0.0), self.onsets.get(label))
        return left.likeliest()


def against(model: Model, seed: int) -> Population:
    """The functions that a hit is held against; the same for the same seed."""
    return flattened(model, DRAWN, np.random.default_rng([seed, 9]))


def likeliest_again(
    history: History, drawn: Population, kit: str, state: State, options: Sequence[tuple[str, Trial]], minutes: float
) -> tuple[str, Trial]:
    """Of the named runs that would make a hit again, the one likeliest to for each minute it takes; of those that fit into what is left of so many
    `minutes` a likelier one that would not fit behind it."""
    left, found = history.remaining(drawn), list[tuple[float, float, tuple[str, Trial]]]()
    for option in options:
        trial = completed(drawn.model, state, option[1].levels, option[1].cycle)
        share, _ = left.acts(trial)
        shows = np.abs(left.gain * share) > TELLS
        found.append((float(left.weight[shows].sum()), cost(drawn.model, kit, trial).minutes, option))
    likely, spent, first = max(found, key=lambda one: one[0] / one[1])
    last = [one for one in found if one[0] > likely and one[1] <= minutes < one[1] + spent]
    return max(last, key=lambda one: one[0])[2] if last else first


def next_run(
    history: History,
    drawn: Population,
    kit: str,
    state: State,
    refused: frozenset[tuple[int, int]],
    *,
    minutes: float = CONFIRM_MIN,
    further: float = math.inf,
) -> tuple[Trial | None, Candidate | None]:
    """The run that tells most about which confirmation of so many `minutes` would prove it, None where one is likely enough or no run tells
    more; and the likeliest confirmation as it stands.  `further`: minutes that such runs and the confirmation may take together."""
    model = drawn.model
    left, seen = history.remaining(drawn), history.seen(model, refused)
    weighed = candidates(left, kit, state, seen, minutes, reach(1))
    now = best(left, weighed)
    if now is not None and now.share >= SURE:
        return None, now
    more = telling(left, kit, state, seen, weighed, further)
    return more, now if now is not None and now.share >= LEAST else None
