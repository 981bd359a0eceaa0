"""Jitter floor: a device that averages pulses is found, a shaft that turns evenly is not taken for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.generators import FLOWS, PROFILE, delivery, instrument
from captures.model import Int64Array, frozen_int64
from harness.judge.contract import Reading, Segment, Shape, Validation, View
from harness.judge.detectors.jitter_floor import DETECTOR
from harness.judge.pulses.jitter import blocks, effective, evenness, of_pattern, rounding, second_differences, within

VALID = Validation(10_000, 0)


def run(*segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(DETECTOR.judge(segments, View(profile, DETECTOR.parameters, VALID)))


def tapped(segment: Segment, *stations: str) -> Segment:
    return replace(segment, trains={n: t for n, t in segment.trains.items() if n.split(".")[0] in stations})


def averaged(segment: Segment, pulses: int, gain: float = 0.0, name: str = "board.A") -> Segment:
    """A device that gives out 1 + gain pulses for each, at intervals averaged over the last `pulses`."""
    train = segment.trains[name]
    assert train.levels is not None
    rises = train.ticks[train.levels == 1]
    d = np.diff(rises).astype(np.float64)
    even = np.cumsum(np.convolve(d, np.ones(pulses) / pulses, "valid"))
    places = np.interp(np.arange(0, even.size - 1, 1 / (1 + gain)), np.arange(even.size), even) + rises[0]
    up = np.round(places).astype(np.int64)
    both = np.sort(np.concatenate([up[:-1], (up[:-1] + up[1:]) // 2]))
    levels = (np.arange(both.size) % 2 == 0).astype(np.uint8)
    return replace(segment, trains={**segment.trains, name: replace(train, ticks=frozen_int64(both), levels=levels)})


def coarse(segment: Segment, step: int) -> Segment:
    """The same delivery told in steps of `step` ticks."""
    trains = {}
    for name, train in segment.trains.items():
        ticks = train.ticks // step * step
        kept = np.concatenate([[True], np.diff(ticks) > 0])
        trains[name] = replace(
            train, ticks=frozen_int64(ticks[kept]), levels=None if train.levels is None else train.levels[kept]
        )
    return replace(segment, trains=trains)


def honest(seed: int, grade: str = "nominal", litres: float = 13.7, flow: str = "steady", **more: Any) -> Segment:
    rng = np.random.default_rng(seed)
    return delivery(rng, instrument(rng, grade), litres, flow=flow, **more)


@pytest.mark.parametrize("grade", ["nominal", "weak", "poor"])
@pytest.mark.parametrize("pulses", [8, 25])
def test_an_averaging_device_is_found_beside_the_encoder(grade: str, pulses: int) -> None:
    hits = 0
    for seed in range(20):
        segment = averaged(honest(seed, grade), pulses, 0.02 * (seed % 2))
        found = [r for r in run(tapped(segment, "encoder", "board")) if str(r.link) == "encoder>board"]
        hits += sum(r.hits for r in found)
        assert all(r.at["evened_to"] < 0.3 and r.shape is Shape.CONSTANT and r.e > 10 for r in found if r.hits)
    assert hits >= 19


def test_an_averaging_device_is_found_against_earlier_deliveries() -> None:
    hits = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        it = instrument(rng, "nominal")
        four = [tapped(delivery(rng, it, 13.7, id=f"d{i}"), "board") for i in range(4)]
        readings = run(*four[:3], averaged(four[3], 12))
        assert not any(r.hits for r in readings[:3])
        hits += readings[3].hits
    assert hits >= 17  # the flow of some differs by too much


def test_a_declared_floor_stands_in_for_earlier_deliveries() -> None:
    segment = tapped(honest(5), "board")
    declared = PROFILE | {"jitter_floor_rel": "0.02"}
    assert not run(segment, profile=declared)[0].hits
    assert run(averaged(segment, 25), profile=declared)[0].hits == 1
    assert "no floor declared" in run(averaged(segment, 25))[0].reason


def test_three_hundred_honest_deliveries() -> None:
    readings = []
    for seed in range(75):
        rng = np.random.default_rng([1, seed])
        it = instrument(rng)
        some = [
            delivery(rng, it, float(rng.choice([7.3, 13.7])), id=f"d{i}", flow=FLOWS[int(rng.integers(4))], emi=1.0)
            for i in range(4)
        ]
        readings += run(*some if seed % 2 else [tapped(one, "board") for one in some])
    spoke = [r for r in readings if r.spoke]
    assert len(spoke) > 180
    assert not any(r.hits for r in spoke)
    small = sum(r.p is not None and r.p < 0.01 for r in spoke)
    assert small <= stats.binom.isf(1e-6, len(spoke), 0.01)


def test_where_the_type_may_average_it_is_told_and_nothing_claimed() -> None:
    segment = tapped(averaged(honest(1), 8), "encoder", "board")
    for declared in ({}, {"sensor_class": "smart"}):
        profile = {key: value for key, value in PROFILE.items() if key != "sensor_class"} | declared
        reading = next(r for r in run(segment, profile=profile) if str(r.link) == "encoder>board")
        assert reading.e == 1.0
        assert "pulses evened out to" in reading.reason


@pytest.mark.parametrize("step", [300, 800, 2000])
def test_coarse_ticks_show_neither_jitter_nor_its_absence(step: int) -> None:
    for segment in (honest(3), averaged(honest(3), 25)):
        readings = run(coarse(tapped(segment, "encoder", "board"), step))
        assert not any(r.hits for r in readings)
        assert any("no power" in r.reason for r in readings)


def test_a_line_of_another_number_of_pulses_is_not_compared() -> None:
    segment = tapped(honest(2), "encoder", "board")
    train = segment.trains["board.A"]
    half = replace(
        train, ticks=frozen_int64(train.ticks[::2]), levels=(np.arange(train.ticks[::2].size) % 2 == 0).astype(np.uint8)
    )
    reading = run(replace(segment, trains={**segment.trains, "board.A": half}))[0]
    assert "not of one pulse each" in reading.reason


HOSTILE: dict[str, Int64Array] = {
    "empty": np.zeros(0, dtype=np.int64),
    "one edge": np.array([5], dtype=np.int64),
    "constant": np.arange(0, 4000, dtype=np.int64) * 1000 + 1,
    "huge": np.arange(1, 3001, dtype=np.int64) * (1 << 50),
    "rests": np.cumsum(np.where(np.arange(3000) % 100 == 99, 10**9, 1000)).astype(np.int64),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_strange_trains_are_no_findings(name: str) -> None:
    segment = tapped(honest(4), "encoder", "board")
    ticks = HOSTILE[name]
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    window = (0, int(ticks[-1]) + 1 if ticks.size else 1)
    trains = {n: replace(t, ticks=frozen_int64(ticks), levels=levels, window=window) for n, t in segment.trains.items()}
    whole = replace(segment, trains=trains, clocks={})
    for reading in run(whole, replace(whole, id="d2"), replace(whole, id="d3")):
        assert not reading.hits
        assert reading.e <= 1.0


def test_a_gap_says_nothing() -> None:
    segment = tapped(honest(4), "encoder", "board")
    torn = {n: replace(t, gaps=((int(t.ticks[500]), int(t.ticks[500]) + 9),)) for n, t in segment.trains.items()}
    assert all(r.reason.startswith("gap in") for r in run(replace(segment, trains=torn)))


def test_rounding_makes_the_variance_that_it_is_said_to() -> None:
    edges = np.cumsum(np.random.default_rng(1).integers(8500, 9501, 200_000))
    told = second_differences(edges // 60 * 60) - second_differences(edges)
    assert float(told.var()) == pytest.approx(rounding(9000.0, 60), rel=0.03)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 10_000), min_size=0, max_size=400), st.integers(1, 50))
def test_blocks_of_any_train(intervals: list[int], step: int) -> None:
    ticks = np.cumsum(np.array([3, *intervals], dtype=np.int64)) * step
    found = blocks(ticks)
    if found is None:
        return
    assert (found.variance >= 0).all()
    assert (np.diff(found.ends) > 0).all()
    # a train held to itself is as even as itself
    same = within(ticks, found.ends)
    assert same == pytest.approx(found.variance, nan_ok=True)


def test_correlated_blocks_count_for_fewer() -> None:
    rng = np.random.default_rng(2)
    white = rng.normal(size=400)
    assert effective(white) > 200
    slow = np.convolve(white, np.ones(10) / 10, "valid")
    assert effective(slow) < 80
    assert effective(np.zeros(50)) == 50
    held = evenness(np.ones(20), np.concatenate([np.zeros(5), np.ones(15)]), 0.25, 0.2)
    assert held is not None
    assert held.blocks == 15  # what shows no unevenness at all holds nothing to it
    evened = evenness(np.full(40, 0.01), 1.0, 0.25, 0.2)
    assert evened is not None
    assert evened.p < 1e-20


def ragged(segment: Segment, share: float, seed: int) -> Segment:
    """The same delivery while the pump pulsates as fast as pulses come."""
    train = segment.trains["board.A"]
    d = np.diff(train.ticks).astype(np.float64)
    beat = 1 + share * np.sin(np.arange(d.size) * 2.3 + seed) * (np.arange(d.size) // 2 % 2 * 2 - 1)
    ticks = np.round(train.ticks[0] + np.concatenate([[0.0], np.cumsum(d * beat)])).astype(np.int64)
    return replace(segment, trains={**segment.trains, train.name: replace(train, ticks=frozen_int64(ticks))})


def test_a_pump_that_runs_quietly_after_ragged_deliveries_is_no_device() -> None:
    """What pump and flow add to the unevenness differs from delivery to delivery."""
    for seed in range(10):
        rng = np.random.default_rng([7, seed])
        it = instrument(rng, "nominal")
        some = [tapped(delivery(rng, it, 13.7, id=f"d{i}"), "board") for i in range(4)]
        readings = run(*(ragged(one, 0.25, i) for i, one in enumerate(some[:3])), some[3])
        assert not any(r.hits for r in readings)


def test_the_disc_alone_is_no_more_uneven_than_any_delivery_of_it() -> None:
    spoke = 0
    for seed in range(20):
        rng = np.random.default_rng([8, seed])
        it = instrument(rng, "nominal")
        floors, agreements, quiet = [], [], []
        for i in range(3):
            segment = tapped(delivery(rng, it, 13.7, emi=0.0), "board")
            train = (ragged(segment, 0.2, i) if i else segment).trains["board.A"]
            assert train.levels is not None
            rises = train.ticks[train.levels == 1]
            floor, agreement = of_pattern(rises, 50)
            part = blocks(rises)
            assert part is not None
            floors.append(floor)
            agreements.append(agreement)
            quiet.append(float(np.median(part.variance)))
        spoke += min(agreements) >= 0.8
        for floor, agreement in zip(floors, agreements, strict=True):
            assert agreement < 0.8 or floor < 1.3 * quiet[0]
    assert spoke >= 5  # of all three a pattern, the ragged ones too
