"""`case new|list|show|verify`: stored cases, and whether they still are what was recorded and sealed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.commands import case_carry, case_seal
from harness.commands.case_verify import verify as verify
from harness.output import emit

if TYPE_CHECKING:
    from harness.case_summary import CaseSummary
    from harness.index import CaseRow

app = typer.Typer(help="Stored cases.", no_args_is_help=True)
app.command("seal")(case_seal.seal)
app.command("sign")(case_seal.sign)
app.command("digest")(case_seal.digest)
app.command("export")(case_carry.export)
app.command("import")(case_carry.import_)
app.command("verify")(verify)

Folder = Annotated[Path, typer.Argument(help="the case folder")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]


@app.command("new")
def new(
    case: Annotated[Path, typer.Argument(help="the new case folder")],
    id: Annotated[str, typer.Option("--id", help="the office's number of the case; else the folder's name")] = "",
    after: Annotated[
        Path | None, typer.Option("--after", help="the sealed case that this one follows; it is verified first")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a case folder, for `run --case` or `capture import --case`.  Later results on a sealed case go into a new one."""
    from captures.case import Case
    from captures.case_record import After, CaseRecord, new_case, read_record
    from captures.seal import case_digest
    from captures.verify import require_as_sealed
    from harness.exits import UsageError
    from harness.hours import utc_now

    follows = None
    if after is not None:
        earlier = Case.open(after)
        digest = case_digest(earlier)
        require_as_sealed(after)
        follows = After(read_record(earlier).id, digest)
    try:
        record = CaseRecord(id or case.absolute().name, utc_now(), follows)
        new_case(case, record)
    except ValueError as problem:
        raise UsageError(str(problem)) from None
    text = f"{case}: case {record.id}, opened {record.opened_utc}"
    if follows is not None:
        text += f"\nafter {follows.id}, digest {follows.digest}"
    emit("case", {"case": str(case), **asdict(record)}, text, as_json)
    return 0


@app.command("list")
def list_(
    root: Annotated[
        Path | None, typer.Argument(help="the folder that holds cases; else SHORTMEASURE_CASES, else ./cases")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="verify every case anew, also those that look unchanged")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """List the cases under a folder; one that does not verify is named as such and not read."""
    import os

    from harness.index import Index, cases_root

    folder = cases_root(os.environ) if root is None else root
    with Index(folder) as index:
        index.refresh(again=again)
        found = index.cases()
    lines = [_row(folder, case) for case in found] or [f"{folder}: no cases"]
    emit("cases", {"root": str(folder), "cases": [_listed(folder, case) for case in found]}, "\n".join(lines), as_json)
    return 0


@app.command("show")
def show(case: Folder, as_json: AsJson = False) -> int:
    """Say what a case is: instrument, plan, when, who, verdict, photos and imported files, seal and digest.  Nothing is verified here."""
    from captures.bag import read_small
    from captures.case import Case
    from captures.case_record import read_record
    from captures.digest import grouped
    from captures.seal import INFO, PARTIES
    from harness.case_summary import originals_of, summarise
    from harness.private import Parties

    summary = summarise(case)
    after = None if summary.damage else read_record(Case.open(case)).after
    document = {**_document(summary), "after": None if after is None else asdict(after), "header": summary.header}
    people = [] if summary.damage else Parties(Case.open(case).journal).read()
    originals = [] if summary.damage else originals_of(Case.open(case))
    document["originals"] = [{"name": name, "bytes": size} for name, size in originals]
    document["people"] = [{"key": one["key"], "value": one["value"]} for one in people]
    told = [
        ("case", summary.id), ("folder", str(case)), ("instrument", summary.instrument), ("plan", summary.plan),
        ("kit", summary.kit), ("begun", summary.started_utc),
        ("tool", f"{summary.header.get('tool', '')} {summary.header.get('version', '')}".strip()),
        ("status", summary.status), ("conformity", summary.conformity), ("integrity", summary.integrity),
        *([(f"  {one['key']}", one["value"]) for one in people] or [("people", f"not named here: no {PARTIES}")]),
        *(("original", f"{name}, {size} bytes") for name, size in originals),
        ("after", "" if after is None else f"{after.id}, digest {after.digest}"), ("damage", summary.damage),
    ]  # fmt: skip
    lines = [f"{label:11} {value}" for label, value in told if value]
    if summary.sealed:
        info = case / INFO
        document["bag_info"] = read_small(info, 64 << 10).decode("utf-8", "replace") if info.is_file() else ""
        lines += ["sealed     digest", *(f"           {line}" for line in grouped(summary.digest).split("\n"))]
    else:
        lines.append("sealed     no")
    emit("case", document, _printable("\n".join(lines)), as_json)
    return 0


def _document(summary: CaseSummary) -> dict[str, Any]:
    return {
        "case": str(summary.path), "id": summary.id, "sealed": summary.sealed, "digest": summary.digest,
        "started_utc": summary.started_utc, "plan": summary.plan, "kit": summary.kit, "instrument": summary.instrument,
        "status": summary.status, "conformity": summary.conformity, "integrity": summary.integrity,
        "damage": summary.damage,
    }  # fmt: skip


def _listed(root: Path, case: CaseRow) -> dict[str, Any]:
    from harness.index import VERIFIES

    told = asdict(case)
    del told["path"], told["state"], told["why"]
    return {"case": str(root / case.path), "verifies": case.state == VERIFIES, **told, "damage": case.why}


def _row(root: Path, case: CaseRow) -> str:
    from harness.index import VERIFIES

    if case.state != VERIFIES:
        return _printable(f"{root / case.path}  DOES NOT VERIFY, not read: {case.why}")
    verdict = "/".join(part for part in (case.conformity, case.integrity) if part) or "not judged"
    sealed = f"sealed {case.digest[:16]}" if case.sealed else "not sealed"
    world = case.world if case.world != "real" else ""
    again = f"judges {case.rejudges[:16]} again" if case.rejudges else ""
    parts = [
        str(root / case.path),
        case.id,
        case.started_utc[:19],
        case.instrument,
        case.plan,
        world,
        case.status,
        again,
    ]
    damage = f"DAMAGED: {case.why}" if case.why else ""
    return _printable("  ".join(part for part in (*parts, verdict, sealed, damage) if part))


def _printable(text: str) -> str:
    from harness.exits import printable

    return printable(text)
