"""The car's own speed as a second source: its integral, gaps, late answers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.model import Direction, Origin, SampledTrace, WireChunk
from harness.derive.obd import LATE, car_distance, car_speed

SECOND = 1_000_000_000


def trace(seconds: list[float], kmh: list[int]) -> SampledTrace:
    times = np.array([int(t * SECOND) for t in seconds], np.int64)
    return SampledTrace(
        "speed",
        times,
        np.array(kmh, np.int64),
        np.zeros(len(kmh), np.uint8),
        Decimal(1),
        "km/h",
        Origin("elm327/1", ""),
    )


def test_a_ride_by_the_car_s_own_speed() -> None:
    steady = trace([float(t) for t in range(101)], [36] * 101)
    found = car_distance(steady, 0, 100 * SECOND)
    assert found.distance_m == pytest.approx(1000)
    assert not found.gaps
    assert 30 < found.u_m < 35
    still = car_distance(trace([0, 1, 2], [0, 0, 0]), 0, 2 * SECOND)
    assert (still.distance_m, still.u_m) == (0, 0)


def test_gaps_count_nothing() -> None:
    lost = trace([*range(41), *range(60, 101)], [36] * 82)
    found = car_distance(lost, 0, 100 * SECOND)
    assert found.gaps == ((40 * SECOND, 60 * SECOND),)
    assert found.distance_m == pytest.approx(800)
    early = car_distance(trace([10, 11, 12], [36, 36, 36]), 0, 15 * SECOND)
    assert early.gaps == ((0, 10 * SECOND), (12 * SECOND, 15 * SECOND))
    assert early.distance_m == pytest.approx(20)


@settings(max_examples=40)
@given(st.integers(1, 99 * SECOND), st.lists(st.integers(0, 255), min_size=100, max_size=100))
def test_parts_add_up(cut_ns: int, kmh: list[int]) -> None:
    whole = trace([float(t) for t in range(100)], kmh)
    parts = [car_distance(whole, 0, cut_ns), car_distance(whole, cut_ns, 99 * SECOND)]
    assert sum(part.distance_m for part in parts) == pytest.approx(car_distance(whole, 0, 99 * SECOND).distance_m)


def chunk(t_s: float, data: bytes, way: Direction = Direction.RX) -> WireChunk:
    return WireChunk(int(t_s * SECOND), "obd", way, data)


def test_settings_echoes_and_late_answers_are_no_readings() -> None:
    said = [
        chunk(0, b"ATZ\r", Direction.TX), chunk(1, b"ATZ\r\r\rELM327 v1.5\r\r>"),
        chunk(2, b"010D\r", Direction.TX), chunk(2.1, b"010D\r41 0D 32 \r\r>"),
        chunk(3, b"ATE0\r", Direction.TX), chunk(3.1, b"ATE0\rOK\r\r>"),
        chunk(4, b"010D\r", Direction.TX), chunk(6.5, b"SEARCHING...\r41 0D 33\r\r>"),
        chunk(7, b"010D\r", Direction.TX), chunk(7.1, b"NO "), chunk(7.2, b"DATA\r\r"), chunk(7.3, b">"),
        chunk(8, b"010D\r", Direction.TX), chunk(8.1, b"41 0D \xff3\r\r>"),
        chunk(9, b"010D\r", Direction.TX), chunk(9.1, b"41 0D 00 <DATA ERROR\r\r>"),
    ]  # fmt: skip
    found = car_speed([said])
    assert found.trace is not None
    assert found.trace.steps.tolist() == [50]
    assert found.trace.times_ns.tolist() == [2_100_000_000]
    assert found.told == {LATE: 1, "NO DATA": 1, "no answer about the speed": 1}
    assert [noise.size for noise in found.noise] == [9]
    assert found.trace.garbage[1] == (7 * SECOND, 7_300_000_000)


def test_nothing_at_all() -> None:
    empty = car_speed([[]])
    assert (empty.trace, empty.units, empty.told) == (None, 0, {})
