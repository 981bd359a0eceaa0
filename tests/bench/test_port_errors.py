"""Errors that a port counts are journalled with the step they came in; a pseudo-terminal counts none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

from captures.journal import read_lines
from fixtures import posix
from fixtures.port_errors import PortErrors
from tests.peers import bench_of, bench_text, cable


def test_what_a_step_added_is_recorded_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parity = 7

    def counted(fd: int) -> dict[str, int]:
        assert os.isatty(fd)
        return {"frame": 0, "parity": parity}

    monkeypatch.setattr(posix, "error_counts", counted)
    with cable() as (near, _), bench_of(tmp_path, bench_text("scpi-counter", f"serial:{near}")) as bench:
        ports = PortErrors(bench)
        with ports.during(0):
            pass
        parity = 8  # between two steps: nobody was measuring
        with ports.during(1):
            parity = 11
        bench.recorder.sync()
        found: list[dict[str, Any]] = [
            dict(line.body) for line in read_lines(tmp_path / "journal") if line.body["kind"] == "port-errors"
        ]
    assert [(one["link"], one["step"], one["added"], one["counts"]["parity"]) for one in found] == [
        ("line", None, {"parity": 1}, 8),
        ("line", 1, {"parity": 3}, 11),
    ]


def test_a_pseudo_terminal_counts_none(tmp_path: Path) -> None:
    with cable() as (near, _), bench_of(tmp_path, bench_text("scpi-counter", f"serial:{near}")) as bench:
        assert bench.error_counts() == {}


def test_the_kernel_s_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """struct serial_icounter_struct: twenty ints, the errors at 6 to 10."""
    import struct

    answer = struct.pack("=20i", *range(100, 120))
    monkeypatch.setattr(posix.fcntl, "ioctl", lambda fd, request, buffer: answer[: len(buffer)])
    assert posix.error_counts(0) == {
        "frame": 106, "overrun": 107, "parity": 108, "break": 109, "buffer_overrun": 110,
    }  # fmt: skip
