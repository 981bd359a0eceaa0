"""What people at a scale are asked, in words that can be done there: unseen while covert, a vehicle at a truck scale, one load."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.bench import Bench
from harness.benches import find
from harness.enact import ability
from harness.people import People
from harness.plans import PLANS
from harness.plans.order import dry_run
from harness.report.progress import headline
from harness.step import Confirm, Load, Phase, Read
from harness.weighing import Weighing


class Told:
    """Does what he is asked; `texts` of all of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def ask(self, verb: str, text: str, **asked: Any) -> dict[str, Any]:
        self.texts.append(text)
        return {"mass_kg": asked["mass"]} if verb == "place" else {"weight": "1.19", "unit": "kg"}


def told(bench: str, *steps: Load | Read) -> list[str]:
    people = Told()
    stand = SimpleNamespace(file=find(bench), driver_for=lambda role: None)
    weighing = Weighing(cast(Bench, stand), cast(People, people))
    for step in steps:
        if isinstance(step, Load):
            weighing.load(step)
        else:
            weighing.read(step, cast(People, people))
    return people.texts


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")


def test_a_vehicle_is_no_goods_and_nobody_is_on_the_deck_while_it_moves() -> None:
    covert, overt, away = told(
        "truck-scale-k0",
        Load("A1", Decimal(31000), "middle", True),
        Load("B1", Decimal(31000), "middle"),
        Load("B0", Decimal(0)),
    )
    assert "goods" not in covert
    assert "vehicle of about 31000 kg" in covert
    assert all("on the deck" in one and ("nobody on the deck" in one or "nobody of ours" in one) for one in (covert, overt, away))  # fmt: skip
    assert "alone" in overt


def test_nobody_reads_aloud_among_customers() -> None:
    _, bought, _, seen = told(
        "price-scale-k0",
        Load("A1", Decimal("0.52"), covert=True),
        Read("weighing", "A1"),
        Load("B1", Decimal("1.19")),
        Read("weighing", "B1"),
    )
    assert "aloud" not in bought
    assert "aloud" in seen


def test_a_truck_scale_has_no_price_to_read() -> None:
    [asked] = told("truck-scale-k0", Read("weighing", "B1"))
    assert "price" not in asked


def test_a_load_is_all_that_lies_there() -> None:
    [asked] = told("price-scale-k0", Load("C2", Decimal("1.19")))
    assert "1.19 kg of weights on the scale, and nothing else" in asked


@pytest.mark.parametrize("plan", ["price-scale-raid", "truck-scale-raid"])
def test_nothing_shows_that_officers_are_there_before_control_is_taken(plan: str) -> None:
    """A marshal, stopped traffic or weights in hand end surprise before the trader has weighed for us."""
    steps = dry_run(PLANS[plan].steps(ability(find(f"{plan.removesuffix('-raid')}-k0"))))
    control = next(n for n, step in enumerate(steps) if isinstance(step, Phase) and step.letter == "B")
    before = " ".join(step.text for step in steps[:control] if isinstance(step, Confirm))
    after = " ".join(step.text for step in steps[control:] if isinstance(step, Confirm))
    shows = ("marshal", "raffic") if plan.startswith("truck") else ("weights", "Nothing of a customer")
    assert not any(word in before for word in shows)
    assert shows[0] in after


def test_a_step_says_where_a_vehicle_stands_and_who_weighs() -> None:
    assert headline(Load("P1", Decimal(31000), "front")) == "load P1: 31000 kg, front end of the deck"
    assert headline(Load("A1", Decimal("0.52"), covert=True)) == "load A1: 0.52 kg, covert"
    assert headline(Load("B0", Decimal(0))) == "load B0: 0 kg"
