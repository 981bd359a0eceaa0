"""Whole cases heard on a scale's line: honest ones leave nothing, what is switched at rest is found, what a hand may do is not proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from harness.catalogue import load_catalogue, load_causes, with_rules
from harness.editions import edition
from harness.families import family_tests
from harness.judge.contract import Finding, Integrity, Segment, Shape, Verdict
from harness.judge.family import family
from harness.judge.verdict import judge
from tests.scale_stream import ScaleLine, after, during
from tests.weighed import VALIDATED

EDITION = edition("jjg539-2016")
PRICE: dict[str, Any] = {
    "intervals": "15/0.005",
    "accuracy_class": "III",
    "limits": "in-service",
    "price_step": "0.01",
    "settle_s": "2",
    "update_ms": 100,
}
TRUCK: dict[str, Any] = {"intervals": "80000/20", "accuracy_class": "III", "limits": "in-service", "settle_s": "4"}
WITH_PAPERS = {"hold_mode": False}


def judged(segments: Sequence[Segment], **profile: Any) -> Verdict:
    tests = family_tests(EDITION)
    validations = {f"{name}/{spec.version}": VALIDATED for name, spec in tests.detectors.items()}
    return judge(
        segments, with_rules(profile, EDITION), EDITION, load_catalogue(), load_causes(), tests.detectors, validations,
        instrument="S", status="complete", family=family("scale"),
    )  # fmt: skip


def of(verdict: Verdict, detector: str) -> Finding:
    (one,) = [finding for finding in verdict.findings if detector in finding.detectors]
    return one


def raid(scale: ScaleLine, acts: Callable[[float], dict[str, Any]]) -> list[Segment]:
    """Loads come and go; over the larger ones `acts` while they lie there."""
    loads = (0.0, 0.06, 0.0, 0.6, 0.0, 0.12, 0.0, 0.12, 1.19, 0.0, 0.08, 0.8, 0.0, 1.0, 0.0, 1.19, 0.0, 0.7, 0.0)
    return [scale.load(kg, 50, **(acts(kg) if kg > 0.5 else {})) for kg in loads]


def vehicles(scale: ScaleLine, acts: Callable[[float], dict[str, Any]]) -> list[Segment]:
    loads = (0, 31_000, 0, 17_000, 0, 43_000, 0, 24_000, 0, 31_000, 0, 28_000, 0)
    return [scale.load(kg, 90, known=False, **(acts(kg) if kg else {})) for kg in loads]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("line", [{}, {"noise_e": 0.4}, {"wind_e": 0.8, "wind_s": 4.0}])
def test_an_honest_line_leaves_nothing(seed: int, line: dict[str, Any]) -> None:
    assert judged(raid(ScaleLine(seed, **line), lambda kg: {}), **PRICE).findings == ()
    deck = ScaleLine(seed, e_kg=20, axles=4, mount_s=0.5, put_s=12, **line)
    assert judged(vehicles(deck, lambda kg: {}), **TRUCK).findings == ()


def test_a_gain_that_is_switched_unseen_is_proven() -> None:
    struck = raid(ScaleLine(1), lambda kg: {"digital": after(12.0, 0.1 * kg)})
    verdict = judged(struck, **PRICE, **WITH_PAPERS)
    finding = of(verdict, "rest-step")
    assert finding.shape is Shape.SWITCHED
    assert finding.effect == pytest.approx(0.1, abs=0.01)
    assert {"scale.S06", "scale.S22"} <= set(finding.catalogue_ids)
    assert "step-dynamics" in finding.detectors
    assert finding.level is Integrity.PROVEN, finding.limits
    undeclared = of(judged(struck, **PRICE), "rest-step")
    assert undeclared.level is Integrity.SUSPECT
    assert any("hold, averaging" in limit for limit in undeclared.limits)


def test_people_who_touch_the_pan_are_no_proof() -> None:
    rng = np.random.default_rng(2)
    touched = raid(ScaleLine(2), lambda kg: {"force": after(12.0, float(rng.uniform(0.03, 0.2)))})
    verdict = judged(touched, **PRICE, **WITH_PAPERS)
    assert verdict.integrity is not Integrity.PROVEN
    for finding in verdict.findings:
        assert any("somebody touched" in limit for limit in finding.limits)


def test_a_transmitter_ahead_of_the_filter() -> None:
    """It passes the filter as a load does: its size, alike each time, is what tells it from drivers and wind."""
    struck = vehicles(
        ScaleLine(3, e_kg=20, axles=4, mount_s=0.5, put_s=12, wind_e=0.3), lambda kg: {"force": after(30.0, 9_000.0)}
    )
    finding = of(judged(struck, **TRUCK, **WITH_PAPERS), "rest-step")
    assert finding.level is not Integrity.NO_EVIDENCE
    assert {"truck.T01", "truck.T06"} <= set(finding.catalogue_ids)
    assert not any("somebody touched" in limit for limit in finding.limits)


def test_drivers_who_get_out_are_no_suspicion_of_a_size_alike() -> None:
    rng = np.random.default_rng(4)
    scale = ScaleLine(4, e_kg=20, axles=4, mount_s=0.5, put_s=12, wind_e=0.3)
    verdict = judged(
        vehicles(scale, lambda kg: {"force": after(30.0, float(-rng.uniform(55, 110)))}), **TRUCK, **WITH_PAPERS
    )
    assert verdict.integrity is not Integrity.PROVEN


def test_a_simulator_in_the_cells_place_is_suspected() -> None:
    scale = ScaleLine(5, e_kg=20, axles=4, mount_s=0.5, put_s=12, wind_e=0.5)
    segments = vehicles(scale, lambda kg: {})
    scale.axles, scale.mount_s, scale.tau_s, scale.wind_e, scale.noise_e = 0, 0.01, 0.05, 0.0, 0.0
    for _ in range(4):
        segments += [scale.load(38_000, 90, known=False), scale.load(0, 90, known=False)]
    verdict = judged(segments, **TRUCK)
    assert of(verdict, "drive-on").level is Integrity.SUSPECT
    assert "truck.T09" in of(verdict, "drive-on").catalogue_ids


def test_bursts_of_one_size_that_go_again_may_be_a_radio() -> None:
    scale = ScaleLine(6, e_kg=20, axles=4, mount_s=0.5, put_s=12, wind_e=0.3)
    verdict = judged(vehicles(scale, lambda kg: {"force": during(30.0, 37.0, 900.0)}), **TRUCK, **WITH_PAPERS)
    assert verdict.integrity is not Integrity.PROVEN
    finding = of(verdict, "rest-step")
    assert any("own radio or a telephone disturbs" in limit for limit in finding.limits)
    assert not any("a person or goods got on" in limit for limit in finding.limits)


def test_one_step_of_a_case_is_no_suspicion() -> None:
    scale = ScaleLine(7, e_kg=20, axles=4, mount_s=0.5, put_s=12, wind_e=0.3)
    once = iter([{}, {}, {"force": after(30.0, 900.0)}])
    verdict = judged(vehicles(scale, lambda kg: next(once, {})), **TRUCK)
    assert any(one.detector == "rest-step" and one.hits for one in verdict.readings)
    assert verdict.integrity in (Integrity.NO_EVIDENCE, Integrity.INCONCLUSIVE)
