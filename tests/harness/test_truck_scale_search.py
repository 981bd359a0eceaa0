"""The search at a truck scale: order, what is worked and what never, a hit made again; whole on the simulated bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from harness.beforehand import search_budget, searching
from harness.benches import find, world
from harness.plans import PLANS
from harness.plans.order import check_order, dry_run
from harness.report.text import verdict_text
from harness.search.model import ModelError
from harness.step import SEARCH, Choose, Judge, Load, PowerCycle, Press, Purpose, Searched, Step, Wait
from tests import searches
from tests.searches import LOTS, behind, bench_of

RAID, BENCH = "truck-scale-search", "truck-scale-search-bench"
MODEL = (files("harness.search") / "models" / "truck_scale.toml").read_text("utf-8")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    monkeypatch.setattr("harness.search.scheduler.DRAWN", 300)


def carried_out(plan: str, kit: str, answers: Mapping[str, str], shows: Callable[[Load, bool], bool]) -> list[Step]:
    """The steps of a search whose choices are answered by `answers`; `shows(load, pressed)`: with the remote over it."""
    shown, stands = list[str](), Load("", Decimal(0))

    def told(step: Step, searched: bool) -> dict[str, Any] | None:
        nonlocal stands
        match step:
            case Load() if searched:
                stands = step
                if step.mass_kg and shows(step, False):
                    shown.append(step.label)
            case Press() if searched and stands.mass_kg and shows(stands, True):
                shown.append(stands.label)
            case Judge():
                return {"shown": list(shown)}
            case _:
                pass
        return None

    return searches.carried_out(plan, kit, answers, told)


@pytest.mark.parametrize(("plan", "kit"), [(RAID, "K0"), (RAID, "K1"), (BENCH, "K3")])
def test_a_plan_with_a_search_is_in_order_and_cuts_power_over_an_empty_deck(plan: str, kit: str) -> None:
    steps = dry_run(PLANS[plan].steps(bench_of(plan, kit)))
    check_order(steps)
    labels = [step.label for step in steps if isinstance(step, Load)]
    assert len(labels) == len(set(labels))
    own = behind(steps)
    assert [step for step in own if isinstance(step, Load) and step.mass_kg]
    for n, step in enumerate(own):
        if isinstance(step, PowerCycle):
            assert next(one for one in reversed(own[:n]) if isinstance(one, Load)).mass_kg == 0


def test_a_remote_is_pressed_over_a_standing_vehicle_and_nobody_sends_behind_it() -> None:
    own = behind(carried_out(RAID, "K1", {"search": "60"}, lambda *_: False))
    pressed = [n for n, step in enumerate(own) if isinstance(step, Press)]
    assert pressed
    for n in pressed:
        assert next(one for one in reversed(own[:n]) if isinstance(one, Load)).mass_kg > 0
        assert next(isinstance(one, Wait) for one in own[n:] if isinstance(one, Wait | Load))


def test_what_nobody_holds_is_not_worked_and_power_stays_where_it_was_not_decided() -> None:
    nothing = carried_out(RAID, "K1", {"have_": "no"}, lambda *_: False)
    assert not [step for step in behind(nothing) if isinstance(step, Press)]
    [covered] = [step for step in nothing if isinstance(step, Searched)]
    assert any("remote" in english for english, _ in covered.refused)
    kept = carried_out(RAID, "K1", {"phase_E": "no"}, lambda *_: False)
    assert not [step for step in behind(kept) if isinstance(step, PowerCycle)]
    assert Purpose(SEARCH) not in carried_out(RAID, "K1", {"search": "0"}, lambda *_: False)


def test_a_hit_is_made_again_and_what_it_needs_is_told() -> None:
    own = behind(carried_out(RAID, "K1", {"search": "60"}, lambda _, pressed: pressed))
    asked = [str(step.text) for step in own if isinstance(step, Choose) and step.key.startswith("run_")]
    assert any("is the same again" in text for text in asked)
    assert any("leaves out" in text and "remote" in text for text in asked)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"at once", "after 3 min"', '"at once", "after 9 min"', "of stands the levels .*got after 9 min"),
        ("whole = true", "whole = false", "whole = true"),
        ('name = "stands"', 'name = "waits"', "got none called stands"),
        ('["not pressed", "pressed"]\nlevels_zh = ["未按", "已按"]\nneeds = ["", "remote"]\ntriggers = [0, 1]',
         '["pressed", "not pressed"]\nlevels_zh = ["已按", "未按"]\nneeds = ["remote", ""]\ntriggers = [1, 0]', "not pressed as the first level of remote"),
    ],
)  # fmt: skip
def test_a_model_that_no_run_can_follow_is_refused_with_its_reason(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    assert old in MODEL
    path = tmp_path / "ours.toml"
    path.write_text(MODEL.replace(old, new, 1), "utf-8")
    with pytest.raises(ModelError, match=why):
        search_budget("30min", "", path)


def test_the_whole_raid_with_a_search_on_the_simulated_bench(tmp_path: Path) -> None:
    bench = find("truck-scale-k1")
    done = inspection.inspect(
        searching("truck-scale-raid"), bench, tmp_path / "case", world=world(bench, None, 1), draw_seed=LOTS, decided=search_budget("30min", "")
    )  # fmt: skip
    assert done.document["status"] == "complete", done.document["why"]
    assert done.document["integrity"] not in ("suspect", "proven")
    [covered] = done.document["history"]["searched"]
    assert covered["runs"] >= 3
    assert "by the trigger model truck-scale-1" in verdict_text(done.document)
