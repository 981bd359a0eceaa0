"""How often an honest instrument is accused by a search: looked at after every run, stopped at will, confirmed on fresh runs.

    python benchmarks/search_honest.py               500 searches of 60 minutes; writes docs/search_honest.md; resumable
    python benchmarks/search_honest.py --n 10        a look, writes no document

Instruments and deliveries are those of the independent generator (benchmarks/generators.py), runs are the scheduler's.  Whoever stops at will
stops where most is seen: the gravest verdict after any run counts.  Then the pair of runs that differs most is made again as a confirmation,
whether or not anything was suspected: no officer would, and a level is only worth what it holds then.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.inspection_runs import interval  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.search_cases import CONFIRM_MIN, PHASE, Site, confirmed_by_pairs, scheduled  # noqa: E402
from harness.search.cost import Cost, State, after, cost  # noqa: E402
from harness.search.parser import built_in  # noqa: E402
from harness.search.population import Population, draw  # noqa: E402

REPORT = ROOT / "docs" / "search_honest.md"
RESULTS = ROOT / "docs" / "results" / "search_honest.jsonl"
FULL, SEED, KITS, MINUTES = 500, 62_000, ("K2", "K1"), 60.0
GRAVITY = ("no_evidence", "inconclusive", "suspect", "proven")


@dataclass(frozen=True)
class Searched:
    """`gravest`: the gravest verdict after any run; `confirmed`: the verdict behind a confirmation of the pair that differs most."""

    kit: str
    i: int
    runs: int
    gravest: str
    confirmed: str


def nothing_hidden() -> Population:
    """One function that adds nothing."""
    one = draw(built_in("dispenser"), 1, np.random.default_rng(SEED))
    return Population(one.model, one.permits, one.above, one.gain * 0.0, one.order, one.evades, one.ends)


def searched(kit: str, i: int) -> dict[str, Any]:
    population = nothing_hidden()
    model, site = population.model, Site(population, 0, kit, SEED + i)
    following, state, spent, gravest = scheduled(model, kit, SEED + i), State(PHASE), 0.0, 0
    while (trial := following(state, Cost(MINUTES - spent, math.inf, 0))) is not None:
        spent += cost(model, kit, trial).minutes
        if spent > MINUTES:
            break
        site.run(trial, {"search": True})
        state = after(model, kit, state, trial)
        gravest = max(gravest, GRAVITY.index(site.verdict().integrity))
    verdict = confirmed_by_pairs(site, model, kit, state, CONFIRM_MIN)
    return asdict(Searched(kit, i, len(site.trials), GRAVITY[gravest], str(verdict)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=FULL)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    n = min(given.n, FULL)
    done: dict[tuple[str, int], dict[str, Any]] = {}
    if RESULTS.exists() and not given.fresh:
        rows = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
        done = {(row["kit"], row["i"]): row for row in rows if row["commit"] == commit()}
    cells = [(KITS[i % len(KITS)], i) for i in range(n)]
    left = [cell for cell in cells if cell not in done]
    with RESULTS.open("w", encoding="utf-8") as file, ProcessPoolExecutor(given.jobs) as pool:
        for row in done.values():
            file.write(json.dumps(row) + "\n")
        for number, (cell, row) in (
            enumerate(zip(left, pool.map(searched, *zip(*left, strict=True)), strict=True), 1) if left else ()
        ):
            done[cell] = {**row, "commit": commit()}
            file.write(json.dumps(done[cell]) + "\n")
            file.flush()
            print(f"\r{number}/{len(left)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    rows = [done[cell] for cell in cells]
    lines = [
        "# Honest searches", "",
        f"Made by `python benchmarks/search_honest.py`, commit {commit()}, seed {SEED}: {n} searches of {MINUTES:.0f} minutes by the scheduler on honest dispensers of an independent generator, judged after",
        "every run; behind each a confirmation of the pair of runs that differs most. Simulated population.", "",
        "| kit | searches | runs | suspect at some look | proven at some look | suspect behind the confirmation | proven behind it | 95 % of proven |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for kit in KITS:
        own = [row for row in rows if row["kit"] == kit]
        seen = [
            sum(row[of] == level for row in own) for of in ("gravest", "confirmed") for level in ("suspect", "proven")
        ]
        high = interval(max(seen[1], seen[3]), max(len(own), 1))[1]
        lines.append(
            f"| {kit} | {len(own)} | {sum(row['runs'] for row in own)} | {seen[0]} | {seen[1]} | {seen[2]} | {seen[3]} | 0.000 to {high:.3f} |"
        )
    print("\n".join(lines[6:]))
    if n == FULL:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if any("proven" in (row["gravest"], row["confirmed"]) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
