"""The tree that a figure was measured on."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commit(digits: int = 7) -> str:
    """The commit of this tree, "unknown" where there is no git."""
    command = ["git", "rev-parse", f"--short={digits}", "HEAD"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return told.stdout.strip() or "unknown"
