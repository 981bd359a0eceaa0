"""Judging beside a run: its last word is the verdict of the journal, and nothing depends on it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from captures.journal import JournalWriter, read_lines
from fixtures.bench import Bench
from harness import live
from harness.benches import find, world
from harness.inspection import inspect
from harness.judging import judge_journal, so_far
from harness.live import AUTOGROUP, NICE, Companion, beside, digest, summary

SECOND_NS = 1_000_000_000


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a whole run that found something, in simulated time."""
    case, bench = tmp_path_factory.mktemp("live") / "case", find("dispenser-k3")
    inspect("dispenser-bench", bench, case, world=world(bench, "fuel.C02", 1))
    return case / "data" / "journal"


def clock() -> Callable[[], int]:
    """A bench clock that goes on by a tenth of a second at every look."""
    looks = iter(range(0, 10**15, SECOND_NS // 10))
    return lambda: next(looks)


class Patience:
    """Lets the test wait for the child as a bench runs on: a look every 20 ms, for 120 s at most."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "ANSWER_NS", 10**15)
        self._turns = 6000

    def __call__(self) -> None:
        self._turns -= 1
        assert self._turns, "the child never answered"
        signal.sigtimedwait([], 0.02) if sys.platform != "win32" else None


def test_the_last_word_is_the_offline_verdict(ended: Path, tmp_path: Path) -> None:
    """The journal grows under the eyes of the child; what it says last is what is found in the whole."""
    said: list[str] = []
    lines = [line.body for line in read_lines(ended)]
    with JournalWriter.create(tmp_path, lines[0]) as writer:
        companion = Companion(tmp_path, said.append)
        for number, body in enumerate(lines[1:]):
            writer.append(body)
            if number % 50 == 0:
                writer.flush()
        writer.sync()
        companion.close(finish=True)
    offline = judge_journal(tmp_path)
    assert companion.last["sha256"] == digest(offline)
    assert companion.last == summary(offline)
    assert companion.last["findings"] == 1
    assert said
    assert said[-1] == companion.last["text"]
    assert "board>register" in said[-1]


def test_a_judge_step_is_answered_by_the_child(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    companion = Companion(ended, None)
    try:
        answer = companion.so_far("SIM-NOZZLE-1", clock(), Patience(monkeypatch))
    finally:
        companion.close()
    assert answer == so_far(ended, "SIM-NOZZLE-1")
    assert answer.get("most_l")


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are set by the starter there")
def test_the_child_is_behind_everything_that_reads_ports(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    companion = Companion(ended, None)
    try:
        companion.so_far("x", clock(), Patience(monkeypatch))
        child = companion.pid
        assert os.getpriority(os.PRIO_PROCESS, child) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
        assert os.getsid(child) != os.getsid(0)
        if AUTOGROUP.exists() and "/autogroup-" in (told := Path(f"/proc/{child}/autogroup").read_text()):
            assert told.split()[-1] == str(NICE)
    finally:
        companion.close()


def test_a_child_that_dies_costs_nothing(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    companion = Companion(ended, None)
    os.kill(companion.pid, signal.SIGTERM)
    assert companion.so_far("x", clock(), Patience(monkeypatch)) is None
    companion.close()


def test_a_child_that_is_too_slow_is_given_up(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    companion = Companion(ended, None)
    monkeypatch.setattr(live, "ANSWER_NS", 0)
    assert companion.so_far("x", clock(), lambda: None) is None
    companion.close()


def test_a_journal_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "0001.jsonl").write_text("no journal\n")
    said: list[str] = []
    companion = Companion(tmp_path, said.append)
    companion.close(finish=True)
    assert "IntegrityError" in companion.last["failed"]
    assert said == []


def test_people_who_cannot_be_told_end_nothing(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal went away while fuel flows: the child's answers are still heard, and nothing is thrown in a thread."""
    tried: list[str] = []

    def gone(text: str) -> None:
        tried.append(text)
        raise BrokenPipeError

    companion = Companion(ended, gone)
    patience = Patience(monkeypatch)
    try:
        while not tried:
            patience()
        answer = companion.so_far("SIM-NOZZLE-1", clock(), patience)
    finally:
        companion.close()
    assert answer == so_far(ended, "SIM-NOZZLE-1")


def test_simulated_time_starts_no_child(monkeypatch: pytest.MonkeyPatch, ended: Path) -> None:
    monkeypatch.setattr(live, "_companion", lambda *_: pytest.fail("a child was started"))

    class Recorder:
        folder = ended

        def sync(self) -> None: ...

    class Clock:
        kind = "virtual"

    class Simulated:
        recorder, clock, file = Recorder(), Clock(), find("dispenser-k3")

    bench: Bench = Simulated()  # type: ignore[assignment]
    with beside(bench, lambda text: pytest.fail("something was said")) as judged:
        assert judged() == so_far(ended, "SIM-NOZZLE-1")
