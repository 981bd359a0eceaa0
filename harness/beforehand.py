"""Decisions that were made before a run begins: they stand in the first line of its journal, and nobody is asked for them again.

The budget of a search is one: who knows it beforehand can neither lengthen nor shorten it by what he has seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from fixtures.textfile import UTF8_BYTES, read_text
from harness.exits import UsageError
from harness.plans import PlanSpec, dispenser_search, price_scale_search, taximeter_search, truck_scale_search
from harness.plans.trigger_search import LITRES_KEY, MINUTES_KEY
from harness.search.model import Model, ModelError
from harness.search.parser import MAX_CHARS, parse
from harness.step import Choose, Plan

MODEL_KEY = "search_model"
FLOWS = "dispenser"  # where a search is also limited in litres
OF_RUN = "the trigger model of this run"
HEADER = "decided"  # key of the first line of the journal
BUDGET = re.compile(r"([0-9]{1,3}) ?(?:min)?")
FUEL = re.compile(r"([0-9]{1,4})(?: ?[lL])?")
SEARCHING = {
    "dispenser-raid": "dispenser-search", "dispenser-bench": "dispenser-search-bench",
    "taximeter-raid": "taximeter-search", "taximeter-bench": "taximeter-search-bench",
    "price-scale-raid": "price-scale-search", "price-scale-bench": "price-scale-search-bench",
    **{f"{family}-acceptance": f"{family}-acceptance-search" for family in ("dispenser", "price-scale", "taximeter")},
    "truck-scale-raid": "truck-scale-search", "truck-scale-bench": "truck-scale-search-bench",
}  # fmt: skip
FITS = {
    "dispenser": dispenser_search.check_fits, "price-scale": price_scale_search.check_fits, "taximeter": taximeter_search.check_fits,
    "truck-scale": truck_scale_search.check_fits,
}  # fmt: skip
WET = "dispenser"  # the family whose search delivers anything


def with_decisions(plan: PlanSpec, decided: Mapping[str, str]) -> PlanSpec:
    """`plan` without the questions that are `decided`, by their keys; itself where nothing is.  UsageError for litres where nothing
    flows; ModelError for the trigger model of another family."""
    if not decided:
        return plan
    searching = plan.searching
    if searching is not None and plan.family != FLOWS and decided.get(LITRES_KEY, "none") != "none":
        raise UsageError(f"expected --fuel with a search at a {FLOWS}, got one at a {plan.family}")
    if MODEL_KEY not in decided or searching is None:
        return replace(plan, steps=lambda can: _answered(plan.steps(can), decided))
    model = parse(decided[MODEL_KEY], OF_RUN)
    FITS[plan.family](model, OF_RUN)
    return replace(plan, steps=lambda can: _answered(searching(can, model), decided))


def _answered(steps: Plan, decided: Mapping[str, str]) -> Plan:
    try:
        step = next(steps)
        while True:
            known = isinstance(step, Choose) and step.key in decided
            step = steps.send({"value": decided[step.key]} if known else (yield step))  # type: ignore[union-attr]
    except StopIteration:
        return


def search_budget(budget: str, fuel: str, model: Path | None = None) -> dict[str, str]:
    """What `--budget 30min --fuel 120L --model FILE` decide: minutes of a search, litres where they are limited, and the text of a
    laboratory's own trigger model.  UsageError for anything else; ModelError for a file that is no model of a family that is searched."""
    if not budget and not fuel and model is None:
        return {}
    if not budget:
        raise UsageError(
            "expected --fuel and --model with --budget: a search has minutes before it has litres or a model"
        )
    minutes, litres = BUDGET.fullmatch(budget.strip()), FUEL.fullmatch(fuel.strip() or "0")
    if minutes is None or not 0 < int(minutes[1]) <= 480:
        raise UsageError(f"expected --budget as 30min, from 1 to 480, got {budget!r}")
    if litres is None or (fuel and not Decimal(litres[1])):
        raise UsageError(f"expected --fuel as 120L, from 1 to 9999, got {fuel!r}")
    own = {} if model is None else {MODEL_KEY: _model_text(model)}
    return {MINUTES_KEY: str(int(minutes[1])), LITRES_KEY: str(int(litres[1])) if fuel else "none", **own}


def _model_text(path: Path) -> str:
    text = read_text(path, "a trigger model", UTF8_BYTES * MAX_CHARS, ModelError)
    _check_fits(parse(text, path.name), path.name)
    return text


def _check_fits(model: Model, where: str) -> None:
    if model.family not in FITS:
        raise ModelError(
            f"{where}: expected a trigger model of one of the families {', '.join(FITS)}, got {model.family}"
        )
    FITS[model.family](model, where)


def searching(plan: str, decided: Mapping[str, str] | None = None) -> str:
    """The plan of that name with a search behind its tests.  UsageError where there is none, or where litres are limited of what
    delivers none."""
    found = SEARCHING.get(plan, plan)
    if found not in SEARCHING.values():
        known = ", ".join(SEARCHING.values())
        raise UsageError(f"expected --budget with a plan that searches ({known}), got {plan!r}")
    if (decided or {}).get(LITRES_KEY, "none") != "none" and not found.startswith(WET):
        raise UsageError(f"expected --fuel with a fuel dispenser, got {plan!r}: nothing is delivered there")
    return found
