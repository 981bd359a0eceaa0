"""`case verify`: whether a case still is what was recorded and sealed, and what was demanded of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.output import comment, emit

if TYPE_CHECKING:
    from captures.bag import Difference
    from captures.verify import Verification


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
    --key holds no public key, or the case may not be read.  50: it differs; each difference is named, and so is a key or
    digest that was demanded and is another.
    """
    from captures.bag import Difference
    from captures.case import TAG_MANIFEST
    from captures.digest import ungrouped
    from captures.keys import load_public
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
        emit("verification", document, _printable("\n".join(_said(case, found, key, stated))), as_json)
    if differences:
        comment(_printable("\n".join(_complaint(case, found, differences, stated))))
        return Exit.EVIDENCE
    return Exit.OK


def _complaint(case: Path, found: Verification, differences: tuple[Difference, ...], digest: str | None) -> list[str]:
    """What differs, and what to do: a wrong paper or key is no altered case."""
    demanded = [one for one in differences if one.kind == "demanded"]
    count = len(differences) + found.more
    if len(demanded) == count:
        head = "agrees with itself, and is not what was demanded"
    else:
        head = f"{count} difference{'s' if count > 1 else ''} from what was recorded{', sealed or demanded' if demanded else ' or sealed'}"
    lines = [f"shortmeasure: {case}: {head}", *(f"  {difference}" for difference in differences)]
    if found.more:
        lines.append(f"  and {found.more} more")
    lines += [f"  note: {note}" for note in found.notes]
    if len(demanded) < count:
        lines.append("  what next: work on a copy of the case that verifies; keep this one as it is")
    for one in demanded:
        lines.append(f"  what next: {_of_demand(one, digest)}")
    return lines


def _of_demand(one: Difference, digest: str | None) -> str:
    from captures.seal import SEAL

    if one.file == SEAL:
        return "ask the office's register which key this case was to be signed with; `keys show` lists your own"
    if digest is None or len(one.got) != len(digest):
        return "`shortmeasure case seal` seals a case; one that was sealed once has lost its seal, ask for another copy"
    return (
        f"{_groups(digest, one.got)}; read the paper again; if it says this, the paper is another case's, or this case was "
        "made anew after it was written"
    )


def _groups(paper: str, case: str) -> str:
    """Where two digests differ, in the groups of four in which they stand on paper."""
    pairs = [(paper[at : at + 4], case[at : at + 4]) for at in range(0, len(paper), 4)]
    other = [f"group {n}: given {given}, case {own}" for n, (given, own) in enumerate(pairs, 1) if given != own]
    return f"{len(pairs) - len(other)} of {len(pairs)} groups agree" + (
        f" ({'; '.join(other)})" if len(other) < 4 else ""
    )


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
    state = "complete" if report.complete else "the run was cut: no closing line; everything before it verifies"
    lines = [f"{case}: verifies, {report.lines} lines, {state}", f"head {report.head}"]
    if not found.sealed:
        lines.append("not sealed: a case rebuilt whole would verify as well; `shortmeasure case seal` seals it")
        return lines + [f"note: {note}" for note in found.notes]
    lines.append(f"sealed {found.info.get('Sealed-UTC', '')} by {found.info.get('Bag-Software-Agent', '')}")
    own = found.info.get("Signing-Key")
    lines += [
        f"signed by {signer.fingerprint}"
        + ("" if signer.fingerprint == own else " (bag-info.txt does not name this key)")
        for signer in found.signers
    ]
    lines += [f"time stamp {stamp.utc} ({stamp.file})" for stamp in found.stamps]
    if key is None:
        lines.append("  whose keys these are is not checked: --key FILE demands one")
    lines += ["digest", *(f"  {line}" for line in grouped(found.digest).split("\n"))]
    if digest is None:
        lines.append(
            "  compare it with the paper record, or give it: --digest; the holder of the key can make a case anew"
        )
    return lines + [f"note: {note}" for note in found.notes]


def _printable(text: str) -> str:
    from harness.exits import printable

    return printable(text)
