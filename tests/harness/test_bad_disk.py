"""Case folders that cannot be used, or stop being usable: what is said, and that nothing recorded is lost."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from captures.case import verify_case
from captures.journal import JournalWriter, read_lines
from harness.commands import build_app
from harness.exits import Exit, run_app
from harness.plans import PLANS
from harness.plans.miniature import MINIATURE as PLAN
from tests.harness.test_lock import holding

ROOT = Path(__file__).resolve().parents[2]


def shortmeasure(*arguments: str) -> int:
    return run_app(build_app(), list(arguments), {})


def program(*arguments: str, most_bytes: int | None = None, stdout: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, no file of which may exceed `most_bytes`."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    with open(stdout or "/dev/null", "w") as target:
        return subprocess.run(
            [sys.executable, str(ROOT / "cli.py"), *arguments],
            stdout=target, stderr=subprocess.PIPE, text=True, check=False, preexec_fn=limit,
        )  # fmt: skip


@pytest.fixture
def miniature(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(PLANS, PLAN.name, PLAN)
    return PLAN.name


def test_a_disk_that_gets_full_ends_the_run_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    case = tmp_path / "case"
    ended = program("run", "dispenser-raid", "--bench", "dispenser-k0", "--case", str(case), most_bytes=96 * 1024)
    assert ended.returncode == Exit.PRECONDITION
    assert "0001.jsonl: expected the disk to take what was recorded, got: File too large" in ended.stderr
    assert "what next: raise the limit" in ended.stderr
    assert "Traceback" not in ended.stderr
    lines = list(read_lines(case / "data" / "journal"))
    assert len(lines) > 50
    assert (case / "data" / "journal" / "0001.jsonl").stat().st_size == 96 * 1024  # to the last byte that it took
    continued = JournalWriter.resume(case / "data" / "journal")
    continued.close()
    assert [line.sha for line in read_lines(case / "data" / "journal")][: len(lines)] == [line.sha for line in lines]


def test_a_path_with_blanks_and_chinese_characters(tmp_path: Path, miniature: str) -> None:
    case = tmp_path / "一号 加油站 (2)" / "案件 7"
    code = shortmeasure("run", miniature, "--bench", "dispenser-k0", "--case", str(case))
    assert code == Exit.INCONCLUSIVE
    assert verify_case(case).complete


def test_a_second_run_on_one_case_is_told_who_has_it(
    tmp_path: Path, miniature: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    assert shortmeasure("run", miniature, "--bench", "dispenser-k0", "--case", str(case)) == Exit.INCONCLUSIVE
    before = [line.sha for line in read_lines(case / "data" / "journal")]
    process = holding(case)
    assert shortmeasure("run", "--resume", str(case)) == Exit.PRECONDITION
    said = capsys.readouterr().err
    assert f"process {process.pid} on " in said
    assert "one run per case" in said
    process.communicate()
    assert [line.sha for line in read_lines(case / "data" / "journal")] == before


@pytest.mark.parametrize("place", ["/dev/full", "/dev/null/case", "file"])
def test_no_folder_can_be_there(tmp_path: Path, miniature: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    if place == "file":
        (tmp_path / place).write_text("x")
        place = str(tmp_path / place)
    code = shortmeasure("run", miniature, "--bench", "dispenser-k0", "--case", place)
    said = capsys.readouterr().err
    assert code == Exit.PRECONDITION
    assert place.removesuffix("/case") in said
    assert "what next" in said


def test_a_verdict_that_nobody_can_be_told_is_an_error_and_the_case_is_whole(tmp_path: Path) -> None:
    case = tmp_path / "case"
    arguments = ("run", "dispenser-raid", "--bench", "dispenser-k0", "--case", str(case), "--json")
    ended = program(*arguments, stdout="/dev/full")
    assert ended.returncode == Exit.PRECONDITION
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert verify_case(case).complete
    assert json.loads((case / "data" / "derived" / "verdict.json").read_bytes())
