"""Decisions that were made before a run: on record in its first line, and nobody is asked for them again, resumed or not."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

import harness.inspection as inspection
from captures.journal import read_lines
from harness.beforehand import search_budget, searching, with_decisions
from harness.benches import find, world
from harness.enact import ability
from harness.exits import Exit, UsageError, classified
from harness.plans import PLANS
from harness.plans.order import check_order, dry_run
from harness.search.model import ModelError
from harness.step import Choose, Deliver, Purpose, Searched, Step
from tests.harness.test_resume_commands import cut_after

BENCH = find("dispenser-k2")
LOTS = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    monkeypatch.setattr("harness.search.scheduler.DRAWN", 200)


@pytest.mark.parametrize(
    ("budget", "fuel", "decided"),
    [
        ("30min", "120L", {"search": "30", "search_litres": "120"}),
        ("45", "", {"search": "45", "search_litres": "none"}),
        ("", "", {}),
    ],
)
def test_a_budget_is_read_as_it_is_written(budget: str, fuel: str, decided: dict[str, str]) -> None:
    assert search_budget(budget, fuel) == decided


@pytest.mark.parametrize(
    ("budget", "fuel", "why"),
    [
        ("", "120L", "has minutes before it has litres"),
        ("0min", "", "from 1 to 480"),
        ("30h", "", "expected --budget as 30min"),
        ("30", "a can", "expected --fuel as 120L"),
        ("30", "0L", "expected --fuel as 120L"),
    ],
)
def test_what_is_no_budget_is_refused_with_what_is(budget: str, fuel: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        search_budget(budget, fuel)


def test_only_plans_that_search_take_a_budget() -> None:
    assert searching("dispenser-raid") == "dispenser-search"
    assert searching("dispenser-search-bench") == "dispenser-search-bench"
    with pytest.raises(UsageError, match="dispenser-search, dispenser-search-bench"):
        searching("taximeter-ride")


def test_what_is_decided_is_not_asked() -> None:
    plan = with_decisions(PLANS["dispenser-search"], search_budget("30min", "120L"))
    steps = dry_run(plan.steps(ability(BENCH)))
    check_order(steps)
    asked = {step.key for step in steps if isinstance(step, Choose)}
    assert not asked & {"search", "search_litres"}
    whole = {step.key for step in dry_run(PLANS["dispenser-search"].steps(ability(BENCH))) if isinstance(step, Choose)}
    assert {key for key in whole - asked if not key.startswith("run_")} == {"search", "search_litres"}
    assert with_decisions(PLANS["dispenser-search"], {}) is PLANS["dispenser-search"]


def searched(steps: list[Step]) -> list[Step]:
    return steps[next(n for n, step in enumerate(steps) if isinstance(step, Purpose)) :]


def test_litres_end_a_search_as_minutes_do() -> None:
    """The dry run answers every run with silence."""

    def litres(budget: str, fuel: str) -> float:
        plan = with_decisions(PLANS["dispenser-search"], search_budget(budget, fuel))
        return sum(float(s.volume_l) for s in searched(dry_run(plan.steps(ability(BENCH)))) if isinstance(s, Deliver))

    assert 20 < litres("60min", "60L") <= 60
    assert litres("60min", "60L") < litres("60min", "120L") <= 120
    assert litres("15min", "") < litres("60min", "")


def test_a_search_that_was_killed_goes_on_with_the_budget_and_the_runs_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case"
    cut_after(monkeypatch, lambda step: isinstance(step, Choose) and step.key == "run_Q3")
    inspection.inspect(
        "dispenser-search", BENCH, case, world=world(BENCH, None, 1), draw_seed=LOTS, decided=search_budget("15min", "60L")
    )  # fmt: skip
    monkeypatch.undo()
    monkeypatch.setattr("harness.search.scheduler.DRAWN", 200)
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    done = inspection.resume(case, world=world(BENCH, None, 1), draw_seed=LOTS)
    assert done.result.status == "complete"
    lines = [line.body for line in read_lines(case / "data" / "journal")]
    assert lines[0]["decided"] == {"search": "15", "search_litres": "60"}
    asked = [body["step"]["key"] for body in lines if body["kind"] == "step" and body["step"]["type"] == "Choose"]
    runs = list(dict.fromkeys(key for key in asked if key.startswith("run_Q")))
    assert runs[:4] == ["run_Q1", "run_Q2", "run_Q3", "run_Q4"]
    assert "search" not in asked
    assert len([body for body in lines if body["kind"] == "step" and body["step"]["type"] == "Draw"]) == 1
    [covered] = done.document["history"]["searched"]
    assert covered["runs"] == len([one for one in done.document["segments"] if one["context"].get("search")])


BUILT_IN = (files("harness.search") / "models" / "dispenser.toml").read_text("utf-8")


def model_file(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = BUILT_IN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "ours.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_laboratory_brings_its_own_model_and_it_stands_in_the_record(tmp_path: Path) -> None:
    path = model_file(tmp_path, ('id = "dispenser-1"', 'id = "ours-3"'), ('"2.30", "3.70", ', '"2.90", "3.70", '))
    decided = search_budget("30min", "", path)
    assert decided["search_model"] == path.read_text("utf-8")
    plan = with_decisions(PLANS["dispenser-search"], decided)
    steps = dry_run(plan.steps(ability(BENCH)))
    check_order(steps)
    [covered] = [step for step in steps if isinstance(step, Searched)]
    assert covered.model == "ours-3"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('family = "dispenser"', 'family = "elevator"', "expected a trigger model of one of the families dispenser, .*, got elevator"),
        ('name = "remote"\ntitle', 'name = "pedal"\ntitle', "got none called remote"),
        ('"keypad code"', '"save"', "keys that write nothing and switch no power, got save"),
        ('levels = ["full", "middle", "slow"]', 'levels = ["full", "brisk", "slow"]', "got brisk"),
        ('name = "K3"', 'name = "K9"', "expected the kits K0, K1, K2, K3"),
        ("weight = 0.30", "weight = x", "ours.toml"),
    ],
)  # fmt: skip
def test_a_model_that_no_run_can_follow_is_refused_with_its_reason(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    changes = (
        [(old, new)] if "remote" not in old else [(old, new), ('needs = ["", "remote"]', 'needs = ["", "remote"]')]
    )
    with pytest.raises(ModelError, match=why) as refused:
        search_budget("30min", "", model_file(tmp_path, *changes))
    assert classified(refused.value)[0] is Exit.PRECONDITION


def test_bytes_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="expected UTF-8 text, got byte 0xff at offset 0"):
        search_budget("30min", "", path)
