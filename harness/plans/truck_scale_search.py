"""A truck scale whose trigger is searched for: every scheduled test of the raid or bench plan first, then weighings chosen one by one.

A run is one vehicle: the deck empty and read, the zero key, the vehicle on and read at rest; then, while it stands, the seized remote with a
reading after it and another when nobody sends any more, or minutes of nobody doing anything and a reading behind them.  What the bench cannot do is told
to the search, and stands in its coverage as not tried.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from fixtures.language import mark
from harness.plans import truck_scale_bench, truck_scale_raid
from harness.plans.ability import Ability
from harness.plans.price_scale_raid import scale_of
from harness.plans.scale_search import beyond, emptied, kit_of, lacks
from harness.plans.trigger_search import Family, Run, search
from harness.plans.truck_scale_bench import STAYS_S
from harness.plans.weighings import read, weigh
from harness.search.cost import State
from harness.search.fits import Runs, check
from harness.search.model import Model
from harness.search.parser import built_in
from harness.step import Outcome, Plan, Press, Step, Wait

FAMILY = "truck-scale"
DARK_MIN, DARK_RUNS = 15.0, 4  # minutes and vehicles of the scheduled tests behind the power cut [D]
STANDS_S = 180
RUNS = Runs(
    FAMILY,
    needed=frozenset({"load", "remote", "stands", "position", "zero"}),
    may=frozenset({"power", "ordinal", "clock"}),
    quantity="load",
    rate="",
    levels={
        "remote": frozenset({"not pressed", "pressed"}), "stands": frozenset({"at once", "after 3 min"}),
        "position": frozenset(truck_scale_raid.POSITIONS), "zero": frozenset({"not pressed", "pressed"}), "clock": frozenset({"day", "night"}),
    },
    first={"remote": "not pressed", "stands": "at once", "zero": "not pressed"},
    whole=True,
)  # fmt: skip


def raid(can: Ability, model: Model | None = None) -> Plan:
    yield from truck_scale_raid.steps(can, partial(_searched, model))


def bench(can: Ability, model: Model | None = None) -> Plan:
    yield from truck_scale_bench.steps(can, partial(_searched, model))


def check_fits(model: Model, where: str) -> None:
    """ModelError where a run of `model` asks for something that no run here does."""
    check(model, RUNS, where)


def _searched(model: Model | None, can: Ability, dark: bool) -> Plan:
    """`dark`: power was cut, so it may be cut again."""
    model, scale = model or built_in(FAMILY), scale_of(can)
    state = State("E", DARK_MIN, DARK_RUNS) if dark else State("D")
    yield from search(can, Family(model, _run, beyond(model, scale, lacks)), kit_of(scale), state)


def _run(can: Ability, run: Run) -> Generator[Step, Outcome, None]:
    """One vehicle."""
    levels = run.levels
    yield from emptied(can, run)
    yield from weigh(can, run.label, scale_of(can).load(run.asked), levels["position"])
    if levels["remote"] == "pressed":
        yield Press("remote")
        yield from read(can, run.label)
        yield Wait(STAYS_S, mark("the load stands, nobody touches anything, nobody sends"))
        yield from read(can, run.label)
    if levels["stands"] != "at once":
        yield Wait(STANDS_S, mark("the vehicle stands, nobody touches anything"))
        yield from read(can, run.label)
