"""`plugins`: what is installed, what is broken, and how to mend it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fixtures.language import mark, tell, translate
from harness.output import emit

STATES = {"ok": mark("ok"), "stale": mark("stale"), "broken": mark("broken")}


def plugins(
    allow: Annotated[
        bool,
        typer.Option(
            "--allow", help="print the lines of a list of allowed plugins for what is installed, with digests"
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """List protocols, instruments, detectors and acceptance editions that are installed.  Exit 70 when one is broken."""
    from fixtures.allowed import allowed_lines
    from fixtures.plugins import GROUPS, allowed_now, misnamed
    from fixtures.plugins import plugins as discover
    from harness.exits import Exit
    from harness.report.called import grade
    from harness.report.called import group as called
    from harness.report.columns import column
    from harness.report.errors import error_said

    if allow:
        emit("allowed-plugins", {"plugins": (told := allowed_now())}, "\n".join(map(allowed_lines, told)), as_json)
        return Exit.OK
    rows: list[dict[str, Any]] = []
    for plugin in (*(one for group in GROUPS for one in discover(group)), *misnamed()):
        evidence = getattr(plugin.spec, "evidence", None)
        rows.append({
                "group": plugin.group, "name": plugin.name, "distribution": plugin.distribution, "object": plugin.value,
                "state": "ok" if plugin.spec is not None else "stale" if plugin.stale else "broken", "evidence": None if evidence is None else str(evidence),
                "verified": getattr(plugin.spec, "verified", None), "reason": plugin.reason, "remedy": plugin.remedy,
            })  # fmt: skip
    lines = []
    for row in rows:
        rests_on = "" if row["evidence"] is None else grade(row["evidence"], row["verified"])
        cells = (column(called(row["group"]), 12), f"{row['name']:<16}", column(tell(STATES[row["state"]]), 7))
        lines.append(" ".join((*cells, column(rests_on, 34), row["distribution"])).rstrip())
        if row["reason"]:
            lines.append(f"{'':<12} {error_said(row['reason'])}")
            lines.append(f"{'':<12} {translate(mark('what next: {remedy}'), remedy=error_said(row['remedy']))}")
    emit("plugins", {"plugins": rows}, "\n".join(lines), as_json)
    return Exit.PLUGIN if any(row["reason"] for row in rows) else Exit.OK
