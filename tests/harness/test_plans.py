"""Plans are checked without a bench: order, safety, what a kit can do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.plans import PLANS
from harness.plans.ability import Ability
from harness.plans.order import PlanError, check_order, cost, dry_run
from harness.step import Confirm, Deliver, Inquire, Phase, PowerCycle, Press, Weigh, described

ONE = sorted(name for name, plan in PLANS.items() if not plan.site)  # plans for one instrument
ALL = frozenset({"reference", "encoder", "board", "register", "display", "amount", "totaliser"})
SAFE = [Confirm("safety", "s"), Inquire("seals_before", "s")]
CLOSE = [Confirm("closing", "c")]
SALE = Deliver("X", Decimal("7.30"))


def can(inline: bool = True, remote: bool = True) -> Ability:
    return Ability(ALL, inline, remote, Decimal(20), Decimal("7.52"))


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("remote", [True, False])
def test_every_plan_keeps_the_order_of_a_raid(name: str, inline: bool, remote: bool) -> None:
    steps = dry_run(PLANS[name].steps(can(inline, remote)))
    check_order(steps)
    assert cost(steps)["litres"] > 50


@pytest.mark.parametrize("name", ONE)
def test_labels_are_unique(name: str) -> None:
    labels = [step.label for step in dry_run(PLANS[name].steps(can())) if isinstance(step, Deliver)]
    assert len(labels) == len(set(labels)) >= 6  # self-lock counters need six sales in a row (fuel_dispensers.md 2.3)


def test_a_raid_without_inline_meter_fits_the_can_and_weighs_every_delivery() -> None:
    steps = dry_run(PLANS["dispenser-raid"].steps(can(inline=False)))
    deliveries = [step for step in steps if isinstance(step, Deliver)]
    assert all(step.volume_l <= 20 for step in deliveries)
    assert len([step for step in steps if isinstance(step, Weigh)]) == len(deliveries)


def test_the_raid_repeats_the_volume_that_showed_most() -> None:
    plan = PLANS["dispenser-raid"].steps(can())
    outcome: dict[str, str] = {}
    seen = []
    step = next(plan)
    try:
        while True:
            seen.append(step)
            outcome = {"most_l": "27.10"} if type(step).__name__ == "Judge" else {}
            step = plan.send(outcome)
    except StopIteration:
        pass
    assert [s.volume_l for s in seen if isinstance(s, Deliver)][-1] == Decimal("27.10")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([SALE, *SAFE, *CLOSE], "before the safety step"),
        ([*SAFE, Phase("C", "x"), Phase("A", "y"), *CLOSE], "phase A after phase C"),
        ([*SAFE, Phase("C", "x"), PowerCycle(30), *CLOSE], "power away in phase C"),
        ([*SAFE, Phase("B", "x"), Press("remote"), *CLOSE], "a key is pressed in phase B"),
        ([*SAFE, Phase("C", "x"), Deliver("X", Decimal(7), covert=True), *CLOSE], "covert purchase in phase C"),
        ([*SAFE, SALE], "the last step must be the closing"),
        ([Confirm("safety", "s"), SALE, *CLOSE], "identity block is missing"),
    ],
)
def test_a_plan_that_destroys_first_is_refused(steps: list[object], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        check_order(steps)  # type: ignore[arg-type]


def test_steps_are_described_without_floats() -> None:
    assert described(SALE)["volume_l"] == "7.30"
    assert described(SALE)["type"] == "Deliver"
