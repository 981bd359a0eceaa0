"""Runs that were killed, stopped or failed go on: same verdict, nothing accused that happened while nobody listened."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from captures.case import Case, verify_case
from captures.errors import IntegrityError
from captures.journal import read_lines
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile, parse
from fixtures.clock import resumed_ns
from fixtures.errors import BenchError, StopAsked
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.build import Site, build
from fixtures.sim.scenario import AnalyserLoss
from fixtures.sim.world import World
from harness.benches import find, scenario, world
from harness.changes import ResumeError
from harness.derive import read_recorded, segments
from harness.derive.spans import Span, spans, standing
from harness.draw import commitment
from harness.extending import ExtensionError
from harness.inspection import inspect, resume
from harness.lock import Holder
from harness.lots import Lots
from harness.plans.miniature import MINIATURE, miniature
from harness.report.text import verdict_text
from harness.runner import RunResult, run
from harness.standing import read_standing
from harness.step import Deliver, Read, Step

SECOND_NS = 1_000_000_000
posix = pytest.mark.skipif(sys.platform == "win32", reason="a program is killed by a signal")
if sys.platform != "win32":
    from benchmarks.kill_runs import Kill, Trial, checked, gaps, trial
    from benchmarks.kills import one


def journal(case: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(case / "data" / "journal")]


# killed and resumed


@cache
def uninterrupted(
    bench: str, cheat: str, size: float, volume_l: str, sales: int
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The verdict of a run that nobody killed, and its steps with their instants."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = find(bench)
        done = trial(
            miniature(volume_l, sales), file, world(file, cheat or None, 3, size or None), Path(folder), [], []
        )
        steps = tuple((b["t_ns"], b["step"]) for b in journal(Path(folder) / "case") if b["kind"] == "step")
    return dict(done.document), steps


def killed(
    folder: Path,
    kill: Kill,
    bench: str = "dispenser-k0",
    cheat: str = "",
    size: float = 0.0,
    volume_l: str = "0.50",
    sales: int = 1,
    between: Callable[[World], None] = lambda world: None,
) -> Trial:
    file = find(bench)
    expected, _ = uninterrupted(bench, cheat, size, volume_l, sales)
    simulated = world(file, cheat or None, 3, size or None)
    done = trial(miniature(volume_l, sales), file, simulated, folder, [kill], [20 * SECOND_NS], between)
    assert done.starts[0].killed
    assert checked(folder, file, done, expected) == []
    return done


def instant(steps: tuple[Any, ...], label: str, kind: str, what: str | None = None) -> int:
    """A second into the step `kind` of the sale `label`."""
    found = [t for t, s in steps if s["type"] == kind and s.get("label") == label and s.get("what") == what]
    return int(found[0]) + SECOND_NS


@posix
@pytest.mark.parametrize("record", [1, 2, 9, 31, 60, 95, 120, 131, 140, 155, 170, 190, 215, 240])
def test_a_run_killed_after_any_record_ends_as_if_it_had_not_been(tmp_path: Path, record: int) -> None:
    killed(tmp_path, Kill(record=record))


@posix
@pytest.mark.parametrize(
    ("bench", "cheat", "size", "t_s"),
    [
        ("dispenser-k1", "fuel.C14", 0.1, 150), ("dispenser-k1", "fuel.C14", 0.1, 260),
        ("dispenser-k2", "fuel.C13", 0.1, 90), ("dispenser-k0", "fuel.C13", 0.1, 300),
    ],
)  # fmt: skip
def test_a_cheat_is_found_all_the_same(tmp_path: Path, bench: str, cheat: str, size: float, t_s: int) -> None:
    done = killed(tmp_path, Kill(t_ns=t_s * SECOND_NS), bench, cheat, size, "5.30", 3)
    assert done.document["integrity"] in ("suspect", "proven")


@posix
@pytest.mark.parametrize(("bench", "share"), [("dispenser-k0", 0.55), ("dispenser-k0", 0.8)])
def test_a_run_on_real_ports_killed_as_a_process_goes_on(bench: str, share: float) -> None:
    job = {"set": "ptys", "sales": ["0.50", 1], "bench": bench, "cheat": "", "size": 0.0, "seed": 3,
           "kill": {"share": share}, "gap_ns": 0}  # fmt: skip
    found = one(job)
    assert found["wrong"] == []
    assert found["killed"]


# what happens while nobody listens accuses nobody


def let(site: World, seconds: int) -> None:
    """The world goes on, and nobody listens."""
    until_ns = site.now_ns + seconds * SECOND_NS
    while site.now_ns < until_ns:
        site.advance(until_ns)


def somebody_else_buys(site: World) -> None:
    """Another customer at the same nozzle, after the officer has finished what he was at."""
    assert isinstance(site, Site)
    dispenser = site.dispenser
    let(site, 150)
    dispenser.type_preset("volume", 777)
    dispenser.lift()
    let(site, 8)
    dispenser.open_nozzle()
    let(site, 60)
    dispenser.hang()
    let(site, 10)
    assert float(site.sales[-1].delivered_ml) > 7000


def power_fails(site: World) -> None:
    assert isinstance(site, Site)
    let(site, 150)
    site.dispenser.power(False)
    let(site, 60)
    site.dispenser.power(True)
    let(site, 60)


@posix
@pytest.mark.parametrize("between", [somebody_else_buys, power_fails])
@pytest.mark.parametrize(
    ("bench", "label", "kind", "what"),
    [
        ("dispenser-k0", "B2", "Read", "display"), ("dispenser-k0", "B2", "Weigh", None),
        ("dispenser-k1", "B2", "Read", "display"), ("dispenser-k1", "B3", "Weigh", None),
    ],
)  # fmt: skip
def test_what_others_do_in_the_gap_accuses_nobody(
    tmp_path: Path, bench: str, label: str, kind: str, what: str | None, between: Callable[[World], None]
) -> None:
    _, steps = uninterrupted(bench, "", 0.0, "5.30", 3)
    file, kill = find(bench), Kill(t_ns=instant(steps, label, kind, what))
    done = trial(miniature("5.30", 3), file, world(file, None, 3), tmp_path, [kill], [SECOND_NS], between)
    assert done.document["run"] == ["complete", ""]
    assert done.document["findings"] == []
    assert not any(reading["hits"] for reading in done.document["readings"])
    assert done.document["conformity"] != "fail"
    assert len(gaps(tmp_path / "case")) == 1


@posix
def test_a_sale_whose_display_was_not_read_begins_anew_and_one_that_was_is_only_weighed(tmp_path: Path) -> None:
    _, steps = uninterrupted("dispenser-k1", "", 0.0, "0.50", 1)
    for what, begun in ((("Read", "display"), 2), (("Weigh", None), 1)):
        folder = tmp_path / what[0]
        folder.mkdir()
        killed(folder, Kill(t_ns=instant(steps, "B1", *what)), "dispenser-k1")
        sales = [b for b in journal(folder / "case") if b["kind"] == "step" and b["step"]["type"] == "Deliver"]
        assert [b["step"]["label"] for b in sales].count("B1") == begun


@posix
def test_power_that_was_cut_is_not_cut_again(tmp_path: Path) -> None:
    """Cut before he was asked it is done; cut while he is at it he goes on, and says that he has done it."""
    _, steps = uninterrupted("dispenser-k0", "", 0.0, "0.50", 1)
    at = next(t for t, s in steps if s["type"] == "PowerCycle")
    (tmp_path / "before").mkdir()
    (tmp_path / "while").mkdir()
    killed(tmp_path / "while", Kill(t_ns=at + 25 * SECOND_NS))
    lines = journal(tmp_path / "while" / "case")
    record = next(n for n, body in enumerate(lines) if body["kind"] == "step" and body["step"]["type"] == "PowerCycle")
    killed(tmp_path / "before", Kill(record=record + 1))
    for folder, begun, said in (("while", 1, 1), ("before", 2, 0)):
        lines = journal(tmp_path / folder / "case")
        assert sum(b["kind"] == "step" and b["step"]["type"] == "PowerCycle" for b in lines) == begun
        assert sum(b["kind"] == "outcome" and bool(b["value"].get("after_cut")) for b in lines) == said


# what stands


def test_a_step_supersedes_every_later_number() -> None:
    def entry(kind: str, n: int) -> tuple[str, Mapping[str, Any]]:
        return "", {"kind": kind, "n": n}

    told_of = [
        entry("step", 0),
        entry("outcome", 0),
        entry("step", 1),
        entry("outcome", 1),
        entry("step", 2),
        entry("step", 1),
    ]
    assert [body["kind"] for _, body in standing(told_of)] == [
        "step", "outcome", "void-step", "void-outcome", "void-step", "step",
    ]  # fmt: skip
    assert standing(told_of[:5]) == told_of[:5]


def test_spans_lie_around_their_gaps() -> None:
    told_of: list[tuple[str, Mapping[str, Any]]] = [
        ("", {"kind": "span", "t_ns": 0}), ("", {"kind": "span", "t_ns": 900}), ("", {"kind": "gap", "from_ns": 100}),
    ]  # fmt: skip
    first, second = spans(told_of)
    assert (first.holds(-1), first.holds(100), first.holds(101)) == (True, True, False)
    assert (second.holds(899), second.holds(900), second.holds(1 << 60)) == (False, True, True)
    with pytest.raises(ValueError, match="expected a gap"):
        spans(told_of[:2])
    with pytest.raises(ValueError, match="begin after the gap"):
        spans([*told_of[:2], ("", {"kind": "gap", "from_ns": 950})])
    assert spans(told_of[:1]) == (Span(0, -(1 << 62)),)


@pytest.mark.parametrize(
    ("last", "now", "gap_s"),
    [
        ("2026-01-01T10:00:00+00:00", "2026-01-01T10:02:00+00:00", 120), ("2026-01-01T10:00:00+00:00", "2026-01-01T10:00:00.2+00:00", 1),
        ("2026-01-01T10:00:00+00:00", "2026-01-01T09:00:00+00:00", 1), ("2026-01-01T10:00:00+00:00", "2026-03-01T10:00:00+00:00", 1),
        ("2026-01-01T10:00:00+00:00", "2026-01-30T10:00:00+00:00", 29 * 86400), ("", "2026-01-30T10:00:00+00:00", 1),
        ("2026-01-01T10:00:00", "2026-01-01T10:02:00+00:00", 1),
    ],
)  # fmt: skip
def test_the_clock_goes_on_after_a_sane_gap(last: str, now: str, gap_s: int) -> None:
    assert resumed_ns(5, last, now) == 5 + gap_s * SECOND_NS


# stopped


def stopped_at(site: World, folder: Path, at: Callable[[Step], bool], act: Callable[[Bench], None]) -> RunResult:
    """A miniature raid in this process; `act` is done once, when a step of that kind begins."""
    case = Case.create(folder / "case")
    file = find("dispenser-k0")
    from harness.changes import plan_record
    from harness.enact import ability
    from harness.plans.order import dry_run
    from harness.software import software

    header = {"tool": "test", "plan": "miniature-raid", "version": software()["version"], "software": software()}
    header |= plan_record(dry_run(MINIATURE.steps(ability(file))))
    bench = open_bench(file, specs("instruments"), case.journal, header, world=site)
    left = [1]

    def watch(number: int, total: int, step: Step, moment: str) -> None:
        if moment == "begin" and left[0] and at(step):
            left[0] -= 1
            act(bench)

    return run(MINIATURE, bench, lambda: {}, watch, draw_seed="ab" * 16)


def in_sale(step: Step) -> bool:
    return isinstance(step, Deliver) and step.label == "E1"


@posix
def test_ctrl_c_stops_safely_cleans_up_and_can_be_resumed(tmp_path: Path) -> None:
    site = world(find("dispenser-k0"), None, 3)
    result = stopped_at(site, tmp_path, in_sale, lambda bench: os.kill(os.getpid(), signal.SIGINT))
    assert (result.status, result.resumable, result.why) == ("stopped", False, "stopped by the operator")
    lines = journal(tmp_path / "case")
    assert (lines[-1]["kind"], lines[-1]["status"]) == ("end", "stopped")
    cleaned = [
        body["step"].get("key") or body["step"].get("what")
        for body in lines
        if body["kind"] == "clean_up" and "value" in body
    ]
    assert cleaned == ["hung_up", "totaliser", "seals_left", "returned"]
    assert verify_case(tmp_path / "case").complete
    done = resume(tmp_path / "case", plan=MINIATURE, world=site)
    assert (done.result.status, done.document["status"]) == ("complete", "complete")
    assert done.document["history"]["starts"] == 2
    assert [one["step"] for one in done.document["history"]["superseded"]] == ["Deliver E1"]
    text = verdict_text(done.document)
    assert "started 2 times" in text
    assert "Deliver E1, attempt 1" in text
    assert [s.id for s in segments(read_recorded(tmp_path / "case" / "data" / "journal"))] == ["B1", "E1"]


@posix
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP"])
def test_the_system_s_signals_leave_a_run_that_waits(tmp_path: Path, number: str) -> None:
    site = world(find("dispenser-k0"), None, 3)
    result = stopped_at(site, tmp_path, in_sale, lambda bench: os.kill(os.getpid(), getattr(signal, number)))
    assert (result.status, result.resumable) == ("stopped", True)
    assert number in result.why
    assert not any(body["kind"] == "clean_up" for body in journal(tmp_path / "case"))
    assert read_standing(tmp_path / "case" / "data" / "journal").status == "stopped"


@posix
def test_the_exit_code_says_that_it_can_be_resumed() -> None:
    from harness.exits import Exit, run_exit

    document = {"integrity": "inconclusive", "conformity": "pass", "status": "stopped"}
    assert run_exit(None, True, document) is Exit.INTERRUPTED
    assert run_exit(None, False, document) is Exit.STOPPED
    assert run_exit(None, True, {**document, "integrity": "proven"}) is Exit.CHEATING


SECOND_CTRL_C = """
import os, signal
from types import SimpleNamespace
from harness.stopping import stoppable
bench = SimpleNamespace(stop=None)
with stoppable(bench):
    os.kill(os.getpid(), signal.SIGINT)
    assert bench.stop is not None
    os.kill(os.getpid(), signal.SIGINT)
raise SystemExit(3)
"""


@posix
def test_a_second_ctrl_c_ends_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", SECOND_CTRL_C], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "run --resume" in done.stderr


def test_nothing_is_cleaned_up_before_anything_was_delivered(tmp_path: Path) -> None:
    def stop(bench: Bench) -> None:
        bench.stop = StopAsked("enough", resumable=False)

    site = world(find("dispenser-k0"), None, 3)
    result = stopped_at(site, tmp_path, lambda step: getattr(step, "key", "") == "safety", stop)
    assert result.why == "enough"
    assert not any(body["kind"] == "clean_up" for body in journal(tmp_path / "case"))


# what differs stops


def stopped_case(folder: Path) -> tuple[Path, World]:
    def stop(bench: Bench) -> None:
        bench.stop = StopAsked("enough", resumable=True)

    site: World = world(find("dispenser-k0"), None, 3)
    stopped_at(
        site, folder, lambda step: isinstance(step, Read) and (step.what, step.label) == ("totaliser", "B1"), stop
    )
    return folder / "case", site


def test_the_dead_run_whose_lock_was_taken_over_is_named(tmp_path: Path) -> None:
    case, site = stopped_case(tmp_path)
    dead = Holder(2**30, "long ago", platform.node(), "2026-03-01T09:00:00+00:00")
    (case / "lock").write_text(json.dumps(dead.body))
    assert resume(case, plan=MINIATURE, world=site).result.status == "complete"
    [lock] = [body for body in journal(case) if body["kind"] == "lock"]
    assert lock["taken_over"] == {"pid": 2**30, "began": "long ago", "utc": dead.utc}  # no name of the computer


def changed(bench: BenchFile, before: str, after: str) -> BenchFile:
    assert before in bench.text
    return parse(bench.text.replace(before, after), "changed")


def test_a_changed_bench_text_stops_with_the_line_shown_and_is_taken_on_record(tmp_path: Path) -> None:
    case, site = stopped_case(tmp_path)
    files = sorted(path.name for path in (case / "data" / "journal").iterdir())
    other = changed(find("dispenser-k0"), "prompts to our own officer", "prompts to our officers")
    with pytest.raises(ResumeError, match="prompts to our officers") as refused:
        resume(case, other, plan=MINIATURE, world=site)
    assert '- may_write = "prompts to our own officer"' in str(refused.value)
    assert sorted(path.name for path in (case / "data" / "journal").iterdir()) == files
    done = resume(case, other, plan=MINIATURE, accept=True, world=site)
    assert done.result.status == "complete"
    [accepted] = [body for body in journal(case) if body["kind"] == "change"]
    assert (accepted["expected"], accepted["got"]) == (
        'may_write = "prompts to our own officer"', 'may_write = "prompts to our officers"',
    )  # fmt: skip


def test_what_the_verdict_rests_on_cannot_be_changed_on_the_way(tmp_path: Path) -> None:
    case, site = stopped_case(tmp_path)
    other = changed(find("dispenser-k0"), 'price = "7.52"', 'price = "7.85"')
    with pytest.raises(BenchError, match="profile"):
        resume(case, other, plan=MINIATURE, accept=True, world=site)


def test_another_plan_stops_and_when_accepted_does_anew_from_where_it_differs(tmp_path: Path) -> None:
    case, site = stopped_case(tmp_path)
    other = miniature("0.60", 1)
    with pytest.raises(ResumeError, match=r"step 20(.|\n)*0\.60|0\.60(.|\n)*step 20"):
        resume(case, plan=other, world=site)
    done = resume(case, plan=other, accept=True, world=site)
    assert done.result.status == "complete"
    found = segments(read_recorded(case / "data" / "journal"))
    assert [(s.id, s.context["asked_l"]) for s in found] == [("B1", "0.60"), ("E1", "0.60")]
    assert [s.span for s in found] == [1, 1]


def test_a_complete_run_has_nothing_to_resume(tmp_path: Path) -> None:
    file = find("dispenser-k0")
    inspect(MINIATURE, file, tmp_path / "case", world=world(file, None, 3))
    with pytest.raises(ExtensionError, match="complete"):
        resume(tmp_path / "case", plan=MINIATURE, world=world(file, None, 3))


# data that one delivery lost


def lossy(seed_losses: tuple[AnalyserLoss, ...]) -> Site:
    return build(replace(scenario(find("dispenser-k2"), None, 3), losses=seed_losses))


def test_a_sale_whose_data_was_lost_begins_anew_once(tmp_path: Path) -> None:
    """The device overflows in the first capture only: afterwards it is as any other."""
    site = lossy((AnalyserLoss("overflow", 3.0),))
    file = find("dispenser-k2")
    case = Case.create(tmp_path / "case")
    bench = open_bench(file, specs("instruments"), case.journal, {"tool": "test"}, world=site)
    device: Any = getattr(site.ports["analyser"].on_bytes, "__self__", None)

    def heal(number: int, total: int, step: Step, moment: str) -> None:
        if isinstance(step, Deliver) and any("fault" in b.get("value", {}) for b in journal(tmp_path / "case")):
            device._losses = ()

    result = run(MINIATURE, bench, lambda: {}, heal)
    assert (result.status, result.why) == ("complete", "")
    faults = [body for body in journal(tmp_path / "case") if "fault" in body.get("value", {})]
    assert [body["attempt"] for body in faults] == [1]
    found = segments(read_recorded(case.journal))
    assert [(s.id, s.complete) for s in found] == [("B1", True), ("E1", True)]


def test_a_second_loss_in_the_same_sale_ends_the_run(tmp_path: Path) -> None:
    file = find("dispenser-k2")
    case = Case.create(tmp_path / "case")
    bench = open_bench(
        file, specs("instruments"), case.journal, {"tool": "test"}, world=lossy((AnalyserLoss("overflow", 3.0),))
    )
    result = run(MINIATURE, bench, lambda: {}, lambda *step: None)
    assert result.status == "error"
    assert "aborted the run" in result.why
    lines = journal(tmp_path / "case")
    assert [body["attempt"] for body in lines if "fault" in body.get("value", {})] == [1, 2]
    assert any(body["kind"] == "untrusted" for body in lines)
    assert not segments(read_recorded(case.journal))[-1].complete


# the draw


def test_the_seed_of_a_draw_survives_a_cut_unseen(tmp_path: Path) -> None:
    lots = Lots(tmp_path, "ab" * 16)
    assert not (tmp_path / "draw-seed").exists()
    lots.commit()
    if sys.platform != "win32":
        assert (tmp_path / "draw-seed").stat().st_mode & 0o777 == 0o600
    again = Lots(tmp_path, "cd" * 16)
    again.commit()
    again.check(commitment("ab" * 16))
    again.drawn()
    assert not (tmp_path / "draw-seed").exists()
    with pytest.raises(IntegrityError, match="shown to the parties"):
        Lots(tmp_path, "cd" * 16).check(commitment("ab" * 16))
