"""Plans are checked without a bench: order, safety, what a kit can do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from harness.plans import PLANS
from harness.plans.ability import Ability
from harness.plans.order import PlanError, check_order, cost, dry_run
from harness.step import (
    Confirm,
    Continue,
    Deliver,
    Inquire,
    Phase,
    PowerCycle,
    Press,
    Prove,
    Read,
    Step,
    Weigh,
    described,
)

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


def raid(it: Ability) -> list[Step]:
    return dry_run(PLANS["dispenser-raid"].steps(it))


def test_a_raid_without_inline_meter_fits_the_can_and_weighs_every_delivery() -> None:
    """Every sale is weighed; the one longer than the can in parts, each of which the can holds."""
    steps = raid(can(inline=False))
    deliveries = [step for step in steps if isinstance(step, Deliver)]
    [long] = [step for step in deliveries if step.volume_l > 20]
    assert long.volume_l > Decimal("40")
    weighed = [(step.label, step.portion) for step in steps if isinstance(step, Weigh)]
    assert [entry for entry in weighed if entry[0] == long.label] == [(long.label, n) for n in (1, 2, 3)]
    assert {label for label, _ in weighed} == {step.label for step in deliveries}
    stops = [Decimal(0), long.until_l, *(s.until_l for s in steps if isinstance(s, Continue)), long.volume_l]
    ends = [stop for stop in stops if stop is not None]
    assert all(0 < b - a <= 20 for a, b in pairwise(ends))
    assert ends[2] > Decimal("20.5")  # a part begins and ends beyond the inspectors' largest can


def test_a_prover_is_filled_with_its_own_volume_alone() -> None:
    """20 L with a neck of +-0.1 L: sales at about 20 L, and of the long sale a first and a last part of 20 L."""
    it = replace(can(inline=False), prover_l=(Decimal("19.88"), Decimal("20.15")))
    steps = raid(it)
    check_order(steps)
    volumes = {step.label: step.volume_l for step in steps if isinstance(step, Deliver)}
    proved = [step for step in steps if isinstance(step, Prove)]
    assert not any(isinstance(step, Weigh) for step in steps)
    for step in proved:
        assert step.portion or Decimal("19.88") <= volumes[step.label] <= Decimal("20.15")
    assert [step.portion for step in proved if step.portion] == [1, 3]
    assert {step.label[0] for step in proved} == {"A", "B", "C", "E"}
    assert any(volume > Decimal("40") for volume in volumes.values())
    assert len({volumes[label] for label in ("A1", "A2", "A3")}) == 3


def test_eyes_alone_read_the_display_before_the_nozzle_is_opened() -> None:
    eyes = replace(can(inline=False), stations=frozenset({"reference", "display", "amount", "totaliser"}))
    steps = raid(eyes)
    check_order(steps)
    deliveries = [i for i, step in enumerate(steps) if isinstance(step, Deliver)]
    for i in deliveries:
        first, look, go = steps[i : i + 3]
        assert isinstance(first, Deliver)
        assert first.until_l == 0
        assert look == Read("start", first.label)
        assert isinstance(go, Continue)
    wired = raid(can(inline=False))
    assert not any(isinstance(step, Read) and step.what == "start" for step in wired)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("price", ["7.52", "0"])
def test_six_sales_in_a_row_under_control_and_the_totaliser_before_and_after(inline: bool, price: str) -> None:
    steps = raid(replace(can(inline=inline), price=Decimal(price)))
    begin, end = (next(i for i, s in enumerate(steps) if isinstance(s, Phase) and s.letter == x) for x in "CD")
    assert len([step for step in steps[begin:end] if isinstance(step, Deliver)]) >= 6
    totals = [step.label for step in steps if isinstance(step, Read) and step.what == "totaliser"]
    assert totals[totals.index("start") + 1] == "B1"
    assert totals[-1] == "end"


def test_a_fill_costs_four_minutes() -> None:
    weighed, followed = raid(can(inline=False)), raid(can(inline=True))
    fills = len([step for step in weighed if isinstance(step, Weigh)])
    assert cost(weighed)["minutes"] >= 4 * fills + cost(weighed)["litres"] / 40
    assert cost(followed)["minutes"] < cost(weighed)["minutes"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([Deliver("X", Decimal(40), until_l=Decimal(18))], "Confirm while sale X is open: hang up first"),
        ([Continue("X")], "X goes on, but no sale is open"),
        ([Deliver("X", Decimal(40), until_l=Decimal(18)), Continue("Y")], "Y goes on, but X is open"),
        ([Deliver("X", Decimal(40), until_l=Decimal(18)), SALE], "Deliver while sale X is open"),
        ([Deliver("X", Decimal(40), until_l=Decimal(18)), Read("display", "Y")], "Read while sale X is open"),
    ],
)
def test_a_sale_in_parts_is_hung_up_before_anything_else(steps: list[object], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        check_order([*SAFE, *steps, *CLOSE])  # type: ignore[list-item]


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
