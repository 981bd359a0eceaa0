"""Whole simulated inspections in process, through the wires, many times; finished ones are kept and not run again.

A job is a flat JSON object; its result is the job with what the verdict said, what it cost, and the digest of the code
that ran.  Results stand in docs/results/NAME.jsonl; a line of another digest is run again.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.repository import ROOT, commit

RESULTS = ROOT / "docs" / "results"
GRADES = ("nominal", "weak", "poor")
FLOWS = ("steady", "ragged", "weak")
KITS = ("K0", "K1", "K2", "K3")
ACCUSED = ("suspect", "proven")
CODE = (
    "captures",
    "protocols",
    "fixtures/sim",
    "fixtures/instruments",
    "fixtures/benches",
    "harness/plans",
    "harness/derive",
    "harness/judge",
    "harness/catalogue",
    "harness/enact.py",
    "harness/measuring.py",
    "benchmarks/inspection_runs.py",
)


def job(
    cheat: str | None,
    kit: str,
    seed: int,
    *,
    size: float | None = None,
    grade: str = "nominal",
    flow: str = "steady",
    misread: float = 0.0,
    honest: tuple[str, ...] = (),
    declared: bool = True,
) -> dict[str, Any]:
    """`size` None: the documented one.  `declared`: the papers of the instrument state its honest effects; else they
    are silent about them."""
    return {
        "cheat": cheat, "kit": kit, "seed": seed, "size": size, "grade": grade, "flow": flow, "misread": misread,
        "honest": list(honest), "declared": declared,
    }  # fmt: skip


def one(job: dict[str, Any]) -> dict[str, Any]:
    """One inspection; the job's keys plus what the verdict said and what the inspection cost."""
    import harness.inspection as inspection
    from fixtures.sim.build import build
    from fixtures.sim.honest import declared, undeclared
    from harness.benches import find, scenario, with_profile

    inspection.Progress = lambda *_, **__: lambda *step: None  # type: ignore[assignment,misc]
    names = tuple(job["honest"])
    bench = find(f"dispenser-{job['kit'].lower()}")
    simulated = replace(
        scenario(bench, job["cheat"], job["seed"], job["size"], honest=names),
        grade=job["grade"],
        flow=job["flow"],
        reading_error_rate=job["misread"],
    )
    bench = with_profile(bench, declared(names) if job["declared"] else undeclared(names))
    plan = "dispenser-bench" if job["kit"] == "K3" else "dispenser-raid"
    site = build(simulated)
    with tempfile.TemporaryDirectory() as folder:
        document = inspection.inspect(plan, bench, Path(folder) / "case", world=site).document
    litres = round(sum(sale.delivered_ml for sale in site.sales) / 1000, 1)
    return {**job, **told(document), "litres": litres, "minutes": round(site.now_ns / 6e10, 1)}


def told(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a row keeps of a verdict."""
    gravest = next((f for f in document["findings"] if f["level"] == document["integrity"]), None)
    return {
        "status": document["status"], "integrity": document["integrity"], "conformity": document["conformity"],
        "link": gravest and gravest["link"], "ids": gravest["catalogue_ids"] if gravest else [], "detectors": gravest["detectors"] if gravest else [],
        "all_ids": sorted({id for f in document["findings"] for id in f["catalogue_ids"]}),
        "effect": gravest and gravest["effect"], "limits": gravest["limits"] if gravest else [], "why": document["why"],
        "error": document["conformity_detail"]["error"], "u": document["conformity_detail"]["u"],
        "open": [q["text"] for q in document["coverage"] if not q["answered"]],
    }  # fmt: skip


@lru_cache
def digest(*own: str) -> str:
    """Of the code that an inspection runs, and of the files `own`; documents and tests do not count."""
    sha = hashlib.sha256()
    for part in (*CODE, *own):
        files = [ROOT / part] if part.endswith(".py") else sorted((ROOT / part).rglob("*"))
        for file in files:
            if file.suffix in (".py", ".toml", ".mo") and "__pycache__" not in file.parts:
                sha.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return sha.hexdigest()[:12]


def run(
    name: str,
    jobs: Iterable[dict[str, Any]],
    fresh: bool,
    accept: Sequence[str] = (),
    workers: int = 2,
    inspected: Callable[[dict[str, Any]], dict[str, Any]] = one,
    own: Sequence[str] = (),
    keep: bool = False,
) -> list[dict[str, Any]]:
    """All `jobs`, `workers` at a time, resuming from what an earlier call with the same code finished.

    `accept`: "CODE:K0,K1" counts results of an earlier digest at kits on which what changed since cannot act; documents name
    the commit of every kit.  `inspected` makes the row of a job, by files `own` beside CODE; a job has "kit", "cheat" and,
    where they are drawn, "honest".  `keep`: results of the same code that are not asked for now stay in the file.
    """
    trusted = {code: kits.split(",") for code, kits in (item.split(":") for item in accept)}
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.jsonl"
    keyed = {_key(job, job): job for job in jobs}
    names = tuple(next(iter(keyed.values()), {}))
    code = digest(*own)
    done: dict[str, dict[str, Any]] = {}
    others: list[dict[str, Any]] = []
    if path.exists() and not fresh:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            same = row.get("code") == code or row["kit"] in trusted.get(row.get("code"), ())
            if same and (key := _key(row, names)) in keyed:
                done[key] = row
            elif same and keep:
                others.append(row)
    begin, before = time.monotonic(), len(done)
    of = {"code": code, "commit": commit()}
    with path.open("w", encoding="utf-8") as file, ProcessPoolExecutor(workers) as pool:
        for row in (*others, *done.values()):
            file.write(json.dumps(row) + "\n")
        waiting = {pool.submit(inspected, job): key for key, job in keyed.items() if key not in done}
        try:
            for future in as_completed(waiting):
                row = {**future.result(), **of}
                done[waiting[future]] = row
                file.write(json.dumps(row) + "\n")
                file.flush()
                left = (time.monotonic() - begin) / (len(done) - before) * (len(keyed) - len(done)) / 60
                what = row["cheat"] or "+".join(row.get("honest", ())) or "honest"
                print(f"\r{len(done)}/{len(keyed)} {left:4.0f} min left  {row['kit']} {what:<24} {row['integrity']:<14}", end="", file=sys.stderr)  # fmt: skip
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what nobody would write down is not begun
            raise
    print(file=sys.stderr)
    return [done[key] for key in keyed]


def _key(row: Mapping[str, Any], names: Iterable[str]) -> str:
    return json.dumps({name: row.get(name) for name in names}, sort_keys=True)


def commits(results: Sequence[dict[str, Any]]) -> str:
    """Which commit ran what: one, or one a kit."""
    found = {kit: {r["commit"] for r in results if r["kit"] == kit} for kit in KITS}
    every = set().union(*found.values())
    if len(every) == 1:
        return f"commit {every.pop()}"
    return "commits " + ", ".join(f"{' and '.join(sorted(c))} ({kit})" for kit, c in found.items() if c)


def interval(k: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share k/n."""
    if n == 0:
        return 0.0, 1.0
    z2, p = 1.96**2, k / n
    middle, half = p + z2 / (2 * n), 1.96 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))
