"""At which loads the tests of an edition weigh: those of the instrument's own class, Min, and steps of the maximum permissible error."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fixtures.errors import BenchError
from harness.benches import find
from harness.editions import edition
from harness.enact import ability
from harness.plans.ability import Ability
from harness.plans.stimuli_scale import load_kg, loads

LAB = ability(find("price-scale-lab-k0"))


def scale(
    intervals: str, accuracy_class: str = "III", grams: str = "5 10 20 20 50 100 200 200 500 1000 2000 2000 5000 10000"
) -> Ability:
    assert LAB.scale is not None
    own = tuple((Decimal(most), Decimal(e)) for most, e in (pair.split("/") for pair in intervals.split()))
    masses = tuple(Decimal(g) / 1000 for g in grams.split())
    return replace(LAB, scale=replace(LAB.scale, intervals=own, accuracy_class=accuracy_class, masses_kg=masses))


@pytest.mark.parametrize(
    ("intervals", "accuracy_class", "wanted"),
    [
        ("15/0.005", "III", {1: "0.1", 2: "2.5", 3: "7.5", 4: "10", 5: "15"}),
        ("6/0.005", "III", {1: "0.1", 2: "2.5", 3: "3", 5: "6"}),  # 2000 e would be 10 kg
        ("2/0.005", "III", {1: "0.1", 3: "1", 5: "2"}),
        ("15/0.1", "IIII", {1: "1", 2: "5", 3: "7.5", 5: "15"}),  # Min = 10 e, steps at 50 and 200 e
        ("15/0.05", "IIII", {1: "0.5", 2: "2.5", 3: "7.5", 4: "10", 5: "15"}),
        ("6/0.002 15/0.005", "III", {1: "0.04", 2: "1", 3: "7.5", 4: "4", 5: "15"}),
        ("0.5/0.002 15/0.005", "III", {1: "0.04", 2: "2.5", 3: "7.5", 4: "10", 5: "15"}),  # 500 e lie in the second interval
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["oiml-r76-2006", "jjg539-2016"])
def test_loads_of_the_weighing_test(intervals: str, accuracy_class: str, wanted: dict[int, str], name: str) -> None:
    can = replace(scale(intervals, accuracy_class), edition=edition(name))
    weighing = next(test for test in edition(name).tests if test.id == "weighing")
    assert dict(loads(can, weighing)) == {number: Decimal(load) for number, load in wanted.items()}


@pytest.mark.parametrize(
    ("point", "message"),
    [("16 kg", "more than Max = 15 kg"), ("4 step", "end of step 4, and class III has 3"), ("0.003 kg", "expected weights at hand")],
)  # fmt: skip
def test_points_that_no_scale_has(point: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        load_kg(scale("15/0.005"), point)


def test_an_edition_is_asked_for() -> None:
    with pytest.raises(BenchError, match="expected an acceptance edition"):
        load_kg(replace(LAB, edition=None), "1 Min")
