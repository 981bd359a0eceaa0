"""What one train shows of itself: a timer behind it, the period of its disc, and when it begins to slip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.detectors import DETECTORS
from benchmarks.generators import PROFILE, delivery, instrument
from captures.model import EdgeKind, Int64Array, PulseTrain
from harness.judge import disc
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, Validation, View
from harness.judge.detectors import fingerprint_slip, period_gain, slots, timer_lattice
from harness.judge.evidence import ALPHA, processes
from harness.judge.findings import Case, finding
from harness.judge.pulses.mending import put_in

VALID = Validation(10_000, 0)


def run(spec: DetectorSpec, *segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(spec.judge(segments, View(profile, spec.parameters, VALID)))


def seen(seed: int, grade: str = "nominal", litres: float = 20.0, **more: Any) -> Segment:
    """A delivery of which only the board's line is tapped."""
    rng = np.random.default_rng(seed)
    segment = delivery(rng, instrument(rng, grade), litres, **more)
    return replace(segment, trains={n: t for n, t in segment.trains.items() if not n.startswith("encoder.")})


def changed(segment: Segment, ticks: Int64Array, name: str = "board.A") -> Segment:
    """The delivery with other edges on one line, rising and falling by turns."""
    ticks = np.maximum.accumulate(ticks - np.arange(ticks.size)) + np.arange(ticks.size)
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    return replace(segment, trains={**segment.trains, name: replace(segment.trains[name], ticks=ticks, levels=levels)})


def multiplied(segment: Segment, gain: float, from_l: float = 0.0) -> Segment:
    """A device that makes 1 + gain edges of each, evenly, from a volume on."""
    ticks = segment.trains["board.A"].ticks
    begin = int(from_l * 200)
    tail = ticks[begin:].astype(np.float64)
    more = np.interp(np.arange(0, tail.size - 1, 1 / (1 + gain)), np.arange(tail.size), tail)
    return changed(segment, np.concatenate([ticks[:begin], np.round(more).astype(np.int64)]))


def timed(segment: Segment, tick: int, name: str = "board.A", jitter: float = 0.0) -> Segment:
    ticks = segment.trains[name].ticks
    shaken = np.round(np.random.default_rng(len(name)).normal(0, jitter, ticks.size)).astype(np.int64)
    return changed(segment, ticks // tick * tick + 3 + shaken, name)


def test_a_timer_behind_a_declared_disc_is_found_with_its_tick() -> None:
    for seed in range(5):
        (reading,) = run(timer_lattice.DETECTOR, timed(seen(seed, emi=0.0), 40))
        assert reading.hits >= 3
        assert reading.shape is Shape.CONSTANT
        assert reading.at["tick_us"] == pytest.approx(40, rel=1e-3)
        assert reading.e > 100


def test_where_the_type_may_re_time_the_tick_is_told_and_nothing_claimed() -> None:
    segment = timed(seen(1, emi=0.0), 40)
    for declared in ({}, {"sensor_class": "smart"}):
        profile = {key: value for key, value in PROFILE.items() if key != "sensor_class"} | declared
        (reading,) = run(timer_lattice.DETECTOR, segment, profile=profile)
        assert not reading.spoke
        assert "a timer of 40" in reading.reason
        assert reading.e == 1.0


def test_a_tick_that_a_free_source_shows_too_is_the_recorders() -> None:
    segment = seen(2, emi=0.0)
    (reading,) = run(timer_lattice.DETECTOR, timed(timed(segment, 40), 40, "reference.P"))
    assert not reading.hits
    assert reading.p is not None
    assert reading.p > 0.01
    shaken = timed(timed(segment, 40, jitter=2), 40, "reference.P", jitter=2)
    (reading,) = run(timer_lattice.DETECTOR, shaken)
    assert not reading.spoke
    assert "recorder's" in reading.reason


def test_every_interval_a_multiple_and_nothing_else_on_the_clock_decides_nothing() -> None:
    segment = timed(seen(3, emi=0.0), 40)
    alone = replace(segment, trains={"board.A": segment.trains["board.A"]})
    (reading,) = run(timer_lattice.DETECTOR, alone)
    assert not reading.spoke
    assert "the recorder's or the source's" in reading.reason


def test_what_the_encoder_gives_out_by_a_timer_is_not_the_boards() -> None:
    rng = np.random.default_rng(4)
    segment = delivery(rng, instrument(rng, "nominal"), 13.7, emi=0.0)
    both = timed(timed(segment, 40, "encoder.A"), 40)
    of = {reading.link.downstream: reading for reading in run(timer_lattice.DETECTOR, both)}
    assert of["encoder"].hits
    assert of["board"].reason == "the encoder shows the same"
    wiring = {reading.link.downstream: reading for reading in run(timer_lattice.DETECTOR, timed(segment, 40))}
    assert not wiring["encoder"].hits
    assert wiring["board"].hits
    assert str(wiring["board"].link) == "encoder>board"


@pytest.mark.parametrize("gain", [0.01, 0.033, 0.15])
def test_smooth_multiplication_is_measured_without_a_reference(gain: float) -> None:
    found = [reading for seed in range(6) for reading in run(period_gain.DETECTOR, multiplied(seen(seed), gain))]
    hits = [reading for reading in found if reading.hits]
    assert len(hits) >= 5
    for reading in hits:
        assert reading.interval is not None
        assert reading.effect == pytest.approx(gain, abs=5e-4)
        assert reading.at["period"] == pytest.approx(50 * (1 + gain), abs=0.02)


def test_another_whole_number_of_slots_is_left_to_the_count_of_slots() -> None:
    for reading in run(period_gain.DETECTOR, multiplied(seen(1), 0.10)):
        assert not reading.spoke
        assert "after 55 pulses: another disc, or a multiplier of just that" in reading.reason


def test_bursts_and_poor_discs_make_no_gain() -> None:
    readings = [
        reading
        for seed in range(60)
        for reading in run(
            period_gain.DETECTOR, seen(seed, ("nominal", "weak", "poor")[seed % 3], flow="pulsating", emi=1.0)
        )
    ]
    assert not any(reading.hits for reading in readings)
    assert any("no power" in reading.reason for reading in readings)
    assert sum(reading.spoke for reading in readings) > 15


def test_a_switch_inside_a_delivery_is_found_where_it_was() -> None:
    found = [
        (litres, reading)
        for seed, litres in enumerate((9.0, 11.0, 12.0, 13.0, 14.0, 15.0))
        for reading in run(fingerprint_slip.DETECTOR, multiplied(seen(seed), 0.03, litres))
    ]
    hits = [(litres, reading) for litres, reading in found if reading.hits]
    assert len(hits) >= 4
    for litres, reading in hits:
        assert reading.shape is Shape.SWITCHED
        assert reading.at["onset_l"] == pytest.approx(litres, abs=0.6)
        assert reading.interval is not None
        assert reading.interval[0] <= 0.03 <= reading.interval[1]


def test_honest_deliveries_do_not_slip() -> None:
    readings = [
        reading
        for seed in range(40)
        for reading in run(
            fingerprint_slip.DETECTOR, seen(seed, flow=("steady", "two-stage", "pulsating", "slow")[seed % 4], emi=1.0)
        )
    ]
    assert not any(reading.hits for reading in readings)
    assert sum(reading.spoke for reading in readings) >= 20


def test_two_bursts_close_to_each_other_are_no_slip() -> None:
    """Each shifts the pattern once; with a switch that goes on, undisturbed revolutions come later."""
    for seed in range(10):
        segment = seen(seed, emi=0.0)
        ticks = segment.trains["board.A"].ticks
        added = [int(ticks[2 * k]) + part for k in (900, 985) for part in (300, 420, 1500, 1620)]
        readings = run(fingerprint_slip.DETECTOR, changed(segment, np.sort(np.concatenate([ticks, added]))))
        assert not any(reading.hits for reading in readings)


def test_noise_that_grows_is_no_slip() -> None:
    for seed in range(10):
        segment = seen(seed, emi=0.0)
        ticks = segment.trains["board.A"].ticks
        loud = np.arange(ticks.size) > 1900
        shaken = ticks + np.round(loud * np.random.default_rng(seed).normal(0, 250, ticks.size)).astype(np.int64)
        readings = run(fingerprint_slip.DETECTOR, changed(segment, np.sort(shaken)))
        assert not any(reading.hits for reading in readings)


def test_without_declared_slots_nothing_is_said() -> None:
    profile = {key: value for key, value in PROFILE.items() if key != "slots_per_rev"}
    for spec in (period_gain.DETECTOR, fingerprint_slip.DETECTOR):
        (reading,) = run(spec, seen(1), profile=profile)
        assert reading.reason == "slots per revolution not declared"


def test_a_train_with_a_gap_says_nothing() -> None:
    segment = seen(1)
    train: PulseTrain = segment.trains["board.A"]
    first = int(train.ticks[500])
    torn = {name: replace(t, gaps=((first, first + 10),)) for name, t in segment.trains.items()}
    for spec in (period_gain.DETECTOR, fingerprint_slip.DETECTOR, timer_lattice.DETECTOR):
        (reading,) = run(spec, replace(segment, trains=torn))
        assert reading.reason.startswith("gap in")


def _put_in(segment: Segment, seed: int, share: float) -> Segment:
    """Whole pulses in the low part of a share of the intervals, at random."""
    rng, ticks = np.random.default_rng([seed, 77]), segment.trains["board.A"].ticks
    n = ticks.size // 2 - 1
    at = np.flatnonzero(rng.random(n) < share)
    low, gap = ticks[2 * at + 1], ticks[2 * at + 2] - ticks[2 * at + 1]
    begin = low + (gap * rng.uniform(0.1, 0.8, at.size)).astype(np.int64)
    return changed(segment, np.sort(np.concatenate([ticks, begin, begin + np.maximum(gap // 10, 1)])))


def test_pulses_put_in_do_not_hide_a_multiplier() -> None:
    found = [
        reading
        for seed in range(8)
        for reading in run(period_gain.DETECTOR, _put_in(multiplied(seen(seed, emi=0.0), 0.033), seed, 0.02))
    ]
    hits = [reading for reading in found if reading.hits]
    assert len(hits) >= 6
    for reading in hits:
        assert reading.effect == pytest.approx(0.033, abs=1e-3)
        assert reading.at["left_out"] > 10


def test_pulses_put_in_at_random_are_no_gain_of_the_disc() -> None:
    for seed in range(8):
        for spec in (period_gain.DETECTOR, slots.DETECTOR):
            (reading,) = run(spec, _put_in(seen(seed, emi=0.0), seed, 0.02))
            assert not reading.hits


def test_a_train_without_suspects_is_read_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Int64Array] = []
    monkeypatch.setattr(disc, "put_in", lambda ticks: read.append(ticks) or put_in(ticks))
    for seed in range(24):
        segment = seen(
            seed, ("nominal", "weak", "poor")[seed % 3], 13.7, flow=("steady", "pulsating")[seed % 2], emi=0.0
        )
        for spec in (period_gain.DETECTOR, slots.DETECTOR):
            assert all("left_out" not in reading.at for reading in run(spec, segment))
    assert read  # poor discs are mute, and were looked at again
    assert all(put_in(ticks).size == 0 for ticks in read)


@pytest.mark.parametrize("name", ["slots", "period-gain", "fingerprint-slip", "timer-lattice", "split", "dead-time"])
def test_two_tests_of_one_stream_are_one_witness(name: str) -> None:
    """Whatever they find, both see the line of one tap, and one mends its pulses by the rule of the other."""
    link = Link("reference", "encoder")
    other = "split" if name != "split" else "slots"
    readings = [Reading(one, "C1", link, 1e9, 1e-12, 40, 0.02, shape=Shape.CONSTANT) for one in (name, other)]
    segments = [Segment("C1", SegmentKind.DELIVERY, "C", "power-0", (0, 1))]
    case = Case("N1", segments, readings, PROFILE, [], [], DETECTORS)
    for process in processes(readings, segments, DETECTORS, ALPHA):
        found = finding(process, case)
        assert found is not None
        assert found.conditions["threshold_crossed"]
        assert not found.conditions["reproduced_or_two_stations"]


def _bounced(segment: Segment, rng: np.random.Generator, count: int) -> Segment:
    """Contacts of channel A that bounce after so many of its edges."""
    train = segment.trains["board.A"]
    assert train.levels is not None
    at = rng.choice(np.arange(10, train.ticks.size - 10), count, replace=False)
    there = train.ticks[at] + rng.integers(30, 300, count)
    back = there + rng.integers(30, 300, count)
    ticks = np.concatenate([train.ticks, there, back])
    levels = np.concatenate([train.levels, 1 - train.levels[at], train.levels[at]])
    order = np.argsort(ticks, kind="stable")
    bounced = replace(train, ticks=ticks[order], levels=levels[order])
    return replace(segment, trains={**segment.trains, "board.A": bounced})


def test_contacts_that_bounce_stretch_no_pattern_where_both_channels_are_decoded() -> None:
    """Eight bounces in twenty litres, less than the honest rate of the channels' own test, were a gain of 0.4 per cent."""
    counted_by_one = 0
    for seed in range(12):
        segment = _bounced(seen(seed, emi=0.0), np.random.default_rng([seed, 8]), 8)
        for spec in (period_gain.DETECTOR, slots.DETECTOR):
            (reading,) = run(spec, segment)
            assert not reading.hits
        counted_by_one += sum(r.hits for r in run(period_gain.DETECTOR, segment, profile=PROFILE | {"decoding": "x1"}))
    assert counted_by_one > 0  # a board of one channel counts them


def test_narrow_slots_that_are_taken_for_pulses_put_in_make_no_other_disc() -> None:
    """Two slots beside each other share the width of one and a fifth; a few disturbances hide where the disc comes again."""
    mended = 0
    for seed in range(20):
        rng = np.random.default_rng([seed, 91])
        slot = np.exp(rng.normal(0, 0.01, 50))
        slot[17:19] *= 0.6
        flow = np.exp(rng.normal(0, 0.005, 50 * 40))
        ticks = np.cumsum(np.resize(slot / slot.mean(), flow.size) * flow * 140_000).astype(np.int64)
        put = rng.integers(1, ticks.size - 1, 3)
        ticks = np.unique(np.concatenate([ticks, ticks[put] + 40_000]))
        segment = seen(seed, emi=0.0)
        train = replace(segment.trains["board.A"], ticks=ticks, levels=None, edge=EdgeKind.RISING,
            window=(0, int(ticks[-1]) + 1))  # fmt: skip
        alone = replace(segment, trains={"board.A": train}, clocks={})
        mended += put_in(ticks).size > 30
        (reading,) = run(slots.DETECTOR, alone)
        assert not reading.hits
        (reading,) = run(period_gain.DETECTOR, alone)
        assert not reading.hits
    assert mended >= 15
