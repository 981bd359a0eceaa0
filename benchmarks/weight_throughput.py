"""Weight frames a second: readings at rest and every test that follows a scale's line, on this machine.

    python benchmarks/weight_throughput.py             10^6 frames a stream; prints and writes docs/weight_throughput.md
    python benchmarks/weight_throughput.py --frames N  prints only

Seconds are those of the processor that the one process used, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy.signal import lfilter  # noqa: E402

from benchmarks.repository import commit  # noqa: E402
from captures.model import Flag, Origin, SampledTrace  # noqa: E402
from harness.judge.contract import Segment, SegmentKind, Validation, View  # noqa: E402
from harness.judge.detectors import (  # noqa: E402
    cell_share,
    drive_on,
    line_cadence,
    plateau_noise,
    rest_step,
    stable_moving,
    step_dynamics,
    zero_tracking,
)
from harness.judge.loads import shown, weighable  # noqa: E402

REPORT = ROOT / "docs" / "weight_throughput.md"
FULL, TARGET_S = 1_000_000, 2.0
S = 1_000_000_000
DETECTORS = tuple(
    module.DETECTOR
    for module in (rest_step, step_dynamics, drive_on, plateau_noise, stable_moving, zero_tracking, line_cadence, cell_share)
)  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """One instrument heard for so many frames.  `noise_e` and `wind_e`: standard deviations in intervals; `stepped`: of so many
    loadings one is switched by a tenth while it lies there."""

    name: str
    intervals: str
    loads_kg: tuple[float, ...]
    seconds: float
    hz: float
    noise_e: float
    wind_e: float = 0.0
    stepped: int = 0


STREAMS = (
    Stream("price scale, quiet, 100 s a load", "15/0.005", (0, 0.531, 1.19, 0.12, 2.263), 100, 10, 0.03),
    Stream("price scale, flickering, 30 s a load", "15/0.005", (0, 0.531, 1.19, 0.12, 2.263), 30, 20, 0.4),
    Stream("price scale, one load in 20 switched", "15/0.005", (0, 0.12, 1.19, 0.1, 1.19), 60, 20, 0.05, stepped=20),
    Stream("truck scale in the wind, 200 s a load", "80000/20", (0, 31_000, 0, 17_500, 0, 43_000), 200, 20, 0.1, 1.0),
)


def segments(stream: Stream, frames: int, seed: int = 1) -> list[Segment]:
    """Loadings of `stream` with `frames` frames together: rolling or put on, filtered, rounded."""
    rng = np.random.default_rng(seed)
    e = float(stream.intervals.split("/")[1])
    n = round(stream.seconds * stream.hz)
    keep, gust = np.exp(-1 / (stream.hz * 0.25)), np.exp(-1 / (stream.hz * 3))
    found, before = list[Segment](), 0.0
    for number in range(max(frames // n, 1)):
        load = stream.loads_kg[number % len(stream.loads_kg)]
        t = np.arange(n) / stream.hz
        axles = 4 if e >= 1 else 1
        share = sum(np.clip((t - 1.5 - 1.2 * i) / 0.4, 0, 1) for i in range(axles)) / axles
        force = before + (load - before) * share
        force = force + lfilter([1], [1, -gust], rng.normal(0, stream.wind_e * e * np.sqrt(1 - gust**2), n))
        kg, _ = lfilter([1 - keep], [1, -keep], force, zi=[keep * before])
        stable = np.abs(np.gradient(kg)) < 0.25 * e
        kg = kg + rng.normal(0, stream.noise_e * e, n)
        if stream.stepped and load and number % stream.stepped < len(stream.loads_kg) and load > 1:
            kg = kg + 0.1 * load * (t > stream.seconds / 2)
        begin = round(number * stream.seconds * S)
        times = begin + np.round(t * S).astype(np.int64)
        trace = SampledTrace(
            "weight", times, np.round(kg / e).astype(np.int64), (stable * int(Flag.STABLE)).astype(np.uint8), Decimal(str(e)), "kg",
            Origin("benchmark", ""), Flag.STABLE,
        )  # fmt: skip
        rest = begin + round((1.5 + 1.2 * axles + 1.5) * S)
        found.append(
            Segment(
                f"L{number}", SegmentKind.LOADING, "C", "power-0", (rest, begin + round(stream.seconds * S)), {"position": "centre"},
                traces={"weight": trace}, load_kg=(load, 5e-5 * load),
            )
        )  # fmt: skip
        before = load
    return found


def seconds_of(run: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Shortest of `times` runs in seconds of the processor, and what it returned."""
    least, found = float("inf"), None
    for _ in range(times):
        begin = time.process_time()
        found = run()
        least = min(least, time.process_time() - begin)
    return least, found


def at_rest(own: list[Segment]) -> list[Any]:
    return [one for segment in own for one in shown(segment, "weight")]


def measure(stream: Stream, frames: int) -> tuple[list[tuple[str, float, str]], float, int]:
    """(what, seconds, what was found) of each test, the sum of their seconds, and the frames there were."""
    own = segments(stream, frames)
    count = sum(segment.traces["weight"].steps.size for segment in own)
    profile = {"intervals": stream.intervals, "settle_s": "3"}
    rows = []
    for name, run in (
        ("readings at rest", partial(at_rest, own)),
        ("which loadings can be weighed", partial(weighable, own, profile)),
    ):
        seconds, found = seconds_of(run)
        rows.append((name, seconds, f"{len(found)} of {len(own)}"))
    for spec in DETECTORS:
        seconds, found = seconds_of(partial(spec.judge, own, View(profile, spec.parameters, Validation(10_000, 0))))
        struck, spoke = sum(bool(one.hits) for one in found), sum(one.spoke for one in found)
        rows.append((spec.name, seconds, f"{struck} hits, {spoke} of {len(found)} spoke"))
    return rows, sum(seconds for _, seconds, _ in rows), count


def main() -> int:
    parser = argparse.ArgumentParser(description="weight frames a second")
    parser.add_argument("--frames", type=int, default=FULL)
    frames = parser.parse_args().frames
    lines = [
        "# Throughput on weight streams",
        "",
        f"`python benchmarks/weight_throughput.py`: {frames:,} frames a stream, one process, one thread, seconds of its processor (of each test the least of",
        f"three runs), numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}, commit {commit()}.  Target: {FULL:,} frames through readings at",
        f"rest and every test of the line together in less than {TARGET_S:g} s.",
        "",
        "| stream | test | s | M frames/s | found |",
        "|---|---|---|---|---|",
    ]
    for stream in STREAMS:
        rows, total, count = measure(stream, frames)
        lines += [
            f"| {stream.name} | {name} | {s:.3f} | {count / max(s, 1e-9) / 1e6:.3g} | {what} |"
            for name, s, what in rows
        ]
        lines.append(
            f"| {stream.name} | **together** | **{total:.2f}** | **{count / total / 1e6:.3g}** | {count:,} frames |"
        )
        print(f"{stream.name}: {total:.2f} s", file=sys.stderr, flush=True)
    print("\n".join(lines))
    if frames >= FULL:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
