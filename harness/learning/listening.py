"""Ports that are listened to, never written to: every byte into the journal of a case, one line setting after the other."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from captures.case import Case
from captures.model import Direction, MarkSource
from fixtures.clock import RealClock
from fixtures.errors import InstrumentError
from fixtures.reallink import RealSource
from fixtures.recorder import Recorder
from fixtures.serialport import SerialLink
from harness.learning.rates import Heard, Trial, best, mode_text
from harness.learning.recording import MARK, TAP, TOOL, Chunk, Line
from protocols.contract import LineSettings

LOOK_NS = 100_000_000
TELL_NS = 2_000_000_000
STDIN = 0
Progress = Callable[[float, int], None]
Say = Callable[[str], None]


def _in_background() -> bool:
    """Whether the terminal belongs to another program: who reads it then is stopped."""
    return sys.platform != "win32" and os.isatty(STDIN) and os.tcgetpgrp(STDIN) != os.getpgrp()


class TypedMarks:
    """Lines typed on the standard input, with the instant each was finished.  Read past Python's buffers, whose locks a thread
    that never ends would hold at the end of the program."""

    def __init__(self, clock: RealClock) -> None:
        self._clock = clock
        self._typed: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        if not _in_background():
            threading.Thread(target=self._read_on, name="marks", daemon=True).start()

    def _read_on(self) -> None:
        held = b""
        while True:
            try:
                data = os.read(STDIN, 4096)
            except OSError:  # no standard input
                return
            if not data:
                return
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                if text := line.decode("utf-8", "replace").strip():
                    self._typed.put((self._clock.now_ns(), text[:200]))

    def take(self) -> Iterator[tuple[int, str]]:
        while not self._typed.empty():
            yield self._typed.get()


class Listener:
    """One recording.  `marks`: seconds after the beginning, and what is changed then."""

    def __init__(
        self, case: Case, ports: Mapping[str, str], marks: Sequence[tuple[float, str]], say: Say, progress: Progress
    ) -> None:
        self._clock = RealClock()
        self._typed = TypedMarks(self._clock)
        header: dict[str, Any] = {"tool": TOOL, "version": version("shortmeasure"), "ports": dict(ports)}
        self._recorder = Recorder.create(case.journal, self._clock, header)
        self._source = RealSource(self._clock)
        self._ports, self._say, self._progress = ports, say, progress
        self._ahead = sorted(marks)
        self._bytes = 0
        self._told_ns = 0
        self.stop = threading.Event()

    def record(self, lines: Sequence[LineSettings], trial_s: float, seconds: float | None) -> list[Trial]:
        """Try `lines` one after the other, `trial_s` each, then listen as fits best until `seconds` are over in all, or `stop`.

        InstrumentError where a port cannot be opened or is lost; what came before stays in the journal, which is ended.
        """
        status, why = "error", "ended before it began"
        trials: list[Trial] = []
        until_ns = None if seconds is None else int(seconds * 1e9)
        try:
            line = lines[0]
            if len(lines) > 1:
                # half of the time at most: what is chosen has to be listened to as well
                trial_s = trial_s if seconds is None else min(trial_s, seconds / 2 / len(lines))
                trials, spans = self._try(lines, int(trial_s * 1e9))
                line = best(trials)
                since_ns, ended_ns = spans[[trial.setting for trial in trials].index(line)]
            if trials and (self.stop.is_set() or (until_ns is not None and self._clock.now_ns() >= until_ns)):
                self._recorder.entry(
                    "chosen", baud=line.baud, mode=mode_text(line), since_ns=since_ns, until_ns=ended_ns
                )
            else:
                self._listen(line, until_ns)
            status, why = "complete", ""
        except Exception as error:
            why = str(error)
            raise
        finally:
            self._source.close()
            self._recorder.close(status, why)
        return trials

    def _try(self, lines: Sequence[LineSettings], trial_ns: int) -> tuple[list[Trial], list[tuple[int, int]]]:
        """The trials and the instants from and to which each was listened to: at least one."""
        from fixtures.plugins import specs

        found: list[Trial] = []
        spans: list[tuple[int, int]] = []
        for line in lines:
            begin_ns = self._clock.now_ns()
            heard = self._listen(line, begin_ns + trial_ns)
            spans.append((begin_ns, self._clock.now_ns()))
            found.append(Trial.of(line, heard, specs("protocols")))
            self._say(found[-1].text)
            if found[-1].sure or found[-1].rate_means_nothing or self.stop.is_set():
                break
        return found, spans

    def _listen(self, line: LineSettings, until_ns: int | None) -> list[Heard]:
        with self._open(line) as links:
            self._recorder.entry(
                "listening", t_ns=self._clock.now_ns(), baud=line.baud, mode=mode_text(line),
                links={name: link.describe() for name, link in links.items()},
            )  # fmt: skip
            heard: dict[str, list[Chunk]] = {name: [] for name in links}
            before = {name: link.error_counts() or {} for name, link in links.items()}
            while not self.stop.is_set():
                now_ns = self._clock.now_ns()
                if until_ns is not None and now_ns >= until_ns:
                    break
                due_ns = now_ns + LOOK_NS
                self._take(min(due_ns, until_ns or due_ns), heard)
            counted = {name: link.error_counts() for name, link in links.items()}
            damaged = {
                name: None if after is None else sum(after.values()) - sum(before[name].values()) for name, after in counted.items()
            }  # fmt: skip
            self._recorder.entry("listened", t_ns=self._clock.now_ns(), reception_errors=damaged)
            return [
                Heard(
                    Line(name, tuple(heard[name]), name == TAP, line.baud, mode_text(line)), damaged[name],
                    bool(link.describe().get("pty", False)),
                )
                for name, link in links.items()
            ]  # fmt: skip

    def _take(self, until_ns: int, heard: dict[str, list[Chunk]]) -> None:
        for arrival in self._source.wait(until_ns):
            if arrival.lost:
                self._recorder.entry("lost", t_ns=arrival.t_ns, link=arrival.link, why=arrival.lost)
                raise InstrumentError(
                    f"{arrival.link} ({self._ports[arrival.link]}): expected a port that stays, it was lost at {arrival.t_ns / 1e9:.3f} s: "
                    f"{arrival.lost}. What came before is recorded; check cable and adapter, then record into a new case"
                )
            self._recorder.wire(arrival.t_ns, arrival.link, Direction.RX, arrival.data)
            heard[arrival.link].append(Chunk(arrival.t_ns, arrival.data))
            self._bytes += len(arrival.data)
        now_ns = self._clock.now_ns()
        while self._ahead and now_ns >= self._ahead[0][0] * 1e9:
            at_s, text = self._ahead.pop(0)
            self._recorder.mark(int(at_s * 1e9), MarkSource.OPERATOR, MARK, text=text)
        for t_ns, text in self._typed.take():
            self._recorder.mark(t_ns, MarkSource.OPERATOR, MARK, text=text)
        self._recorder.tick(now_ns)
        if now_ns - self._told_ns >= TELL_NS:
            self._told_ns = now_ns
            self._progress(now_ns / 1e9, self._bytes)

    @contextmanager
    def _open(self, line: LineSettings) -> Iterator[dict[str, SerialLink]]:
        links: dict[str, SerialLink] = {}
        try:
            for name, url in self._ports.items():
                links[name] = SerialLink(self._source, url, line, name=name, may_write=False)
            yield links
        finally:
            for link in links.values():
                link.close()
