"""A photo that answers a question of a run: from the officer's file to the sealed case."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from benchmarks.finished_case import KEY, TOOL, UTC
from captures.case import Case
from captures.case_carry import copy_case
from captures.journal import read_lines
from captures.seal import seal
from captures.verify import verify
from fixtures.answers_file import lines
from harness.answering import answered
from harness.benches import find
from harness.case_summary import originals_of
from harness.commands import build_app
from harness.exits import run_app
from harness.inspection import inspect
from harness.plans import PlanSpec
from harness.plans.ability import Ability
from harness.plans.blocks import CLOSING
from harness.step import Confirm, Inquire, Photo, Plan

PICTURE = b"\xff\xd8 board, seal 4711 \xff\xd9"


def steps(_: Ability) -> Plan:
    yield Photo("board", "Photograph the board")
    yield Photo("till", "Photograph the till")
    for key in CLOSING[1:-1]:
        yield Inquire(key, key)
    yield Confirm("closing", "Nothing was touched")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "IMG 1.JPG").write_bytes(PICTURE)
    closing = tuple((f"ask {key}", "none") for key in CLOSING[1:-1])
    photos = (("photo board file", "IMG 1.JPG"), ("photo till file", "none"))
    answers = (*photos, *closing, ("confirm closing", "done"))
    (tmp_path / "raid.answers").write_text("\n".join(lines(answers)), "utf-8")
    file, spoken = answered(find("dispenser-k0-prover"), tmp_path / "raid.answers", no_input=True)
    plan = PlanSpec("photos", "dispenser", frozenset(), steps, "two photos")
    done = inspect(plan, file, tmp_path / "case", answers=spoken)
    assert done.result.status == "complete", done.result
    (tmp_path / "IMG 1.JPG").unlink()
    return tmp_path / "case"


def test_it_lies_in_the_case_with_its_hash_in_the_journal(case: Path) -> None:
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    assert (case / "data" / "originals" / "0001-board.jpg").read_bytes() == PICTURE
    bodies = [line.body for line in read_lines(case / "data" / "journal")]
    (recorded,) = [body for body in bodies if body["kind"] == "original"]
    assert recorded == {"kind": "original", "name": "0001-board.jpg", "sha256": sha256, "bytes": len(PICTURE)} | {
        key: recorded[key] for key in recorded if key == "t_ns"
    }
    outcomes = [body["value"] for body in bodies if body["kind"] == "outcome"]
    assert outcomes[:2] == [{"file": "0001-board.jpg", "sha256": sha256}, {"file": None}]
    assert originals_of(Case.open(case)) == [("0001-board.jpg", len(PICTURE))]


def test_it_is_sealed_shown_and_travels(case: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seal(Case.open(case), KEY, utc=UTC, tool=TOOL)
    assert f"{hashlib.sha256(PICTURE).hexdigest()}  data/originals/0001-board.jpg\n" in (
        case / "manifest-sha256.txt"
    ).read_text("utf-8")
    copy_case(Case.open(case), tmp_path / "copy", redacted=True)
    for path in (case, tmp_path / "copy"):
        found = verify(path)
        assert found.differences == ()
        assert found.report is not None
        assert [one.name for one in found.report.originals] == ["0001-board.jpg"]
    assert run_app(build_app(), ["case", "show", str(case), "--json"], {}) == 0
    assert json.loads(capfd.readouterr().out)["originals"] == [{"name": "0001-board.jpg", "bytes": len(PICTURE)}]


def test_another_picture_in_its_place_is_named(case: Path, tmp_path: Path) -> None:
    shutil.copytree(case, tmp_path / "changed")
    path = tmp_path / "changed" / "data" / "originals" / "0001-board.jpg"
    path.chmod(0o600)
    path.write_bytes(PICTURE.replace(b"4711", b"4712"))
    (difference,) = verify(tmp_path / "changed").differences
    assert (difference.file, difference.kind) == ("data/originals", "changed")
    assert "'0001-board.jpg' was changed" in difference.what
