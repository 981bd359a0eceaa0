"""The case folder: what is kept, and what does not verify."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from captures.case import Case, verify_case, write_derived
from captures.errors import IntegrityError
from captures.journal import JournalWriter

DATA = bytes(range(256)) * 9000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "脉冲 1.sr"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def case(tmp_path: Path, source: Path) -> Case:
    """A finished case with one original."""
    case = Case.create(tmp_path / "case")
    with JournalWriter.create(case.journal, {"kind": "header"}) as writer:
        case.import_original(source, writer.append)
        writer.append({"kind": "end"})
    return case


def test_a_whole_case_verifies(case: Case, source: Path) -> None:
    write_derived(case, "verdict.json", b"{}")
    report = verify_case(case.path)
    assert (report.files, report.lines, report.torn, report.complete) == (("0001.jsonl",), 3, b"", True)
    (original,) = report.originals
    assert (original.name, original.bytes) == (source.name, len(DATA))
    assert original.sha256 == hashlib.sha256(DATA).hexdigest()
    kept = case.originals / source.name
    assert kept.read_bytes() == DATA == source.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444
    assert sorted(os.listdir(case.path)) == ["data"]
    assert Case.open(case.path) == case


def test_a_case_without_end_is_incomplete(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    JournalWriter.create(case.journal, {"kind": "header"}).close()
    assert not verify_case(case.path).complete


def test_a_torn_tail_is_incomplete(case: Case) -> None:
    path = case.journal / "0001.jsonl"
    path.write_bytes(path.read_bytes() + b'{"seq"')
    report = verify_case(case.path)
    assert (report.torn, report.complete) == (b'{"seq"', False)


def test_create_refuses_a_used_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(FileExistsError, match="new or empty folder"):
        Case.create(tmp_path)
    assert os.listdir(tmp_path) == ["x"]


def test_open_refuses_what_is_no_case(tmp_path: Path, case: Case) -> None:
    with pytest.raises(IntegrityError, match="expected a case folder"):
        Case.open(tmp_path)
    with pytest.raises(IntegrityError, match="expected a case folder"):
        Case.open(tmp_path / "nowhere")
    case.derived.rmdir()
    case.derived.symlink_to(tmp_path)
    with pytest.raises(IntegrityError, match="no folder of its own"):
        verify_case(case.path)


def test_nothing_is_overwritten(case: Case, source: Path, tmp_path: Path) -> None:
    with JournalWriter.resume(case.journal) as writer:
        case.import_original(source, writer.append)  # the same again: recorded again
        source.write_bytes(DATA + b"x")
        with pytest.raises(FileExistsError, match="is another original"):
            case.import_original(source, writer.append)
        with pytest.raises(FileExistsError, match="is another original"):
            case.import_original(source, writer.append, name="脉冲 1.SR")
        case.import_original(source, writer.append, name="second.sr")
    assert (case.originals / source.name).read_bytes() == DATA
    report = verify_case(case.path)
    assert [original.bytes for original in report.originals] == [len(DATA) + 1, len(DATA)]
    assert report.lines == 6


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "a\\b", "a\nb", "a:b", "CON", "nul.sr", "x.", "x" * 201])
def test_names_that_some_system_cannot_keep(case: Case, source: Path, name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        case.import_original(source, lambda body: None, name=name or " ")
    with pytest.raises(ValueError, match="file name"):
        write_derived(case, name, b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names on this system")
def test_only_files_are_imported(case: Case, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="ordinary file"):
        case.import_original(tmp_path / "pipe", lambda body: None)
    with pytest.raises(ValueError, match="ordinary file"):
        case.import_original(tmp_path, lambda body: None, name="folder")


def test_changed_original(case: Case, source: Path) -> None:
    kept = case.originals / source.name
    kept.chmod(0o644)
    with open(kept, "r+b") as handle:
        handle.seek(1000)
        handle.write(b"\x00")
    with pytest.raises(IntegrityError, match=r"脉冲 1\.sr' was changed"):
        verify_case(case.path)


def test_missing_original(case: Case, source: Path) -> None:
    (case.originals / source.name).unlink()
    with pytest.raises(IntegrityError, match=r"脉冲 1\.sr' is recorded in the journal but missing"):
        verify_case(case.path)
    (case.originals / source.name).mkdir()
    with pytest.raises(IntegrityError, match="expected a file, got a folder"):
        verify_case(case.path)


def test_unrecorded_original_is_found_and_mended(case: Case, source: Path) -> None:
    (case.originals / "extra.sr").write_bytes(DATA)
    with pytest.raises(IntegrityError, match=r"'extra\.sr' is not recorded"):
        verify_case(case.path)
    with JournalWriter.resume(case.journal) as writer:  # an import that was cut before it was recorded
        case.import_original(source, writer.append, name="extra.sr")
    assert len(verify_case(case.path).originals) == 2


def test_links_are_refused(case: Case, tmp_path: Path) -> None:
    (case.derived / "plot.png").symlink_to("/etc/hostname")
    with pytest.raises(IntegrityError, match=r"plot\.png: .*symbolic link"):
        verify_case(case.path)


def test_damaged_journal(case: Case) -> None:
    path = case.journal / "0001.jsonl"
    path.write_bytes(path.read_bytes().replace(b"original", b"0riginal"))
    with pytest.raises(IntegrityError, match=r"0001\.jsonl line 2 .*changed line"):
        verify_case(case.path)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "../x", "sha256": "0" * 64, "bytes": 1},
        {"name": "x", "sha256": "0" * 63, "bytes": 1},
        {"name": "x", "sha256": "0" * 64, "bytes": True},
        {"name": "x", "sha256": "0" * 64, "bytes": -1},
        {"name": "脉冲 1.sr", "sha256": "0" * 64, "bytes": 1},
        {},
    ],
)
def test_bad_records_of_originals(case: Case, body: dict[str, object]) -> None:
    with JournalWriter.resume(case.journal) as writer:
        writer.append({"kind": "original", **body})
    with pytest.raises(IntegrityError, match=r"0002\.jsonl line 2"):
        verify_case(case.path)


def test_derived_is_replaced_whole(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_derived(case, "verdict.json", b"old")
    assert write_derived(case, "verdict.json", b"new") == path
    assert path.read_bytes() == b"new"

    def cut(*args: object) -> None:
        raise OSError("cut")

    monkeypatch.setattr("captures.durable.os.replace", cut)
    with pytest.raises(OSError, match="cut"):
        write_derived(case, "verdict.json", b"newer")
    assert path.read_bytes() == b"new"
    assert sorted(os.listdir(case.path)) == ["data"]


def test_a_disk_without_links(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(1, "not supported")

    monkeypatch.setattr("captures.durable.os.link", refuse)
    case = Case.create(tmp_path / "case")
    with JournalWriter.create(case.journal, {"kind": "header"}) as writer:
        case.import_original(source, writer.append)
    assert len(verify_case(case.path).originals) == 1


def test_a_case_that_was_not_begun_leaves_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "above" / "case"
    with pytest.raises(ValueError, match="refused"), Case.begun(path):
        raise ValueError("refused")
    assert not path.parent.exists()


def test_what_was_recorded_or_there_before_stays(tmp_path: Path) -> None:
    case, there = tmp_path / "case", tmp_path / "there"
    there.mkdir()

    def begin_and_fail() -> None:
        with Case.begun(case) as begun:
            (begun.journal / "0001.jsonl").write_text("a line")
            raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        begin_and_fail()
    assert (case / "data" / "journal" / "0001.jsonl").read_text() == "a line"
    assert (case / "data" / "originals").is_dir()
    with pytest.raises(ValueError, match="refused"), Case.begun(there):
        raise ValueError("refused")
    assert list(there.iterdir()) == []
    (there / "notes.txt").write_text("kept")
    with pytest.raises(FileExistsError), Case.begun(there):
        pass
    assert (there / "notes.txt").read_text() == "kept"
