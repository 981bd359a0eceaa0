"""`case` and `keys` on the command line: from a new case to a sealed one that others verify."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer import Typer

from benchmarks.finished_case import finished_case
from benchmarks.stamp_authority import OPENSSL_HERE, Authority
from captures.case import Case
from captures.errors import KeyFileError
from captures.journal import JournalWriter
from captures.keys import load_key
from captures.seal_token import read_request
from captures.signing import Ed25519PrivateKey, fingerprint, public_pem
from harness.exits import Exit, run_app
from harness.keyring import signing_key
from tests.commands import document, shortmeasure

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user keys"
    monkeypatch.setenv("SHORTMEASURE_KEYS", str(folder))
    monkeypatch.delenv("SHORTMEASURE_PASSPHRASE", raising=False)
    return folder


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return finished_case(tmp_path / "cases" / "案件 1").path


def test_seal_verify_and_the_paper(capfd: pytest.CaptureFixture[str], case: Path, keys: Path) -> None:
    code, out, err = shortmeasure(capfd, "case", "verify", case)
    assert (code, "not sealed" in out) == (0, True)
    code, _, err = shortmeasure(capfd, "case", "verify", case, "--sealed")
    assert (code, "expected a sealed case" in err) == (Exit.EVIDENCE, True)
    code, out, err = shortmeasure(capfd, "case", "seal", case)
    assert code == 0, err
    assert "key station made" in err
    assert (keys / "station.key").exists()
    paper = [line.strip() for line in out.splitlines() if line.startswith("  ")]
    assert [len(line.split()) for line in paper] == [8, 8]
    digest = hashlib.sha256((case / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert "".join(paper).replace(" ", "") == digest
    code, out, _ = shortmeasure(capfd, "verify", case, "--digest", " ".join(paper).upper())
    assert (code, "compare it with the paper" in out) == (0, False)
    shown = document(capfd, "case", "digest", case)
    assert (shown["digest"], shown["grouped"]) == (digest, paper)
    code, _, err = shortmeasure(capfd, "case", "verify", case, "--digest", "0" * 64)
    assert code == Exit.EVIDENCE
    assert f"expected {'0' * 64}, got {digest}" in err
    code, _, err = shortmeasure(capfd, "case", "verify", case, "--digest", "12")
    assert (code, "64 hex digits" in err) == (Exit.USAGE, True)


def test_sealed_once_and_read_only(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    document(capfd, "case", "seal", case, "--sm3")
    code, _, err = shortmeasure(capfd, "case", "seal", case)
    assert code == Exit.PRECONDITION
    assert "sealed already" in err
    assert "case new --after" in err
    code, _, err = shortmeasure(capfd, "run", "dispenser-raid", "--bench", "dispenser-k0", "--case", case)
    assert code == Exit.PRECONDITION
    assert document(capfd, "verify", case)["verifies"]


def test_differences_are_named_one_by_one(capfd: pytest.CaptureFixture[str], case: Path) -> None:
    document(capfd, "case", "seal", case)
    for name in ("data/derived/verdict.json", "bag-info.txt"):
        (case / name).chmod(0o600)
        (case / name).write_bytes((case / name).read_bytes() + b"\n")
    (case / "data" / "\x1b[2Jadded").write_bytes(b"")
    code, out, err = shortmeasure(capfd, "case", "verify", case, "--json")
    assert code == Exit.EVIDENCE
    found = json.loads(out)
    assert found["verifies"] is False
    assert {"data/derived/verdict.json", "bag-info.txt", "data/\x1b[2Jadded"} <= {
        d["file"] for d in found["differences"]
    }
    assert {"file", "line", "what", "expected", "got", "kind"} == set(found["differences"][0])
    assert "\x1b" not in err
    code, out, err = shortmeasure(capfd, "case", "verify", case)
    assert (code, out) == (Exit.EVIDENCE, "")
    assert "data/\\x1b[2Jadded: added" in err
    code, _, err = shortmeasure(capfd, "case", "sign", case, "--key", "second")
    assert code == Exit.EVIDENCE  # nobody signs what was changed


def test_a_demanded_key(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    sealed = document(capfd, "case", "seal", case)
    exported = document(capfd, "keys", "export", tmp_path / "office.pem")
    assert exported["fingerprint"] == sealed["key"]
    assert document(capfd, "verify", case, "--key", tmp_path / "office.pem")["signers"] == [sealed["key"]]
    stranger = Ed25519PrivateKey.generate().public_key()
    (tmp_path / "stranger.pem").write_bytes(public_pem(stranger))
    code, _, err = shortmeasure(capfd, "verify", case, "--key", tmp_path / "stranger.pem")
    assert code == Exit.EVIDENCE
    assert f"not signed by the demanded key: expected {fingerprint(stranger)}, got {sealed['key']}" in err
    (tmp_path / "no.pem").write_bytes(b"no key")
    code, _, err = shortmeasure(capfd, "verify", case, "--key", tmp_path / "no.pem")
    assert (code, "no.pem: expected a public key" in err) == (Exit.PRECONDITION, True)
    signed = document(capfd, "case", "sign", case, "--key", "officer 2")
    document(capfd, "keys", "export", tmp_path / "second.pem", "--name", "officer 2")
    assert document(capfd, "verify", case, "--key", tmp_path / "second.pem")["digest"] == signed["digest"]
    assert [key["name"] for key in document(capfd, "keys", "show")["keys"]] == ["officer 2", "station"]
    code, _, err = shortmeasure(capfd, "keys", "export", tmp_path / "office.pem")
    assert code == Exit.PRECONDITION  # nothing is overwritten


def test_a_key_with_a_passphrase(
    capfd: pytest.CaptureFixture[str], case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_PASSPHRASE", "马到成功")
    document(capfd, "keys", "export", case.parent / "k.pem")
    assert document(capfd, "keys", "show")["keys"][0]["encrypted"]
    monkeypatch.delenv("SHORTMEASURE_PASSPHRASE")
    code, _, err = shortmeasure(capfd, "case", "seal", case)
    assert code == Exit.PRECONDITION
    assert "SHORTMEASURE_PASSPHRASE" in err
    monkeypatch.setenv("SHORTMEASURE_PASSPHRASE", "wrong")
    code, _, err = shortmeasure(capfd, "case", "seal", case)
    assert (code, "expected its passphrase, got another one" in err) == (Exit.PRECONDITION, True)
    assert not Case(case).sealed
    monkeypatch.setenv("SHORTMEASURE_PASSPHRASE", "马到成功")
    document(capfd, "case", "seal", case)


@pytest.mark.parametrize(("typed", "made"), [(["a b", "a b"], True), (["a b", "a c"], False), ([""], True)])
def test_a_new_passphrase_is_typed_twice(
    monkeypatch: pytest.MonkeyPatch, keys: Path, typed: list[str], made: bool
) -> None:
    asked = iter(typed)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(asked))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    if made:
        public = signing_key("station").public_key()
        assert load_key(keys / "station.key", typed[0] or None).public_key() == public
    else:
        with pytest.raises(KeyFileError, match="the same passphrase twice"):
            signing_key("station")
    assert (keys / "station.key").exists() is made
    assert next(asked, None) is None


def test_what_was_demanded_is_no_altered_case(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    digest = document(capfd, "case", "seal", case)["digest"]
    misread = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    code, out, err = shortmeasure(capfd, "case", "verify", case, "--digest", misread)
    assert (code, out) == (Exit.EVIDENCE, "")
    assert "agrees with itself, and is not what was demanded" in err
    assert f"expected {misread}, got {digest}" in err
    assert f"15 of 16 groups agree (group 16: given {misread[-4:]}, case {digest[-4:]})" in err
    assert "work on a copy" not in err
    (tmp_path / "stranger.pem").write_bytes(public_pem(Ed25519PrivateKey.generate().public_key()))
    code, out, err = shortmeasure(capfd, "case", "verify", case, "--key", tmp_path / "stranger.pem", "--json")
    assert code == Exit.EVIDENCE
    (difference,) = json.loads(out)["differences"]
    assert (difference["kind"], difference["file"]) == ("demanded", "seal")
    assert "ask the office's register" in err
    (case / "notes.txt").write_bytes(b"x")
    code, out, err = shortmeasure(capfd, "case", "verify", case, "--digest", misread, "--json")
    found = json.loads(out)
    assert {one["kind"] for one in found["differences"]} == {"added", "demanded"}
    assert (found["verifies"], found["more_differences"]) == (False, 0)
    assert "2 differences from what was recorded, sealed or demanded" in err
    assert "work on a copy of the case that verifies" in err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names on this system")
@pytest.mark.parametrize(
    "name",
    ["data/journal/0001.jsonl", "data/parties.json", "data/case.json", "data/derived/verdict.json", "bag-info.txt"],
)
def test_a_pipe_holds_no_command_up(capfd: pytest.CaptureFixture[str], case: Path, name: str) -> None:
    document(capfd, "case", "seal", case)
    (case / name).unlink()
    os.mkfifo(case / name)
    code, out, _ = shortmeasure(capfd, "case", "verify", case, "--json")
    assert next(one["kind"] for one in json.loads(out)["differences"] if one["file"] == name) == "foreign"
    shortmeasure(capfd, "case", "show", case)
    code, out, _ = shortmeasure(capfd, "case", "list", case.parent)
    assert "DOES NOT VERIFY" in out
    code, _, err = shortmeasure(capfd, "case", "export", case, case.parent / "copy")
    assert code == Exit.EVIDENCE
    assert "no ordinary file" in err


def test_an_unsealed_case_where_a_seal_is_demanded(capfd: pytest.CaptureFixture[str], case: Path) -> None:
    code, out, err = shortmeasure(capfd, "case", "verify", case, "--sealed", "--json")
    assert code == Exit.EVIDENCE
    (difference,) = json.loads(out)["differences"]
    assert (difference["kind"], difference["what"]) == ("demanded", "no seal")
    assert "`shortmeasure case seal` seals a case" in err


@pytest.mark.skipif(not OPENSSL_HERE, reason="openssl is not on this system")
def test_a_time_stamp_joins_later(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    code, _, err = shortmeasure(capfd, "case", "seal", case, "--attach-token", case / "data/case.json")
    assert (code, "not sealed" in err) == (Exit.PRECONDITION, True)
    sealed = document(capfd, "case", "seal", case, "--request")
    asked = Path(sealed["request"]).read_bytes()
    assert read_request(asked) == sealed["digest"]
    authority = Authority(tmp_path / "tsa")
    (tmp_path / "answer.tsr").write_bytes(authority.stamp(asked))
    stored = document(capfd, "case", "seal", case, "--attach-token", tmp_path / "answer.tsr")
    assert authority.verifies(Path(stored["token"]), case / "tagmanifest-sha256.txt")
    assert len(document(capfd, "verify", case)["stamps"]) == 1
    from captures.seal_token import request

    (tmp_path / "other.tsr").write_bytes(authority.stamp(request("0" * 64, 1)))
    code, _, err = shortmeasure(capfd, "case", "seal", case, "--attach-token", tmp_path / "other.tsr")
    assert (code, "a time stamp of another case" in err) == (Exit.EVIDENCE, True)
    (tmp_path / "other.tsr").write_bytes(b"no token")
    code, _, err = shortmeasure(capfd, "case", "seal", case, "--attach-token", tmp_path / "other.tsr")
    assert (code, "other.tsr: expected" in err) == (Exit.EVIDENCE, True)


def test_a_case_after_another(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    code, _, err = shortmeasure(capfd, "case", "new", tmp_path / "later", "--after", case)
    assert (code, "not sealed" in err) == (Exit.PRECONDITION, True)
    digest = document(capfd, "case", "seal", case)["digest"]
    made = document(capfd, "case", "new", tmp_path / "later", "--after", case, "--id", "2026-8")
    assert made["after"] == {"id": "案 2026-7", "digest": digest}
    shown = document(capfd, "case", "show", tmp_path / "later")
    assert (shown["id"], shown["after"]["digest"], shown["sealed"]) == ("2026-8", digest, False)
    code, _, err = shortmeasure(capfd, "case", "new", tmp_path / "later")
    assert code == Exit.PRECONDITION
    code, _, err = shortmeasure(capfd, "case", "new", tmp_path / "third", "--id", "a\nb")
    assert (code, "case number" in err) == (Exit.USAGE, True)
    assert not (tmp_path / "third").exists()


def test_list_and_show_say_what_is_there(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    second = finished_case(tmp_path / "cases" / "b" / "c", "second ")
    (second.derived / "verdict.json").write_bytes(b"[")
    before = document(capfd, "case", "list", tmp_path / "cases")["cases"]
    assert [(row["id"], row["sealed"], bool(row["damage"])) for row in before] == [
        ("案 2026-7", False, True), ("案 2026-7", False, False),
    ]  # fmt: skip
    digest = document(capfd, "case", "seal", case)["digest"]
    row = document(capfd, "case", "list", tmp_path / "cases")["cases"][1]
    assert (row["digest"], row["integrity"], row["plan"]) == (digest, "no_evidence", "dispenser-raid")
    assert row["started_utc"].startswith("2026-03-01T09:00:01")
    code, out, _ = shortmeasure(capfd, "case", "show", case)
    assert code == 0
    for said in ("案 2026-7", "dispenser-raid", "no_evidence", "officer", "王", digest[:4]):
        assert said in out
    code, _, err = shortmeasure(capfd, "case", "show", tmp_path)
    assert (code, "expected a case folder" in err) == (Exit.EVIDENCE, True)
    for command in (("case", "show"), ("case", "verify"), ("run", "--resume")):
        code, _, err = shortmeasure(capfd, *command, tmp_path / "nowhere")
        assert (code, "check the path" in err) == (Exit.USAGE, True)
    code, _, err = shortmeasure(capfd, "case", "list", tmp_path / "nowhere")
    assert (code, "nowhere" in err) == (Exit.USAGE, True)


def test_export_and_import(capfd: pytest.CaptureFixture[str], case: Path, tmp_path: Path) -> None:
    digest = document(capfd, "case", "seal", case)["digest"]
    document(capfd, "case", "export", case, tmp_path / "copy.zip", "--redacted")
    document(capfd, "case", "import", tmp_path / "copy.zip", tmp_path / "taken in")
    code, out, _ = shortmeasure(capfd, "verify", tmp_path / "taken in", "--digest", digest)
    assert (code, "personal data is withheld" in out) == (0, True)
    document(capfd, "case", "export", case, tmp_path / "copy")
    assert not document(capfd, "verify", tmp_path / "copy")["withheld"]
    (tmp_path / "bad.zip").write_bytes(b"PK")
    code, _, err = shortmeasure(capfd, "case", "import", tmp_path / "bad.zip", tmp_path / "x")
    assert (code, "expected a whole zip" in err) == (Exit.EVIDENCE, True)
    (case / "data/derived/verdict.json").unlink()
    code, _, err = shortmeasure(capfd, "case", "export", case, tmp_path / "third")
    assert code == Exit.EVIDENCE
    assert not (tmp_path / "third").exists()


def test_a_run_its_seal_and_what_is_refused_after(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = tmp_path / "raid"
    document(capfd, "case", "new", case, "--id", "案 2026-9")
    code, _, err = shortmeasure(capfd, "run", "dispenser-bench", "--bench", "dispenser-k3", "--case", case, "--json")
    assert code in (Exit.OK, Exit.INCONCLUSIVE, Exit.NON_CONFORMING), err
    (tmp_path / "seal 1.jpg").write_bytes(b"a photo is an original, and no recording to be judged")
    with JournalWriter.resume(Case(case).journal) as writer:
        Case(case).import_original(tmp_path / "seal 1.jpg", writer.append)
        writer.append({"kind": "end", "status": "complete", "why": ""})
    sealed = document(capfd, "case", "seal", case)
    assert sealed["complete"]
    assert document(capfd, "verify", case)["bag_info"]["External-Identifier"] == "案 2026-9"
    before = {path: path.read_bytes() for path in case.rglob("*") if path.is_file()}
    judged, _, err = shortmeasure(capfd, "judge", case, "--json")
    assert judged == code, err
    assert {path: path.read_bytes() for path in case.rglob("*") if path.is_file()} == before
    later = tmp_path / "later"
    again, out, err = shortmeasure(capfd, "judge", case, "--into", later, "--json")
    assert again == judged, err
    kept = json.loads((later / "data/derived/verdict.json").read_text("utf-8"))
    assert kept["integrity"] == json.loads(out)["integrity"]
    document(capfd, "case", "seal", later)
    assert document(capfd, "verify", later)["bag_info"]["After-Case-Digest"] == sealed["digest"]
    code, _, err = shortmeasure(capfd, "judge", later)
    assert (code, "judge that one" in err) == (Exit.EVIDENCE, True)
    code, _, err = shortmeasure(capfd, "judge", case, "--into", later)
    assert code == Exit.PRECONDITION
    document(capfd, "case", "new", tmp_path / "stranger")
    code, _, err = shortmeasure(capfd, "judge", case, "--into", tmp_path / "stranger")
    assert (code, "it follows none" in err) == (Exit.PRECONDITION, True)
    code, _, err = shortmeasure(capfd, "run", "--resume", case)
    assert (code, "the case is sealed" in err) == (Exit.PRECONDITION, True), err
    assert document(capfd, "verify", case, "--digest", sealed["digest"])["verifies"]
    (case / "data/derived/verdict.json").chmod(0o600)
    (case / "data/derived/verdict.json").write_bytes(b"{}")
    code, _, err = shortmeasure(capfd, "judge", case)
    assert (code, "verdict.json: changed" in err) == (Exit.EVIDENCE, True)


def test_a_case_with_a_run_on_it_is_not_sealed(capfd: pytest.CaptureFixture[str], case: Path) -> None:
    from harness.lock import locked

    with locked(case):
        code, _, err = shortmeasure(capfd, "case", "seal", case)
    assert (code, "no run on it" in err) == (Exit.PRECONDITION, True)
    assert not Case(case).sealed
    document(capfd, "case", "seal", case)
    assert not (case / "lock").exists()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("draw-seed", "seal"), ("data/parties.json", "show"),
        ("tagmanifest-sha256.txt", "digest"), ("bag-info.txt", "show"),
    ],
)  # fmt: skip
def test_a_folder_in_the_place_of_a_file_is_named(
    capfd: pytest.CaptureFixture[str], case: Path, name: str, command: str
) -> None:
    if name in ("tagmanifest-sha256.txt", "bag-info.txt"):
        assert shortmeasure(capfd, "case", "seal", case)[0] == 0
    (case / name).unlink(missing_ok=True)
    (case / name).mkdir()
    code, _, err = shortmeasure(capfd, "case", command, case)
    assert "internal error" not in err
    assert code == (0 if name == "bag-info.txt" else Exit.EVIDENCE)
    assert code == 0 or Path(name).name in err


def test_an_error_of_a_descriptor_names_what_it_can() -> None:
    """Python puts the number of a descriptor where the name of the file belongs."""
    app = Typer()

    @app.command()
    def folder() -> None:
        raise IsADirectoryError(errno.EISDIR, "Is a directory", 7)

    assert run_app(app, [], {}) == Exit.PRECONDITION


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read everything")
def test_who_may_not_read_the_names_is_told_so(capfd: pytest.CaptureFixture[str], case: Path) -> None:
    """Both verifiers, run as somebody whom the system refuses the file."""
    assert shortmeasure(capfd, "case", "seal", case)[0] == 0
    parties = case / "data" / "parties.json"
    refused: list[str] = []
    if os.geteuid() == 0:
        os.chown(parties, 65534, 65534)
        refused = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    else:
        parties.chmod(0)

    def verified(*command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SHORTMEASURE_LANG": "en"}
        return subprocess.run(
            [*refused, sys.executable, *command, str(case)],
            capture_output=True, text=True, check=False, env=environment, cwd=ROOT,
        )  # fmt: skip

    own, alone = verified("cli.py", "case", "verify"), verified("-I", str(case / "verify_case.py"))
    assert own.returncode == Exit.PRECONDITION, own.stderr
    assert "differences" not in own.stderr
    assert "not looked at, no permission to read it: data/parties.json" in own.stderr
    assert alone.returncode == 2, alone.stdout + alone.stderr
    assert "data/parties.json: no permission to read it: not checked" in alone.stdout
    assert "as sealed" not in alone.stdout
    (case / "data" / "case.json").unlink()
    assert verified("cli.py", "case", "verify").returncode == Exit.EVIDENCE
    assert verified("-I", str(case / "verify_case.py")).returncode == 1


def test_a_signing_and_a_stamp_wait_for_nobody(capfd: pytest.CaptureFixture[str], case: Path) -> None:
    """Another program that has the case: nothing is put into its seal meanwhile."""
    from harness.lock import Holder

    assert shortmeasure(capfd, "case", "seal", case)[0] == 0
    there = Holder(1, "x", "another-computer", "2026-01-01T00:00:00+00:00")
    (case / "lock").write_text(json.dumps(there.body) + "\n")
    before = sorted(path.name for path in (case / "seal").iterdir())
    for command in (["sign", case, "--key", "second"], ["seal", case, "--request"]):
        code, _, err = shortmeasure(capfd, "case", *command)
        assert (code, "another-computer" in err) == (Exit.PRECONDITION, True)
    assert sorted(path.name for path in (case / "seal").iterdir()) == before


def test_sealing_again_removes_nobodys_signature(
    capfd: pytest.CaptureFixture[str], case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seal whose tag manifest is gone is told as one that was broken, in the operator's language too."""
    assert shortmeasure(capfd, "case", "seal", case)[0] == 0
    assert shortmeasure(capfd, "case", "sign", case, "--key", "two")[0] == 0
    (case / "tagmanifest-sha256.txt").unlink()
    before = {path.name: path.read_bytes() for path in (case / "seal").iterdir()}
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, _, err = shortmeasure(capfd, "case", "seal", case, "--key", "two")
    assert code == Exit.PRECONDITION
    assert "没有 tagmanifest-sha256.txt 的案件" in err
    assert {path.name: path.read_bytes() for path in (case / "seal").iterdir()} == before
