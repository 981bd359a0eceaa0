"""Whole inspections in process, through the wires: what `demo` would find, many times.

    python benchmarks/inspections.py table              the expected verdict of every (cheat, kit), docs/expected_verdicts.md
    python benchmarks/inspections.py honest --n 200     honest traders over encoder grades, flow profiles and kits, docs/honest_inspections.md

Resumable: finished inspections are lines in docs/results/NAME.jsonl and are not run again unless the code's commit differs
(--fresh runs all again).  Every line holds seed, scenario and commit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
GRADES = ("nominal", "weak", "poor")
FLOWS = ("steady", "ragged", "weak")
KITS = ("K0", "K1", "K2", "K3")


def one(job: dict[str, Any]) -> dict[str, Any]:
    """One inspection; the job's keys plus what the verdict said."""
    import harness.inspection as inspection
    from fixtures.sim.build import build
    from harness.benches import find, scenario

    inspection.Progress = lambda now_ns: lambda *step: None  # type: ignore[assignment,misc]
    bench = find(f"dispenser-{job['kit'].lower()}")
    simulated = replace(
        scenario(bench, job["cheat"], job["seed"], job.get("size")),
        grade=job["grade"],
        flow=job["flow"],
        reading_error_rate=job["misread"],
    )
    plan = "dispenser-bench" if job["kit"] == "K3" else "dispenser-raid"
    with tempfile.TemporaryDirectory() as folder:
        document = inspection.inspect(plan, bench, Path(folder) / "case", world=build(simulated)).document
    gravest = next((f for f in document["findings"] if f["level"] == document["integrity"]), None)
    return {
        **job, "status": document["status"], "integrity": document["integrity"], "conformity": document["conformity"],
        "link": gravest and gravest["link"], "ids": gravest["catalogue_ids"] if gravest else [], "detectors": gravest["detectors"] if gravest else [],
        "effect": gravest and gravest["effect"], "limits": gravest["limits"] if gravest else [], "why": document["why"],
        "error": document["conformity_detail"]["error"], "u": document["conformity_detail"]["u"],
        "open": [q["text"] for q in document["coverage"] if not q["answered"]],
    }  # fmt: skip


def run(name: str, jobs: list[dict[str, Any]], fresh: bool) -> list[dict[str, Any]]:
    """All `jobs`, two at a time, resuming from what an earlier call with the same code finished."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.jsonl"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    keyed = {json.dumps(job, sort_keys=True): job for job in jobs}
    done: dict[str, dict[str, Any]] = {}
    if path.exists() and not fresh:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            key = json.dumps({k: row[k] for k in jobs[0]}, sort_keys=True)
            if row["commit"] == commit and key in keyed:
                done[key] = row
    with path.open("w", encoding="utf-8") as file, ProcessPoolExecutor(2) as pool:
        for row in done.values():
            file.write(json.dumps(row) + "\n")
        waiting = {pool.submit(one, job): key for key, job in keyed.items() if key not in done}
        for number, future in enumerate(as_completed(waiting), 1):
            row = {**future.result(), "commit": commit}
            done[waiting[future]] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(
                f"\r{len(done)}/{len(keyed)} {row['kit']} {row['cheat'] or 'honest'} {row['integrity']:<14}",
                end="",
                file=sys.stderr,
            )
            del number
    print(file=sys.stderr)
    return [done[key] for key in keyed]


def job(
    cheat: str | None, kit: str, seed: int, grade: str = "nominal", flow: str = "steady", misread: float = 0.0
) -> dict[str, Any]:
    return {"cheat": cheat, "kit": kit, "seed": seed, "grade": grade, "flow": flow, "misread": misread}


def table(seeds: int, fresh: bool) -> int:
    from harness.expected import expected

    rows = expected("dispenser")
    results = run(
        "expected_verdicts",
        [job(None if r.cheat == "honest" else r.cheat, r.kit, s) for r in rows for s in range(1, seeds + 1)],
        fresh,
    )
    lines = [
        "# Expected verdict of every built cheat, per kit",
        "",
        f"Rows are data (`harness/expected/dispenser.toml`); `shortmeasure demo` must meet each. Measured over {seeds} seeds a row by",
        f"`python benchmarks/inspections.py table --seeds {seeds}`, commit {results[0]['commit']}, seeds 1 to {seeds}, nominal encoder, steady flow, full wire path in virtual time.",
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
            f"| {row.cheat} | {row.kit} | {row.integrity} | {' or '.join(row.conformity)} | {row.link.replace('>', ' > ')} | {row.reason} | {len(good)}/{len(mine)} |"
        )
        for r in mine:
            if r not in good:
                print(
                    f"NOT MET {row.cheat} {row.kit} seed {r['seed']}: {r['status']} {r['integrity']} {r['conformity']} {r['link']} {r['ids']} {r['limits']} {r['open']} E={r['error']} u={r['u']} {r['why']}",
                    file=sys.stderr,
                )
    (ROOT / "docs" / "expected_verdicts.md").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(results) - failed} of {len(results)} as expected")
    return 1 if failed else 0


def met(result: dict[str, Any], row: Any) -> bool:
    found = (
        result["status"] == "complete"
        and result["integrity"] == row.integrity
        and result["conformity"] in row.conformity
    )
    if not found or not row.link:
        return bool(found)
    return result["link"] == row.link and result["cheat"].split("+")[0] in result["ids"]


def honest(n: int, fresh: bool) -> int:
    jobs = []
    for i in range(n):
        kit, grade, flow = KITS[i % 4], GRADES[i // 4 % 3], FLOWS[i // 12 % 3]
        jobs.append(job(None, kit, 1000 + i, grade, flow, misread=0.01 if i % 5 == 0 else 0.0))
    results = run("honest_inspections", jobs, fresh)
    counts = Counter((r["kit"], r["integrity"]) for r in results)
    conformity = Counter((r["kit"], r["conformity"]) for r in results)
    accused = [r for r in results if r["integrity"] in ("proven", "suspect")]
    lines = [
        "# Honest inspections",
        "",
        f"{n} whole inspections of honest simulated traders by `python benchmarks/inspections.py honest --n {n}`, commit {results[0]['commit']}, seeds 1000 to {999 + n}.",
        "Population: kits K0-K3 in turn, encoder grades nominal, weak, poor, flow profiles steady, ragged, weak; calibration error uniform within +-0.1 %, run-to-run",
        "0.02-0.04 %; one trader in five is read by an operator who misreads one number in a hundred. Full wire path in virtual time.",
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
        "Inconclusive at K0 and K1 is not an accusation: a weighed can holds 20 L, so whether the error begins later in a delivery stays unanswered.",
    ]
    lines += [
        f"- seed {r['seed']} {r['kit']} {r['grade']} {r['flow']}: {r['integrity']} at {r['link']} by {', '.join(r['detectors'])}; {'; '.join(r['limits'])}"
        for r in accused
    ]
    (ROOT / "docs" / "honest_inspections.md").write_text("\n".join(lines) + "\n", "utf-8")
    errors = [r for r in results if r["status"] != "complete"]
    for r in [*accused, *errors]:
        print(r, file=sys.stderr)
    print(f"proven {proven}, suspect {suspect}, runs not complete {len(errors)}, of {n}")
    return 0 if proven == 0 and suspect <= 1 and not errors else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["table", "honest"])
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    sys.exit(
        table(arguments.seeds, arguments.fresh) if arguments.what == "table" else honest(arguments.n, arguments.fresh)
    )
