"""The recorder: what a journal holds after each way in which its writing can end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from captures.errors import IntegrityError
from captures.journal import read_lines
from captures.model import Direction
from fixtures.clock import VirtualClock
from fixtures.recorder import Recorder


def bodies(folder: Path) -> list[dict[str, Any]]:
    return [dict(line.body) for line in read_lines(folder)]


def test_resume_begins_the_next_file_with_the_next_span(tmp_path: Path) -> None:
    first = Recorder.create(tmp_path, VirtualClock(), {"plan": "p"})
    first.wire(5, "tap", Direction.RX, b"abc")
    first.sync()
    first.abandon()
    second = Recorder.resume(tmp_path, VirtualClock(7_000_000_000), 2)
    second.entry("gap", from_ns=5)
    second.close("complete")
    found = bodies(tmp_path)
    assert [body["kind"] for body in found] == ["header", "span", "wire", "continue", "span", "gap", "end"]
    assert [(body["n"], body["t_ns"]) for body in found if body["kind"] == "span"] == [(1, 0), (2, 7_000_000_000)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001.jsonl", "0002.jsonl"]


def test_resume_of_a_changed_journal_writes_nothing(tmp_path: Path) -> None:
    Recorder.create(tmp_path, VirtualClock(), {"plan": "p"}).close("complete")
    path = tmp_path / "0001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"plan":"p"', b'"plan":"q"'))
    with pytest.raises(IntegrityError, match=r"0001.jsonl line 1 .*changed line"):
        Recorder.resume(tmp_path, VirtualClock(1), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["0001.jsonl"]


@pytest.mark.parametrize("lifelike", [False, True])
def test_a_killed_lifelike_simulation_misses_at_most_50_ms(tmp_path: Path, lifelike: bool) -> None:
    clock = VirtualClock()
    recorder = Recorder.create(tmp_path, clock, {}, lifelike=lifelike)
    for t_ns in range(0, 1_000_000_000, 7_000_000):
        clock.advance_to(t_ns)
        recorder.wire(t_ns, "tap", Direction.RX, b"x")
    recorder.abandon()
    reads = [read for body in bodies(tmp_path) if body["kind"] == "wire" for read in body["reads"]]
    assert (max(t_ns for t_ns, _ in reads) > 940_000_000) if lifelike else not reads
