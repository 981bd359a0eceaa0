"""Time of a look and memory of judging beside a run, over the number of deliveries; before: the whole journal each time.

python benchmarks/live_memory.py                 100 deliveries; prints and writes docs/live.md
python benchmarks/live_memory.py --deliveries N  prints only
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import chain, pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.repository import commit  # noqa: E402
from captures.journal import JournalWriter, read_lines  # noqa: E402
from harness.benches import find, world  # noqa: E402
from harness.inspection import inspect  # noqa: E402
from harness.judging import judge_journal  # noqa: E402
from harness.live import digest  # noqa: E402
from harness.plans.miniature import miniature  # noqa: E402
from harness.watching import Watching  # noqa: E402

REPORT = ROOT / "docs" / "live.md"
BENCH, CHEAT, SEED, VOLUME_L, FULL = "dispenser-k3", "fuel.C09", 5, "9.00", 100
STOPS = (2, 5, 10, 20, 50, 100, 200)


def recorded(folder: Path, deliveries: int) -> Path:
    """The journal of a run of so many deliveries, in simulated time."""
    bench = find(BENCH)
    with contextlib.redirect_stderr(io.StringIO()):
        inspect(miniature(VOLUME_L, deliveries // 2), bench, folder / "case", world=world(bench, CHEAT, SEED))
    return folder / "case" / "data" / "journal"


def resident_mb() -> tuple[float, float]:
    """Resident memory now, and its greatest so far."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    now, most = (int(told[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    return now, most


def measure(journal: Path, stops: list[int], *, follow: bool) -> list[dict[str, float]]:
    """Of each number of deliveries: processor seconds of a look just then, resident memory.  `follow`: what was looked at
    before is not looked at again."""
    rows: list[dict[str, float]] = []
    delivered, bodies = -1, (line.body for line in read_lines(journal))  # one by one: this process holds no journal
    with tempfile.TemporaryDirectory() as folder, JournalWriter.create(Path(folder), next(bodies)) as writer:
        watching = Watching(Path(folder))
        for body, after in pairwise(chain(bodies, [None])):
            assert body is not None
            writer.append(body)
            begun = body.get("kind") == "step" and body["step"]["type"] == "Deliver"
            delivered += begun or after is None
            if (not begun and after is not None) or not (delivered in stops or follow) or delivered < 1:
                continue
            writer.flush()
            begin = time.process_time()
            document = watching.judge(last=after is None) if follow else judge_journal(Path(folder))
            seconds = time.process_time() - begin
            if delivered in stops:
                now, most = resident_mb()
                rows.append({"deliveries": delivered, "seconds": seconds, "mb": now, "most_mb": most})
                print(f"{delivered} deliveries: {seconds:.2f} s, {most:.0f} MB", file=sys.stderr)
        rows.append({"sha": int(digest(document)[:12], 16)})
    return rows


def child(journal: Path, deliveries: int, mode: str) -> list[dict[str, float]]:
    """Measured in a process of its own: memory given back to nobody stays counted."""
    command = [sys.executable, __file__, "--deliveries", str(deliveries), "--journal", str(journal), "--mode", mode]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    rows: list[dict[str, float]] = json.loads(done.stdout)
    return rows


def report(before: list[dict[str, float]], after: list[dict[str, float]], equal: bool) -> str:
    lines = [
        "# Judging beside a run",
        "",
        f"`python benchmarks/live_memory.py`, commit {commit()}: {BENCH}, {CHEAT}, seed {SEED}, sales of {VOLUME_L} L, a look after",
        "each delivery.  Processor seconds of one look and resident memory of the judging process (the interpreter with numpy and",
        "scipy is most of it), with the whole journal read and judged at each look (before) and with what is new alone (after).",
        "",
        "| deliveries | before, s | after, s | before, MB | after, MB |",
        "|---|---|---|---|---|",
    ]
    for one, two in zip(before, after, strict=True):
        lines.append(
            f"| {one['deliveries']:.0f} | {one['seconds']:.2f} | {two['seconds']:.2f} | {one['most_mb']:.0f} | {two['most_mb']:.0f} |"
        )
    lines += [
        "",
        f"The last document of both is {'the same, byte for byte' if equal else 'NOT THE SAME'}.  The last look is dearer than",
    ]
    lines += [
        "those before: what is stated at the end of a run is part of what every test is told, so each is asked once more.",
        "",
        "Bytes of the wire are not kept.  The decoded trains are, to the end of the run, nine bytes an edge, since laws and",
        "comparisons look at every sale again at each look: 0.65 MB for 60 L with two channels of encoder and board at 100",
        "pulses a litre and a reference of 200.  A look therefore takes longer with every sale; the child rests as long as it",
        "has worked, and the run waits for none of it.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="time and memory of judging beside a run")
    parser.add_argument("--deliveries", type=int, default=FULL)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mode", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    stops = [stop for stop in STOPS if stop < asked.deliveries] + [asked.deliveries]
    if asked.mode:
        print(json.dumps(measure(asked.journal, stops, follow=asked.mode == "after")))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        journal = recorded(Path(folder), asked.deliveries)
        *after, after_sha = child(journal, asked.deliveries, "after")
        *before, before_sha = child(journal, asked.deliveries, "before")
    equal = after_sha == before_sha
    text = report(before, after, equal)
    print(text)
    if asked.deliveries == FULL:
        REPORT.write_text(text, "utf-8")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
