"""How many hidden functions of taximeters a search meets in 15, 30, 60 and 120 minutes, by plan: held-out populations, the real judge.

    python benchmarks/search_taximeters.py               400 functions a cell, K2 or --kits; writes docs/search_taximeters.md; resumable
    python benchmarks/search_taximeters.py --n 40        a look, writes no document
    python benchmarks/search_taximeters.py --honest      honest searches, looked at after every run

Populations are drawn from other priors than the scheduler's own: `documented` weighs factors and places as the catalogue of taximeters does,
`even` weighs all alike and joins more of them.  Beside every cell stands what no plan can beat (harness/search/bound.py).
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks import held_out  # noqa: E402
from benchmarks.inspection_runs import commits, interval, run  # noqa: E402
from benchmarks.search_cases import PHASE, scheduled  # noqa: E402
from benchmarks.taxi_search_plans import PLANS  # noqa: E402
from benchmarks.taxi_searches import OWN, Site, searched  # noqa: E402
from harness.search.bound import bound  # noqa: E402
from harness.search.cost import Cost, State, after, cost  # noqa: E402
from harness.search.parser import built_in  # noqa: E402
from harness.search.population import Population, draw  # noqa: E402

REPORT, HONEST = ROOT / "docs" / "search_taximeters.md", ROOT / "docs" / "search_taximeters_honest.md"
FULL, SEED, KIT = 400, 70_000, "K2"
KITS = ("K2", "K1")  # of honest searches
HONEST_FULL, HONEST_SEED, HONEST_MIN = 500, 72_000, 120.0
LOOKS = (15, 30, 60, 120)  # minutes
EVASIVE = (0.7, 1.0)
GRAVITY = ("no_evidence", "inconclusive", "suspect", "proven")


@dataclass(frozen=True)
class Prior(held_out.Prior):
    """And of the places at which a function acts."""

    places: Mapping[str, float]


PRIORS = {
    # rows of the catalogue by what triggers them: controls, buttons and gear levers 15, remotes 5, distance, fare and hire 4, speed 1
    "documented": Prior(
        {"control": 15, "remote": 5, "distance": 4, "speed": 1, "before": 1, "stop": 1, "clock": 1, "power": 0.5, "ordinal": 0.5},
        (0.60, 0.28, 0.08, 0.04),
        {"line put in": 15, "line given anew": 2, "sensor": 5, "meter": 5, "fare": 5},
    ),
    "even": Prior(
        dict.fromkeys(("control", "remote", "distance", "speed", "before", "stop", "clock", "power", "ordinal"), 1.0),
        (0.30, 0.30, 0.25, 0.15),
        dict.fromkeys(("line put in", "line given anew", "sensor", "meter", "fare"), 1.0),
    ),
}  # fmt: skip


@cache
def population(prior: str, evasive: float, n: int) -> Population:
    return held_out.population("taximeter", PRIORS, prior, evasive, n, SEED)


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job with what its search found."""
    hidden = population(job["prior"], job["evasive"], FULL)
    places = PRIORS[job["prior"]].places
    found = searched(hidden, job["i"], job["kit"], job["plan"], float(LOOKS[-1]), SEED, places)
    return {**job, **asdict(found), "integrity": "no_evidence" if found.suspect_min is None else "suspect"}


def table(rows: Sequence[Mapping[str, Any]], kit: str) -> list[str]:
    lines = [
        f"| {kit}: population | evading | plan | {' | '.join(f'{look} min' for look in LOOKS)} | 95 % at 60 min | 95 % at 120 min | km |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for prior in PRIORS:
        for evasive in EVASIVE:
            for plan in PLANS:
                own = [
                    r for r in rows if (r["kit"], r["prior"], r["evasive"], r["plan"]) == (kit, prior, evasive, plan)
                ]
                met = [sum(r["suspect_min"] is not None and r["suspect_min"] <= look for r in own) for look in LOOKS]
                shares = " | ".join(f"{k / max(len(own), 1):.2f}" for k in met)
                sure = " | ".join(
                    "{:.2f} to {:.2f}".format(*interval(met[LOOKS.index(look)], len(own))) for look in (60, 120)
                )
                km = sum(r["km"] for r in own) / max(len(own), 1)
                lines.append(f"| {prior} | {evasive:.0%} | {plan} | {shares} | {sure} | {km:.0f} |")
            most = " | ".join(f"{bound(population(prior, evasive, FULL), kit, look, PHASE):.2f}" for look in LOOKS)
            lines.append(f"| {prior} | {evasive:.0%} | *bound of any plan* | {most} | | | |")
    return lines


def nothing_hidden() -> Population:
    """One function that acts nowhere."""
    model = built_in("taximeter")
    one = draw(model, 1, np.random.default_rng(HONEST_SEED))
    return Population(one.model, tuple(p & False for p in one.permits), one.above, one.gain, one.order, one.evades, one.ends)  # fmt: skip


def honest(job: dict[str, Any]) -> dict[str, Any]:
    """The job with its `runs`, `again`: how many of them would be made again, and `integrity`: the gravest verdict after any of them."""
    kit, population = job["kit"], nothing_hidden()
    model = population.model
    site = Site(population, 0, kit, HONEST_SEED + job["i"], PRIORS["even"].places)
    following, state, spent, gravest, again = scheduled(model, kit, HONEST_SEED + job["i"]), State(PHASE), 0.0, 0, 0
    by: tuple[str, ...] = ()
    while (trial := following(state, Cost(HONEST_MIN - spent, math.inf, 0))) is not None:
        spent += cost(model, kit, trial).minutes
        if spent > HONEST_MIN:
            break
        site.run(trial)
        state = after(model, kit, state, trial)
        verdict = site.verdict()
        again += site.showed(verdict)
        if GRAVITY.index(verdict.integrity) > gravest:
            gravest = GRAVITY.index(verdict.integrity)
            by = tuple(sorted({d for one in verdict.findings if one.level == verdict.integrity for d in one.detectors}))
    return {**job, "runs": len(site.trials), "again": again, "integrity": GRAVITY[gravest], "by": list(by)}


def honest_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| kit | searches | runs | of them to be made again | suspect at some look | by | proven at some look | 95 % of proven |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kit in KITS:
        own = [row for row in rows if row["kit"] == kit]
        suspect, proven = (sum(row["integrity"] == level for row in own) for level in ("suspect", "proven"))
        by = sorted({name for row in own if row["integrity"] in ("suspect", "proven") for name in row["by"]})
        runs, again = (sum(row[of] for row in own) for of in ("runs", "again"))
        lines.append(
            f"| {kit} | {len(own)} | {runs} | {again} | {suspect} | {', '.join(by)} | {proven} | 0.000 to {interval(proven, len(own))[1]:.3f} |"
        )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kits", default=KIT, help="K0 to K2, with commas")
    parser.add_argument("--honest", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    return _honest(given) if given.honest else _power(given)


def _power(given: argparse.Namespace) -> int:
    n, kits = min(given.n or FULL, FULL), given.kits.split(",")
    jobs = [
        {"kit": kit, "cheat": f"{p} {e:.0%} {plan}", "prior": p, "evasive": e, "plan": plan, "i": i}
        for kit in kits for i in range(n) for p in PRIORS for e in EVASIVE for plan in PLANS
    ]  # fmt: skip
    rows = run("search_taximeters", jobs, given.fresh, workers=given.jobs, inspected=inspected, own=OWN, keep=True)
    tables = [[*table(rows, kit), ""] for kit in kits]
    print("\n".join(line for one in tables for line in one))
    if n == FULL and KIT in kits:
        head = [
            "# What a search meets at a taximeter",
            "",
            f"Made by `python benchmarks/search_taximeters.py`, {commits(rows)}, seed {SEED}, {n} functions a cell, phase E, every control at hand; K2: the meter's input and the",
            "sensor tapped, a receiver or the surveyed stretch as reference. Detected: verdict `suspect` or more; behind a hit the runs are those that make it again and narrow it.",
            "Functions by speeds no car may drive, by the hour or by loading before the hire are in the populations, and no run here reaches them: the bound says how many.",
            "The bound knows nothing of the place at which a function acts, nor of how often the judge has to see it. Simulated population: no figure here holds for a real taxi.",
            "",
        ]
        REPORT.write_text("\n".join([*head, *(line for one in tables for line in one)]).rstrip() + "\n", "utf-8")
    return 0


def _honest(given: argparse.Namespace) -> int:
    n = min(given.n or HONEST_FULL, HONEST_FULL)
    jobs = [{"kit": KITS[i % len(KITS)], "cheat": None, "i": i} for i in range(n)]
    rows = run("search_taximeters_honest", jobs, given.fresh, workers=given.jobs, inspected=honest, own=OWN)
    lines = [
        "# Honest searches at taximeters", "",
        f"Made by `python benchmarks/search_taximeters.py --honest`, {commits(rows)}, seed {HONEST_SEED}: {n} searches of {HONEST_MIN:.0f} minutes by the scheduler on honest taxis of an",
        "independent generator, judged after every run: whoever stops at will stops where most is seen. Simulated population.", "",
        *honest_table(rows),
    ]  # fmt: skip
    print("\n".join(lines[5:]))
    if n == HONEST_FULL:
        HONEST.write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if any(row["integrity"] == "proven" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
