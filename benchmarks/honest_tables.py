"""What whole inspections of honest instruments come to: one inspection as a row, rows as tables, accusations as sentences.

Used by benchmarks/scale_inspections.py and benchmarks/taxi_inspections.py.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.inspection_runs import ACCUSED, ROOT, run, told
from benchmarks.verdict_tables import brief

USUAL = 400  # inspections of a family
SUSPECTS = 2  # of USUAL: the design value
LEVELS = ("no_evidence", "inconclusive", *ACCUSED)
HEAD = "inspections | no_evidence | inconclusive | suspect | proven | pass | inconclusive | fail |"
RULE = "|---" * 9 + "|"


def judged(job: Mapping[str, Any], plan: str, bench: Any, site: Any) -> dict[str, Any]:
    """The job and what its verdict says; of an accusation also every finding."""
    import harness.inspection as inspection

    inspection.Progress = lambda *_, **__: lambda *step: None  # type: ignore[assignment,misc]
    with tempfile.TemporaryDirectory() as folder:
        document = inspection.inspect(plan, bench, Path(folder) / "case", world=site).document
    findings = [brief(f) for f in document["findings"] if f["level"] in ACCUSED]
    unanswered = [f"{q['text']}: {q['why']}" for q in document["coverage"] if q["required"] and not q["answered"]]
    return {
        **job, **told(document), "minutes": round(site.now_ns / 6e10, 1), "findings": findings, "unanswered": unanswered,
    }  # fmt: skip


def described(row: Mapping[str, Any], place: str) -> str:
    """An accused site at `place` and why, in one item of a list."""
    site = ", ".join(f"{key} {value}" for key, value in row["site"].items())
    effects = "+".join(row["honest"]) or "no effect"
    why = "; ".join(
        f"{f['level']} at {f['link']} by {', '.join(f['detectors'])} ({f['mechanism']}), e = {f['evidence']:.3g} of {f['threshold']:.3g}, {'; '.join(f['limits']) or 'nothing not excluded'}"
        for f in row["findings"]
    )
    return f"- seed {row['seed']} {place}, {effects}{'' if row['declared'] else ' (papers silent)'}{', misreading' if row['misread'] else ''}, {site}: {why}"


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """Cells of a table: inspections, integrity by level, conformity."""
    levels = [sum(r["integrity"] == level for r in rows) for level in LEVELS]
    conformity = [sum(r["conformity"] == one for r in rows) for one in ("pass", "inconclusive", "fail")]
    return " | ".join(map(str, (len(rows), *levels, *conformity)))


def table(title: str, rows: Iterable[tuple[str, Sequence[Mapping[str, Any]]]]) -> list[str]:
    """A table with a line for each (name, inspections)."""
    return ["", f"| {title} | {HEAD}", RULE, *(f"| {name} | {counted(those)} |" for name, those in rows)]


def summary(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many were accused, and what so many inspections can confirm."""
    n, (proven, suspect) = len(results), totals(results)
    return [
        f"`proven`: {proven}, `suspect`: {suspect} of {n}; aimed at are none and at most {SUSPECTS} of {USUAL}. With no `proven` in {n} the 95 % bound on false proof is 3/{n} ({3 / n * 1e5:.0f} in 10^5",
        "honest cases); the design value is alpha = 10^-4 (10 in 10^5), which so many inspections cannot confirm.",
    ]


def accused(results: Sequence[Mapping[str, Any]], described: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """The last paragraph: every accusation, in a sentence."""
    found = [described(r) for r in results if r["integrity"] in ACCUSED]
    return ["", "Accused:", "", *found] if found else ["", "Nobody was accused."]


def totals(results: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many are proven and suspect."""
    proven, suspect = (sum(r["integrity"] == level for r in results) for level in ("proven", "suspect"))
    return proven, suspect


def command(
    name: str,
    doc: str | None,
    jobs_of: Callable[[int], list[dict[str, Any]]],
    inspected: Callable[[dict[str, Any]], dict[str, Any]],
    own: Sequence[str],
    document: Callable[[Sequence[Mapping[str, Any]]], list[str]],
    described: Callable[[Mapping[str, Any]], str],
) -> int:
    """The command line of a benchmark of honest inspections: runs them, prints who was accused, writes docs/`name`.md where all
    were run.  Returns 1 where more are accused than the design allows, or a run did not end."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=USUAL)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument(
        "--accept", action="append", default=[], help="CODE:K0,K1: results of an earlier digest that stand"
    )
    given = parser.parse_args()
    results = run(
        name, jobs_of(given.n), given.fresh, given.accept, workers=given.jobs, inspected=inspected, own=own, keep=True
    )
    if given.n >= USUAL:
        (ROOT / "docs" / f"{name}.md").write_text("\n".join(document(results)) + "\n", "utf-8")
    failed = [r for r in results if r["status"] != "complete"]
    for row in results:
        if row["integrity"] in ACCUSED:
            print(described(row))
        elif row["integrity"] == "inconclusive" and given.n < USUAL:
            print(
                f"- seed {row['seed']} {row['kit']} {'+'.join(row['honest'])}: inconclusive, {'; '.join(row['unanswered'])}"
            )
    for row in failed:
        print(f"- seed {row['seed']} {row['kit']}: {row['status']}, {row['why']}")
    proven, suspect = totals(results)
    print(f"proven {proven}, suspect {suspect}, runs not complete {len(failed)}, of {given.n}")
    return 0 if proven == 0 and suspect <= SUSPECTS * max(1, given.n // USUAL) and not failed else 1
