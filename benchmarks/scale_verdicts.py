"""The verdict that `demo price-scale|truck-scale` promises, run for every row of its table.

    python benchmarks/scale_verdicts.py                     both tables, three seeds a row; docs/scale_verdicts.md
    python benchmarks/scale_verdicts.py truck-scale --kits K0,K1 --cheats truck.T04 --seeds 1

A row that is not met is printed with what was found instead; a cheat without a row is run all the same and printed.
Resumable: finished inspections are lines in docs/results/scale_verdicts.jsonl and are not run again while the code that they ran
stays as it is (--fresh runs all again).  The document is written only where whole tables ran.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.inspection_runs import ROOT, commits, run, told
from benchmarks.scale_recovery import recovered, summary

FAMILIES = ("price-scale", "truck-scale")
KITS = ("K0", "K1", "K3")
OWN = ("harness/benches.py", "benchmarks/scale_verdicts.py", "benchmarks/scale_recovery.py")
HONEST = "honest"
MOST_TOLD = 6  # findings that a row keeps


def built(family: str) -> tuple[str, ...]:
    """Every cheat of the family by its id, without variants."""
    from fixtures.sim.scale.cheats import SCALE_CHEATS
    from fixtures.sim.scale.truck.cheats import TRUCK_CHEATS

    return SCALE_CHEATS if family == "price-scale" else TRUCK_CHEATS


def job(family: str, cheat: str, kit: str, seed: int) -> dict[str, Any]:
    return {"family": family, "cheat": None if cheat == HONEST else cheat, "kit": kit, "seed": seed}


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job, what its verdict says, and enough of its findings to see why it is not another."""
    import harness.inspection as inspection
    from harness.benches import find, world

    inspection.Progress = lambda *_, **__: lambda *step: None  # type: ignore[assignment,misc]
    bench = find(f"{job['family']}-{job['kit'].lower()}")
    plan = f"{job['family']}-{'bench' if job['kit'] == 'K3' else 'raid'}"
    site = world(bench, job["cheat"], job["seed"])
    with tempfile.TemporaryDirectory() as folder:
        document = inspection.inspect(plan, bench, Path(folder) / "case", world=site).document
    required = [f"{q['text']}: {q['why']}" for q in document["coverage"] if q["required"] and not q["answered"]]
    return {
        **job, **told(document), "minutes": round(site.now_ns / 6e10, 1), "unanswered": required,
        "recovered": recovered(job["family"], job["cheat"], document["findings"]),
        "findings": [brief(finding) for finding in document["findings"][:MOST_TOLD]],
    }  # fmt: skip


def brief(finding: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one finding from another."""
    names = ("level", "link", "detectors", "shape", "effect", "evidence", "threshold", "limits", "at", "mechanism")
    return {name: finding[name] for name in names}


def met(row: Any, result: Mapping[str, Any]) -> bool:
    """As `demo` compares them."""
    found = (
        result["status"] == "complete" and row.allows(result["integrity"]) and result["conformity"] in row.conformity
    )
    if not found or not row.link or result["integrity"] != row.integrity:
        return bool(found)
    return result["link"] == row.link and (row.cheat == HONEST or row.cheat in result["ids"])


def shown(result: Mapping[str, Any]) -> str:
    """A result in a few lines."""
    lines = [
        f"{result['cheat'] or HONEST} {result['kit']} seed {result['seed']}: {result['status']} {result['integrity']} {result['conformity']} {result['why']}"
    ]
    for f in result["findings"]:
        effect = "" if f["effect"] is None else f" {100 * f['effect']:+.3g} %"
        lines.append(
            f"    {f['level']} {f['link']} {'+'.join(f['detectors'])}{effect} e {f['evidence']:.2g} of {f['threshold']:.2g}; {'; '.join(f['limits'])}"
        )
    return "\n".join([*lines, *(f"    open: {question}" for question in result["unanswered"])])


def table(rows: Sequence[Any], results: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| cheat | kit | integrity | conformity | link | reason | met | size as built: told (within a tenth) | trigger: named |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        mine = [r for r in results if (r["cheat"] or HONEST) == row.cheat and r["kit"] == row.kit]
        good = sum(met(row, r) for r in mine)
        told_link = row.link.replace(">", " > ")
        lines.append(
            f"| {row.cheat} | {row.kit} | {' or '.join((row.integrity, *row.also))} | {' or '.join(row.conformity)} | {told_link} | {row.reason} | {good}/{len(mine)} | {' | '.join(summary(mine))} |"
        )
    return lines


def main() -> int:
    from harness.expected import expected

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="*", choices=[*FAMILIES, []], help="both where none is named")
    parser.add_argument("--kits", default=",".join(KITS))
    parser.add_argument("--cheats", default="", help="ids with commas between, honest among them; all where empty")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="print every result, not only those that are not met")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    families, only = given.family or FAMILIES, [name for name in given.cheats.split(",") if name]
    jobs = [
        job(family, cheat, kit, seed)
        for family in families
        for cheat in (HONEST, *built(family))
        if not only or cheat in only
        for kit in given.kits.split(",")
        for seed in range(1, given.seeds + 1)
    ]
    results = run("scale_verdicts", jobs, given.fresh, workers=given.jobs, inspected=inspected, own=OWN, keep=True)
    rows = {family: expected(family) for family in families}
    failed = 0
    for result in results:
        row = next(
            (r for r in rows[result["family"]] if (r.cheat, r.kit) == (result["cheat"] or HONEST, result["kit"])),
            None,
        )
        good = row is not None and met(row, result)
        failed += not good
        if given.all or not good:
            wanted = "no row" if row is None else f"expected {row.integrity} {'/'.join(row.conformity)} {row.link}"
            print(("" if good else f"NOT MET ({wanted}) ") + shown(result))
    print(f"{len(results) - failed} of {len(results)} as expected")
    if set(families) == set(FAMILIES) and not only and given.kits == ",".join(KITS):
        lines = [
            "# Expected verdicts of scales, per cheat and kit",
            "",
            f"Rows are data (`harness/expected/price-scale.toml`, `truck-scale.toml`); `shortmeasure demo price-scale|truck-scale` must meet each. Measured over {given.seeds} seeds a row by",
            f"`python benchmarks/scale_verdicts.py --seeds {given.seeds}`, {commits(results)}, seeds 1 to {given.seeds}, built-in benches, full wire path in virtual time.",
            "Simulated population: every verdict holds for these simulated scales at each cheat's usual size.",
        ]
        for family in families:
            mine = [r for r in results if r["family"] == family]
            lines += ["", f"## {family}", "", *table(rows[family], mine)]
        (ROOT / "docs" / "scale_verdicts.md").write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
