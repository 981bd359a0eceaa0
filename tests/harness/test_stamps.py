"""Lines of counters to pulse trains: exact ticks, windows, and gaps wherever completeness is not proved; clock checks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.model import ClockMap, Direction, EdgeKind, Origin, PulseTrain, WireChunk
from harness.derive.clock_check import ClockCheckError, compare
from harness.derive.instruments import PICOPET, TICC
from harness.derive.pulses import CaptureRun
from harness.derive.stamps import stamp_runs
from harness.judge.contract import Segment, SegmentKind, Validation, View
from harness.judge.detectors import edge_balance
from protocols.contract import Role
from protocols.wire import picopet, ticc

SECOND = 1_000_000_000
MS = 1_000_000


def lines(stamps: list[tuple[int, str, str]], protocol: Any = ticc) -> list[WireChunk]:
    """One chunk a line: (arrival ns, seconds, channel); seconds beginning with '!' stand as they are, without a channel."""
    chunks = []
    for t_ns, seconds, channel in stamps:
        if seconds.startswith("!"):
            data = seconds[1:].encode() + b"\r\n"
        else:
            kind = ticc.Stamp if protocol is ticc else picopet.Mark
            data = protocol.PROTOCOL.encode(kind(seconds, channel), Role.DEVICE)
        chunks.append(WireChunk(t_ns, "it", Direction.RX, data))
    return chunks


def each_second(
    count: int, first: int = 0, late_ms: int = 3, decimals: str = ".250000000001"
) -> list[tuple[int, str, str]]:
    return [((100 + n) * SECOND + 250 * MS + late_ms * MS, f"{n}{decimals}", "A") for n in range(first, first + count)]


def derive(chunks: list[WireChunk], window: tuple[int, int], **more: Any) -> CaptureRun:
    [run] = stamp_runs("it", TICC, ["reference.P"], chunks, "x", [window], 1.0, **more)
    return run


WHOLE = (100 * SECOND, 120 * SECOND)


def test_ticks_are_whole_picoseconds_on_the_counter_s_own_clock() -> None:
    run = derive(lines(each_second(20)), WHOLE)
    train = run.trains["reference.P"]
    assert run.complete
    assert train.edge is EdgeKind.RISING
    assert train.tick_s == Fraction(1, 10**12)
    assert train.ticks.tolist() == [n * 10**12 + 250_000_000_001 for n in range(20)]
    assert train.levels is None
    # the envelope of arrivals is 3 ms late, which is inside what the map says
    host = run.clock.to_ns(train.ticks[:1])[0]
    assert abs(host - (100 * SECOND + 250 * MS)) <= run.clock.u_ns
    # the window is what the counter watched, not from its first to its last pulse
    assert run.clock.to_ns(np.array(train.window)).tolist() == pytest.approx(list(WHOLE), abs=1)


def test_a_counter_that_ran_for_years_still_has_exact_ticks() -> None:
    stamps = [(t, f"{2_000_000_000 + n}.000000000007", "A") for n, (t, _, _) in enumerate(each_second(5))]
    run = derive(lines(stamps), WHOLE)
    assert np.diff(run.trains["reference.P"].ticks).tolist() == [10**12] * 4


def test_each_delivery_has_its_own_window() -> None:
    windows = [(102 * SECOND, 105 * SECOND), (110 * SECOND, 112 * SECOND)]
    runs = stamp_runs("it", TICC, ["reference.P"], lines(each_second(20)), "x", windows, 1.0)
    assert [run.trains["reference.P"].ticks.size for run in runs] == [3, 2]
    assert [run.window_ns for run in runs] == windows


def test_a_damaged_line_is_a_gap_between_its_neighbours() -> None:
    stamps = each_second(20)
    stamps[7] = (stamps[7][0], "!7.25\xe30 chA".replace("\xe3", "?"), "A")
    train = derive(lines(stamps), WHOLE).trains["reference.P"]
    assert train.ticks.size == 19
    assert train.gaps == ((6 * 10**12 + 250_000_000_002, 8 * 10**12 + 250_000_000_000),)


def test_damage_inside_one_read_lies_where_it_stood() -> None:
    cut = b"3.250000000001 chA\r\n?\r\n3.750000000001 chA\r\n"
    chunks = [*lines(each_second(3)), WireChunk(104 * SECOND, "it", Direction.RX, cut)]
    train = derive(chunks, WHOLE).trains["reference.P"]
    assert train.gaps == ((3_250_000_000_002, 3_750_000_000_000),)


@pytest.mark.parametrize("wrong", ["907.250000000001", "17.250000000001", "2.250000000001", "0.1"])
def test_a_stamp_that_cannot_have_come_then_is_a_gap(wrong: str) -> None:
    stamps = each_second(20)
    stamps[7] = (stamps[7][0], wrong, "A")
    run = derive(lines(stamps), WHOLE)
    if (
        wrong == "7"
    ):  # a quarter of a second off is what a late line looks like: nothing can tell, the lines carry no checksum
        assert run.complete
        return
    assert not run.complete
    [(begin, end)] = run.trains["reference.P"].gaps
    assert begin <= 7 * 10**12 + 250_000_000_001 <= end


def test_a_changed_digit_that_agrees_with_its_arrival_cannot_be_told() -> None:
    """The lines carry no checksum; this says what we cannot see."""
    stamps = each_second(20)
    stamps[7] = (stamps[7][0], "7.290000000001", "A")
    assert derive(lines(stamps), WHOLE).complete


def test_late_lines_are_whole() -> None:
    stamps = each_second(20)
    held = [(max(t_ns, 102 * SECOND + 200 * MS), seconds, channel) for t_ns, seconds, channel in stamps]
    run = derive(lines(held), WHOLE)
    assert run.complete
    assert run.trains["reference.P"].ticks.size == 20


def test_a_lost_line_cannot_be_told_and_is_not_invented() -> None:
    stamps = each_second(20)
    del stamps[7]
    train = derive(lines(stamps), WHOLE).trains["reference.P"]
    assert train.ticks.size == 19
    assert train.gaps == ()


@pytest.mark.parametrize("banner", [True, False])
def test_a_restart_inside_a_delivery_voids_it_and_spares_the_next(banner: bool) -> None:
    before = each_second(8)
    after = [(t_ns + 20 * SECOND, seconds, channel) for t_ns, seconds, channel in each_second(30)]
    head = [(119 * SECOND, "!# TAPR TICC Timestamping Counter", "")] if banner else []
    windows = [(100 * SECOND, 125 * SECOND), (130 * SECOND, 140 * SECOND)]
    first, second = stamp_runs("it", TICC, ["reference.P"], lines(before + head + after), "x", windows, 1.0)
    assert not first.complete
    assert first.trains["reference.P"].gaps == (first.trains["reference.P"].window,)
    assert "anew" in first.why
    assert second.complete
    assert second.trains["reference.P"].ticks.size == 10


def test_the_first_readings_after_a_start_are_thrown_away_by_the_counter() -> None:
    banner = (99 * SECOND, "!# TAPR TICC Timestamping Counter", "")
    stamps = each_second(20)[2:]
    windows = [(100 * SECOND, 110 * SECOND), (110 * SECOND, 120 * SECOND)]
    first, second = stamp_runs("it", TICC, ["reference.P"], lines([banner, *stamps]), "x", windows, 1.0)
    train = first.trains["reference.P"]
    assert train.gaps == ((train.window[0], train.ticks[0] - 1),)
    assert (first.complete, second.complete) == (False, True)
    [ran_before] = stamp_runs("it", TICC, ["reference.P"], lines(stamps), "x", windows[:1], 1.0)
    assert ran_before.complete  # it was on long before: nothing was thrown away here


def test_wrapped_seconds_are_unwrapped_by_their_arrival() -> None:
    stamps = [(t_ns, f"{(95 + n) % 100:02d}.5", "A") for n, (t_ns, _, _) in enumerate(each_second(20))]
    run = derive(lines(stamps), WHOLE, wrap_digits=2)
    assert run.complete
    assert np.diff(run.trains["reference.P"].ticks).tolist() == [10**12] * 19
    assert not derive(lines(stamps), WHOLE).complete  # undeclared, it looks like a restart


def test_more_than_a_hundred_events_a_second_are_not_proved_complete() -> None:
    slow = [(100 * SECOND + n * 20 * MS + 3 * MS, f"{n * 20 / 1000:.3f}", "A") for n in range(200)]
    assert derive(lines(slow), WHOLE).complete
    fast = [(100 * SECOND + n * 8 * MS + 3 * MS, f"{n * 8 / 1000:.3f}", "A") for n in range(500)]
    run = derive(lines(fast), WHOLE)
    assert not run.complete
    assert run.trains["reference.P"].gaps == ((0, 499 * 8 * 10**9),)


def test_a_counter_that_never_stamped_proves_nothing() -> None:
    run = derive([], WHOLE)
    assert (run.trains, run.complete) == ({}, False)
    assert "no time stamp came" in run.why


def test_inputs_that_are_not_wired_are_left_out() -> None:
    stamps = sorted(each_second(20) + [(t + MS, s, "B") for t, s, _ in each_second(20)])
    assert set(derive(lines(stamps), WHOLE).trains) == {"reference.P"}


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_hostile_lines_give_increasing_ticks_or_gaps(pieces: list[bytes]) -> None:
    chunks = [WireChunk(100 * SECOND + n * MS, "it", Direction.RX, piece + b"\n") for n, piece in enumerate(pieces)]
    for dialect, channels in ((TICC, ["reference.P"]), (PICOPET, ["tap.A", "tap.B"])):
        for run in stamp_runs("it", dialect, channels, chunks, "x", [WHOLE], 1.0):
            for train in run.trains.values():
                assert (np.diff(train.ticks) > 0).all()


# PicoPET: single taps, never two


def picopet_runs(names: list[str]) -> list[CaptureRun]:
    marks = []
    for n in range(100):
        for shift, channel in enumerate("AB"):  # the same edges on both, each counted from its own first pulse
            marks.append((100 * SECOND + n * 100 * MS + shift + 2 * MS, f"{n * 0.1:.9f}", channel))
    return stamp_runs("pet", PICOPET, names, lines(marks, picopet), "x", [WHOLE], 1.0)


def test_each_input_of_a_picopet_has_a_clock_of_its_own() -> None:
    runs = picopet_runs(["tap.A", "tap.B"])
    assert [set(run.trains) for run in runs] == [{"tap.A"}, {"tap.B"}]
    a, b = (train for run in runs for train in run.trains.values())
    assert a.edge is b.edge is EdgeKind.RISING
    assert a.clock != b.clock
    assert {run.clock.clock for run in runs} == {a.clock, b.clock}


@pytest.mark.parametrize("missing", [[30], [30, 31], [30, 32], [30, 60]])
def test_what_a_picopet_may_have_dropped_is_a_gap(missing: list[int]) -> None:
    """It drops silently: an interval that stands out proves nothing about the instrument under test."""
    times = np.delete(np.arange(100) * 0.1, missing)
    marks = [(100 * SECOND + round(t * SECOND), f"{t:.9f}", "A") for t in times]
    [run] = stamp_runs("pet", PICOPET, ["tap.A"], lines(marks, picopet), "x", [WHOLE], 1.0)
    train = run.trains["tap.A"]
    assert not run.complete
    for number in missing:
        assert any(begin <= number * 10**11 <= end for begin, end in train.gaps)


def test_a_flow_that_ramps_is_no_gap() -> None:
    """From 40 to 5 L/min within a few pulses and back: the intervals change eightfold."""
    intervals = np.concatenate([np.full(40, 0.1), [0.15, 0.3, 0.6], np.full(40, 0.8), [0.5, 0.2], np.full(40, 0.1)])
    marks = [(100 * SECOND + round(t * SECOND), f"{t:.9f}", "A") for t in np.cumsum(intervals)]
    window = (100 * SECOND, 200 * SECOND)
    [run] = stamp_runs("pet", PICOPET, ["tap.A"], lines(marks, picopet), "x", [window], 1.0)
    assert run.complete


def test_edge_balance_cannot_use_two_inputs_of_a_picopet() -> None:
    """Even if somebody named them encoder and board: without a common clock the law does not speak."""
    runs = picopet_runs(["encoder.A", "board.A"])
    segment = Segment(
        "B1", SegmentKind.DELIVERY, "C", "s", WHOLE,
        trains={name: train for run in runs for name, train in run.trains.items()},
        clocks={run.clock.clock: run.clock for run in runs},
    )  # fmt: skip
    spec = edge_balance.DETECTOR
    view = View({"pulses_per_litre": "100"}, spec.parameters, Validation(10**6, 0))
    [reading] = spec.judge([segment], view)
    assert reading.e == 1.0
    assert "not on one clock" in reading.reason


# clock checks


def pps(
    count: int, tick_s: Fraction, ppm: float = 0.0, noise_s: float = 0.0, bound: float = 1e-4
) -> tuple[PulseTrain, ClockMap]:
    """A pulse per second on an instrument whose clock is `ppm` fast, tied to the host within 5 ms."""
    random = np.random.default_rng(1)
    seconds = 0.3 + np.arange(count) + noise_s * random.standard_normal(count)
    ticks = np.floor(seconds * (1 + ppm * 1e-6) / float(tick_s)).astype(np.int64)
    window = (0, int(count / tick_s))
    train = PulseTrain("clock", "PPS", ticks, tick_s, EdgeKind.RISING, window, Origin("test", "x"), "c")
    return train, ClockMap("c", 0, Fraction(10**9) * tick_s, 5 * MS, bound)


PS, US = Fraction(1, 10**12), Fraction(1, 10**6)


@pytest.mark.parametrize("ppm", [-120.0, -20.5, 0.0, 3.25, 99.9, 100.5])
def test_the_rate_error_is_found_with_its_uncertainty(ppm: float) -> None:
    found = compare(*pps(120, PS, noise_s=60e-12, bound=1e-8), *pps(120, US, ppm))
    assert found.edges == 120
    assert abs(found.error_ppm - ppm) <= 3 * found.u_ppm
    assert found.u_ppm < 0.02
    assert found.bound_ppm == pytest.approx(100.0)
    assert found.holds is (abs(ppm) < 100)


def test_an_error_at_its_bound_is_undecided() -> None:
    assert compare(*pps(12, PS, bound=1e-6), *pps(12, US, 99.9)).holds is None


def test_the_reference_s_own_bound_is_in_the_uncertainty() -> None:
    found = compare(*pps(120, PS, bound=1e-6), *pps(120, US))
    assert found.u_ppm == pytest.approx(1 / np.sqrt(3), rel=0.01)


def test_edges_missing_on_one_side_are_counted_and_do_no_harm() -> None:
    reference, tied = pps(120, PS, bound=1e-8)
    tested, clock = pps(120, US, 50.0)
    holed = replace(tested, ticks=np.delete(tested.ticks, [20, 21, 70]))
    found = compare(reference, tied, holed, clock)
    assert (found.edges, found.unmatched) == (117, 3)
    assert abs(found.error_ppm - 50.0) <= 3 * found.u_ppm


def test_what_cannot_be_compared_is_named() -> None:
    reference, tied = pps(120, PS)
    tested, clock = pps(120, US)
    with pytest.raises(ClockCheckError, match="at least 10 edges that both instruments saw, got 5"):
        compare(*pps(5, PS), tested, clock)
    with pytest.raises(ClockCheckError, match="got gaps"):
        compare(reference, tied, replace(tested, gaps=((0, 5),)), clock)
    quick = replace(tested, ticks=np.arange(0, 10**6, 8_000))
    with pytest.raises(ClockCheckError, match="slow enough to tell its edges apart"):
        compare(reference, tied, quick, clock)
