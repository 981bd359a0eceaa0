"""Recording under load: what is lost, how late bytes are stamped, what journalling costs, on this machine.

python benchmarks/load.py             the parts that are missing, a few minutes each; writes docs/recording.md between its marks
python benchmarks/load.py --fresh     all of them again
python benchmarks/load.py --seconds 5 --parts busy      a short look; prints only

Parts: `idle` and `busy`: two links at 115200 baud (pseudo-terminals), paced by a process of their own that numbers what it
sends and stamps it on the same monotonic clock; busy: with one judging process a core at the low priority of live judging.
`journal`: 500 kB/s in reads of exactly 32 bytes; `ptys`: 500 kB/s in writes of 32 bytes over two pseudo-terminals.
Everything recorded goes the way of a run: reader threads, Bench.wait, Recorder, disk; `busy` with the live child besides.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from captures.journal import read_lines, wire_bytes  # noqa: E402
from fixtures import posix  # noqa: E402
from fixtures.bench import Bench  # noqa: E402
from fixtures.benchfile import parse  # noqa: E402
from fixtures.capability import InstrumentSpec  # noqa: E402
from fixtures.clock import RealClock  # noqa: E402
from fixtures.link import Arrival  # noqa: E402
from fixtures.opening import open_bench  # noqa: E402
from fixtures.plugins import specs  # noqa: E402
from fixtures.reallink import READ_TIMEOUT_S, RealLink, RealSource  # noqa: E402
from fixtures.recorder import Recorder  # noqa: E402
from harness.live import Companion, lower_priority  # noqa: E402
from protocols.contract import LineSettings  # noqa: E402

REPORT = ROOT / "docs" / "recording.md"
RESULTS = ROOT / "docs" / "results" / "load.json"
BEGIN, END = "<!-- figures: python benchmarks/load.py -->", "<!-- end of figures -->"
CODE = ("captures", "fixtures", "harness/live.py", "benchmarks/load.py")
SECONDS = {"idle": 60, "busy": 120, "journal": 60, "ptys": 60}
LINKS = ("one", "two")
BAUD = 115_200
UART_BLOCK = 12  # bytes, about 1 ms at 115200 baud: what a UART's FIFO or a USB frame hands over at once
RATE, READ = 500_000, 32  # bytes a second over both links; bytes a read
MS, SECOND_NS = 1_000_000, 1_000_000_000
QUIET_NS = SECOND_NS // 2  # after the last byte was sent
TARGETS = {"p99_ms": 5.0, "core_share": 0.25}

_BENCH = """
[bench]
name = "two lines under load"
kit = "K0"
place = "lab"
[instrument]
id = "X"
family = "dispenser"
edition = "jjg443-2023"
[profile]
volume_resolution_l = "0.01"
amount_resolution = "0.01"
[links.one]
url = "serial:{one}"
[links.two]
url = "serial:{two}"
[links.person]
url = "serial:{person}"
may_write = "nobody is asked"
[instruments.sink]
driver = "sink"
links = {{ one = "one", two = "two" }}
zone = "lab"
[instruments.operator]
driver = "operator"
links = {{ line = "person" }}
zone = "lab"
[roles]
operate = "operator"
[stations]
"""


class Sink:
    """A driver that listens and understands nothing."""

    def __init__(self, *_: object) -> None:
        self.bytes = 0

    def receive(self, arrival: Arrival) -> None:
        self.bytes += len(arrival.data)

    def due_ns(self) -> int | None:
        return None

    def tick(self, now_ns: int) -> None: ...

    def open(self) -> Mapping[str, Any]:
        return {}

    def make_safe(self) -> None: ...


SINK = InstrumentSpec("sink", LINKS, {}, frozenset(), False, "none", LineSettings(BAUD), Sink)  # type: ignore[arg-type]


def numbered(length: int) -> bytes:
    """`length` bytes of a stream of 32-bit numbers that count up."""
    return np.arange(length // 4 + 1, dtype=">u4").tobytes()[:length]


# --- the sending process ------------------------------------------------------------------------------------------------


def send(seconds: float, block: int, bytes_per_s: float, folder: Path) -> None:
    """Serve two pseudo-terminals and a third that nobody speaks on; send to both for so long, stamping each write."""
    pairs = [posix.open_pty_pair() for _ in (*LINKS, "person")]
    print(json.dumps([pair.path for pair in pairs]), flush=True)
    sys.stdin.readline()
    count = int(seconds * bytes_per_s / block)
    data = numbered(count * block)
    step_ns = block / bytes_per_s * 1e9
    stamps = [np.zeros(count, np.int64) for _ in LINKS]
    waited = 0
    start_ns = time.perf_counter_ns() + 100 * MS
    for j in range(count):
        due_ns = start_ns + int(j * step_ns)
        if (left_ns := due_ns - time.perf_counter_ns()) > 100_000:
            time.sleep((left_ns - 50_000) / 1e9)
        piece = data[j * block : (j + 1) * block]
        for pair, stamp in zip(pairs, stamps, strict=False):
            stamp[j] = time.perf_counter_ns()
            while piece:
                try:
                    sent = os.write(pair.master, piece)
                except BlockingIOError:  # the reader is far behind: the stamp stays that of the first attempt
                    waited += 1
                    time.sleep(0.0005)
                else:
                    piece = piece[sent:]
            piece = data[j * block : (j + 1) * block]
    late = int(max((time.perf_counter_ns() - start_ns - count * step_ns), 0))
    np.save(folder / "stamps.npy", np.stack(stamps))
    print(json.dumps({"bytes": count * block, "waited": waited, "sender_late_ms": late / MS}), flush=True)
    sys.stdin.read()


# --- the recording process ----------------------------------------------------------------------------------------------


def record(paths: list[str], folder: Path, live: bool) -> None:
    """Record until a line on stdin says that nothing more comes."""
    text = _BENCH.format(one=paths[0], two=paths[1], person=paths[2])
    bench = open_bench(parse(text, "load"), {**specs("instruments"), "sink": SINK}, folder / "journal", {})
    companion = Companion(folder / "journal", lambda text: None) if live else None
    offset_ns = min(time.perf_counter_ns() - bench.now_ns() for _ in range(1000))
    os.set_blocking(sys.stdin.fileno(), False)
    print("ready", flush=True)
    _measured(bench, lambda: not sys.stdin.buffer.read(1), folder, offset_ns)
    if companion is not None:
        companion.close()


def _measured(bench: Bench, going: Any, folder: Path, offset_ns: int) -> None:
    cpu, wall = time.process_time(), time.perf_counter()
    waits = 0
    while going():
        bench.wait(bench.now_ns() + 50 * MS)
        waits += 1
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    until_ns = bench.now_ns() + QUIET_NS
    while bench.now_ns() < until_ns:
        bench.wait(until_ns)
    bench.close()
    bench.recorder.close("complete")
    told = {"offset_ns": offset_ns, "core_share": cpu / wall, "wall_s": wall, "turns": waits}
    (folder / "told.json").write_text(json.dumps(told))


class FeedLink(RealLink):
    """A link whose reader gets `READ` bytes at a time, at a fixed rate, from nowhere."""

    def __init__(self, source: RealSource, name: str, bytes_per_s: float, seconds: float) -> None:
        self._step_ns = READ / bytes_per_s * 1e9
        self._pieces = int(seconds * bytes_per_s / READ)
        self._data, self._next, self.begin_ns = numbered(self._pieces * READ), 0, 0
        super().__init__(source, f"feed:{name}", name=name, may_write=False)

    @property
    def done(self) -> bool:
        return self._next >= self._pieces

    def _open(self) -> None:
        self._settings = {"url": self.url}

    def _read_once(self) -> None:
        self.begin_ns = self.begin_ns or time.perf_counter_ns()
        due = min(self._pieces, int((time.perf_counter_ns() - self.begin_ns) / self._step_ns))
        if due <= self._next:  # a line that has no more to say is waited for as a port is
            time.sleep(0.001 if self._next < self._pieces else READ_TIMEOUT_S)
            return
        for number in range(self._next, due):
            self._put(self._data[number * READ : (number + 1) * READ])
        self._next = due

    def _slice(self) -> int:
        return READ

    def _write_slice(self, data: bytes, start: int, piece: bytes) -> None: ...
    def _wake(self) -> None: ...
    def _shut(self) -> None: ...
    def _why(self, error: Exception) -> str:
        return str(error)


def feed(folder: Path, seconds: float) -> None:
    """Journal 500 kB/s in reads of exactly 32 bytes; the feeding itself is counted as the cost of journalling."""
    person = posix.open_pty_pair()
    file = parse(_BENCH.format(one="x", two="y", person=person.path), "load")
    clock = RealClock()
    source = RealSource(clock)
    recorder = Recorder.create(folder / "journal", clock, {"bench": file.text})
    feeds = {name: FeedLink(source, name, RATE / 2, seconds) for name in LINKS}
    links = {**feeds, "person": FeedLink(source, "person", RATE, 0)}
    bench = Bench(file, {**specs("instruments"), "sink": SINK}, clock, source, links, recorder)
    _measured(bench, lambda: not all(link.done for link in feeds.values()), folder, 0)


# --- the whole ----------------------------------------------------------------------------------------------------------


@contextmanager
def judging(folder: Path, processes: int) -> Any:
    """So many processes that judge a stored inspection over and over, at the priority of live judging."""
    from harness.benches import find, world
    from harness.inspection import inspect

    case = folder / "case"
    if processes:
        bench = find("dispenser-k3")
        with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
            inspect("dispenser-bench", bench, case, world=world(bench, None, 1))
    workers = [_start("judge", str(case / "data" / "journal"), alone=True) for _ in range(processes)]
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def judge(journal: Path) -> None:
    from harness.judging import judge_journal

    lower_priority()
    while True:
        judge_journal(journal)


def _start(*arguments: str, alone: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).resolve()), "--role", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=alone)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("a process of the benchmark ended early; see above")
    return line


def over_ptys(folder: Path, seconds: float, block: int, bytes_per_s: float, judges: int) -> dict[str, Any]:
    with ExitStack() as stack:
        stack.enter_context(judging(folder, judges))
        sender = stack.enter_context(_start("send", str(seconds), str(block), str(bytes_per_s), str(folder)))
        paths = json.loads(_line(sender))
        recorder = stack.enter_context(_start("record", json.dumps(paths), str(folder), str(int(judges > 0))))
        _line(recorder)
        assert sender.stdin is not None
        assert recorder.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
        sent = json.loads(_line(sender))
        recorder.stdin.write("x")
        recorder.stdin.close()
        recorder.wait()
        sender.stdin.close()
        sender.wait()
    told = json.loads((folder / "told.json").read_text())
    return {**told, **sent, **errors(folder, sent["bytes"], block, told["offset_ns"])}


def errors(folder: Path, length: int, block: int, offset_ns: int) -> dict[str, Any]:
    """How much of what was sent stands in the journal, and how long after its writing each byte was stamped."""
    stamps = np.load(folder / "stamps.npy")
    reads: dict[str, list[tuple[int, bytes]]] = {name: [] for name in LINKS}
    for line in read_lines(folder / "journal"):
        if line.body["kind"] == "wire" and line.body["link"] in reads:
            reads[line.body["link"]] += [(t_ns, wire_bytes(text)) for t_ns, text in line.body["reads"]]
    late, missing = [], 0
    for name, sent in zip(LINKS, stamps, strict=True):
        data = b"".join(data for _, data in reads[name])
        whole = data == numbered(length)
        missing += 0 if whole else max(1, length - len(data))
        if whole:
            arrived = np.repeat([t_ns for t_ns, _ in reads[name]], [len(data) for _, data in reads[name]]) + offset_ns
            late.append(arrived - np.repeat(sent, block))
    count = sum(len(found) for found in reads.values())
    told: dict[str, Any] = {"lost": missing, "reads": count, "bytes_a_read": 2 * length / max(count, 1)}
    if late:
        every = np.concatenate(late) / MS
        told |= {f"p{q}_ms": float(np.percentile(every, q)) for q in (50, 99, 99.9)} | {"max_ms": float(every.max())}
    return told


def fed(folder: Path, seconds: float) -> dict[str, Any]:
    with _start("feed", str(folder), str(seconds)) as process:
        if process.wait():
            raise SystemExit("the feeding process failed; see above")
    told = json.loads((folder / "told.json").read_text())
    journal = list(read_lines(folder / "journal"))
    texts = [t for line in journal if line.body["kind"] == "wire" for _, t in line.body["reads"]]
    sizes = {len(wire_bytes(text)) for text in texts}
    length = sum(len(text) for text in texts)
    assert sizes == {READ}, sizes
    return {
        **told, "reads": len(texts), "bytes_a_read": READ, "bytes": length, "lost": int(seconds * RATE) // (2 * READ) * 2 * READ - length,
        "bytes_per_s": length / told["wall_s"],
    }  # fmt: skip


def part(name: str, seconds: float) -> dict[str, Any]:
    """The figures of one part, with what ran and on what."""
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if name == "journal":
            (folder / "journal").mkdir()
            found = fed(folder, seconds)
        else:
            (folder / "journal").mkdir()
            cores = os.cpu_count() or 1
            rate, block = (RATE / 2, READ) if name == "ptys" else (BAUD / 10, UART_BLOCK)
            found = over_ptys(folder, seconds, block, rate, cores if name == "busy" else 0)
    return {
        **found, "seconds": seconds, "code": digest(), "commit": commit(), "machine": machine(),
        "load_before": [round(value, 2) for value in load],
    }  # fmt: skip


def digest() -> str:
    found = hashlib.sha256()
    for name in CODE:
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


def commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


def machine() -> str:
    """What a figure depends on; no name of the machine, its maker or its kernel's build, by which it could be told."""
    kind = "virtual machine" if " hypervisor" in _text("/proc/cpuinfo") else "machine"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()}-core {platform.machine().replace('_', '-')} {kind}, {memory:.0f} GB, "
        f"Linux, Python {platform.python_version()}"
    )


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as they stand in docs/recording.md."""
    titles = {
        "idle": "two links, 115200 baud, nothing else",
        "busy": "two links, 115200 baud, a judging process on every core",
        "journal": "500 kB/s in reads of 32 bytes",
        "ptys": "500 kB/s in writes of 32 bytes over two pseudo-terminals",
    }
    lines = [
        "| what | s | bytes sent | lost | bytes a read | late: median | 99 % | 99.9 % | most | of one core |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, title in titles.items():
        if (found := results.get(name)) is None:
            continue
        late = [f"{found[key]:.2f} ms" if key in found else "" for key in ("p50_ms", "p99_ms", "p99.9_ms", "max_ms")]
        total = found["bytes"] * (1 if name == "journal" else len(LINKS))
        lines.append(
            f"| {title} | {found['seconds']:g} | {total:,} | {found['lost']} | {found['bytes_a_read']:.0f} | {' | '.join(late)} | {found['core_share']:.1%} |"
        )
    ran = sorted(
        {(f["commit"], f["machine"], " ".join(f"{v:.2f}" for v in f["load_before"])) for f in results.values()}
    )
    lines += ["", *(f"Commit {c}; {m}; load of the machine before: {load}." for c, m, load in ran)]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="recording under load")
    parser.add_argument("--role", nargs="+", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--parts", nargs="*", choices=list(SECONDS), default=list(SECONDS))
    parser.add_argument("--seconds", type=float, default=0.0, help="of each part; then nothing is written")
    parser.add_argument("--fresh", action="store_true", help="run again what has been run")
    arguments = parser.parse_args()
    match arguments.role:
        case ["send", seconds, block, rate, folder]:
            send(float(seconds), int(block), float(rate), Path(folder))
            return 0
        case ["record", paths, folder, live]:
            record(json.loads(paths), Path(folder), live == "1")
            return 0
        case ["feed", folder, seconds]:
            feed(Path(folder), float(seconds))
            return 0
        case ["judge", journal]:
            judge(Path(journal))
    stored: dict[str, Any] = json.loads(_text(str(RESULTS)) or "{}")
    results = {} if arguments.seconds else dict(stored)
    for name in arguments.parts:
        if not arguments.fresh and results.get(name, {}).get("code") == digest():
            continue
        results[name] = part(name, arguments.seconds or SECONDS[name])
        print(json.dumps({name: results[name]}, indent=1), flush=True)
        if not arguments.seconds:
            RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
    print(table(results))
    if not arguments.seconds:
        head, rest = REPORT.read_text("utf-8").split(BEGIN)
        REPORT.write_text(f"{head}{BEGIN}\n\n{table(results)}\n\n{END}{rest.split(END)[1]}", "utf-8")
    missed = [
        name
        for name, found in results.items()
        if found["lost"]
        or (name == "busy" and found["p99_ms"] >= TARGETS["p99_ms"])
        or (name == "journal" and found["core_share"] >= TARGETS["core_share"])
    ]
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
