"""Channel phase: a device that makes B of A is found, two eyes at one disc are not taken for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks import generators
from benchmarks.generators import FLOWS, PROFILE, delivery, instrument
from captures.formats import read
from captures.model import Int64Array, frozen_int64
from harness.judge.contract import Reading, Segment, Shape, Validation, View
from harness.judge.detectors.channel_phase import DETECTOR
from harness.judge.pulses.lattice import find
from harness.judge.pulses.phase import of_blocks, of_disc, of_pairs, pairs, rounding
from tests.harness.test_judge_evenness import HOSTILE, coarse, honest, tapped

VALID = Validation(10_000, 0)
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sigrok"
GRADES = ("nominal", "weak", "poor")


def run(*segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(DETECTOR.judge(segments, View(profile, DETECTOR.parameters, VALID)))


def rises(segment: Segment, name: str) -> Int64Array:
    train = segment.trains[name]
    assert train.levels is not None
    found: Int64Array = train.ticks[train.levels == 1]
    return found


def driven(segment: Segment, rule: str, station: str = "board") -> Segment:
    """Channel B of a station made of the rising edges of its channel A by `rule`."""
    a = rises(segment, f"{station}.A")
    d = np.diff(a)
    mean = np.convolve(d, np.ones(4) / 4)[: d.size]
    delay = {
        "quarter": d // 4,
        "last": np.concatenate([d[:1], d[:-1]]) // 4,
        "mean": np.concatenate([d[:4], mean[3:-1]])[: d.size].astype(np.int64) // 4,
        "fixed": np.full(d.size, int(np.median(d)) // 5),
        "timer": np.round(d * 0.27 + np.random.default_rng(1).normal(0, 60, d.size)).astype(np.int64) // 40 * 40 + 3,
    }[rule]
    up = a[:-1] + np.clip(delay, 2, d - 3)
    both = np.sort(np.concatenate([up[:-1], (up[:-1] + up[1:]) // 2]))
    levels = (np.arange(both.size) % 2 == 0).astype(np.uint8)
    train = segment.trains[f"{station}.B"]
    return replace(
        segment, trains={**segment.trains, train.name: replace(train, ticks=frozen_int64(both), levels=levels)}
    )


@pytest.mark.parametrize("rule", ["quarter", "last", "mean", "fixed"])
def test_a_channel_made_of_the_other_is_found_from_the_board_alone(rule: str) -> None:
    hits = 0
    for seed in range(20):
        segment = driven(tapped(honest(seed, GRADES[seed % 3]), "board"), rule)
        (reading,) = run(segment)
        hits += reading.hits
        if reading.hits:
            assert reading.at["unexplained"] < 0.1
            assert reading.shape is Shape.CONSTANT
            assert reading.e > 10
    assert hits >= 19


def test_a_channel_by_a_timer_shows_its_tick() -> None:
    hits = 0
    for seed in range(20):
        (reading,) = run(driven(tapped(honest(seed, emi=0.0), "board"), "timer"))
        hits += reading.hits
        if reading.hits:
            assert reading.at["tick_us"] == pytest.approx(40, rel=1e-3)
    assert hits >= 18


@pytest.mark.parametrize("rule", ["quarter", "last"])
def test_beside_the_encoder_the_break_lies_between(rule: str) -> None:
    of = {str(r.link): r for r in run(tapped(driven(honest(3), rule), "encoder", "board"))}
    assert of["encoder>board"].hits == 1
    assert not of["reference>encoder"].hits
    inside = driven(honest(3), rule, "encoder")
    board = {f"board.{c}": replace(inside.trains[f"encoder.{c}"], station="board") for c in "AB"}
    of = {str(r.link): r for r in run(tapped(replace(inside, trains={**inside.trains, **board}), "encoder", "board"))}
    assert of["reference>encoder"].hits == 1
    assert not of["encoder>board"].hits


def test_three_hundred_honest_deliveries() -> None:
    readings = []
    for seed in range(150):
        rng = np.random.default_rng([2, seed])
        one = delivery(rng, instrument(rng), float(rng.choice([7.3, 13.7])), flow=FLOWS[seed % 4], emi=1.0)
        readings += run(one if seed % 2 else tapped(one, "board"))
        readings += run(tapped(one, "encoder"))
    spoke = [r for r in readings if r.spoke]
    assert len(spoke) >= 300
    assert not any(r.hits for r in spoke)
    small = sum(r.p is not None and r.p < 0.01 for r in spoke)
    assert small <= stats.binom.isf(1e-6, len(spoke), 0.01)


def test_fine_discs_and_slots_that_both_eyes_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eyes with a tenth of the jitter, at a disc with large slot errors or none."""
    discs = {
        "fine": (0.007, 0.005, 0.02, 0.0005),
        "still": (0.007, 0.005, 0.02, 0.0002),
        "plain": (0.0, 0.0, 0.0, 0.0005),
    }
    monkeypatch.setattr(generators, "GRADES", discs)
    for seed in range(24):
        segment = honest(seed, sorted(discs)[seed % 3], flow=FLOWS[seed % 4])
        assert not any(r.hits for r in run(segment))


def test_where_the_type_may_do_that_it_is_told_and_nothing_claimed() -> None:
    segment = tapped(driven(honest(1), "quarter"), "board")
    for declared in ({}, {"sensor_class": "smart"}):
        profile = {key: value for key, value in PROFILE.items() if key != "sensor_class"} | declared
        (reading,) = run(segment, profile=profile)
        assert reading.e == 1.0
        assert "tells where B rises" in reading.reason


def test_coarse_ticks_and_one_channel_have_no_power() -> None:
    for segment in (honest(3), driven(honest(3), "quarter")):
        (reading,) = run(coarse(tapped(segment, "board"), 100))
        assert "no power" in reading.reason
    one = tapped(honest(3), "board")
    (reading,) = run(replace(one, trains={"board.A": one.trains["board.A"]}))
    assert reading.reason == "board: both channels are needed"
    profile = {key: value for key, value in PROFILE.items() if key != "slots_per_rev"}
    (reading,) = run(one, profile=profile)
    assert reading.reason == "slots per revolution not declared"


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_strange_trains_are_no_findings(name: str) -> None:
    segment = tapped(honest(4), "encoder", "board")
    ticks = HOSTILE[name]
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    window = (0, int(ticks[-1]) + 1 if ticks.size else 1)
    trains = {n: replace(t, ticks=frozen_int64(ticks), levels=levels, window=window) for n, t in segment.trains.items()}
    half = {**segment.trains, "board.B": trains["board.B"]}
    for some in (trains, half):
        assert not any(r.hits for r in run(replace(segment, trains=some, clocks={})))


def test_a_gap_says_nothing() -> None:
    segment = tapped(honest(4), "encoder", "board")
    torn = {n: replace(t, gaps=((int(t.ticks[500]), int(t.ticks[500]) + 9),)) for n, t in segment.trains.items()}
    assert all(r.reason.startswith("gap in") for r in run(replace(segment, trains=torn)))


def test_pairs_are_intervals_with_one_edge() -> None:
    a, b = np.array([0, 10, 20, 30, 40]), np.array([3, 13, 15, 34])
    i, delay = pairs(a, b)
    assert i.tolist() == [0, 3]
    assert delay.tolist() == [3, 4]


def test_what_is_left_is_the_jitter_that_was_put_in() -> None:
    rng = np.random.default_rng(5)
    k = np.arange(20_000)
    a = np.cumsum(np.full(k.size, 1_000_000)) + rng.normal(0, 3000, k.size).astype(np.int64)
    b = k * 1_000_000 + 1_250_000 + rng.normal(0, 3000, k.size).astype(np.int64)
    # B's own jitter, and what A's leaves after its neighbours are known: about one to three variances of 0.003^2
    assert 0.7e-5 < float(np.nanmedian(of_pairs(a, *pairs(a, b)))) < 2.7e-5
    assert 0.7e-5 < float(np.nanmedian(of_disc(a, 50))) < 2.7e-5
    told = a // 2000 * 2000
    assert float(np.nanmedian(of_pairs(told, *pairs(told, (told[:-1] + told[1:]) // 2 // 2000 * 2000)))) < 3 * rounding(
        1e6, 2000
    )


def test_blocks_with_few_values_are_not_known() -> None:
    x = np.full(100, np.nan)
    x[50:90] = np.arange(40) % 2
    assert np.isnan(of_blocks(x, 50)[0])
    assert of_blocks(x, 50)[1] > 0


@pytest.mark.skipif(not DATA.exists(), reason=f"recorded sessions are not at {DATA}")
@pytest.mark.parametrize("name", ["fast", "left_right"])
def test_the_delays_of_a_recorded_controller_keep_its_tick(name: str) -> None:
    """Both channels of a mouse sensor, made by its own timer (truth.json)."""
    trains = {t.channel: t for t in read(DATA / f"agilent_hdns_2000_move_mouse_{name}.sr").trains}
    a, b = (trains[channel] for channel in ("MODE/XA", "RB/XB"))
    assert a.levels is not None
    assert b.levels is not None
    assert a.tick_s is not None
    _, delay = pairs(a.ticks[a.levels == 1], b.ticks[b.levels == 1])
    line = find(np.concatenate([[0], np.cumsum(delay)]))
    assert line is not None
    assert line.p < 1e-10
    assert line.tick * float(a.tick_s) * 1e6 == pytest.approx(78.064, rel=1e-3)


@pytest.mark.skipif(not DATA.exists(), reason=f"recorded sessions are not at {DATA}")
def test_a_recorded_rotary_encoder_is_no_device() -> None:
    trains = {t.channel: t for t in read(DATA / "rotary-ramp.sr").trains}
    a, b = (t.ticks if t.levels is None else t.ticks[t.levels == 1] for t in (trains["0"], trains["1"]))
    ratio = float(np.nanmedian(of_pairs(a, *pairs(a, b))) / np.nanmedian(of_disc(a, 50)))
    assert ratio > 0.25
