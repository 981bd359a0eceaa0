"""How often an honest instrument is accused by a search: looked at after every run, stopped at will, confirmed on fresh runs.

    python benchmarks/search_honest.py               500 searches of 60 minutes; writes docs/search_honest.md; resumable
    python benchmarks/search_honest.py --n 10        a look, writes no document

Instruments and deliveries are those of the independent generator (benchmarks/generators.py), runs are the scheduler's.  Whoever stops at will
stops where most is seen: the gravest verdict after any run counts.  Then the pair of runs that differs most is made again as a confirmation,
whether or not anything was suspected: no officer would, and a level is only worth what it holds then.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


from benchmarks import held_out  # noqa: E402
from benchmarks.inspection_runs import interval, run  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.search_cases import CONFIRM_MIN, OWN, PHASE, Site, confirmed_by_pairs, scheduled  # noqa: E402
from harness.search.cost import Cost, State, after, cost  # noqa: E402

REPORT = ROOT / "docs" / "search_honest.md"
FULL, SEED, KITS, MINUTES = 500, 62_000, ("K2", "K1"), 60.0
GRAVITY = ("no_evidence", "inconclusive", "suspect", "proven")


def searched(job: dict[str, Any]) -> dict[str, Any]:
    """The job with its `runs`, `integrity`: the gravest verdict after any of them, and `confirmed`: the verdict behind a confirmation of
    the pair that differs most."""
    kit, i, population = job["kit"], job["i"], held_out.nothing_hidden("dispenser", SEED)
    model, site = population.model, Site(population, 0, kit, SEED + i)
    following, state, spent, gravest = scheduled(model, kit, SEED + i), State(PHASE), 0.0, 0
    while (trial := following(state, Cost(MINUTES - spent, math.inf, 0))) is not None:
        spent += cost(model, kit, trial).minutes
        if spent > MINUTES:
            break
        site.run(trial, {"search": True})
        state = after(model, kit, state, trial)
        gravest = max(gravest, GRAVITY.index(site.verdict().integrity))
    runs = len(site.trials)
    verdict = confirmed_by_pairs(site, model, kit, state, CONFIRM_MIN)
    return {**job, "runs": runs, "integrity": GRAVITY[gravest], "confirmed": verdict}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=FULL)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    n = min(given.n, FULL)
    jobs = [{"kit": KITS[i % len(KITS)], "cheat": None, "i": i} for i in range(n)]
    rows = run("search_honest", jobs, given.fresh, workers=given.jobs, inspected=searched, own=OWN)
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
            sum(row[of] == level for row in own) for of in ("integrity", "confirmed") for level in ("suspect", "proven")
        ]
        high = interval(max(seen[1], seen[3]), max(len(own), 1))[1]
        lines.append(
            f"| {kit} | {len(own)} | {sum(row['runs'] for row in own)} | {seen[0]} | {seen[1]} | {seen[2]} | {seen[3]} | 0.000 to {high:.3f} |"
        )
    print("\n".join(lines[6:]))
    if n == FULL:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if any("proven" in (row["integrity"], row["confirmed"]) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
