"""One run per case, also after a process that died with the lock in its hand."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.exits import Exit, classified
from harness.lock import CaseLocked, Holder, locked
from harness.processes import began

HOLD = """
import sys
from pathlib import Path
from harness.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holding(case: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(case)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_names_this_process_and_goes_with_the_run(tmp_path: Path) -> None:
    with locked(tmp_path) as dead:
        assert dead is None
        said = json.loads((tmp_path / "lock").read_text())
        assert (said["pid"], said["host"], said["began"]) == (os.getpid(), platform.node(), began(os.getpid()))
    assert list(tmp_path.iterdir()) == []


def test_a_living_run_keeps_its_case_and_is_named(tmp_path: Path) -> None:
    process = holding(tmp_path)
    with pytest.raises(CaseLocked, match=rf"process {process.pid} on .* has it since 20") as refused, locked(tmp_path):
        pass
    assert classified(refused.value)[0] == Exit.PRECONDITION
    process.communicate()
    with locked(tmp_path) as dead:
        assert dead is None


def test_the_lock_of_a_killed_run_is_taken_over_and_said_so(tmp_path: Path) -> None:
    process = holding(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with locked(tmp_path) as dead:
        assert dead is not None
        assert dead.pid == process.pid
    assert list(tmp_path.iterdir()) == []


def test_another_process_of_the_same_number_is_not_the_holder(tmp_path: Path) -> None:
    """Our own number with another beginning: the computer was started anew."""
    before = Holder(os.getpid(), "00000000-0000-0000-0000-000000000000/1", platform.node(), "2026-01-01T00:00:00+00:00")
    (tmp_path / "lock").write_text(json.dumps(before.body))
    with locked(tmp_path) as dead:
        assert dead == before


def test_a_lock_of_another_computer_is_kept(tmp_path: Path) -> None:
    there = Holder(1, "x", "another-computer", "2026-01-01T00:00:00+00:00")
    (tmp_path / "lock").write_text(json.dumps(there.body))
    with pytest.raises(CaseLocked, match=r"on another-computer .* remove .*lock if it is certain"), locked(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize("left", [b"", bytes(512), b"[1]", b'{"pid": "7"}', b"\xff\xfe", b"{" * 5000])
def test_a_lock_that_power_tore_is_stale(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "lock").write_bytes(left)
    with locked(tmp_path) as dead:
        assert dead is not None
        assert dead.pid == 0


def test_of_many_that_come_at_once_exactly_one_gets_the_case(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(json.dumps(Holder(0, "", platform.node(), "").body))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    said = []
    for process in processes:
        assert process.stdout is not None
        said.append(process.stdout.readline())
    errors = [process.communicate()[1] for process in processes]
    assert said.count("held\n") == 1
    assert sum("CaseLocked" in error for error in errors) == 3


def test_a_process_that_never_was_has_no_beginning() -> None:
    assert began(0) is None
    assert began(-1) is None
    assert began(2**22 + 1) is None
