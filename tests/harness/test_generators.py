"""Tripwire: honest dispensers of four kinds of generator, twenty seeds each; the full figures are docs/null_calibration.md."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import generators_recorded
from benchmarks.generators import PROFILE
from benchmarks.visits import visit
from fixtures.plugins import plugins
from harness.judge.contract import DetectorSpec, Segment, Validation, View

OWN: dict[str, DetectorSpec] = {
    p.name: p.spec for p in plugins("detectors") if p.distribution == "shortmeasure" and p.spec is not None
}
SLOW = {"fingerprint-slip"}  # a quarter of a second a delivery: benchmarks/null_calibration.py
# a burst of thirty pulses on one channel, which a decoder of two channels does not count, is a jump in the course of the
# board's line, which is that of one channel: docs/generalisation.md
KNOWN = {("generators_defects", "course", "board>register")}
SEEDS = range(20)
VALID = Validation(10_000, 0)
NAMES = ("generators", "generators_mechanism", "generators_defects", "generators_recorded")


def honest(name: str, seed: int) -> list[Segment]:
    """Two deliveries of one dispenser, the second after a power cut; in every second case the encoder is not tapped."""
    if name == "generators_recorded" and generators_recorded.available():
        pytest.skip(generators_recorded.available())
    rng = np.random.default_rng([17, seed])
    made = importlib.import_module(f"benchmarks.{name}").honest_case_segments(rng, 2, emi=0.2, misread=0.0)
    result = []
    for i, segment in enumerate(visit(rng, made, 0.0)):
        trains = {n: t for n, t in segment.trains.items() if seed % 2 or not n.startswith("encoder.")}
        result.append(replace(segment, state=f"power-{i}", trains=trains))
    return result


@pytest.mark.parametrize("name", NAMES)
def test_no_honest_dispenser_is_hit(name: str) -> None:
    spoke: Counter[str] = Counter()
    hits = []
    for seed in SEEDS:
        segments = honest(name, seed)
        for detector, spec in OWN.items():
            if detector in SLOW:
                continue
            for reading in spec.judge(segments, View(PROFILE, spec.parameters, VALID)):
                spoke[detector] += reading.spoke
                if reading.hits and reading.shape is not None:
                    hits.append((detector, seed, reading.segment, str(reading.link), reading.hits, reading.p))
    known = [hit for hit in hits if (name, hit[0], hit[3]) in KNOWN]
    assert [hit for hit in hits if hit not in known] == []
    assert len(known) <= 2
    assert min(spoke[d] for d in ("split", "quadrature", "timer-lattice", "dead-time", "register-law")) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_the_kinds_differ_in_what_a_disc_shows(name: str) -> None:
    """Each generator counts what flowed, and its grades differ: the strong pattern is uneven, the poor is not."""
    made = importlib.import_module(f"benchmarks.{name}")
    if name == "generators_recorded" and generators_recorded.available():
        pytest.skip(generators_recorded.available())
    uneven = {}
    for grade in ("nominal", "poor"):
        rng = np.random.default_rng([18, len(grade)])
        segment = made.delivery(rng, made.instrument(rng, grade), 7.3, emi=0.0, stations="encoder board register")
        a = segment.trains["encoder.A"].rising
        assert float(segment.registers["register"].values[-1]) == pytest.approx(7.3, abs=0.15)
        x = np.log(np.diff(a[a.size // 4 : 3 * a.size // 4]).astype(np.float64))
        spread = np.diff(x, 2)
        uneven[grade] = 1.4826 * float(np.median(np.abs(spread - np.median(spread))))
    assert uneven["nominal"] > 0.001
    assert uneven["poor"] > 0.001


def test_the_same_seed_makes_the_same_case() -> None:
    for name in NAMES[:3]:
        one, two = honest(name, 3), honest(name, 3)
        for a, b in zip(one, two, strict=True):
            assert all(np.array_equal(a.trains[n].ticks, b.trains[n].ticks) for n in a.trains)


def test_the_mechanism_s_comparator_bounces_in_slow_flow_alone() -> None:
    """Bounce is not put in: it comes of noise at a comparator, where the light changes slowly."""
    from benchmarks import generators_mechanism as made

    extra = {}
    for flow in ("steady", "slow"):
        extra[flow] = 0
        for seed in range(4):
            rng = np.random.default_rng([19, seed])
            it = replace(made.instrument(rng, "poor"), noise=0.03, hysteresis=0.02)
            segment = made.delivery(rng, it, 5.0, flow=flow, emi=0.0, stations="encoder")
            extra[flow] += segment.trains["encoder.A"].rising.size - 500
    assert extra["slow"] > extra["steady"] - 5
    assert extra["slow"] > 0


def test_a_recorder_that_loses_samples_says_so() -> None:
    from benchmarks import generators_defects as made

    lossy = 0
    for seed in range(30):
        rng = np.random.default_rng([20, seed])
        segment = made.delivery(rng, made.instrument(rng, "nominal"), 5.0, emi=0.0, stations="encoder board")
        gaps = {train.gaps for train in segment.trains.values()}
        assert len(gaps) == 1
        [[*found]] = gaps
        lossy += bool(found)
        for begin, end in found:
            assert not any(((t.ticks >= begin) & (t.ticks <= end)).any() for t in segment.trains.values())
    assert 0 < lossy < 12
