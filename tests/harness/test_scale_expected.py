"""Tripwires: telling rows of the tables of expected verdicts of scales, `demo` for both families, what the key search may claim.

Every row with three seeds, 400 honest inspections and 100 codes are run by benchmarks/scale_verdicts.py, scale_inspections.py and
scale_key_search.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from benchmarks import scale_inspections, scale_key_search
from benchmarks.honest_tables import USUAL
from benchmarks.inspection_runs import told
from benchmarks.scale_verdicts import FAMILIES, KITS, built
from benchmarks.verdict_tables import HONEST, met
from harness.benches import find, world
from harness.exits import run_app
from harness.expected import Expected, expected, expected_row, plan_of
from harness.report.text import verdict_text

TELLING = [  # beside what `demo` shows where no cheat is named
    ("price-scale", HONEST, "K0"),
    ("price-scale", "scale.S07", "K0"),
    ("price-scale", "scale.S10", "K1"),
    ("price-scale", "scale.S14", "K1"),
    ("price-scale", "scale.S25", "K0"),
    ("truck-scale", HONEST, "K1"),
    ("truck-scale", "truck.T09", "K0"),
    ("truck-scale", "truck.T14", "K1"),
    ("truck-scale", "truck.T19", "K1"),
    ("truck-scale", "truck.T20", "K0"),
]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def row_of(family: str, cheat: str, kit: str) -> Expected:
    row = expected_row(family, cheat, kit)
    assert row is not None
    return row


@pytest.mark.parametrize("family", FAMILIES)
def test_the_table_has_every_built_cheat_and_the_honest_trader_for_every_kit(family: str) -> None:
    rows = expected(family)
    assert sorted((row.cheat, row.kit) for row in rows) == sorted(
        (cheat, kit) for cheat in (*built(family), HONEST) for kit in KITS
    )
    for row in rows:
        assert row.integrity in ("no_evidence", "inconclusive", "suspect", "proven")
        assert set(row.also) <= {"no_evidence", "inconclusive", "suspect", "proven"} - {row.integrity}
        assert set(row.conformity) <= {"pass", "inconclusive", "fail"}
        told = row.integrity in ("suspect", "proven")
        assert bool(row.link) == told or row.cheat == "scale.S24"  # what a feigned standstill breaks first differs
        assert row.reason or row.cheat == HONEST, "why this kit does or does not find it"
        if row.cheat == HONEST:
            assert not {row.integrity, *row.also} & {"suspect", "proven"}


@pytest.mark.parametrize(("family", "cheat", "kit"), TELLING)
def test_expected_verdict(tmp_path: Path, family: str, cheat: str, kit: str) -> None:
    row, bench = row_of(family, cheat, kit), find(f"{family}-{kit.lower()}")
    site = world(bench, None if cheat == HONEST else cheat, 1)
    plan = plan_of(family, kit)
    document = inspection.inspect(plan, bench, tmp_path / "case", world=site).document
    assert met(row, {**told(document), "cheat": cheat}), verdict_text(document)
    for finding in document["findings"]:
        if finding["level"] == "proven":
            assert finding["explanations"]
            assert all(one["excluded_by"] for one in finding["explanations"])
        elif finding["level"] == "suspect":
            assert finding["limits"]


@pytest.mark.parametrize("family", FAMILIES)
def test_demo_meets_its_row(capfd: pytest.CaptureFixture[str], tmp_path: Path, family: str) -> None:
    from harness.commands import build_app

    given = ["demo", family, "--kit", "K1", "--in-process", "--case", str(tmp_path / "case"), "--json"]
    code = run_app(build_app(), given, {})
    out, _ = capfd.readouterr()
    document = json.loads(out)
    assert code == 0, document["integrity"]
    assert document["as_expected"] is True
    assert document["expected"]["cheat"] == {"price-scale": "scale.S01", "truck-scale": "truck.T01"}[family]
    truth = json.loads((tmp_path / "case.truth.json").read_text("utf-8"))
    assert truth["family"] == family


def test_a_password_is_told_as_not_reached(tmp_path: Path) -> None:
    """What was tried and what no search by keys reaches stands in the verdict, and nobody is accused."""
    bench = find("price-scale-k3")
    site = world(bench, "password:4821", 3)
    document = inspection.inspect("price-scale-bench", bench, tmp_path / "case", world=site).document
    said = [*(f"{q['text']}: {q['why']}" for q in document["coverage"] if not q["answered"]), *document["notes"]]
    assert document["integrity"] in ("no_evidence", "inconclusive"), verdict_text(document)
    assert any(scale_key_search.STARTING in text for text in said)
    assert any("of 900 ordered pairs" in text for text in said)


UNNAMED = [{"level": "suspect", "detectors": [], "codes": []}]


def searched(**given: Any) -> dict[str, Any]:
    """A row of the key search that found its code."""
    return {
        "cheat": "code:7,M3:power", "integrity": "suspect", "named": [{"level": "suspect", "detectors": [], "codes": ["M3", "7 M3"]}],
        "again": {"7 M3": 5}, "last_min": {"7 M3": 18.0}, "never": [], "pressed": ["7", "M3"], "own_work": [], "journal_keys": ["7", "M3"], **given,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, True),
        ({"last_min": {"7 M3": 30.1}}, False),  # too late
        ({"last_min": {}}, False),
        ({"integrity": "no_evidence", "named": []}, False),  # shown, and nothing is said of it
        ({"named": [{"level": "suspect", "detectors": [], "codes": ["M3"]}], "again": {}}, False),  # half the code
        ({"named": [{"level": "suspect", "detectors": [], "codes": ["7 M3", "M2 7"]}], "again": {}}, False),  # and another
        ({"named": UNNAMED}, False),  # keys without work of their own: the finding has to name them
        ({"named": UNNAMED, "own_work": ["7"]}, True),  # shown again on fresh loads
        ({"named": UNNAMED, "own_work": ["7"], "again": {"7 M3": 5, "M2 7": 5}}, False),
        ({"named": UNNAMED, "own_work": ["7"], "again": {"7 M3": 2}}, False),  # left after the first
        ({"cheat": "code:M3,7:power"}, False),
    ],
)  # fmt: skip
def test_a_code_counts_as_found_when_it_and_no_other_is_named_in_time(given: dict[str, Any], found: bool) -> None:
    assert scale_key_search.found(searched(**given)) is found


def test_a_forbidden_key_counts_wherever_it_was_pressed() -> None:
    assert scale_key_search.harmed(searched(never=["print"])) == []
    assert scale_key_search.harmed(searched(never=["7", "print"])) == ["7"]
    assert scale_key_search.harmed(searched(never=["hold"], journal_keys=["hold"])) == ["hold"]


def test_the_honest_sites_cover_what_they_claim() -> None:
    jobs = scale_inspections.jobs_of(USUAL)
    assert len({job["seed"] for job in jobs}) == USUAL
    for family in FAMILIES:
        own = [job for job in jobs if job["family"] == family]
        for name in scale_inspections.effects_of(family):
            assert [name] in [job["honest"] for job in own]
        assert any(len(job["honest"]) == 2 for job in own)
        heard = {tuple(job["line"]) for job in own if job["line"] is not None}
        assert heard == set(scale_inspections.lines_of(family))
        assert {job["declared"] for job in own} == {True, False}
    assert sum(job["kit"] == "K3" for job in jobs) == 20
    for job in jobs[::7]:
        site = scale_inspections.world_of(job)
        bench = scale_inspections.bench_of(job)
        assert site.scenario.cheat is None
        stated = str(bench.profile["intervals"]).split()
        intervals = getattr(site.scenario, "weighing", None) or site.scenario.intervals
        limits = intervals().limits
        assert [f"{most:f}/{e:f}" for most, e in limits] == stated  # a nameplate never lies here
