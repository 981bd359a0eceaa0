"""What lies unrecorded in data/originals when a run goes on: the photo of the cut is taken in, anything else is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from captures.case import Case, verify_case
from captures.errors import IntegrityError
from captures.journal import JournalWriter, read_lines
from fixtures.answers_file import lines
from fixtures.errors import StopAsked
from harness.answering import answered
from harness.benches import find
from harness.exits import Exit, classified
from harness.inspection import inspect, resume
from harness.originals import StrayError, left_by_cut, photo_name
from harness.people import People
from harness.plans import PlanSpec
from harness.plans.ability import Ability
from harness.plans.blocks import CLOSING
from harness.plans.miniature import MINIATURE
from harness.step import Confirm, Inquire, Photo, Plan
from tests.harness.test_resume import stopped_case

BEGUN = [{"type": "Photo", "key": "Board 2"}, {"type": "Inquire", "key": "till"}]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    case = Case.create(tmp_path / "case")
    with JournalWriter.create(case.journal, {"kind": "header"}) as writer:
        (tmp_path / "a.jpg").write_bytes(b"a")
        case.import_original(tmp_path / "a.jpg", writer.append, photo_name(1, "Board 2", ".JPG"))
    return case


def strange(case: Case, name: str) -> Path:
    path = case.originals / os.fsdecode(os.fsencode(name))
    path.write_bytes(b"x")
    return path


@pytest.mark.parametrize("name", ["0002-board-2.jpg", "0002-board-2", "12345-board-2.heic"])
def test_a_photo_of_a_step_that_was_begun_is_taken_in(case: Case, name: str) -> None:
    assert left_by_cut(case, BEGUN) == []
    strange(case, name)
    assert [one.name for one in left_by_cut(case, BEGUN)] == [name]


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", "Thumbs?.db", "x ", "\udcff.jpg", "notes.txt", "0002-till.jpg", "0002-board-2.tar.gz",
        "0002-board-22.jpg", "02-board-2.jpg", "board-2.jpg", "0002-board-2.jpg\n",
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_named(case: Case, name: str) -> None:
    strange(case, name)
    with pytest.raises(StrayError) as caught:
        left_by_cut(case, BEGUN)
    assert repr(name) in str(caught.value)
    assert classified(caught.value)[0] is Exit.PRECONDITION


def test_a_link_and_a_folder_are_refused(case: Case) -> None:
    for name in ("0002-board-2.jpg", "0003-board-2.jpg"):
        path = case.originals / name
        path.symlink_to(case.journal) if name.startswith("0002") else path.mkdir()
        with pytest.raises(StrayError, match=name):
            left_by_cut(case, BEGUN)
        path.unlink() if path.is_symlink() else path.rmdir()


def steps(_: Ability) -> Plan:
    yield Photo("board", "Photograph the board")
    for key in CLOSING[1:-1]:
        yield Inquire(key, key)
    yield Confirm("closing", "Nothing was touched")


def test_a_photo_that_was_copied_and_not_recorded_is_recorded_when_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between the two, the case would never verify again: the photo that is taken anew gets the next number."""
    (tmp_path / "IMG 1.JPG").write_bytes(b"board")
    closing = tuple((f"ask {key}", "none") for key in CLOSING[1:-1])
    answers = (("photo board file", "IMG 1.JPG"), *closing, ("confirm closing", "done"))
    (tmp_path / "raid.answers").write_text("\n".join(lines(answers)), "utf-8")
    file, spoken = answered(find("dispenser-k0-prover"), tmp_path / "raid.answers", no_input=True)
    plan = PlanSpec("photos", "dispenser", frozenset(), steps, "one photo")

    def cut(self: People, body: Mapping[str, Any]) -> None:
        raise StopAsked("cut between the copy and its line", resumable=True)

    with monkeypatch.context() as patched:
        patched.setattr(People, "_record", cut)
        inspect(plan, file, tmp_path / "case", answers=spoken)
    with pytest.raises(IntegrityError, match="not recorded"):
        verify_case(tmp_path / "case")
    file, spoken = answered(find("dispenser-k0-prover"), tmp_path / "raid.answers", no_input=True)
    done = resume(tmp_path / "case", file, plan=plan, answers=spoken, accept=True)
    assert done.result.status == "complete", done.result
    report = verify_case(tmp_path / "case")
    assert [one.name for one in report.originals] == ["0001-board.jpg", "0002-board.jpg"]
    recorded = [line.body for line in read_lines(tmp_path / "case" / "data" / "journal")]
    found = [bool(body.get("after_cut")) for body in recorded if body["kind"] == "original"]
    assert found == [True, False]


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs?.db", "x ", "\udcff", "notes.txt"])
def test_a_stray_file_stops_the_run_before_its_journal_is_touched(tmp_path: Path, name: str) -> None:
    """Recorded, its journal line would be refused for ever, or it would be evidence that nobody took."""
    folder, site = stopped_case(tmp_path)
    before = {path.name: path.read_bytes() for path in (folder / "data" / "journal").iterdir()}
    stray = strange(Case(folder), name)
    with pytest.raises(StrayError):
        resume(folder, plan=MINIATURE, world=site)
    assert {path.name: path.read_bytes() for path in (folder / "data" / "journal").iterdir()} == before
    stray.unlink()
    assert resume(folder, plan=MINIATURE, world=site).result.status == "complete"
    assert verify_case(folder).complete
