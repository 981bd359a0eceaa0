"""`doctor`: is this computer fit for a raid, and how to mend what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.output import emit


def doctor(
    bench: Annotated[str, typer.Option("--bench", help="also look at this bench: its file, ports and standards")] = "",
    cases: Annotated[
        Path | None, typer.Option("--cases", help="the folder of the cases; else SHORTMEASURE_CASES, else ./cases")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Look at ports, clock, disk, keys, standards and plugins.  Exit 0, or 41 when something would hinder a run."""
    import os
    from dataclasses import asdict

    from fixtures.language import mark, tell, translate
    from harness.benches import find
    from harness.doctor import BAD, STATES, examine
    from harness.exits import Exit, printable
    from harness.index import cases_root
    from harness.report.columns import column

    file = find(bench) if bench else None
    found = examine(cases_root(os.environ) if cases is None else cases, file)
    lines = []
    for check in found:
        lines.append(f"{column(tell(check.state), 5)} {column(tell(check.name), 10)} {_told(check.what)}")
        if check.remedy:
            mend = translate(mark("mend: {remedy}"), remedy=tell(check.remedy))
            lines.append(f"{'':<16} {mend}")
    worst = max((check.state for check in found), key=STATES.index)
    count = sum(check.state == BAD for check in found)
    ending = mark("{count} of {all} checks would hinder a run") if count else mark("nothing would hinder a run")
    lines += ["", translate(ending, count=count, all=len(found))]
    emit(
        "doctor",
        {"fit": not count, "worst": worst, "checks": [asdict(c) for c in found]},
        printable("\n".join(lines)),
        as_json,
    )
    return Exit.PRECONDITION if count else Exit.OK


def _told(what: str) -> str:
    """In the operator's language; a reason that is an error's or a plugin's own is known by its form."""
    from fixtures.language import tell
    from harness.report.errors import error_said

    told = tell(what)
    return error_said(what) if told == what else told
