"""Judging while the journal grows: read, decoded and asked once, and in the end the very verdict of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness.inspection as inspection
from captures.errors import IntegrityError
from captures.journal import Follower, JournalWriter, read_lines
from harness.benches import find, world
from harness.catalogue import with_rules
from harness.derive import growing, read_recorded, segments
from harness.derive.growing import Growing, OutOfOrderError
from harness.derive.segments import Kept
from harness.derive.streams import listened
from harness.editions import edition
from harness.families import family_tests
from harness.inspection import Telling, inspect
from harness.judge.contract import DetectorSpec, Reading, Segment, Validation, View
from harness.judging import judge_journal
from harness.live import summary
from harness.plans.miniature import miniature
from harness.remembered import Memory
from harness.report.document import as_json_bytes
from harness.watching import Watching

Bodies = list[Mapping[str, Any]]


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
        yield


def run_of(folder: Path, bench: str, cheat: str | None, sales: int, volume_l: str = "9.00") -> Path:
    file = find(bench)
    case = folder / "case"
    inspect(miniature(volume_l, sales), file, case, world=world(file, cheat, 3))
    return case / "data" / "journal"


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sales of a pulse adder, every link tapped."""
    return run_of(tmp_path_factory.mktemp("k3"), "dispenser-k3", "fuel.C09", 3)


@pytest.fixture(scope="module")
def offline(laboratory: Path) -> bytes:
    """The verdict of the whole."""
    return as_json_bytes(judge_journal(laboratory))


def bodies(journal: Path) -> Bodies:
    return [line.body for line in read_lines(journal)]


def watched(folder: Path, lines: Bodies, looks: int) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The last verdict over a journal that grows by so many pieces, and those before it."""
    folder.mkdir()
    before = []
    with JournalWriter.create(folder, lines[0]) as writer:
        watching = Watching(folder)
        for number, body in enumerate(lines[1:]):
            writer.append(body)
            if number % (len(lines) // looks) == len(lines) // looks - 1:
                writer.flush()
                before.append(watching.judge())
        writer.sync()
        return watching.judge(last=True), before


@pytest.mark.parametrize(
    ("bench", "cheat"),
    [
        ("dispenser-k1", None),
        ("dispenser-k1", "fuel.C14"),
        ("dispenser-k3", None),
        ("ticc-k2", None),
        ("site-k1", None),
    ],
)
def test_the_end_is_the_verdict_of_the_whole_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: str, cheat: str | None
) -> None:
    plan = {"site-k1": "site-survey", "dispenser-k3": "", "ticc-k2": ""}.get(bench, "")
    if plan:
        # the whole survey; the raid on the chosen dispenser is shortened: one sale before its power cycle, one after
        monkeypatch.setattr("harness.plans.dispenser_raid.steps", miniature("3.00", 1).steps)
        case = tmp_path / "case"
        inspect(plan, find(bench), case, world=world(find(bench), cheat, 3))
        journal = case / "data" / "journal"
    else:
        journal = run_of(tmp_path, bench, cheat, 2)
    last, before = watched(tmp_path / "grown", bodies(journal), 4)
    assert as_json_bytes(last) == as_json_bytes(judge_journal(tmp_path / "grown"))
    assert len(before) >= 3
    assert all(document["status"] == "error" for document in before if "status" in document)


def test_a_cheat_is_found_as_offline_and_seen_to_come(laboratory: Path, offline: bytes, tmp_path: Path) -> None:
    last, before = watched(tmp_path / "grown", bodies(laboratory), 6)
    assert as_json_bytes(last) == offline
    assert sorted(len(document["segments"]) for document in before) == [len(d["segments"]) for d in before]


def test_a_resumed_run_is_judged_as_offline(laboratory: Path, tmp_path: Path) -> None:
    """The journal is cut inside the second sale and goes on in its next file after a gap."""
    lines = bodies(laboratory)
    cut = next(i for i, b in enumerate(lines) if b.get("kind") == "step" and b["step"].get("label") == "B2") + 40
    grown = tmp_path / "grown"
    grown.mkdir()
    with JournalWriter.create(grown, lines[0]) as writer:
        watching = Watching(grown)
        for body in lines[1:cut]:
            writer.append(body)
        writer.flush()
        watching.judge()
    with (grown / "0001.jsonl").open("ab") as file:
        file.write(b'{"seq":')
    watching.judge()
    last_ns = max(body["t_ns"] for body in lines[:cut] if "t_ns" in body)
    with JournalWriter.resume(grown) as writer:
        writer.append({"kind": "gap", "t_ns": last_ns + 10, "from_ns": last_ns, "to_ns": last_ns + 10})
        writer.append({"kind": "span", "t_ns": last_ns + 10, "speed": 2.0})
        watching.judge()
        for body in lines[cut:]:
            if body.get("kind") != "wire" or min(t for t, *_ in body["reads"]) > last_ns + 10:
                writer.append(body)
        writer.sync()
        last = watching.judge(last=True)
    assert as_json_bytes(last) == as_json_bytes(judge_journal(grown))
    assert last["history"]["starts"] == 2


def test_nothing_is_read_or_asked_twice(laboratory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    tests = family_tests(edition("jjg443-2023"))
    split = tests.detectors["split"]

    def judge(found: Sequence[Segment], view: View) -> Sequence[Reading]:
        asked.extend((segment.id, str(segment.complete)) for segment in found)
        return split.judge(found, view)

    counted = replace(tests, detectors={**tests.detectors, "split": replace(split, judge=judge)})
    monkeypatch.setattr("harness.judging.family_tests", lambda _: counted)
    watching = Watching(laboratory)
    one = watching.judge(last=True)
    once = list(asked)
    assert watching.judge(last=True) == one
    assert asked == once
    assert len(once) == len(one["segments"])
    assert watching._growing is not None
    assert watching._growing._taken._chunks.keys() <= {"operator", "relay"}  # decoded, not kept


def test_a_decoded_train_is_held_once(laboratory: Path) -> None:
    stream = Growing(laboratory)
    found = segments(stream.look(last=True), stream)
    decoded = [run.trains for run in stream.runs([])]
    train = found[0].trains["board.A"]
    (own,) = [trains["board.A"] for trains in decoded if np.array_equal(trains["board.A"].ticks, train.ticks)]
    assert train.instrument != own.instrument
    assert train.ticks is own.ticks
    assert train.levels is own.levels
    ticks = train.ticks.copy()
    assert replace(train, ticks=ticks).ticks is not ticks  # what somebody could write to is copied


def test_arrivals_out_of_order_are_judged_from_the_whole(
    laboratory: Path, offline: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "HOLD_NS", -(10**18))  # nothing is held until it is in order
    with pytest.raises(OutOfOrderError):
        Growing(laboratory).look()
    assert as_json_bytes(Watching(laboratory).judge(last=True)) == offline


def test_what_is_remembered_looks_at_segments_one_by_one(laboratory: Path) -> None:
    """With a sale before it, after it or alone: the readings of a segment are the same."""
    recorded = read_recorded(laboratory)
    found = segments(recorded)
    tests = family_tests(edition(recorded.bench.edition))
    remembered = {name: spec for name, spec in tests.detectors.items() if spec.one_by_one}
    assert remembered.keys() >= {
        "split",
        "edge-balance",
        "quadrature",
        "course",
        "slots",
        "period-gain",
        "timer-lattice",
    }
    limits = edition(recorded.bench.edition)
    profile = with_rules({**recorded.bench.profile, "sensor_class": "disc"}, limits)
    for name, spec in sorted(remembered.items()):
        assert spec.kind in ("detector", "law")
        view = View(profile, spec.parameters, Validation(10_000, 0))
        alone = [list(spec.judge([segment], view)) for segment in found]
        assert list(spec.judge(found, view)) == [reading for of in alone for reading in of], name
        assert list(spec.judge(found[::-1], view)) == [reading for of in alone[::-1] for reading in of], name


def test_a_reading_is_remembered_for_all_that_it_was_told(laboratory: Path) -> None:
    recorded = read_recorded(laboratory)
    segment = segments(recorded)[0]
    calls: list[str] = []

    def judge(found: Sequence[Segment], view: View) -> Sequence[Reading]:
        calls.append(found[0].id)
        return []

    spec = DetectorSpec("split", 1, "detector", "", "", {"a": 1.0}, judge, one_by_one=True)
    memory, view = Memory(), View({"k": 1}, {"a": 1.0}, Validation(10, 0))
    memory.begin()
    told = memory.detectors({"split": spec})["split"]
    train = segment.trains["board.A"]
    others = [
        replace(segment, context={**segment.context, "x": 1}),
        replace(segment, trains={**segment.trains, "board.A": replace(train, ticks=train.ticks + 1)}),
        replace(segment, complete=False),
    ]
    for one in (segment, *others, segment, replace(segment), *others):
        told.judge([one], view)
    assert len(calls) == 4
    told.judge([segment], replace(view, profile={"k": 2}))
    told.judge([segment], replace(view, validation=Validation(20, 0)))
    memory.detectors({"split": replace(spec, version=2)})["split"].judge([segment], view)
    assert len(calls) == 7
    memory.begin()
    memory.begin()  # a judgement that asked for nothing: it is forgotten
    told.judge([segment], view)
    assert len(calls) == 8


def test_a_line_being_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, {"kind": "header"}) as writer:
        for n in range(3):
            writer.append({"kind": "x", "n": n})
        writer.flush()
        follower = Follower(tmp_path)
        assert [line.body.get("n") for line in follower.take()] == [None, 0, 1, 2]
        assert list(follower.take()) == []
        writer.append({"kind": "x", "n": 3})
        writer.flush()
        whole = (tmp_path / "0001.jsonl").read_bytes()
        (tmp_path / "0001.jsonl").write_bytes(whole[:-5])
        assert list(follower.take()) == []
        (tmp_path / "0001.jsonl").write_bytes(whole)
        (line,) = follower.take()
        assert line == list(read_lines(tmp_path))[-1]


def test_a_follower_goes_on_in_the_next_file_and_verifies_the_chain(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, {"kind": "header"}) as writer:
        writer.append({"kind": "x", "n": 0})
    follower = Follower(tmp_path)
    assert len(list(follower.take())) == 2
    with (tmp_path / "0001.jsonl").open("ab") as file:
        file.write(b'{"seq":2,')
    assert list(follower.take()) == []
    with JournalWriter.resume(tmp_path) as writer:
        writer.append({"kind": "x", "n": 1})
    assert [line.body["kind"] for line in follower.take()] == ["continue", "x"]
    with (tmp_path / "0002.jsonl").open("ab") as file:
        file.write((tmp_path / "0002.jsonl").read_bytes().splitlines(keepends=True)[-1])
    with pytest.raises(IntegrityError):
        list(follower.take())


def test_the_line_tells_litres_and_the_leading_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def process(name: str, e: float, proven_at: float) -> dict[str, Any]:
        return {"detector": name, "link": "encoder>board", "e": e, "proven_at": proven_at, "course": [["B1", e]]}

    sale = {"id": "B2", "complete": False, "register_l": "12.31", "context": {"asked_l": "27.10"}}
    document = {
        "segments": [{**sale, "id": "B1", "complete": True}, sale], "findings": [], "status": "error",
        "integrity": "inconclusive", "conformity": "inconclusive",
        "evidence": [process("slots", 90.0, 1e6), process("split", 40.0, 5e5)],
    }  # fmt: skip
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    assert summary(document)["text"] == (
        "so far: 2 deliveries, nothing found; B2: 12.31 of 27.10 L; strongest evidence slots over encoder>board: "
        "e = 90, 1e+06 is the threshold of proof"
    )
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    text = summary(document)["text"]
    assert "B2：12.31 / 27.10 升" in text
    assert "最强证据" in text
    ended = {**document, "segments": [{**sale, "complete": True}], "evidence": []}
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    assert summary(ended)["text"] == "so far: 1 deliveries, nothing found"


def test_people_are_told_between_steps_and_while_fuel_flows() -> None:
    said: list[str] = []
    now = [0]
    telling = Telling(said.append, lambda: now[0])
    telling("one")
    telling("two")
    assert said == []
    telling.step(True, flows=False)
    assert said == ["two"]
    telling("behind a prompt")
    assert said == ["two"]
    telling.step(True, flows=True)
    now[0] += inspection.EVERY_NS
    telling("flowing")
    telling("too soon")
    now[0] += inspection.EVERY_NS
    telling("flowing on")
    assert said == ["two", "behind a prompt", "flowing", "flowing on"]
    telling.step(False, flows=True)
    now[0] += inspection.EVERY_NS
    telling("at rest")
    assert said[-1] == "flowing on"


def test_what_was_read_and_is_there_no_more_is_an_integrity_error(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, {"kind": "header"}) as writer:
        writer.append({"kind": "x", "n": 0})
    follower = Follower(tmp_path)
    assert len(list(follower.take())) == 2
    first = tmp_path / "0001.jsonl"
    whole = first.read_bytes()
    first.write_bytes(whole[:-1])
    with pytest.raises(IntegrityError, match="that were read"):
        list(follower.take())
    first.write_bytes(whole)
    assert list(follower.take()) == []
    with JournalWriter.resume(tmp_path):
        pass
    assert [line.body["kind"] for line in follower.take()] == ["continue"]
    (tmp_path / "0002.jsonl").unlink()
    with pytest.raises(IntegrityError, match="2 files"):
        list(follower.take())


def test_a_line_that_is_later_found_late_changes_the_sales_before(tmp_path: Path) -> None:
    """Only the dispenser's data line is tapped: how late it is stamped widens what its polls stand for, those before too."""
    lines = bodies(run_of(tmp_path, "dispenser-k1", None, 3))
    cut = next(i for i, b in enumerate(lines) if b.get("kind") == "step" and b["step"].get("label") == "B3") + 5
    link = listened(read_recorded(tmp_path / "case" / "data" / "journal").bench)
    grown = tmp_path / "grown"
    grown.mkdir()
    with JournalWriter.create(grown, lines[0]) as writer:
        for body in lines[1:cut]:
            writer.append(body)
        writer.flush()
        stream, kept = Growing(grown), Kept()
        early = segments(stream.look(last=True), stream, kept)
        writer.append({"kind": "timing", "link": link, "u_ns": 400_000_000})
        writer.sync()
        late = segments(stream.look(last=True), stream, kept)
    offline = segments(read_recorded(grown))
    told = [[segment.registers["register"].u_ns.tolist() for segment in found[:-1]] for found in (early, late, offline)]
    assert told[1] == told[2] != told[0]
