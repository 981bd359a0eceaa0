"""The arrow holds, and each contract can fail: a copy of the tree is broken on purpose, one contract at a time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("captures", "protocols", "fixtures", "harness")
BREAKS = [
    ("The one arrow", "captures/model.py", "import fixtures.errors"),
    ("The one arrow", "fixtures/clock.py", "import harness.step"),
    ("protocols and captures know no time", "protocols/checks.py", "import time"),
    ("protocols and captures know no time", "captures/journal.py", "import threading"),
    ("harness.judge imports captures", "harness/judge/chain.py", "import harness.derive"),
    ("harness.judge imports captures", "harness/judge/chain.py", "import protocols.wire.dart"),
    ("harness.judge imports captures", "harness/judge/chain.py", "import fixtures.clock"),
    ("POSIX-only modules", "fixtures/serialport.py", "import fcntl"),
    ("POSIX-only modules", "harness/output.py", "import resource"),
    ("Nobody imports cli", "harness/exits.py", "import cli"),
]


def lint(folder: Path) -> tuple[int, str]:
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cli.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_the_tree_keeps_its_contracts(tree: Path) -> None:
    code, out = lint(tree)
    assert code == 0, out
    assert "Contracts: 5 kept, 0 broken" in out


@pytest.mark.parametrize(("contract", "file", "line"), BREAKS)
def test_a_broken_contract_is_named(tree: Path, contract: str, file: str, line: str) -> None:
    path = tree / file
    before = path.read_text("utf-8")
    path.write_text(before + f"\n\ndef _broken() -> None:\n    {line}\n", "utf-8")
    try:
        code, out = lint(tree)
    finally:
        path.write_text(before, "utf-8")
    assert code == 1, out
    broken = [row for row in out.splitlines() if " BROKEN" in row]
    assert any(row.startswith(contract) for row in broken), out
