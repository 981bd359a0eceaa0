"""Edges a second of the kernels and of the whole suite of pulse detectors, and the memory of 10^8 edges, on this machine.

    python benchmarks/throughput.py            2 x 10^6 edges; prints and writes docs/throughput.md
    python benchmarks/throughput.py --edges N  prints only

Seconds are those of the processor that the one process used, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy.signal import lfilter  # noqa: E402

from benchmarks.detectors import DETECTORS  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from captures.model import ClockMap, EdgeKind, Int64Array, Origin, PulseTrain  # noqa: E402
from harness.judge.contract import Segment, SegmentKind, Validation, View  # noqa: E402
from harness.judge.pulses import jitter, lattice, order_gain  # noqa: E402
from harness.judge.pulses.gray import decode, net_steps  # noqa: E402
from harness.judge.pulses.intervals import find  # noqa: E402
from harness.judge.pulses.matching import balance, match  # noqa: E402

REPORT = ROOT / "docs" / "throughput.md"
SUITE = (
    "edge-balance",
    "quadrature",
    "split",
    "oscillator",
    "zero-flow",
    "dead-time",
    "slots",
    "period-gain",
    "timer-lattice",
    "channel-phase",
    "acceleration",
    "jitter-floor",
    "gain-onset",
    "fingerprint-slip",
)  # of the detectors those that read pulses
PROFILE = {
    "pulses_per_litre": "100",
    "decoding": "x4",
    "slots_per_rev": "50",
    "sensor_class": "disc",
    "max_flow_l_min": "1300",
}
PIECE = 1_000_000  # edges of a segment
LARGE = 100_000_000
LATENCY, SKEW, BURST = 500, 20, 50_000  # ticks of a microsecond
FULL = 2_000_000


def best_of(run: Callable[[], object], times: int = 5) -> float:
    """Shortest of `times` runs, in seconds."""
    results = []
    for _ in range(times):
        begin = time.process_time()
        run()
        results.append(time.process_time() - begin)
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


def pulser(n: int, seed: int = 2) -> Int64Array:
    """Edges (n,) at about 1.5 ms of a nominal code disc of 50 slots in a flow that wanders, two edges a slot."""
    rng = np.random.default_rng(seed)
    j, k = np.arange(50), np.arange(n)
    disc = rng.normal(0, 0.007, 50) + 0.04 * np.sin(2 * np.pi * j / 50) + 0.04 * np.sin(8 * np.pi * j / 50)
    place = (k + 0.5 * (disc[(k // 4) % 50] + rng.normal(0, 0.005, n))) * 0.5
    rate = 1 + 0.1 * np.tanh(lfilter([0.003], [1, -0.9995], rng.normal(0, 1, n)))
    seconds = np.interp(place, k * 0.5, np.cumsum(1 / rate))
    ticks = np.round(np.maximum.accumulate(seconds) * 1500).astype(np.int64)
    return np.maximum.accumulate(ticks - k) + k


def segment(n: int, share: float, seed: int = 2) -> Segment:
    """A delivery of n edges at the encoder, both channels, and at the board behind it; `share` of whole cycles put in."""
    rng = np.random.default_rng(seed)
    walk = pulser(n, seed)  # A and B in turn: a legal Gray walk
    board = walk + rng.integers(2, 9, walk.size)
    added = np.sort(rng.choice(walk.size // 4 - 1, int(share * walk.size / 4), replace=False)) * 4
    squeezed = (board[added][:, None] + np.arange(1, 5) * 120).ravel()
    board = np.unique(np.concatenate([board, squeezed])) if added.size else board
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


def kernels(n: int) -> list[tuple[str, str, float, str]]:
    """Lattice, quadrature, jitter floor, counts and the order-period gain on trains of a disc."""
    ticks = pulser(n)
    a, b = ticks[::2].copy(), ticks[1::2].copy()
    levels = (np.arange(a.size) % 2 == 0).astype(np.uint8)
    rising = a[::2].copy()
    rows = []
    for name, edges, run in (
        ("timer lattice", n, lambda: lattice.find(ticks)),
        ("quadrature, walk of both channels", n, lambda: decode(a, levels, b, levels[: b.size])),
        ("count, both channels decoded", n, lambda: net_steps(a, levels, b, levels[: b.size])),
        ("jitter floor", rising.size, lambda: jitter.blocks(rising)),
        ("order-period gain, one revolution of 50", rising.size, lambda: order_gain.measure(rising, 50, -0.12, 0.6)),
    ):
        told: list[object] = []
        seconds = best_of(lambda run=run, told=told: told.append(run()), 2)  # type: ignore[misc]
        rows.append((name, "disc", edges / seconds, f"{told[-1]} steps" if isinstance(told[-1], int) else ""))
        print(f"{name}: {edges / seconds / 1e6:.1f} M/s", file=sys.stderr, flush=True)
    return rows


def suite(n: int) -> list[tuple[str, str, float, str]]:
    """The pulse detectors as the judgement runs them on one segment: windows, gaps, bursts, decoding, reading."""
    rows = []
    for name, share in (("honest", 0.0), ("1 % put in", 0.01)):
        delivery = segment(n, share)
        edges = sum(train.ticks.size for train in delivery.trains.values())
        total = 0.0
        for detector in (DETECTORS[one] for one in SUITE if one in DETECTORS):
            view = View(PROFILE, detector.parameters, Validation(10_000, 0))
            run = partial(detector.judge, [delivery], view)
            seconds = best_of(run, 3)
            total += seconds
            hits = sum(reading.hits for reading in run())
            rows.append((f"{detector.name}, whole detector", name, edges / max(seconds, 1e-9), f"{hits} hits"))
            print(f"{detector.name}: {edges / seconds / 1e6:.2f} M/s", file=sys.stderr, flush=True)
        rows.append((f"**whole suite**, {edges:,} edges", name, edges / total, ""))
    return rows


def large(edges: int, pieces: int | None = None) -> tuple[int, float, float]:
    """Edges judged, processor seconds and peak memory in GiB: `edges` on four trains in memory, judged by deliveries."""
    per_train = PIECE // 4
    count = edges // PIECE
    walk = pulser(PIECE // 2)
    length = int(walk[-1]) + 1_000_000
    starts = np.arange(count) * length
    trains = {  # the whole recording: every edge of all deliveries
        name: np.concatenate([part + start for start in starts])
        for name, part in (("encoder.A", walk[::2]), ("encoder.B", walk[1::2]), ("board.A", walk[::2] + 5), ("board.B", walk[1::2] + 5))
    }  # fmt: skip
    levels = (np.arange(per_train) % 2 == 0).astype(np.uint8)
    clock = ClockMap("one", 0, Fraction(1000), 0, 0.0)
    begin, judged = time.process_time(), 0
    for i in range(count if pieces is None else min(pieces, count)):
        window = (int(starts[i]), int(starts[i]) + length)
        own = {}
        for name, ticks in trains.items():
            station, channel = name.split(".")
            part = ticks[i * per_train : (i + 1) * per_train]
            own[name] = PulseTrain(
                station, channel, part, Fraction(1, 1_000_000), EdgeKind.BOTH, window, Origin("benchmark", ""), "one", levels
            )  # fmt: skip
            judged += part.size
        part_ns = (window[0] * 1000, window[1] * 1000)
        delivery = Segment(f"D{i}", SegmentKind.DELIVERY, "bench", "s", part_ns, trains=own, clocks={"one": clock})
        for detector in (DETECTORS[one] for one in SUITE if one in DETECTORS):
            detector.judge([delivery], View(PROFILE, detector.parameters, Validation(10_000, 0)))
    seconds = time.process_time() - begin
    return judged, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def in_a_child(edges: int, pieces: int | None) -> tuple[int, float, float]:
    """`large` in a process of its own, so that the peak is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(large, (edges, pieces))


def main() -> int:
    parser = argparse.ArgumentParser(description="edges a second")
    parser.add_argument("--edges", type=int, default=FULL)
    n = parser.parse_args().edges
    full = n >= FULL
    rows = [*measure(n), *kernels(n), *suite(min(n // 4, PIECE // 2))]
    judged, seconds, gib = in_a_child(LARGE if full else 4 * PIECE, None)
    lines = [
        "# Throughput",
        "",
        f"`python benchmarks/throughput.py`: {n:,} encoder edges, one process, one thread, seconds of its processor, numpy {np.__version__}, Python",
        f"{platform.python_version()}, {platform.machine()}, commit {commit()}. Targets: matcher 50 M edges/s; split, lattice, quadrature, jitter floor and counts 10 M each; the whole",
        "suite of pulse detectors on one delivery with encoder and board, two channels each, 1 M edges/s (all edges of the four trains, over the",
        "sum of all detectors' seconds, of each the least of three runs). No numba: every figure is numpy's (docs/decisions/0016-numpy-alone.md).",
        "",
        "| test | stream | M edges/s | found |",
        "|---|---|---|---|",
    ]
    lines += [f"| {test} | {name} | {rate / 1e6:.3g} | {says} |" for test, name, rate, says in rows]
    lines += [
        "",
        f"{judged:,} edges of four trains, held in memory whole as int64 and judged by deliveries of {PIECE:,} edges with the whole suite: {seconds:.0f} s,",
        f"{judged / seconds / 1e6:.2f} M edges/s, greatest resident size of the process {gib:.2f} GiB (target: 4 GB).",
    ]
    print("\n".join(lines))
    if full:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
