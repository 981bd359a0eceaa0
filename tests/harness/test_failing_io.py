"""A sample of benchmarks/failing_io.py: single I/O calls of a run and of the sealing of its case fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.failing_io import Ended, one, undisturbed
from harness.exits import Exit

EVERY = 29
Whole = tuple[Path, dict[str, Ended], dict[str, list[tuple[str, str]]]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return undisturbed(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kind", ["run", "seal"])
def test_a_failing_call_has_a_defined_end_and_loses_nothing_synced(whole: Whole, tmp_path: Path, kind: str) -> None:
    finished, usual, calls = whole
    assert usual[kind].wrong == []
    assert usual[kind].code == (Exit.INCONCLUSIVE if kind == "run" else Exit.OK)  # two sales of 0.5 L decide nothing
    assert len(calls[kind]) > 200
    ended = [
        one(kind, number, calls[kind][number - 1][0], usual[kind], finished, tmp_path)
        for number in range(3, len(calls[kind]) + 1, EVERY)
    ]
    assert [why for each in ended for why in each.wrong] == []
    assert sum(each.code in (Exit.PRECONDITION, Exit.EVIDENCE) for each in ended) > len(ended) / 2
