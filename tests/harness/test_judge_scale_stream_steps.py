"""Steps of a load at rest: what wanders, creeps, sways and is keyed is none; what is switched is, and is told from what is put on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.judge.contract import DetectorSpec, Reading, Segment, Shape
from harness.judge.detectors import rest_step, step_dynamics
from tests.scale_stream import ScaleLine, after, during
from tests.weighed import loading, run

PRICE: dict[str, Any] = {"settle_s": "2", "update_ms": 100}
TRUCK: dict[str, Any] = {"intervals": "80000/20", "settle_s": "4"}
LOADS = (0.0, 0.531, 1.19, 0.137, 2.263, 0.263, 0.0)


def steps_of(spec: DetectorSpec, segments: list[Segment], **profile: Any) -> list[Reading]:
    return [one for one in run(spec, *segments, **profile) if one.hits]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "line",
    [
        {},
        {"noise_e": 0.4},
        {"wind_e": 1.0, "wind_s": 0.5},
        {"wind_e": 1.0, "wind_s": 3.0},
        {"wind_e": 0.5, "wind_s": 15.0},
        {"step_kg": 0.001},
        {"tau_s": 0.8, "hz": 4.0},
        {"hz": 50.0, "noise_e": 0.2},
    ],
)
def test_what_wanders_creeps_and_sways_makes_no_step(line: dict[str, Any], seed: int) -> None:
    scale = ScaleLine(seed, **line)
    segments = [scale.load(kg) for kg in LOADS]
    readings = run(rest_step.DETECTOR, *segments, **PRICE)
    assert [one.segment for one in readings if one.hits] == []
    assert all(one.spoke for one in readings)
    assert steps_of(step_dynamics.DETECTOR, segments, **PRICE) == []


@pytest.mark.parametrize("wind_s", [0.5, 2.0, 8.0])
def test_no_step_of_a_vehicle_in_the_wind(wind_s: float) -> None:
    scale = ScaleLine(5, e_kg=20, axles=4, mount_s=0.8, wind_e=1.0, wind_s=wind_s, put_s=14)
    segments = [scale.load(kg, 120, known=False) for kg in (0, 31_000, 0, 17_500, 0, 43_000, 0, 24_300, 0)]
    assert steps_of(rest_step.DETECTOR, segments, **TRUCK) == []


@pytest.mark.parametrize("gain", [0.06, 0.1, -0.1, 0.3])
def test_a_switched_gain_is_a_sudden_step(gain: float) -> None:
    scale = ScaleLine(7)
    own = [0.531, 1.19, abs(gain) * 1.19, 0.0, abs(gain) * 1.19, 0.0, abs(gain) * 1.19, 0.0]
    segments = [scale.load(kg) for kg in own]
    struck = scale.load(1.19, digital=after(15.0, gain * 1.19))
    (found,) = steps_of(rest_step.DETECTOR, [*segments, struck], **PRICE)
    assert found.segment == struck.id
    assert found.effect == pytest.approx(gain, abs=0.005 / 1.19)
    assert found.interval is not None
    assert found.interval[0] <= gain <= found.interval[1]
    assert found.shape is Shape.SWITCHED
    assert found.at["held"] is True
    assert found.at["sudden"] is True
    assert found.at["onset_ns"] == pytest.approx(struck.window_ns[0] + 15e9, abs=3e8)
    assert found.e > 900
    (switched,) = steps_of(step_dynamics.DETECTOR, [*segments, struck], **PRICE)
    assert switched.segment == struck.id
    assert switched.at["sudden"] is True


@pytest.mark.parametrize("hands", [{}, {"mount_s": 1.5}, {"tau_s": 0.1, "mount_s": 1.0, "hz": 20.0}])
def test_what_is_put_on_is_a_step_and_not_a_sudden_one(hands: dict[str, Any]) -> None:
    """However slow hands were before, a touch that comes in no time passes the filter."""
    scale = ScaleLine(8, **hands)
    segments = [scale.load(kg) for kg in (0.1, 0.0, 0.12, 0.0, 0.11, 0.0, 1.19)]
    touched = scale.load(1.19, force=after(15.0, 0.115))
    (found,) = steps_of(rest_step.DETECTOR, [*segments, touched], **PRICE)
    assert not found.at.get("sudden", False)
    assert found.e < 20
    assert steps_of(step_dynamics.DETECTOR, [*segments, touched], **PRICE) == []
    assert any(one.spoke for one in run(step_dynamics.DETECTOR, *segments, touched, **PRICE))


def test_a_step_too_small_to_show_its_tail_is_not_called_sudden() -> None:
    scale = ScaleLine(7)
    segments = [scale.load(kg) for kg in (0.0, 0.036, 0.0, 0.036, 0.0)]
    (found,) = steps_of(rest_step.DETECTOR, [*segments, scale.load(1.19, digital=after(15.0, 0.036))], **PRICE)
    assert "sudden" not in found.at


def test_without_a_load_step_of_like_size_nothing_is_said_of_its_dynamics() -> None:
    scale = ScaleLine(9)
    segments = [scale.load(kg) for kg in (0.0, 1.19, 0.0)]
    struck = scale.load(1.19, digital=after(15.0, 0.1))
    (found,) = steps_of(rest_step.DETECTOR, [*segments, struck], **PRICE)
    assert "sudden" not in found.at
    assert not any(one.spoke for one in run(step_dynamics.DETECTOR, *segments, struck, **PRICE))


def test_there_and_back_is_one_and_a_knock_is_none() -> None:
    scale = ScaleLine(10)
    (found,) = run(rest_step.DETECTOR, scale.load(1.19, digital=during(12.0, 22.0, 0.12)), **PRICE)
    assert found.hits == 1
    (found,) = run(rest_step.DETECTOR, scale.load(1.19, force=during(15.0, 15.4, 0.8)), **PRICE)
    assert found.hits == 0


def test_each_quantum_of_a_staircase_counts() -> None:
    scale = ScaleLine(11, e_kg=20, axles=3, put_s=14, wind_e=0.2)
    stairs = scale.load(30_000, 90, known=False, digital=lambda t: 160.0 * (np.clip(t // 20, 0, 4)))
    (found,) = run(rest_step.DETECTOR, stairs, **TRUCK)
    assert found.hits == 4
    assert all(one["kg"] == pytest.approx(160, abs=20) for one in found.at["steps"])


@pytest.mark.parametrize("key", ["M1", "remote", "tare", "power-off"])
def test_what_follows_a_key_is_not_counted_here(key: str) -> None:
    scale = ScaleLine(12)
    struck = scale.load(1.19, digital=after(15.0, 0.12), keys=[(14.6, key)])
    assert steps_of(rest_step.DETECTOR, [struck], **PRICE) == []


def test_switches_after_a_memory_key_are_seen_and_after_tare_are_its_work() -> None:
    scale = ScaleLine(13)
    segments = [scale.load(kg) for kg in (0.12, 0.0, 0.11, 0.0, 0.13, 0.0)]
    keyed = scale.load(1.19, digital=after(15.0, 0.12), keys=[(14.6, "M1")])
    tared = scale.load(1.19, digital=after(15.0, 0.12), keys=[(14.6, "tare")])
    assert [one.segment for one in steps_of(step_dynamics.DETECTOR, [*segments, keyed, tared], **PRICE)] == [keyed.id]


def test_a_silence_or_garbage_over_the_step_hides_it() -> None:
    from dataclasses import replace

    scale = ScaleLine(14)
    struck = scale.load(1.19, digital=after(15.0, 0.12))
    trace, at = struck.traces["weight"], struck.window_ns[0] + 15_000_000_000
    blind = replace(trace, garbage=((at - 10**8, at + 10**8),))
    assert steps_of(rest_step.DETECTOR, [replace(struck, traces={"weight": blind})], **PRICE) == []
    heard = (trace.times_ns < at - 2 * 10**9) | (trace.times_ns > at + 2 * 10**9)
    gap = replace(trace, times_ns=trace.times_ns[heard], steps=trace.steps[heard], flags=trace.flags[heard])
    assert steps_of(rest_step.DETECTOR, [replace(struck, traces={"weight": gap})], **PRICE) == []


def test_a_short_stay_says_nothing() -> None:
    (found,) = run(rest_step.DETECTOR, ScaleLine(15).load(1.0, 6.0), **PRICE)
    assert not found.spoke


def test_read_by_eye_without_a_key_between() -> None:
    (none,) = run(rest_step.DETECTOR, loading(1, 1.19, ["1.190", "1.195", "1.190", "1.190"]))
    assert none.hits == 0
    (one,) = run(rest_step.DETECTOR, loading(1, 1.19, ["1.190", "1.190", "1.310", "1.310"]))
    assert (one.hits, str(one.link), one.shape) == (1, "load>display", Shape.SWITCHED)
    assert one.effect == pytest.approx(0.12 / 1.19)
    assert one.p is not None
    assert one.p > 0.01  # a digit may be misread
    (odd,) = run(rest_step.DETECTOR, loading(1, 1.19, ["1.190", "1.790", "1.190", "1.190"]))
    assert odd.hits == 1
    assert run(rest_step.DETECTOR, loading(1, 1.19, ["1.190", "1.310"], keys=[(4.0, "M1")])) == []
