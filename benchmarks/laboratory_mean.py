"""How often a region is told to favour its owners, honest or not: the test of `lab mean` with stations as sampling units, and a test that takes each instrument
for itself.

    python benchmarks/laboratory_mean.py               100,000 honest regions a row; writes docs/laboratory_mean.md; some minutes
    python benchmarks/laboratory_mean.py --n 2000      a look, writes no document

Errors of instruments: a station's own adjustment, normal with 0.12 %, and each instrument's, normal with 0.15 % (statistics.md 3d).
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy import stats  # noqa: E402

from benchmarks.inspection_runs import interval  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.metrology.batch import Verified, above_zero, power  # noqa: E402

REPORT = ROOT / "docs" / "laboratory_mean.md"
SEED, FULL, SHIFTED, ALPHA = 80_000, 100_000, 4_000, 1e-3
BETWEEN, WITHIN, EACH = 0.12, 0.15, 6  # per cent; instruments a station
STATIONS, SHIFTS = (10, 20, 40, 80), (0.10, 0.15)


def regions(job: tuple[int, float, int, int]) -> tuple[int, int]:
    """Of so many regions: told by stations, told by instruments."""
    stations, shift, count, seed = job
    rng = np.random.default_rng([SEED, stations, round(1000 * shift), seed])
    names = [f"S{n}" for n in range(stations)]
    told = naive = 0
    for _ in range(count):
        own = shift + BETWEEN * rng.standard_normal((stations, 1)) + WITHIN * rng.standard_normal((stations, EACH))
        records = [Verified(name, error) for name, row in zip(names, own.tolist(), strict=True) for error in row]
        told += above_zero(records, ALPHA).above_zero
        naive += bool(stats.ttest_1samp(own.ravel(), 0.0, alternative="greater").pvalue < ALPHA)
    return told, naive


def rows(shift: float, count: int, pool: ProcessPoolExecutor) -> list[str]:
    found, parts = [], 8
    for stations in STATIONS:
        each = max(1, count // parts)
        counts = list(pool.map(regions, [(stations, shift, each, part) for part in range(parts)]))
        n, told, naive = each * parts, sum(a for a, _ in counts), sum(b for _, b in counts)
        low, high = interval(told, n)
        foretold = ALPHA if not shift else power(shift, stations, EACH, BETWEEN, WITHIN, ALPHA)
        digits = 5 if not shift else 2
        found.append(
            f"| {shift:.2f} % | {stations} | {n:,} | {told / n:.{digits}f} | {low:.{digits}f} to {high:.{digits}f} | {foretold:.{digits}f} | {naive / n:.{digits}f} |"
        )
        print(found[-1], flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=FULL)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    head = [
        "# Does a region favour its owners", "",
        f"Made by `python benchmarks/laboratory_mean.py`, commit {commit()}, seed {SEED}: regions of stations with {EACH} instruments each, standard deviation between stations",
        f"{BETWEEN:g} %, within one {WITHIN:g} %; told at alpha = {ALPHA:g}. Simulated populations.", "",
        "| mean error | stations | regions | told by stations | 95 % | by the noncentral t | told taking each instrument for itself |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    with ProcessPoolExecutor(given.jobs) as pool:
        lines = rows(0.0, given.n, pool)
        for shift in SHIFTS:
            lines += rows(shift, min(SHIFTED, given.n), pool)
    if given.n >= FULL:
        REPORT.write_text("\n".join([*head, *lines]) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
