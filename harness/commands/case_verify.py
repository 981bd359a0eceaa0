"""`case verify`: whether a case still is what was recorded and sealed, and what was demanded of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark, translate
from harness.exits import printable
from harness.output import comment, emit
from harness.report.differences import difference_said, note_said

if TYPE_CHECKING:
    from captures.bag import Difference
    from captures.verify import Verification


NOTE, NEXT = mark("note: {note}"), mark("what next: {remedy}")
ONE = {  # difference, by the plural
    "{count} differences from what was recorded, sealed or demanded": mark(
        "{count} difference from what was recorded, sealed or demanded"
    ),
    "{count} differences from what was recorded or sealed": mark("{count} difference from what was recorded or sealed"),
}


def verify(
    case: Annotated[Path, typer.Argument(help="the case folder")],
    key: Annotated[
        Path | None, typer.Option("--key", help="public key file that must have signed the case (PEM)")
    ] = None,
    digest: Annotated[
        str, typer.Option("--digest", help="the digest on the paper record, with or without blanks")
    ] = "",
    sealed: Annotated[bool, typer.Option("--sealed", help="an unsealed case is a failure too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout, with every difference")] = False,
) -> int:
    """Check every line and file of a case, and its seal.

    Exit 0: as recorded and sealed, and as demanded.  2: no case at this path, or --digest is no digest.  41: the file of
    --key holds no public key, or something may not be read and nothing else differs.  50: it differs; each difference is named, and so is a key or
    digest that was demanded and is another.
    """
    from captures.bag import Difference
    from captures.digest import ungrouped
    from captures.keys import load_public
    from captures.layout import TAG_MANIFEST
    from captures.signing import fingerprint
    from captures.verify import verify as check
    from harness.exits import Exit, UsageError

    try:
        stated = ungrouped(digest) if digest else None
    except ValueError as problem:
        raise UsageError(f"--digest: {problem}") from None
    found = check(case, digest=stated, key=fingerprint(load_public(key)) if key is not None else None)
    differences = found.differences
    if sealed and not found.sealed and not any(one.kind == "demanded" for one in differences):
        unsealed = Difference(TAG_MANIFEST, "no seal", "a sealed case", "a case that is not sealed", kind="demanded")
        differences = (*differences, unsealed)
    document = {
        **_verified(case, found),
        "verifies": not differences,
        "differences": [asdict(one) for one in differences],
    }
    if not differences or as_json:
        emit("verification", document, printable("\n".join(_said(case, found, key, stated))), as_json)
    if differences:
        comment(printable("\n".join(_complaint(case, found, differences, stated))))
        denied = all(one.kind == "denied" for one in differences) and not found.more
        return Exit.PRECONDITION if denied else Exit.EVIDENCE
    return Exit.OK


def _complaint(case: Path, found: Verification, differences: tuple[Difference, ...], digest: str | None) -> list[str]:
    """What differs, and what to do: a wrong paper or key is no altered case."""
    demanded = [one for one in differences if one.kind == "demanded"]
    denied = [one for one in differences if one.kind == "denied"]
    differences = tuple(one for one in differences if one.kind != "denied")
    count = len(differences) + found.more
    if not count:
        head = mark("nothing else differs, and not all could be looked at")
    elif len(demanded) == count:
        head = mark("agrees with itself, and is not what was demanded")
    elif demanded:
        head = mark("{count} differences from what was recorded, sealed or demanded")
    else:
        head = mark("{count} differences from what was recorded or sealed")
    if count == 1:
        head = ONE.get(head, head)
    told = translate(head, count=count)
    lines = [f"shortmeasure: {case}: {told}", *(f"  {difference_said(one)}" for one in differences)]
    if found.more:
        lines.append(translate(mark("  and {count} more"), count=found.more))
    lines += [translate(mark("  not looked at, no permission to read it: {file}"), file=one.file) for one in denied]
    lines += [f"  {translate(NOTE, note=note_said(note))}" for note in found.notes]
    if denied:
        text = mark(
            "have it verified by who may read it; a copy made with `case export --redacted` holds no personal data"
        )
        lines.append(f"  {translate(NEXT, remedy=translate(text))}")
    if len(demanded) < count:
        remedy = translate(mark("work on a copy of the case that verifies; keep this one as it is"))
        lines.append(f"  {translate(NEXT, remedy=remedy)}")
    for one in demanded:
        lines.append(f"  {translate(NEXT, remedy=_of_demand(one, digest))}")
    return lines


def _of_demand(one: Difference, digest: str | None) -> str:
    from captures.layout import SEAL

    if one.file == SEAL:
        return translate(
            mark("ask the office's register which key this case was to be signed with; `keys show` lists your own")
        )
    if digest is None or len(one.got) != len(digest):
        return translate(
            mark(
                "`shortmeasure case seal` seals a case; one that was sealed once has lost its seal, ask for another copy"
            )
        )
    text = mark(
        "{groups}; read the paper again; if it says this, the paper is another case's, or this case was made anew after it "
        "was written"
    )
    return translate(text, groups=_groups(digest, one.got))


def _groups(paper: str, case: str) -> str:
    """Where two digests differ, in the groups of four in which they stand on paper."""
    pairs = [(paper[at : at + 4], case[at : at + 4]) for at in range(0, len(paper), 4)]
    text = mark("group {n}: given {given}, case {own}")
    other = [translate(text, n=n, given=given, own=own) for n, (given, own) in enumerate(pairs, 1) if given != own]
    agree = translate(mark("{count} of {all} groups agree"), count=len(pairs) - len(other), all=len(pairs))
    return agree + (translate(mark(" ({why})"), why="; ".join(other)) if len(other) < 4 else "")


def _verified(case: Path, found: Verification) -> dict[str, Any]:
    report = found.report
    document: dict[str, Any] = {
        "case": str(case), "sealed": found.sealed, "digest": found.digest, "more_differences": found.more,
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
    whole = mark("complete")
    cut = mark("the run was cut: no closing line; everything before it verifies")
    state = translate(whole if report.complete else cut)
    verifies = mark("{case}: verifies, {lines} lines, {state}")
    lines = [translate(verifies, case=case, lines=report.lines, state=state)]
    lines.append(translate(mark("head {head}"), head=report.head))
    notes = [translate(NOTE, note=note_said(note)) for note in found.notes]
    if not found.sealed:
        text = mark("not sealed: a case rebuilt whole would verify as well; `shortmeasure case seal` seals it")
        return [*lines, translate(text), *notes]
    utc, agent = found.info.get("Sealed-UTC", ""), found.info.get("Bag-Software-Agent", "")
    lines.append(translate(mark("sealed {utc} by {agent}"), utc=utc, agent=agent))
    own, unnamed = found.info.get("Signing-Key"), translate(mark(" (bag-info.txt does not name this key)"))
    lines += [
        translate(mark("signed by {key}"), key=signer.fingerprint) + ("" if signer.fingerprint == own else unnamed)
        for signer in found.signers
    ]
    lines += [translate(mark("time stamp {utc} ({file})"), utc=stamp.utc, file=stamp.file) for stamp in found.stamps]
    if key is None:
        lines.append(translate(mark("  whose keys these are is not checked: --key FILE demands one")))
    lines += [translate(mark("digest")), *(f"  {line}" for line in grouped(found.digest).split("\n"))]
    if digest is None:
        text = mark(
            "  compare it with the paper record, or give it: --digest; the holder of the key can make a case anew"
        )
        lines.append(translate(text))
    return [*lines, *notes]
