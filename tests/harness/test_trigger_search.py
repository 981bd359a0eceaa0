"""The search inside a plan: order, decisions of the officers, what is worked, what a hit leads to; whole on the simulated bench."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from captures.journal import read_lines
from harness.benches import find, world
from harness.plans import PLANS
from harness.plans.order import check_order, dry_run
from harness.plans.repeated import HALVES, read_one
from harness.report.text import verdict_text
from harness.step import SEARCH, Choose, Commit, Deliver, Draw, Judge, PowerCycle, Press, Purpose, Searched, Step
from tests import searches
from tests.searches import LOTS, behind, bench_of

RAID, BENCH = "dispenser-search", "dispenser-search-bench"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def carried_out(plan: str, kit: str, answers: Mapping[str, str], shows: Any, integrity: str = "suspect") -> list[Step]:
    """The steps of a search whose choices are answered by `answers` and whose runs show what `shows(deliver, worked)` says; `worked`: since the
    last delivery."""
    shown, worked, errors = list[str](), list[str](), dict[str, float]()

    def told(step: Step, searched: bool) -> dict[str, Any] | None:
        match step:
            case Press(what=what):
                worked.append(what)
            case Deliver() if searched:
                if shows(step, tuple(worked)):
                    shown.append(step.label)
                errors[step.label] = 0.03 if step.label in shown else 0.001
                worked.clear()
            case Judge():
                return {"shown": list(shown), "errors": dict(errors), "onsets": {}, "integrity": integrity}
            case _:
                pass
        return None

    return searches.carried_out(plan, kit, answers, told)


@pytest.mark.parametrize(("plan", "kit"), [(RAID, "K0"), (RAID, "K1"), (RAID, "K2"), (BENCH, "K3")])
def test_a_plan_with_a_search_is_in_order_and_shows_the_hash_first(plan: str, kit: str) -> None:
    steps = dry_run(PLANS[plan].steps(bench_of(plan, kit)))
    check_order(steps)
    kinds = [type(step) for step in steps]
    assert kinds.index(Commit) < kinds.index(Draw) < kinds.index(Purpose)
    assert any(isinstance(step, Deliver) for step in behind(steps))
    assert len({step.label for step in steps if isinstance(step, Deliver)}) == kinds.count(Deliver)


def test_officers_may_have_no_search_and_may_stop_or_leave_out_a_run() -> None:
    assert Purpose(SEARCH) not in carried_out(RAID, "K2", {"search": "0"}, lambda *_: False)
    stopped = carried_out(RAID, "K2", {"run_Q1": "stop"}, lambda *_: False)
    assert not [step for step in behind(stopped) if isinstance(step, Deliver)]
    skipped = carried_out(RAID, "K2", {"search": "15", "run_Q": "skip"}, lambda *_: False)
    assert not [step for step in behind(skipped) if isinstance(step, Deliver)]


def test_what_nobody_holds_is_not_worked_and_power_stays_where_it_was_not_decided() -> None:
    nothing = carried_out(RAID, "K2", {"have_": "no"}, lambda *_: False)
    assert not [step for step in behind(nothing) if isinstance(step, Press)]
    assert [step for step in behind(carried_out(RAID, "K2", {}, lambda *_: False)) if isinstance(step, Press)]
    kept = carried_out(RAID, "K2", {"phase_E": "no"}, lambda *_: False)
    assert not [step for step in kept if isinstance(step, PowerCycle)]


def test_a_hit_is_narrowed_and_its_threshold_halved() -> None:
    steps = behind(carried_out(RAID, "K2", {"have_": "no"}, lambda step, _: step.volume_l > Decimal("20")))
    asked = [float(step.volume_l) for step in steps if isinstance(step, Deliver)]
    first = next(n for n, litres in enumerate(asked) if litres > 20)
    halved = asked[first + 1 :]
    silent, acts = max(v for v in halved if v <= 20), min(v for v in halved if v > 20)
    assert silent <= 20 < acts
    assert acts - silent <= 0.2 + 1e-9
    assert len([v for v in halved if v != asked[first]]) <= 10


def test_the_search_finds_a_threshold_that_no_scheduled_delivery_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = find("dispenser-k2")
    result = inspection.inspect(RAID, bench, tmp_path / "case", world=world(bench, "fuel.C02", 1), draw_seed=LOTS)
    assert result.document["status"] == "complete", result.document["why"]
    judged = [
        line.body["value"]
        for line in read_lines(tmp_path / "case" / "data" / "journal")
        if line.body["kind"] == "outcome" and "shown" in line.body.get("value", {})
    ]
    assert judged
    assert judged[-1]["shown"]
    onsets = [value for label, value in judged[-1]["onsets"].items() if label.startswith("Q")]
    assert onsets
    assert onsets[0] == pytest.approx(20.0, abs=0.4)
    assert [one["id"] for one in result.document["segments"] if one["context"].get("search")]
    [covered] = result.document["history"]["searched"]
    assert covered["runs"] == len({one["id"] for one in result.document["segments"] if one["context"].get("search")})
    shares = {name: float(share) for name, *_, share, _ in covered["shown"]}
    assert shares["4"] <= shares["2"] < shares["1"] <= 1
    text = verdict_text(result.document)
    assert "by the trigger model dispenser-1" in text
    assert "nothing of how likely this instrument has a function" in text
    assert "hour of the day night" in text.split("not tried, because nobody could give it: ")[1].splitlines()[0]
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    assert "时段 夜间" in verdict_text(result.document)


def test_a_search_that_was_stopped_at_once_covered_nothing() -> None:
    stopped = carried_out(RAID, "K2", {"run_Q1": "stop"}, lambda *_: False)
    [covered] = [step for step in stopped if isinstance(step, Searched)]
    assert covered.runs == 0
    assert covered.pairs[0] == 0 < covered.pairs[1]
    assert not any(isinstance(step, Searched) for step in carried_out(RAID, "K2", {"search": "0"}, lambda *_: False))


def test_a_hit_is_made_again_and_a_search_ended_there_is_ended() -> None:
    again = behind(carried_out(RAID, "K2", {"have_": "no"}, lambda step, _: step.label == "Q1"))
    asked = [step for step in again if isinstance(step, Deliver)]
    assert (asked[0].volume_l, asked[0].amount, asked[0].flow) == (asked[1].volume_l, asked[1].amount, asked[1].flow)
    assert len(asked) > 2, "what does not come again ends no search"
    ended = behind(carried_out(RAID, "K2", {"have_": "no", "run_Q2": "stop"}, lambda step, _: step.label == "Q1"))
    assert [step.label for step in ended if isinstance(step, Deliver)] == ["Q1"]
    assert any(isinstance(step, Searched) for step in ended)


def searched(steps: list[Step]) -> Searched:
    return next(step for step in steps if isinstance(step, Searched))


def test_what_acts_behind_a_key_is_told_apart_and_its_confirmation_told_beforehand() -> None:
    steps = carried_out(RAID, "K2", {}, lambda _, worked: "till key" in worked)
    confirm = [read_one(one) for one in searched(steps).confirm]
    silent, shows = ([one for one in confirm if one.half == half] for half in HALVES)
    assert len(silent) == len(shows) >= 3
    assert not any("till key" in one.worked for one in silent)
    assert all("till key" in one.worked for one in shows)
    assert {one.volume_l for one in silent} == {one.volume_l for one in shows}


def test_what_shows_nothing_again_has_no_confirmation() -> None:
    assert searched(carried_out(RAID, "K2", {"have_": "no"}, lambda step, _: step.label == "Q1")).confirm == ()
    assert searched(carried_out(RAID, "K2", {}, lambda *_: False)).confirm == ()


def test_a_search_goes_on_where_what_came_again_raised_no_suspicion() -> None:
    """By fills nothing is compared: what every run shows is narrowed, and others are tried as long as nobody suspects it."""
    on = carried_out(RAID, "K1", {"search": "240"}, lambda *_: True, integrity="no_evidence")
    ended = carried_out(RAID, "K1", {"search": "240"}, lambda *_: True)
    assert searched(on).runs > searched(ended).runs > 0


def test_who_measures_in_fills_compares_no_settings() -> None:
    assert searched(carried_out(RAID, "K1", {}, lambda _, worked: "till key" in worked)).confirm == ()


def test_officers_may_end_the_search_where_it_is_told_apart() -> None:
    whole = carried_out(RAID, "K2", {}, lambda step, _: step.volume_l > 10)
    [first, *_] = [step.key for step in whole if isinstance(step, Choose) and "tells which" in str(step.text)]
    ended = carried_out(RAID, "K2", {first: "stop"}, lambda step, _: step.volume_l > 10)
    assert isinstance([step for step in ended if isinstance(step, Searched | Deliver)][-1], Searched)
    assert not any(isinstance(step, Deliver) for step in ended[ended.index(searched(ended)) :])
