"""How many hidden functions of price scales a search meets in 15, 30 and 60 minutes, and how often an honest one is accused by it.

    python benchmarks/search_scales.py               400 functions a cell; writes docs/search_scales.md; resumable
    python benchmarks/search_scales.py --honest      500 honest searches; writes docs/search_scales_honest.md; resumable
    python benchmarks/search_scales.py --n 40        a look, writes no document

Held-out populations: drawn from other priors than the scheduler's own.  `documented` weighs the factors as the catalogue of scales does, `even`
weighs all alike and joins more of them.  Beside every cell stands what no plan can beat (harness/search/bound.py).
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
from benchmarks.search_scale_cases import CONFIRMED_RUNS, OWN, PLANS, honest, searched  # noqa: E402
from harness.search.bound import bound  # noqa: E402
from harness.search.population import Population  # noqa: E402

REPORT, HONEST_REPORT = ROOT / "docs" / "search_scales.md", ROOT / "docs" / "search_scales_honest.md"
FULL, FULL_HONEST, SEED, KITS = 400, 500, 64_000, ("K0", "K1")
LOOKS = (15, 30, 60)  # minutes
EVASIVE = (0.7, 1.0)


# documented: rows of scales.md 1A by what switches them: keys S01-S05, S25; remote S06, S10, S26; unit S13; load S21; time and count S22;
# zero and tare S14; a unit price typed S18
PRIORS = {
    "documented": held_out.Prior(
        {"keys": 6, "remote": 3, "unit": 1, "load": 1, "ordinal": 0.5, "power": 0.5, "clock": 0.3, "zero": 0.5, "tare": 0.5, "price": 1},
        (0.55, 0.30, 0.10, 0.05),
    ),
    "even": held_out.Prior(
        dict.fromkeys(("load", "keys", "remote", "unit", "price", "zero", "tare", "power", "ordinal", "clock"), 1.0), (0.30, 0.30, 0.25, 0.15)
    ),
}  # fmt: skip


@cache
def population(prior: str, evasive: float, n: int) -> Population:
    return held_out.population("price-scale", PRIORS, prior, evasive, n, SEED)


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job with what its search found."""
    if job["plan"] == HONEST:
        return {
            **job,
            **honest(held_out.nothing_hidden("price-scale", SEED), job["kit"], float(LOOKS[-1]), SEED + job["i"]),
        }
    hidden = population(job["prior"], job["evasive"], FULL)
    found = searched(hidden, job["i"], job["kit"], job["plan"], float(LOOKS[-1]), SEED)
    return {**job, **asdict(found), "integrity": "no_evidence" if found.suspect_min is None else "suspect"}


HONEST = "honest"


def jobs_of(n: int) -> list[dict[str, Any]]:
    return [
        {"kit": kit, "cheat": f"{p} {e:.0%} {plan}", "prior": p, "evasive": e, "plan": plan, "i": i}
        for i in range(n) for kit in KITS for p in PRIORS for e in EVASIVE for plan in PLANS
    ]  # fmt: skip


def honest_jobs_of(n: int) -> list[dict[str, Any]]:
    return [
        {"kit": KITS[i % len(KITS)], "cheat": None, "prior": "", "evasive": 0.0, "plan": HONEST, "i": i}
        for i in range(n)
    ]


def table(rows: Sequence[Mapping[str, Any]], kit: str) -> list[str]:
    lines = [
        "| population | evading | plan | 15 min | 30 min | 60 min | 95 % at 15 min | 95 % at 30 min | 95 % at 60 min | runs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for prior in PRIORS:
        for evasive in EVASIVE:
            for plan in PLANS:
                cell = (kit, prior, evasive, plan)
                own = [r for r in rows if (r["kit"], r["prior"], r["evasive"], r["plan"]) == cell]
                met = [sum(r["suspect_min"] is not None and r["suspect_min"] <= look for r in own) for look in LOOKS]
                shares = " | ".join(f"{k / max(len(own), 1):.2f}" for k in met)
                within = " | ".join("{:.2f} to {:.2f}".format(*interval(k, len(own))) for k in met)
                made = [r["runs"] for r in own if r["runs"]]  # what waits for a tare or an hour is not searched for
                runs = sum(made) / max(len(made), 1)
                lines.append(f"| {prior} | {evasive:.0%} | {plan} | {shares} | {within} | {runs:.0f} |")
            most = " | ".join(f"{bound(population(prior, evasive, FULL), kit, look, 'E'):.2f}" for look in LOOKS)
            lines.append(f"| {prior} | {evasive:.0%} | *bound of any plan* | {most} | | | | |")
    return lines


def honest_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| kit | searches | runs | suspect at some look | proven at some look | suspect behind a confirmation | proven behind it | 95 % of proven |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kit in KITS:
        own = [r for r in rows if r["kit"] == kit]
        seen = [
            sum(r[of] == level for r in own) for of in ("integrity", "confirmed") for level in ("suspect", "proven")
        ]
        high = interval(max(seen[1], seen[3]), len(own))[1]
        lines.append(
            f"| {kit} | {len(own)} | {sum(r['runs'] for r in own)} | {' | '.join(map(str, seen))} | 0.000 to {high:.3f} |"
        )
    return lines


def document(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "# What a search meets at price scales",
        "",
        f"Made by `python benchmarks/search_scales.py`, {ran(rows)}, seed {SEED}, {FULL} functions a cell, phase E, a seized remote at hand. Weighings of the independent generator",
        "(`benchmarks/generators_scale.py`), scales of 15 and 30 kg, the judge that the product runs. Detected: verdict `suspect` or more. `regulation`: round loads up and down, no key. What a plan sees",
        "is made again and, but for `regulation`, narrowed; the scheduler's search ends there, as the product's does, the others go on.",
        "The bound takes every state as if it could be had for nothing. Populations draw the model's factors by other weights; functions that wait for a tare or an hour are among them and are",
        "reached by no plan here; `runs` are of the others. Simulated population: no figure here holds for a real scale.",
        "",
    ]
    for kit in KITS:
        lines += [f"## Kit {kit}", "", *table(rows, kit), ""]
    return lines[:-1]


def honest_document(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        "# Honest searches at price scales",
        "",
        f"Made by `python benchmarks/search_scales.py --honest`, {ran(rows)}, seed {SEED}: {len(rows)} searches of {LOOKS[-1]} minutes by the scheduler on honest scales of the independent generator, judged after every run",
        "that seems off and every eighth; what seems off is made again and narrowed, and the search goes on. Behind each a confirmation of the test that spoke",
        f"loudest, {CONFIRMED_RUNS} runs, whether or not anything was suspected. Simulated population.",
        "",
        *honest_table(rows),
    ]


def ran(rows: Sequence[Mapping[str, Any]]) -> str:
    return "commit " + " and ".join(sorted({str(row["commit"]) for row in rows}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=0, help="functions a cell, or honest searches")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--honest", action="store_true", help="honest searches")
    given = parser.parse_args()
    if given.honest:
        jobs, name, report = (
            honest_jobs_of(min(given.n or FULL_HONEST, FULL_HONEST)),
            "search_scales_honest",
            HONEST_REPORT,
        )
    else:
        jobs, name, report = jobs_of(min(given.n or FULL, FULL)), "search_scales", REPORT
    rows = run(name, jobs, given.fresh, workers=given.jobs, inspected=inspected, own=OWN, keep=True)
    lines = honest_document(rows) if given.honest else document(rows)
    print("\n".join(lines))
    if not given.n:
        report.write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if any("proven" in (row["integrity"], row.get("confirmed")) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
