"""A standard past its due day: nothing is proven through it, what does not rest on it stands, and every figure says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from benchmarks.generators import Tamper
from fixtures.benchfile import parse
from harness import inspection
from harness.benches import find, world
from harness.derive import read_recorded
from harness.judge.contract import Integrity, Link
from harness.judge.overdue import KEY, rests_on, without_overdue
from harness.provenance import Told
from harness.report.document import verdict_document
from harness.report.text import CONDITIONAL, verdict_text
from harness.standards import overdue_stations
from protocols.acceptance import Edition
from tests.harness.test_judge_verdict import K2, K3, only, raid, verdict

TODAY = date(2026, 11, 21)
LATE = {KEY: ("reference",)}
STATE_CHANGE = Tamper(register_gain=0.03)


def test_over_an_overdue_reference_the_same_evidence_is_at_most_suspect() -> None:
    segments = raid(K2, STATE_CHANGE, where="AC")
    sound, late = verdict(segments), verdict(segments, **LATE)
    assert (sound.integrity, late.integrity) == (Integrity.PROVEN, Integrity.SUSPECT)
    assert str(only(late).link) == "reference>register"
    assert only(late).evidence == only(sound).evidence
    assert only(late).limits[0] == "rests on a standard past its due day (reference): at most suspect"
    assert late.conformity == sound.conformity


@pytest.mark.parametrize(
    ("tamper", "where", "stations"),
    [(Tamper(insert_every=25), "A", K3), (STATE_CHANGE, "AC", K3), (Tamper(display_gain=0.03), "ACE", K2)],
)
def test_what_does_not_rest_on_the_reference_stays_proven(tamper: Tamper, where: str, stations: str) -> None:
    found = verdict(raid(stations, tamper, where=where), **LATE)
    assert found.integrity is Integrity.PROVEN, only(found).limits
    assert "reference" not in str(only(found).link)


def test_an_overdue_station_is_no_second_witness_and_excludes_nothing_by_its_value() -> None:
    profile = {KEY: ("reference", "board")}
    assert rests_on(Link("board", "register"), profile)
    assert rests_on(Link("encoder", "board"), profile)
    assert rests_on(Link("register", "display"), profile) == ""
    assert rests_on(Link("reference", "display"), {}) == ""
    known = {"start_in_total": True, "at_rest": True, "photographed": False}
    assert without_overdue(known, profile) == {"start_in_total": False, "at_rest": True, "photographed": False}
    assert without_overdue(known, {KEY: ("board",)}) == known


def test_the_questions_say_on_which_stations_they_rest() -> None:
    found = {question.text: question for question in verdict(raid(K2)).coverage}
    assert "reference" in found["does what is shown follow the reference"].stations
    assert found["is the amount price times volume"].stations == ("amount", "display")
    assert "reference" in found["is it the same before and after power was cut"].stations


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("reference", ("reference",)),
        ("", ("reference",)),  # an aid of the officers: a thermometer goes into the reference
        ("operator", ("amount", "display", "reference", "totaliser")),
    ],
)
def test_which_stations_rest_on_a_standard(tmp_path: Path, of: str, expected: tuple[str, ...]) -> None:
    text = find("dispenser-k0").text
    calibrates = f'of = "{of}"\n' if of else ""
    text += f'\n[standards.aid]\n{calibrates}certificate = "M-1"\nu = "0.001"\nunit = "kg"\ndue = 2026-01-31\n'
    bench = parse(text, "bench.toml")
    said = Told(overrides={"aid": "on purpose"}, today=TODAY)
    done = inspection.inspect("dispenser-raid", bench, tmp_path / "case", world=world(bench, None, 1), told=said)
    assert overdue_stations(read_recorded(tmp_path / "case" / "data" / "journal")) == expected
    assert done.document["overdue_stations"] == list(expected)
    told = verdict_text(done.document)
    head, _, rest = told.partition("integrity ")
    assert "A STANDARD PAST ITS DUE DAY WAS USED" in head
    assert "standard aid, certificate M-1, due 2026-01-31" in head
    lines = rest.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("conformity "))
    assert any(CONDITIONAL in line for line in lines[at : at + 3])
    (follows,) = [line for line in lines if "follow the reference" in line]
    assert follows.endswith(f"[{CONDITIONAL}]")
    (money,) = [line for line in lines if "is the amount price times volume" in line]
    assert money.endswith("]") == ("display" in expected)


def test_the_size_of_a_finding_is_marked_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(raid(K2, STATE_CHANGE, where="AC"), **LATE)
    limits: Edition = inspection.edition("jjg443-2023")
    document = {**verdict_document(found, limits, [], why="", kit="K2"), "overdue_stations": ["reference"]}
    english = verdict_text(document)
    size = next(i for i, line in enumerate(english.splitlines()) if line.startswith("  size"))
    assert english.splitlines()[size + 1] == f"  standard    {CONDITIONAL}"
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")
    chinese = verdict_text(document)
    assert "标准器      标准器超过有效期：经重新校准确认后方可成立" in chinese
    assert "以超过有效期的标准器（标准器）为依据，至多为可疑" in chinese
    assert "检出作弊功能特征" not in chinese
