"""The search behind the plans of a taximeter: order, what is worked and where, what shows; whole on the simulated bench, killed and resumed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness.inspection as inspection
from captures.journal import read_lines
from captures.model import Origin, Register, frozen_int64
from harness.beforehand import search_budget, searching, with_decisions
from harness.benches import find, with_profile, world
from harness.editions import edition
from harness.exits import UsageError
from harness.judge.contract import Segment, SegmentKind
from harness.judge.family import TAXIMETER
from harness.plans import PLANS, taximeter_raid
from harness.plans.order import check_order, dry_run
from harness.report.text import verdict_text
from harness.search.model import ModelError
from harness.search.parser import built_in, parse
from harness.search.population import draw
from harness.step import (
    WATCH,
    Choose,
    Commit,
    Draw,
    Drive,
    Hire,
    Judge,
    PowerCycle,
    Press,
    Purpose,
    Searched,
    Stand,
    Step,
    Work,
)
from tests import searches
from tests.harness.test_resume_commands import cut_after
from tests.searches import LOTS, behind, bench_of

RAID, BENCH = "taximeter-search", "taximeter-search-bench"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    monkeypatch.setattr("harness.search.scheduler.DRAWN", 200)


def carried_out(plan: str, kit: str, answers: Mapping[str, str], shows: Callable[[Drive], bool]) -> list[Step]:
    """The steps of a search whose choices are answered by `answers` and whose runs show what `shows(drive)` says."""
    shown = list[str]()

    def told(step: Step, searched: bool) -> dict[str, Any] | None:
        if isinstance(step, Drive) and searched and shows(step):
            shown.append(step.label)
        return {"shown": list(shown)} if isinstance(step, Judge) else None

    return searches.carried_out(plan, kit, answers, told)


def fastest(steps: list[Step]) -> Decimal:
    return max(step.speed_km_h for step in behind(steps) if isinstance(step, Drive))


@pytest.mark.parametrize(("plan", "kit"), [(RAID, "K1"), (RAID, "K2"), (BENCH, "K3")])
def test_a_plan_with_a_search_is_in_order_and_shows_the_hash_first(plan: str, kit: str) -> None:
    steps = dry_run(PLANS[plan].steps(bench_of(plan, kit)))
    check_order(steps)
    kinds = [type(step) for step in steps]
    assert kinds.index(Commit) < kinds.index(Draw) < kinds.index(Purpose)
    assert any(isinstance(step, Drive) for step in behind(steps))
    labels = [step.label for step in steps if isinstance(step, Hire | Stand)]
    assert len(set(labels)) == len(labels)
    assert "search_litres" not in {step.key for step in steps if isinstance(step, Choose)}, "a taxi delivers no fuel"


def test_only_a_pulse_source_goes_faster_than_a_car_may() -> None:
    assert fastest(carried_out(RAID, "K2", {"search": "60"}, lambda _: False)) <= 100
    assert fastest(carried_out(BENCH, "K3", {"search": "60"}, lambda _: False)) == 160


def test_no_remote_is_pressed_that_nobody_seized_and_power_stays_where_it_was_not_decided() -> None:
    none = carried_out(RAID, "K2", {"search": "60", "remote_seized": "no"}, lambda _: False)
    assert not [step for step in none if isinstance(step, Press)]
    assert not [step for step in none if isinstance(step, Choose) and step.key.startswith("have_remote")]
    [covered] = [step for step in none if isinstance(step, Searched)]
    assert "seized remote pressed" in [english for english, _ in covered.refused]
    kept = carried_out(RAID, "K2", {"search": "60", "phase_E": "no"}, lambda _: False)
    assert [step for step in behind(kept) if isinstance(step, Press)]
    assert not [step for step in kept if isinstance(step, PowerCycle)]


def test_controls_are_worked_in_a_watch_of_their_own_and_never_before_a_pulse_source() -> None:
    steps = behind(carried_out(RAID, "K1", {"search": "60", "remote_seized": "no"}, lambda _: False))
    watches = [n for n, step in enumerate(steps) if isinstance(step, Stand)]
    assert watches
    label = steps[watches[0]].label  # type: ignore[union-attr]
    trip = next(step for step in steps[watches[0] :] if isinstance(step, Hire))
    assert label == trip.label + WATCH
    assert [step.control for step in steps if isinstance(step, Work)][:2] == ["horn", "indicator-left"]
    bench = behind(carried_out(BENCH, "K3", {"search": "60"}, lambda _: False))
    assert not [step for step in bench if isinstance(step, Stand | Work)]


def test_a_hit_is_put_back_to_a_usual_speed_and_its_distance_halved() -> None:
    steps = behind(carried_out(RAID, "K2", {"remote_seized": "no"}, lambda step: step.speed_km_h > 60))
    speeds = [step.speed_km_h for step in steps if isinstance(step, Drive)]
    assert Decimal(60) in speeds, "not at the slowest, which takes an hour"
    assert min(speeds) == 60


# ----------------------------------------------------------------------------------------------------------------- model


def test_the_prior_of_taximeters_says_that_it_is_an_assumption_and_a_run_can_do_it() -> None:
    model = built_in("taximeter")
    assert not model.verified
    assert (model.grade, model.unit) == ("D", "km")
    assert model.factors[model.index("speed")].levels[model.plain[model.index("speed")]] == "60"
    drawn = draw(model, 400, np.random.default_rng(1))
    assert all(bool(permits.any(axis=1).all()) for permits in drawn.permits)
    with pytest.raises(ModelError, match="plain expected one of 20, 40"):
        parse(_text().replace('plain = "60"', 'plain = "61"'), "m.toml")


def _text() -> str:
    return (files("harness.search") / "models" / "taximeter.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"each twice"]\nlevels_zh', '"each thrice"]\nlevels_zh', "of control the levels each once, each twice, none, got each thrice"),
        ('"100", "160"]', '"100", "fast"]', "levels with thresholds expected rising numbers"),
        ('name = "stop"\n', 'name = "passenger"\n', "no other factors than"),
        ('family = "taximeter"', 'family = "elevator"', "one of the families .*taximeter.*, got elevator"),
    ],
)  # fmt: skip
def test_a_model_that_no_trip_can_follow_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = tmp_path / "ours.toml"
    assert old in _text()
    path.write_text(_text().replace(old, new), "utf-8")
    with pytest.raises(ModelError, match=why):
        search_budget("30min", "", path)


def test_a_budget_finds_its_plan_and_no_taximeter_takes_fuel_or_a_dispensers_model(tmp_path: Path) -> None:
    assert searching("taximeter-raid") == RAID
    assert searching("taximeter-bench") == BENCH
    with pytest.raises(UsageError, match="expected --budget with a plan that searches"):
        searching("taximeter-ride")
    with pytest.raises(UsageError, match="expected --fuel with a fuel dispenser"):
        searching("taximeter-raid", search_budget("30min", "120L"))
    path = tmp_path / "ours.toml"
    path.write_text((files("harness.search") / "models" / "dispenser.toml").read_text("utf-8"), "utf-8")
    with pytest.raises(ModelError, match="a trigger model of the family taximeter, got dispenser"):
        with_decisions(PLANS[RAID], search_budget("30min", "", path))


# ----------------------------------------------------------------------------------------------------------- what shows


def trip(id: str, error: float, km: float = 10.0) -> Segment:
    shown = Decimal(str(round(km * (1 + error), 2)))
    register = Register(
        "distance", frozen_int64([1, 2]), frozen_int64([0, 0]), (Decimal(0), shown), Decimal("0.01"), "km", Origin("test", "")
    )  # fmt: skip
    return Segment(
        id, SegmentKind.TRIP, "E", "s", (0, 10), {"hired": True, "reference": "surveyed"}, registers={"distance": register},
        reference_m=(1000 * km, 5.0),
    )  # fmt: skip


def shows(one: Segment, *others: Segment) -> bool:
    return TAXIMETER.shows(one, (*others, one), edition("jjg517-2016"), {})


def test_a_trip_shows_beyond_limit_and_wear_or_beyond_what_the_taxi_usually_tells() -> None:
    assert not shows(trip("Q1", 0.03)), "worn tyres"
    assert shows(trip("Q1", 0.06))
    few = [trip("D1", -0.035), trip("D2", -0.033)]
    assert not shows(trip("Q1", -0.034), *few)
    assert shows(trip("Q1", 0.01), *few), "4.5 % more than it usually tells"
    assert not shows(trip("Q1", -0.08), *few), "too little harms nobody here"
    assert not shows(trip("Q1", 0.01), few[0]), "one other trip is no usual error"
    assert not shows(replace(trip("Q1", 0.06), reference_m=None), *few)


# ----------------------------------------------------------------------------------------------------------------- whole


def test_the_search_finds_a_window_of_speed_and_goes_on_where_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the scheduled tests only what the order of a raid asks for: the rest has tests of its own."""

    def nothing(*_: Any) -> Generator[Step, Any, None]:
        yield from ()

    def shortened() -> None:
        for name in ("worked", "beyond"):
            monkeypatch.setattr(taximeter_raid, name, nothing)
        monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
        monkeypatch.setattr("harness.search.scheduler.DRAWN", 200)

    # without a tariff no fare is replayed: that is what takes long, and what is looked for lies in the distance
    bench = with_profile(find("taximeter-k0"), {"tariff": None})
    case, decided = tmp_path / "case", search_budget("15min", "")
    cut_after(monkeypatch, lambda step: isinstance(step, Choose) and step.key == "run_Q2")
    shortened()
    inspection.inspect(
        RAID, bench, case, world=world(bench, "taxi.C35:window", 1), draw_seed=LOTS, decided=decided
    )  # fmt: skip
    monkeypatch.undo()
    shortened()
    done = inspection.resume(case, world=world(bench, "taxi.C35:window", 1), draw_seed=LOTS)
    assert done.result.status == "complete", done.document["why"]
    lines = [line.body for line in read_lines(case / "data" / "journal")]
    assert lines[0]["decided"] == {"search": "15", "search_litres": "none"}
    judged = [body["value"] for body in lines if body["kind"] == "outcome" and "shown" in body.get("value", {})]
    assert "Q1" in judged[-1]["shown"], "at 100 km/h it tells too much"
    [covered] = done.document["history"]["searched"]
    runs = {one["id"].partition(WATCH)[0] for one in done.document["segments"] if one["context"].get("search")}
    assert covered["runs"] == len(runs) >= 1
    text = verdict_text(done.document)
    assert "by the trigger model taximeter-1" in text
    assert "before the hire driven vacant" in text
