"""What stands beside a figure of recording under load: enough to judge it by, and nothing to tell the computer by."""

from __future__ import annotations

import json
import platform
import re

from benchmarks.load import REPORT, RESULTS, machine, table

STATED = re.compile(r"\d+-core [\w-]+ (virtual )?machine, \d+ GB, Linux, Python 3\.\d+\.\d+\w*")


def test_the_machine_is_described_without_maker_or_build() -> None:
    assert STATED.fullmatch(machine())
    assert platform.release() not in machine()


def test_committed_figures_are_described_so_and_stand_in_the_page_as_they_are() -> None:
    stored = json.loads(RESULTS.read_text("utf-8"))
    assert stored
    assert all(STATED.fullmatch(found["machine"]) for found in stored.values())
    assert table(stored) in REPORT.read_text("utf-8")
