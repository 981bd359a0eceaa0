"""The command line: composes the commands, and turns errors into messages and exit codes.  Computes nothing."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = ("captures", "protocols", "fixtures", "harness")


def _strangers() -> list[str]:
    """Our import names are plain words (the package index has a living `fixtures`): name who took one."""
    found = []
    for name in OURS:
        spec = importlib.util.find_spec(name)
        where = Path(spec.origin).resolve().parent.parent if spec is not None and spec.origin else None
        if where != HERE:
            found.append(f"{name} comes from {where or 'nowhere'}, expected {HERE}")
    return found


def main() -> None:
    """Entry point of the `shortmeasure` command; always ends by SystemExit with a code of harness.exits."""
    if strangers := _strangers():
        sys.stderr.write("shortmeasure: another distribution has taken one of its import names:\n")
        sys.stderr.writelines(f"  {line}\n" for line in strangers)
        sys.stderr.write("Install shortmeasure in an environment of its own (python -m venv DIR).\n")
        raise SystemExit(70)
    from harness.commands import build_app
    from harness.exits import run_app

    raise SystemExit(run_app(build_app(), sys.argv[1:], dict(os.environ)))


if __name__ == "__main__":
    main()
