"""`case new|list|show|verify`: stored cases, and whether they still are what was recorded and sealed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark, tell, translate
from harness.commands import case_carry, case_seal
from harness.commands.case_verify import verify as verify
from harness.exits import printable
from harness.output import emit
from harness.report.columns import column
from harness.report.errors import error_said

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
    opened = mark("{case}: case {id}, opened {utc}")
    text = translate(opened, case=case, id=record.id, utc=record.opened_utc)
    if follows is not None:
        text += "\n" + translate(mark("after {id}, digest {digest}"), id=follows.id, digest=follows.digest)
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
    lines = [_row(folder, case) for case in found] or [translate(mark("{folder}: no cases"), folder=folder)]
    emit("cases", {"root": str(folder), "cases": [_listed(folder, case) for case in found]}, "\n".join(lines), as_json)
    return 0


@app.command("show")
def show(case: Folder, as_json: AsJson = False) -> int:
    """Say what a case is: instrument, plan, when, who, verdict, photos and imported files, seal and digest.  Nothing is verified here."""
    from captures.bag import read_small
    from captures.case import Case
    from captures.case_record import read_record
    from captures.digest import grouped
    from captures.layout import INFO, PARTIES
    from harness.case_summary import originals_of, summarise
    from harness.private import Parties

    summary = summarise(case)
    after = None if summary.damage else read_record(Case.open(case)).after
    document = {**_document(summary), "after": None if after is None else asdict(after), "header": summary.header}
    people = [] if summary.damage else Parties(Case.open(case).journal).read()
    originals = [] if summary.damage else originals_of(Case.open(case))
    document["originals"] = [{"name": name, "bytes": size} for name, size in originals]
    document["people"] = [{"key": one["key"], "value": one["value"]} for one in people]
    nobody = translate(mark("not named here: no {file}"), file=PARTIES)
    told = [
        (mark("case"), summary.id), (mark("folder"), str(case)), (mark("instrument"), summary.instrument), (mark("plan"), summary.plan),
        (mark("kit"), summary.kit), (mark("begun"), summary.started_utc),
        (mark("tool"), f"{summary.header.get('tool', '')} {summary.header.get('version', '')}".strip()),
        (mark("status"), tell(summary.status)), (mark("conformity"), tell(summary.conformity)),
        (mark("integrity"), tell(summary.integrity)),
        *([(f"  {tell(one['key'])}", one["value"]) for one in people] or [(mark("people"), nobody)]),
        *((mark("original"), translate(mark("{name}, {size} bytes"), name=name, size=size)) for name, size in originals),
        (mark("after"), "" if after is None else translate(mark("{id}, digest {digest}"), id=after.id, digest=after.digest)),
        (mark("damage"), error_said(summary.damage)),
    ]  # fmt: skip
    lines = [f"{column(tell(label), 11)} {value}" for label, value in told if value]
    sealed = translate(mark("sealed"))
    if summary.sealed:
        info = case / INFO
        document["bag_info"] = read_small(info, 64 << 10).decode("utf-8", "replace") if info.is_file() else ""
        lines.append(f"{column(sealed, 10)} {translate(mark('digest'))}")
        lines += [f"           {line}" for line in grouped(summary.digest).split("\n")]
    else:
        lines.append(f"{column(sealed, 10)} {translate(mark('no'))}")
    emit("case", document, printable("\n".join(lines)), as_json)
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
        text = mark("{case}  DOES NOT VERIFY, not read: {why}")
        return printable(translate(text, case=root / case.path, why=error_said(case.why)))
    levels = [tell(part) for part in (case.conformity, case.integrity) if part]
    verdict = "/".join(levels) or translate(mark("not judged"))
    seal = translate(mark("sealed {digest}"), digest=case.digest[:16])
    sealed = seal if case.sealed else translate(mark("not sealed"))
    world = tell(case.world) if case.world != "real" else ""
    again = translate(mark("judges {digest} again"), digest=case.rejudges[:16]) if case.rejudges else ""
    parts = [
        str(root / case.path),
        case.id,
        case.started_utc[:19],
        case.instrument,
        case.plan,
        world,
        tell(case.status),
        again,
    ]
    damage = translate(mark("DAMAGED: {why}"), why=error_said(case.why)) if case.why else ""
    return printable("  ".join(part for part in (*parts, verdict, sealed, damage) if part))
