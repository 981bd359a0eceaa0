"""Pulses with the nozzle closed, a comb in time, intervals no meter makes, and the slots of the disc."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from benchmarks.shut_watches import watch
from captures.model import EdgeKind, Origin, PulseTrain
from harness.judge.contract import DetectorSpec, Reading, Segment, Validation, View
from harness.judge.detectors import dead_time, oscillator, slots, zero_flow

VALID = Validation(10_000, 0)


def run(spec: DetectorSpec, *segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(spec.judge(segments, View(profile, spec.parameters, VALID)))


def board(readings: list[Reading]) -> Reading:
    (reading,) = [reading for reading in readings if reading.link.downstream == "board"]
    return reading


@pytest.mark.parametrize("stations", ["encoder board", "board"])
def test_an_oscillator_counts_with_the_nozzle_closed(stations: str) -> None:
    segment = watch(np.random.default_rng(1), oscillator_hz=3.3, stations=stations)
    counted, timed = board(run(zero_flow.DETECTOR, segment)), board(run(oscillator.DETECTOR, segment))
    assert counted.hits >= 100
    assert counted.p is not None
    assert counted.p < 1e-12
    assert timed.at["follows"] == "time"
    assert timed.at["rate_hz"] == pytest.approx(3.3, rel=0.005)
    assert timed.at["l_per_min"] == pytest.approx(1.98, rel=0.01)


def test_hose_leak_and_interference_count_nothing() -> None:
    for seed in range(40):
        segment = watch(np.random.default_rng([2, seed]), emi=3.0)
        for spec in (zero_flow.DETECTOR, oscillator.DETECTOR):
            assert not any(reading.hits for reading in run(spec, segment))


def test_what_the_encoder_shows_too_is_no_surplus_of_the_board() -> None:
    segment = watch(np.random.default_rng(3), oscillator_hz=3.3, stations="board")
    through_the_meter = {f"encoder.{n[-1]}": replace(t, station="encoder") for n, t in segment.trains.items()}
    both = replace(segment, trains={**segment.trains, **through_the_meter})
    readings = {reading.link.downstream: reading for reading in run(zero_flow.DETECTOR, both)}
    assert readings["encoder"].hits > 100
    assert readings["board"].reason == "the encoder shows the same"


def test_a_card_that_follows_the_pulses_is_no_oscillator() -> None:
    rng = np.random.default_rng(4)
    for seed in range(6):
        flow = ("two-stage", "slow", "pulsating")[seed % 3]
        segment = delivery(rng, instrument(rng), 7.3, flow=flow, tamper=Tamper(insert_every=20))
        assert not board(run(oscillator.DETECTOR, segment)).hits


def test_surplus_at_random_instants_is_no_oscillator() -> None:
    rng = np.random.default_rng(5)
    segment = delivery(rng, instrument(rng), 20.0, flow="two-stage", tamper=Tamper(insert_random=0.05))
    assert not board(run(oscillator.DETECTOR, segment)).hits


def with_intervals(intervals_ms: list[float]) -> Segment:
    rng = np.random.default_rng(6)
    base = delivery(rng, instrument(rng), 5.0, stations="board")
    ticks = np.cumsum(np.array([1.0, *intervals_ms]) * 1000).astype(np.int64)
    window = (0, int(ticks[-1]) + 10)
    train = PulseTrain("board", "A", ticks, base.trains["board.A"].tick_s, EdgeKind.RISING, window, Origin("test", ""))
    return replace(base, trains={"board.A": train}, clocks={})


def test_intervals_that_no_meter_makes_are_counted_once_a_burst() -> None:
    # 50 L/min and 100 pulses/L make 12 ms; 0.8 of it is 9.6 ms
    usual = [15.0] * 40
    (reading,) = run(dead_time.DETECTOR, with_intervals([*usual, 7.0, 8.0] * 30))
    assert reading.hits == 30
    (reading,) = run(dead_time.DETECTOR, with_intervals([*usual, 10.0, 20.0] * 30))
    assert reading.hits == 0


def test_bounce_beside_an_edge_and_a_fast_line_are_no_violation() -> None:
    (reading,) = run(dead_time.DETECTOR, with_intervals([14.5, 0.5] * 300))
    assert not reading.hits
    (reading,) = run(dead_time.DETECTOR, with_intervals([6.0] * 500))
    assert "greatest flow" in reading.reason
    without = {key: value for key, value in PROFILE.items() if key != "max_flow_l_min"}
    (reading,) = run(dead_time.DETECTOR, with_intervals([6.0] * 500), profile=without)
    assert "not declared" in reading.reason


@pytest.mark.parametrize("declared", ["48", "49", "51", "55"])
def test_a_disc_with_another_number_of_slots_is_counted(declared: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(5):
        segment = delivery(rng, instrument(rng, "nominal"), 20.0)
        (reading,) = run(slots.DETECTOR, segment, profile=PROFILE | {"slots_per_rev": declared})
        assert reading.at["slots"] == 50
        assert reading.hits >= 8
        assert reading.effect == pytest.approx(50 / int(declared) - 1)


def test_the_declared_disc_is_left_alone_and_a_bare_one_gives_no_power() -> None:
    rng = np.random.default_rng(8)
    for flow in ("steady", "pulsating", "two-stage"):
        (reading,) = run(slots.DETECTOR, delivery(rng, instrument(rng, "nominal"), 20.0, flow=flow))
        assert reading.spoke
        assert not reading.hits
    (reading,) = run(slots.DETECTOR, delivery(rng, instrument(rng, "poor"), 20.0))
    assert "no power" in reading.reason
    (reading,) = run(slots.DETECTOR, delivery(rng, instrument(rng, "nominal"), 2.0))
    assert "fewer than" in reading.reason


def test_a_pump_that_pulsates_is_no_disc() -> None:
    rng = np.random.default_rng(9)
    found = [
        reading
        for _ in range(40)
        for reading in run(slots.DETECTOR, delivery(rng, instrument(rng), 13.7, flow="pulsating"))
    ]
    assert not any(reading.hits for reading in found)


def test_what_the_tap_of_the_encoder_missed_is_no_oscillator() -> None:
    """It comes at the pace of the flow, which is a comb too."""
    for seed in range(6):
        rng = np.random.default_rng([10, seed])
        segment = delivery(rng, instrument(rng), 20.0, emi=0.0)
        torn = {}
        for name, train in segment.trains.items():
            middle = int(train.ticks[train.ticks.size // 2])
            kept = ~((train.ticks > middle) & (train.ticks < middle + 500_000)) | (train.station != "encoder")
            assert train.levels is not None
            torn[name] = replace(train, ticks=train.ticks[kept], levels=train.levels[kept])
        assert not board(run(oscillator.DETECTOR, replace(segment, trains=torn))).hits
