"""What a new device costs: files and lines that the tutorial's author fills in, and machine time until the sheet is green.

python benchmarks/plugin_cost.py      writes docs/plugin_cost.md; two minutes, in a fresh environment with this tree installed
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.repository import commit  # noqa: E402
from tests.tutorial import PLUGIN, blocks  # noqa: E402

REPORT = ROOT / "docs" / "plugin_cost.md"


def lines_of(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        venv.create(home / "env", with_pip=True)
        scripts = home / "env" / ("Scripts" if os.name == "nt" else "bin")
        subprocess.run([scripts / "pip", "install", "-q", str(ROOT)], check=True)
        environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
        environment.pop("PYTHONPATH", None)
        filled: list[tuple[str, int]] = []
        spent: list[tuple[str, float]] = []
        for block in blocks():
            if block.file:
                (home / block.file).parent.mkdir(parents=True, exist_ok=True)
                (home / block.file).write_text(block.text, "utf-8")
                if block.file.startswith(PLUGIN):
                    filled.append((block.file.removeprefix(f"{PLUGIN}/"), lines_of(block.text)))
                continue
            for command in block.text.splitlines():
                begun = time.perf_counter()
                done = subprocess.run(
                    command, shell=True, cwd=home, env=environment, check=False, stdout=subprocess.DEVNULL
                )
                spent.append((command, time.perf_counter() - begun))
                if done.returncode not in (0, 10, 11, 20):
                    raise SystemExit(f"{command}: exit {done.returncode}")
    rows = [
        "# What a new device costs", "",
        f"Made by `python benchmarks/plugin_cost.py`, commit {commit()}: the tutorial of [plugins.md](plugins.md) carried out as it stands, in a fresh environment, on one of 2 cores.", "",
        "| file to fill in | lines, blank ones not counted |", "|---|---|",
        *(f"| `{name}` | {count} |" for name, count in filled), f"| together | {sum(count for _, count in filled)} |", "",
        "| command | seconds |", "|---|---|", *(f"| `{command}` | {seconds:.1f} |" for command, seconds in spent),
        f"| together | {sum(seconds for _, seconds in spent):.0f} |", "",
        "How long a person takes is not measured: nobody but its author has written this plugin yet.", "",
    ]  # fmt: skip
    REPORT.write_text("\n".join(rows), "utf-8")
    sys.stdout.write("\n".join(rows))


if __name__ == "__main__":
    main()
