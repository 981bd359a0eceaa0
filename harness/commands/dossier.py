"""`dossier INSTRUMENT`: what the stored cases say of one instrument over time, differences first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.output import comment, emit


def dossier(
    instrument: Annotated[
        str, typer.Argument(help="the instrument's id as on its bench file; nothing = list the instruments")
    ] = "",
    root: Annotated[
        Path | None, typer.Option("--root", help="the folder of the cases; else SHORTMEASURE_CASES, else ./cases")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="verify every case anew, also those that look unchanged")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Print what is known of an instrument: what changed (K, checksum, seals), earlier verdicts, last values."""
    import os

    from fixtures.language import Sentence, mark, translate
    from harness.dossier import dossier as compiled
    from harness.dossier import dossier_document, dossier_text
    from harness.exits import UsageError, printable
    from harness.index import DIFFERS, Index, cases_root
    from harness.report.errors import error_said

    folder = cases_root(os.environ) if root is None else root
    with Index(folder) as index:
        done = index.refresh(again=again)
        for row in index.cases():
            if row.state == DIFFERS:
                comment(printable(translate(mark("not read: {case}: {why}"), case=row.path, why=error_said(row.why))))
        counted = mark("{folder}: {count} cases, {read} of them verified now")
        comment(printable(translate(counted, folder=folder, count=done.read + done.kept, read=done.read)))
        known = index.instruments()
        if not instrument:
            emit("instruments", {"root": str(folder), "instruments": known}, printable("\n".join(known)), as_json)
            return 0
        if instrument not in known:
            raise UsageError(
                Sentence(
                    mark("expected an instrument of {folder}, got {instrument!r}; there are {known}"),
                    folder=folder,
                    instrument=instrument,
                    known=", ".join(known[:50]) or Sentence(mark("none")),
                )
            )
        found = compiled(index, instrument)
    emit("dossier", dossier_document(found), printable(dossier_text(found)), as_json)
    return 0
