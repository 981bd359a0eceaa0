"""Commands as their users give them, run in this process: for tests of what they print and how they end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.commands import build_app
from harness.exits import Exit, run_app


def shortmeasure(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    code = run_app(build_app(), [str(argument) for argument in arguments], {})
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return int(code), out, err


def parsed(out: str) -> dict[str, Any]:
    """The one document on stdout."""
    [line] = out.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert found["schema"] == "shortmeasure/1"
    return found


def document(capfd: pytest.CaptureFixture[str], *arguments: object, expected: int = Exit.OK) -> dict[str, Any]:
    """What the command says with --json when it ends with the exit code `expected`."""
    code, out, err = shortmeasure(capfd, *arguments, "--json")
    assert code == expected, err
    return parsed(out)
