"""Tripwires: every row of the table of expected verdicts once, and honest traders by the dozen.

The full figures (five seeds a row, 200 honest inspections) are made by benchmarks/inspections.py and stand in docs/.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from fixtures.sim.build import build
from fixtures.sim.cheats import CHEATS
from harness.benches import find, scenario
from harness.expected import Expected, expected
from harness.report.text import verdict_text

ROWS = expected("dispenser")
KITS = ("K0", "K1", "K2", "K3")
# the honest trader at every kit, every cheat at two kits in turn; every row with three seeds: benchmarks/inspections.py usual
EVERY = sorted({row.cheat for row in ROWS})
TELLING = [row for row in ROWS if row.cheat == "honest" or (EVERY.index(row.cheat) + KITS.index(row.kit)) % 2 == 0]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def inspected(case: Path, cheat: str | None, kit: str, seed: int, **changes: Any) -> dict[str, Any]:
    bench = find(f"dispenser-{kit.lower()}")
    world = build(replace(scenario(bench, cheat, seed), **changes))
    plan = "dispenser-bench" if kit == "K3" else "dispenser-raid"
    return dict(inspection.inspect(plan, bench, case, world=world).document)


def test_the_table_has_every_built_cheat_and_the_honest_trader_for_every_kit() -> None:
    assert {(row.cheat, row.kit) for row in ROWS} == {(cheat, kit) for cheat in [*CHEATS, "honest"] for kit in KITS}
    assert all(row.reason for row in ROWS if row.integrity in ("suspect", "inconclusive"))


@pytest.mark.parametrize("row", TELLING, ids=lambda row: f"{row.cheat}-{row.kit}")
def test_expected_verdict(tmp_path: Path, row: Expected) -> None:
    document = inspected(tmp_path / "case", None if row.cheat == "honest" else row.cheat, row.kit, 1)
    assert document["status"] == "complete"
    assert document["integrity"] == row.integrity, verdict_text(document)
    assert document["conformity"] in row.conformity
    if row.link:
        finding = next(f for f in document["findings"] if f["level"] == row.integrity)
        assert finding["link"] == row.link
        assert row.cheat in finding["catalogue_ids"]
        if row.integrity == "proven":
            assert all(finding["conditions"].values())
            assert all(e["excluded_by"] for e in finding["explanations"])
            assert finding["explanations"]
        else:
            assert finding["limits"]
    elif row.integrity == "inconclusive":
        assert any(not q["answered"] and q["required"] and q["why"] for q in document["coverage"])
    else:
        assert all(q["answered"] for q in document["coverage"] if q["required"])
        assert all(q["mde"] is not None for q in document["coverage"] if q["answered"])


@pytest.mark.parametrize("seed", range(24))
def test_an_honest_trader_is_not_accused(tmp_path: Path, seed: int) -> None:
    grades, flows = ("nominal", "weak", "poor"), ("steady", "ragged", "weak")
    document = inspected(
        tmp_path / "case", None, KITS[seed % 4], 5000 + seed, grade=grades[seed % 3], flow=flows[seed // 3 % 3]
    )
    assert document["status"] == "complete"
    assert document["integrity"] in ("no_evidence", "inconclusive"), verdict_text(document)
    assert document["conformity"] != "fail"
