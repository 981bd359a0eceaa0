"""`case new|list|show|verify`: stored cases, and whether they still are what was recorded and sealed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.commands import case_carry, case_seal
from harness.output import comment, emit

if TYPE_CHECKING:
    from captures.verify import Verification
    from harness.case_summary import CaseSummary
    from harness.index import CaseRow

app = typer.Typer(help="Stored cases.", no_args_is_help=True)
app.command("seal")(case_seal.seal)
app.command("sign")(case_seal.sign)
app.command("digest")(case_seal.digest)
app.command("export")(case_carry.export)
app.command("import")(case_carry.import_)

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
    """Say what a case is: instrument, plan, when, who, verdict, seal and digest.  Nothing is verified here."""
    from captures.bag import read_small
    from captures.case import Case
    from captures.case_record import read_record
    from captures.digest import grouped
    from captures.seal import INFO, PARTIES
    from harness.case_summary import summarise
    from harness.private import Parties

    summary = summarise(case)
    after = None if summary.damage else read_record(Case.open(case)).after
    document = {**_document(summary), "after": None if after is None else asdict(after), "header": summary.header}
    people = [] if summary.damage else Parties(Case.open(case).journal).read()
    document["people"] = [{"key": one["key"], "value": one["value"]} for one in people]
    told = [
        ("case", summary.id), ("folder", str(case)), ("instrument", summary.instrument), ("plan", summary.plan),
        ("kit", summary.kit), ("begun", summary.started_utc),
        ("tool", f"{summary.header.get('tool', '')} {summary.header.get('version', '')}".strip()),
        ("status", summary.status), ("conformity", summary.conformity), ("integrity", summary.integrity),
        *([(f"  {one['key']}", one["value"]) for one in people] or [("people", f"not named here: no {PARTIES}")]),
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


@app.command("verify")
def verify(
    case: Folder,
    key: Annotated[
        Path | None, typer.Option("--key", help="public key file that must have signed the case (PEM)")
    ] = None,
    digest: Annotated[
        str, typer.Option("--digest", help="the digest on the paper record, with or without blanks")
    ] = "",
    sealed: Annotated[bool, typer.Option("--sealed", help="an unsealed case is a failure too")] = False,
    as_json: AsJson = False,
) -> int:
    """Check every line and file of a case, and its seal.  Exit 0, or 50 naming what differs."""
    from captures.digest import ungrouped
    from captures.errors import IntegrityError
    from captures.keys import load_public
    from captures.signing import fingerprint
    from captures.verify import verify as check
    from harness.exits import Exit, UsageError

    try:
        stated = ungrouped(digest) if digest else None
    except ValueError as problem:
        raise UsageError(f"--digest: {problem}") from None
    found = check(case, digest=stated, key=fingerprint(load_public(key)) if key is not None else None)
    if sealed and not found.sealed:
        raise IntegrityError(f"{case}: expected a sealed case, got one without a seal")
    verifies = not found.differences
    document = _verified(case, found)
    if verifies or as_json:
        emit("verification", document, _printable("\n".join(_said(case, found, key, stated))), as_json)
    if not verifies:
        count = len(found.differences)
        head = f"shortmeasure: {case}: {count} difference{'s' if count > 1 else ''} from what was recorded, sealed or demanded"
        comment(_printable("\n".join([head, *(f"  {difference}" for difference in found.differences)])))
        comment("  what next: work on a copy of the case that verifies; keep this one as it is")
        return Exit.EVIDENCE
    return Exit.OK


def _verified(case: Path, found: Verification) -> dict[str, Any]:
    report = found.report
    document: dict[str, Any] = {
        "case": str(case), "verifies": not found.differences, "sealed": found.sealed, "digest": found.digest,
        "differences": [asdict(difference) for difference in found.differences],
        "signers": [signer.fingerprint for signer in found.signers], "stamps": [asdict(stamp) for stamp in found.stamps],
        "withheld": found.withheld, "notes": list(found.notes), "bag_info": dict(found.info),
    }  # fmt: skip
    if report is not None:
        document |= {
            "complete": report.complete, "lines": report.lines, "head": report.head, "torn_bytes": len(report.torn),
            "originals": [original.name for original in report.originals],
        }  # fmt: skip
    return document


def _said(case: Path, found: Verification, key: Path | None, digest: str | None) -> list[str]:
    from captures.digest import grouped

    report = found.report
    if report is None:
        return []
    state = "complete" if report.complete else "the run was cut: no closing line; everything before it verifies"
    lines = [f"{case}: verifies, {report.lines} lines, {state}", f"head {report.head}"]
    if not found.sealed:
        lines.append("not sealed: a case rebuilt whole would verify as well; `shortmeasure case seal` seals it")
        return lines + [f"note: {note}" for note in found.notes]
    lines.append(f"sealed {found.info.get('Sealed-UTC', '')} by {found.info.get('Bag-Software-Agent', '')}")
    lines += [f"signed by {signer.fingerprint}" for signer in found.signers]
    lines += [f"time stamp {stamp.utc} ({stamp.file})" for stamp in found.stamps]
    if key is None:
        lines.append("  whose keys these are is not checked: --key FILE demands one")
    lines += ["digest", *(f"  {line}" for line in grouped(found.digest).split("\n"))]
    if digest is None:
        lines.append(
            "  compare it with the paper record, or give it: --digest; the holder of the key can make a case anew"
        )
    return lines + [f"note: {note}" for note in found.notes]


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
    parts = [str(root / case.path), case.id, case.started_utc[:19], case.instrument, case.plan, world, case.status]
    damage = f"DAMAGED: {case.why}" if case.why else ""
    return _printable("  ".join(part for part in (*parts, verdict, sealed, damage) if part))


def _printable(text: str) -> str:
    from harness.exits import printable

    return printable(text)
