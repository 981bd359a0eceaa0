"""`verify` on hostile input: nothing outside is opened, nothing grows, every complaint has file, expected and got."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.attacks import stand_alone
from benchmarks.case_forging import NAME, retagged
from benchmarks.finished_case import KEY, TOOL, UTC, finished_case, write
from captures import bag
from captures.bag import Difference, hash_file, manifest_bytes, read_info, read_manifest, read_small, tree
from captures.case import Case
from captures.case_carry import copy_case
from captures.errors import IntegrityError
from captures.journal import JournalWriter
from captures.seal import seal, sign
from captures.signing import Ed25519PrivateKey, fingerprint, short
from captures.verify import MAX_DIFFERENCES, require_as_sealed, verify


@pytest.fixture
def case(tmp_path: Path) -> Path:
    case = finished_case(tmp_path / "case")
    seal(case, KEY, utc=UTC, tool=TOOL)
    return case.path


def put(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that are opened meanwhile, links resolved."""
    names: list[str] = []
    real_open, builtin = os.open, open

    def spy_os(path: object, *args: object, **options: object) -> int:
        names.append(os.path.realpath(str(path)))
        return real_open(path, *args, **options)  # type: ignore[arg-type]

    def spy(path: object, *args: object, **options: object) -> object:
        if not isinstance(path, int):
            names.append(os.path.realpath(str(path)))
        return builtin(path, *args, **options)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr("os.open", spy_os)
        patched.setattr("builtins.open", spy)
        yield names


@pytest.mark.parametrize(
    "path",
    [
        "data/../../secret.txt", "../secret.txt", "data/./../../secret.txt", "/secret.txt", "data/originals/../../../secret.txt",
        "data\\..\\..\\secret.txt", "data/%2e%2e/secret.txt", "C:/secret.txt", "data/derived/link/secret.txt", "data/derived/link",
    ],
)  # fmt: skip
@pytest.mark.parametrize("manifest", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_nothing_outside_is_opened(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, manifest: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for secret in (tmp_path / "secret.txt", outside / "secret.txt"):
        secret.write_bytes(b"secret")
    if "link" in path:
        (case / "data/derived/link").symlink_to(outside if path.endswith("txt") else outside / "secret.txt")
    raw = (case / manifest).read_bytes()
    put(case / manifest, raw + f"{hashlib.sha256(b'secret').hexdigest()}  {path}\n".encode())
    if manifest == "manifest-sha256.txt":
        retagged(case)
    with opened(monkeypatch) as names:
        found = verify(case)
    assert found.differences
    root = os.path.realpath(case)
    assert names
    assert [name for name in names if not name.startswith(root)] == []


def test_a_journal_that_is_a_link_is_not_followed(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = tmp_path / "moved"
    os.rename(case / "data" / "journal", moved)
    (case / "data" / "journal").symlink_to(moved)
    with opened(monkeypatch) as names:
        found = verify(case)
    assert any("symbolic link" in difference.got for difference in found.differences)
    assert [name for name in names if name.startswith(os.path.realpath(moved))] == []


def test_too_many_and_too_large(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(case / "bag-info.txt", b"A: " + b"x" * (1 << 17))
    assert any("at most" in difference.expected for difference in verify(case).differences)
    put(case / "tagmanifest-sha256.txt", b"\n" * 70_000)
    assert any(difference.file == "tagmanifest-sha256.txt" for difference in verify(case).differences)
    assert len(verify(case).differences) <= MAX_DIFFERENCES
    raw = manifest_bytes({f"data/{number}": "0" * 64 for number in range(2000)})
    put(case / "manifest-sha256.txt", raw)
    assert len(verify(case).differences) == MAX_DIFFERENCES
    assert verify(case).more > 1000
    monkeypatch.setattr(bag, "MAX_FILES", 10)
    with pytest.raises(IntegrityError, match="at most 10 files"):
        verify(case)


def test_folders_nested_without_end(case: Path) -> None:
    deep = case / "data" / "derived"
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert any(difference.what == "nested too deeply" for difference in verify(case).differences)


def test_a_file_that_changes_its_size_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 100)
    for size in (99, 101, 0):
        with pytest.raises(IntegrityError, match=f"expected {size} bytes"):
            hash_file(path, ("sha256",), size)
    assert hash_file(path, ("sha256",), 100) == (hashlib.sha256(b"x" * 100).hexdigest(),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names on this system")
def test_a_pipe_does_not_hold_it_up(case: Path) -> None:
    for name in ("README.txt", "seal/digest.txt", "data/journal/0001.jsonl", "tagmanifest-sha256.txt"):
        (case / name).unlink()
        os.mkfifo(case / name)
        assert verify(case).differences
        with pytest.raises((IntegrityError, OSError)):
            read_small(case / name, 10)


def test_empty_folders_may_be_lost_on_the_way(tmp_path: Path) -> None:
    """git, and some programs that pack or synchronise, carry files alone."""
    case = Case.create(tmp_path / "case")
    with JournalWriter.create(case.journal, {"kind": "header"}) as writer:
        writer.append({"kind": "end", "status": "complete"})
    seal(case, KEY, utc=UTC, tool=TOOL)
    case.originals.rmdir()
    case.derived.rmdir()
    found = verify(case.path)
    assert found.differences == ()
    assert found.report is not None
    copy_case(Case.open(case.path), tmp_path / "copy", redacted=False)
    assert verify(tmp_path / "copy").differences == ()


def test_a_folder_of_originals_that_is_gone_is_named_by_its_files(case: Path) -> None:
    shutil.rmtree(case / "data" / "originals")
    files = {difference.file for difference in verify(case).differences if difference.kind == "missing"}
    assert {"data/originals/relevé.csv", "data/originals/脉冲 1.sr"} <= files


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    for path in (tmp_path / "x", tmp_path / "nowhere"):
        with pytest.raises(IntegrityError, match="expected a case folder"):
            verify(path)
    assert verify(tmp_path).differences  # a folder, and no case


def test_a_journal_that_contradicts_its_seal_is_named_by_its_line(case: Path) -> None:
    raw = (case / "data/journal/0001.jsonl").read_bytes()
    put(case / "data/journal/0001.jsonl", raw.replace(b"20.00 L", b"20.01 L", 1))
    with pytest.raises(IntegrityError, match=r"data/journal/0001\.jsonl line 5: .*expected .*got") as caught:
        require_as_sealed(case)
    assert "changed, sha256 in manifest-sha256.txt line" in str(caught.value)


def test_a_difference_never_sends_control_characters() -> None:
    difference = Difference("a\x1b[2J", "x", "y\n", "\u202ez")
    assert str(difference).isprintable()


TAGS = (
    "bagit.txt",
    "bag-info.txt",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
    "data/case.json",
    "seal/digest.txt",
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(TAGS), data=st.data())
def test_any_bytes_in_any_file_are_a_difference(case: Path, name: str, data: st.DataObject) -> None:
    raw = (case / name).read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    stop = data.draw(st.integers(start, len(raw)))
    piece = data.draw(
        st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
    changed = raw[:start] + piece + raw[stop:]
    try:
        put(case / name, changed)
        found = verify(case)
        assert bool(found.differences) == (changed != raw)
        assert all(str(difference).isprintable() for difference in found.differences)
    finally:
        put(case / name, raw)


@given(st.binary(max_size=300))
def test_manifests_of_any_bytes(raw: bytes) -> None:
    for payload in (True, False):
        entries, wrong = read_manifest(raw, "m", payload)
        for path in entries:
            assert ".." not in path.split("/")
            assert path.startswith("data/") == payload
        assert wrong or manifest_bytes(entries) == raw or len(entries) > 1 or not raw
    read_info(raw)


def test_names_that_are_no_text(case: Path) -> None:
    if os.name != "posix":
        pytest.skip("names are bytes on POSIX only")
    with open(os.fsencode(case) + b"/data/\xff\xfe", "wb"):
        pass
    found = verify(case)
    assert any("\\xdcff" in str(difference) for difference in found.differences)
    assert "data/\udcff\udcfe" in tree(case).files


def test_it_writes_nothing(case: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in case.rglob("*")}
    verify(case)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in case.rglob("*")} == before
    shutil.rmtree(case)


def test_private_answers_are_those_that_the_journal_names(tmp_path: Path) -> None:
    """Also before the case is sealed: the journal keeps a salted digest of each."""
    case = Case.create(tmp_path / "case")
    kept = [{"key": "officer", "salt": "00", "value": name} for name in ("王", "李")]
    with JournalWriter.create(case.journal, {"kind": "header"}) as writer:
        for one in kept:
            digest = hashlib.sha256((one["salt"] + one["value"]).encode()).hexdigest()
            writer.append({"kind": "private", "key": one["key"], "sha256": digest})
        writer.append({"kind": "end"})
    parties = case.path / "data" / "parties.json"
    found = verify(case.path)
    assert found.differences == ()
    assert any("names 2 private answers" in note for note in found.notes)
    put(parties, json.dumps(kept).encode())
    assert (verify(case.path).differences, verify(case.path).notes) == ((), ())
    put(parties, json.dumps([*kept, {"key": "trader", "salt": "00", "value": "赵"}]).encode())
    assert verify(case.path).differences == ()  # a program killed between the file and the journal's line leaves one
    assert any("holds 1 answers that the journal does not name (trader)" in note for note in verify(case.path).notes)
    put(parties, json.dumps(kept).replace("\\u674e", "\\u5f20").encode())
    (difference,) = verify(case.path).differences
    assert "the answer to officer is not the one recorded (0001.jsonl line 3)" in str(difference)
    for bad in (b"[", b"{}", b"[1]", b"[[]]", b'[{"key": 1}]', b"[" * 100_000, b"\xff"):
        put(parties, bad)
        assert verify(case.path).differences


def test_what_cannot_be_known_of_private_answers_is_not_said(tmp_path: Path) -> None:
    """Where the journal does not verify nobody knows which answers it names."""
    path = finished_case(tmp_path / "case").path
    assert any("does not name" in note for note in verify(path).notes)
    put(path / "data/journal/0001.jsonl", b"x\n")
    found = verify(path)
    assert found.report is None
    assert found.differences
    assert not [note for note in found.notes if "parties.json" in note]


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From now on the file of this name may not be read."""
    really = os.open

    def deny(name: str) -> None:
        def opened(path: Any, *arguments: Any, **options: Any) -> int:
            if Path(path).as_posix().endswith(f"/{name}"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return really(path, *arguments, **options)

        monkeypatch.setattr("captures.bag.os.open", opened)

    return deny


@pytest.mark.parametrize("name", ["data/parties.json", "data/derived/verdict.json", "README.txt"])
def test_what_may_not_be_read_is_no_difference_from_what_was_sealed(
    case: Path, others: Callable[[str], None], name: str
) -> None:
    others(name)
    (difference,) = verify(case).differences
    assert (difference.file, difference.kind) == (name, "denied")
    with pytest.raises(PermissionError) as caught:
        require_as_sealed(case)
    assert str(caught.value.filename).endswith(name)
    put(case / "data/case.json", b"{}")
    kinds = {difference.file: difference.kind for difference in verify(case).differences}
    assert (kinds[name], kinds["data/case.json"]) == ("denied", "changed")
    with pytest.raises(IntegrityError, match=r"data/case\.json"):
        require_as_sealed(case)


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt", f"seal/{NAME}.sig"])
def test_without_what_says_what_was_sealed_nothing_is_said(
    case: Path, others: Callable[[str], None], name: str
) -> None:
    others(name)
    with pytest.raises(PermissionError):
        verify(case)


@pytest.mark.parametrize("left", ["pem", "pem fingerprint"])
def test_a_signing_that_was_cut_accuses_nobody_and_can_be_ended(case: Path, left: str) -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
    name = short(sign(Case(case), other))
    for kind in {"pem", "fingerprint", "sig"} - set(left.split()):
        (case / "seal" / f"{name}.{kind}").unlink()
    found = verify(case)
    assert found.differences == ()
    assert any(note.startswith(f"seal/{name}.pem: a key that has not signed") for note in found.notes)
    assert fingerprint(other.public_key()) not in {signer.fingerprint for signer in found.signers}
    assert stand_alone(case).returncode == 0
    assert sign(Case(case), other) == fingerprint(other.public_key())
    found = verify(case, key=fingerprint(other.public_key()))
    assert (found.differences, len(found.signers)) == ((), 2)


def test_a_key_without_a_signature_is_still_a_key(case: Path) -> None:
    put(case / "seal" / f"{'0' * 16}.pem", b"see page 2")
    (difference,) = verify(case).differences
    assert difference.what == "no public key"
    (case / "seal" / f"{'0' * 16}.pem").rename(case / "seal" / f"{'0' * 16}.fingerprint")
    (difference,) = verify(case).differences
    assert difference.kind == "missing"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (f"partial/{NAME}.sig", True), (f"partial/token-{NAME}.tsr", True), ("partial/lock.4711", True),
        ("partial/lock.stale-4711", True), ("partial/notes.txt", False), ("partial/lock.x", False),
        ("partial/sub/lock.4711", False),
    ],
)  # fmt: skip
def test_files_left_by_a_killed_program(case: Path, name: str, known: bool) -> None:
    write(case / name, b"half")
    found = verify(case)
    assert (found.differences == ()) is known
    assert any(note.startswith(f"{name}: left by a program") for note in found.notes) is known
    assert (stand_alone(case).returncode == 0) is known


def test_a_folder_in_the_place_of_a_small_file(tmp_path: Path) -> None:
    for read in (lambda path: read_small(path, 10), lambda path: hash_file(path, ("sha256",), 1)):
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        with pytest.raises(IntegrityError, match="expected an ordinary file"):
            read(tmp_path)
        assert not before or len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_nobody_took_on_record_is_named_in_an_unsealed_case(tmp_path: Path) -> None:
    unsealed = Case.create(tmp_path / "unsealed")
    with JournalWriter.create(unsealed.journal, {"kind": "header"}) as writer:
        writer.append({"kind": "end"})
    assert verify(unsealed.path).notes == ()
    for name in ("extra.txt", "data/more.txt", "data/derived/verdict.json"):
        (unsealed.path / name).write_text("x")
    found = verify(unsealed.path)
    assert found.differences == ()
    assert [note.partition(":")[0] for note in found.notes] == ["data/more.txt", "extra.txt"]
    assert "no part of the case and no evidence" in found.notes[0]
