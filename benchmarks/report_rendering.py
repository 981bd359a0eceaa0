"""How long a report takes and how large it is: a case of forty findings in both languages, as HTML and PDF.

    python benchmarks/report_rendering.py      writes docs/report_rendering.md; a minute

The case is a simulated raid on a dispenser whose one finding is told forty times, with the pictures of a raid on a K2 bench.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import harness.inspection as inspection  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.benches import find, world  # noqa: E402
from harness.paper.as_html import html  # noqa: E402
from harness.paper.as_pdf import pdf  # noqa: E402
from harness.paper.build import LANGUAGES, report_of  # noqa: E402
from harness.paper.model import Kind, Report  # noqa: E402
from harness.paper.source import Source, read_source  # noqa: E402

FINDINGS, TIMES = 40, 5
REPORT = ROOT / "docs" / "report_rendering.md"


def source(folder: Path) -> Source:
    inspection.Progress = lambda *_, **__: lambda *step: None  # type: ignore[assignment,misc]
    file = find("dispenser-k2")
    inspection.inspect(
        "dispenser-raid", file, folder / "case", world=world(file, "fuel.C07", 1), draw_seed="0123456789abcdef" * 2
    )
    own = read_source(folder / "case")
    findings = own.document["findings"]
    if not findings:
        raise SystemExit("expected a finding, got none: nothing to tell forty times")
    return replace(own, document={**own.document, "findings": [findings[k % len(findings)] for k in range(FINDINGS)]})


def built(own: Source) -> Report:
    return report_of(own, Kind.RAID, LANGUAGES, drawn=True)


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of TIMES runs, the first of which loads what it needs and counts too."""
    taken, made = [], None
    for _ in range(TIMES):
        begin = time.perf_counter()
        made = what()
        taken.append(time.perf_counter() - begin)
    return median(taken), made


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        own = source(Path(folder))
        making, report = timed(lambda: built(own))
        page, hypertext = timed(lambda: html(report))
        setting, (pages, _) = timed(lambda: pdf(report))
    lines = [
        "# How long a report takes", "",
        f"Made by `python benchmarks/report_rendering.py`, commit {commit()}: a raid of {FINDINGS} findings in Chinese and English with its pictures, medians of {TIMES} runs on one of 2 cores. Judging the case comes before it.", "",
        "| | time | size |", "|---|---|---|",
        f"| text and pictures of both languages | {making:.2f} s | - |",
        f"| HTML | {page:.2f} s | {len(hypertext) / 1e3:.0f} kB |",
        f"| PDF/A-3b, results attached | {setting:.2f} s | {len(pages) / 1e3:.0f} kB |",
    ]  # fmt: skip
    REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines[4:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
