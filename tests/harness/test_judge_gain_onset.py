"""Gain onset: a step of the pulse rate is told with its place and size, and never claimed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generators import FLOWS, PROFILE, delivery, instrument
from captures.model import frozen_int64
from harness.judge.contract import Reading, Segment, Validation, View
from harness.judge.detectors.gain_onset import DETECTOR, FOLLOWED
from harness.judge.evidence import weights
from harness.judge.pulses.onset import rates, scan, step
from harness.judge.trains import COMPARED
from tests.harness.test_judge_evenness import HOSTILE, honest, tapped
from tests.harness.test_judge_pulse_pattern import multiplied

PROFILE_WITHOUT = {key: value for key, value in PROFILE.items() if key not in ("slots_per_rev", "pulses_per_litre")}


def run(*segments: Segment, profile: dict[str, object] = PROFILE) -> list[Reading]:
    return list(DETECTOR.judge(segments, View(profile, DETECTOR.parameters, Validation(1_000_000, 0))))


def test_a_gain_that_comes_on_is_told_with_place_and_size() -> None:
    told, pulls = 0, []
    for seed in range(20):
        (reading,) = run(multiplied(tapped(honest(seed, litres=20.0), "board"), 0.1, 9.0))
        assert not reading.spoke
        if "rate_step" not in reading.at:
            continue
        told += 1
        assert reading.reason.startswith("investigate: the pulse rate steps at")
        first, last = reading.at["onset_interval_l"]
        assert first <= 9.0 <= last
        assert last - first <= 2.0
        assert reading.at["onset_interval_ns"][0] < reading.at["onset_ns"] < reading.at["onset_interval_ns"][1]
        pulls.append((reading.at["rate_step"] - 0.1) / reading.at["rate_step_u"])
    assert told >= 19
    assert float(np.abs(pulls).max()) < 6
    assert float(np.sqrt(np.mean(np.square(pulls)))) < 3  # the flow goes its own way besides


def test_three_hundred_deliveries_claim_nothing_and_steady_ones_rarely_step() -> None:
    stepped = 0
    for seed in range(300):
        rng = np.random.default_rng([6, seed])
        (reading,) = run(delivery(rng, instrument(rng), 13.7, flow=FLOWS[seed % 4], emi=1.0, stations="board"))
        assert reading.e == 1.0
        assert not reading.hits
        assert not reading.spoke
        stepped += "investigate" in reading.reason
    assert stepped < 60  # valves that close in stages, starts; a model's


def test_where_others_follow_it_keeps_still() -> None:
    whole = honest(1)
    both = tapped(whole, "encoder", "board")
    beside = tapped(whole, "board", "reference")
    assert [r.reason for r in run(both, beside)] == [COMPARED, FOLLOWED]


def test_without_slots_and_litres_the_place_is_told_in_pulses() -> None:
    (reading,) = run(multiplied(tapped(honest(3, litres=20.0), "board"), 0.2, 9.0), profile=PROFILE_WITHOUT)
    assert "pulses (" in reading.reason
    assert "onset_l" not in reading.at


def test_it_has_no_share_of_alpha() -> None:
    own = run(multiplied(tapped(honest(3, litres=20.0), "board"), 0.2, 9.0))
    other = replace(own[0], detector="else")
    spec = replace(DETECTOR, name="else", weight=1.0)
    assert weights({"gain-onset": DETECTOR, "else": spec}, [*own, other]) == {("else", other.link): 1.0}
    assert weights({"gain-onset": DETECTOR}, own) == {}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_strange_trains_make_no_step(name: str) -> None:
    segment = tapped(honest(4), "board")
    ticks = HOSTILE[name]
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    window = (0, int(ticks[-1]) + 1 if ticks.size else 1)
    trains = {n: replace(t, ticks=frozen_int64(ticks), levels=levels, window=window) for n, t in segment.trains.items()}
    (reading,) = run(replace(segment, trains=trains, clocks={}))
    assert "rate_step" not in reading.at
    assert reading.e == 1.0


def test_a_gap_says_nothing() -> None:
    segment = tapped(honest(4), "board")
    torn = {n: replace(t, gaps=((int(t.ticks[500]), int(t.ticks[500]) + 9),)) for n, t in segment.trains.items()}
    assert run(replace(segment, trains=torn))[0].reason == "gap in board.A"


@settings(max_examples=60)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=40))
def test_the_scan_is_its_definition(values: list[float]) -> None:
    x = np.array(values)
    one = float(np.sum((x - x.mean()) ** 2))
    two = [float(np.sum((x[:k] - x[:k].mean()) ** 2) + np.sum((x[k:] - x[k:].mean()) ** 2)) for k in range(1, x.size)]
    assert scan(x) == pytest.approx(one - np.array(two), abs=1e-9)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 10_000), min_size=0, max_size=400), st.integers(5, 30))
def test_a_step_of_any_train_lies_within_it(intervals: list[int], stretch: int) -> None:
    ticks = np.cumsum(np.array([1, *intervals], dtype=np.int64))
    found = step(ticks, stretch)
    if found is None:
        assert rates(ticks, stretch)[0].size < 8
        return
    assert 0 <= found.first <= found.edge <= found.last <= ticks.size
    assert found.u >= 0
