"""The search at a price scale: order, what is worked and what never, what a moved reading leads to; whole on the simulated bench."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness.inspection as inspection
from captures.journal import read_lines
from harness.beforehand import search_budget, searching, with_decisions
from harness.benches import find, with_profile, world
from harness.enact import ability
from harness.exits import UsageError
from harness.plans import PLANS
from harness.plans.order import check_order, dry_run
from harness.plans.price_scale_raid import PRICE, scale_of
from harness.plans.price_scale_search import DIGITS, FRESH, MEMORY, OTHERS, TURNS, _one_by_one, keys_of
from harness.plans.worked import barred
from harness.report.text import verdict_text
from harness.search.model import ModelError
from harness.search.parser import built_in
from harness.search.population import draw
from harness.step import SEARCH, Choose, Judge, Keys, Load, Phase, PowerCycle, Press, Purpose, Read, Searched, Step
from tests import searches
from tests.harness.test_resume_commands import cut_after
from tests.searches import LOTS, behind, bench_of

RAID, BENCH = "price-scale-search", "price-scale-search-bench"
K1 = ability(find("price-scale-k1"))
MODEL = (files("harness.search") / "models" / "price_scale.toml").read_text("utf-8")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    monkeypatch.setattr("harness.search.scheduler.DRAWN", 300)


def carried_out(
    plan: str,
    kit: str,
    answers: Mapping[str, str],
    shows: Callable[[Load], bool],
    adds: Mapping[str, str] | None = None,
) -> list[Step]:
    """The steps of a search whose choices are answered by `answers`, whose loads show what `shows` says, and where the display says what lies
    there, more of it after the keys of `adds`."""
    shown, lies, more = list[str](), Decimal(0), Decimal(0)

    def told(step: Step, searched: bool) -> dict[str, Any] | None:
        nonlocal lies, more
        match step:
            case Load(mass_kg=mass):
                lies = mass
                if searched and mass and shows(step):
                    shown.append(step.label)
            case Keys(sequence=keys) if searched:
                more = Decimal((adds or {}).get(" ".join(keys), "0"))
                return {"shown": str(lies + more)}
            case Read():
                return {"weight": str(lies + more), "shown": str(lies + more)}
            case Judge():
                return {"shown": list(shown)}
            case _:
                pass
        return None

    return searches.carried_out(plan, kit, answers, told)


@pytest.mark.parametrize(("plan", "kit"), [(RAID, "K0"), (RAID, "K1"), (BENCH, "K3")])
def test_a_plan_with_a_search_is_in_order_and_presses_nothing_that_writes(plan: str, kit: str) -> None:
    steps = dry_run(PLANS[plan].steps(bench_of(plan, kit)))
    check_order(steps)
    labels = [step.label for step in steps if isinstance(step, Load)]
    assert len(labels) == len(set(labels))
    own = behind(steps)
    pressed = [key for step in own if isinstance(step, Keys) for key in step.sequence]
    assert pressed
    assert not any(map(barred, pressed))
    assert [step for step in own if isinstance(step, Load) and step.mass_kg]
    for n, step in enumerate(own):
        if isinstance(step, PowerCycle):
            assert next(one for one in reversed(own[:n]) if isinstance(one, Load)).mass_kg == 0


def test_officers_may_have_no_search_and_no_litres_are_asked_for() -> None:
    assert Purpose(SEARCH) not in carried_out(RAID, "K1", {"search": "0"}, lambda _: False)
    asked = {step.key for step in carried_out(RAID, "K1", {}, lambda _: False) if isinstance(step, Choose)}
    assert "search" in asked
    assert "search_litres" not in asked


def test_what_nobody_holds_is_not_worked_and_power_stays_where_it_was_not_decided() -> None:
    nothing = carried_out(RAID, "K1", {"have_": "no"}, lambda _: False)
    assert not [step for step in behind(nothing) if isinstance(step, Press)]
    assert [step for step in behind(carried_out(RAID, "K1", {}, lambda _: False)) if isinstance(step, Press)]
    kept = carried_out(RAID, "K1", {"phase_E": "no"}, lambda _: False)
    assert not [step for step in kept if isinstance(step, PowerCycle)]
    assert not [step for step in kept if isinstance(step, Phase) and step.letter == "E"]


def test_a_hit_is_made_again_and_its_load_halved() -> None:
    shows = lambda step: "." not in step.label and step.mass_kg > Decimal(3)  # noqa: E731
    steps = behind(carried_out(RAID, "K1", {"have_": "no"}, shows))
    loads = [float(step.mass_kg) for step in steps if isinstance(step, Load) and step.mass_kg]
    first = next(n for n, kg in enumerate(loads) if kg > 3)
    assert loads[first] == loads[first + 1], "the same again"
    silent, acts = max(kg for kg in loads[first + 1 :] if kg <= 3), min(kg for kg in loads[first + 1 :] if kg > 3)
    assert acts - silent <= 0.5  # RESOLUTION, and what the masses at hand make


def test_groups_hold_the_keys_whose_own_work_leaves_the_weight_as_it_is() -> None:
    scale = scale_of(K1)
    assert keys_of(scale, MEMORY) == tuple(f"M{n}" for n in range(1, 9))
    assert set(keys_of(scale, DIGITS)) == {*"0123456789", "00", "."}
    assert not {"zero", "tare", "unit", "hold", "clear"} & set(keys_of(scale, OTHERS))
    assert "total" in keys_of(scale, OTHERS)
    assert keys_of(scale, "2 tare") == ("2", "tare")
    assert keys_of(scale, "2 arm") == ()


def worked(adds: Callable[[str, bool], bool]) -> list[str]:
    """Keys pressed over a load of one kilogram; `adds(key, on)`: whether the scale adds something after that key."""
    steps = _one_by_one(K1, "Q1", ("M1", "M2", "M3", "M4"), Decimal(1))
    pressed, on = list[str](), False
    step = next(steps)
    try:
        while True:
            if isinstance(step, Keys):
                pressed += step.sequence
                on = adds(step.sequence[0], on)
            step = steps.send({"shown": "1.1" if on else "1"})
    except StopIteration as end:
        return [*pressed, f"={end.value}"]


def test_a_key_that_another_one_clears_is_pressed_in_turn_with_it() -> None:
    pressed = worked(lambda key, on: key == "M2")
    assert pressed[:2] == ["M1", "M2"]
    assert pressed.count("M2") == 1 + TURNS
    assert "M4" not in pressed, "what comes and goes each time is enough of this load"
    assert pressed[-1] == "="


def test_a_key_that_latches_is_told_and_the_others_are_still_pressed() -> None:
    pressed = worked(lambda key, on: on or key == "M2")
    assert pressed[-1] == "=M2"
    assert {"M3", "M4"} <= set(pressed)
    assert worked(lambda key, on: False) == ["M1", "M2", "M3", "M4", "="]


def test_a_key_that_latches_is_pressed_alone_over_fresh_loads() -> None:
    keys = {key: "0.1" for key in (*(f"M{n}" for n in range(1, 9)), *"0123456789", "total", "add")}
    steps = behind(carried_out(RAID, "K1", {"have_": "no", "search": "15"}, lambda _: False, keys))
    fresh = [step.label for step in steps if isinstance(step, Load) and "." in step.label and step.mass_kg]
    assert fresh
    assert {label.split(".")[1] for label in fresh} <= {str(n) for n in range(1, FRESH + 1)}


def test_another_unit_is_read_at_a_price() -> None:
    steps = behind(dry_run(PLANS[RAID].steps(K1)))
    to_unit = [n for n, step in enumerate(steps) if isinstance(step, Keys) and step.sequence == ("unit",)]
    assert to_unit
    for n in to_unit[::2]:
        assert steps[n - 2] == Keys(PRICE, steps[n - 2].watch_s)  # type: ignore[union-attr]
        assert steps[n - 1] == Read("weighing", steps[n + 1].label)  # type: ignore[union-attr]


def test_what_the_bench_cannot_give_is_told_and_not_tried() -> None:
    [covered] = [step for step in carried_out(RAID, "K1", {"have_": "no"}, lambda _: False) if isinstance(step, Searched)]  # fmt: skip
    told = {english for english, _ in covered.refused}
    assert {"tare container", "hour of the day night", "load (kg) 12.70", "seized remote pressed"} <= told
    assert covered.family == "price-scale"
    without = ability(with_profile(find("price-scale-k0"), {"keys": None, "unit_price_keys": None}))
    steps = behind(dry_run(PLANS[RAID].steps(without)))
    assert not [step for step in steps if isinstance(step, Keys)]


def test_a_function_of_a_scale_adds_its_share_to_the_whole_load() -> None:
    model = built_in("price-scale")
    drawn = draw(model, 500, np.random.default_rng(1))
    assert model.whole
    assert not drawn.above.any()
    at = model.index("load")
    shows = drawn.shows("K0")[at]
    assert (shows <= drawn.permits[at]).all()
    heavy = drawn.permits[at][:, -1]
    assert shows[heavy, -1].all(), "five per cent of the heaviest load show at any kit"


def test_budgets_and_models_are_of_one_family(tmp_path: Path) -> None:
    assert searching("price-scale-raid") == RAID
    assert searching("price-scale-bench") == BENCH
    with pytest.raises(UsageError, match="got one at a price-scale"):
        with_decisions(PLANS[RAID], search_budget("15min", "60L"))
    ours = tmp_path / "ours.toml"
    ours.write_text(MODEL.replace('id = "price-scale-1"', 'id = "ours-2"'), "utf-8")
    decided = search_budget("15min", "", ours)
    [covered] = [step for step in dry_run(with_decisions(PLANS[RAID], decided).steps(K1)) if isinstance(step, Searched)]
    assert covered.model == "ours-2"
    with pytest.raises(ModelError, match="expected a trigger model of the family dispenser, got price-scale"):
        with_decisions(PLANS["dispenser-search"], decided)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('name = "remote"\ntitle', 'name = "pedal"\ntitle', "got none called remote"),
        ('"2 tare", "1 tare"', '"2 save", "1 tare"', "keys that write nothing, open no settings and switch no power, got save"),
        ('"2 tare", "1 tare"', '"2 menu", "1 tare"', "got menu"),
        ("whole = true", "whole = false", "no rate and whole = true"),
        ('levels = ["kg", "other"]', 'levels = ["kg", "lb"]', "got lb"),
        ('levels = ["as found", "typed"]', 'levels = ["typed", "as found"]', "as found as the first level of price"),
        ('name = "K3"', 'name = "K9"', "expected the kits K0, K1, K2, K3"),
    ],
)  # fmt: skip
def test_a_model_that_no_run_can_follow_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in MODEL
    path = tmp_path / "ours.toml"
    path.write_text(MODEL.replace(old, new), "utf-8")
    with pytest.raises(ModelError, match=why):
        search_budget("15min", "", path)


def test_a_whole_search_ends_in_a_verdict_that_names_its_coverage(tmp_path: Path) -> None:
    bench = find("price-scale-k1")
    done = inspection.inspect(
        RAID, bench, tmp_path / "case", world=world(bench, "scale.S04", 1), draw_seed=LOTS, decided=search_budget("30min", "")
    )  # fmt: skip
    assert done.document["status"] == "complete", done.document["why"]
    judged = [
        line.body["value"]["shown"]
        for line in read_lines(tmp_path / "case" / "data" / "journal")
        if line.body["kind"] == "outcome" and "shown" in line.body.get("value", {}) and "onsets" in line.body["value"]
    ]
    assert judged[-1], "the digit key shows again in the search"
    [covered] = done.document["history"]["searched"]
    assert covered["family"] == "price-scale"
    text = verdict_text(done.document)
    assert "by the trigger model price-scale-1" in text
    assert "its checksum beside the registered one" in text
    assert "re-timing" not in text


def test_a_search_that_was_killed_goes_on_with_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, bench = tmp_path / "case", find("price-scale-k0")
    cut_after(monkeypatch, lambda step: isinstance(step, Choose) and step.key == "run_Q2")
    inspection.inspect(
        RAID, bench, case, world=world(bench, None, 1), draw_seed=LOTS, decided=search_budget("5min", "")
    )
    monkeypatch.undo()
    monkeypatch.setattr("harness.search.scheduler.DRAWN", 300)
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    done = inspection.resume(case, world=world(bench, None, 1), draw_seed=LOTS)
    assert done.result.status == "complete"
    lines = [line.body for line in read_lines(case / "data" / "journal")]
    assert lines[0]["decided"] == {"search": "5", "search_litres": "none"}
    asked = [body["step"]["key"] for body in lines if body["kind"] == "step" and body["step"]["type"] == "Choose"]
    assert list(dict.fromkeys(key for key in asked if key.startswith("run_Q")))[:3] == ["run_Q1", "run_Q2", "run_Q3"]
    assert "search" not in asked
    assert done.document["integrity"] != "proven"
