"""A fuel dispenser whose trigger is searched for: every scheduled test of the raid or bench plan first, then runs chosen one by one.

What the bench cannot do is told to the search, and stands in its coverage as not tried: a flow between full and slow, and a nozzle shut inside a
sale or a sale without preset where an instrument authorises it.
"""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from functools import partial

from harness.plans import acceptance, dispenser_bench, dispenser_raid
from harness.plans.ability import Ability
from harness.plans.extension import repeat
from harness.plans.repeated import Repeated
from harness.plans.trigger_search import Family, Run, search
from harness.plans.worked import plain, writes
from harness.search.cost import State
from harness.search.fits import Runs, check, wrong
from harness.search.model import Model
from harness.search.parser import built_in
from harness.step import Outcome, Plan, Step

DARK_MIN = 8.0  # minutes of the scheduled runs behind the power cut [D]
DARK_RUNS = 3  # of them
FAMILY = "dispenser"
RUNS = Runs(
    FAMILY,
    needed=frozenset({"volume", "flow", "preset", "keys", "remote"}),
    may=frozenset({"price", "power", "pause", "clock", "ordinal"}),
    quantity="volume",
    rate="flow",
    levels={
        "preset": frozenset({"volume", "amount", "none"}), "flow": frozenset({"full", "middle", "slow"}),
        "remote": frozenset({"not pressed", "pressed"}),
    },
    first={"keys": "none"},
)  # fmt: skip
BEYOND = (("flow", "middle"), ("pause", "yes"), ("preset", "none"))


def raid(can: Ability, model: Model | None = None) -> Plan:
    yield from dispenser_raid.steps(can, partial(_searched, model))


def bench(can: Ability, model: Model | None = None) -> Plan:
    yield from dispenser_bench.steps(can, partial(_searched, model))


def annex(can: Ability, model: Model | None = None) -> Plan:
    """The tests of an edition first: what a hidden function could still do when they are over."""
    yield from acceptance.steps(can, partial(_searched, model))


def check_fits(model: Model, where: str) -> None:
    """ModelError where a run of `model` asks for something that no run here does."""
    check(model, RUNS, where)
    if writing := [key for key in model.factor("keys").levels[1:] if not plain(key) or writes(key)]:
        raise wrong(where, "keys that write nothing and switch no power", ", ".join(writing))


def _searched(model: Model | None, can: Ability, dark: bool) -> Plan:
    """`dark`: power was cut, so it may be cut again."""
    model = model or built_in(FAMILY)
    own = Family(model, _run, tuple(one for one in _beyond(can) if one[1] in _levels(model, one[0])), _again)
    state = State("E", DARK_MIN, DARK_RUNS) if dark else State("D")
    yield from search(can, own, _kit(can), state)


def _beyond(can: Ability) -> tuple[tuple[str, str], ...]:
    found = list(BEYOND)
    if can.price <= 0:
        found.append(("preset", "amount"))
    found += [("price", "other"), ("clock", "night")]
    return tuple(found)


def _levels(model: Model, name: str) -> tuple[str, ...]:
    """Of one factor; none where the model does not have it."""
    return next((factor.levels for factor in model.factors if factor.name == name), ())


def _kit(can: Ability) -> str:
    """Whose costs these are: a reference that follows any delivery, else fills."""
    taps = {"encoder", "board"} & can.stations
    return "K3" if taps else "K2" if can.whole else "K1" if "register" in can.stations else "K0"


def _run(can: Ability, run: Run) -> Generator[Step, Outcome, None]:
    """What is worked, then one sale."""
    yield from repeat(can, run.label, _again(can, run), whole=True)


def _again(can: Ability, run: Run) -> Repeated:
    """The run as a confirmation repeats it."""
    keys, amount = run.levels["keys"], None
    worked = ((keys,) if keys != "none" else ()) + (("remote",) if run.levels["remote"] == "pressed" else ())
    if run.levels["preset"] == "amount":
        amount = (can.price * Decimal(run.asked)).quantize(can.price)
    return Repeated(Decimal(run.asked), amount, run.levels["flow"], worked=worked, dark=run.cycle)
