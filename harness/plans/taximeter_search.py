"""A taximeter whose trigger is searched for: every scheduled test of the raid or bench plan first, then trips chosen one by one.

A run works the controls in a watch of its own with the handbrake on, presses the remote at standstill, and drives; the meter is read at
every stop, and nobody who drives answers a prompt.  What the bench cannot do is told to the search, and stands in its coverage as not tried: speeds
that no car may drive, where wheels make the pulses; controls, where there is no car; and driving vacant.
"""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from functools import partial

from fixtures.language import mark
from harness.plans import acceptance, taximeter_bench, taximeter_raid
from harness.plans.ability import Ability
from harness.plans.taximeter_raid import AFTER_S, taxi_of
from harness.plans.trigger_search import Family, Run, search
from harness.search.cost import State
from harness.search.fits import Runs, check, wrong
from harness.search.model import Model
from harness.search.parser import built_in
from harness.step import WATCH, Drive, Hire, Outcome, Plan, PowerCycle, Press, Read, Stand, Step, Vacate, Wait, Work

FAMILY = "taximeter"
OFF_S = 30
DARK_MIN, DARK_RUNS = 8.0, 3  # minutes of the scheduled runs behind the power cut [D], and how many
LEGS = 4  # of a trip, read at the end of each: a law of single readings needs three that break it
STOP_S = 120
SURVEYED_M, SURVEYED_KM_H = 2000, Decimal(60)  # there and back along the stretch, no faster than it allows
ROAD_KM_H = Decimal(100)  # what a car may drive anywhere
PASSES = {"none": 0, "each once": 1, "each twice": 2}
RUNS = Runs(
    FAMILY,
    needed=frozenset({"distance", "speed", "control", "remote"}),
    may=frozenset({"stop", "before", "clock", "power", "ordinal"}),
    quantity="distance",
    rate="speed",
    levels={
        "control": frozenset(PASSES), "remote": frozenset({"not pressed", "pressed"}), "stop": frozenset({"no", "yes"}),
    },
)  # fmt: skip
BEYOND = (("before", "driven vacant"), ("clock", "night"))


def raid(can: Ability, model: Model | None = None) -> Plan:
    yield from taximeter_raid.steps(can, partial(_searched, model, "E"))


def bench(can: Ability, model: Model | None = None) -> Plan:
    yield from taximeter_bench.steps(can, partial(_searched, model, "bench"))


def annex(can: Ability, model: Model | None = None) -> Plan:
    """The tests of an edition first: what a hidden function could still do when they are over."""
    yield from acceptance.steps(can, lambda it, dark: _searched(model, "bench", it, False, dark))


def check_fits(model: Model, where: str) -> None:
    """ModelError where a run of `model` asks for something that no run here does."""
    check(model, RUNS, where)
    for level in model.factor("speed").levels:
        if not level.replace(".", "", 1).isdigit():
            raise wrong(where, "speeds in km/h", level)


def _searched(model: Model | None, phase: str, can: Ability, remote: bool, dark: bool) -> Plan:
    """`phase`: behind the power cut; `remote`: one was seized; `dark`: power was cut, so it may be cut again."""
    model = model or built_in(FAMILY)
    own = Family(model, _run, _beyond(can, model, remote))
    state = State(phase, DARK_MIN, DARK_RUNS) if dark else State("D")
    yield from search(can, own, _kit(can), state)


def _beyond(can: Ability, model: Model, remote: bool) -> tuple[tuple[str, str], ...]:
    taxi = taxi_of(can)
    found = list(BEYOND)
    most = taxi.most_km_h if taxi.fed else min(taxi.most_km_h, ROAD_KM_H)
    found += [("speed", level) for level in model.factor("speed").levels if Decimal(level) > most]
    if taxi.fed or not taxi.controls:  # before a pulse source there is no car
        found += [("control", level) for level in model.factor("control").levels[1:]]
    if not remote:
        found.append(("remote", "pressed"))
    return tuple(one for one in found if any(one[0] == factor.name and one[1] in factor.levels for factor in model.factors))  # fmt: skip


def _kit(can: Ability) -> str:
    """Whose costs these are."""
    if taxi_of(can).fed:
        return "K3"
    return "K2" if {"sensor", "input"} <= can.stations else "K1" if "input" in can.stations else "K0"


def _run(can: Ability, run: Run) -> Generator[Step, Outcome, None]:
    """What is worked, then one trip."""
    if run.cycle:
        yield PowerCycle(OFF_S)
    if passes := PASSES[run.levels["control"]]:
        label = f"{run.label}{WATCH}"
        yield Stand(label, hired=True)
        yield Read("meter", label)
        for control in taxi_of(can).controls * passes:
            yield Work(control)
            yield Wait(AFTER_S, mark("the car stands, nobody touches anything"))
        yield Read("meter", label)
        yield Vacate(label)
    yield Hire(run.label)
    yield Read("meter", run.label)
    if run.levels["remote"] == "pressed":
        yield Press("remote")
    yield from _driven(can, run)
    yield Vacate(run.label)
    if "record" in can.stations and not taxi_of(can).fed:
        yield Read("receipt", run.label)


def _driven(can: Ability, run: Run) -> Generator[Step, Outcome, None]:
    """In legs with a reading after each: along the surveyed stretch where the trip is that of a verification, else on the road."""
    taxi, speed = taxi_of(can), Decimal(run.levels["speed"])
    metres = (Decimal(run.asked) * 1000).quantize(Decimal(1))
    surveyed = not taxi.fed and metres <= SURVEYED_M and speed <= SURVEYED_KM_H and not metres % taxi.stretch_m
    legs = int(metres / taxi.stretch_m) if surveyed else LEGS
    done = Decimal(0)
    for number in range(1, legs + 1):
        upto = (metres * number / legs).quantize(Decimal(1))
        yield Drive(run.label, upto - done, speed, "steady", surveyed=surveyed)
        if number == 1 and run.levels.get("stop") == "yes":
            yield Wait(STOP_S, mark("the car stands on the way, the meter hired"))
        yield Read("meter", run.label)
        done = upto
