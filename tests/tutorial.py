"""The tutorial of docs/plugins.md as it stands: its files, and its commands in order.

`python tests/tutorial.py FOLDER` does all of it in FOLDER, with the `shortmeasure` that is first on the PATH: what a stranger does.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "plugins.md"
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ALONE = "<!-- carried out up to here -->"
PLUGIN = "shortmeasure-nci-ecr"


@dataclass(frozen=True)
class Block:
    """`file`: what to write the text to; "" for commands."""

    file: str
    text: str


def blocks() -> Iterator[Block]:
    """What the reader is told to do, in order."""
    page = PAGE.read_text("utf-8").partition(ALONE)[0]
    for found in BLOCK.finditer(page):
        if found["file"] or found["kind"] == "sh":
            yield Block(found["file"] or "", found["text"])


def write(folder: Path) -> Path:
    """Every file of the tutorial below `folder`; the folder of the plugin."""
    for block in blocks():
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, "utf-8")
    return folder / PLUGIN


def carry_out(folder: Path) -> None:
    """Raises CalledProcessError where a command fails.  A run that finds something ends with 10, 11 or 20: that is no failure."""
    for block in blocks():
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, "utf-8")
            continue
        for command in block.text.splitlines():
            begun = time.monotonic()
            done = subprocess.run(command, shell=True, cwd=folder, check=False)
            sys.stderr.write(f"{time.monotonic() - begun:6.1f} s  {command}\n")
            if done.returncode and not (" run " in command and done.returncode in (10, 11, 20)):
                raise subprocess.CalledProcessError(done.returncode, command)


if __name__ == "__main__":
    carry_out(Path(sys.argv[1]))
