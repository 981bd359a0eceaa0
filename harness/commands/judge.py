"""`judge`: recompute the verdict of stored cases, or judge recordings made elsewhere as single taps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def judge(
    paths: Annotated[list[Path], typer.Argument(help="case folders or capture files (.sr)")],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Judge stored cases or capture files.  The exit code is that of the gravest."""
    from harness.exits import verdict_exit
    from harness.inspection import judge_path
    from harness.report.show import gravest, show

    documents = [judge_path(path) for path in paths]
    show(documents[0] if len(documents) == 1 else gravest(documents), as_json)
    return max((verdict_exit(document) for document in documents), key=lambda code: (code == 11, code))
