"""Thresholds set on one generator, tried on three of another kind: both error rates of every pulse detector on each.

    python benchmarks/generalisation.py          about a quarter of an hour; writes docs/generalisation.md; resumable
    python benchmarks/generalisation.py --write  the page from stored rows

Every detector's cheat is staged (benchmarks/staged.py) on each generator at one size and amount, and not at all; false hits
of many more honest deliveries are taken from docs/results/null_calibration.jsonl.  Rows stand in
docs/results/generalisation.jsonl with version and digest of their detector.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads only wait for each other

import numpy as np  # noqa: E402
from scipy import stats  # noqa: E402

from benchmarks import generators_recorded  # noqa: E402
from benchmarks.curves import own_detectors  # noqa: E402
from benchmarks.null_calibration import FAMILY, NAMES, totals  # noqa: E402
from benchmarks.null_calibration import stored as honest_rows  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.staged import CHEATS  # noqa: E402
from harness.calibration import digest  # noqa: E402
from harness.judge.contract import Validation, View  # noqa: E402

SEED, SEEDS, WORKERS = 20_240_506, 40, 2
RESULTS = ROOT / "docs" / "results" / "generalisation.jsonl"
REPORT = ROOT / "docs" / "generalisation.md"
ASSUMED = Validation(1_000_000, 0)  # hits do not depend on it
TRIED: Mapping[str, tuple[str, float, float]] = {  # detector: cheat, size, amount
    "edge-balance": ("every n-th pulse doubled, both taps", 0.02, 10.0),
    "quadrature": ("pulses at random on one channel", 0.05, 10.0),
    "split": ("a pulse after pulses at random, board alone", 0.02, 10.0),
    "oscillator": ("an oscillator while fuel flows", 0.05, 10.0),
    "dead-time": ("a pulse shortly after pulses at random", 0.05, 10.0),
    "slots": ("another disc", 2 / 48, 20.0),
    "period-gain": ("a smooth multiplier", 0.03, 20.0),
    "fingerprint-slip": ("a smooth multiplier that comes on", 0.05, 5.0),
    "timer-lattice": ("edges on the ticks of a timer", 40.0, 5.0),
    "jitter-floor": ("intervals paced by a mean, both taps", 8.0, 10.0),
    "channel-phase": ("both channels computed", 0.01, 20.0),
    "acceleration": ("a shaft that leaps", 3.0, 10.0),
    "course": ("a register that counts more from the middle on", 0.02, 40.0),
}
GRADES = ("nominal", "weak", "poor")


def cell(name: str, generator: str, effect: float) -> dict[str, Any]:
    """Found and mute of SEEDS cases on one generator, the grades by turns."""
    spec, (cheat, _, amount) = own_detectors()[name], TRIED[name]
    made = importlib.import_module(f"benchmarks.{generator}")
    found = mute = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng([SEED, seed, round(effect * 1e4), *cheat.encode(), *generator.encode()])
        segments, profile = CHEATS[cheat].make(made, rng, GRADES[seed % 3], CHEATS[cheat].flow, effect, amount)
        readings = spec.judge(segments, View(profile, spec.parameters, ASSUMED))
        found += any(reading.hits and reading.shape is not None for reading in readings)
        mute += not any(reading.spoke for reading in readings)
    return {"detector": name, "generator": generator, "effect": effect, "found": found, "mute": mute, "n": SEEDS}


def stored() -> dict[tuple[str, str, float, str], dict[str, Any]]:
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    return {(r["detector"], r["generator"], r["effect"], r["digest"]): r for r in map(json.loads, lines)}


def _names() -> list[str]:
    return [n for n in NAMES if n != "generators_recorded" or not generators_recorded.available()]


def measure(workers: int) -> None:
    specs, done, at = own_detectors(), stored(), commit(12)
    digests = {name: digest(specs[name]) for name in TRIED if name in specs}
    jobs = [
        (n, g, e) for n in digests for g in _names() for e in (0.0, TRIED[n][1]) if (n, g, e, digests[n]) not in done
    ]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool, RESULTS.open("a", encoding="utf-8") as out:
        for n, row in enumerate(pool.map(cell, *zip(*jobs, strict=True)) if jobs else (), 1):
            version = specs[row["detector"]].version
            body = {"commit": at, "digest": digests[row["detector"]], "version": version, **row}
            out.write(json.dumps(body, sort_keys=True) + "\n")
            out.flush()
            print(f"\r{n} of {len(jobs)} cells", end="", file=sys.stderr)
    print(file=sys.stderr)


def page() -> str:
    specs, rows = own_detectors(), stored()
    digests = {name: digest(specs[name]) for name in TRIED if name in specs}
    now = [row for row in rows.values() if row["digest"] == digests.get(row["detector"])]
    commits = " ".join(sorted({row["commit"] for row in now})) or "none"
    honest = honest_rows({n: s.version for n, s in specs.items() if n not in FAMILY})
    counts = {name: totals(honest, name)[0] for name in NAMES}
    lines = [
        "# Generalisation: thresholds set on one generator, tried on others", "",
        f"Made by `python benchmarks/generalisation.py`, seed {SEED}, commit {commits}. Thresholds are the shipped ones; they were set and",
        "validated on `generators.py` alone. The other three differ in kind ([null_calibration.md](null_calibration.md) says how). Found: of",
        f"{SEEDS} cases with the cheat, grades nominal, weak and poor by turns, steady flow; a weak or poor disc may leave no power.",
        "False: hits among honest cases here, then among all honest readings that spoke in the null calibration (nuisances and all",
        "flows), with the 95 % upper bound of that share. Models, not field data.", "",
        "Edges put into real recordings that bear motion: [split_test.md](split_test.md), by `benchmarks/split_power.py`.", "",
        "| detector | cheat | generator | found | no power | false here | false of all honest | at most |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name in digests:
        cheat, effect, amount = TRIED[name]
        unit = CHEATS[cheat].unit
        size = f"{100 * effect:.3g} %" if unit == "share" else f"{effect:g} {unit}"
        for generator in NAMES:
            with_it, without = (rows.get((name, generator, e, digests[name])) for e in (effect, 0.0))
            if with_it is None or without is None:
                continue
            n, hits = counts[generator][f"detector {name}|n"], counts[generator][f"detector {name}|hits"]
            bound = f"{float(stats.beta.ppf(0.95, hits + 1, n - hits)):.2%}" if n > hits else "-"
            lines.append(
                f"| {name}/{specs[name].version} | {cheat}, {size}, {amount:g} L | {generator} | {with_it['found']}/{with_it['n']} | "
                f"{with_it['mute']} | {without['found']}/{without['n']} | {hits}/{n} | {bound} |"
            )
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description="generalisation")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--write", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    if not arguments.write:
        measure(arguments.workers)
    REPORT.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
