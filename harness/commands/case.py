"""`case verify` and its short form `verify`: does a stored case still hold what was recorded?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.output import emit

app = typer.Typer(help="Stored cases.", no_args_is_help=True)


@app.command("verify")
def verify(
    case: Annotated[Path, typer.Argument(help="the case folder")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Check every line and file of a case.  Exit 0, or 50 naming what differs."""
    from captures.case import verify_case

    report = verify_case(case)
    document = {
        "case": str(case), "verifies": True, "complete": report.complete, "lines": report.lines, "head": report.head,
        "torn_bytes": len(report.torn), "originals": [original.name for original in report.originals],
    }  # fmt: skip
    state = "complete" if report.complete else "the run was cut: no closing line; everything before it verifies"
    text = f"{case}: verifies, {report.lines} lines, {state}\nhead {report.head}"
    emit("verification", document, text, as_json)
    return 0
