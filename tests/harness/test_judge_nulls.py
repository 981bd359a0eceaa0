"""Tripwire: 768 honest segments with fixed seeds; the full measurement is benchmarks/nulls.py."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from benchmarks.detectors import DETECTORS
from benchmarks.nulls import CASE_OF, CASES, MANY, strong
from harness.catalogue import load_validations
from harness.judge.contract import Reading, Validation, View
from tests.once import value_once

FEWEST = {"slots": 100, "fingerprint-slip": 200}  # weak and poor discs give it no power


MADE = 48 * 2  # cases of a kind
FEWER = {"after": 2}  # of it a half: it asks those again that the visit has asked already, and they are the slowest


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = value_once(tmp_path_factory, "nulls", judged)
    return found


def judged() -> dict[str, list[Reading]]:
    found: dict[str, list[Reading]] = {name: [] for name in DETECTORS}
    for kind, (make, profile) in CASES.items():
        mine = [name for name in DETECTORS if kind in CASE_OF.get(name, ("visit",))]
        for seed in range(MADE * MANY.get(kind, 1) // FEWER.get(kind, 1)):
            segments = make(np.random.default_rng([99, seed]))
            for name in mine:
                spec = DETECTORS[name]
                found[name] += spec.judge(segments, View(profile, spec.parameters, Validation(10_000, 0)))
    return found


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_strong_false_hits_stay_within_their_bound(readings: dict[str, list[Reading]], name: str) -> None:
    spoke = [reading for reading in readings[name] if reading.spoke]
    false = sum(strong(reading, dict(DETECTORS[name].parameters)) for reading in spoke)
    assert len(spoke) >= FEWEST.get(name, 300)
    # at the rate the e-value pays for, more than this many would come once in a million
    assert false <= stats.binom.isf(1e-6, len(spoke), 3e-4)


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_p_values_are_not_too_small(readings: dict[str, list[Reading]], name: str) -> None:
    p = [reading.p for reading in readings[name] if reading.spoke and reading.p is not None]
    level = 0.01
    if "q_sure" in DETECTORS[name].parameters:
        level = 2 * DETECTORS[name].parameters["q"]  # by eye
    assert sum(x < 0.01 for x in p) <= stats.binom.isf(1e-6, len(p), level)


def test_mean_evidence_is_at_most_one(readings: dict[str, list[Reading]]) -> None:
    for name, mine in readings.items():
        counts = Counter(reading.e > 1 for reading in mine if reading.spoke)
        assert np.mean([min(reading.e, 3.0) for reading in mine]) <= 1.05, (name, counts)


def test_every_detector_is_validated_on_ten_thousand() -> None:
    validations = load_validations()
    for name, spec in DETECTORS.items():
        assert validations[f"{name}/{spec.version}"].n_null >= 10_000
