"""Seconds and memory to read a recording of a million edges in every format, and a session of 10^8 samples.

python benchmarks/imports.py               measures and writes docs/imports.md
python benchmarks/imports.py --edges N     measures N edges and prints only

Every file is read in a fresh process, five times; the shortest time counts, and the largest resident memory of any.
Linux only: memory is the high-water mark of /proc/self/status.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.repository import commit  # noqa: E402

REPORT = ROOT / "docs" / "imports.md"
FULL = 1_000_000
CHANNELS = 4
SAMPLES = 100_000_000
TIMES = 5
LIMIT_S, LIMIT_BYTES = 2.0, 500_000_000


def read_once(path: str) -> int:
    """In a process of its own: one JSON line with seconds, edges, and resident bytes at the most."""
    from captures.formats import read

    begin, busy = time.perf_counter(), time.process_time()
    capture = read(Path(path))
    seconds, busy = time.perf_counter() - begin, time.process_time() - busy
    edges = sum(int(train.ticks.size) for train in capture.trains)
    # not getrusage: its maximum outlives exec and would be that of the process that wrote the files
    [peak_kb] = [
        line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    ]
    peak = int(peak_kb) * 1024
    print(json.dumps({"seconds": seconds, "busy": busy, "edges": edges, "peak_bytes": peak}))
    return 0


def measured(path: Path) -> tuple[float, float, int, int]:
    """Shortest seconds, fewest seconds of the processor, edges, most bytes of TIMES readings."""
    rows = []
    for _ in range(TIMES):
        command = [sys.executable, __file__, "--read", str(path)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        )
        rows.append(json.loads(done.stdout))
    shortest, busy = (min(row[key] for row in rows) for key in ("seconds", "busy"))
    return shortest, busy, rows[0]["edges"], max(row["peak_bytes"] for row in rows)


def recordings(edges: int, folder: Path) -> list[tuple[str, str, Path]]:
    """(format, what, file): two quadrature taps at a megahertz in every format; a vector; a long session."""
    import numpy as np

    from captures.formats import write
    from captures.model import Capture, EdgeKind, Origin, PulseTrain

    rng = np.random.default_rng(1)
    own = edges // CHANNELS
    trains = []
    for name in ("encoder.A", "encoder.B", "board.A", "board.B")[:CHANNELS]:
        ticks = np.cumsum(rng.integers(20, 400, own))
        levels = (np.arange(own) % 2 == 0).astype(np.uint8)
        trains.append((name, ticks, levels))
    window = (0, int(max(ticks[-1] for _, ticks, _ in trains)) + 1000)

    def capture(tick_s: Fraction, window: tuple[int, int], chosen: list[tuple[str, np.ndarray, np.ndarray]]) -> Capture:  # type: ignore[type-arg]
        made = tuple(
            PulseTrain(
                station="tap", channel=name, ticks=ticks, tick_s=tick_s, edge=EdgeKind.BOTH, window=window,
                origin=Origin("benchmark", ""), clock="file", levels=levels,
            )
            for name, ticks, levels in chosen
        )  # fmt: skip
        return Capture(header={}, trains=made)

    files = []
    for format in ("vcd", "saleae-csv", "csv", "saleae-bin", "saleae-bin-v0", "sr"):
        path = folder / f"many.{format}"
        write(capture(Fraction(1, 10**6), window, trains), path, format)
        files.append((format, f"{CHANNELS} channels", path))
    bus = folder / "bus.vcd"
    values = rng.integers(0, 1 << 8, edges // 4)  # half of eight bits change each time: as many edges as above
    body = b"".join(b"#%d\nb%s !\n" % (20 * i, f"{value:b}".encode()) for i, value in enumerate(values.tolist()))
    bus.write_bytes(b"$timescale 1 ns $end $var wire 8 ! bus $end $enddefinitions $end\n" + body)
    files.append(("vcd", "a vector of 8 bits", bus))
    long = folder / "long.sr"
    few = [("D0", np.arange(1000, SAMPLES - 1000, 2000), None)]
    few = [(name, ticks, (np.arange(ticks.size) % 2 == 0).astype(np.uint8)) for name, ticks, _ in few]
    write(capture(Fraction(1, 24_000_000), (0, SAMPLES - 1), few), long, "sr")
    files.append(("sr", f"{SAMPLES:,} samples", long))
    return files


def main() -> int:
    if sys.argv[1:2] == ["--read"]:
        return read_once(sys.argv[2])
    parser = argparse.ArgumentParser(description="seconds and memory to read recordings")
    parser.add_argument("--edges", type=int, default=FULL)
    edges = parser.parse_args().edges
    rows, within = [], True
    with tempfile.TemporaryDirectory() as folder:
        for format, what, path in recordings(edges, Path(folder)):
            size = sum(f.stat().st_size for f in path.iterdir()) if path.is_dir() else path.stat().st_size
            seconds, busy, found, peak = measured(path)
            rate = (
                f"{found / busy / 1e6:.1f} M edges/s"
                if "samples" not in what
                else f"{SAMPLES / busy / 1e6:.0f} M samples/s"
            )
            within &= seconds <= LIMIT_S and peak <= LIMIT_BYTES
            rows.append(
                f"| {format} | {what} | {size / 1e6:.1f} | {found:,} | {seconds:.2f} | {busy:.2f} | {rate} | {peak / 1e6:.0f} |"
            )
            print(rows[-1], file=sys.stderr)
    text = "\n".join(
        [
            "# Reading recordings",
            "",
            f"`python benchmarks/imports.py` at commit {commit()}: shortest of {TIMES} readings, each in a fresh process; the most resident",
            f"memory of any of them, interpreter and numpy included. Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors.",
            f"Load average while measuring {os.getloadavg()[1]:.1f}; rates are by the time of the processor.",
            f"Targets: 10^6 edges within {LIMIT_S:g} s and {LIMIT_BYTES / 1e6:g} MB; sessions at 100 M samples/s.",
            "",
            "| format | what | MB | edges | seconds | of the processor | rate | memory, MB |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )
    print(text)
    if edges >= FULL:
        REPORT.write_text(text + "\n", "utf-8")
    return 0 if within or edges < FULL else 1


if __name__ == "__main__":
    sys.exit(main())
