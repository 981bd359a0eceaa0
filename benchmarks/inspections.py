"""Whole inspections in process, through the wires: what `demo` would find, many times.

    python benchmarks/inspections.py table          every (cheat, kit) at its usual size and at 1, 2, 5, 10 %:
                                                    docs/expected_verdicts.md, docs/detection.md
    python benchmarks/inspections.py usual          the usual sizes only: docs/expected_verdicts.md
    python benchmarks/inspections.py honest         honest traders over every honest cause and kit: docs/honest_inspections.md

Resumable: finished inspections are lines in docs/results/NAME.jsonl and are not run again while the code they ran stays as it is
(--fresh runs all again).  Every line holds seed, scenario, digest of the code and commit.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.inspection_runs import ACCUSED, FLOWS, GRADES, KITS, ROOT, commits, interval, job, run

SIZES = (0.01, 0.02, 0.05, 0.10)
HONEST_SEED = 1000


def usual(seeds: int, fresh: bool, accept: Sequence[str]) -> int:
    """The verdict that `demo` promises, for each row of the table."""
    from harness.expected import expected

    rows = expected("dispenser")
    jobs = [job(None if r.cheat == "honest" else r.cheat, r.kit, s) for r in rows for s in range(1, seeds + 1)]
    results = run("expected_verdicts", jobs, fresh, accept)
    lines = [
        "# Expected verdict of every built cheat, per kit",
        "",
        f"Rows are data (`harness/expected/dispenser.toml`); `shortmeasure demo` must meet each. Measured over {seeds} seeds a row by",
        f"`python benchmarks/inspections.py usual --seeds {seeds}`, {commits(results)}, seeds 1 to {seeds}, nominal encoder, steady flow, full wire path in virtual time.",
        "Simulated population: every figure holds for these simulated dispensers at each cheat's usual size.",
        "",
        "| cheat | kit | integrity | conformity | link | reason | met |",
        "|---|---|---|---|---|---|---|",
    ]
    failed = 0
    for row in rows:
        mine = [r for r in results if (r["cheat"] or "honest") == row.cheat and r["kit"] == row.kit]
        good = [r for r in mine if met(r, row)]
        failed += len(mine) - len(good)
        lines.append(
            f"| {row.cheat} | {row.kit} | {' or '.join((row.integrity, *row.also))} | {' or '.join(row.conformity)} | {row.link.replace('>', ' > ')} | {row.reason} | {len(good)}/{len(mine)} |"
        )
        for r in mine:
            if r not in good:
                print(
                    f"NOT MET {row.cheat} {row.kit} seed {r['seed']}: {r['status']} {r['integrity']} {r['conformity']} {r['link']} {r['detectors']} {r['ids']} {r['limits']} {r['open']} E={r['error']} u={r['u']} {r['why']}",
                    file=sys.stderr,
                )
    (ROOT / "docs" / "expected_verdicts.md").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(results) - failed} of {len(results)} as expected")
    return 1 if failed else 0


def met(result: dict[str, Any], row: Any) -> bool:
    found = (
        result["status"] == "complete" and row.allows(result["integrity"]) and result["conformity"] in row.conformity
    )
    if not found or not row.link or result["integrity"] != row.integrity:
        return bool(found)
    return result["link"] == row.link and result["cheat"].split("+")[0] in result["ids"]


def detection(seeds: int, fresh: bool, accept: Sequence[str]) -> int:
    """Probability of proof per cheat, kit and size, with what it cost."""
    from fixtures.sim.cheats import CHEATS

    jobs = [
        job(cheat, kit, seed, size=size, grade=GRADES[(seed - 1) % 3])
        for cheat in sorted(CHEATS)
        for kit in KITS
        for size in SIZES
        for seed in range(1, seeds + 1)
    ]
    results = run("detection", jobs, fresh, accept)
    low = interval(0, seeds)[1]
    lines = [
        "# What a raid and a laboratory find: cheat, kit, size",
        "",
        f"Made by `python benchmarks/inspections.py table --seeds {seeds}`, {commits(results)}, seeds 1 to {seeds} a cell, encoder grades nominal, weak, poor in turn,",
        "steady flow, a trader who works the cheat as its case describes, no misread digits; full wire path in virtual time.",
        "Population: these simulated dispensers. A cell gives the share of inspections that end in `proven`, and after the slash in `suspect` or `proven`;",
        f"with {seeds} inspections a cell, 0/{seeds} leaves up to {low:.0%} and {seeds}/{seeds} down to {1 - low:.0%} (Wilson, 95 %). Litres and minutes are means over the kit's inspections:",
        "fuel that flowed and simulated time from the first prompt to the last, filling, reading and weighing included.",
        "",
        "| kit | plan | litres | minutes |",
        "|---|---|---|---|",
    ]
    for kit in KITS:
        mine = [r for r in results if r["kit"] == kit]
        litres, minutes = (sum(r[key] for r in mine) / len(mine) for key in ("litres", "minutes"))
        plan = "dispenser-bench" if kit == "K3" else "dispenser-raid"
        lines.append(f"| {kit} | {plan} | {litres:.0f} | {minutes:.0f} |")
    lines += ["", "| cheat | kit | 1 % | 2 % | 5 % | 10 % | true id kept |", "|---|---|---|---|---|---|---|"]
    incomplete = lost = 0
    for cheat in sorted(CHEATS):
        for kit in KITS:
            mine = [r for r in results if r["cheat"] == cheat and r["kit"] == kit]
            cells = []
            for size in SIZES:
                those = [r for r in mine if r["size"] == size]
                proven = sum(r["integrity"] == "proven" for r in those)
                cells.append(
                    f"{proven / len(those):.2f} / {sum(r['integrity'] in ACCUSED for r in those) / len(those):.2f}"
                )
            accused = [r for r in mine if r["integrity"] in ACCUSED]
            kept = sum(cheat in r["all_ids"] for r in accused)
            incomplete += sum(r["status"] != "complete" for r in mine)
            lost += len(accused) - kept
            lines.append(f"| {cheat} | {kit} | {' | '.join(cells)} | {f'{kept}/{len(accused)}' if accused else ''} |")
            for r in accused:
                if cheat not in r["all_ids"]:
                    print(f"LOST {cheat} {kit} {r['size']} seed {r['seed']}: {r['link']} {r['detectors']} {r['all_ids']}", file=sys.stderr)  # fmt: skip
    (ROOT / "docs" / "detection.md").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(results)} inspections, {incomplete} not complete, true id lost in {lost}")
    return 1 if incomplete or lost else 0


def honest_jobs(n: int) -> list[dict[str, Any]]:
    """Every honest effect alone in turn, over kits, grades and flows; each fifth site has two effects, each fourth has
    papers that do not state them, and one in five is read by an operator who misreads one number in a hundred."""
    from fixtures.sim.honest import EFFECTS

    names = [(), *((name,) for name in EFFECTS)]
    every = list(EFFECTS)
    jobs = []
    for i in range(n):
        effects = names[i // 4 % len(names)]
        if i % 5 == 4 and effects:
            effects = tuple(dict.fromkeys((*effects, every[i * 7 % len(every)])))
        jobs.append(
            job(
                None,
                KITS[i % 4],
                HONEST_SEED + i,
                grade=GRADES[i // 4 % 3],
                flow=FLOWS[i // 12 % 3],
                misread=0.01 if i % 5 == 0 else 0.0,
                honest=effects,
                declared=i // 8 % 4 != 3,
            )
        )
    return jobs


def honest(n: int, fresh: bool, accept: Sequence[str]) -> int:
    jobs = honest_jobs(n)
    results = run("honest_inspections", jobs, fresh, accept)
    counts = Counter((r["kit"], r["integrity"]) for r in results)
    conformity = Counter((r["kit"], r["conformity"]) for r in results)
    accused = [r for r in results if r["integrity"] in ACCUSED]
    lines = [
        "# Honest inspections",
        "",
        f"{n} whole inspections of honest simulated traders by `python benchmarks/inspections.py honest --n {n}`, {commits(results)}, seeds {HONEST_SEED} to {HONEST_SEED + n - 1}.",
        "Population: every honest effect of [honest_causes.md](honest_causes.md) alone in turn and none (each fifth site two at once), kits K0-K3, encoder grades nominal, weak, poor,",
        "flow profiles steady, ragged, weak; calibration error uniform within +-0.1 %, run-to-run 0.02-0.04 %; a quarter of the sites have papers that do not state their effects; one in",
        "five is read by an operator who misreads one number in a hundred. Full wire path in virtual time.",
        "",
        "| kit | no_evidence | inconclusive | suspect | proven | pass | inconclusive | fail |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kit in KITS:
        cells = [counts[kit, level] for level in ("no_evidence", "inconclusive", "suspect", "proven")] + [
            conformity[kit, c] for c in ("pass", "inconclusive", "fail")
        ]
        lines.append(f"| {kit} | " + " | ".join(map(str, cells)) + " |")
    proven, suspect = (sum(r["integrity"] == level for r in results) for level in ("proven", "suspect"))
    bound = 3 / n * 1e5
    lines += [
        "",
        f"`proven`: {proven}, `suspect`: {suspect}. With no `proven` in {n}, the 95 % bound on false proof is 3/{n} ({bound:.0f} in 10^5 honest cases); the design value is alpha = 10^-4 (10 in 10^5),",
        "which this many inspections cannot confirm: the detectors' own nulls are measured in [validation.md](validation.md).",
        "",
        "| effect | inspections | no_evidence | inconclusive | suspect | proven | conformity fail |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ["none", *sorted({name for r in results for name in r["honest"]})]:
        mine = [r for r in results if (name in r["honest"] if name != "none" else not r["honest"])]
        levels = [sum(r["integrity"] == level for r in mine) for level in ("no_evidence", "inconclusive", *ACCUSED)]
        lines.append(
            f"| {name} | {len(mine)} | {' | '.join(map(str, levels))} | {sum(r['conformity'] == 'fail' for r in mine)} |"
        )
    lines += [""] + [
        f"- seed {r['seed']} {r['kit']} {r['grade']} {r['flow']} {'+'.join(r['honest']) or 'no effect'}{'' if r['declared'] else ' (undeclared)'}: {r['integrity']} at {r['link']} by {', '.join(r['detectors'])}; {'; '.join(r['limits'])}"
        for r in accused
    ]
    (ROOT / "docs" / "honest_inspections.md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    errors = [r for r in results if r["status"] != "complete"]
    for r in [*accused, *errors]:
        print(r, file=sys.stderr)
    print(f"proven {proven}, suspect {suspect}, runs not complete {len(errors)}, of {n}")
    return 0 if proven == 0 and suspect <= 3 * max(1, n // 1000) and not errors else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["table", "usual", "honest"])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument(
        "--accept", action="append", default=[], help="CODE:K0,K1: results of an earlier digest that stand"
    )
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    if given.what == "honest":
        sys.exit(honest(given.n, given.fresh, given.accept))
    ended = usual(given.seeds, given.fresh, given.accept)
    sys.exit(max(ended, detection(given.seeds, given.fresh, given.accept)) if given.what == "table" else ended)
