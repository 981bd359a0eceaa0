"""Procedures as generators of steps, one module per family and occasion, and what each needs of a bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fixtures.language import mark
from harness.plans import (
    acceptance,
    clean_up,
    dispenser_bench,
    dispenser_raid,
    dispenser_search,
    gas_raid,
    price_scale_bench,
    price_scale_raid,
    price_scale_search,
    site_survey,
    taximeter_bench,
    taximeter_raid,
    taximeter_ride,
    taximeter_search,
    truck_scale_bench,
    truck_scale_raid,
    truck_scale_search,
)
from harness.plans.ability import Ability
from harness.search.model import Model
from harness.step import Plan


@dataclass(frozen=True)
class PlanSpec:
    """A named procedure: the stations it cannot do without, the generator that makes its steps, and the one that cleans up
    where the run ends before its plan."""

    name: str
    family: str
    needs: frozenset[str]
    steps: Callable[[Ability], Plan]
    summary: str
    site: bool = False  # for several instruments of one site
    clauses: bool = False  # does the tests of the edition, clause by clause
    clean_up: Callable[[Ability], Plan] = clean_up.steps
    searching: Callable[[Ability, Model], Plan] | None = None  # the same with a trigger model of one's own


PLANS = {
    spec.name: spec
    for spec in (
        PlanSpec(
            "dispenser-raid", "dispenser", frozenset({"reference", "display"}), dispenser_raid.steps,
            mark("a fuel dispenser at the station, phases A to E: covert purchases first, power cycle last"),
        ),
        PlanSpec(
            "dispenser-bench", "dispenser", frozenset({"reference", "encoder", "board", "register", "display"}), dispenser_bench.steps,
            mark("a fuel dispenser in the laboratory, every link of the chain tapped from the start"),
        ),
        PlanSpec(
            "dispenser-search", "dispenser", frozenset({"reference", "display"}), dispenser_search.raid,
            mark("the raid on a fuel dispenser, and after its tests a search for what switches a function on, run by run"),
            searching=dispenser_search.raid,
        ),
        PlanSpec(
            "dispenser-search-bench", "dispenser", frozenset({"reference", "encoder", "board", "register", "display"}), dispenser_search.bench,
            mark("the laboratory plan of a fuel dispenser, and after its tests a search for what switches a function on"),
            searching=dispenser_search.bench,
        ),
        PlanSpec(
            "gas-raid", "gas-dispenser", frozenset({"reference", "display"}), gas_raid.steps,
            mark("a CNG, LNG or LPG dispenser at the station: connections by its staff, parameters read and never changed"),
        ),
        PlanSpec(
            "price-scale-raid", "price-scale", frozenset({"load", "display"}), price_scale_raid.steps,
            mark("a price-computing scale in use, phases A to E: the trader's own weighing first, keys after odd loads, power cycle last"),
            clean_up=price_scale_raid.clean_up,
        ),
        PlanSpec(
            "price-scale-bench", "price-scale", frozenset({"load", "display", "weight"}), price_scale_bench.steps,
            mark("a price-computing scale in the laboratory: every ordered pair of keys with the load lying still"),
            clean_up=price_scale_raid.clean_up,
        ),
        PlanSpec(
            "price-scale-search", "price-scale", frozenset({"load", "display"}), price_scale_search.raid,
            mark("the raid on a price-computing scale, and after its tests a search for what switches a function on, load by load"),
            clean_up=price_scale_raid.clean_up, searching=price_scale_search.raid,
        ),
        PlanSpec(
            "price-scale-search-bench", "price-scale", frozenset({"load", "display", "weight"}), price_scale_search.bench,
            mark("the laboratory plan of a price-computing scale, and after its tests a search for what switches a function on"),
            clean_up=price_scale_raid.clean_up, searching=price_scale_search.bench,
        ),
        PlanSpec(
            "truck-scale-raid", "truck-scale", frozenset({"load", "display"}), truck_scale_raid.steps,
            mark("a truck scale in use, phases A to E: a known vehicle unannounced, then watched, on three positions, ticket and record"),
            clean_up=price_scale_raid.clean_up,
        ),
        PlanSpec(
            "truck-scale-bench", "truck-scale", frozenset({"load", "display", "weight"}), truck_scale_bench.steps,
            mark("a truck scale with its line heard and the seized remote pressed over standing loads"),
            clean_up=price_scale_raid.clean_up,
        ),
        PlanSpec(
            "truck-scale-search", "truck-scale", frozenset({"load", "display"}), truck_scale_search.raid,
            mark("the raid on a truck scale, and after its tests a search for what switches a function on, vehicle by vehicle"),
            clean_up=price_scale_raid.clean_up, searching=truck_scale_search.raid,
        ),
        PlanSpec(
            "truck-scale-search-bench", "truck-scale", frozenset({"load", "display", "weight"}), truck_scale_search.bench,
            mark("the examination of a truck scale at leisure, and after its tests a search for what switches a function on"),
            clean_up=price_scale_raid.clean_up, searching=truck_scale_search.bench,
        ),
        PlanSpec(
            "taximeter-ride", "taximeter", frozenset({"fare"}), taximeter_ride.steps,
            mark("a passenger's rides with fare readings, receiver log and receipt: covert, before any raid"),
            clean_up=taximeter_raid.clean_up,
        ),
        PlanSpec(
            "taximeter-raid", "taximeter", frozenset({"fare"}), taximeter_raid.steps,
            mark("a taxi in service, phases B to E: watched at standstill, every control worked, the surveyed stretch, power cycle last"),
            clean_up=taximeter_raid.clean_up,
        ),
        PlanSpec(
            "taximeter-bench", "taximeter", frozenset({"fare", "input"}), taximeter_bench.steps,
            mark("a taximeter before a pulse source: speeds from 3 to 200 km/h, ramps, a trip past every tier"),
            clean_up=taximeter_raid.clean_up,
        ),
        PlanSpec(
            "taximeter-search", "taximeter", frozenset({"fare"}), taximeter_search.raid,
            mark("the raid on a taxi, and after its tests a search for what switches a function on, trip by trip"),
            clean_up=taximeter_raid.clean_up, searching=taximeter_search.raid,
        ),
        PlanSpec(
            "taximeter-search-bench", "taximeter", frozenset({"fare", "input"}), taximeter_search.bench,
            mark("the laboratory plan of a taximeter, and after its tests a search for what switches a function on"),
            clean_up=taximeter_raid.clean_up, searching=taximeter_search.bench,
        ),
        *(
            PlanSpec(
                f"{family}-acceptance", family, needs, acceptance.steps,
                mark("the tests of the acceptance edition that the bench names, clause by clause, with uncertainty"),
                clauses=True, clean_up=last,
            )
            for family, needs, last in (
                ("dispenser", frozenset({"reference", "display"}), clean_up.steps),
                ("gas-dispenser", frozenset({"reference", "display"}), clean_up.steps),
                ("price-scale", frozenset({"load", "display"}), price_scale_raid.clean_up),
                ("taximeter", frozenset({"fare", "distance"}), taximeter_raid.clean_up),
            )
        ),
        *(
            PlanSpec(
                f"{family}-acceptance-search", family, needs, annex,
                mark("the tests of the acceptance edition, and after them a search for what a hidden function could still do"),
                clauses=True, clean_up=last, searching=annex,
            )
            for family, needs, last, annex in (
                ("dispenser", frozenset({"reference", "display"}), clean_up.steps, dispenser_search.annex),
                ("price-scale", frozenset({"load", "display"}), price_scale_raid.clean_up, price_scale_search.annex),
                ("taximeter", frozenset({"fare", "distance"}), taximeter_raid.clean_up, taximeter_search.annex),
            )
        ),
        PlanSpec(
            "site-survey", "dispenser", frozenset({"reference", "display"}), site_survey.steps,
            mark("the dispensers of a station: complaint-named and drawn ones in minutes each, then the raid on the chosen"),
            site=True,
        ),
    )
}  # fmt: skip
