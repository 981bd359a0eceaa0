"""Whole inspections with a balance and with a mass meter on a line: what they measured is what ran out of the nozzle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from captures.case import Case
from fixtures.sim.build import Site, build
from harness.benches import find, scenario
from harness.derive import read_recorded, segments

BENCHES = ("dispenser-k0-balance", "dispenser-k0-meter")


def inspected(case: Path, bench: str, cheat: str | None, seed: int) -> tuple[dict[str, Any], Site]:
    world = build(scenario(find(bench), cheat, seed))
    return dict(inspection.inspect("dispenser-raid", find(bench), case, world=world).document), world


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


@pytest.mark.parametrize("bench", BENCHES)
def test_an_honest_trader(tmp_path: Path, bench: str) -> None:
    document, world = inspected(tmp_path / "case", bench, None, 3)
    assert document["status"] == "complete"
    assert document["integrity"] == "no_evidence"
    assert document["conformity"] != "fail"
    true_l = [sale.delivered_ml / 1000 for sale in world.sales]
    measured = [s.reference_l for s in segments(read_recorded(Case.open(tmp_path / "case").journal)) if s.reference_l]
    assert len(measured) >= 6
    for litres, _ in measured:  # each is the volume of one sale, within a can's and a density's error
        assert min(abs(litres / true - 1) for true in true_l if true) < 0.004


@pytest.mark.parametrize("bench", BENCHES)
def test_five_per_cent_short_is_out_of_tolerance(tmp_path: Path, bench: str) -> None:
    document, _ = inspected(tmp_path / "case", bench, "fuel.C09", 3)
    assert document["status"] == "complete"
    assert document["conformity"] == "fail"


@pytest.mark.parametrize(("bench", "link"), [("dispenser-k0-balance", "balance"), ("dispenser-k0-meter", "meter")])
def test_every_reading_stands_in_the_journal(tmp_path: Path, bench: str, link: str) -> None:
    inspected(tmp_path / "case", bench, None, 4)
    text = (tmp_path / "case" / "data" / "journal" / "0001.jsonl").read_text("utf-8")
    lines = [line for line in text.splitlines() if f'"link":"{link}"' in line.replace(" ", "")]
    assert sum('"rx"' in line for line in lines) >= 12
    assert sum('"tx"' in line for line in lines) >= 12
