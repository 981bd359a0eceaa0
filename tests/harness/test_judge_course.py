"""The course of the error inside a delivery: kinks and jumps found, latency and noise survived."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from harness.judge.contract import Reading, Segment, Validation, View
from harness.judge.detectors.course import DETECTOR

K2 = "reference register display amount"


def run(segment: Segment) -> dict[str, Reading]:
    view = View(PROFILE, DETECTOR.parameters, Validation(10_000, 0))
    return {str(reading.link): reading for reading in DETECTOR.judge([segment], view)}


@pytest.mark.parametrize("gain", [0.04, -0.04])
@pytest.mark.parametrize("stations", [K2, K2 + " encoder board"])
def test_a_threshold_inside_a_delivery(stations: str, gain: float) -> None:
    rng = np.random.default_rng(31)
    tamper = Tamper(register_gain=gain, from_l=20.0)
    readings = run(delivery(rng, instrument(rng), 45.3, tamper=tamper, stations=stations))
    hit = readings["reference>register" if stations == K2 else "board>register"]
    assert hit.hits == 1  # one delivery, one witness
    assert hit.at["kind"] == "kink"
    assert hit.effect == pytest.approx(gain, abs=0.004)
    low, high = hit.at["onset_interval_l"]
    assert low <= 20.0 <= high
    assert sum(bool(r.hits) for r in readings.values()) == 1


def test_switched_off_inside_a_delivery() -> None:
    rng = np.random.default_rng(32)
    tamper = Tamper(register_gain=0.05, to_l=15.0)
    hit = run(delivery(rng, instrument(rng), 30.0, tamper=tamper))["board>register"]
    assert hit.hits == 1  # one delivery, one witness
    assert hit.effect == pytest.approx(-0.05, abs=0.006)


def test_a_key_that_adds_a_litre() -> None:
    rng = np.random.default_rng(33)
    hit = run(delivery(rng, instrument(rng), 35.0, tamper=Tamper(register_jump_l=1.0, from_l=11.0)))["board>register"]
    assert hit.at["kind"] == "jump"
    assert hit.at["size"] == pytest.approx(1.0, abs=0.12)  # one mean may lie across the jump


@pytest.mark.parametrize("flow", ["steady", "two-stage", "pulsating"])
def test_honest_courses(flow: str) -> None:
    rng = np.random.default_rng(34)
    for grade in ("nominal", "weak", "poor"):
        for reading in run(delivery(rng, instrument(rng, grade), 40.0, flow=flow, emi=0.0)).values():
            assert reading.spoke, reading.reason
            assert reading.hits == 0
            assert reading.mde is not None
            assert reading.mde < 0.02


def test_a_short_delivery_cannot_be_followed() -> None:
    rng = np.random.default_rng(35)
    for reading in run(delivery(rng, instrument(rng), 3.0)).values():
        assert reading.reason
        assert reading.e == 1


def test_a_constant_gain_is_no_course() -> None:
    rng = np.random.default_rng(36)
    readings = run(delivery(rng, instrument(rng), 40.0, tamper=Tamper(register_gain=0.05)))
    assert not any(reading.hits for reading in readings.values())


@pytest.mark.parametrize("stations", [K2, K2 + " encoder board"])
@pytest.mark.parametrize("gain", [0.10, 0.03])
def test_a_sawtooth_between_the_inspectors_volumes(stations: str, gain: float) -> None:
    rng = np.random.default_rng(41)
    segment = delivery(rng, instrument(rng), 45.3, tamper=Tamper(window_gain=gain), stations=stations)
    hit = run(segment)["reference>register" if stations == K2 else "board>register"]
    assert hit.at["kind"] == "sawtooth"
    assert hit.effect == pytest.approx(gain, abs=0.006)
    assert hit.interval is not None
    assert hit.interval[0] < hit.effect < hit.interval[1]
    breaks = hit.at["breaks"]
    for window in (5.0, 10.0, 20.0):
        assert any(abs(b["at_l"] - window) < 0.8 for b in breaks), (window, breaks)
    assert all(min(abs(b["at_l"] - w) for w in (5.0, 10.0, 20.0)) < 1.2 for b in breaks), breaks


def test_a_sawtooth_between_gallons() -> None:
    rng = np.random.default_rng(42)
    tamper = Tamper(window_gain=0.10, windows_l=(3.785, 18.93, 37.85))
    hit = run(delivery(rng, instrument(rng), 45.3, tamper=tamper, stations=K2))["reference>register"]
    assert hit.at["kind"] == "sawtooth"
    assert hit.at["onset_l"] == pytest.approx(3.785, abs=0.6)


def test_on_and_off_inside_a_delivery() -> None:
    rng = np.random.default_rng(43)
    tamper = Tamper(register_gain=0.05, from_l=10.0, to_l=25.0)
    hit = run(delivery(rng, instrument(rng), 40.0, tamper=tamper))["board>register"]
    assert hit.at["kind"] == "on-off"
    assert hit.at["onset_l"] == pytest.approx(10.0, abs=0.6)
    assert hit.at["end_l"] == pytest.approx(25.0, abs=0.6)
    gains = [s["gain"] for s in hit.at["stretches"]]
    assert gains == pytest.approx([0.0, 0.05, 0.0], abs=0.006)
