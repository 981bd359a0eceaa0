"""Whole inspections against a family's table of expected verdicts, and the page that says how many rows are met.

Used by the benchmarks that run such a table.  Finished inspections are kept by benchmarks/inspection_runs.py and are not run again while the
code that they ran stays as it is.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.inspection_runs import ROOT, commits, run, told

HONEST = "honest"
MOST_TOLD = 6  # findings that a row keeps
OWN = ("harness/benches.py", "harness/expected/__init__.py", "benchmarks/verdict_tables.py")


@dataclass(frozen=True)
class Tables:
    """What one benchmark runs: `families` and `kits`, the built cheats of a family, the columns behind "met" and what fills
    them, `page` in docs/ with its `title`, and files `own` on which results depend."""

    name: str
    title: str
    families: tuple[str, ...]
    kits: tuple[str, ...]
    built: Callable[[str], tuple[str, ...]]
    inspected: Callable[[dict[str, Any]], dict[str, Any]]
    own: tuple[str, ...] = OWN
    columns: tuple[str, ...] = ()
    summary: Callable[[Sequence[Mapping[str, Any]]], Sequence[str]] = lambda _: ()
    head: tuple[str, ...] = ()


def job(family: str, cheat: str, kit: str, seed: int) -> dict[str, Any]:
    return {"family": family, "cheat": None if cheat == HONEST else cheat, "kit": kit, "seed": seed}


def verdict(job: dict[str, Any]) -> tuple[dict[str, Any], Sequence[Mapping[str, Any]]]:
    """The job, what its verdict says, and enough of its findings to see why it is not another; and those findings whole."""
    import harness.inspection as inspection
    from harness.benches import find, world
    from harness.expected import plan_of

    inspection.Progress = lambda *_, **__: lambda *step: None  # type: ignore[assignment,misc]
    bench = find(f"{job['family']}-{job['kit'].lower()}")
    site = world(bench, job["cheat"], job["seed"])
    with tempfile.TemporaryDirectory() as folder:
        document = inspection.inspect(
            plan_of(job["family"], job["kit"]), bench, Path(folder) / "case", world=site
        ).document
    required = [f"{q['text']}: {q['why']}" for q in document["coverage"] if q["required"] and not q["answered"]]
    row = {
        **job, **told(document), "minutes": round(site.now_ns / 6e10, 1), "unanswered": required,
        "findings": [brief(finding) for finding in document["findings"][:MOST_TOLD]],
    }  # fmt: skip
    return row, document["findings"]


def brief(finding: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one finding from another."""
    names = ("level", "link", "detectors", "shape", "effect", "evidence", "threshold", "limits", "at", "mechanism")
    return {name: finding[name] for name in names}


def met(row: Any, result: Mapping[str, Any]) -> bool:
    """As `demo` compares them."""
    from harness.expected import catalogued

    found = (
        result["status"] == "complete" and row.allows(result["integrity"]) and result["conformity"] in row.conformity
    )
    if not found or not row.link or result["integrity"] != row.integrity:
        return bool(found)
    return result["link"] == row.link and (row.cheat == HONEST or catalogued(row.cheat) in result["ids"])


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


def table(tables: Tables, rows: Sequence[Any], results: Sequence[Mapping[str, Any]]) -> list[str]:
    heads = ("cheat", "kit", "integrity", "conformity", "link", "reason", "met", *tables.columns)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        mine = [r for r in results if (r["cheat"] or HONEST) == row.cheat and r["kit"] == row.kit]
        good = sum(met(row, r) for r in mine)
        cells = (
            row.cheat, row.kit, " or ".join((row.integrity, *row.also)), " or ".join(row.conformity), row.link.replace(">", " > "),
            row.reason, f"{good}/{len(mine)}", *tables.summary(mine),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def measure(tables: Tables, description: str) -> int:
    """The benchmark's command line: run, print what is not met, write the page where whole tables ran."""
    from harness.expected import expected

    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="*", choices=[*tables.families, []], help="all where none is named")
    parser.add_argument("--kits", default=",".join(tables.kits))
    parser.add_argument("--cheats", default="", help="ids with commas between, honest among them; all where empty")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="print every result, not only those that are not met")
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    families, only = given.family or tables.families, [name for name in given.cheats.split(",") if name]
    jobs = [
        job(family, cheat, kit, seed)
        for family in families
        for cheat in (HONEST, *tables.built(family))
        if not only or cheat in only
        for kit in given.kits.split(",")
        for seed in range(1, given.seeds + 1)
    ]
    results = run(
        tables.name, jobs, given.fresh, workers=given.jobs, inspected=tables.inspected, own=tables.own, keep=True
    )
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
    if set(families) == set(tables.families) and not only and given.kits == ",".join(tables.kits):
        sources = ", ".join(f"`{family}.toml`" for family in tables.families)
        lines = [
            f"# {tables.title}",
            "",
            f"Rows are data (`harness/expected/`: {sources}); `shortmeasure demo {'|'.join(tables.families)}` must meet each. Measured over {given.seeds} seeds a row by",
            f"`python benchmarks/{tables.name}.py --seeds {given.seeds}`, {commits(results)}, seeds 1 to {given.seeds}, built-in benches, full wire path in virtual time.",
            *tables.head,
        ]
        for family in families:
            mine = [r for r in results if r["family"] == family]
            lines += ["", f"## {family}", "", *table(tables, rows[family], mine)]
        (ROOT / "docs" / f"{tables.name}.md").write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if failed else 0
