"""What was put on or driven and is not told whole: the run goes on, nothing is measured, and the operator hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fixtures.bench import Bench
from fixtures.language import speaking
from harness.driving import Driving
from harness.lacking import kept, noted
from harness.people import People
from harness.step import Drive, Load, Outcome
from harness.weighing import Weighing


class Machine:
    """A loader and a roller of few words."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told

    def place(self, mass_kg: Decimal, position: str) -> Mapping[str, Any]:
        return self.told

    def unload(self) -> None: ...

    def drive(self, distance_m: Decimal, speed_km_h: Decimal) -> Mapping[str, Any]:
        return self.told


def acted(role: str, told: Mapping[str, Any]) -> Outcome:
    file = SimpleNamespace(roles={role: "machine"}, profile={})
    bench = cast(Bench, SimpleNamespace(file=file, driver_for={role: Machine(told)}.get))
    people = cast(People, None)
    if role == "load":
        return Weighing(bench, people).load(Load("B1", Decimal(5), "centre"))
    return Driving(bench, people).drive(Drive("B1", Decimal(1000), Decimal(40)))


@pytest.mark.parametrize(("role", "key"), [("load", "mass_kg"), ("drive", "distance_m")])
def test_what_was_done_stands_though_its_reading_lacks(role: str, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert acted(role, {key: "5.000", "rest": "1"}) == {key: "5.000", "rest": "1"}
    assert capsys.readouterr().err == ""
    assert acted(role, {"rest": "1"}) == {"rest": "1", "lacking": {"machine": [key]}}
    assert f"machine: its reading lacks {key}." in capsys.readouterr().err
    assert acted(role, {key: None})["lacking"] == {"machine": [key]}


def test_it_is_said_once_in_the_operator_s_language(capsys: pytest.CaptureFixture[str]) -> None:
    with speaking("zh"):
        assert noted("meter", ["density_kg_m3", "density_kg_m3"]) == {"lacking": {"meter": ["density_kg_m3"]}}
    assert capsys.readouterr().err.startswith("meter：其读数缺少 density_kg_m3。")
    assert noted("meter", []) == {}


def test_what_json_does_not_hold_is_kept_as_text() -> None:
    told = {"a": "1", "b": 2, "c": None, "d": True, "e": Decimal("1.50"), "f": float("inf"), "g": b"\x00"}
    assert kept(told) == {"a": "1", "b": 2, "c": None, "d": True, "e": "1.50", "f": "inf", "g": "b'\\x00'"}
