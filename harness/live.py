"""Judging beside a run: a child process at low priority reads the journal while it grows and judges what is complete.

The child never touches a port and the run never waits for it: it may lag or die without consequence, and what it says is
commentary.  The verdict is that of the journal, judged at the end; the child's last word is the same: it judges the same
lines by the same tests, and only reads, decodes and asks once what it can (watching.py).  A `Judge` step of a plan is
answered by the child too, so that reading and stamping go on meanwhile; without a child it is answered here.

    python -m harness.live JOURNAL [--follow]

Questions come in on stdin, one JSON object a line ({"n": 1, "under_test": "ID"}); answers and, with --follow, summaries go
out on stdout.  The end of stdin is the end of the run: one last look, then the child ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixtures.bench import Bench
from fixtures.clock import RealClock
from fixtures.language import mark, tell, translate
from harness.report.wording import chain
from harness.step import Outcome

if TYPE_CHECKING:
    from harness.judging import SoFar
    from harness.watching import Watching

NICE = (
    10  # evidence.md 4.2: two busy processes at nice 10 leave the reader's 99th percentile at 60 us, at 0 it is 82 ms
)
EVERY_NS = 1_000_000_000  # at most so often, and never more than half of the time
LOOK_S = 0.2
TURN_NS = 50_000_000
AUTOGROUP = Path("/proc/self/autogroup")
ANSWER_NS = 60_000_000_000  # a child that needs longer is given up
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # a low priority on all cores is still all

NOTHING = mark("so far: {deliveries} deliveries, nothing found")
FOUND = mark("so far: {deliveries} deliveries, {findings}")


Say = Callable[[str], None]


@contextmanager
def beside(bench: Bench, say: Say | None) -> Iterator[Callable[[], Outcome]]:
    """What answers a `Judge` step of a run on `bench`; while inside, `say` is called with what was found so far.

    In simulated time nothing is at stake between two arrivals: judged in this process, nothing said.  `say` None: a child
    is started only when a step asks.
    """
    journal = bench.recorder.folder
    real = bench.clock.kind != "virtual"
    companion = _companion(journal, say) if real and say is not None else None
    here: SoFar | None = None

    def judged() -> Outcome:
        nonlocal companion, here
        from harness.judging import SoFar

        bench.recorder.sync()
        under_test = bench.file.instrument_id
        if real and companion is None:
            companion = _companion(journal, None)
        told = None
        if companion is not None:
            told = companion.so_far(under_test, bench.now_ns, lambda: bench.wait(bench.now_ns() + TURN_NS))
        if told is not None:
            return told
        here = here or SoFar(journal)
        return here.answer(under_test)

    try:
        yield judged
    finally:
        if companion is not None:
            companion.close()


def _companion(journal: Path, say: Say | None) -> Companion | None:
    """None where no process can be started: then the run goes on without."""
    try:
        return Companion(journal, say)
    except OSError:
        return None


class Companion:
    """The judging child of one run.  `say` is called from a thread with each new summary; None = no summaries wanted."""

    def __init__(self, journal: Path, say: Say | None) -> None:
        self._say = say
        self._answers: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._asked = 0
        self.last: Mapping[str, Any] = {}  # the latest summary
        self._process = _start(journal, follow=say is not None)
        self._listener = threading.Thread(target=self._listen, name="live judging", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def so_far(self, under_test: str, clock_ns: Callable[[], int], run_on: Callable[[], object]) -> Outcome | None:
        """What `judging.so_far` says of the journal; `run_on` lets the bench run for a moment until it is there.

        None when the child is gone or too slow: then the question has to be answered without it.
        """
        self._asked += 1
        deadline_ns = clock_ns() + ANSWER_NS
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"n": self._asked, "under_test": under_test}) + "\n")
            self._process.stdin.flush()
        except OSError:
            return None
        while clock_ns() < deadline_ns:
            with contextlib.suppress(queue.Empty):
                answer = self._answers.get_nowait()
                if answer.get("n") == self._asked:
                    return dict(answer["so_far"])
                continue
            if not self._listener.is_alive():
                return None
            run_on()
        return None

    def close(self, *, finish: bool = False) -> None:
        """End the child: at once, or (`finish`) after its last look at the journal, which is then in `last`."""
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        if not finish:
            self._process.kill()
        self._listener.join()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue  # the last words of a killed child
                if "so_far" in message:
                    self._answers.put(message)
                    continue
                changed = message.get("text") != self.last.get("text")
                self.last = message
                if changed and self._say is not None and message.get("text"):
                    with contextlib.suppress(OSError, ValueError):  # nobody hears it any more, or cannot read it
                        self._say(str(message["text"]))


def _start(journal: Path, *, follow: bool) -> subprocess.Popen[str]:
    """In a session of its own: Ctrl-C is for the run, and see `lower_priority`."""
    command = [sys.executable, "-P", "-m", "harness.live", str(journal), *(["--follow"] if follow else [])]
    ours = str(Path(__file__).resolve().parents[1])  # the same packages, wherever the program was started from
    path = os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True,
        encoding="utf-8", creationflags=flags, start_new_session=True,
    )  # fmt: skip


def lower_priority() -> None:
    """This process, alone in its session, behind everything that reads ports; on Windows its starter has done it.

    Linux shares the processor among sessions first (sched(7), autogroup) and looks at the nice value only inside one.
    What brings bytes from any serial port to its reader is a kernel thread outside all of them, and a session of two busy
    processes at nice 10 held it up by 78 to 160 ms (99th percentile of 6,000 one-byte writes to a pty); with the session's
    own value lowered too it was 4 ms, as without them.
    """
    if sys.platform == "win32":
        return
    os.nice(NICE)
    with contextlib.suppress(OSError):  # a kernel without autogroups: there the nice value alone decides
        AUTOGROUP.write_text(str(NICE), "ascii")


def summary(document: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict `document` so far in few words, with the digest of all of it.

    Only findings are told, and how far the strongest evidence has come: before the end of a run nearly every question is
    still open.
    """
    deliveries = sum(len(one["segments"]) for one in _instruments(document))
    found = [finding for one in _instruments(document) for finding in one["findings"]]
    told = "; ".join(f"{finding['level']}, {finding['link']}: {finding['mechanism']}" for finding in found)
    text = translate(FOUND if found else NOTHING, deliveries=deliveries, findings=told)
    text += "".join(translate(mark("; {more}"), more=more) for more in (_flowing(document), _leading(document)) if more)
    return {
        "text": text if deliveries else "",
        "integrity": document["integrity"],
        "conformity": document["conformity"],
        "findings": len(found),
        "sha256": digest(document),
    }


def _flowing(document: Mapping[str, Any]) -> str:
    """Litres of the sale that is going on, by the register; "" where none is, or nothing tells."""
    for one in _instruments(document):
        last = one["segments"][-1] if one["segments"] else None
        if last is None or last["complete"] or last["register_l"] is None or document["status"] == "complete":
            continue
        asked = last["context"].get("asked_l", "?")
        return translate(
            mark("{label}: {litres} of {asked} L"), label=last["id"], litres=last["register_l"], asked=asked
        )
    return ""


def _leading(document: Mapping[str, Any]) -> str:
    """The process that has come furthest towards its threshold; "" where none has spoken."""
    spoken = [evidence for one in _instruments(document) for evidence in one["evidence"] if evidence["course"]]
    if not spoken:
        return ""
    first = max(spoken, key=lambda evidence: evidence["e"] / evidence["proven_at"])
    return translate(
        mark("strongest evidence {detector} over {link}: e = {e}, {threshold} is the threshold of proof"),
        detector=tell(first["detector"]),
        link=chain(first["link"]),
        e=f"{first['e']:.3g}",
        threshold=f"{first['proven_at']:.3g}",
    )


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document as it is stored."""
    from harness.report.document import as_json_bytes

    return hashlib.sha256(as_json_bytes(document)).hexdigest()


def _instruments(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The documents of the instruments of a site; of one instrument, its own."""
    return list(document.get("instruments", (document,)))


class _Child:
    def __init__(self, journal: Path, follow: bool) -> None:
        self._journal, self._follow = journal, follow
        self._clock = RealClock()
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._seen, self._rest_until_ns = 0, 0
        self._watching: Watching | None = None

    def run(self) -> None:
        threading.Thread(target=self._hear, daemon=True).start()
        while True:
            try:
                line = self._asked.get(timeout=LOOK_S)
            except queue.Empty:
                self._look()
                continue
            if line is None:
                self._rest_until_ns = 0
                self._look(last=True)
                return
            self._answer(json.loads(line))

    def _hear(self) -> None:
        for line in sys.stdin:
            self._asked.put(line)
        self._asked.put(None)

    def _answer(self, asked: Mapping[str, Any]) -> None:
        from harness.judging import so_far

        _tell({"n": asked["n"], "so_far": so_far(self._journal, str(asked["under_test"]))})

    def _look(self, *, last: bool = False) -> None:
        """Judge, where wanted, when something was recorded since, and the last time is long enough ago."""
        if not self._follow or self._clock.now_ns() < self._rest_until_ns:
            return
        size = self._size()
        if size == self._seen and not last:
            return
        begin_ns = self._clock.now_ns()
        try:
            if self._watching is None:
                from harness.watching import Watching

                self._watching = Watching(self._journal)
            _tell(summary(self._watching.judge(last=last)))
        except Exception as error:  # a line being written, a journal not begun: the next look shows more
            _tell({"failed": f"{type(error).__name__}: {error}"})
        self._seen = size
        now_ns = self._clock.now_ns()
        self._rest_until_ns = now_ns + max(EVERY_NS, now_ns - begin_ns)

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self._journal.glob("*.jsonl"))


def _tell(message: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    lower_priority()
    with contextlib.suppress(BrokenPipeError):  # the run is gone
        _Child(Path(arguments[0]), "--follow" in arguments[1:]).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
