"""Tripwires: telling rows of the table of expected verdicts of taximeters, `demo taximeter`, and what the honest sites cover.

Every row with two seeds, 400 honest inspections and the day of driving are run by benchmarks/taxi_verdicts.py, taxi_inspections.py and
taxi_throughput.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import harness.inspection as inspection
from benchmarks import taxi_inspections
from benchmarks.honest_tables import USUAL
from benchmarks.inspection_runs import told
from benchmarks.taxi_verdicts import FAMILIES, KITS, built
from benchmarks.verdict_tables import HONEST, met
from fixtures.profile import TAXI_FAMILY
from harness.benches import find, world
from harness.exits import run_app
from harness.expected import expected, expected_row, plan_of
from harness.report.text import verdict_text

TELLING = [
    (HONEST, "K0"),
    ("taxi.C01", "K0"),
    ("taxi.C04", "K2"),
    ("taxi.C13", "K1"),
]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def test_the_table_has_every_built_cheat_and_the_honest_driver_for_every_kit() -> None:
    rows = expected(TAXI_FAMILY)
    assert sorted((row.cheat, row.kit) for row in rows) == sorted(
        (cheat, kit) for cheat in (*built(TAXI_FAMILY), HONEST) for kit in KITS
    )
    for row in rows:
        assert row.integrity in ("no_evidence", "inconclusive", "suspect", "proven")
        assert set(row.also) <= {"no_evidence", "inconclusive", "suspect", "proven"} - {row.integrity}
        assert set(row.conformity) <= {"pass", "inconclusive", "fail"}
        assert row.reason or row.cheat == HONEST, "why this kit does or does not find it"
        if row.cheat == HONEST:
            assert not {row.integrity, *row.also} & {"suspect", "proven"}
        if row.kit == "K0":
            assert "pass" not in row.conformity, "satellites decide no conformity inside the limits"


@pytest.mark.parametrize(("cheat", "kit"), TELLING)
def test_expected_verdict(tmp_path: Path, cheat: str, kit: str) -> None:
    row, bench = expected_row(TAXI_FAMILY, cheat, kit), find(f"{TAXI_FAMILY}-{kit.lower()}")
    assert row is not None
    site = world(bench, None if cheat == HONEST else cheat, 1)
    document = inspection.inspect(plan_of(TAXI_FAMILY, kit), bench, tmp_path / "case", world=site).document
    assert met(row, {**told(document), "cheat": cheat}), verdict_text(document)
    assert " L " not in verdict_text(document), "distances are in kilometres"
    for finding in document["findings"]:
        if finding["level"] == "proven":
            assert finding["explanations"]
            assert all(one["excluded_by"] for one in finding["explanations"])
        elif finding["level"] == "suspect":
            assert finding["limits"]


def test_demo_meets_its_row(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from harness.commands import build_app

    given = ["demo", *FAMILIES, "--kit", "K2", "--in-process", "--case", str(tmp_path / "case"), "--json"]
    code = run_app(build_app(), given, {})
    out, _ = capfd.readouterr()
    document = json.loads(out)
    assert code == 0, document["integrity"]
    assert document["as_expected"] is True
    assert document["expected"]["cheat"] == "taxi.C01"
    assert document["quantity"] == "km"
    truth = json.loads((tmp_path / "case.truth.json").read_text("utf-8"))
    assert truth["family"] == TAXI_FAMILY


def test_the_honest_sites_cover_what_they_claim() -> None:
    jobs = taxi_inspections.jobs_of(USUAL)
    assert len({job["seed"] for job in jobs}) == USUAL
    for name in taxi_inspections.effects():
        assert [name] in [job["honest"] for job in jobs]
    assert any(len(job["honest"]) == 2 for job in jobs)
    assert {job["site"]["tariff"] for job in jobs} == set(taxi_inspections.TARIFFS)
    assert {job["declared"] for job in jobs} == {True, False}
    assert sum(job["kit"] == "K3" for job in jobs) == USUAL // taxi_inspections.LABORATORY
    for job in jobs[::7]:
        scenario, bench = taxi_inspections.scenario_of(job), taxi_inspections.bench_of(job)
        assert scenario.cheat is None
        assert bench.profile["pulses_per_km"] == str(scenario.sensor().pulses_per_km)
        assert bench.profile["tariff"] == scenario.tariff
        assert ("roller" in bench.instruments) is ("roller_slip" in job["honest"])
