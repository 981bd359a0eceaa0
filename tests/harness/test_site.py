"""A site end to end: survey, draw, full plan on the chosen, a verdict for each instrument and one for all."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness.inspection as inspection
import harness.judging as judging
from captures.errors import IntegrityError
from captures.journal import read_lines
from fixtures.benchfile import parse
from fixtures.errors import BenchError
from fixtures.sitefile import SiteEntry, SiteInstrument
from harness.benches import draw_seed, find, world
from harness.derive import read_recorded
from harness.derive.lateness import late_ns
from harness.derive.parts import told
from harness.derive.recorded import Recorded
from harness.derive.segments import segments
from harness.derive.site import by_instrument, draw_of
from harness.derive.spans import spans
from harness.draw import commitment, drawn
from harness.exits import Exit, verdict_exit
from harness.judge.batch import InstrumentError, batch
from harness.judge.contract import SegmentKind
from harness.judging import ALPHA, judge_path
from harness.plans.ability import Ability, SiteAbility, Surveyed
from harness.plans.order import check_order, dry_run
from harness.plans.site_survey import steps
from harness.report.site import site_text
from harness.step import Confirm, Deliver, Instrument, Phase, PowerCycle, Prove

K0 = find("site-k0")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def surveyed(case: Path, cheat: str | None, seed: int = 1, bench: str = "site-k0") -> dict[str, Any]:
    file = find(bench)
    run = inspection.inspect("site-survey", file, case, world=world(file, cheat, seed), draw_seed=draw_seed(file, seed))
    assert run.result.status == "complete", run.result.why
    return dict(run.document)


def by_id(document: dict[str, Any]) -> dict[str, Any]:
    return {one["instrument"]: one for one in document["instruments"]}


def test_the_survey_finds_the_one_dispenser_that_cheats(tmp_path: Path) -> None:
    document = surveyed(tmp_path / "case", "fuel.C09@N4")
    one = by_id(document)
    assert document["draw"]["drawn"] == ["N3", "N4"]
    assert document["not_measured"] == ["N1"]
    assert one["N4"]["survey"]["full_plan"]
    assert one["N4"]["integrity"] == "suspect"
    assert one["N4"]["conformity"] == "fail"
    assert "fuel.C09" in one["N4"]["findings"][0]["catalogue_ids"]
    assert one["N4"]["findings"][0]["instrument"] == "N4"
    for other in ("N2", "N3"):
        assert one[other]["findings"] == []
        assert not one[other]["survey"]["full_plan"]
    assert (document["integrity"], document["conformity"]) == ("suspect", "fail")
    assert verdict_exit(document) is Exit.CHEATING
    kinds = [(record["kind"], record["instrument"]) for record in document["records"]]
    assert kinds[0] == ("complaint", "N2")
    assert kinds.count(("covert-purchase", "N4")) == 4  # one of the survey, three of the raid
    text = site_text(document)
    assert "N4           suspect" in text
    assert document["draw"]["seed"] in text

    again = judge_path(tmp_path / "case")
    for key in ("integrity", "conformity", "draw", "alpha", "batch", "records", "instruments", "not_measured"):
        assert json.dumps(again[key], sort_keys=True) == json.dumps(document[key], sort_keys=True), key


def test_every_stream_mark_and_finding_names_its_instrument(tmp_path: Path) -> None:
    surveyed(tmp_path / "case", "fuel.C09@N4")
    recorded = read_recorded(tmp_path / "case" / "data" / "journal")
    seen = set()
    for id, view in by_instrument(recorded).items():
        for segment in segments(view):
            assert segment.instrument == id
            streams = [*segment.trains.values(), *segment.registers.values()]
            assert streams or segment.kind is SegmentKind.SHUT
            assert {stream.instrument for stream in streams} <= {id}
            seen.add(id)
    assert seen == {"N2", "N3", "N4"}
    at = ""
    for line in read_lines(tmp_path / "case" / "data" / "journal"):
        body = line.body
        if body["kind"] == "step":
            assert body.get("instrument", "") == at
            if body["step"]["type"] == "Instrument":
                at = body["step"]["id"]
        elif body["kind"] == "mark":
            assert body["instrument"] == at


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_site_has_no_suspect_and_the_complainant_s_dispenser_gets_the_full_plan(
    tmp_path: Path, seed: int
) -> None:
    document = surveyed(tmp_path / "case", None, seed)
    assert document["integrity"] in ("no_evidence", "inconclusive")
    assert document["conformity"] != "fail"
    assert not any(one["findings"] for one in document["instruments"])
    assert [one["instrument"] for one in document["instruments"] if one["survey"]["full_plan"]] == ["N2"]
    assert document["batch"]["measured"]["n"] == 3
    assert document["batch"]["measured"]["p_mean"] > 1e-3


def test_with_taps_the_display_that_lies_is_proven_at_one_instrument(tmp_path: Path) -> None:
    document = surveyed(tmp_path / "case", "fuel.C14@N3", bench="site-k1")
    one = by_id(document)
    assert one["N3"]["integrity"] == document["integrity"] == "proven"
    assert one["N3"]["findings"][0]["link"] == "register>display"
    assert all(not other["findings"] for id, other in one.items() if id != "N3")


def test_the_same_seed_gives_the_same_journal(tmp_path: Path) -> None:
    digests = []
    for run in range(2):
        surveyed(tmp_path / str(run), "fuel.C09@N4")
        [journal] = (tmp_path / str(run) / "data" / "journal").iterdir()
        digests.append(hashlib.sha256(journal.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_lots_that_are_not_those_of_the_seed_are_no_evidence(tmp_path: Path) -> None:
    surveyed(tmp_path / "case", None)
    recorded = read_recorded(tmp_path / "case" / "data" / "journal")
    lots = draw_of(recorded)
    assert lots is not None
    assert lots.sha256 == hashlib.sha256(lots.seed.encode()).hexdigest()
    ranked = sorted(lots.candidates, key=lambda id: hashlib.sha256(f"{lots.seed}:{id}".encode()).hexdigest())
    assert list(lots.drawn) == ranked[:2]

    def forged(change: dict[str, Any]) -> Any:
        entries = []
        for place, body in recorded.entries:
            value = body.get("value", {})
            if body.get("kind") == "outcome" and "drawn" in value:
                body = {**body, "value": {**value, **change}}
            entries.append((place, body))
        return replace(recorded, entries=entries)

    for change in ({"drawn": ["N1", "N1"]}, {"seed": "0" * 32}, {"seed": "7"}):
        with pytest.raises(IntegrityError, match="draw does not verify"):
            draw_of(forged(change))


def test_the_shares_of_alpha_are_fixed_beforehand_and_sum_to_one(tmp_path: Path) -> None:
    document = surveyed(tmp_path / "case", None)
    recorded = read_recorded(tmp_path / "case" / "data" / "journal")
    shares = {id: Fraction(text) for id, text in recorded.header["alpha_shares"].items()}
    assert sum(shares.values()) == 1
    assert shares == {"N1": Fraction(1, 6), "N2": Fraction(1, 2), "N3": Fraction(1, 6), "N4": Fraction(1, 6)}
    spent = {one["instrument"]: note for one in document["instruments"] for note in one["notes"] if "of it" in note}
    assert spent["N3"] == f"this instrument has 1/6 of it: alpha = {ALPHA / 6:.3g}"
    tampered = replace(recorded, header={**recorded.header, "alpha_shares": dict.fromkeys(shares, "1")})
    with pytest.raises(IntegrityError, match="shares of alpha"):
        judging.judge_site(tampered, judging._judge_one)


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(1, 100))
def test_whatever_the_weighting_the_case_spends_alpha_once(complaints: list[bool], weight: int) -> None:
    instruments = [SiteInstrument(str(i), "", "r" if named else "", {}, {}, {}) for i, named in enumerate(complaints)]
    shares = SiteEntry("s", 0, 1, weight, instruments).shares()
    assert sum(shares.values()) == 1
    assert math.fsum(ALPHA * float(share) for share in shares.values()) == pytest.approx(ALPHA, rel=1e-12)
    assert all(share > 0 for share in shares.values())


@given(st.text("0123456789abcdef", min_size=32, max_size=64), st.lists(st.text(min_size=1), unique=True, max_size=9))
def test_the_draw_does_not_depend_on_the_order_of_the_candidates(seed: str, ids: list[str]) -> None:
    count = len(ids) // 2
    assert drawn(seed, ids, count) == drawn(seed, ids[::-1], count)
    assert set(drawn(seed, ids, count)) <= set(ids)
    assert commitment(seed) == hashlib.sha256(seed.encode()).hexdigest()
    with pytest.raises(ValueError, match="draw seed"):
        commitment(seed[:31])


def test_two_raids_go_side_by_side_phase_by_phase() -> None:
    can = Ability(frozenset({"reference", "display", "totaliser"}), False, False, Decimal(20), Decimal("7.52"))
    site = SiteAbility(tuple(Surveyed(id, "", "r" if id == "b" else "", can) for id in "abcd"), draw=2, full=2)
    planned = dry_run(steps(replace(can, site=site)))
    check_order(planned)
    at, course = "", []
    for step in planned:
        if isinstance(step, Instrument):
            at = step.id
        elif isinstance(step, Phase):
            course.append((step.letter, at))
        elif isinstance(step, Deliver) and step.covert:
            assert course[-1][0] == "A"
    assert course[:3] == [("A", "b"), ("A", "a"), ("A", "c")]  # the survey: the complainant's first
    assert course[3:] == [(letter, id) for letter in "ABCDE" for id in ("b", "a")]
    assert sum(isinstance(step, PowerCycle) for step in planned) == 2
    asked = [getattr(step, "key", "") for step in planned]
    assert asked.count("legal_basis") == asked.count("officers") == asked.count("control") == 1
    assert asked.count("safety") == 3  # before the survey and at each dispenser of the full plan


def test_a_prover_is_wetted_before_the_first_purchase_at_each_dispenser() -> None:
    can = Ability(frozenset({"reference", "display"}), False, False, Decimal(20), Decimal("7.52"))
    can = replace(can, prover_l=(Decimal("19.7"), Decimal("20.3")))
    site = SiteAbility(tuple(Surveyed(id, "", "", can) for id in "abc"), draw=2, full=1)
    wet = False
    for step in dry_run(steps(replace(can, site=site))):
        match step:
            case Instrument(id=id):
                wet = wet and not id
            case Confirm(key="wetted"):
                wet = True
            case Prove():
                assert wet


def test_a_minute_figure_of_the_survey(tmp_path: Path) -> None:
    """Two to three minutes at a drawn dispenser, five where somebody complained (two purchases)."""
    surveyed(tmp_path / "case", None)
    walks: dict[str, float] = {}
    at, since = "", 0
    for line in read_lines(tmp_path / "case" / "data" / "journal"):
        body = line.body
        if body["kind"] == "step" and body["step"]["type"] in ("Instrument", "Judge"):
            walks.setdefault(at, (body["t_ns"] - since) / 60e9)
            at, since = body["step"].get("id", ""), body["t_ns"]
    assert 2.0 < walks["N3"] < 3.5
    assert walks["N2"] < 6.0


def test_batch_figures_against_the_textbook() -> None:
    # fuel_dispensers.md 3.3: spread 0.12 %, 30 nozzles: +0.072 % is found with 95/95 %, so half of it has p near 5 %
    spread = 0.0012
    side = [spread * math.sqrt(29 / 30) * sign for sign in (1, -1)] * 15
    found = batch([InstrumentError(str(i), 0.00036 + x, 0.0, 3) for i, x in enumerate(side)])
    assert found is not None
    assert found.spread == pytest.approx(spread, rel=1e-9)
    assert found.u == pytest.approx(spread / math.sqrt(30), rel=1e-9)
    assert found.p_mean == pytest.approx(0.0557, abs=0.0005)  # t with 29 degrees of freedom, mean/u = 1.643
    assert (found.positive, found.decided, found.p_sign) == (15, 30, pytest.approx(0.572, abs=0.001))
    eight_of_ten = batch([InstrumentError(str(i), 0.001 if i < 8 else -0.001, 0.0, 1) for i in range(10)])
    assert eight_of_ten is not None
    assert eight_of_ten.p_sign == pytest.approx(56 / 1024)  # C(10,8) + C(10,9) + C(10,10)
    assert batch([InstrumentError("one", 0.01, 0.001, 2)]) is None
    # the reference is common to all: it does not average out
    wide = batch([InstrumentError(str(i), 0.001, 0.002, 1) for i in range(50)])
    assert wide is not None
    assert wide.u == pytest.approx(0.002)
    assert wide.p_mean == pytest.approx(0.3085, abs=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('id = "N4"', 'id = "N3"', "used once"),
        ("draw = 2", "draw = 4", "draw expected a whole number from 0 to 3"),
        ("full = 1", "full = 0", "full expected a whole number from 1 to 4"),
        ("complaint_weight = 3", "complaint_weight = true", "complaint_weight expected a whole number"),
        ('product = "95#"', 'produce = "95#"', "unknown key 'produce'"),
        ('profile = { price = "8.03" }', 'profile = { price = "eight" }', "price expected"),
        ('family = "dispenser"', 'id = "X"\nfamily = "dispenser"', "unknown key 'id'"),
        ("[site]", "[sites]", "unknown key 'sites'"),
    ],
)
def test_a_site_that_cannot_be_is_refused(old: str, new: str, expected: str) -> None:
    assert old in K0.text
    with pytest.raises(BenchError, match=expected):
        parse(K0.text.replace(old, new, 1), "site")


def test_a_plan_and_a_bench_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    for plan, bench in (("site-survey", "dispenser-k0"), ("dispenser-raid", "site-k0")):
        file = find(bench)
        with pytest.raises(BenchError, match="site"):
            inspection.inspect(plan, file, tmp_path / plan, world=world(file, None, 1), draw_seed="0" * 32)


def test_each_instrument_sees_its_own_bench() -> None:
    file = find("site-k1")
    second = file.under_test("N2")
    assert second.profile["price"] == "8.03"
    assert file.under_test("N1").profile["price"] == "7.52"
    assert set(second.instruments) == {"operator", "tap2"}
    assert set(second.links) == {"operator", "tap2_host", "tap2_device"}
    assert second.stations["register"] == "tap2"
    with pytest.raises(BenchError, match="there are N1, N2, N3, N4"):
        file.under_test("N9")


def test_a_gap_and_a_late_link_are_those_of_every_instrument() -> None:
    """Both are recorded before a start of the program turns to one: others may sell in the gap at any of them."""
    sale = {"type": "Deliver", "volume_l": "7.30", "amount": None, "flow": "full", "covert": False, "press_at_l": None}
    read = {"type": "Read", "what": "totaliser"}

    def sold(n: int, t_ns: int, label: str, litres: str) -> list[dict[str, Any]]:
        at: dict[str, Any] = {"instrument": "N2"}
        return [
            {**at, "kind": "step", "n": n, "t_ns": t_ns, "step": {**sale, "label": label}},
            {**at, "kind": "outcome", "n": n, "t_ns": t_ns + 1, "value": {}},
            {**at, "kind": "step", "n": n + 1, "t_ns": t_ns + 2, "step": {**read, "label": label}},
            {**at, "kind": "outcome", "n": n + 1, "t_ns": t_ns + 3, "value": {"volume_l": litres}},
        ]

    bodies = [
        {"kind": "span", "t_ns": 0},
        {"kind": "timing", "link": "tap", "u_ns": 1000},
        *sold(0, 1, "A1", "100"),
        {"kind": "gap", "from_ns": 8, "to_ns": 99},
        {"kind": "span", "t_ns": 99},
        *sold(2, 100, "A2", "150"),
    ]
    entries = [(f"0001.jsonl:{number}", body) for number, body in enumerate(bodies, 2)]
    views = by_instrument(Recorded({}, K0, {}, {}, entries, "complete", "", 1.0, spans(entries)))
    first, second = told(views["N2"]).parts
    assert (first.span, second.span) == (0, 1)
    assert second.total_before is None
    assert first.next_ns == 9
    assert [late_ns(view, "tap") for view in views.values()] == [3465] * 4
