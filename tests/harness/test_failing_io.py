"""A sample of benchmarks/failing_io.py: single I/O calls of a run, its continuation and the sealing of its case fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.failing_io import KINDS, Whole, one, undisturbed
from harness.exits import Exit

EVERY = 29


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Whole]:
    return undisturbed(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_call_has_a_defined_end_and_loses_nothing_synced(
    whole: dict[str, Whole], tmp_path: Path, kind: str
) -> None:
    usual = whole[kind]
    assert usual.ended.wrong == []
    assert usual.ended.code == (Exit.OK if kind == "seal" else Exit.INCONCLUSIVE)  # two sales of 0.5 L decide nothing
    assert len(usual.calls) > 200
    ended = [
        one(kind, number, usual.calls[number - 1][0], usual.ended, usual.start, tmp_path)
        for number in range(3, len(usual.calls) + 1, EVERY)
    ]
    assert [why for each in ended for why in each.wrong] == []
    assert sum(each.code in (Exit.PRECONDITION, Exit.EVIDENCE) for each in ended) > len(ended) / 2
