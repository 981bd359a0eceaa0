"""Decisions that were made before a run begins: they stand in the first line of its journal, and nobody is asked for them again.

The budget of a search is one: who knows it beforehand can neither lengthen nor shorten it by what he has seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from harness.exits import UsageError
from harness.plans import PLANS, PlanSpec
from harness.plans.ability import Ability
from harness.plans.trigger_search import LITRES_KEY, MINUTES_KEY
from harness.step import Choose, Plan

HEADER = "decided"  # key of the first line of the journal
BUDGET = re.compile(r"([0-9]{1,3}) ?(?:min)?")
FUEL = re.compile(r"([0-9]{1,4})(?: ?[lL])?")
SEARCHING = {"dispenser-raid": "dispenser-search", "dispenser-bench": "dispenser-search-bench"}


def with_decisions(plan: PlanSpec, decided: Mapping[str, str]) -> PlanSpec:
    """`plan` without the questions that are `decided`, by their keys; itself where nothing is."""
    if not decided:
        return plan
    return replace(plan, steps=lambda can: _answered(plan, can, decided))


def _answered(plan: PlanSpec, can: Ability, decided: Mapping[str, str]) -> Plan:
    steps = plan.steps(can)
    try:
        step = next(steps)
        while True:
            known = isinstance(step, Choose) and step.key in decided
            step = steps.send({"value": decided[step.key]} if known else (yield step))  # type: ignore[union-attr]
    except StopIteration:
        return


def search_budget(budget: str, fuel: str) -> dict[str, str]:
    """What `--budget 30min --fuel 120L` decide: minutes of a search, and litres where they are limited.  UsageError for anything else."""
    if not budget and not fuel:
        return {}
    if not budget:
        raise UsageError("expected --fuel with --budget: a search has minutes before it has litres")
    minutes, litres = BUDGET.fullmatch(budget.strip()), FUEL.fullmatch(fuel.strip() or "0")
    if minutes is None or not 0 < int(minutes[1]) <= 480:
        raise UsageError(f"expected --budget as 30min, from 1 to 480, got {budget!r}")
    if litres is None or (fuel and not Decimal(litres[1])):
        raise UsageError(f"expected --fuel as 120L, from 1 to 9999, got {fuel!r}")
    return {MINUTES_KEY: str(int(minutes[1])), LITRES_KEY: str(int(litres[1])) if fuel else "none"}


def searching(plan: str) -> str:
    """The plan of that name with a search behind its tests.  UsageError where there is none."""
    found = SEARCHING.get(plan, plan)
    if found not in SEARCHING.values():
        known = ", ".join(SEARCHING.values())
        raise UsageError(f"expected --budget with a plan that searches ({known}), got {plan!r}")
    assert found in PLANS
    return found
