"""Split test, quadrature and edge balance: honest trains, real recordings, and tampered ones."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import disc_trains
from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from captures.formats import read
from captures.model import ClockMap, EdgeKind, Origin, PulseTrain
from harness.judge.contract import DetectorSpec, Reading, Segment, SegmentKind, Shape, Validation, View
from harness.judge.detectors import edge_balance, quadrature, split
from harness.judge.pulses.intervals import find, whole_at_ends

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "sigrok"
VALID = Validation(10_000, 0)
MICROSECOND = Fraction(1, 1_000_000)
real = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded signals are not beside the repository")


X1 = PROFILE | {"decoding": "x1"}  # the generator's adder pulses each channel for itself: no legal walk


def run(spec: DetectorSpec, *segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(spec.judge(segments, View(profile, spec.parameters, VALID)))


def after_only(segment: Segment) -> Segment:
    """The same delivery as a bench sees it that taps the board alone."""
    return replace(segment, trains={n: t for n, t in segment.trains.items() if not n.startswith("encoder.")})


def tap(ticks: npt.NDArray[np.int64], tick_s: Fraction | None) -> Segment:
    window = (int(ticks[0]) - 1, int(ticks[-1]) + 1)
    train = PulseTrain("tap", "X", ticks, tick_s, EdgeKind.RISING, window, Origin("test", ""))
    return Segment("tap", SegmentKind.TAP, "", "", (0, 0), trains={"tap.X": train})


def recorded(name: str, channel: str) -> PulseTrain:
    return next(train for train in read(DATA / name).trains if train.channel == channel)


def of_file(name: str, channel: str) -> Reading:
    train = recorded(name, channel)
    segment = Segment(channel, SegmentKind.TAP, "", "", (0, 0), trains={f"tap.{channel}": train})
    (reading,) = run(split.DETECTOR, segment)
    return reading


@real
@pytest.mark.parametrize(
    ("name", "channel"),
    [("smoothieware.sr", "5"), ("smoothieware.sr", "3"), ("rotary-ramp.sr", "0"), ("rotary-ramp.sr", "1")],
)
def test_real_steady_motion_and_ramps_are_honest(name: str, channel: str) -> None:
    reading = of_file(name, channel)
    assert reading.spoke
    assert reading.hits == 0
    assert reading.e < 1


@real
@pytest.mark.parametrize("name", ["agilent_hdns_2000_move_mouse_fast.sr", "agilent_hdns_2000_move_mouse_left_right.sr"])
def test_a_hand_moved_sensor_cannot_be_judged(name: str) -> None:
    for train in read(DATA / name).trains:
        if train.rising.size >= 100:
            reading = of_file(name, train.channel)
            assert reading.reason
            assert reading.e == 1


@real
def test_no_sample_rate_no_judgement() -> None:
    assert "sample rate" in of_file("no-samplerate.sr", "SCL").reason


@real
@pytest.mark.parametrize("delay", [0.02, 0.5])
@pytest.mark.parametrize("random", [False, True])
def test_two_per_cent_put_into_a_real_train_are_found(random: bool, delay: float) -> None:
    train = recorded("smoothieware.sr", "5")
    ticks, rng = train.rising, np.random.default_rng(7)
    at = np.flatnonzero(rng.random(ticks.size - 1) < 0.02) if random else np.arange(49, ticks.size - 1, 50)
    gap = ticks[at + 1] - ticks[at]
    extra = ticks[at] + np.maximum((gap * delay).astype(np.int64), 1)
    (reading,) = run(split.DETECTOR, tap(np.union1d(ticks, extra), train.tick_s))
    assert reading.hits >= 50
    assert reading.e > 100
    assert reading.effect == pytest.approx(at.size / ticks.size, rel=0.1)
    if not random:
        assert reading.at["every_n"] == 50


@real
def test_one_doctored_edge_is_one_hit() -> None:
    ticks = recorded("smoothieware.sr", "5").rising
    assert find(ticks).splits.size == 0
    doctored = np.insert(ticks, 9_001, (ticks[9_000] + ticks[9_001]) // 2)
    assert find(doctored).splits.tolist() == [9_001]


def test_split_needs_pulses() -> None:
    (reading,) = run(split.DETECTOR, tap(np.arange(1, 40, dtype=np.int64) * 1000, Fraction(1, 1_000_000)))
    assert "too few" in reading.reason


def test_a_pulse_put_in_at_an_end_mutes_no_short_train_and_is_not_counted() -> None:
    rng = np.random.default_rng(5)
    real = np.cumsum(np.round(15_000 * (1 + 0.01 * rng.normal(size=76)))).astype(np.int64)
    halves = (real[:-1] + real[1:]) // 2
    for ends in ([], [0], [74], [0, 74]):
        mixed = np.union1d(real, halves[[20, 30, 40, *ends]])
        (reading,) = run(split.DETECTOR, tap(mixed, MICROSECOND))
        assert (reading.hits, reading.at["splits"]) == (3, 3), reading.reason


def test_only_what_makes_one_interval_is_made_whole_at_the_ends() -> None:
    rng = np.random.default_rng(6)
    real = np.cumsum(np.round(1_000 * (1 + 0.01 * rng.normal(size=30)))).astype(np.int64)
    assert whole_at_ends(real).tolist() == real.tolist()
    assert whole_at_ends(real[:8]).tolist() == real[:8].tolist()  # too few to say
    first, last = real[0] + 300, real[-1] - 20
    assert whole_at_ends(np.union1d(real, [first, last])).tolist() == real.tolist()
    burst = np.union1d(real, [real[0] - 20, real[0] - 10, real[-1] + 500])  # two short ones, and one that is not whole
    assert whole_at_ends(burst).tolist() == burst.tolist()
    turning = np.concatenate([real[:3], real[2] + np.cumsum([1000, 1000, 2000, 3000, 3000, 3000, 3000])])
    halved = np.union1d(turning, [(turning[0] + turning[1]) // 2])
    assert whole_at_ends(halved).tolist() == halved.tolist()


@pytest.mark.parametrize("slow", [slice(0, 12), slice(3, 12), slice(63, 75)])
def test_a_flow_that_halves_in_a_short_train_is_not_judged(slow: slice) -> None:
    """Where the shaft changes its speed, comparators of honest pulsers chatter: what looks put in there is not counted."""
    rng = np.random.default_rng(5)
    d = 15_000 * (1 + 0.01 * rng.normal(size=75))
    d[slow] *= 2.5
    real = np.cumsum(np.round(d)).astype(np.int64)
    at = np.array([25, 35, 45, 55])
    (reading,) = run(split.DETECTOR, tap(np.union1d(real, (real[at] + real[at + 1]) // 2), MICROSECOND))
    assert "motion" in reading.reason


def test_a_tenth_put_in_at_random_is_found_in_three_quarters_of_a_litre() -> None:
    """statistics.md T1: nine in ten, where half the pulses put in stand within three of another."""
    rng = np.random.default_rng(5)
    found = 0
    for grade in [*disc_trains.GRADES] * 40:
        ticks = disc_trains.train(rng, grade, 1.0)[20:96]
        at = np.flatnonzero(rng.random(75) < 0.1)
        mixed = np.union1d(ticks, (ticks[at] + ticks[at + 1]) // 2)
        (reading,) = run(split.DETECTOR, tap(mixed, MICROSECOND))
        found += bool(reading.hits)
    assert found >= 108


@pytest.mark.parametrize("grade", ["nominal", "weak", "poor"])
@pytest.mark.parametrize("flow", ["steady", "two-stage", "pulsating"])
def test_honest_deliveries_raise_nothing(grade: str, flow: str) -> None:
    rng = np.random.default_rng(11)
    segment = delivery(rng, instrument(rng, grade), 20.0, flow=flow, emi=0.0)
    for spec in (quadrature.DETECTOR, edge_balance.DETECTOR):
        for reading in run(spec, segment):
            assert reading.spoke, reading.reason
            assert reading.hits == 0
    (reading,) = run(split.DETECTOR, after_only(segment))
    assert reading.spoke, reading.reason
    assert reading.hits == 0
    readings = {str(reading.link): reading for reading in run(split.DETECTOR, segment)}
    assert readings["reference>encoder"].spoke
    assert "edge balance" in readings["encoder>board"].reason


def test_every_fiftieth_pulse_is_seen_by_all_three() -> None:
    rng = np.random.default_rng(12)
    segment = delivery(rng, instrument(rng), 20.0, tamper=Tamper(insert_every=50), emi=0.0)
    (balance,) = run(edge_balance.DETECTOR, segment, profile=X1)
    assert balance.effect == pytest.approx(0.02, abs=0.002)
    assert balance.at["every_n"] == 50
    assert balance.shape is Shape.CONSTANT
    assert str(balance.link) == "encoder>board"
    # a decoder of both channels counts nothing of these pulses: to it they go there and back
    by_link = {str(reading.link): reading for reading in run(split.DETECTOR, segment, profile=X1)}
    assert by_link["reference>encoder"].hits == 0
    (alone,) = run(split.DETECTOR, after_only(segment), profile=X1)
    assert alone.effect == pytest.approx(0.02, abs=0.002)
    assert {str(r.link) for r in run(quadrature.DETECTOR, segment) if r.hits} == {"encoder>board"}


@pytest.mark.parametrize("channels", ["A", "B"])
def test_one_channel_alone_breaks_the_turn(channels: str) -> None:
    rng = np.random.default_rng(13)
    segment = delivery(rng, instrument(rng), 20.0, tamper=Tamper(insert_every=25, channels=channels), emi=0.0)
    reading = next(r for r in run(quadrature.DETECTOR, segment) if str(r.link) == "encoder>board")
    assert reading.hits >= 60
    own, other = reading.at[f"jogs_{channels.lower()}"], reading.at["jogs_b" if channels == "A" else "jogs_a"]
    assert own > 10 * other


def test_switched_on_inside_the_delivery() -> None:
    rng = np.random.default_rng(14)
    segment = delivery(rng, instrument(rng), 30.0, tamper=Tamper(insert_every=20, from_l=12.0), emi=0.0)
    (reading,) = run(edge_balance.DETECTOR, segment, profile=X1)
    assert reading.shape is Shape.SWITCHED
    low, high = reading.at["onset_interval_l"]
    assert low <= 12.2
    assert high >= 12.0


def test_deletion_is_seen_with_the_sign_reversed() -> None:
    rng = np.random.default_rng(15)
    segment = delivery(rng, instrument(rng), 20.0, tamper=Tamper(delete_every=50), emi=0.0)
    (balance,) = run(edge_balance.DETECTOR, segment)
    assert balance.effect == pytest.approx(-0.02, abs=0.002)
    (alone,) = run(split.DETECTOR, after_only(segment))
    assert alone.at["merges"] > 30


def test_two_bursts_are_two_events_and_no_finding() -> None:
    up = np.arange(1, 4_000, dtype=np.int64) * 3_000
    burst = np.concatenate([up[1_000] + np.arange(4) * 600 + 700, up[2_000] + np.arange(6) * 400 + 700])
    reading = _two_taps(up, np.sort(np.concatenate([up + 5, burst])))
    assert reading.hits == 0
    assert reading.e < 1
    assert sum(reading.at["surplus"].values()) == 10


@pytest.mark.parametrize("decoding", ["x1", "x4"])
def test_bursts_at_an_honest_rate_are_noise(decoding: str) -> None:
    rng = np.random.default_rng(16)
    profile = PROFILE | {"decoding": decoding}
    segment = delivery(rng, instrument(rng), 40.0, emi=8.0)
    for spec in (edge_balance.DETECTOR, quadrature.DETECTOR):
        for reading in run(spec, segment, profile=profile):
            assert reading.hits == 0
    (balance,) = run(edge_balance.DETECTOR, segment, profile=profile)
    assert balance.at["noise_events"] >= 4


def test_a_bad_contact_on_the_board_s_line_is_left_to_who_knows_whether_it_counts() -> None:
    rng = np.random.default_rng(18)
    segment = delivery(rng, instrument(rng), 40.0, tamper=Tamper(insert_random=0.02, channels="B"), emi=0.0)
    assert all(reading.hits == 0 for reading in run(quadrature.DETECTOR, segment))
    assert all(reading.hits == 0 for reading in run(edge_balance.DETECTOR, segment))
    assert any(reading.hits > 20 for reading in run(quadrature.DETECTOR, after_only(segment)))  # alone it speaks


def test_additions_on_one_channel_cancel_for_a_board_that_decodes_both() -> None:
    rng = np.random.default_rng(17)
    segment = delivery(rng, instrument(rng), 20.0, tamper=Tamper(insert_every=20, channels="A"), emi=0.0)
    (both,) = run(edge_balance.DETECTOR, segment)
    assert both.hits == 0
    assert both.at["noise_events"] > 50
    assert next(r for r in run(quadrature.DETECTOR, segment) if str(r.link) == "encoder>board").hits > 50
    (one,) = run(edge_balance.DETECTOR, segment, profile=X1)
    assert one.effect == pytest.approx(0.05, abs=0.005)
    assert one.at["every_n"] == 20


def test_what_lies_in_a_gap_is_not_counted() -> None:
    up = np.arange(1, 4_000, dtype=np.int64) * 3_000
    lost = (up > 3_000_000) & (up < 6_000_000)
    here_and_there = lost & (np.arange(up.size) % 8 != 0)  # edges that come through: the tap was there
    assert _two_taps(up, (up + 5)[~here_and_there]).hits > 0
    assert _two_taps(up, (up + 5)[~lost], gaps=((3_000_000, 6_000_000),)).hits == 0


def test_two_clocks_are_refused() -> None:
    up = np.arange(1, 400, dtype=np.int64) * 3_000
    assert "one clock" in _two_taps(up, up + 5, clock="other").reason


def test_pulses_with_the_nozzle_shut() -> None:
    up = np.zeros(0, dtype=np.int64)
    reading = _two_taps(up, np.arange(1, 60, dtype=np.int64) * 1_000_000, kind=SegmentKind.SHUT)
    assert reading.shape is Shape.EXTRA
    assert reading.hits == 59


def _two_taps(
    up: npt.NDArray[np.int64],
    down: npt.NDArray[np.int64],
    gaps: tuple[tuple[int, int], ...] = (),
    clock: str = "tap",
    kind: SegmentKind = SegmentKind.DELIVERY,
) -> Reading:
    tick_s, window, origin = Fraction(1, 1_000_000), (0, 60_000_000), Origin("test", "")
    trains = {
        "encoder.A": PulseTrain("encoder", "A", up, tick_s, EdgeKind.RISING, window, origin, "tap"),
        "board.A": PulseTrain("board", "A", down, tick_s, EdgeKind.RISING, window, origin, clock, gaps=gaps),
    }
    clocks = {"tap": ClockMap("tap", 0, Fraction(1000), 0, 0.0)}
    segment = Segment("s", kind, "C", "s1", (0, 60_000_000_000), trains=trains, clocks=clocks)
    (reading,) = run(edge_balance.DETECTOR, segment)
    return reading


def _with(segment: Segment, at: npt.NDArray[np.int64], width: int = 300) -> Segment:
    """The board's A with whole pulses put in at the ticks (k,) where its line rests."""
    edges = segment.trains["board.A"].ticks
    low = (np.searchsorted(edges, at) % 2 == 0) & (np.searchsorted(edges, at) == np.searchsorted(edges, at + width))
    at = at[low & ~np.isin(at, edges) & ~np.isin(at + width, edges)]
    ticks = np.sort(np.concatenate([edges, at, at + width]))
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    return replace(
        segment,
        trains={**segment.trains, "board.A": replace(segment.trains["board.A"], ticks=ticks, levels=levels)},
    )


def _honest(seed: int, grade: str = "nominal", flow: str = "steady") -> Segment:
    rng = np.random.default_rng(seed)
    return delivery(rng, instrument(rng, grade), 20.0, flow=flow, emi=0.0)


@pytest.mark.parametrize("alone", [False, True])
def test_what_is_put_in_is_told_by_its_pattern(alone: bool) -> None:
    spec = split.DETECTOR if alone else edge_balance.DETECTOR

    def told(segment: Segment) -> Reading:
        (reading,) = run(spec, after_only(segment) if alone else segment, profile=X1)
        return reading

    for seed in range(4):
        rng = np.random.default_rng([seed, 1])
        segment = _honest(seed)
        ticks = segment.trains["board.A"].ticks
        clock = np.arange(ticks[0], ticks[-1], 1e6 / 2.3).astype(np.int64)  # half of them fall on a high line
        reading = told(_with(segment, clock))
        assert reading.at["pattern"] == "own oscillator"
        assert reading.at["oscillator_hz"] == pytest.approx(2.3, rel=1e-3)
        rise = ticks[::2][rng.random(ticks[::2].size) < 0.03]
        reading = told(_with(segment, rise + 11_000))
        assert reading.at["pattern"] == "fixed delay"
        assert reading.at["delay_us"] == pytest.approx(11_000, abs=20)
        reading = told(_with(segment, np.sort(rng.choice(np.arange(ticks[0], ticks[-1]), 160, replace=False))))
        assert reading.at["pattern"] == "random"
        assert "every_n" not in reading.at


def test_without_what_was_put_in_the_disc_comes_together_again() -> None:
    for seed in range(6):
        rng = np.random.default_rng([seed, 2])
        segment = after_only(_honest(seed))
        ticks = segment.trains["board.A"].ticks
        at = ticks[1::2][rng.random(ticks[1::2].size) < 0.05] + 2_000
        (reading,) = run(split.DETECTOR, _with(segment, at), profile=X1)
        assert reading.at["recoheres"] is True
        assert reading.at["slot_p_without"] < 1e-6 < reading.at["slot_p_with"]
        assert reading.interval is not None
        assert reading.interval[0] < at.size / ticks[::2].size < reading.interval[1]
        # it says what was found and makes nothing of it
        unknown = {key: value for key, value in X1.items() if key != "slots_per_rev"}
        (silent,) = run(split.DETECTOR, _with(segment, at), profile=unknown)
        assert "recoheres" not in silent.at
        assert (silent.e, silent.p, silent.hits) == (reading.e, reading.p, reading.hits)


def test_a_disc_without_a_pattern_does_not_say_whether_it_comes_together() -> None:
    for seed in range(6):
        rng = np.random.default_rng([seed, 3])
        segment = after_only(_honest(seed, "poor"))
        ticks = segment.trains["board.A"].ticks
        (reading,) = run(
            split.DETECTOR, _with(segment, ticks[1::2][rng.random(ticks[1::2].size) < 0.05] + 2_000), profile=X1
        )
        assert reading.hits
        assert "recoheres" not in reading.at


def test_extra_edges_at_one_slot_are_told_to_stand_there() -> None:
    """A scratch on the disc flickers in some revolutions, and always at its place."""
    segment = after_only(_honest(3))
    ticks = segment.trains["board.A"].ticks
    (reading,) = run(split.DETECTOR, _with(segment, ticks[1::2][20::50] + 2_000), profile=X1)
    assert reading.at["every_n"] == 50
    assert reading.at["at_one_slot"] is True
    some = ticks[1::2][20::50]
    (reading,) = run(
        split.DETECTOR, _with(segment, some[np.random.default_rng(3).random(some.size) < 0.4] + 2_000), profile=X1
    )
    assert reading.at["at_one_slot"] is True
    (reading,) = run(split.DETECTOR, _with(segment, ticks[1::2][20::49] + 2_000), profile=X1)
    assert "at_one_slot" not in reading.at


def test_a_tap_that_fell_off_is_a_gap_and_hides_nothing() -> None:
    up = np.cumsum(np.random.default_rng(19).integers(2_800, 3_200, 8_000))
    away = (up > 6_000_000) & (up < 8_000_000)
    clean = _two_taps(up, (up + 5)[~away])
    assert clean.hits == 0
    assert [(one["tap"], round(one["to_s"] - one["from_s"], 1)) for one in clean.at["silent"]] == [("board.A", 2.0)]
    extra = up[3_000:6_000:50] + 1_500
    assert _two_taps(up, np.sort(np.concatenate([(up + 5)[~away], extra]))).hits >= 50
    encoder = _two_taps(up[~away], up + 5)
    assert encoder.hits == 0
    assert encoder.at["silent"][0]["tap"] == "encoder.A"
    reading = _two_taps(up[~away], np.sort(np.concatenate([up + 5, extra])))
    assert reading.hits >= 50
    assert reading.effect == pytest.approx(60 / (8_000 - away.sum()), rel=0.1)


def test_pulses_over_a_shaft_at_rest_are_no_gap_of_the_tap() -> None:
    rng = np.random.default_rng(20)
    up = np.cumsum(rng.integers(2_800, 3_200, 8_000))
    up[4_000:] += 4_000_000  # the shaft rests for four seconds
    oscillator = np.arange(up[3_999] + 300_000, up[4_000] - 300_000, 11_000)
    reading = _two_taps(up, np.sort(np.concatenate([up + 5, oscillator])))
    assert "silent" not in reading.at
    assert reading.hits > 50


def _going_on(segment: Segment, sale_ends: int, edges: int) -> Segment:
    """The board's line goes on for so many edges after the shaft has come to rest, at its last pace."""
    trains = dict(segment.trains)
    for name, train in segment.trains.items():
        if train.levels is None:
            continue
        ticks, levels = train.ticks[:sale_ends], train.levels[:sale_ends]
        if train.station == "board":
            ticks = np.concatenate([ticks, ticks[-1] + np.cumsum(np.diff(ticks)[: -edges - 1 : -1])])
            levels = np.resize(levels[:2], ticks.size)
        trains[name] = replace(train, ticks=ticks, levels=levels)
    return replace(segment, trains=trains)


@pytest.mark.parametrize("decoding", ["x1", "x4"])
def test_pulses_that_go_on_after_the_shaft_has_stopped_are_not_denied(decoding: str) -> None:
    """They look like the tap of the encoder falling off; whether the sale was counted rightly is then left open."""
    segment = _honest(4)
    (reading,) = run(edge_balance.DETECTOR, _going_on(segment, 3_000, 200), profile=PROFILE | {"decoding": decoding})
    assert reading.reason == "encoder.A, encoder.B: silent while the other tap goes on: a gap"
    assert [one["tap"] for one in reading.at["silent"]] == ["encoder.A", "encoder.B"]


@pytest.mark.parametrize("name", ["encoder.A", "board.A"])
def test_a_channel_that_goes_on_shows_that_the_tap_of_the_other_fell_off(name: str) -> None:
    segment = _honest(4)
    train = segment.trains[name]
    assert train.levels is not None
    kept = np.r_[0:2_000, 2_200 : train.ticks.size]
    cut = replace(train, ticks=train.ticks[kept], levels=train.levels[kept])
    (reading,) = run(edge_balance.DETECTOR, replace(segment, trains={**segment.trains, name: cut}))
    assert reading.spoke
    assert reading.hits == 0
    assert [one["tap"] for one in reading.at["silent"]] == [name]


def test_a_pause_filled_at_the_pace_of_before_is_not_denied() -> None:
    up = np.cumsum(np.random.default_rng(23).integers(2_800, 3_200, 8_000))
    up[4_000:] += 300_000
    fill = np.arange(up[3_999] + 3_000, up[4_000] - 1_500, 3_000)
    reading = _two_taps(up, np.sort(np.concatenate([up + 5, fill])))
    assert reading.hits or not reading.spoke


def test_a_tap_that_saw_next_to_nothing_leaves_the_question_open() -> None:
    up = np.cumsum(np.random.default_rng(21).integers(2_800, 3_200, 15_000))
    reading = _two_taps(up, (up + 5)[up < 12_000_000])
    assert not reading.spoke
    assert "board.A: silent while the other tap goes on" in reading.reason


def test_a_latency_that_drifts_is_followed() -> None:
    rng = np.random.default_rng(22)
    up = np.cumsum(rng.integers(6_500, 7_500, 8_000))
    late = (400 + 2_000 * np.linspace(0, 1, up.size)).astype(np.int64) + rng.integers(0, 60, up.size)
    honest = _two_taps(up, up + late)
    assert honest.spoke
    assert honest.hits == 0
    assert honest.at["latency_us"][1] == pytest.approx(2_400, abs=200)
    reading = _two_taps(up, np.sort(np.concatenate([up + late, up[100:7_000:50] + 4_500])))
    assert reading.at["surplus"]["A"] == 138
    assert reading.at["every_n"] == 50


def test_pulses_whose_ends_do_not_move_steadily_are_not_held_against_anybody() -> None:
    """A radio clock in noise, put together: the pulses begin each second and end when they please."""
    rng = np.random.default_rng(11)
    begins = np.arange(1, 141) * 1_000_000 + rng.integers(-9_000, 9_000, 140)
    ends = begins + rng.choice([80_000, 600_000], 140)
    noise = begins[rng.choice(139, 14, replace=False)] + 800_000
    starts, stops = np.concatenate([begins, noise]), np.concatenate([ends, noise + 20_000])
    ticks = np.concatenate([starts, stops])
    order = np.argsort(ticks, kind="stable")
    levels = np.concatenate([np.ones(starts.size, np.uint8), np.zeros(stops.size, np.uint8)])[order]
    (seen,) = run(split.DETECTOR, tap(np.sort(starts), Fraction(1, 1_000_000)))
    assert seen.hits >= 10
    begun = tap(ticks[order], Fraction(1, 1_000_000))
    trains = {name: replace(one, edge=EdgeKind.BOTH, levels=levels) for name, one in begun.trains.items()}
    (told,) = run(split.DETECTOR, replace(begun, trains=trains))
    assert not told.hits
    assert "motion" in told.reason
