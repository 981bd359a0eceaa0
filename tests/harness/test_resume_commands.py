"""Runs resumed from the command line: what the record says of a new simulated bench, of who answered, and of how runs end."""

from __future__ import annotations

import errno
import io
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
import harness.plans
import harness.runner
from captures.case import Case, verify_case
from captures.journal import read_lines
from fixtures.benchfile import parse
from fixtures.errors import BenchError
from fixtures.opening import open_bench
from fixtures.plugins import specs
from harness.answering import answered
from harness.benches import find, on_ports, world
from harness.case_facts import case_facts
from harness.changes import refuse_other_instrument, refuse_other_world
from harness.derive import read_recorded
from harness.exits import Exit, classified
from harness.judging import judge_path
from harness.plans.miniature import MINIATURE
from harness.plans.order import PlanError
from harness.runner import run
from harness.standards import _no_instrument
from harness.step import Confirm, Deliver, Plan, PowerCycle, Step
from harness.worlds import people_of, world_of, worst_world
from tests.commands import shortmeasure

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PROVER = "dispenser-k0-prover"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    monkeypatch.setitem(harness.plans.PLANS, MINIATURE.name, MINIATURE)


def command(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit code and what stood on stderr."""
    code, _, err = shortmeasure(capfd, *arguments)
    return code, err


def bodies(case: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(case / "data" / "journal")]


def cut_after(monkeypatch: pytest.MonkeyPatch, at: Callable[[Step], bool]) -> None:
    """The next run ends when such a step begins, as a killed one does: with no last line."""
    from fixtures.recorder import Recorder

    begun = harness.runner._Course._do

    def dying(course: Any, step: Step) -> Any:
        if at(step):
            monkeypatch.undo()
            course._recorder.sync()
            monkeypatch.setattr(Recorder, "close", lambda self, *said: self.abandon())
            raise KeyboardInterrupt
        return begun(course, step)

    monkeypatch.setattr(harness.runner._Course, "_do", dying)


# a run that opened its journal ends it


def wrong_order(can: object) -> Plan:
    yield Confirm("safety", "Lane closed")
    yield PowerCycle(30)
    yield Deliver("A1", 5)  # type: ignore[arg-type]


BAD = replace(MINIATURE, name="bad", steps=wrong_order)


def test_a_plan_that_destroys_evidence_leaves_no_case(tmp_path: Path) -> None:
    file = find("dispenser-k0")
    with pytest.raises(PlanError) as refused:
        inspection.inspect(BAD, file, tmp_path / "case", world=world(file, None, 1))
    assert classified(refused.value)[0] is Exit.PRECONDITION
    assert not (tmp_path / "case").exists()


def broken(can: object) -> Plan:
    raise ValueError("no such table")
    yield


@pytest.mark.parametrize(
    ("plan", "bench", "kind"),
    [
        (BAD, "dispenser-k0", PlanError),
        (replace(MINIATURE, steps=broken), "dispenser-k0", ValueError),
        (replace(MINIATURE, needs=frozenset({"encoder"})), "dispenser-k0", BenchError),
    ],
)
def test_a_run_that_its_plan_forbids_has_a_last_line(
    tmp_path: Path, plan: Any, bench: str, kind: type[Exception]
) -> None:
    file, case = find(bench), Case.create(tmp_path / "case")
    opened = open_bench(file, specs("instruments"), case.journal, {"tool": "test"}, world=world(file, None, 1))
    result = run(plan, opened, lambda: {}, lambda *step: None)
    assert isinstance(result.error, kind)
    assert (result.status, result.why) == ("error", str(result.error))
    last = bodies(case.path)[-1]
    assert (last["kind"], last["status"], last["why"]) == ("end", "error", result.why)
    assert verify_case(case.path).complete
    assert not any(body["kind"] == "wire" for body in bodies(case.path))


def test_an_entry_that_the_disk_refuses_before_the_first_step_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "0001.jsonl")

    monkeypatch.setattr(inspection.provenance, "record", full)
    code, err = command(capfd, "run", MINIATURE.name, "--bench", "dispenser-k0", "--case", tmp_path / "case")
    assert code == Exit.PRECONDITION
    assert "No space left" in err
    assert bodies(tmp_path / "case")[-1]["kind"] == "end"


@pytest.mark.parametrize("at", [1, 2])
def test_a_driver_that_breaks_when_it_is_made_ends_the_run(tmp_path: Path, at: int) -> None:
    """It is made once before anything is recorded, to see whether it can be, and once for the run."""
    known, file = dict(specs("instruments")), find("dispenser-k0")
    own, made = known["operator"], count(1)

    def breaks(*arguments: Any) -> Any:
        if next(made) == at:
            raise TypeError("unexpected keyword")
        return own.make(*arguments)

    known["operator"] = replace(own, make=breaks)
    case = Case.create(tmp_path / "case")
    with pytest.raises(TypeError):
        open_bench(file, known, case.journal, {"tool": "test"}, world=world(file, None, 1))
    if at == 1:
        assert not any(case.journal.iterdir())
    else:
        assert bodies(case.path)[-1]["status"] == "error"


# a simulated bench that ended with its program


def test_a_simulated_bench_resumed_from_the_command_line_is_named_as_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    with monkeypatch.context() as patch:
        patch.setitem(harness.plans.PLANS, MINIATURE.name, MINIATURE)
        cut_after(patch, lambda step: isinstance(step, Deliver) and step.label == "E1")
        command(capfd, "run", MINIATURE.name, "--bench", "dispenser-k0", "--case", case)
        patch.undo()
    assert bodies(case)[-1]["kind"] != "end"
    monkeypatch.setitem(harness.plans.PLANS, MINIATURE.name, MINIATURE)
    code, err = command(capfd, "run", "--resume", case)
    assert code in (Exit.OK, Exit.INCONCLUSIVE), err
    assert err.count("this one is new") == 1
    [change] = [body for body in bodies(case) if body["kind"] == "change"]
    assert change["what"] == "simulated bench"
    document = judge_path(case)
    assert (document["status"], document["history"]["changes"][0]["got"]) == ("complete", inspection.RENEWED.got)
    assert document["findings"] == []
    assert bodies(case)[0]["world"] == "simulated"
    assert bodies(case)[0]["people"] == ["model"]


def test_a_simulated_bench_that_lived_on_is_the_same_one(tmp_path: Path) -> None:
    from fixtures.errors import StopAsked

    file = find("dispenser-k0")
    site, case = world(file, None, 1), tmp_path / "case"
    stops = replace(MINIATURE, steps=lambda can: _stopping(MINIATURE.steps(can)))
    with pytest.MonkeyPatch.context() as patch:
        begun = harness.runner._Course._do

        def stopping(course: Any, step: Step) -> Any:
            if isinstance(step, PowerCycle):
                course._bench.stop = StopAsked("enough", resumable=True)
            return begun(course, step)

        patch.setattr(harness.runner._Course, "_do", stopping)
        assert inspection.inspect(stops, file, case, world=site).result.status == "stopped"
    assert inspection.resume(case, plan=stops, world=site).result.status == "complete"
    assert not any(body["kind"] == "change" for body in bodies(case))


def _stopping(plan: Plan) -> Plan:
    yield from plan


# who answered


def console() -> str:
    return (
        find(PROVER).text.replace('url = "sim:operator"', 'url = "console:"')
        .replace('driver = "operator"\n', 'driver = "operator"\nconsole = true\n')
    )  # fmt: skip


def test_a_run_with_nobody_says_so_and_goes_on_with_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bench, case = tmp_path / "bench.toml", tmp_path / "case"
    bench.write_text(console(), "utf-8")
    code, err = command(capfd, "run", "dispenser-raid", "--bench", bench, "--case", case, "--no-input")
    assert code == Exit.PRECONDITION
    header = bodies(case)[0]
    assert (header["world"], header["people"]) == ("answered", ["nobody"])
    for again in (("--no-input",), ()):  # whatever is said now, it was begun with nobody, and the bench says so
        code, err = command(capfd, "run", "--resume", case, *again)
        assert code == Exit.PRECONDITION
        assert "ask legal_basis" in err
        assert "--no-input: expected an answers file" not in err
    lines = bodies(case)
    assert [body["status"] for body in lines if body["kind"] == "end"] == ["error"] * 3
    told = [body["links"]["line"]["url"] for body in lines if body["kind"] == "instrument"]
    assert set(told) == {"answers:--no-input"}


def test_a_file_in_peoples_places_is_no_person_and_a_terminal_is(tmp_path: Path) -> None:
    path = tmp_path / "raid.answers"
    path.write_text("ask legal_basis = no 7\n", "utf-8")
    typed = parse(console(), "bench")
    assert (world_of(typed), people_of(typed)) == ("real", ["person"])
    said, _ = answered(typed, path, no_input=False)
    assert (world_of(said), people_of(said)) == ("answered", ["file"])
    tapped = parse(
        find("dispenser-k1").text.replace("sim:operator", f"answers:{path}").replace('"sim:', '"serial:/dev/tty'), "k1"
    )
    assert (world_of(tapped), people_of(tapped)) == ("real", ["file"])
    assert (world_of(find("dispenser-k1")), people_of(find("dispenser-k1"))) == ("simulated", ["model"])
    at_port = parse(find(PROVER).text.replace("sim:operator", "serial:/dev/ttyUSB0"), "k0")
    assert people_of(at_port) == ["line"]


def test_a_file_goes_on_where_another_ended(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The first ends in a purchase, which begins anew; the second answers first what is asked of a run that goes on."""
    given = [
        line for line in (EXAMPLES / "k0-honest.answers").read_text("utf-8").splitlines() if line and line[0] != "#"
    ]
    bought = next(n for n, line in enumerate(given) if line.startswith("deliver A2"))
    first, second, case = tmp_path / "first.answers", tmp_path / "second.answers", tmp_path / "case"
    first.write_text("\n".join(given[: bought + 1]) + "\n", "utf-8")
    code, err = command(capfd, "run", "dispenser-raid", "--bench", PROVER, "--case", case, "--answers", first)
    assert code == Exit.PRECONDITION
    asked = [
        "confirm resume = done",
        "read-totaliser resume volume_l = 166614.65",
        "read-display resume volume_l = 0.00",
        "read-display resume amount = 0.00",
        "read-display resume price = 7.52",
        "read-display resume code =",
    ]
    second.write_text("\n".join([*asked, *given[bought:]]) + "\n", "utf-8")
    code, err = command(capfd, "run", "--resume", case, "--answers", second)
    assert (code, "second.answers" in err) == (Exit.PRECONDITION, True)  # the difference is shown, nothing is written
    code, err = command(capfd, "run", "--resume", case, "--answers", second, "--accept-change")
    assert code == Exit.OK, err[-400:]
    assert "nobody asked for" not in err
    [change] = [body for body in bodies(case) if body["kind"] == "change"]
    assert change["got"].endswith('second.answers"')
    told = [body["links"]["line"]["url"] for body in bodies(case) if body["kind"] == "instrument"]
    assert [url.rpartition("/")[2] for url in told] == ["first.answers", "second.answers"]


def begun_with_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    bench, case = tmp_path / "bench.toml", tmp_path / "case"
    bench.write_text(console(), "utf-8")
    command(capfd, "run", "dispenser-raid", "--bench", bench, "--case", case, "--no-input")
    return case


def typed_at(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Path:
    """A case that a person began at a terminal, who went away at the first question."""
    bench, case = tmp_path / "bench.toml", tmp_path / "case"
    bench.write_text(console(), "utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    code, err = command(capfd, "run", "dispenser-raid", "--bench", bench, "--case", case)
    assert code == Exit.INSTRUMENT, err
    assert (bodies(case)[0]["world"], bodies(case)[0]["people"]) == ("real", ["person"])
    return case


def test_a_run_on_a_real_bench_cannot_be_finished_on_a_model_or_by_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The benches differ in nothing but the url of the operator's line."""
    case = typed_at(monkeypatch, capfd, tmp_path)
    begun = bodies(case)
    answers = f"answers:{EXAMPLES / 'k0-honest.answers'}"
    for url, why in (
        ("sim:operator", "at the far end of the lines is: expected real, as this run began, got simulated"),
        (answers, "at the far end of the lines is: expected real, as this run began, got answered"),
        ("serial:/dev/ttyUSB0", "answered by: expected person, as this run began, got line"),
    ):
        other = tmp_path / "other.toml"
        other.write_text(console().replace("console:", url), "utf-8")
        code, err = command(capfd, "run", "--resume", case, "--bench", other, "--accept-change")
        assert (code, why in err) == (Exit.PRECONDITION, True), err
        assert bodies(case) == begun


def test_what_was_begun_on_a_real_bench_names_the_world_it_would_be_finished_in(tmp_path: Path) -> None:
    """The same instruments and options, on other links."""
    now = find(PROVER)
    real = parse(now.text.replace("sim:operator", "serial:/dev/ttyUSB0"), "real")
    file = parse(now.text.replace("sim:operator", "answers:a.answers"), "file")
    other = parse(now.text.replace("sim:operator", "answers:b.answers"), "other")
    nobody = parse(now.text.replace("sim:operator", "answers:--no-input"), "nobody")
    for before, after, why in (
        (real, now, "expected real, as this run began, got simulated"),
        (now, real, "expected simulated, as this run began, got real"),
        (real, file, "expected real, as this run began, got answered"),
        (nobody, file, "answered by: expected nobody, as this run began, got file"),
    ):
        refuse_other_instrument(before, after)  # nothing else in which they differ
        told = {"world": world_of(before), "people": people_of(before)}
        for header in (told, {}):  # a header that does not say it names the bench all the same
            with pytest.raises(BenchError, match=why):
                refuse_other_world(header, before, after)
    refuse_other_world({}, file, other)


def test_a_run_with_nobody_is_not_finished_by_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = begun_with_nobody(tmp_path, capfd)
    begun = bodies(case)
    answers = EXAMPLES / "k0-honest.answers"
    code, err = command(capfd, "run", "--resume", case, "--answers", answers, "--accept-change")
    assert code == Exit.PRECONDITION
    assert "expected nobody, as this run began, got file" in err
    assert bodies(case) == begun


def test_every_later_start_says_its_world_and_the_worst_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A journal whose header says `real` and whose second start was on a model: another program may have written it."""
    case = typed_at(monkeypatch, capfd, tmp_path)
    recorded = read_recorded(case / "data" / "journal")
    model, file = "the bench was simulated", "answers came from a file"
    assert not any(model in note or file in note for note in _no_instrument(recorded))
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    command(capfd, "run", "--resume", case)
    assert [(b["world"], b["people"]) for b in bodies(case) if b["kind"] == "world"] == [("real", ["person"])]
    assert case_facts(Case(case)).world == "real"
    monkeypatch.setattr("harness.provenance.world_of", lambda bench: "simulated")
    monkeypatch.setattr("harness.provenance.people_of", lambda bench: ["file"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    command(capfd, "run", "--resume", case)
    notes = _no_instrument(read_recorded(case / "data" / "journal"))
    assert (len(notes), model in notes[0], file in notes[1]) == (2, True, True)
    assert case_facts(Case(case)).world == "simulated"


def test_the_worst_world_of_several_is_the_one_that_says_least_of_an_instrument() -> None:
    told: list[Mapping[str, Any]] = [
        {"world": "real"},
        {},
        {"world": ["simulated"]},
        {"world": "answered"},
        {"world": "else"},
    ]
    assert worst_world(told) == "answered"
    assert worst_world([{"world": "replayed"}, {"world": "simulated"}, *told]) == "simulated"
    assert worst_world([{}]) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
def test_a_built_in_bench_on_pseudo_terminals_is_simulated() -> None:
    from fixtures.posix import open_pty_pair

    pair = open_pty_pair()
    try:
        served = on_ports(find("dispenser-k1"), dict.fromkeys(("operator", "tap_host", "tap_device"), pair.path))
        assert not served.simulated
        assert (world_of(served), people_of(served)) == ("simulated", ["line"])
        assert world_of(replace(served, simulation={})) == "real"
    finally:
        pair.close()
