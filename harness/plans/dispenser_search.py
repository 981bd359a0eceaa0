"""A fuel dispenser whose trigger is searched for: every scheduled test of the raid or bench plan first, then runs chosen one by one.

What the bench cannot do is told to the search, and stands in its coverage as not tried: a flow between full and slow, and a nozzle shut inside a
sale or a sale without preset where an instrument authorises it.
"""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

from harness.plans import dispenser_bench, dispenser_raid
from harness.plans.ability import Ability
from harness.plans.sale import sale
from harness.plans.trigger_search import Family, Run, search
from harness.search.cost import State
from harness.search.parser import built_in
from harness.step import Outcome, Plan, PowerCycle, Press, Step

OFF_S = 30
DARK_MIN = 8.0  # minutes of the scheduled runs behind the power cut [D]
DARK_RUNS = 3  # of them
BEYOND = (("flow", "middle"), ("pause", "yes"), ("preset", "none"))


def raid(can: Ability) -> Plan:
    yield from dispenser_raid.steps(can, _searched)


def bench(can: Ability) -> Plan:
    yield from dispenser_bench.steps(can, _searched)


def _searched(can: Ability, dark: bool) -> Plan:
    """`dark`: power was cut, so it may be cut again."""
    own = Family(built_in("dispenser"), _run, _beyond(can))
    state = State("E", DARK_MIN, DARK_RUNS) if dark else State("D")
    yield from search(can, own, _kit(can), state)


def _beyond(can: Ability) -> tuple[tuple[str, str], ...]:
    found = list(BEYOND)
    if can.price <= 0:
        found.append(("preset", "amount"))
    found += [("price", "other"), ("clock", "night")]
    return tuple(found)


def _kit(can: Ability) -> str:
    """Whose costs these are: a reference that follows any delivery, else fills."""
    taps = {"encoder", "board"} & can.stations
    return "K3" if taps else "K2" if can.whole else "K1" if "register" in can.stations else "K0"


def _run(can: Ability, run: Run) -> Generator[Step, Outcome, None]:
    """What is worked, then one sale."""
    if run.cycle:
        yield PowerCycle(OFF_S)
    if run.levels["keys"] != "none":
        yield Press(run.levels["keys"])
    if run.levels["remote"] == "pressed":
        yield Press("remote")
    amount = None
    if run.levels["preset"] == "amount":
        amount = str((can.price * Decimal(run.asked)).quantize(can.price))
    yield from sale(can, run.label, run.asked, amount=amount, flow=run.levels["flow"])
