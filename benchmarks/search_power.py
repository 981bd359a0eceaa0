"""How many hidden functions a search meets in 15, 30 and 60 minutes, by plan: held-out populations, direct streams, the real judge.

    python benchmarks/search_power.py               400 functions a cell; writes docs/search_power.md; resumable
    python benchmarks/search_power.py --kit K1       the same for another kit, by the regulation's runs and the scheduler; writes docs/search_power_k1.md
    python benchmarks/search_power.py --n 40        a look, writes no document

Populations are drawn from other priors than the scheduler's own: `documented` weighs the factors as the catalogue of fuel dispensers does,
`even` weighs all alike and joins more of them.  Beside every cell stands what no plan can beat (harness/search/bound.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


from benchmarks import held_out  # noqa: E402
from benchmarks.inspection_runs import interval, run  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.search_cases import CONFIRM_MIN, OWN, PLANS, PRODUCT, searched  # noqa: E402
from harness.search.bound import bound  # noqa: E402
from harness.search.population import Population  # noqa: E402

FULL, SEED, KIT = 400, 60_000, "K2"
KITS = ("K1", KIT, "K3")
LOOKS = (15, 30, 60)  # minutes
BUDGETS = (30, 60)  # of the product's search, which plans by what is left; the others do not
EVASIVE = (0.7, 1.0)


PRIORS = {
    "documented": held_out.Prior(
        {"volume": 6, "keys": 6, "remote": 7, "ordinal": 1, "preset": 1, "power": 1, "pause": 1, "flow": 0.5, "price": 0.2, "clock": 0.3},
        (0.55, 0.30, 0.10, 0.05),
    ),
    "even": held_out.Prior(dict.fromkeys(("volume", "keys", "remote", "ordinal", "preset", "power", "pause", "flow", "price", "clock"), 1.0), (0.30, 0.30, 0.25, 0.15)),
}  # fmt: skip


@cache
def population(prior: str, evasive: float, n: int) -> Population:
    return held_out.population("dispenser", PRIORS, prior, evasive, n, SEED)


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job with what its search found."""
    hidden = population(job["prior"], job["evasive"], FULL)
    found = searched(hidden, job["i"], job["kit"], job["plan"], float(job["minutes"]), SEED)
    return {**job, **asdict(found), "integrity": "no_evidence" if found.suspect_min is None else "suspect"}


def _budget(plan: str, look: int) -> int:
    """Minutes of the search in which one looks for so many."""
    return next(one for one in BUDGETS if look <= one) if plan == PRODUCT else LOOKS[-1]


def _met(rows: Sequence[Mapping[str, Any]], look: int) -> list[Mapping[str, Any]]:
    return [r for r in rows if r["suspect_min"] is not None and r["suspect_min"] <= look]


def _plans(kit: str) -> tuple[str, ...]:
    return tuple(PLANS) if kit == KIT else ("regulation", PRODUCT)


def table(rows: Sequence[Mapping[str, Any]], kit: str, n: int) -> list[str]:
    lines = [
        "| population | evading | plan | 15 min | 30 min | 60 min | 95 % at 30 min | litres | proven in ten more minutes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for prior in PRIORS:
        for evasive in EVASIVE:
            for plan in _plans(kit):
                own = [
                    r for r in rows if (r["prior"], r["evasive"], r["plan"]) == (prior, evasive, plan) and r["i"] < n
                ]
                searches = [[r for r in own if r["minutes"] == _budget(plan, look)] for look in LOOKS]
                met = [_met(of, look) for of, look in zip(searches, LOOKS, strict=True)]
                low, high = interval(len(met[1]), len(searches[1]))
                early = met[1]
                proven = f"{sum(r['proven_min'] is not None for r in early)}/{len(early)}" if plan == PRODUCT else ""
                shares = " | ".join(f"{len(m) / max(len(of), 1):.2f}" for m, of in zip(met, searches, strict=True))
                litres = sum(r["litres"] for r in searches[1]) / max(len(searches[1]), 1)
                lines.append(
                    f"| {prior} | {evasive:.0%} | {plan} | {shares} | {low:.2f} to {high:.2f} | {litres:.0f} | {proven} |"
                )
            most = " | ".join(f"{bound(population(prior, evasive, FULL), kit, look, 'E'):.2f}" for look in LOOKS)
            lines.append(f"| {prior} | {evasive:.0%} | *bound of any plan* | {most} | | | |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=FULL)
    parser.add_argument("--kit", choices=KITS, default=KIT)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    n, kit = min(given.n, FULL), given.kit
    name = "search_power" if kit == KIT else f"search_power_{kit.lower()}"
    jobs = [
        {"kit": kit, "cheat": f"{p} {e:.0%} {plan}", "prior": p, "evasive": e, "plan": plan, "minutes": minutes, "i": i}
        for i in range(n) for p in PRIORS for e in EVASIVE for plan in _plans(kit) for minutes in sorted({_budget(plan, look) for look in LOOKS})
    ]  # fmt: skip
    rows = run(name, jobs, given.fresh, workers=given.jobs, inspected=inspected, own=OWN)
    lines = table(rows, kit, n)
    print("\n".join(lines))
    if n == FULL:
        head = [
            "# What a search meets",
            "",
            f"Made by `python benchmarks/search_power.py{'' if kit == KIT else f' --kit {kit}'}`, commit {commit()}, seed {SEED}, {n} functions a cell, dispensers, kit {kit}, phase E, every control at hand.",
            f"Detected: verdict `suspect` or more. `proven`: after a registered confirmation of what showed it, {CONFIRM_MIN:.0f} minutes of the same run. Simulated population: no figure here holds for a real dispenser.",
            f"The scheduler plans by what is left of its budget: {BUDGETS[0]} minutes for the first two columns, {BUDGETS[1]} for the third. Litres: of the search of {BUDGETS[0]} minutes, of the other plans of {LOOKS[-1]}.",
            "",
        ]
        (ROOT / "docs" / f"{name}.md").write_text("\n".join([*head, *lines]) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
