"""Whole verdicts on a taximeter: pulses put in are proven, a constant share is scale and at most suspect, honest visits are nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from harness.catalogue import cheats_of, load_causes, with_rules
from harness.editions import edition
from harness.families import family_tests
from harness.judge.contract import Conformity, Finding, Integrity, Segment, Validation, Verdict
from harness.judge.family import family
from harness.judge.verdict import judge
from harness.propositions import load_propositions
from tests import driven
from tests.driven import PROFILE, injected, pulses, register, segment, soak, town, train, travelled

CN = edition("jjg517-2016")
TESTS = {
    name: spec for name, spec in family_tests(CN).detectors.items() if name != "timer-lattice"
}  # slow, and of types alone
MEASURED = {f"{name}/{spec.version}": Validation(3000, 0) for name, spec in TESTS.items()}


def judged(segments: Sequence[Segment], **profile: Any) -> Verdict:
    return judge(
        segments, with_rules(PROFILE | profile, CN), CN, cheats_of("taximeter"), load_causes("taximeter"), TESTS, MEASURED,
        instrument="T1", status="complete", propositions=load_propositions(), family=family(CN.family),
    )  # fmt: skip


def visit(gain: float = 1.0, kmh: float = 0.0, two: bool = True, k: float = 1.0) -> list[Segment]:
    """Four rides and a soak; a box gives out `kmh` in three bursts of each, `gain` pulses too many all the way, `k` in the meter."""
    found = []
    for i in range(4):
        speeds = town(i, 500, 60)
        metres = float(travelled(speeds)[-1])
        drive = pulses(speeds, gain, seed=i)
        parts = [drive + 2e-5, *(injected(kmh, t, 2.0) for t in (100.01, 220.02, 400.03) if kmh)]
        into = np.sort(np.concatenate(parts))
        duty = np.where(np.isin(into, drive + 2e-5), np.minimum(np.append(np.diff(into), 0.05) * 0.4, 0.5), 0.002)
        looks = [0.2, 503.0]
        shown = [Decimal(int(np.searchsorted(into, t) * k / 100)) / 10 for t in looks]
        taps = [train("input", into, 505, duty=duty)] + ([train("sensor", drive, 505, duty=0.4)] if two else [])
        found.append(
            segment(f"R{i}", 505, *taps, registers=[register("distance", shown, looks)], reference_m=(metres, 2.0), begin_s=600 * i,
                    phase="A" if i < 2 else "C", reference="surveyed", top_kmh=60, stated_k="1000")
        )  # fmt: skip
    quiet = np.array([20.0])
    taps = [train("input", quiet, 300)] + ([train("sensor", quiet, 300)] if two else [])
    return [*found, soak("S", 300, *taps, begin_s=2500, handbrake=True)]


def findings(verdict: Verdict, *names: str) -> list[Finding]:
    return [found for found in verdict.findings if set(names) & set(found.detectors)]


def test_an_honest_visit_is_no_evidence_and_its_questions_are_answered() -> None:
    verdict = judged(visit())
    assert verdict.integrity in (Integrity.NO_EVIDENCE, Integrity.INCONCLUSIVE)
    assert not verdict.findings
    open_ = {
        question.text: question.why for question in verdict.coverage if not question.answered and question.required
    }
    assert not open_
    [slow] = [q for q in verdict.coverage if q.text == "was it tried at speeds that the usual bench does not reach"]
    assert (slow.answered, slow.why) == (False, "the fastest speed was 60 km/h")


def test_pulses_put_in_on_top_of_driving_are_proven_and_told_of_the_line() -> None:
    verdict = judged(visit(kmh=390))
    assert verdict.integrity is Integrity.PROVEN
    worst = verdict.findings[0]
    assert str(worst.link) == "sensor>input"
    assert {"rate-bound", "edge-balance"} & set(worst.detectors)
    assert "taxi.C01" in worst.catalogue_ids
    assert "taxi.C10" not in worst.catalogue_ids
    assert all(cause.excluded_by for cause in worst.explanations)


def test_by_one_tap_they_are_proven_too_and_may_come_from_either_side_of_it() -> None:
    verdict = judged(visit(kmh=600, two=False))
    [found] = findings(verdict, "rate-bound")
    assert found.level is Integrity.PROVEN
    assert str(found.link) == "reference>input"
    assert {"taxi.C01", "taxi.C05"} <= set(found.catalogue_ids)


def test_a_constant_tenth_is_scale_at_most_suspect_and_no_injection() -> None:
    verdict = judged(visit(gain=1.10))
    assert verdict.integrity is Integrity.SUSPECT
    assert verdict.conformity.conformity is Conformity.FAIL
    assert not findings(verdict, "rate-bound", "edge-balance", "idle-pulses", "oscillator", "tap-ratio")
    [found] = verdict.findings
    assert found.mechanism.endswith("a matter of scale")
    assert found.level is Integrity.SUSPECT


def test_another_k_in_the_meter_is_told_between_its_input_and_its_display() -> None:
    verdict = judged(visit(k=1.25))
    worst = verdict.findings[0]
    assert str(worst.link) == "input>distance"
    assert "taxi.C12" in worst.catalogue_ids
    assert "taxi.C01" not in worst.catalogue_ids


def test_a_test_that_nobody_measured_claims_nothing() -> None:
    verdict = judge(
        visit(kmh=600), with_rules(PROFILE, CN), CN, cheats_of("taximeter"), load_causes("taximeter"), TESTS, {},
        instrument="T1", status="complete", family=family(CN.family),
    )  # fmt: skip
    assert all(abs(evidence.e - 1.0) < 1e-9 for evidence in verdict.evidence)
    assert verdict.integrity is not Integrity.PROVEN
    assert driven.VALIDATED.cap > 1
