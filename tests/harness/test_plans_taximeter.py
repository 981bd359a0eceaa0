"""Plans of taximeters: hands off first, controls only at standstill, every trip ended, nobody who drives is asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from harness.plans import blocks, taximeter_bench, taximeter_raid, taximeter_ride
from harness.plans.ability import Ability, TaxiAbility
from harness.plans.order import PlanError, check_order, cost, dry_run
from harness.step import Choose, Drive, Hire, PowerCycle, Press, Read, Stand, Step, Vacate, Work

CONTROLS = ("horn", "gear", "wipers")
TAXI = TaxiAbility(CONTROLS, Decimal(1000), heard=True, fed=True, most_km_h=Decimal(180))
CAN = Ability(frozenset({"fare", "input", "record"}), False, False, Decimal(20), Decimal(0), taxi=TAXI)
PLANS = {
    "taximeter-ride": taximeter_ride.steps,
    "taximeter-raid": taximeter_raid.steps,
    "taximeter-bench": taximeter_bench.steps,
}


def steps_of(name: str, can: Ability = CAN) -> list[Step]:
    return dry_run(PLANS[name](can))


def where_asked(name: str, seized: str) -> list[Step]:
    """The steps where it was answered so whether a remote was seized."""
    plan, taken = PLANS[name](CAN), []
    step = next(plan)
    while True:
        taken.append(step)
        asked = isinstance(step, Choose) and step.key == "remote_seized"
        try:
            step = plan.send({"value": seized} if asked else {})
        except StopIteration:
            return taken


@pytest.mark.parametrize("name", PLANS)
def test_nothing_comes_before_what_it_destroys(name: str) -> None:
    steps = steps_of(name)
    check_order(steps)
    assert cost(steps)["minutes"] > 20
    begun = [step.label for step in steps if isinstance(step, Hire | Stand)]
    assert begun == [step.label for step in steps if isinstance(step, Vacate)]
    assert len(set(begun)) == len(begun)


def test_a_ride_tells_nobody_anything() -> None:
    steps = steps_of("taximeter-ride")
    assert all(step.covert for step in steps if isinstance(step, Hire))
    assert not {key for step in steps if (key := getattr(step, "key", "")) in (*blocks.BADGE, "control", "seals_after")}


def test_a_raid_watches_with_hands_off_before_any_control_and_works_each_three_times() -> None:
    steps = where_asked("taximeter-raid", "no")
    worked = [n for n, step in enumerate(steps) if isinstance(step, Work)]
    watched = [n for n, step in enumerate(steps) if isinstance(step, Stand)]
    assert watched[1] < worked[0] < next(n for n, step in enumerate(steps) if isinstance(step, PowerCycle))
    assert [steps[n].control for n in worked] == [*CONTROLS] * 3  # type: ignore[union-attr]
    assert sum(isinstance(step, Drive) and step.surveyed for step in steps) == 2 * 2 + 2 * 10 + 2 * 2


@pytest.mark.parametrize("name", ["taximeter-raid", "taximeter-bench"])
def test_a_seized_remote_is_pressed_on_record_and_not_before_preservation(name: str) -> None:
    steps = where_asked(name, "yes")
    check_order(steps)
    first = next(n for n, step in enumerate(steps) if isinstance(step, Press))
    said = [getattr(step, "key", "") for step in steps[:first]]
    assert "remote" in said
    assert "preservation" in said
    assert sum(isinstance(step, Press) for step in steps) == taximeter_raid.PASSES
    assert not any(isinstance(step, Press) for step in where_asked(name, "no"))
    assert len(steps_of(name)) == len(steps), "a dry run says the most"
    after = [step for step in steps[first:] if isinstance(step, Drive)]
    assert len(after) >= 4, "what it latches shows on runs"


def test_the_bench_goes_beyond_what_a_verification_bench_reaches() -> None:
    legs = [step for step in steps_of("taximeter-bench") if isinstance(step, Drive)]
    assert max(step.speed_km_h for step in legs) == 200
    assert min(step.speed_km_h for step in legs) == 3
    assert sum(step.distance_m for step in legs if step.label == "L1") > 50_000


def test_without_receipts_none_is_asked_for() -> None:
    can = replace(CAN, stations=frozenset({"fare"}))
    assert not any(isinstance(step, Read) and step.what == "receipt" for step in steps_of("taximeter-ride", can))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: [one for one in s if not (isinstance(one, Vacate) and one.label == "B1")], "while B1 lasts"),
        (lambda s: [one for one in s if not (isinstance(one, Hire) and one.label == "D1")], "but no trip is open"),
        (lambda s: [replace(one, label="B9") if one == Vacate("B1") else one for one in s], "of B9, but B1 is open"),
        (lambda s: _moved(s, Work("horn"), before="B1"), "before the taximeter was watched with hands off"),
        (lambda s: _moved(s, Work("horn"), before="D1"), "nobody said that the vehicle stands"),
        (
            lambda s: [replace(one, covert=True) if one == Hire("D1") else one for one in s],
            "covert purchase in phase C",
        ),
    ],
)
def test_steps_in_the_wrong_place_are_named(change: object, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        check_order(change(steps_of("taximeter-raid")))  # type: ignore[operator]


def _moved(steps: list[Step], step: Step, *, before: str) -> list[Step]:
    """`step` put in before the Vacate of a watch, or before the Drive of a trip."""
    at = next(n for n, one in enumerate(steps) if isinstance(one, Vacate | Drive) and one.label == before)
    return [*steps[:at], step, *steps[at:]]
