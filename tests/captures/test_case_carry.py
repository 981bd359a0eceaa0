"""Copies of cases, with and without personal data, and hostile zips."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.finished_case import KEY, TOOL, UTC, finished_case, write
from captures.case import Case
from captures.case_carry import copy_case, unpack_case, zip_case
from captures.errors import IntegrityError
from captures.seal import seal
from captures.verify import verify


@pytest.fixture
def case(tmp_path: Path) -> Case:
    case = finished_case(tmp_path / "案件")
    seal(case, KEY, utc=UTC, tool=TOOL)
    write(case.path / "lock", b"1 2 3")
    return case


def test_a_copy_verifies(case: Case, tmp_path: Path) -> None:
    copy_case(case, tmp_path / "copy", redacted=False)
    found = verify(tmp_path / "copy", digest=verify(case.path).digest)
    assert found.differences == ()
    assert not (tmp_path / "copy" / "lock").exists()
    with pytest.raises(FileExistsError, match="expected a new folder"):
        copy_case(case, tmp_path / "copy", redacted=False)


def test_a_redacted_copy_verifies_and_says_so(case: Case, tmp_path: Path) -> None:
    copy_case(case, tmp_path / "copy", redacted=True)
    assert not (tmp_path / "copy/data/parties.json").exists()
    found = verify(tmp_path / "copy", digest=verify(case.path).digest)
    assert found.differences == ()
    assert found.withheld
    assert any("withheld" in note for note in found.notes)
    alone = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "copy/verify_case.py"), str(tmp_path / "copy")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert alone.returncode == 0
    assert "withheld" in alone.stdout


def test_the_stand_alone_verifier_names_a_folder_that_is_none(case: Case, tmp_path: Path) -> None:
    copy_case(case, tmp_path / "copy", redacted=False)
    alone = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "copy/verify_case.py"), str(tmp_path / "nowhere")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert alone.returncode == 2
    assert "expected the folder of a case" in alone.stderr
    assert "Traceback" not in alone.stderr


def test_the_seed_of_a_draw_to_come_is_not_handed_out(tmp_path: Path) -> None:
    case = finished_case(tmp_path / "case")
    write(case.path / "draw-seed", b"ab" * 16)
    write(case.path / ".draw-seed.new", b"cd" * 16)
    copy_case(case, tmp_path / "copy", redacted=True)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["data"]


@pytest.mark.parametrize("redacted", [False, True])
def test_there_and_back_in_a_zip(case: Case, tmp_path: Path, redacted: bool) -> None:
    zip_case(case, tmp_path / "a.zip", redacted)
    zip_case(case, tmp_path / "b.zip", redacted)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    unpack_case(tmp_path / "a.zip", tmp_path / "back")
    found = verify(tmp_path / "back", digest=verify(case.path).digest)
    assert found.differences == ()
    assert found.withheld == redacted
    with pytest.raises(FileExistsError, match="expected a new file"):
        zip_case(case, tmp_path / "a.zip", redacted)
    with pytest.raises(FileExistsError, match="expected a new folder"):
        unpack_case(tmp_path / "a.zip", tmp_path / "back")


def test_an_unsealed_case_travels_too(tmp_path: Path) -> None:
    case = finished_case(tmp_path / "open")
    zip_case(case, tmp_path / "a.zip", redacted=True)
    unpack_case(tmp_path / "a.zip", tmp_path / "back")
    assert verify(tmp_path / "back").differences == ()
    assert not (tmp_path / "back/data/parties.json").exists()


def test_a_case_with_links_does_not_travel(case: Case, tmp_path: Path) -> None:
    (case.path / "data/derived/link").symlink_to("/etc/hostname")
    for carry in (copy_case, zip_case):
        with pytest.raises(IntegrityError, match="symbolic link"):
            carry(case, tmp_path / "copy.zip", False)
        assert not (tmp_path / "copy.zip").exists()


def member(name: str, data: bytes = b"x", mode: int = 0) -> Callable[[zipfile.ZipFile], None]:
    def add(packed: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("placeholder")
        info.filename = info.orig_filename = name  # as another program may write it
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        packed.writestr(info, data)

    return add


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (member("../x"), "expected a plain name"),
        (member("case/../../x"), "expected a plain name"),
        (member("/etc/x"), "expected a plain name"),
        (member("C:/x"), "expected a plain name"),
        (member("case\\..\\x"), "expected a plain name"),
        (member("case/data/NUL.txt"), "expected a plain name"),
        (member("case/data/x."), "expected a plain name"),
        (member("case/data/a\x1b[2J"), "expected a plain name"),
        (member("case/data/e\u0301.txt"), "NFC"),
        (member("case/" + "d/" * 20 + "x"), "at most 16 folders"),
        (member("case/data/link", b"/etc/passwd", stat.S_IFLNK | 0o777), "got a link or device"),
        (member("case/data/pipe", b"", stat.S_IFIFO | 0o644), "got a link or device"),
        (member("case/DATA/parties.json"), "some systems take it for"),
        (member("case/data/parties.JSON"), "some systems take it for"),
        (member("case/lock", b"{}"), "no lock and no seed"),
        (member("case/draw-seed", b"ab" * 16), "no lock and no seed"),
        (member("second/data/x"), "the one folder of a case"),
        (member("loose"), "the one folder of a case"),
        (member("case/data/zeros", bytes(8 << 20)), "a zip bomb"),
    ],
)  # fmt: skip
def test_hostile_members(tmp_path: Path, add: Callable[[zipfile.ZipFile], None], message: str) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("case/data/parties.json", b"{}")
        add(archive)
    with pytest.raises(IntegrityError, match=message):
        unpack_case(packed, tmp_path / "in" / "case")
    assert sorted(os.listdir(tmp_path)) in (["a.zip"], ["a.zip", "in"])
    assert not (tmp_path / "in").exists() or os.listdir(tmp_path / "in") == []


def test_a_member_twice(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("case/data/x", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("case/data/x", b"2")
    with pytest.raises(IntegrityError, match="twice in the zip"):
        unpack_case(packed, tmp_path / "case")


def test_a_member_that_lies_about_its_size(tmp_path: Path) -> None:
    """The central directory says 10 bytes, the stream goes on for a megabyte."""
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("case/data/x", os.urandom(1 << 20))
    raw = bytearray(packed.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<I", 10)
    packed.write_bytes(raw)
    with pytest.raises(IntegrityError, match="whole zip"):
        unpack_case(packed, tmp_path / "case")
    assert not (tmp_path / "case").exists()


def test_damaged_zips(case: Case, tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    zip_case(case, packed, False)
    raw = packed.read_bytes()
    for number, length in enumerate(range(0, len(raw), max(1, len(raw) // 40))):
        (tmp_path / "b.zip").write_bytes(raw[:length])
        with pytest.raises(IntegrityError):
            unpack_case(tmp_path / "b.zip", tmp_path / f"cut{number}")
    for number, position in enumerate(range(0, len(raw), max(1, len(raw) // 150))):
        changed = bytearray(raw)
        changed[position] ^= 0x10
        (tmp_path / "b.zip").write_bytes(changed)
        try:
            unpack_case(tmp_path / "b.zip", tmp_path / f"flip{number}")
        except IntegrityError:
            assert not (tmp_path / f"flip{number}").exists()
            continue
        found = verify(tmp_path / f"flip{number}")
        assert found.differences or found.digest == verify(case.path).digest


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_names_stay_for_their_owner_alone_in_every_copy(case: Case, tmp_path: Path) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    copy_case(case, tmp_path / "copy", redacted=False)
    zip_case(case, tmp_path / "copy.zip", redacted=False)
    unpack_case(tmp_path / "copy.zip", tmp_path / "back")
    for folder in (tmp_path / "copy", tmp_path / "back"):
        assert mode(folder / "data" / "parties.json") == 0o400
        assert mode(folder / "data" / "case.json") == 0o444
    assert mode(tmp_path / "copy.zip") == 0o600  # it holds the names
    with zipfile.ZipFile(tmp_path / "copy.zip") as packed:
        modes = {info.filename.partition("/")[2]: info.external_attr >> 16 & 0o777 for info in packed.infolist()}
    assert (modes["data/parties.json"], modes["data/case.json"]) == (0o400, 0o444)
