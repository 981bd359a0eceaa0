"""Whole judgements on synthetic segments: honest cases, every shape of break, conditions, merging, coverage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from benchmarks.detectors import DETECTORS
from benchmarks.generators import HONEST, PROFILE, Tamper, delivery, instrument
from harness.catalogue import load_catalogue, load_causes
from harness.judge.contract import Conformity, Finding, Integrity, Segment, Shape, Validation, Verdict
from harness.judge.verdict import judge

K0 = "reference display amount"
K1 = "reference register display amount totaliser"
K2 = K1
K3 = "reference encoder board register display amount totaliser"
VALID = {f"{name}/{spec.version}": Validation(10_000, 0) for name, spec in DETECTORS.items()}


@dataclass(frozen=True)
class Limit:
    value: Decimal = Decimal("0.003")
    clause: str = "5.1"
    verified: bool = False


class Edition:
    def limit(self, id: str) -> Limit:
        return Limit()


PLAN = (  # id, phase, state, litres, flow
    ("A1", "A", "power-0", 13.7, "steady"),
    ("A2", "A", "power-0", 7.3, "steady"),
    ("A3", "A", "power-0", 27.1, "steady"),
    ("C1", "C", "power-0", 13.7, "steady"),
    ("C2", "C", "power-0", 7.3, "steady"),
    ("C3", "C", "power-0", 27.1, "steady"),
    ("C4", "C", "power-0", 45.3, "two-stage"),
    ("E1", "E", "power-1", 13.7, "steady"),
    ("E2", "E", "power-1", 7.3, "steady"),
    ("E3", "E", "power-1", 27.1, "steady"),
)


def raid(
    stations: str, tamper: Tamper = HONEST, seed: int = 1, where: str = "ACE", weighed: bool = False
) -> list[Segment]:
    """A plan's deliveries on one dispenser; `tamper` works in the phases of `where`."""
    rng = np.random.default_rng(seed)
    it = replace(instrument(rng), gain=0.0003)
    result = []
    for i, (id, phase, state, volume, flow) in enumerate(PLAN):
        if weighed and volume > 20:
            volume = 18.9
        result.append(
            delivery(
                rng, it, volume, id=id, flow=flow, phase=phase, state=state, stations=stations, weighed=weighed, emi=0.0,
                tamper=tamper if phase in where else HONEST, start_ns=i * 300_000_000_000, misread=0.0,
            )
        )  # fmt: skip
    return result


def verdict(segments: list[Segment], status: str = "complete", **profile: Any) -> Verdict:
    return judge(
        segments, PROFILE | profile, Edition(), load_catalogue(), load_causes(), DETECTORS, VALID,
        instrument="N1", status=status,
    )  # fmt: skip


def only(found: Verdict) -> Finding:
    assert len(found.findings) == 1, [(str(f.link), f.detectors, f.level) for f in found.findings]
    return found.findings[0]


@pytest.mark.parametrize("stations", [K2, K3])
@pytest.mark.parametrize("seed", [1, 2])
def test_honest_cases_end_without_evidence(stations: str, seed: int) -> None:
    found = verdict(raid(stations, seed=seed))
    assert found.findings == ()
    assert found.integrity is Integrity.NO_EVIDENCE, [q for q in found.coverage if not q.answered]
    assert found.conformity.conformity is Conformity.PASS
    assert all(q.mde is not None and q.mde <= 0.02 for q in found.coverage if q.required)


@pytest.mark.parametrize("stations", [K0, K1])
def test_a_can_leaves_the_longer_delivery_unanswered(stations: str) -> None:
    found = verdict(raid(stations, weighed=True))
    assert found.integrity is Integrity.INCONCLUSIVE
    unanswered = [q for q in found.coverage if q.required and not q.answered]
    assert [q.text for q in unanswered] == ["does the error begin or change inside a delivery, up to beyond 20.5 L"]


CASES = (
    ("fuel.C09", Tamper(insert_every=25), "A", K3, "encoder>board", Shape.CONSTANT),
    ("fuel.C09", Tamper(insert_every=25), "A", K2, "reference>register", Shape.STATE),
    ("fuel.C02", Tamper(register_gain=0.04, from_l=20.0), "ACE", K2, "reference>register", Shape.THRESHOLD),
    ("fuel.C02", Tamper(register_gain=0.04, from_l=20.0), "ACE", K3, "board>register", Shape.THRESHOLD),
    ("fuel.C13", Tamper(register_gain=0.03), "AC", K2, "reference>register", Shape.STATE),
    ("fuel.C13", Tamper(register_gain=0.03), "AC", K3, "board>register", None),
    ("fuel.C14", Tamper(display_gain=0.03), "ACE", K2, "register>display", Shape.CONSTANT),
)


@pytest.mark.parametrize(("true", "tamper", "where", "stations", "link", "shape"), CASES)
def test_every_shape_is_proven_at_its_link(
    true: str, tamper: Tamper, where: str, stations: str, link: str, shape: Shape | None
) -> None:
    found = verdict(raid(stations, tamper, where=where))
    finding = only(found)
    assert found.integrity is Integrity.PROVEN, finding.limits
    assert str(finding.link) == link
    assert true in finding.catalogue_ids
    assert all(finding.conditions.values())
    assert all(explanation.excluded_by for explanation in finding.explanations)
    if shape is not None and true != "fuel.C09":
        assert finding.shape is shape


def test_a_constant_gain_alone_is_at_most_suspect() -> None:
    found = verdict(raid(K3, Tamper(meter_gain=0.03)))
    finding = only(found)
    assert (found.integrity, str(finding.link)) == (Integrity.SUSPECT, "reference>encoder")
    assert found.conformity.conformity is Conformity.FAIL
    assert "fuel.C22" in finding.catalogue_ids
    assert any("constant gain" in limit for limit in finding.limits)


def test_one_run_alone_is_at_most_suspect() -> None:
    segments = raid(K3, Tamper(insert_every=10), where="A")
    one = [s for s in segments if s.id == "A1" or s.phase != "A"]
    found = verdict(one)
    assert found.integrity is Integrity.SUSPECT
    assert not only(found).conditions["reproduced_or_two_stations"] or not only(found).conditions["threshold_crossed"]


def test_a_cause_that_is_not_excluded_is_named() -> None:
    found = verdict(raid(K3, Tamper(insert_every=25)), topology="adapter", decoding="x1")
    finding = only(found)
    assert found.integrity is Integrity.SUSPECT
    assert any("wiring is not as declared" in limit for limit in finding.limits)


def test_weighing_cannot_prove() -> None:
    found = verdict(raid(K1, Tamper(register_gain=0.05), where="A", weighed=True))
    assert found.integrity is Integrity.SUSPECT
    assert any("transfer to the can" in limit for limit in only(found).limits)


def test_without_validation_nothing_is_claimed() -> None:
    segments = raid(K3, Tamper(insert_every=25))
    found = judge(
        segments, PROFILE, Edition(), load_catalogue(), load_causes(), DETECTORS, {}, instrument="N1", status="complete"
    )
    assert found.integrity is not Integrity.PROVEN
    assert any("without validation" in note for note in found.notes)


def test_a_stopped_run_is_inconclusive_and_findings_stay() -> None:
    assert verdict(raid(K3), status="stopped").integrity is Integrity.INCONCLUSIVE
    assert verdict(raid(K3, Tamper(insert_every=25)), status="stopped").integrity is Integrity.PROVEN
    assert verdict([], status="error").integrity is Integrity.INCONCLUSIVE


def test_judging_twice_gives_the_same() -> None:
    segments = raid(K2, Tamper(register_gain=0.04, from_l=20.0))
    assert verdict(segments).findings == verdict(list(reversed(segments))).findings


def test_one_spoiled_delivery_is_no_suspicion() -> None:
    honest, spoiled = raid(K2), raid(K2, Tamper(meter_gain=0.05))
    for i in (0, 3, 6):
        found = verdict([*honest[:i], spoiled[i], *honest[i + 1 :]])
        assert found.integrity not in (Integrity.SUSPECT, Integrity.PROVEN), found.findings


def test_gas_that_was_seen_leaves_a_suspicion_open(monkeypatch: pytest.MonkeyPatch) -> None:
    segments = raid(K2, Tamper(meter_gain=0.03))
    assert verdict(segments).integrity is Integrity.SUSPECT
    monkeypatch.setattr("harness.judge.findings.rough", lambda segment, profile: True)
    found = verdict(segments)
    assert found.integrity is Integrity.INCONCLUSIVE
    assert "gas or vapour was seen" in found.findings[0].limits[0]
    # what lies behind the meter no gas explains
    assert verdict(raid(K3, Tamper(insert_every=20)), decoding="x1").integrity is Integrity.PROVEN
