"""Cases gone on with after their end: what a search found is confirmed on fresh deliveries, or stays unproven."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import harness.changes
import harness.inspection as inspection
import harness.plans
import harness.plans.extension
import harness.runner
from captures.case import Case, verify_case
from captures.journal import read_lines
from fixtures.benchfile import BenchFile
from fixtures.errors import DataLost
from fixtures.opening import Before
from fixtures.sim.build import build
from harness.benches import find, on_ports, scenario, world
from harness.changes import Change, ResumeError
from harness.editions import edition
from harness.enact import Enactor, ability
from harness.exits import Exit, classified
from harness.extending import FEWEST, ExtensionError, confirmation, extended_plan, litres, offers, search, targets
from harness.families import family_tests
from harness.inspection import Inspection, inspect, resume
from harness.judging import judge_journal
from harness.plans import PLANS, PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.extension import Extension, extended, read, recorded
from harness.plans.miniature import MINIATURE, miniature
from harness.plans.order import PlanError, check_order, dry_run
from harness.plans.repeated import HALVES, Repeated, listed
from harness.plans.sale import sale
from harness.report.progress import headline
from harness.report.text import verdict_text
from harness.runner import planned
from harness.standing import Finished, Standing, read_standing
from harness.step import CONFIRMATION, SEARCH, Deliver, Plan, PowerCycle, Press, Purpose, Read, Shut, Step
from tests.harness.test_resume_commands import command, cut_after

K3 = find("dispenser-k3")
SMALL = miniature("1.00", 1)
TARGET = "edge-balance:encoder>board"
SPEED = 15.0  # a pump answers in 25 ms of its time
TESTS = family_tests(edition(K3.edition)).detectors


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    monkeypatch.setitem(harness.plans.PLANS, SMALL.name, SMALL)


def bodies(case: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(case / "data" / "journal")]


# what may be asked, of a verdict and a journal written by hand


def found(*readings: Mapping[str, Any], level: str = "suspect", detectors: tuple[str, ...] = ("edge-balance",), **more: Any) -> dict[str, Any]:  # fmt: skip
    """A verdict with one finding of these readings."""
    conditions = {"threshold_crossed": False, "reproduced_or_two_stations": False}
    finding = {"level": level, "detectors": list(detectors), "link": "encoder>board", "basis": "prespecified", "conditions": conditions}  # fmt: skip
    evidence = [{"detector": name, "link": "encoder>board"} for name in detectors]
    covert = {"A1": True, "A2": True}
    labels = {label for one in readings for label in one["segment"].split("|")}
    segments = [{"id": label, "context": {"covert": covert.get(label, False)}} for label in sorted(labels)]
    return {"findings": [finding | more], "evidence": evidence, "readings": list(readings), "segments": segments}


def seen(segment: str, detector: str = "edge-balance", **more: Any) -> dict[str, Any]:
    return {"detector": detector, "link": "encoder>board", "segment": segment, "hits": 5, "shape": "constant", "key": "", "e": 1200.0, **more}  # fmt: skip


def stands(*steps: Mapping[str, Any], extensions: tuple[Extension, ...] = ()) -> Standing:
    finished = tuple(Finished(n, step, {}) for n, step in enumerate(steps))
    return Standing({}, finished, None, {}, {}, Before(1, 0, "", "", None), "complete", extensions=extensions)


def sold(label: str, volume: str = "13.70", **more: Any) -> dict[str, Any]:
    return {"type": "Deliver", "label": label, "volume_l": volume, "amount": None, "flow": "full", "press_at_l": None, **more}  # fmt: skip


PRESSED = {"type": "Press", "what": "remote"}
DARK = {"type": "PowerCycle", "off_s": 30}


def asked(document: Mapping[str, Any], standing: Standing, target: str = TARGET, file: BenchFile = K3) -> Extension:
    return confirmation(target, document, standing, file, TESTS)


def test_what_showed_it_is_delivered_again_as_it_was_asked() -> None:
    document = found(seen("B1"), seen("B2"), seen("B3", hits=0), seen("S1"))
    slow = sold("B2", "4.10", flow="slow", amount="30.08")
    shut = {"type": "Shut", "label": "S1", "seconds": 60}
    it = asked(document, stands(sold("B1"), slow, sold("B3", "7.30"), shut))
    again = (
        Repeated(Decimal("13.70")), Repeated(Decimal("4.10"), Decimal("30.08"), "slow"), Repeated(shut_s=60),
    )  # fmt: skip
    assert it == Extension(CONFIRMATION, 1, again, (), TARGET)
    assert read(json.loads(json.dumps(recorded(it)))) == it


@pytest.mark.parametrize(
    "typed", ["edge-balance", "Edge-Balance", "edge-balance:encoder-board", "edge-balance:encoder＞board"]
)
def test_a_target_is_known_without_what_a_shell_takes_away(typed: str) -> None:
    assert asked(found(seen("B1")), stands(sold("B1")), typed).target == TARGET


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (seen("B1", e=20.0), "reach e = 4e+03 at most, confirmation 1 proves from 4e+04 on"),
        (seen("B1", "restart-law"), "compares deliveries with one another"),
        (seen("B1", "visit-totaliser"), "compares deliveries with one another"),
        (seen("B1|B2", "gain-change", key="volume", e=8.0), "5 pairs of deliveries that each show"),
        (seen("B1|B2", "sale-gain", key="event"), "compares deliveries with one another"),
    ],
)
def test_what_cannot_reach_its_threshold_spends_no_number(reading: Mapping[str, Any], why: str) -> None:
    name = str(reading["detector"])
    document = found(reading, detectors=(name,))
    with pytest.raises(ExtensionError) as refused:
        asked(document, stands(sold("B1"), sold("B2")), f"{name}:encoder>board")
    assert why in str(refused.value)
    assert offers(document, stands(sold("B1"), sold("B2")), K3, TESTS) == []


COMPARED = "gain-change:encoder>board"


def pair(**more: Any) -> dict[str, Any]:
    return found(seen("B1|R1", "gain-change", key="event", **more), detectors=("gain-change",))


def acts(it: Extension) -> list[str]:
    steps: list[Step] = dry_run(extended(iter(()), ability(K3), [it]))  # type: ignore[arg-type]
    named = []
    for step in steps:
        if isinstance(step, Press | Deliver | PowerCycle):
            named.append(step.what if isinstance(step, Press) else step.label if isinstance(step, Deliver) else "dark")
    return named


def test_a_comparison_is_made_again_in_pairs_in_turn() -> None:
    """R1 shows it behind the remote, R2 does not although it was pressed before: it does not stay on."""
    silent = found(seen("R2|R1", "gain-change", key="event"), detectors=("gain-change",))
    it = asked(silent, stands(PRESSED, sold("R1"), sold("R2")), COMPARED)
    silent_one, loud = (Repeated(Decimal("13.70"), half=half) for half in HALVES)
    assert it == Extension(CONFIRMATION, 1, (silent_one, replace(loud, worked=("remote",))) * 3, (), COMPARED)
    assert read(json.loads(json.dumps(recorded(it)))) == it
    assert acts(it) == ["K1-1", "remote", "K1-2", "K1-3", "remote", "K1-4", "K1-5", "remote", "K1-6"]
    assert litres(it) == 6 * loud.volume_l


def test_what_may_stay_on_is_compared_with_what_comes_before_it_behind_a_power_cut() -> None:
    """Where power was cut in the plan: who had decided for it then has for it now."""
    dark = asked(pair(), stands(sold("B1"), DARK, PRESSED, sold("R1")), COMPARED)
    assert acts(dark) == ["dark", "K1-1", "K1-2", "K1-3", "remote", "K1-4", "remote", "K1-5", "remote", "K1-6"]
    check_order(dry_run(extended_plan(PLANS["dispenser-raid"], [dark]).steps(ability(K3))))
    assert acts(asked(pair(), stands(sold("B1"), PRESSED, sold("R1")), COMPARED))[0] == "K1-1"


def test_what_a_search_told_to_compare_is_registered_as_it_was_told() -> None:
    """Also where no reading compares these two settings."""
    silent, shows = (Repeated(Decimal("13.70"), half=half) for half in HALVES)
    told = (silent, replace(shows, worked=("till key", "remote")), replace(silent, dark=True), shows)
    step = {"type": "Searched", "confirm": listed(told)}
    document = found(seen("R1", "constant-gain"), detectors=("constant-gain",))
    assert [one.target for one in offers(document, stands(sold("R1"), step), K3, TESTS)] == [COMPARED]
    it = asked(document, stands(sold("R1"), step), COMPARED)
    assert it == Extension(CONFIRMATION, 1, told, (), COMPARED)
    unsuspected = {**document, "findings": [], "evidence": [{"detector": "gain-change", "link": "reference>register"}]}
    [offered] = offers(unsuspected, stands(sold("R1"), step), K3, TESTS)
    assert offered == replace(it, target="gain-change:reference>register")
    assert offers({**unsuspected, "evidence": []}, stands(sold("R1"), step), K3, TESTS) == []
    assert read(json.loads(json.dumps(recorded(it)))) == it
    assert acts(it) == ["K1-1", "till key", "remote", "K1-2", "dark", "K1-3", "K1-4"]
    steps = dry_run(extended(iter(()), ability(K3), [it]))  # type: ignore[arg-type]
    assert [one.half for one in steps if isinstance(one, Purpose)] == ["silent", "shows"] * 2
    check_order(dry_run(extended_plan(PLANS["dispenser-raid"], [it]).steps(ability(K3))))


def test_a_comparison_has_as_many_pairs_as_its_threshold_needs_and_no_more() -> None:
    """All of a confirmation's capital lies on the one contrast that is registered (evidence.REGISTERED): 30^3 < 40 000 < 30^4."""
    assert len(asked(pair(e=30.0), stands(sold("B1"), PRESSED, sold("R1")), COMPARED).repeats) == 8
    assert [one.target for one in offers(pair(), stands(sold("B1"), PRESSED, sold("R1")), K3, TESTS)] == [COMPARED]


def test_a_constant_gain_is_confirmed_by_the_pair_in_which_it_is_there_and_is_not() -> None:
    document = found(seen("B1|R1", "gain-change", key="event"), detectors=("constant-gain",))
    document["evidence"].append({"detector": "gain-change", "link": "encoder>board"})
    assert [one.target for one in offers(document, stands(sold("B1"), PRESSED, sold("R1")), K3, TESTS)] == [COMPARED]


def test_what_both_halves_had_is_worked_in_both_unless_it_is_what_they_differ_in() -> None:
    by_amount = found(seen("R1|R2", "gain-change", key="preset"), detectors=("gain-change",))
    journal = stands(PRESSED, sold("R1"), sold("R2", amount="100"))
    assert acts(asked(by_amount, journal, COMPARED)) == [
        "remote", "K1-1", "remote", "K1-2", "remote", "K1-3", "remote", "K1-4", "remote", "K1-5", "remote", "K1-6",
    ]  # fmt: skip


def test_each_finding_has_one_offer_and_a_capped_one_none() -> None:
    both = found(seen("B1"), seen("B1", "split"), detectors=("edge-balance", "split"))
    assert [one.target for one in offers(both, stands(sold("B1")), K3, TESTS)] == [TARGET]
    assert litres(offers(both, stands(sold("B1")), K3, TESTS)[0]) == 3 * Decimal("13.70")
    capped = {"threshold_crossed": False, "reproduced_or_two_stations": False, "honest_causes_excluded": False}
    assert offers(found(seen("B1"), conditions=capped), stands(sold("B1")), K3, TESTS) == []


def test_open_deliveries_come_first() -> None:
    readings = [seen(label) for label in ("A1", "A2", "B1", "B2", "B3")]
    sales = [sold(label, f"{n}.50") for n, label in enumerate(("A1", "A2", "B1", "B2", "B3"), 1)]
    again = asked(found(*readings), stands(*sales)).repeats
    assert [str(one.volume_l) for one in again] == ["3.50", "4.50", "5.50", "1.50"]


def test_one_delivery_is_no_confirmation() -> None:
    it = asked(found(seen("B1")), stands(sold("B1")))
    assert len(it.repeats) == FEWEST
    assert set(it.repeats) == {Repeated(Decimal("13.70"))}


def test_what_had_been_worked_is_worked_again_unless_power_was_cut_since() -> None:
    on = asked(found(seen("R2")), stands(sold("B1"), PRESSED, sold("R1"), sold("R2")))
    assert on.worked == ("remote",)
    assert asked(found(seen("B1")), stands(sold("B1"), PRESSED, sold("R1"))).worked == ()
    assert asked(found(seen("P1")), stands(PRESSED, sold("R1"), DARK, sold("P1"))).worked == ()


def test_of_several_things_the_one_that_showed_it_most_is_worked() -> None:
    """Two that switch the same thing would put it on and off again."""
    code = {"type": "Press", "what": "code 1"}
    tried = stands(PRESSED, sold("T1"), PRESSED, sold("T2"), code, sold("T3"), code, sold("T4"))
    assert asked(found(seen("T1"), seen("T3"), seen("T4")), tried).worked == ("code 1",)
    assert asked(found(seen("T1")), tried).worked == ("remote",)


def test_a_number_is_taken_by_its_registration() -> None:
    before = (Extension(CONFIRMATION, 3, (), (), "split:encoder>board"), Extension(SEARCH, 7, (), ("remote",)))
    assert asked(found(seen("B1")), stands(sold("B1"), extensions=before)).number == 4
    assert search(["remote"], stands(extensions=before), K3).number == 2


@pytest.mark.parametrize(
    ("document", "target", "expected"),
    [
        (found(seen("B1")), "split:encoder>board", f"with its quotes around it: '{TARGET}'"),
        (found(seen("B1"), level="proven"), TARGET, "around it: none"),
        (found(seen("A1"), seen("A2")), TARGET, "covert purchases alone (A1, A2)"),
        (
            found(seen("A1|B1", "gain-change", key="knowledge"), detectors=("gain-change",)),
            "gain-change:encoder>board",
            "a comparison with what is gone",
        ),
        (
            found(seen("B1", "timer-lattice"), detectors=("timer-lattice",)),
            "timer-lattice:encoder>board",
            "around it: none",
        ),
    ],
)
def test_what_cannot_be_confirmed_is_refused_with_what_can(
    document: dict[str, Any], target: str, expected: str
) -> None:
    with pytest.raises(ExtensionError) as refused:
        asked(document, stands(sold("A1"), sold("A2"), sold("B1")), target)
    assert expected in str(refused.value)
    assert "expected" in str(refused.value)
    assert classified(refused.value)[0] is Exit.PRECONDITION


def test_what_the_refusal_names_is_offered_only_where_it_helps() -> None:
    helps = {"conditions": {"threshold_crossed": True, "reproduced_or_two_stations": True}}
    assert [one.helps for one in targets(found(seen("B1")), TESTS)] == [True]
    assert [one.helps for one in targets(found(seen("A1")), TESTS)] == [False]
    assert [one.helps for one in targets(found(seen("B1"), **helps), TESTS)] == [False]
    assert [one.helps for one in targets(found(seen("B1"), basis="exploratory", **helps), TESTS)] == [True]


@pytest.mark.parametrize(
    "what",
    [
        "save", "save ", "save.", "save key", "Price key", "s a v e", "ｓａｖｅ", "保存", "校准", "改价格", "升级固件", "断电", "Calibrate",
        "power", "power ", "Power", "POWER", "nozzle", "Nozzle.", "", "-x", "++", "a" * 41, "a\nb",
    ],
)  # fmt: skip
def test_nothing_is_worked_that_writes_or_switches(what: str) -> None:
    with pytest.raises(ExtensionError, match="expected --search"):
        search([what], stands(), K3)


def test_one_name_in_any_case_is_the_remote() -> None:
    assert search(["Remote", "ＲＥＭＯＴＥ"], stands(), K3).worked == ("remote", "remote")


@pytest.mark.parametrize("what", ["save", "Price key", "校准"])
def test_no_plan_writes_for_a_search(what: str) -> None:
    with pytest.raises(PlanError, match="it writes into the instrument"):
        check_order(
            dry_run(extended_plan(PLANS["dispenser-bench"], [replace(TRIED, worked=(what,))]).steps(ability(K3)))
        )


def test_the_officers_say_that_what_is_worked_writes_nothing() -> None:
    steps = dry_run(extended_plan(PLANS["dispenser-bench"], [TRIED]).steps(ability(K3)))
    assert sum(asks_for("writes_nothing")(step) for step in steps) == 1
    with pytest.raises(PlanError, match="writes and calibrates nothing"):
        check_order([step for step in steps if not asks_for("writes_nothing")(step)])


def test_who_has_no_remote_presses_none() -> None:
    with pytest.raises(ExtensionError, match="role remote"):
        search(["remote"], stands(), find("dispenser-k0"))
    file = find("dispenser-k0")
    assert search(["code 8821#"], stands(), on_ports(file, {"operator": "/dev/none"})).worked == ("code 8821#",)


@pytest.mark.parametrize("what", ["remot", "remotee", "rmote"])
def test_a_slip_of_the_finger_is_no_code(what: str) -> None:
    with pytest.raises(ExtensionError, match="did you mean remote"):
        search([what], stands(), on_ports(K3, {"operator": "/dev/none"}))


def test_what_a_simulated_operator_cannot_work_leaves_a_complete_case_as_it_was(
    ended: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = bodies(ended)
    code, said = command(capfd, "run", "--resume", str(ended), "--search", "foo", "--bench", "dispenser-k0")
    assert code == Exit.PRECONDITION
    assert "a simulated operator works nothing else" in said
    assert bodies(ended) == before


@pytest.mark.parametrize("name", ["site-k0", "gas-cng-k0"])
def test_sites_and_gas_are_refused(name: str) -> None:
    with pytest.raises(ExtensionError, match="one fuel dispenser"):
        search(["code 1"], stands(), find(name))


# the steps of an extension

AGAIN = Extension(CONFIRMATION, 1, (Repeated(Decimal("13.70")), Repeated(Decimal("45.30"))), ("remote",), TARGET)
TRIED = Extension(SEARCH, 1, (Repeated(Decimal("7.30")),), ("remote", "code 8821#"))


@pytest.mark.parametrize("plan", ["dispenser-raid", "dispenser-bench"])
def test_a_plan_gone_on_with_keeps_the_order(plan: str) -> None:
    whole = extended_plan(PLANS[plan], (TRIED, AGAIN, replace(AGAIN, number=2)))
    steps = dry_run(whole.steps(ability(K3)))
    check_order(steps)
    first = next(n for n, step in enumerate(steps) if step == Purpose(SEARCH))
    assert not any(isinstance(step, Purpose) for step in steps[:first])
    assert extended_plan(PLANS[plan], ()) is PLANS[plan]


@pytest.mark.parametrize("bench", ["dispenser-k0", "dispenser-k0-prover"])
def test_a_long_sale_is_measured_in_parts_again(bench: str) -> None:
    can = ability(find(bench))
    long = next(s for s in dry_run(PLANS["dispenser-raid"].steps(can)) if isinstance(s, Deliver) and s.label == "C4")
    steps = dry_run(extended(PLANS["dispenser-raid"].steps(can), can, [replace(AGAIN, repeats=(Repeated(long.volume_l), Repeated(shut_s=20)), worked=())]))  # fmt: skip
    check_order(steps)
    again = next(s for s in steps if isinstance(s, Deliver) and s.label == "K1-1")
    assert again == replace(long, label="K1-1")
    assert Shut("K1-2", 20) in steps


def test_a_switch_is_on_in_one_half_and_off_in_the_other() -> None:
    assert acts(AGAIN) == ["remote", "K1-1", "K1-2", "remote", "K1-3", "K1-4"]
    assert acts(TRIED) == ["remote", "T1-1", "remote", "T1-2", "code 8821#", "T1-3", "code 8821#", "T1-4"]
    assert acts(replace(AGAIN, worked=())) == ["K1-1", "K1-2"]


def test_a_number_is_used_once_and_for_something() -> None:
    plan = PLANS["dispenser-bench"]
    with pytest.raises(PlanError, match="confirmation 1 a second time"):
        check_order(dry_run(extended_plan(plan, (AGAIN, AGAIN)).steps(ability(K3))))
    for empty in (replace(AGAIN, target=""), replace(AGAIN, number=0)):
        with pytest.raises(PlanError, match="its number and its one target"):
            check_order(dry_run(extended_plan(plan, (empty,)).steps(ability(K3))))


def test_the_purpose_is_told_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Purpose(CONFIRMATION, 2, TARGET)
    assert headline(it) == "from here on confirmation 2: edge-balance over encoder>board"
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    assert "2" in headline(it)
    assert "confirmation" not in headline(it) + headline(Purpose(SEARCH))


# registered, cut, gone on with


def by_hand(k: int = 1) -> Callable[[Standing, BenchFile], Extension]:
    it = Extension(CONFIRMATION, k, (Repeated(Decimal("0.50")),) * 2, (), "gain-change:reference>display")
    return lambda standing, file: it


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """A miniature raid that has come to its end."""
    file, case = find("dispenser-k0"), tmp_path / "case"
    inspect(MINIATURE, file, case, world=world(file, None, 3))
    return case


def gone_on(case: Path, plan: PlanSpec = MINIATURE, **more: Any) -> Inspection:
    return resume(case, plan=plan, world=world(find("dispenser-k0"), None, 3), **more)


def begins(label: str) -> Callable[[Step], bool]:
    return lambda step: isinstance(step, Deliver) and step.label == label


def reads(label: str) -> Callable[[Step], bool]:
    return lambda step: isinstance(step, Read) and (step.what, step.label) == ("display", label)


def asks_for(key: str) -> Callable[[Step], bool]:
    return lambda step: getattr(step, "key", "") == key


def standing_of(case: Path) -> Standing:
    return read_standing(case / "data" / "journal")


def test_a_confirmation_that_was_cut_goes_on_under_its_number(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExtensionError, match="--confirm or --search"):
        gone_on(ended)
    before = (ended / "data" / "journal" / "0001.jsonl").read_bytes()
    cut_after(monkeypatch, asks_for("seals_again"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    assert (ended / "data" / "journal" / "0001.jsonl").read_bytes() == before
    assert standing_of(ended).status == ""
    assert [one.number for one in standing_of(ended).extensions] == [1]
    with pytest.raises(ExtensionError, match="cut or stopped; go on with it first"):
        gone_on(ended, further=by_hand(2))
    done = gone_on(ended)
    assert done.result.status == "complete"
    assert verify_case(ended).complete
    told = {one["id"]: one["context"] for one in done.document["segments"]}
    assert [told[label]["confirmation"] for label in ("K1-1", "K1-2")] == [1, 1]
    assert "confirmation" not in told["E1"]
    assert [gap["why"] for gap in done.document["history"]["gaps"]] == [
        "the run was complete and was gone on with", "the program was cut",
    ]  # fmt: skip
    assert [one["number"] for one in done.document["history"]["extensions"]] == [1]
    assert "THE RUN WAS CUT AND WENT ON" in verdict_text(done.document)


def test_no_delivery_of_a_confirmation_is_made_twice(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has seen what it shows would choose whether it counts."""
    cut_after(monkeypatch, reads("K1-2"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    done = gone_on(ended)
    assert done.result.status == "complete"
    deliveries = [body["step"]["label"] for body in bodies(ended) if body["kind"] == "step" and body["step"]["type"] == "Deliver"]  # fmt: skip
    assert deliveries.count("K1-1") == 1
    assert deliveries.count("K1-2") == 1
    [ending] = [body for body in bodies(ended) if body["kind"] == "given-up"]
    assert "confirmation 1 ends here" in ending["why"]
    assert verify_case(ended).complete
    assert "K1-2" not in {one["id"] for one in done.document["segments"]}
    further = gone_on(ended, further=by_hand(standing_of(ended).next_confirmation))
    assert further.result.status == "complete"


def test_a_delivery_that_does_not_stand_spends_a_level(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_after(monkeypatch, reads("K1-1"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    gone_on(ended)
    assert standing_of(ended).superseded == {1: 1}
    assert standing_of(ended).next_confirmation == 3


@pytest.mark.parametrize(
    ("fault", "status"), [(DataLost("the wire was silent"), "error"), (KeyboardInterrupt(), "stopped")], ids=str
)
def test_what_was_lost_or_stopped_ends_a_confirmation(
    ended: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, status: str
) -> None:
    acts = Enactor.act

    def losing(enactor: Enactor, step: Step) -> Any:
        if begins("K1-1")(step):
            raise fault
        return acts(enactor, step)

    monkeypatch.setattr(Enactor, "act", losing)
    assert gone_on(ended, further=by_hand()).result.status == status
    monkeypatch.undo()
    assert gone_on(ended).result.status == "complete"
    assert standing_of(ended).next_confirmation == 3
    assert sum(body["kind"] == "step" and body["step"].get("label") == "K1-1" for body in bodies(ended)) == 1


def test_an_extension_can_be_given_up(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_after(monkeypatch, asks_for("witness"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    gone_on(ended, give_up="the party left")
    with pytest.raises(ExtensionError, match="there is none"):
        gone_on(ended, further=by_hand(2), give_up="nothing is under way")
    lines = bodies(ended)
    [ending] = [body for body in lines if body["kind"] == "given-up"]
    assert (ending["why"], ending["number"]) == ("the party left", 1)
    assert not any(body["kind"] == "step" and body["step"].get("label") == "K1-1" for body in lines)
    assert standing_of(ended).status == "complete"
    done = gone_on(ended, further=by_hand(2))
    assert done.result.status == "complete"
    assert {"K2-1", "K2-2"} <= {one["id"] for one in done.document["segments"]}
    assert verify_case(ended).complete


def test_what_was_given_up_stays_given_up_after_a_cut(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_after(monkeypatch, reads("K1-2"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    cut_after(monkeypatch, asks_for("K_after"))  # the first step after it
    gone_on(ended)
    monkeypatch.undo()
    assert standing_of(ended).cut is None
    assert gone_on(ended).result.status == "complete"
    assert sum(body["kind"] == "given-up" for body in bodies(ended)) == 1


def longer(can: Ability) -> Plan:
    yield from MINIATURE.steps(can)
    yield from sale(can, "M1", "0.50")
    yield from blocks.identity_again()
    yield from blocks.closing("as before")


@pytest.mark.parametrize(
    "other", [miniature("0.60", 1), miniature("0.50", 2), replace(MINIATURE, steps=longer)], ids=["other", "more", "longer"]
)  # fmt: skip
def test_what_was_seen_at_its_end_chooses_no_step(ended: Path, other: PlanSpec) -> None:
    """Neither of a plan that has come to its end, nor of a confirmation behind it."""
    planned(other, find("dispenser-k0"))
    for k in (1, 2):
        lines = len(bodies(ended))
        with pytest.raises(ExtensionError, match="must not choose what is measured"):
            gone_on(ended, other, accept=True, further=by_hand(k))
        assert len(bodies(ended)) == lines
        gone_on(ended, further=by_hand(k))


def test_a_registered_step_is_done_as_it_was_registered(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_after(monkeypatch, asks_for("witness"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    whole = harness.plans.extension.steps

    def more(can: Ability, it: Extension) -> Plan:
        return whole(can, replace(it, repeats=(*it.repeats, *it.repeats)))

    monkeypatch.setattr(harness.plans.extension, "steps", more)
    with pytest.raises(ExtensionError, match="must not choose what is measured"):
        gone_on(ended, accept=True)


def test_a_new_version_is_still_taken_on_record(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.changes, "version_record", lambda: {"version": "99.0"})
    with pytest.raises(ResumeError, match="version"):
        gone_on(ended, further=by_hand())
    done = gone_on(ended, accept=True, further=by_hand())
    assert done.result.status == "complete"
    assert "tool version" in {change["what"] for change in done.document["history"]["changes"]}


def test_nothing_is_registered_at_another_instrument(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.runner, "identity_changes", lambda *_: [Change("instrument pump", "one", "two")])
    assert isinstance(gone_on(ended, further=by_hand()).result.error, ResumeError)
    assert not any(body["kind"] == "extension" for body in bodies(ended))


# a journal that somebody else wrote

REGISTERED = recorded(Extension(CONFIRMATION, 1, (Repeated(Decimal("1.00")),), ("remote",), TARGET))


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 1e999}, {"number": 1.9}, {"number": True}, {"number": 0}, {"number": "1"}, {"target": None},
        {"target": "edge-balance"}, {"of": SEARCH}, {"of": "other"}, {"repeats": []}, {"repeats": REGISTERED["repeats"] * 11},
        {"repeats": {}}, {"worked": "ab"}, {"worked": ["save"]}, {"worked": ["power"]}, {"worked": [1]}, {"worked": ["ok"] * 13},
        *({"repeats": [REGISTERED["repeats"][0] | one]} for one in (
            {"volume_l": "NaN"}, {"volume_l": "-5"}, {"volume_l": "1E9"}, {"volume_l": "0"}, {"volume_l": 5}, {"flow": "x"},
            {"shut_s": -1}, {"shut_s": True}, {"shut_s": 30}, {"amount": "Infinity"}, {"press_at_l": "-1"},
                {"worked": ["save"]}, {"worked": "ok"}, {"dark": 1}, {"half": "other"}, {"half": "silent"},
        )),
    ],
    ids=str,
)  # fmt: skip
def test_a_registration_that_no_run_writes_is_refused(changed: Mapping[str, Any]) -> None:
    assert read(REGISTERED).number == 1
    with pytest.raises((TypeError, ValueError)):
        read({**REGISTERED, **changed})


# from the search to the proof


def from_the_verdict(case: Path, target: str = TARGET) -> Callable[[Standing, BenchFile], Extension]:
    return lambda standing, file: confirmation(target, judge_journal(case / "data" / "journal"), standing, file, TESTS)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Any]]:
    """A case whose scheduled deliveries were honest, because nobody pressed the seized remote until the search."""
    patch = pytest.MonkeyPatch()
    patch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    case = tmp_path_factory.mktemp("searched") / "case"
    simulated = world(K3, "fuel.C09", 3)
    try:
        first = inspect(SMALL, K3, case, world=simulated)
        assert first.document["findings"] == []
        done = resume(
            case, plan=SMALL, world=simulated, further=lambda standing, file: search(["remote"], standing, file)
        )
    finally:
        patch.undo()
    return case, done.document


def test_what_a_search_found_is_suspect_and_offered(searched: tuple[Path, Mapping[str, Any]]) -> None:
    _, document = searched
    assert document["integrity"] == "suspect"
    assert {f["basis"] for f in document["findings"]} == {"exploratory"}
    assert {s["id"]: s["context"].get("search", False) for s in document["segments"]} == {
        "B1": False, "E1": False, "T1-1": True, "T1-2": True,
    }  # fmt: skip
    offered = targets(document, TESTS)
    assert offered[0].name == TARGET
    assert offered[0].helps
    text = verdict_text(document)
    assert "THE RUN WAS GONE ON WITH AFTER ITS END" in text
    assert "search 1: remote" in text


def test_a_confirmation_that_finds_nothing_spends_its_level_and_the_next_costs_more(
    searched: tuple[Path, Mapping[str, Any]],
) -> None:
    case, _ = searched
    none = resume(
        case, plan=SMALL, world=world(K3, None, 3), further=from_the_verdict(case)
    )  # it was taken out meanwhile
    assert none.result.status == "complete"
    assert none.document["integrity"] == "suspect"
    assert none.document["budget"]["spent"] == [[1, TARGET, 2.5e-5]]
    found = resume(case, plan=SMALL, world=world(K3, "fuel.C09", 3), further=from_the_verdict(case))
    assert found.document["integrity"] == "proven"
    [finding] = [one for one in found.document["findings"] if one["level"] == "proven"]
    assert finding["basis"] == "confirmatory"
    assert finding["threshold"] == pytest.approx(1 / (0.5e-4 * 2**-2))
    assert all(finding["conditions"].values())
    assert [row[:2] for row in found.document["budget"]["spent"]] == [[1, TARGET], [2, TARGET]]
    assert verify_case(case).complete
    registered_first(case)
    text = verdict_text(found.document)
    assert "confirmation 2: edge-balance over encoder>board; worked: remote" in text


def registered_first(case: Path) -> None:
    """Number, target and every step of a confirmation are in the hash chain before anything of it was done."""
    numbers: dict[int, str] = {}
    planned: list[Mapping[str, Any]] = []
    for body in bodies(case):
        match body:
            case {"kind": "extension", "of": "confirmation", "number": k, "target": target}:
                assert k not in numbers
                numbers[k] = target
                planned = [json.loads(line) for line in body["dry_run"]]
            case {"kind": "extension"}:
                planned = [json.loads(line) for line in body["dry_run"]]
            case {"kind": "step", "step": {"type": "Purpose", "of": "confirmation", "k": k, "target": target}}:
                assert numbers[k] == target
            case {"kind": "step", "step": {"type": "Deliver", "label": str(label)} as step} if label[0] in "KT":
                assert step in planned
            case _:
                pass
    assert numbers == {1: TARGET, 2: TARGET}


# on real pseudo-terminals, from the command line


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
def test_search_and_confirmation_at_the_bench(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from tests.harness.test_ptys import served

    case, bench = tmp_path / "case", tmp_path / "bench.toml"

    def shortmeasure(*arguments: str) -> tuple[int, dict[str, Any], str]:
        from harness.commands import build_app
        from harness.exits import run_app

        code = run_app(build_app(), ["run", *arguments, "--speed", str(SPEED), "--no-live", "--json"], {})
        said = capfd.readouterr()
        return code, json.loads(said.out), said.err

    def through(*arguments: str) -> tuple[int, dict[str, Any], str]:
        """A poll that a busy machine answers too late at this speed ends a run; it goes on as any does."""
        answer = shortmeasure(*arguments)
        for _ in range(5):
            if answer[1].get("status") != "error":
                break
            answer = shortmeasure("--resume", str(case))
        return answer

    with served(build(scenario(K3, "fuel.C09", 3)), K3, SPEED) as real:
        bench.write_text(real.text, "utf-8")
        _, first, _ = through(SMALL.name, "--bench", str(bench), "--case", str(case))
        assert (first["status"], first["findings"], first["confirmable"]) == ("complete", [], [])
        code, refused, err = shortmeasure("--resume", str(case), "--confirm", TARGET)
        assert (code, refused["kind"]) == (Exit.PRECONDITION, "error")
        assert "around it: none" in err
        code, found, err = through("--resume", str(case), "--search", "remote")
        assert (code, found["status"], found["integrity"]) == (Exit.CHEATING, "complete", "suspect")
        assert TARGET in found["confirmable"]
        assert f"--resume {case} --confirm '{TARGET}'" in err
        code, proven, _ = through("--resume", str(case), "--confirm", TARGET)
    assert (code, proven["integrity"], proven["confirmable"]) == (Exit.CHEATING, "proven", [])
    assert proven["budget"]["spent"] == [[1, TARGET, 2.5e-5]]
    assert verify_case(case).complete
    assert judge_journal(Case.open(case).journal)["integrity"] == "proven"


def test_the_steps_are_shown_before_anything_is_registered(
    searched: tuple[Path, Mapping[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    case, _ = searched
    lines = len(bodies(case))
    from harness.commands import build_app
    from harness.exits import run_app

    assert run_app(build_app(), ["run", "--resume", str(case), "--search", "remote", "--dry-run"], {}) == 0
    assert "from here on a search" in capfd.readouterr().out
    assert len(bodies(case)) == lines


def test_no_steps_are_shown_of_a_case_that_cannot_be_gone_on_with(
    ended: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    bench = ended.parent / "real.toml"  # a simulated operator works no code
    bench.write_text(on_ports(find("dispenser-k0"), {"operator": "/dev/none"}).text, "utf-8")
    wanted = ("run", "--resume", str(ended), "--search", "code 1", "--dry-run", "--bench", str(bench))
    code, said = command(capfd, *wanted)
    assert code == 0
    cut_after(monkeypatch, asks_for("witness"))
    gone_on(ended, further=by_hand())
    monkeypatch.undo()
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    code, said = command(capfd, *wanted)
    assert code == Exit.PRECONDITION
    assert "cut or stopped" in said


@pytest.mark.parametrize(
    "arguments",
    [("--confirm", TARGET), ("--search", "remote"), ("--resume", "c", "--search", "remote", "--confirm", TARGET)],
)
def test_a_command_that_says_too_little_or_too_much(
    capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, said = command(capfd, "run", *arguments)
    assert code == Exit.USAGE
    assert "expected --resume CASE with one of" in said
