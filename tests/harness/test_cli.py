"""The command line as its users meet it: exit codes, one JSON document on stdout, no heavy import for --help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.exits import ERRORS, Exit, classified, printable, verdict_exit
from tests.commands import parsed, shortmeasure

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "sigrok"


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, cli; from harness.commands import build_app; build_app(); print(sorted({'numpy','scipy','pandas','matplotlib','serial'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_stranger_under_one_of_our_names_is_named(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import cli; cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 70
    assert "another distribution has taken" in done.stderr
    assert str(tmp_path) in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nonsense"], Exit.USAGE, "No such command"),
        (["demo", "--kit", "K9"], Exit.USAGE, "expected --kit"),
        (["demo", "elevator"], Exit.USAGE, "expected family dispenser"),
        (["demo", "--cheat", "fuel.C99", "--in-process"], Exit.USAGE, "fuel.C99"),
        (["demo", "--cheat", "fuel.C09", "--honest"], Exit.USAGE, "exclude each other"),
        (["bench", "check", "absent.toml"], Exit.PRECONDITION, "there are dispenser-k0"),
        (["bench", "check", "dispenser-k2", "--plan", "dispenser-bench"], Exit.PRECONDITION, "needs station(s) board"),
        (["run", "no-plan", "--bench", "dispenser-k0", "--case", "x"], Exit.USAGE, "expected a plan"),
        (["cheats", "elevator"], Exit.USAGE, "the catalogue knows dispenser, price-scale, truck-scale"),
        (["verify", "no-such-case"], Exit.USAGE, "no-such-case"),
        (["capture", "info", "README.md"], Exit.EVIDENCE, "another format"),
        (["capture", "info", "absent.sr"], Exit.USAGE, "absent.sr: No such file or directory"),
        (["judge", "absent"], Exit.USAGE, "absent: No such file or directory"),
        (["run", "dispenser-raid"], Exit.USAGE, "--bench"),
        (["bench", "clock-check", "pulse-lab", "--seconds", "-3"], Exit.USAGE, "--seconds"),
        (["bench", "burst", "--bench", "pulse-lab", "-o", "x.sr", "--rate", "0"], Exit.USAGE, "--rate"),
        (["bench", "burst", "--bench", "pulse-lab", "-o", "README.md"], Exit.PRECONDITION, "there is such a file"),
    ],
)
def test_errors_are_one_message_and_a_code(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: Exit,
    message: str,
) -> None:
    (tmp_path / "README.md").write_text("# text")
    monkeypatch.chdir(tmp_path)
    got, out, err = shortmeasure(capfd, *arguments)
    assert got == code
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    got, out, _ = shortmeasure(capfd, *arguments, "--json")
    assert got == code
    assert parsed(out)["exit"] == code
    assert message in parsed(out)["message"]


@pytest.mark.parametrize(
    "arguments",
    [["bench", "list"], ["bench", "show", "dispenser-k3"], ["bench", "check", "dispenser-k3"], ["cheats"], ["plugins"]],
)
def test_listings_speak_to_people_and_scripts(capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, _ = shortmeasure(capfd, *arguments)
    assert code == 0
    assert out.strip()
    code, out, _ = shortmeasure(capfd, *arguments, "--json")
    assert code == 0
    parsed(out)


def test_a_run_its_verdict_its_record(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = tmp_path / "案件 1"
    code, out, err = shortmeasure(
        capfd, "run", "dispenser-bench", "--bench", "dispenser-k3", "--case", case, "--cheat", "fuel.C14", "--json"
    )
    verdict = parsed(out)
    assert code == Exit.CHEATING
    assert verdict["integrity"] == "proven"
    assert {"status", "conformity", "integrity", "findings", "coverage"} <= set(verdict)
    assert "== laboratory: " in err
    code, out, _ = shortmeasure(capfd, "verify", case, "--json")
    assert (code, parsed(out)["complete"]) == (0, True)
    code, out, _ = shortmeasure(capfd, "judge", case, "--json")
    again = parsed(out)
    assert code == Exit.CHEATING
    assert {k: again[k] for k in ("integrity", "findings", "readings")} == {
        k: verdict[k] for k in ("integrity", "findings", "readings")
    }
    code, _, err = shortmeasure(capfd, "run", "dispenser-bench", "--bench", "dispenser-k3", "--case", case)
    assert code == Exit.PRECONDITION  # evidence is never overwritten
    journal = next((case / "data" / "journal").iterdir())
    damaged = bytearray(journal.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    journal.chmod(0o600)
    journal.write_bytes(damaged)
    for command in (("verify", case), ("case", "verify", case), ("judge", case)):
        code, _, err = shortmeasure(capfd, *command)
        assert code == Exit.EVIDENCE
        assert "0001.jsonl" in err


@pytest.mark.skipif(not DATA.exists(), reason="real recordings are not beside this checkout")
def test_a_recording_is_imported_unchanged_and_judged(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    case = tmp_path / "case"
    code, out, _ = shortmeasure(capfd, "capture", "import", DATA / "rotary-ramp.sr", "--case", case, "--json")
    assert code == 0
    assert parsed(out)["original"]["name"] == "rotary-ramp.sr"
    assert shortmeasure(capfd, "verify", case)[0] == 0
    code, out, _ = shortmeasure(capfd, "judge", case, "--json")
    assert parsed(out)["integrity"] in ("no_evidence", "inconclusive")
    code, out, _ = shortmeasure(capfd, "capture", "info", DATA / "rotary-ramp.sr", "--json")
    assert [c["rising"] for c in parsed(out)["channels"]] == [3183, 3183]


def test_every_error_type_of_the_table_exists_and_has_its_code() -> None:
    import importlib

    for name, code, remedy in ERRORS:
        module, kind = name.rsplit(".", 1)
        error = getattr(importlib.import_module(module), kind)("x")
        assert classified(error)[0] is code
        assert remedy
    assert classified(ZeroDivisionError())[0] is Exit.INTERNAL


@pytest.mark.parametrize(
    ("integrity", "conformity", "status", "code"),
    [
        ("no_evidence", "pass", "complete", Exit.OK),
        ("no_evidence", "fail", "complete", Exit.NON_CONFORMING),
        ("inconclusive", "pass", "complete", Exit.INCONCLUSIVE),
        ("no_evidence", "inconclusive", "complete", Exit.INCONCLUSIVE),
        ("suspect", "pass", "complete", Exit.CHEATING),
        ("proven", "fail", "error", Exit.CHEATING),
        ("inconclusive", "pass", "error", Exit.INSTRUMENT),
        ("inconclusive", "pass", "stopped", Exit.STOPPED),
    ],
)
def test_the_exit_code_of_a_verdict(integrity: str, conformity: str, status: str, code: Exit) -> None:
    assert verdict_exit({"integrity": integrity, "conformity": conformity, "status": status}) is code


def test_control_characters_are_shown_not_obeyed() -> None:
    assert printable("a\x1b[2Jb\nc") == "a\\x1b[2Jb\nc"
