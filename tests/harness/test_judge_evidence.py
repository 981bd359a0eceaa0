"""Bookkeeping of evidence: e-values of mean one at most, caps, groups, thresholds, confirmations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from scipy import integrate, stats

from benchmarks.detectors import DETECTORS
from benchmarks.generators import PROFILE, Tamper, honest_case_segments
from harness.catalogue import load_catalogue, load_causes
from harness.judge.contexts import SHARES
from harness.judge.contract import (
    Basis,
    DetectorSpec,
    Integrity,
    Link,
    Reading,
    Registration,
    Segment,
    SegmentKind,
    Shape,
    Validation,
    Verdict,
)
from harness.judge.evalue import bet, bet_on_count, calibrate
from harness.judge.evidence import CONTRASTS, processes, supremum
from harness.judge.findings import SEARCHED
from harness.judge.readings import read
from harness.judge.verdict import judge
from harness.propositions import default_scale, on_scale
from harness.report.document import as_json_bytes, verdict_document
from harness.report.text import verdict_text
from protocols.acceptance import parse
from tests.harness.test_judge_verdict import K3, Edition, only, raid

LINK = Link("encoder", "board")
VALID = Validation(10_000, 0)


def segment(id: str, phase: str = "C", state: str = "s1", **context: object) -> Segment:
    return Segment(id, SegmentKind.DELIVERY, phase, state, (0, 1), {"covert": phase == "A"} | context)


def spec(name: str = "d", weight: float = 1.0) -> DetectorSpec:
    return DetectorSpec(name, 1, "law", "", "", {}, lambda segments, view: [], weight)


def hit(id: str, e: float, detector: str = "d") -> Reading:
    return Reading(detector, id, LINK, e, p=1e-3, hits=3, shape=Shape.CONSTANT)


def test_shares_are_at_most_one() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    assert sum(CONTRASTS.values()) == pytest.approx(1)


@pytest.mark.parametrize("q", [0.3, 0.01, 1e-4])
def test_a_bet_has_mean_one_at_its_false_rate_and_costs_without_a_hit(q: float) -> None:
    loose = Validation(10**9, 0)
    assert q * bet(True, q, loose) + (1 - q) * bet(False, q, loose) == pytest.approx(1)
    assert bet(False, q, loose) < 1


def test_the_cap_of_the_validation_holds() -> None:
    assert bet(True, 1e-9, VALID) <= VALID.cap
    assert calibrate(1e-30, VALID) == VALID.cap
    assert bet(True, 1e-9, Validation(0, 0)) == 1
    assert calibrate(1e-9, Validation(0, 0)) == 1
    assert Validation(10_000, 10).cap < 500


def test_a_count_bet_has_mean_one() -> None:
    parameters = {"q": 1e-3, "q_few": 0.015, "min_hits": 3.0, "many_hits": 5.0}
    loose = Validation(10**9, 0)
    mean = (
        1e-3 * bet_on_count(9, parameters, loose)
        + 0.014 * bet_on_count(3, parameters, loose)
        + 0.985 * bet_on_count(0, parameters, loose)
    )
    assert mean == pytest.approx(1)


def test_the_calibrator_integrates_to_one() -> None:
    value, _ = integrate.quad(lambda p: calibrate(p, Validation(10**9, 0)), 1e-12, 1)
    assert value == pytest.approx(1, abs=1e-3)


def test_a_cheat_in_covert_sales_is_not_drowned_by_overt_ones() -> None:
    many = [segment(f"A{i}", "A") for i in range(3)] + [segment(f"C{i}") for i in range(20)]
    many = many[::-1]  # the worst order: all clean ones first
    readings = [hit(s.id, 900.0) if s.phase == "A" else Reading("d", s.id, LINK, 0.7) for s in many]
    e, group = supremum(readings, {s.id: s for s in many}, "s1")
    assert e == pytest.approx(SHARES["covert"] * 900.0**3, rel=0.01)
    assert group == "covert"


def test_thresholds_share_alpha_and_confirmations_have_their_own() -> None:
    segments = [segment("1"), segment("2"), segment("3", confirmation=1, confirms=f"d:{LINK}")]
    readings = [hit("1", 10.0), hit("2", 10.0), hit("3", 10.0), Reading("x", "1", LINK, 1.0)]
    found = processes(readings, segments, {"d": spec(), "x": spec("x", 3.0)}, 1e-4)
    scheduled = next(p for p in found if p.detector == "d" and p.basis is Basis.PRESPECIFIED)
    assert scheduled.weight == pytest.approx(0.25)
    assert scheduled.proven_at == pytest.approx(1 / (0.5e-4 * 0.25))
    assert scheduled.suspect_at == pytest.approx(scheduled.proven_at / 10)
    confirmed = next(p for p in found if p.basis is Basis.CONFIRMATORY)
    assert confirmed.proven_at == pytest.approx(1 / (0.5e-4 * 0.5))
    assert [r.segment for r in confirmed.readings] == ["3"]


def test_a_test_without_weight_never_claims() -> None:
    segments = [segment("1"), segment("2", search=True), segment("3", confirmation=1, confirms=f"x:{LINK}")]
    readings = [hit(s.id, 1e9, name) for name in ("d", "x") for s in segments]
    found = processes(readings, segments, {"d": spec(), "x": spec("x", 0.0)}, 1e-4)
    assert {p.detector for p in found} == {"d"}
    assert [p.weight for p in found if p.basis is Basis.PRESPECIFIED] == [1.0]


def test_evidence_of_any_number_of_deliveries_can_be_written_down() -> None:
    """Every one of two hundred sales is tampered with: the product leaves the range of a float."""
    segments = [replace(segment(f"C{i}"), window_ns=(i, i + 1)) for i in range(200)]
    (process,) = processes([hit(s.id, 4_000.0) for s in segments], segments, {"d": spec()}, 1e-4)
    assert process.proven_at < process.final <= process.e < float("inf")
    assert as_json_bytes({"e": process.e, "course": process.course})


def test_a_confirmation_of_any_number_has_a_threshold() -> None:
    late = segment("C2", confirmation=5_000, confirms=f"d:{LINK}")
    found = processes([hit("C1", 3.0), hit("C2", 3.0)], [segment("C1"), late], {"d": spec()}, 1e-4)
    assert [process.basis for process in found] == [Basis.PRESPECIFIED, Basis.CONFIRMATORY]
    assert 1e100 < found[1].suspect_at < found[1].proven_at < float("inf")


def test_the_supremum_of_fair_bets_keeps_its_level() -> None:
    """Ville on 2000 simulated honest cases at the true false rate."""
    rng = np.random.default_rng(5)
    segments = [segment(str(i), "A" if i % 2 else "C") for i in range(12)]
    by_id, loose, crossed = {s.id: s for s in segments}, Validation(10**9, 0), 0
    for _ in range(2_000):
        readings = [Reading("d", s.id, LINK, bet(bool(rng.random() < 0.05), 0.05, loose)) for s in segments]
        crossed += supremum(readings, by_id, "s1")[0] >= 20
    assert crossed / 2_000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2_000)


# ------------------------------------------------------------------------------------------- searches and confirmations

TARGET = "edge-balance:encoder>board"
INSERTED = Tamper(insert_every=10)
SOME = {name: DETECTORS[name] for name in ("edge-balance", "quadrature", "split", "gain-change", "sale-gain", "constant-gain")}  # fmt: skip
VALIDATED = {f"{name}/{spec.version}": Validation(10_000, 0) for name, spec in SOME.items()}


def marked(segments: list[Segment], **context: object) -> list[Segment]:
    return [replace(one, context={**one.context, **context}) for one in segments]


def tried(*segments: Segment, registrations: Sequence[Registration] = ()) -> Verdict:
    return judge(
        segments, {**PROFILE, "decoding": "x1"}, Edition(), load_catalogue(), load_causes(), SOME, VALIDATED,
        instrument="N1", status="complete", registrations=registrations,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tampered() -> list[Segment]:
    return raid(K3, INSERTED)


@pytest.fixture(scope="module")
def clean() -> list[Segment]:
    return raid(K3)


def threshold_of(found: Verdict, basis: Basis) -> float:
    return next(e.proven_at for e in found.evidence if f"{e.detector}:{e.link}" == TARGET and e.basis is basis)


def test_a_hit_of_a_scheduled_run_is_confirmed_by_fresh_runs_on_their_own_budget(
    tampered: list[Segment], clean: list[Segment]
) -> None:
    first = [tampered[0], *clean[1:7]]
    assert tried(*first).integrity is Integrity.SUSPECT
    found = tried(*first, *marked(tampered[7:], confirmation=1, confirms=TARGET))
    finding = only(found)
    assert found.integrity is Integrity.PROVEN, finding.limits
    assert finding.basis is Basis.CONFIRMATORY
    assert finding.threshold == pytest.approx(1 / (0.5e-4 * 0.5))
    assert all(finding.conditions.values())
    assert found.budget is not None
    assert found.budget.spent == ((1, TARGET, 0.25e-4),)
    assert found.budget.scheduled == found.budget.confirmations == 0.5e-4
    # what was confirmed later made nothing that was scheduled dearer or cheaper
    assert threshold_of(found, Basis.PRESPECIFIED) == threshold_of(tried(*first), Basis.PRESPECIFIED)


def test_a_single_fresh_run_that_does_not_repeat_it_confirms_nothing(
    tampered: list[Segment], clean: list[Segment]
) -> None:
    found = tried(tampered[0], *clean[1:7], *marked(clean[7:], confirmation=1, confirms=TARGET))
    assert found.integrity is Integrity.SUSPECT
    own = next(e for e in found.evidence if e.basis is Basis.CONFIRMATORY)
    assert own.e == 1
    assert own.course[-1][1] < 1  # what was staked on it is lost


def test_what_a_search_alone_found_is_never_proven(tampered: list[Segment], clean: list[Segment]) -> None:
    searched = marked(tampered[:7], search=True)
    found = tried(*searched)
    finding = only(found)
    assert finding.evidence > finding.threshold
    assert found.integrity is Integrity.SUSPECT
    assert finding.basis is Basis.EXPLORATORY
    assert SEARCHED in finding.limits
    found = tried(*searched, *marked(clean[7:], confirmation=1, confirms=TARGET))
    assert found.integrity is Integrity.SUSPECT
    found = tried(*searched, *marked(tampered[7:], confirmation=1, confirms=TARGET))
    assert found.integrity is Integrity.PROVEN
    assert only(found).basis is Basis.CONFIRMATORY


def test_a_confirmation_asked_of_another_link_proves_nothing_here(tampered: list[Segment]) -> None:
    found = tried(*marked(tampered, search=True)[:7], *marked(tampered[7:], confirmation=1, confirms="split:board>register"))  # fmt: skip
    assert found.integrity is Integrity.SUSPECT


def test_a_second_confirmation_costs_more(tampered: list[Segment], clean: list[Segment]) -> None:
    first = tried(*clean[:7], *marked(tampered[7:], confirmation=1, confirms=TARGET))
    second = tried(*clean[:7], *marked(tampered[7:], confirmation=2, confirms=TARGET))
    once, twice = (threshold_of(found, Basis.CONFIRMATORY) for found in (first, second))
    assert twice == 2 * once
    assert first.budget is not None
    assert second.budget is not None
    assert second.budget.spent[0][2] == first.budget.spent[0][2] / 2


def test_the_number_of_a_confirmation_is_spent_once(tampered: list[Segment], clean: list[Segment]) -> None:
    twice = [
        *marked(clean[7:8], confirmation=1, confirms=f"split:{LINK}"),
        *marked(tampered[8:], confirmation=1, confirms=TARGET),
    ]
    found = tried(*clean[:7], *twice)
    assert found.integrity is not Integrity.PROVEN
    assert not any(e.basis is Basis.CONFIRMATORY and e.detector == "edge-balance" for e in found.evidence)
    assert any("given to two targets" in note for note in found.notes)


def test_pairs_of_an_intervention_never_reach_over_two_budgets(tampered: list[Segment], clean: list[Segment]) -> None:
    fresh = {s.id for s in tampered[5:]}
    found = tried(*clean[:5], *marked(tampered[5:], confirmation=1, confirms=TARGET))
    pairs = [set(r.segment.split("|")) for r in found.readings if r.detector in ("gain-change", "sale-gain")]
    assert pairs
    assert all(pair <= fresh or not pair & fresh for pair in pairs)


def test_all_budgets_together_stay_within_alpha(tampered: list[Segment]) -> None:
    found = tried(*tampered[:7], *marked(tampered[7:9], confirmation=1, confirms=TARGET), *marked(tampered[9:], confirmation=2, confirms=f"split:{LINK}"))  # fmt: skip
    spent = sum(1 / e.proven_at for e in found.evidence)
    assert spent <= 1e-4 * (1 + 1e-9)
    assert sum(1 / e.proven_at for e in found.evidence if e.basis is Basis.PRESPECIFIED) == pytest.approx(0.5e-4)


def test_the_report_tells_how_alpha_is_spent(tampered: list[Segment], clean: list[Segment]) -> None:
    edition = parse((files("protocols.acceptance") / "jjg443_2023.toml").read_text("utf-8"), "")

    def said(*segments: Segment) -> str:
        document = verdict_document(tried(*segments), edition, segments, why="", kit="K3")
        return verdict_text(on_scale(document, default_scale()))

    text = said(*clean[:7])
    assert re.search(r"scheduled tests +0.00005, by weight over \d+ pairs of test and link: thresholds", text)
    assert "none was run: this half is margin" in text
    text = said(*clean[:7], *marked(tampered[7:], confirmation=1, confirms=TARGET))
    assert re.search(r"confirmation 1 +0.000025: edge-balance over encoder>board, threshold 40000, evidence", text)
    assert "confirmatory" in text


# ------------------------------------------------------------------------------------------------------- the null itself


def test_few_null_processes_ever_reach_a_hundred() -> None:
    """At the false rate that each bet pays for, looked at after every segment: at most 1.33 % (statistics.md 7.1)."""
    rng = np.random.default_rng(11)
    segments = [segment(str(i), "A" if i % 3 else "C", "s1" if i < 12 else "s2") for i in range(24)]
    by_id, loose, runs, crossed = {s.id: s for s in segments}, Validation(10**9, 0), 4_000, 0
    rule = {"q": 2e-3, "q_few": 0.015, "min_hits": 3.0, "many_hits": 5.0}

    def drawn(kind: int) -> float:
        u = float(rng.random())
        if kind == 0:
            return bet(u < 0.01, 0.01, loose)
        if kind == 1:
            return bet_on_count(9 if u < 2e-3 else 3 if u < 0.015 else 0, rule, loose)
        return calibrate(u, loose)

    for run in range(runs):
        readings = [Reading("d", s.id, LINK, drawn(run % 3)) for s in segments]
        crossed += supremum(readings, by_id, "s1")[0] >= 100
    assert 0 < crossed <= stats.binom.isf(1e-3, runs, 0.01)
    assert crossed / runs <= 0.0133


def test_honest_deliveries_carry_no_process_to_a_hundred() -> None:
    names = ("edge-balance", "quadrature", "split", "dead-time")
    ever = total = 0
    for seed in range(38):
        segments = honest_case_segments(np.random.default_rng([17, seed]), 8, emi=0.5)
        chosen = {name: DETECTORS[name] for name in names}
        validations = {f"{name}/{spec.version}": Validation(10_000, 0) for name, spec in chosen.items()}
        for process in processes(read(segments, PROFILE, chosen, validations), segments, chosen, 1e-4):
            spoke = any(reading.spoke for reading in process.readings)
            total += spoke
            ever += spoke and process.e >= 100
    assert total >= 100
    assert ever <= stats.binom.isf(1e-3, total, 0.0133)
