"""Power cuts at any instant of the miniature raid and of its continuation: is every line there that was said to be safe?

    python -m benchmarks.power_cuts [--seeds 1000] [--first 1] > docs/power_cuts.md

Each seed draws one course: the raid is cut (power, or killed first and the power lost while it is being continued), the
journal is continued, power is lost again inside that, and again, up to three times; then it is continued to an end.
After every cut it is asked: does the journal verify, are all lines there whose sync had returned, is every line that
is read the one that was written, is every other file absent, old or new but whole?
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from benchmarks.lost_writes import Event, TracedDisk, after_kill, after_power_cut, replay
from benchmarks.repository import commit
from captures.case import Case, write_derived
from captures.durable import sync_folder
from captures.errors import IntegrityError
from captures.journal import Line, walk
from captures.model import Direction
from fixtures.clock import VirtualClock
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.recorder import Recorder
from harness.benches import find, world
from harness.plans.miniature import MINIATURE as PLAN
from harness.runner import run

BENCH = "dispenser-k1"  # a tap of the till's line and an officer: bytes of a device and of a person
CUTS = 3
ENDING = 20
_LINE = re.compile(rb'\{"seq":([0-9]+),"prev":"[0-9a-f]{64}","body":.*,"sha":"([0-9a-f]{64})"\}')
VERDICTS = (b'{"first":1}' * 400, b'{"second":2}' * 900)


@dataclass
class Found:
    """What came out of one seed; `wrong` must stay empty."""

    cuts: Counter[str] = field(default_factory=Counter)
    synced: int = 0
    beyond: int = 0  # lines read although no sync had returned for them
    torn: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def telling(disk: TracedDisk) -> Iterator[None]:
    """Notes in `disk` how many lines were said to be safe whenever a sync of the recorder returns."""
    real = Recorder.sync

    def sync(self: Recorder) -> None:
        real(self)
        disk.told(f"{self._writer.lines}")

    with mock.patch.object(Recorder, "sync", sync), disk.active():
        yield


def raid(folder: Path) -> TracedDisk:
    """The miniature raid, its verdict written twice, and all that was asked of the disk meanwhile."""
    folder.mkdir()
    disk = TracedDisk(folder)
    with telling(disk):
        case = Case.create(folder / "case")
        sync_folder(folder)
        file = find(BENCH)
        made = open_bench(
            file, specs("instruments"), case.journal, {"plan": PLAN.name}, world=world(file, None, 1), lifelike=True
        )
        result = run(PLAN, made, lambda: {}, lambda *_: None, draw_seed="00")
        assert result.status == "complete", result
        for data in VERDICTS:
            write_derived(case, "verdict.json", data)
            disk.told("verdict.json")
    return disk


def continued(folder: Path, before: TracedDisk | None, rng: random.Random) -> TracedDisk:
    """The journal in `folder` continued for some seconds; `before`: what stands there has not all reached the disk."""
    disk = TracedDisk(folder, before)
    with telling(disk):
        clock = VirtualClock(10_000_000_000)
        recorder = Recorder.resume(folder / "case/data/journal", clock, 2, lifelike=True)
        for step in range(rng.randint(1, 4)):
            recorder.entry("step", n=step, t_ns=clock.now_ns())
            recorder.sync()
            for _ in range(rng.randint(1, 60)):
                clock.advance_to(clock.now_ns() + rng.randint(1, 60_000_000))
                recorder.wire(clock.now_ns(), "tap", Direction.RX, rng.randbytes(rng.randint(1, 80)))
        if rng.random() < 0.5:
            recorder.close("complete")
        else:
            recorder.abandon()
    return disk


def one(seed: int, whole: TracedDisk, scratch: Path) -> Found:
    """The course of one seed.  `whole` is the trace of a raid, made once."""
    rng = random.Random(seed)
    found = Found()
    ready = next(i for i, event in enumerate(whole.events) if event.kind == "told" and event.path.isdigit())
    # one in five cuts among the last calls: of two thousand, few write the files beside the journal
    first = len(whole.events) - ENDING if rng.random() < 0.2 else ready + 1
    events = whole.events[: rng.randint(first, len(whole.events))]
    folder = scratch / f"{seed}-0"
    if rng.random() < 0.3:  # killed first; power goes while the journal is being continued
        after_kill(events, folder)
        before = TracedDisk.standing(folder, whole, events)
        start = len(events)
        disk = continued(folder, before, rng)
        found.cuts["killed, then power lost during or after the continuation"] += 1
        events = disk.events[: rng.randint(start, len(disk.events))]
    else:
        found.cuts["power lost during the run"] += 1
    for number in range(1, CUTS + 1):
        cut = scratch / f"{seed}-{number}"
        after_power_cut(events, cut, seed * 10 + number)
        _check(events, cut / "case", found)
        if found.wrong:
            return found
        disk = continued(cut, None, rng)
        begun = next(i for i, event in enumerate(disk.events) if event.kind == "create" and event.path.endswith(".jsonl") and i >= _adopted(disk))  # fmt: skip
        events = disk.events[: rng.randint(begun, len(disk.events))]
        found.cuts["power lost during or after the continuation"] += number < CUTS
    lines, error = _lines(cut / "case/data/journal")
    if error or not any(line.body["kind"] == "continue" for line in lines):
        found.wrong.append(f"after the last continuation: {error or 'it is not there'}")
    for left in scratch.glob(f"{seed}-*"):
        shutil.rmtree(left)
    return found


def _adopted(disk: TracedDisk) -> int:
    """The number of events that say what stood there at the start."""
    return 1 + max(i for i, event in enumerate(disk.events) if event.kind == "told" and event.path == "adopted")


def _check(events: list[Event], case: Path, found: Found) -> None:
    """Compare the folder that the disk came back with to what was written and to what was said to be safe."""
    disk = replay(events)
    written = _written(events)
    lines, error = _lines(case / "data/journal")
    safe = max((int(told) for told in disk.told if told.isdigit()), default=0)
    found.synced += safe
    found.beyond += max(0, len(lines) - safe)
    if error:
        found.wrong.append(error)
    if len(lines) < safe:
        found.wrong.append(f"{len(lines)} lines read, {safe} were said to be safe")
    for line in lines:
        if written.get(line.seq) != line.sha:
            found.wrong.append(f"line {line.seq} is read with hash {line.sha}, never written there")
            break
    for path, versions in disk.versions.items():
        if "/partial/" in path or path.endswith(".jsonl"):
            continue
        present = case.parent / path
        content = present.read_bytes() if present.exists() else None
        if content is not None and content not in versions:
            found.wrong.append(f"{path} is none of the {len(versions)} contents it was given")
        if content is None and Path(path).name in disk.told:
            found.wrong.append(f"{path} was said to be safe and is gone")


def _written(events: list[Event]) -> dict[int, str]:
    """The hash of every line by its number, as it was written to the files themselves."""
    hashes: dict[int, str] = {}
    files = {event.inode for event in events if event.kind == "create" and event.path.endswith(".jsonl")}
    disk = replay(events)
    for inode in sorted(files):  # a continued file takes over the numbers that were lost
        for raw in disk.inodes[inode].full().split(b"\n"):
            if match := _LINE.fullmatch(raw):
                hashes[int(match[1])] = match[2].decode()
    return hashes


def _lines(folder: Path) -> tuple[list[Line], str]:
    lines: list[Line] = []
    try:
        lines.extend(walk(folder))
    except (IntegrityError, OSError) as error:
        return lines, str(error)
    return lines, ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    asked = parser.parse_args()
    total, failed = Found(), []
    with tempfile.TemporaryDirectory() as scratch:
        whole = raid(Path(scratch) / "raid")
        for seed in range(asked.first, asked.first + asked.seeds):
            found = one(seed, whole, Path(scratch))
            total.cuts += found.cuts
            total.synced += found.synced
            total.beyond += found.beyond
            failed += [f"seed {seed}: {why}" for why in found.wrong]
            if found.wrong:
                print(failed[-1], file=sys.stderr)
            print(f"\r{seed - asked.first + 1} of {asked.seeds} seeds, wrong: {len(failed)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    rows = "\n".join(f"| {what} | {count} |" for what, count in total.cuts.items())
    kinds = Counter(event.kind for event in whole.events)
    print(PAGE.format(
        first=asked.first, last=asked.first + asked.seeds - 1, commit=commit(), rows=rows, synced=total.synced,
        beyond=total.beyond, wrong=len(failed), listed="\n".join(f"- {line}" for line in failed) or "none",
        lines=sum(1 for _ in _written(whole.events)), writes=kinds["write"], syncs=kinds["sync"] + kinds["folder"],
    ))  # fmt: skip


PAGE = """# Power cuts, simulated

`python -m benchmarks.power_cuts`, seeds {first} to {last}, commit {commit}.  What the disk model may lose is said in
`benchmarks/lost_writes.py`; what is promised of a journal in [durability.md](durability.md).

The miniature raid writes {lines} journal lines in {writes} writes and {syncs} syncs.  Each seed cuts it at a random one
of these calls and continues the journal up to three times, cutting power again inside each continuation.

| cut | times |
|---|---|
{rows}

| figure | |
|---|---|
| lines that were said to be safe, over all cuts | {synced} |
| lines read back beyond those | {beyond} |
| things that went wrong | {wrong} |

What went wrong: {listed}
"""

if __name__ == "__main__":
    main()
