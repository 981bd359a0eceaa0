"""Delays of CUSUM, Shiryaev-Roberts and window GLR against the published table, at equal mean time between false alarms.

    python benchmarks/sequential_figures.py          writes docs/sequential.md; resumable, some minutes
    python benchmarks/sequential_figures.py --quick  a twentieth of the runs, writes nothing

CUSUM: threshold and delay from the integral equation (no simulation), and its simulated delay beside them.  GLR does not know
the size: one-sided, thinned lags; its threshold is that at which independent runs without a change alarm once in ARL
observations on average (time observed over alarms, runs cut at three ARL).  Delays are for a change at the first
observation.  Blocks are seeded by their name and number; finished ones stand in docs/results/sequential.jsonl.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.repository import commit  # noqa: E402
from harness.judge.pulses.revolution import Floats  # noqa: E402
from harness.judge.pulses.sequential import cusum, glr, run_length, threshold  # noqa: E402

SEED, WORKERS, BLOCKS = 20_240_507, 2, 20
RESULTS = ROOT / "docs" / "results" / "sequential.jsonl"
REPORT = ROOT / "docs" / "sequential.md"
LEVELS = np.arange(3.0, 11.0, 0.02)  # nats
LONGEST = {1e3: 1000, 1e4: 5000}  # lag of the GLR window
QUIET = {1e3: 60, 1e4: 16}  # runs without a change, a block
SHIFTED = 400  # runs with one, a block


@dataclass(frozen=True)
class Published:
    """A line of the table (statistics.md section 4): mean delays of CUSUM and of a GLR, in observations."""

    arl: float
    d: float
    cusum: float
    glr: float


TABLE = (
    Published(1e3, 0.25, 82, 117),
    Published(1e3, 0.5, 31.2, 37.5),
    Published(1e3, 1.0, 10.7, 11.5),
    Published(1e4, 0.1, 595, 1108),
    Published(1e4, 0.25, 151, 217),
    Published(1e4, 0.5, 48.5, 59.2),
    Published(1e4, 1.0, 15.0, 16.4),
    Published(1e4, 2.0, 4.6, 4.8),
)


def _first(best: Floats, levels: Floats) -> Floats:
    """Observations until each level is first exceeded (levels,), nan where it is not."""
    place: Floats = np.searchsorted(np.maximum.accumulate(best), levels, "right").astype(np.float64) + 1
    place[place > best.size] = np.nan
    return place


def quiet(arl: float, number: int) -> dict[str, list[float]]:
    """Time observed and alarms, over a block of runs without a change, at every level."""
    rng = np.random.default_rng([SEED, int(arl), number])
    observed, alarms = np.zeros(LEVELS.size), np.zeros(LEVELS.size)
    length = int(3 * arl)
    for _ in range(QUIET[arl]):
        first = _first(glr(rng.normal(size=length), LONGEST[arl], 1)[0], LEVELS)
        alarms += np.isfinite(first)
        observed += np.where(np.isfinite(first), first, length)
    return {"observed": observed.tolist(), "alarms": alarms.tolist()}


def level(blocks: list[dict[str, list[float]]], arl: float) -> tuple[float, float]:
    """The lowest level with `arl` between alarms, and the relative uncertainty of that mean time."""
    observed = np.sum([block["observed"] for block in blocks], axis=0)
    alarms = np.sum([block["alarms"] for block in blocks], axis=0)
    at = int(np.argmax(observed / np.maximum(alarms, 1) >= arl))
    return float(LEVELS[at]), float(1 / np.sqrt(max(alarms[at], 1)))


def delays(row: Published, glr_level: float, number: int) -> dict[str, list[float]]:
    """Mean delays of CUSUM and of GLR over a block of runs that change at once."""
    rng = np.random.default_rng([SEED, int(row.arl), int(100 * row.d), number])
    h, length = threshold(row.arl, row.d), int(min(12 * row.glr, 12_000))
    both = []
    for _ in range(SHIFTED):
        x = rng.normal(row.d, 1, length)
        both.append(
            [
                float(_first(cusum(x, row.d), np.array([h]))[0]),
                float(_first(glr(x, LONGEST[row.arl], 1)[0], np.array([glr_level]))[0]),
            ]
        )
    told = np.nan_to_num(np.array(both), nan=float(length))
    return {"mean": told.mean(axis=0).tolist(), "square": (told**2).mean(axis=0).tolist()}


def _stored() -> dict[str, dict[str, list[float]]]:
    if not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
    return {line["key"]: line["found"] for line in lines}


def gathered(
    pool: ProcessPoolExecutor,
    done: dict[str, dict[str, list[float]]],
    work: Mapping[str, Callable[[], dict[str, list[float]]]],
    keep: bool,
) -> None:
    """Runs what is not stored yet, and stores it."""
    waiting = {key: pool.submit(call) for key, call in work.items() if key not in done}
    for n, (key, future) in enumerate(waiting.items(), 1):
        done[key] = found = future.result()
        if keep:
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"key": key, "found": found}) + "\n")
        print(f"\r{n} of {len(waiting)} blocks", end="", file=sys.stderr)
    print(file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description="delays of sequential tests")
    parser.add_argument("--quick", action="store_true")
    keep = not parser.parse_args().quick
    blocks = BLOCKS if keep else 1
    done = _stored() if keep else {}
    levels: dict[float, tuple[float, float]] = {}
    lines = []
    with ProcessPoolExecutor(WORKERS) as pool:
        work = {f"quiet {arl:g} {number}": partial(quiet, arl, number) for arl in QUIET for number in range(blocks)}
        gathered(pool, done, work, keep)
        for arl in QUIET:
            levels[arl] = level([done[f"quiet {arl:g} {number}"] for number in range(blocks)], arl)
        shifted = {
            f"delay {row.arl:g} {row.d:g} {levels[row.arl][0]:.2f} {number}": partial(
                delays, row, levels[row.arl][0], number
            )
            for row in TABLE
            for number in range(blocks)
        }
        gathered(pool, done, shifted, keep)
    for row in TABLE:
        h = threshold(row.arl, row.d)
        exact = run_length(h, row.d, row.d)
        mine = [done[f"delay {row.arl:g} {row.d:g} {levels[row.arl][0]:.2f} {number}"] for number in range(blocks)]
        mean = np.mean([one["mean"] for one in mine], axis=0)
        sd = np.sqrt(np.mean([one["square"] for one in mine], axis=0) - mean**2)
        u = sd / np.sqrt(blocks * SHIFTED)
        lines.append(
            f"| {row.arl:g} | {row.d:g} | {h:.3f} | {row.cusum:g} | {exact:.2f} | {exact / row.cusum - 1:+.1%} | "
            f"{mean[0]:.2f} ({u[0]:.2f}) | {levels[row.arl][0]:.2f} | {row.glr:g} | {mean[1]:.2f} ({u[1]:.2f}) | {mean[1] / exact:.3f} |"
        )
    told = "; ".join(f"{arl:g}: {h:.2f} nats, the mean time known to {u:.0%}" for arl, (h, u) in levels.items())
    text = f"""# When did it begin: CUSUM and GLR against the table

`python benchmarks/sequential_figures.py`, seed {SEED}, commit {commit(12)}: {blocks * SHIFTED:,} runs a delay (standard uncertainty in
brackets). Kernels: `harness/judge/pulses/sequential.py`; table: statistics.md section 4. Targets: CUSUM within 3 % of the
table, GLR at most 1.25 of CUSUM at d >= 0.5 while it does not know d. GLR thresholds for ARL {told}.

| ARL | d | CUSUM h | table | exact | off | simulated | GLR h | table | simulated | GLR / CUSUM |
|---|---|---|---|---|---|---|---|---|---|---|
"""
    print(text + "\n".join(lines))
    if keep:
        REPORT.write_text(text + "".join(line + "\n" for line in lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
