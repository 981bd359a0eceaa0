"""Plans are checked without a bench: order, safety, what a kit can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from fixtures.benchfile import BenchFile
from fixtures.errors import BenchError
from harness.benches import built_in, find
from harness.editions import edition
from harness.enact import ability
from harness.plans import PLANS, blocks
from harness.plans.ability import Ability
from harness.plans.order import PlanError, check_order, cost, dry_run
from harness.search import scheduler
from harness.step import (
    Choose,
    Confirm,
    Continue,
    Deliver,
    Inquire,
    Instrument,
    Phase,
    Plan,
    PowerCycle,
    Press,
    Prove,
    Read,
    Step,
    Weigh,
    described,
)

SOLD = ("dispenser", "gas-dispenser")  # scales: test_plans_scales.py
ONE = sorted(name for name, plan in PLANS.items() if not plan.site and plan.family in SOLD)  # plans for one instrument
ALL = frozenset({"reference", "encoder", "board", "register", "display", "amount", "totaliser"})
SAFE = [*dry_run(blocks.before()), *dry_run(blocks.badge()), Confirm("safety", "s"), *dry_run(blocks.identity())]
CLOSE = [*dry_run(blocks.identity_again()), *dry_run(blocks.closing("c"))]
SALE = Deliver("X", Decimal("7.30"))
COVERT = Deliver("X", Decimal("7.30"), covert=True)
DECIDED = [
    Phase("D", "d"),
    *dry_run(blocks.preservation()),
    *dry_run(blocks.decided("E")),
    *dry_run(blocks.decided("F")),
]


def without(steps: list[Step], *keys: str) -> list[Step]:
    return [step for step in steps if getattr(step, "key", "") not in keys]


def can(inline: bool = True, remote: bool = True) -> Ability:
    return Ability(ALL, inline, remote, Decimal(20), Decimal("7.52"), edition=edition("jjg443-2023"))


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
        ([Deliver("X", Decimal(40), until_l=Decimal(18))], "Inquire while sale X is open: hang up first"),
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
        ([*without(SAFE, "safety"), SALE, *CLOSE], "before the safety step"),
        ([*SAFE, Phase("C", "x"), Phase("A", "y"), *CLOSE], "phase A after phase C"),
        ([*SAFE, Phase("C", "x"), PowerCycle(30), *CLOSE], "power away in phase C"),
        ([*SAFE, Phase("B", "x"), Press("remote"), *CLOSE], "a key is pressed in phase B"),
        ([*SAFE, Phase("D", "x"), Press("display"), *CLOSE], "before the first known delivery"),
        ([*SAFE, SALE, Press("remote"), *CLOSE], "before it is on record who seized it"),
        ([*SAFE, SALE, Phase("D", "x"), Press("calibrate"), *CLOSE], "it writes into the instrument"),
        ([*SAFE, Phase("C", "x"), COVERT, *CLOSE], "covert purchase in phase C"),
        ([*SAFE, Phase("A", "x"), COVERT, *CLOSE], "a covert purchase, but step 3 told who is buying"),
        ([*SAFE, SALE, Phase("E", "x"), PowerCycle(30), *CLOSE], "decision 'preservation' is not on record"),
        ([*SAFE, SALE, *without(DECIDED, "phase_E"), Phase("E", "x"), PowerCycle(30), *CLOSE], "decision 'phase_E'"),
        ([*SAFE, SALE, *DECIDED, Phase("E", "x"), Confirm("open", "o"), *CLOSE], "open in phase E"),
        (
            [*SAFE, SALE, *without(DECIDED, "phase_F"), Phase("F", "x"), Confirm("tap", "t"), *CLOSE],
            "decision 'phase_F'",
        ),
        ([*SAFE, SALE], "the last step must be the closing"),
        *[([*without(SAFE, key), SALE, *CLOSE], f"before the legal block is complete: {key}") for key in blocks.BEFORE],
        *[([*without(SAFE, key), SALE, *CLOSE], f"before the party was told.*: {key}") for key in blocks.BADGE],
        *[([*without(SAFE, key), SALE, *CLOSE], f"identity block is missing: {key}") for key in blocks.IDENTITY],
        *[
            ([*SAFE, SALE, *without(CLOSE, key), CLOSE[-1]], f"closing block is missing: {key}")
            for key in blocks.CLOSING[:-1]
        ],
        ([*SAFE, SALE, *CLOSE[:-1], SALE, CLOSE[-1]], "closing block is missing: result_read"),
        (
            [*SAFE, Instrument("N1"), SALE, *CLOSE],
            "identity block is missing: nameplate, type_approval, software, event_counter, seals_before",
        ),
    ],
)
def test_a_plan_that_destroys_first_is_refused(steps: list[object], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        check_order(steps)  # type: ignore[arg-type]


def test_steps_are_described_without_floats() -> None:
    assert described(SALE)["volume_l"] == "7.30"
    assert described(SALE)["type"] == "Deliver"


def courses(make: Callable[[], Plan]) -> Iterator[list[Step]]:
    """The dry run with the first option of every decision, then with each other option of each decision alone."""

    def walk(wanted: dict[str, str]) -> list[Step]:
        plan, steps, outcome = make(), [], None
        while True:
            try:
                step = next(plan) if outcome is None else plan.send(outcome)
            except StopIteration:
                return steps
            steps.append(step)
            outcome = {"value": wanted[step.key]} if isinstance(step, Choose) and step.key in wanted else {}

    usual = walk({"search": "15"})
    yield usual
    for step in usual:
        later = isinstance(step, Choose) and step.key.startswith("run_Q") and step.key not in ("run_Q1", "run_Q2")
        if isinstance(step, Choose) and not later:  # the runs of a search are all decided alike
            searched = {"search": "15" if step.key.startswith(("run_Q", "have_", "phase_E")) else "0"}
            for value, _ in step.options:
                yield walk({**searched, step.key: value})


@pytest.mark.parametrize("bench", built_in())
def test_every_course_of_every_plan_on_every_bench_keeps_the_order(bench: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "DRAWN", 200)  # the order hangs on no function of the model
    file = find(bench)
    plans = [plan for plan in PLANS.values() if plan.family == file.family and plan.site == (file.site is not None)]
    assert plans
    for plan in plans:
        if plan.clauses and not laboratory(file):
            with pytest.raises(BenchError, match="expected weights at hand for a load of"):
                dry_run(plan.steps(ability(file)))
            continue
        found = list(courses(lambda plan=plan: plan.steps(ability(file))))
        # on a ride nobody decides anything; where the tests of a regulation are done there is no party
        branches = plan.name != "taximeter-ride" and not plan.clauses
        assert plan.clauses or (len(found) > 8 if branches else len(found) == 1)
        for steps in found:
            check_order(steps)
        without_power = [steps for steps in found if not any(isinstance(step, PowerCycle) for step in steps)]
        assert without_power or plan.site
        absent = any("party_absent" in {getattr(step, "key", "") for step in steps} for steps in found)
        assert absent is branches


def laboratory(file: BenchFile) -> bool:
    """It has what the tests of its edition ask for: a raid's weights do not reach every load of a scale."""
    return file.family != "price-scale" or file.where.startswith("built-in price-scale-lab")


def test_names_and_card_numbers_are_private() -> None:
    for name in ONE:
        asked = {step.key: step for step in dry_run(PLANS[name].steps(can())) if isinstance(step, Inquire)}
        clauses = PLANS[name].clauses  # without a party
        private = {"officers"} if clauses else {"officers", "party_name", "witness"}
        assert {key for key, step in asked.items() if step.private} >= private
        public = ("commission", "seals_before") if clauses else ("legal_basis", "seals_before", "statement")
        assert not any(asked[key].private for key in public)
