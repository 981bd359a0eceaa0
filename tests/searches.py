"""A plan with a search carried out without a bench: for tests of what it asks for, what of it is worked and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.benches import find
from harness.enact import ability
from harness.plans import PLANS
from harness.plans.ability import Ability
from harness.step import SEARCH, Choose, Draw, Purpose, Step

LOTS = "0123456789abcdef" * 2  # the seed that is drawn
Told = Callable[[Step, bool], Mapping[str, Any] | None]


def bench_of(plan: str, kit: str) -> Ability:
    """What the built-in bench of that kit can do, before an instrument of the family that `plan` searches at."""
    return ability(find(f"{plan.partition('-search')[0]}-{kit.lower()}"))


def carried_out(plan: str, kit: str, answers: Mapping[str, str], told: Told) -> list[Step]:
    """The steps of `plan` whose choices are answered by `answers`, by how their keys begin; any other step by `told(step, searched)`, with
    `searched` from the first step of the search on."""
    made: list[Step] = []
    steps = PLANS[plan].steps(bench_of(plan, kit))
    step, searched = next(steps), False
    try:
        while True:
            made.append(step)
            outcome: Mapping[str, Any] | None
            match step:
                case Choose(key=key):
                    wanted = next((value for of, value in answers.items() if key.startswith(of)), None)
                    outcome = None if wanted is None else {"value": wanted}
                case Draw():
                    outcome = {"seed": LOTS}
                case _:
                    searched = searched or step == Purpose(SEARCH)
                    outcome = told(step, searched)
            step = steps.send(outcome or {})
    except StopIteration:
        return made


def behind(steps: list[Step]) -> list[Step]:
    """Of the steps those of the search."""
    return steps[steps.index(Purpose(SEARCH)) :]
