"""Bookkeeping of evidence: e-values of mean one at most, caps, groups, thresholds, confirmations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from harness.judge.contexts import SHARES
from harness.judge.contract import Basis, DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, Validation
from harness.judge.evalue import bet, bet_on_count, calibrate
from harness.judge.evidence import CONTRASTS, processes, supremum

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


def test_the_supremum_of_fair_bets_keeps_its_level() -> None:
    """Ville on 2000 simulated honest cases at the true false rate."""
    rng = np.random.default_rng(5)
    segments = [segment(str(i), "A" if i % 2 else "C") for i in range(12)]
    by_id, loose, crossed = {s.id: s for s in segments}, Validation(10**9, 0), 0
    for _ in range(2_000):
        readings = [Reading("d", s.id, LINK, bet(bool(rng.random() < 0.05), 0.05, loose)) for s in segments]
        crossed += supremum(readings, by_id, "s1")[0] >= 20
    assert crossed / 2_000 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2_000)
