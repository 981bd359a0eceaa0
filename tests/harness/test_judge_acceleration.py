"""Acceleration: a rise of the pulse rate beyond the declared bound is found where it was; valves, hands and bursts are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generators import FLOWS, PROFILE, delivery, instrument
from captures.model import frozen_int64
from harness.judge.contract import Reading, Segment, Shape, Validation, View
from harness.judge.detectors.acceleration import DETECTOR
from harness.judge.pulses.acceleration import rises
from tests.harness.test_judge_evenness import HOSTILE, honest, tapped
from tests.harness.test_judge_pulse_pattern import changed, multiplied

VALID = Validation(10_000, 0)


def run(*segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(DETECTOR.judge(segments, View(profile, DETECTOR.parameters, VALID)))


def test_a_rate_that_doubles_inside_a_delivery_is_found_where_it_does() -> None:
    hits = 0
    for seed in range(20):
        (reading,) = run(multiplied(tapped(honest(seed, litres=20.0), "board"), 1.0, 8.0))
        hits += bool(reading.hits)
        if reading.hits:
            assert reading.shape is Shape.SWITCHED
            assert reading.at["onset_l"] == pytest.approx(8.0, abs=0.3)
            assert reading.at["rise_l_min_s"] > 60
            assert reading.e > 10
    assert hits >= 19


def test_three_hundred_honest_deliveries_rise_no_faster_than_declared() -> None:
    spoke = []
    for seed in range(300):
        rng = np.random.default_rng([4, seed])
        volume = float(rng.choice([5.0, 7.3]))
        one = delivery(rng, instrument(rng), volume, flow=FLOWS[seed % 4], emi=2.0, stations="board")
        spoke += [r for r in run(one) if r.spoke]
    assert len(spoke) >= 290
    assert not any(r.hits for r in spoke)


def test_a_hand_that_shuts_and_opens_the_nozzle_is_no_rise() -> None:
    segment = tapped(honest(7, litres=20.0), "board")
    ticks = segment.trains["board.A"].ticks
    middle = ticks.size // 2
    for rest in (300_000, 3_000_000):
        later = np.where(np.arange(ticks.size) >= middle, rest, 0)
        (reading,) = run(changed(segment, ticks + later))
        assert reading.spoke
        assert not reading.hits


def test_nothing_is_said_without_a_bound_and_its_source() -> None:
    segment = multiplied(tapped(honest(1), "board"), 1.0, 8.0)
    for missing, why in (
        ("max_flow_rise_l_min_s", "how fast the flow may rise"),
        ("max_flow_rise_source", "where the bound"),
        ("pulses_per_litre", "K, is not declared"),
    ):
        profile = {key: value for key, value in PROFILE.items() if key != missing}
        (reading,) = run(segment, profile=profile)
        assert reading.e == 1.0
        assert why in reading.reason


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_strange_trains_are_no_findings(name: str) -> None:
    segment = tapped(honest(4), "board")
    ticks = HOSTILE[name]
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    window = (0, int(ticks[-1]) + 1 if ticks.size else 1)
    trains = {n: replace(t, ticks=frozen_int64(ticks), levels=levels, window=window) for n, t in segment.trains.items()}
    assert not any(r.hits for r in run(replace(segment, trains=trains, clocks={})))


def test_a_gap_says_nothing_and_the_encoder_is_read_where_it_is_tapped() -> None:
    segment = tapped(honest(4), "encoder", "board")
    board, encoder = run(segment)
    assert board.reason.startswith("the encoder is tapped")
    assert encoder.spoke
    torn = {n: replace(t, gaps=((int(t.ticks[500]), int(t.ticks[500]) + 9),)) for n, t in segment.trains.items()}
    assert run(replace(segment, trains=torn))[1].reason.startswith("gap in")


def test_a_step_is_measured_over_the_time_of_its_stretches() -> None:
    """From 100 to 200 pulses a second: 100 over the half of 20 pulses at either rate."""
    d = np.concatenate([np.full(200, 10_000), np.full(200, 5_000)])
    found = rises(np.cumsum(d).astype(np.int64), 20, 0)
    steepest = int(np.nanargmax(found.slope))
    assert abs(int(found.edge[steepest]) - 200) <= 10
    assert float(found.slope[steepest]) * 1e12 == pytest.approx(100 / 0.15, rel=1e-9)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 10_000), min_size=0, max_size=300), st.integers(3, 30), st.integers(0, 10**6))
def test_rises_of_any_train(intervals: list[int], stretch: int, lasting: int) -> None:
    found = rises(np.cumsum(np.array([1, *intervals], dtype=np.int64)), stretch, lasting)
    assert found.edge.size == found.slope.size == found.before.size
    assert np.isfinite(found.before).all()


@pytest.mark.parametrize("per_litre", [100, 400, 800])
def test_a_surge_of_air_that_falls_back_is_no_rise_at_any_pulse_rate(per_litre: int) -> None:
    """A third more flow within a tenth of a second, for 0.7 s, at 40 L/min."""
    t = np.arange(0, 20, 1e-4)
    surge = 0.35 * (np.clip((t - 8) / 0.1, 0, 1) - np.clip((t - 8.7) / 0.1, 0, 1))
    counted = np.cumsum((1 + surge) * 40 / 60 * per_litre * 1e-4)
    ticks = np.round(np.interp(np.arange(1, int(counted[-1])), counted, t) * 1e6).astype(np.int64)
    bound = 60 / 60 * per_litre / 1e12
    assert not (np.nan_to_num(rises(ticks, 20, 1_000_000).slope) > bound).any()
    assert (np.nan_to_num(rises(ticks, 20, 0).slope) > bound).any() == (per_litre > 100)
