"""A standard past its due day: nothing is proven through it, what does not rest on it stands, and every figure says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from fixtures.benchfile import parse
from harness import inspection, judging
from harness.benches import find, world
from harness.derive import read_recorded
from harness.judge.contract import Integrity, Link, Portion, Reading, Segment, Shape
from harness.judge.errors_of_indication import error_of_indication
from harness.judge.facts import FACTS, READS, TAPS, facts
from harness.judge.ground import Fact, Ground
from harness.judge.overdue import KEY, rests_on
from harness.judge.quantities import volume
from harness.judge.volumes import track
from harness.provenance import Told
from harness.report.document import verdict_document
from harness.report.text import CONDITIONAL, verdict_text
from harness.standards import overdue_stations
from protocols.acceptance import Edition
from tests import driven
from tests.harness.test_judge_verdict import K0, K1, K2, K3, only, raid, verdict

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


def test_an_overdue_station_is_no_second_witness() -> None:
    profile = {KEY: ("reference", "board")}
    assert rests_on(Link("board", "register"), profile)
    assert rests_on(Link("encoder", "board"), profile)
    assert rests_on(Link("register", "display"), profile) == ""
    assert rests_on(Link("reference", "display"), {}) == ""
    assert rests_on(Link("encoder", "monitor"), {KEY: ("register",)})  # told by the sales in which the two differ
    assert rests_on(Link("encoder", "monitor"), {KEY: ("reference",)}) == ""


READERS: dict[str, Callable[[Segment, Mapping[str, Any]], bool]] = {
    "volume": lambda segment, profile: not volume(segment, "reference", profile).why_not,
    "track": lambda segment, profile: not isinstance(track(segment, "reference", profile), str),
    "error_of_indication": lambda segment, profile: error_of_indication(segment, profile) is not None,
    "pulses": lambda segment, profile: "reference.P" in segment.trains,
    "rate": lambda segment, profile: "reference_pulses_per_litre" in profile,
}


def ground(segments: Sequence[Segment], **profile: Any) -> Ground:
    return Ground(Link("register", "totaliser"), (), tuple(segments), (), PROFILE | profile, None)


@pytest.mark.parametrize("reader", READERS)
def test_a_fact_sees_no_station_that_it_does_not_declare(reader: str) -> None:
    whole = ground(raid(K3)[:1])

    def test(given: Ground) -> bool:
        return READERS[reader](given.segments[0], given.profile)

    reads = frozenset({"reference", "register", "display"})
    assert test(whole)
    assert not Fact(test).holds(whole)
    assert not Fact(test, reads - {"reference"}).holds(whole)
    assert Fact(test, reads).holds(whole)
    assert not Fact(test, reads).holds(whole, {"reference"})
    assert Fact(test, reads).holds(whole, {"board"})


def test_a_weighed_delivery_and_its_parts_are_the_reference_s_too() -> None:
    [weighed] = raid(K1, weighed=True)[:1]
    part = Portion(Decimal(0), Decimal(10), (10.0, 0.01), False)
    seen: list[Segment] = []
    Fact(lambda given: bool(seen.extend(given.segments))).holds(ground([replace(weighed, portions=(part,))]))
    assert weighed.reference_l is not None
    assert [(s.reference_l, s.portions, dict(s.registers)) for s in seen] == [(None, (), {})]


ALL_SALES = Tamper(register_gain=0.03)
GROUNDS = {  # grounds on which each fact that reads a station holds, or would without it
    "all": (ALL_SALES, K3, {}),
    "by display": (ALL_SALES, K0, {}),
    "by register": (ALL_SALES, "reference register", {}),
    "no reference": (ALL_SALES, "encoder board register", {}),
    "register alone": (ALL_SALES, "register", {}),
    "deleted": (Tamper(delete_every=25), K3, {}),
    "drifting reference": (ALL_SALES, K3, {"reference_drift_rel": "0.05"}),
}


@pytest.fixture(scope="module")
def grounds() -> list[Ground]:
    found = []
    for tamper, stations, profile in GROUNDS.values():
        segments = [_warm(s) for s in raid(stations, tamper) if s.id in ("A1", "A2", "C1")]
        found += [_hit(ground(own, **profile)) for own in (segments, *([one] for one in segments))]
    rng = np.random.default_rng(1)
    drop = delivery(rng, instrument(rng), 0.12, id="V1", flow="steady", stations="encoder register", emi=0.0)
    seconds = np.arange(1, 60, 0.5)
    taps = [driven.train("sensor", seconds, 60), driven.train("input", np.sort([*seconds, 3.1, 9.2, 15.3]), 60)]
    still = driven.trace("speed", np.zeros(30), 2.0, "1")
    trip = driven.segment("T1", 60, *taps, traces=[still])
    return [*found, _hit(ground([drop])), _hit(ground([trip], **driven.PROFILE))]


def test_every_fact_declares_all_that_it_reads(grounds: Sequence[Ground]) -> None:
    """What a fact says of the segments as they are and of what it is shown of them is the same: else it reads more."""
    assert set(READS) | TAPS <= set(FACTS)
    for whole in grounds:
        assert facts(whole) == {name: fact.test(whole) for name, fact in FACTS.items()}


@pytest.mark.parametrize(("name", "station"), [(name, one) for name, reads in READS.items() for one in reads])
def test_no_declaration_can_be_left_out(grounds: Sequence[Ground], name: str, station: str) -> None:
    own = FACTS[name]
    less = replace(own, reads=own.reads - {station})
    assert any(less.holds(whole) != own.test(whole) for whole in grounds)


@pytest.mark.parametrize("name", sorted(TAPS))
def test_no_fact_about_taps_sees_them_unsaid(grounds: Sequence[Ground], name: str) -> None:
    own = FACTS[name]
    assert any(replace(own, taps=False).holds(whole) != own.test(whole) for whole in grounds)


def _warm(segment: Segment) -> Segment:
    return replace(segment, context={**segment.context, "temperature_recorded": True})


def _hit(whole: Ground) -> Ground:
    """The same with a reading for each segment, of an effect of 3 %."""
    at = {"start_l": "0.30", "at_rest": True, "litres_per_min": 0.1}
    hits = [Reading("t", s.id, whole.link, 9.0, hits=3, effect=0.03, shape=Shape.STATE, at=at) for s in whole.segments]
    return replace(whole, hits=tuple(hits))


def test_what_another_station_bears_out_stands_and_nothing_comes_true_for_want_of_a_value() -> None:
    whole = raid(K3)[:4]
    assert {name: facts(ground(whole))[name] for name in ("smooth_flow", "no_gaps")} == dict.fromkeys(
        ("smooth_flow", "no_gaps"), True
    )
    assert facts(ground(whole), {"reference"})["smooth_flow"]  # the encoder shows it
    assert not facts(ground(whole), {"reference", "encoder"})["smooth_flow"]
    assert facts(ground(whole), {"reference"})["no_gaps"]
    sound, late = facts(ground(whole)), facts(ground(whole), {"reference", "encoder", "board", "register", "display"})
    assert {name for name in late if late[name]} <= {name for name in sound if sound[name]}
    assert {name for name in late if late[name]}.isdisjoint(set(READS) - {"leak_free"})


def gas(folder: Path, due: str) -> inspection.Inspection:
    text = find("gas-cng-k0").text
    reference = f'[reference]\ncertificate = "G-1"\ndue = {due}\n'
    assert text.count("[reference]\n") == 1
    bench = parse(text.replace("[reference]\n", reference), "g.toml")
    said = Told(overrides={"reference": "test"} if date.fromisoformat(due) < TODAY else {}, today=TODAY)
    return inspection.inspect("gas-raid", bench, folder, world=world(bench, "fuel.C30", 1), told=said)


def test_an_overdue_reference_bears_no_parameter_out(tmp_path: Path) -> None:
    """The finding is over sealed>parameters, and the reference only excludes its honest causes."""
    sound, late = (gas(tmp_path / due, due).document for due in ("2027-01-31", "2026-01-31"))
    finding, doubtful = (
        next(one for one in document["findings"] if one["link"] == "sealed>parameters") for document in (sound, late)
    )
    assert (finding["level"], doubtful["level"]) == ("proven", "suspect")
    assert "indication_follows" in {one["excluded_by"] for one in finding["explanations"]}
    assert "indication_follows" not in {one["excluded_by"] for one in doubtful["explanations"]}
    why = "what would exclude an honest cause rests on a standard past its due day (reference)"
    assert doubtful["limits"][0] == why
    assert why not in finding["limits"]
    assert doubtful["evidence"] == finding["evidence"]
    assert why in verdict_text(dict(late))


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
    limits: Edition = judging.edition("jjg443-2023")
    document = {**verdict_document(found, limits, [], why="", kit="K2"), "overdue_stations": ["reference"]}
    english = verdict_text(document)
    size = next(i for i, line in enumerate(english.splitlines()) if line.startswith("  size"))
    assert english.splitlines()[size + 1] == f"  standard    {CONDITIONAL}"
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")
    chinese = verdict_text(document)
    assert "标准器      标准器超过有效期：经重新校准确认后方可成立" in chinese
    assert "以超过有效期的标准器（标准器）为依据，至多为可疑" in chinese
    assert "检出作弊功能特征" not in chinese
