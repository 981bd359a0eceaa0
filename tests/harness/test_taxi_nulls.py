"""Honest visits to a taximeter, of a model of their own: no test of the family hits more often there than it says it may."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from benchmarks.generators_taxi import case
from benchmarks.generators_taxi_cars import profile
from benchmarks.taxi_nulls import EVERY_BENCH, measured, of_family
from harness.judge.contract import SegmentKind
from harness.judge.trains import channels

CASES = 20
SLOW, ALSO_SLOW = (
    frozenset({"fare-replay", "fingerprint-slip", "timer-lattice"}),
    1,
)  # asked of the first few cases alone
CHANCE = 1e-4  # of this test's failing while every test keeps what it says


@pytest.fixture(scope="module")
def counts() -> dict[str, Counter[str]]:
    total: dict[str, Counter[str]] = {}
    quick = frozenset(of_family()) - SLOW
    for number in range(CASES):
        for name, tally in measured(number, quick if number >= ALSO_SLOW else frozenset())[0].items():
            total.setdefault(name, Counter()).update(tally)
    return total


def test_no_test_of_the_family_hits_more_often_than_it_says(counts: dict[str, Counter[str]]) -> None:
    for name, spec in of_family().items():
        most = max((spec.parameters[key] for key in ("q", "q_few") if key in spec.parameters), default=3e-4)
        tally = counts[name]
        allowed = int(stats.binom.isf(CHANCE, max(tally["n"], 1), most))
        assert tally["strong"] <= allowed, f"{name}: {tally['strong']} false hits of {tally['n']}, allowed {allowed}"


def test_most_tests_of_the_family_have_spoken(counts: dict[str, Counter[str]]) -> None:
    mute = {name for name, tally in counts.items() if not tally["n"] + tally["by eye"]}
    assert mute <= {"course"} | SLOW, f"never asked: {mute}"


def test_a_case_is_the_same_whenever_it_is_made() -> None:
    (_, first), (_, again) = case([1, 2], bench=False), case([1, 2], bench=False)
    for a, b in zip(first, again, strict=True):
        assert (a.id, a.window_ns, a.reference_m) == (b.id, b.window_ns, b.reference_m)
        assert all(np.array_equal(train.ticks, b.trains[name].ticks) for name, train in a.trains.items())


def test_segments_are_such_as_a_run_leaves() -> None:
    kinds, stations = set(), set()
    for number in range(5):
        taxi, segments = case([3, number], bench=number % EVERY_BENCH == EVERY_BENCH - 1)
        assert profile(taxi)
        for one in segments:
            kinds.add((one.kind, bool(one.context["hired"])))
            stations |= {name for name in ("sensor", "input", "source") if channels(one, name)}
            for train in one.trains.values():
                assert (np.diff(train.ticks) > 0).all()
                assert not train.ticks.size or train.window[0] <= train.ticks[0] <= train.ticks[-1] <= train.window[1]
            for register in one.registers.values():
                assert register.times_ns.size == len(register.values) > 0
    assert kinds == {(SegmentKind.TRIP, True), (SegmentKind.SOAK, True), (SegmentKind.SOAK, False)}
    assert stations == {"sensor", "input", "source"}
