"""Edges a second of the edge balance and of the split test, on this machine.

python benchmarks/throughput.py            10^7 edges; prints and writes docs/throughput.md
python benchmarks/throughput.py --edges N  prints only
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from captures.model import ClockMap, EdgeKind, Int64Array, Origin, PulseTrain  # noqa: E402
from harness.judge.contract import Segment, SegmentKind, Validation, View  # noqa: E402
from harness.judge.detectors import edge_balance, split  # noqa: E402
from harness.judge.pulses.intervals import find  # noqa: E402
from harness.judge.pulses.matching import balance, match  # noqa: E402

REPORT = ROOT / "docs" / "throughput.md"
LATENCY, SKEW, BURST = 500, 20, 50_000  # ticks of a microsecond
FULL = 10_000_000


def best_of(run: Callable[[], object], times: int = 5) -> float:
    """Shortest of `times` runs, in seconds."""
    results = []
    for _ in range(times):
        begin = time.perf_counter()
        run()
        results.append(time.perf_counter() - begin)
    return min(results)


def streams(n: int) -> dict[str, tuple[Int64Array, Int64Array]]:
    """Encoder and board edges at about 3 ms: honest, and with 1 % of edges put in."""
    rng = np.random.default_rng(1)
    up = np.cumsum(rng.integers(2_700, 3_300, n))
    down = up + rng.integers(2, 9, n)
    at = np.sort(rng.choice(n - 1, n // 100, replace=False))
    extra = down[at] + rng.integers(900, 1_800, at.size)
    return {"honest": (up, down), "1 % put in": (up, np.sort(np.concatenate([down, extra])))}


def measure(n: int) -> list[tuple[str, str, float, str]]:
    """(test, stream, edges a second, what was found)."""
    rows = []
    for name, (up, down) in streams(n).items():
        seconds = best_of(lambda up=up, down=down: balance(match(up, down, LATENCY, SKEW), BURST))  # type: ignore[misc]
        found = match(up, down, LATENCY, SKEW)
        says = f"{found.surplus.size} surplus, {found.deficit.size} missing of {down.size - up.size} put in"
        rows.append(("edge balance, both taps counted", name, (up.size + down.size) / seconds, says))
        seconds = best_of(lambda down=down: find(down))  # type: ignore[misc]
        hits = find(down)
        rows.append(("split", name, down.size / seconds, f"{hits.splits.size} splits, {hits.merges.size} merges"))
    return rows


def segment(n: int, share: float) -> Segment:
    """A delivery of n edges at the encoder, both channels, and at the board behind it; `share` of whole cycles put in."""
    rng = np.random.default_rng(2)
    walk = np.cumsum(rng.integers(1_350, 1_650, n // 2))  # A and B in turn: a legal Gray walk
    board = walk + rng.integers(2, 9, walk.size)
    added = np.sort(rng.choice(walk.size // 4 - 1, int(share * walk.size / 4), replace=False)) * 4
    squeezed = (board[added][:, None] + np.arange(1, 5) * 120).ravel()
    board = np.sort(np.concatenate([board, squeezed]))
    trains = {}
    for station, ticks in (("encoder", walk), ("board", board)):
        for i, channel in enumerate("AB"):
            own = ticks[i::2]
            trains[f"{station}.{channel}"] = PulseTrain(
                station=station, channel=channel, ticks=own, tick_s=Fraction(1, 1_000_000), edge=EdgeKind.BOTH,
                window=(0, int(ticks[-1]) + 1), origin=Origin("benchmark", ""), clock="one",
                levels=(np.arange(own.size) % 2 == 0).astype(np.uint8),
            )  # fmt: skip
    clock = ClockMap("one", 0, Fraction(1000), 0, 0.0)
    window = (0, (int(board[-1]) + 1) * 1000)
    return Segment("D1", SegmentKind.DELIVERY, "bench", "s", window, trains=trains, clocks={"one": clock})


def whole(n: int) -> list[tuple[str, str, float, str]]:
    """The detectors as the judgement runs them: windows, gaps, bursts, decoding, reading."""
    rows = []
    profile = {"pulses_per_litre": "100", "decoding": "x4"}
    for name, share in (("honest", 0.0), ("1 % put in", 0.01)):
        delivery = segment(n, share)
        edges = sum(train.ticks.size for train in delivery.trains.values())
        for detector in (edge_balance.DETECTOR, split.DETECTOR):
            view = View(profile, detector.parameters, Validation(10_000, 0))
            seconds = best_of(lambda d=detector, v=view, s=delivery: d.judge([s], v), 3)  # type: ignore[misc]
            hits = sum(reading.hits for reading in detector.judge([delivery], view))
            rows.append(
                (f"{detector.name}, whole detector, two taps of two channels", name, edges / seconds, f"{hits} hits")
            )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="edges a second")
    parser.add_argument("--edges", type=int, default=FULL)
    n = parser.parse_args().edges
    lines = [
        "# Throughput",
        "",
        f"`python benchmarks/throughput.py`: {n:,} encoder edges, best of five, one process, numpy {np.__version__}, Python",
        f"{platform.python_version()}, {platform.machine()}. Targets: edge balance 50 M edges/s, split 10 M edges/s.",
        "",
        "| test | stream | M edges/s | found |",
        "|---|---|---|---|",
    ]
    lines += [f"| {test} | {name} | {rate / 1e6:.0f} | {says} |" for test, name, rate, says in [*measure(n), *whole(n)]]
    print("\n".join(lines))
    if n >= FULL:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
