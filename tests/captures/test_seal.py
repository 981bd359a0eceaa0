"""Sealing: what is written, what is refused, and what others make of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import bagit
import pytest

from benchmarks.finished_case import KEY, TOOL, UTC, finished_case, write
from captures.bag import info_bytes, manifest_bytes, read_info, read_manifest
from captures.case import Case, write_derived
from captures.case_record import After, CaseRecord, new_case, read_record
from captures.digest import grouped, qr_svg, qr_terminal, qr_text, ungrouped
from captures.errors import IntegrityError, SealedError, UnsealableError
from captures.journal import JournalWriter
from captures.seal import add_to_seal, case_digest, seal, sign
from captures.signing import Ed25519PrivateKey, fingerprint
from captures.verify import require_as_sealed, verify
from harness.lock import locked
from harness.lots import Lots

OPENSSL, SHA256SUM = shutil.which("openssl"), shutil.which("sha256sum")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return finished_case(tmp_path / "案件 7")


def test_a_sealed_case_verifies_and_says_what_it_is(case: Case) -> None:
    done = seal(case, KEY, utc=UTC, tool=TOOL)
    found = verify(case.path)
    assert found.differences == ()
    assert (found.sealed, found.digest, found.withheld) == (True, done.digest, False)
    assert [signer.fingerprint for signer in found.signers] == [done.key] == [fingerprint(KEY.public_key())]
    assert found.digest == hashlib.sha256((case.path / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert found.info["External-Identifier"] == "案 2026-7"
    assert found.info["Journal-State"] == "complete"
    assert found.info["Sealed-UTC"] == UTC
    assert found.report is not None
    assert found.info["Journal-Head"] == found.report.head
    files = [path for path in (case.path / "data").rglob("*") if path.is_file()]
    assert found.info["Payload-Oxum"] == f"{sum(path.stat().st_size for path in files)}.{len(files)}"


def test_the_library_of_congress_reads_it(case: Case) -> None:
    seal(case, KEY, utc=UTC, tool=TOOL)
    bag = bagit.Bag(str(case.path))
    assert bag.validate()
    assert bag.version_info == (1, 0)
    assert set(bag.payload_entries()) == {name for name in _files(case.path) if name.startswith("data/")}


@pytest.mark.skipif(SHA256SUM is None or OPENSSL is None, reason="coreutils or openssl are not on this system")
def test_the_lines_of_the_readme_work(case: Case) -> None:
    seal(case, KEY, utc=UTC, tool=TOOL)
    text = (case.path / "README.txt").read_text("utf-8")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ") and line.split()[0] in _TOOLS]
    lines = [line for line in dict.fromkeys(lines) if "XXXX" not in line]
    assert len(lines) == 11
    answers = {line: _shell(line, case.path) for line in lines}
    for line, answer in answers.items():
        assert answer.returncode == 0, (line, answer)
        assert not answer.stderr, (line, answer)
    out = {line: answer.stdout.strip() for line, answer in answers.items()}
    assert [out[line] for line in lines if line.startswith("sha256sum -c")] == ["", ""]
    count = next(out[line] for line in lines if "wc -l" in line)
    size = next(out[line] for line in lines if "awk" in line)
    assert next(out[line] for line in lines if line.startswith("grep")) == f"Payload-Oxum: {size}.{count}"
    assert out["find . ! -type f ! -type d"] == ""
    folders = {".", "./data", "./data/journal", "./data/originals", "./data/derived", "./seal"}
    assert set(out["find . -type d"].splitlines()) == folders
    assert "Verified Successfully" in next(out[line] for line in lines if "pkeyutl" in line)
    own = next(out[line] for line in lines if "outform DER" in line)
    assert own.split()[0] == fingerprint(KEY.public_key())
    assert out["sha256sum tagmanifest-sha256.txt"].split()[0] == case_digest(case)


_TOOLS = {"sha256sum", "find", "grep", "ls", "openssl"}


def test_sm3_beside_sha256(case: Case) -> None:
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("the OpenSSL of this Python has no SM3")
    seal(case, KEY, utc=UTC, tool=TOOL, sm3=True)
    assert verify(case.path).differences == ()
    entries, wrong = read_manifest((case.path / "manifest-sm3.txt").read_bytes(), "manifest-sm3.txt", payload=True)
    assert not wrong
    raw = (case.path / "data/journal/0001.jsonl").read_bytes()
    assert entries["data/journal/0001.jsonl"] == hashlib.new("sm3", raw).hexdigest()
    # GB/T 32905 annex A.1: the hash of "abc"
    assert hashlib.new("sm3", b"abc").hexdigest() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_without_sm3_it_says_so_and_nothing_is_sealed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    new = hashlib.new

    def lacking(name: str, *args: object, **options: object) -> object:
        if name == "sm3":
            raise ValueError("unsupported hash type sm3")
        return new(name, *args, **options)  # type: ignore[arg-type]

    seal_with = {"utc": UTC, "tool": TOOL, "sm3": True}
    with monkeypatch.context() as patched:
        patched.setattr("captures.bag.hashlib.new", lacking)
        with pytest.raises(SealedError, match="has no sm3"):
            seal(case, KEY, **seal_with)  # type: ignore[arg-type]
        assert not case.sealed
    seal(case, KEY, **seal_with)  # type: ignore[arg-type]
    with monkeypatch.context() as patched:
        patched.setattr("captures.bag.hashlib.new", lacking)
        found = verify(case.path)
    assert found.differences == ()
    assert any("no SM3" in note for note in found.notes)


def test_it_is_sealed_once_and_written_into_no_more(case: Case, tmp_path: Path) -> None:
    seal(case, KEY, utc=UTC, tool=TOOL)
    digest = case_digest(case)
    with pytest.raises(SealedError, match=f"sealed already, with the digest {digest}"):
        seal(case, KEY, utc=UTC, tool=TOOL)
    with pytest.raises(SealedError, match="nothing is written"):
        write_derived(case, "verdict.json", b"{}")
    with pytest.raises(SealedError, match="nothing is written"):
        case.import_original(write(tmp_path / "x", b"x"), lambda body: None)
    assert verify(case.path, digest=digest).differences == ()
    for path in case.path.rglob("*"):
        private = path.name == "parties.json"  # names are for whoever has the case, not for every user of its computer
        assert not path.is_file() or stat.S_IMODE(path.stat().st_mode) == (0o400 if private else 0o444)


def test_a_cut_run_is_sealed_as_it_is(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "cut")
    JournalWriter.create(case.journal, {"kind": "header"}).close()
    with open(case.journal / "0001.jsonl", "ab") as handle:
        handle.write(b'{"seq":1,"pre')
    assert not seal(case, KEY, utc=UTC, tool=TOOL).complete
    found = verify(case.path)
    assert found.differences == ()
    assert found.info["Journal-State"] == "cut"
    assert found.info["External-Identifier"] == "cut"
    assert _stand_alone(case.path).returncode == 0


def test_a_sealing_that_was_cut_begins_anew(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut after each file that sealing writes."""
    cuts = 0
    while True:
        seen = 0

        def cut(temporary: Path, final: Path, last: int = cuts) -> None:
            nonlocal seen
            if seen == last:
                raise OSError("cut")
            seen += 1
            os.replace(temporary, final)

        with monkeypatch.context() as patched:
            patched.setattr("captures.case.replace_name", cut)
            try:
                seal(case, KEY, utc=UTC, tool=TOOL)
            except OSError:
                assert not case.sealed
                cuts += 1
                continue
        break
    # bagit, bag-info, README, verifier, manifest, three of the signature, two of the digest; then the tag manifest is all
    # that the sealing lacks, and it is finished with the digest that stands in seal/
    assert cuts == 10
    assert verify(case.path).differences == ()


def test_a_sealing_cut_before_its_tag_manifest_ends_with_the_same_digest(case: Case) -> None:
    digest = seal(case, KEY, utc=UTC, tool=TOOL).digest
    (case.path / "tagmanifest-sha256.txt").unlink()
    with pytest.raises(SealedError, match=r"is signed \(seal/.*\.sig\) and has no tagmanifest"):
        write_derived(case, "verdict.json", b"{}")
    assert seal(case, KEY, utc="2026-04-01T00:00:00Z", tool="another 1").digest == digest
    found = verify(case.path, digest=digest)
    assert found.differences == ()
    assert found.info["Sealed-UTC"] == UTC


def test_a_seal_that_was_broken_is_not_made_anew_over_what_changed(case: Case) -> None:
    seal(case, KEY, utc=UTC, tool=TOOL)
    (case.path / "tagmanifest-sha256.txt").unlink()
    verdict = case.derived / "verdict.json"
    verdict.chmod(0o600)
    verdict.write_bytes(b'{"integrity": "proven"}')
    with pytest.raises(UnsealableError, match="expected a signature of what the case holds"):
        seal(case, KEY, utc=UTC, tool=TOOL)


@pytest.mark.parametrize("joined", ["signature", "request", "token", "nothing"])
def test_nobody_elses_part_of_a_seal_is_removed(case: Case, joined: str) -> None:
    """A seal whose tag manifest is gone: sealing anew would throw the first officer's signature away."""
    seal(case, KEY, utc=UTC, tool=TOOL)
    other = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
    if joined == "signature":
        sign(case, other)
    elif joined != "nothing":
        add_to_seal(case, {"request": "request-0.tsq", "token": "token-0.tsr"}[joined], b"0")
    (case.path / "tagmanifest-sha256.txt").unlink()
    before = _files(case.path)
    for key in (other, KEY)[: 1 if joined == "nothing" else 2]:
        with pytest.raises(UnsealableError, match="not made anew over the signatures of others"):
            seal(case, key, utc=UTC, tool=TOOL)
    assert _files(case.path) == before


def test_what_is_no_part_of_a_case_stops_the_seal(case: Case) -> None:
    write(case.path / "notes.txt", b"x")
    with pytest.raises(SealedError, match=r"'notes\.txt' is no part of a case"):
        seal(case, KEY, utc=UTC, tool=TOOL)
    assert (case.path / "notes.txt").exists()
    (case.path / "notes.txt").rename(case.path / "data" / "notes\n.txt")
    with pytest.raises(SealedError, match="cannot be sealed"):
        seal(case, KEY, utc=UTC, tool=TOOL)
    (case.path / "data" / "notes\n.txt").unlink()
    (case.derived / "link").symlink_to(case.journal)
    with pytest.raises(IntegrityError, match="symbolic link"):
        seal(case, KEY, utc=UTC, tool=TOOL)
    assert not case.sealed


def test_a_lock_and_left_over_files_are_no_part_of_it(case: Case) -> None:
    write(case.path / "partial" / "verdict.json", b"half")
    with locked(case.path):  # as `case seal` does; a program killed right after would leave the lock
        seal(case, KEY, utc=UTC, tool=TOOL)
        found = verify(case.path)
    assert found.differences == ()
    assert any(note.startswith("lock: no part of the sealed case and no evidence") for note in found.notes)
    assert not (case.path / "partial").exists()
    assert not (case.path / "lock").exists()
    (case.path / "partial").mkdir()  # of a program that was killed before it removed it
    assert verify(case.path).differences == ()


@pytest.mark.parametrize(
    "name", ["data/notes.txt", "data/draw-seed", "data/extra/x", "data/derived/sub/x", "station.key"]
)
def test_a_file_that_the_layout_has_not_stops_the_seal(case: Case, name: str) -> None:
    write(case.path / name, b"x")
    with pytest.raises(UnsealableError, match="is no part of a case"):
        seal(case, KEY, utc=UTC, tool=TOOL)
    assert not case.sealed


def test_an_empty_folder_stops_the_seal(case: Case) -> None:
    (case.derived / "empty").mkdir()
    with pytest.raises(UnsealableError, match="'data/derived/empty' is no part of a case"):
        seal(case, KEY, utc=UTC, tool=TOOL)


def test_the_seed_of_a_draw_that_was_not_made_is_never_sealed(tmp_path: Path) -> None:
    """A run cut between the hash that was shown and the draw."""
    case = Case.create(tmp_path / "case")
    lots = Lots(case.path, "ab" * 16)
    with JournalWriter.create(case.journal, {"kind": "header"}) as writer:
        writer.append({"kind": "outcome", "n": 3, "value": {"sha256": "0" * 64}})
        lots.commit()
        with pytest.raises(UnsealableError, match=r"draw-seed: .*run --resume .*remove .*draw-seed") as caught:
            seal(case, KEY, utc=UTC, tool=TOOL)
        assert lots.seed not in str(caught.value)
        assert not case.sealed
        writer.append({"kind": "outcome", "n": 4, "value": {"seed": lots.seed, "drawn": []}})  # and killed here
    write(case.path / ".draw-seed.new", b"cd" * 16)  # of a commitment that was cut before its hash was shown
    seal(case, KEY, utc=UTC, tool=TOOL)
    assert not [path for path in case.path.iterdir() if "draw-seed" in path.name]
    assert verify(case.path).differences == ()
    raw = b"".join(path.read_bytes() for path in case.path.rglob("*") if path.is_file())
    assert b"cd" * 16 not in raw


def test_a_second_officer_signs(case: Case) -> None:
    with pytest.raises(SealedError, match="not sealed"):
        sign(case, KEY)
    seal(case, KEY, utc=UTC, tool=TOOL)
    before = case_digest(case)
    other = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
    assert sign(case, other) == fingerprint(other.public_key())
    with pytest.raises(SealedError, match="has signed this case already"):
        sign(case, other)
    found = verify(case.path, key=fingerprint(other.public_key()), digest=before)
    assert found.differences == ()
    assert len(found.signers) == 2
    stranger = fingerprint(Ed25519PrivateKey.from_private_bytes(b"3" * 32).public_key())
    (difference,) = verify(case.path, key=stranger).differences
    assert difference.what == "not signed by the demanded key"
    assert difference.expected == stranger
    assert found.signers[0].fingerprint in difference.got


def test_a_case_that_follows_names_the_digest(case: Case, tmp_path: Path) -> None:
    first = seal(case, KEY, utc=UTC, tool=TOOL).digest
    later = new_case(tmp_path / "later", CaseRecord("案 2026-7/2", UTC, After("案 2026-7", first)))
    assert Case.create(later.path) == later  # what a run does first
    with JournalWriter.create(later.journal, {"kind": "header"}) as writer:
        writer.append({"kind": "end"})
    with pytest.raises(FileExistsError, match="new or empty folder"):
        Case.create(later.path)
    seal(later, KEY, utc=UTC, tool=TOOL)
    assert verify(later.path).info["After-Case-Digest"] == first
    assert read_record(later).after == After("案 2026-7", first)


def test_the_case_before_that_a_run_was_told_stands_in_the_seal(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    with JournalWriter.create(case.journal, {"kind": "header", "after": "a" * 64}) as writer:
        writer.append({"kind": "end"})
    seal(case, KEY, utc=UTC, tool=TOOL)
    assert verify(case.path).info["After-Case-Digest"] == "a" * 64


@pytest.mark.parametrize("id", ["", " a", "a\nb", "a\u202eb", "x" * 121])
def test_case_numbers_that_are_no_line(tmp_path: Path, id: str) -> None:
    with pytest.raises(ValueError, match="case number"):
        new_case(tmp_path / "case", CaseRecord(id, UTC))


def test_a_damaged_record_is_named(case: Case) -> None:
    path = case.path / "data" / "case.json"
    path.write_bytes(path.read_bytes().replace(b'"id"', b'"no"'))
    with pytest.raises(IntegrityError, match=r"case\.json: expected the record"):
        seal(case, KEY, utc=UTC, tool=TOOL)


def test_files_join_a_seal_once(case: Case) -> None:
    seal(case, KEY, utc=UTC, tool=TOOL)
    add_to_seal(case, "x.tsr", b"x")
    add_to_seal(case, "x.tsr", b"x")
    with pytest.raises(FileExistsError, match="another file"):
        add_to_seal(case, "x.tsr", b"y")
    with pytest.raises(IntegrityError, match=r"seal/x\.tsr: added"):
        require_as_sealed(case.path)


def test_the_digest_on_paper() -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    assert grouped(digest).split("\n")[0] == "ba78 16bf 8f01 cfea 4141 40de 5dae 2223"
    assert ungrouped(grouped(digest).upper()) == digest
    for bad in ("", "ba78", digest + "0", digest[:-1] + "g"):
        with pytest.raises(ValueError, match="64 hex digits"):
            ungrouped(bad)
    text = qr_text("案 7", digest)
    assert qr_svg(text) == qr_svg(text) != qr_svg(qr_text("案 8", digest))
    # pinned: a stored code is compared with a new one, years and versions of the library later
    assert (
        hashlib.sha256(qr_svg(text)).hexdigest() == "eefa98e151132d381a743e8f6ad9340dccd63836fed1929386d407db97930c71"
    )
    lines = qr_terminal(text).rstrip("\n").split("\n")
    assert len({len(line) for line in lines}) == 1
    assert set("".join(lines)) == set("█▀▄ ")


def test_manifests_and_labels_round_trip() -> None:
    entries = {"data/b.txt": "0" * 64, "data/脉冲 1.sr": "1" * 64}
    raw = manifest_bytes(entries)
    assert read_manifest(raw, "m", payload=True) == (entries, [])
    assert read_info(info_bytes([("A-B", "c: d")])) == ({"A-B": "c: d"}, [])
    for value in ("a\nb", "a\rb", "\x1b[2J"):
        with pytest.raises(ValueError, match="one printable line"):
            info_bytes([("Label", value)])


def _files(path: Path) -> list[str]:
    return [str(one.relative_to(path)) for one in path.rglob("*") if one.is_file()]


def _shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def _stand_alone(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(path / "verify_case.py"), str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)
