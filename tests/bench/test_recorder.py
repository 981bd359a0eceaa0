"""The recorder: what a journal holds after each way in which its writing can end."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from captures.errors import IntegrityError
from captures.journal import JournalWriter, read_lines
from captures.model import Direction
from fixtures.clock import VirtualClock
from fixtures.clock_watch import ClockWatch
from fixtures.errors import InstrumentError
from fixtures.hostclock import Instant
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


class StillClock:
    """A real clock as far as the recorder can tell, moved by hand."""

    kind, speed = "real", 1.0

    def __init__(self) -> None:
        self.t_ns = 0

    def now_ns(self) -> int:
        return self.t_ns

    def utc(self) -> str:
        return f"2026-01-01T00:00:{self.t_ns / 1e9:012.9f}+00:00"

    def allowance_ns(self, duration_ns: int, floor_wall_ns: int = 0) -> int:
        return duration_ns


def running(recorder: Recorder, clock: StillClock, until_ns: int) -> None:
    """Ticks as a bench gives them: whenever something is due."""
    while (due_ns := recorder.due_ns()) is not None and due_ns <= until_ns:
        clock.t_ns = max(clock.t_ns, due_ns)
        recorder.tick(clock.t_ns)
    clock.t_ns = until_ns


def test_what_came_alone_is_handed_over_after_50_ms(tmp_path: Path) -> None:
    clock = StillClock()
    recorder = Recorder.create(tmp_path, clock, {})
    clock.t_ns = 60_000_000
    recorder.wire(1_000_000, "tap", Direction.RX, b"first")
    running(recorder, clock, 112_000_000)
    recorder.abandon()
    assert [body["reads"] for body in bodies(tmp_path) if body["kind"] == "wire"] == [[[1_000_000, "first"]]]


def test_reads_within_20_ms_share_a_line(tmp_path: Path) -> None:
    recorder = Recorder.create(tmp_path, VirtualClock(), {})
    for t_ns in (0, 20_000_000, 20_000_001):
        recorder.wire(t_ns, "tap", Direction.RX, b"\xff")
    recorder.close("complete")
    found = [[t_ns for t_ns, _ in body["reads"]] for body in bodies(tmp_path) if body["kind"] == "wire"]
    assert found == [[0, 20_000_000], [20_000_001]]


def test_a_flood_is_split_into_lines_that_a_journal_takes(tmp_path: Path) -> None:
    recorder = Recorder.create(tmp_path, VirtualClock(), {})
    piece = b"\xff" * 65536
    for _ in range(100):
        recorder.wire(0, "socket", Direction.RX, piece)
    recorder.close("complete")
    lines = [body for body in bodies(tmp_path) if body["kind"] == "wire"]
    assert len(lines) > 10
    assert sum(len(text) for body in lines for _, text in body["reads"]) == 100 * len(piece)


def test_of_a_private_link_only_lengths_are_kept(tmp_path: Path) -> None:
    recorder = Recorder.create(tmp_path, VirtualClock(), {})
    recorder.wire(1, "operator", Direction.TX, b"name?")
    recorder.wire(1, "tap", Direction.RX, b"12.5")
    recorder.private("operator", True)
    recorder.wire(2, "operator", Direction.RX, "王小明\n".encode())
    recorder.wire(2, "tap", Direction.RX, b"12.6")
    recorder.private("operator", False)
    recorder.wire(3, "operator", Direction.RX, b"yes\n")
    recorder.close("complete")
    lines = [body for body in bodies(tmp_path) if body["kind"] == "wire"]
    private = [body for body in lines if "private" in body]
    assert [(body["link"], body["private"], body["reads"]) for body in private] == [("operator", True, [[2, "", 10]])]
    assert [body["reads"] for body in lines if body["link"] == "operator"] == [
        [[1, "name?"]],
        [[2, "", 10]],
        [[3, "yes\n"]],
    ]
    assert "王".encode() not in (tmp_path / "0001.jsonl").read_bytes()
    assert b"\\u738b" not in (tmp_path / "0001.jsonl").read_bytes()


def test_a_slow_disk_does_not_stall_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, held, asked = StillClock(), threading.Event(), threading.Event()
    recorder = Recorder.create(tmp_path, clock, {})
    writers: list[str] = []

    def slow(descriptor: int) -> None:
        writers.append(threading.current_thread().name)
        asked.set()
        assert held.wait(10)

    monkeypatch.setattr("captures.journal.os.fsync", slow)
    for t_ns in range(0, 2_000_000_000, 10_000_000):
        clock.t_ns = t_ns
        recorder.wire(t_ns, "tap", Direction.RX, b"x")
        running(recorder, clock, t_ns)
    assert asked.wait(10)
    assert writers == ["sync journal"]  # the one thread that waits for the disk, still in its first wait
    reads = [read for body in bodies(tmp_path) if body["kind"] == "wire" for read in body["reads"]]
    assert max(t_ns for t_ns, _ in reads) > 1_900_000_000  # flushed all the while
    held.set()
    recorder.close("complete")
    assert writers[-1] == "MainThread"  # the last line waits for its own


def test_an_error_of_the_background_sync_is_told_at_the_next_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, failed = StillClock(), threading.Event()
    recorder = Recorder.create(tmp_path, clock, {})

    def failing(descriptor: int) -> None:
        failed.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("captures.journal.os.fsync", failing)
    recorder.wire(0, "tap", Direction.RX, b"x")
    running(recorder, clock, 600_000_000)
    assert failed.wait(10)
    recorder._background.close()
    with pytest.raises(OSError, match=r"expected what was recorded to reach the disk, got: .*0001.jsonl") as raised:
        recorder.entry("step", n=0)
    assert raised.value.errno == errno.EIO
    monkeypatch.undo()
    with pytest.raises(OSError, match="reach the disk"):  # the system would call this sync good: it forgot the pages
        recorder.sync()
    with pytest.raises(OSError, match="reach the disk"):
        recorder.close("error")
    assert [body["kind"] for body in bodies(tmp_path)] == ["header", "span", "wire"]


class Instants:
    """A wall clock, a monotonic clock and one that counts sleep, moved together and apart."""

    def __init__(self) -> None:
        self.now = Instant(1_790_000_000_000_000_000, 5_000_000_000, 9_000_000_000)

    def __call__(self) -> Instant:
        return self.now

    def on(self, ns: int, *, set_ns: int = 0, slept_ns: int = 0) -> None:
        wall, mono, boot = self.now.wall_ns, self.now.monotonic_ns, self.now.boot_ns
        assert boot is not None
        self.now = Instant(wall + ns + set_ns + slept_ns, mono + ns, boot + ns + slept_ns)


def watched(folder: Path, clock: StillClock) -> tuple[Recorder, Instants]:
    instants = Instants()
    writer = JournalWriter.create(folder, {"kind": "header"})
    return Recorder(writer, clock, 1, watch=ClockWatch(instants)), instants


def test_clock_pairs_come_every_10_s_and_no_step_is_made_up(tmp_path: Path) -> None:
    clock = StillClock()
    recorder, instants = watched(tmp_path, clock)
    for second in range(1, 36):
        instants.on(1_000_000_000, set_ns=500_000)  # slewed as hard as a system does
        running(recorder, clock, second * 1_000_000_000)
    recorder.close("complete")
    found = [body for body in bodies(tmp_path) if body["kind"].startswith("clock")]
    assert [body["kind"] for body in found] == ["clock"] * 3
    assert [body["t_ns"] for body in found] == [10_000_000_000, 20_000_000_000, 30_000_000_000]


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_set_during_a_run_is_journalled(tmp_path: Path, hours: int) -> None:
    clock = StillClock()
    recorder, instants = watched(tmp_path, clock)
    for second in range(1, 6):
        instants.on(1_000_000_000, set_ns=hours * 3_600_000_000_000 if second == 3 else 0)
        running(recorder, clock, second * 1_000_000_000)
    recorder.close("complete")
    step, pair = [body for body in bodies(tmp_path) if body["kind"].startswith("clock")]
    assert (step["kind"], step["t_ns"], step["set_ns"], step["slept_ns"]) == (
        "clock-step", 3_000_000_000, hours * 3_600_000_000_000, 0,
    )  # fmt: skip
    assert (pair["kind"], pair["t_ns"]) == ("clock", 3_000_000_000)


def test_a_computer_that_slept_ends_the_step(tmp_path: Path) -> None:
    clock = StillClock()
    recorder, instants = watched(tmp_path, clock)
    recorder.wire(1, "tap", Direction.RX, b"x")
    instants.on(1_000_000_000, slept_ns=35_000_000_000)
    with pytest.raises(InstrumentError, match=r"it slept for 35 s .* resume the run"):
        running(recorder, clock, 1_000_000_000)
    recorder.abandon()
    step = next(body for body in bodies(tmp_path) if body["kind"] == "clock-step")
    assert (step["set_ns"], step["slept_ns"]) == (0, 35_000_000_000)


@pytest.mark.parametrize("set_s", [-7200, 2, 86_400])
def test_a_clock_set_between_the_last_look_and_the_end_is_journalled(tmp_path: Path, set_s: int) -> None:
    clock = StillClock()
    recorder, instants = watched(tmp_path, clock)
    for second in range(1, 4):
        instants.on(1_000_000_000)
        running(recorder, clock, second * 1_000_000_000)
    instants.on(400_000_000, set_ns=set_s * 1_000_000_000)
    clock.t_ns = 3_400_000_000
    recorder.close("complete")
    step, pair, end = bodies(tmp_path)[-3:]
    assert (step["kind"], step["t_ns"], step["set_ns"]) == ("clock-step", 3_400_000_000, set_s * 1_000_000_000)
    assert (pair["kind"], end["kind"], end["status"]) == ("clock", "end", "complete")


def test_a_sleep_before_the_end_is_journalled_and_the_run_ends(tmp_path: Path) -> None:
    clock = StillClock()
    recorder, instants = watched(tmp_path, clock)
    instants.on(1_000_000, slept_ns=9_000_000_000)
    recorder.close("stopped", "stopped by the operator")
    step, _, end = bodies(tmp_path)[-3:]
    assert (step["kind"], step["set_ns"], step["slept_ns"]) == ("clock-step", 0, 9_000_000_000)
    assert end["status"] == "stopped"


def test_small_steps_of_the_clock_add_up(tmp_path: Path) -> None:
    clock = StillClock()
    recorder, instants = watched(tmp_path, clock)
    for second in range(1, 8):
        instants.on(1_000_000_000, set_ns=-300_000_000)
        running(recorder, clock, second * 1_000_000_000)
    recorder.close("complete")
    steps = [body for body in bodies(tmp_path) if body["kind"] == "clock-step"]
    assert [(body["t_ns"], body["set_ns"]) for body in steps] == [(4_000_000_000, -1_200_000_000)]


def test_an_end_that_finds_the_clock_as_it_was_adds_nothing(tmp_path: Path) -> None:
    recorder, instants = watched(tmp_path, StillClock())
    instants.on(900_000_000)
    recorder.close("complete")
    assert [body["kind"] for body in bodies(tmp_path)] == ["header", "span", "end"]
