"""Two functions at once lose no id; the size of an effect is told as a fixed volume or a share; sawtooth findings name volumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.generators import Tamper, delivery, instrument
from harness.judge.contract import Integrity, Link, Reading, Shape, Verdict
from harness.judge.offset import offset_or_gain
from tests.harness.test_judge_verdict import K2, K3, PLAN, only, raid, verdict


def named(found: Verdict, id: str) -> bool:
    return any(id in finding.catalogue_ids for finding in found.findings)


@pytest.mark.parametrize("stations", [K2, K3])
def test_a_threshold_in_the_board_and_an_adjuster_out_of_place(stations: str) -> None:
    both = Tamper(register_gain=0.04, from_l=20.0, meter_gain=0.03)
    found = verdict(raid(stations, both))
    assert found.integrity is Integrity.PROVEN
    assert named(found, "fuel.C02")
    assert named(found, "fuel.C22")
    if stations == K2:
        finding = only(found)
        assert finding.shape is Shape.THRESHOLD
        assert finding.at["besides"]["effect"] == pytest.approx(0.03, abs=0.012)
        assert any("was also seen in" in limit for limit in finding.limits)


def test_one_function_is_not_taken_for_two() -> None:
    finding = only(verdict(raid(K2, Tamper(register_gain=0.04, from_l=5.0))))
    assert "besides" not in finding.at
    assert "fuel.C22" not in finding.catalogue_ids


def test_a_gain_before_power_was_cut_and_one_all_the_time() -> None:
    rng = np.random.default_rng(91)
    it = instrument(rng)
    row = [
        delivery(
            rng, it, volume, id=id, flow=flow, phase=phase, state=state, stations=K2, emi=0.0, misread=0.0,
            tamper=Tamper(register_gain=0.04 if state == "power-0" else 0.0, meter_gain=0.03), start_ns=i * 300_000_000_000,
        )
        for i, (id, phase, state, volume, flow) in enumerate(PLAN)
    ]  # fmt: skip
    found = verdict(row)
    assert named(found, "fuel.C13")
    assert named(found, "fuel.C22")


@pytest.mark.parametrize("stations", [K2, K3])
def test_the_finding_of_a_sawtooth_names_the_volumes(stations: str) -> None:
    found = verdict(raid(stations, Tamper(window_gain=0.10)))
    assert found.integrity in (Integrity.SUSPECT, Integrity.PROVEN)  # the generator's flows differ from sale to sale
    finding = next(f for f in found.findings if "course" in f.detectors)
    assert finding.shape is Shape.THRESHOLD
    assert finding.at["kind"] == "sawtooth"
    volumes = [place["at_l"] for place in finding.at["breaks_l"]]
    for window in (5.0, 10.0, 20.0):
        assert min(abs(volume - window) for volume in volumes) < 0.8, volumes
    assert "fuel.C01" in finding.catalogue_ids
    gains = [s["gain"] for s in finding.at["stretches"] if s["to_l"] - s["from_l"] > 2]
    assert gains == pytest.approx([0.10] * len(gains), abs=0.02)


def reading(id: str, effect: float, u: float) -> Reading:
    interval = (effect - 1.96 * u, effect + 1.96 * u)
    return Reading("constant-gain", id, Link("reference", "register"), 1.0, effect=effect, interval=interval)


@pytest.mark.parametrize(
    ("offset", "gain", "kind"), [(0.5, 0.0, "offset"), (0.0, 0.03, "gain"), (0.5, 0.03, "both"), (0.01, 0.001, "")]
)
def test_a_fixed_volume_is_told_from_a_share(offset: float, gain: float, kind: str) -> None:
    rng = np.random.default_rng(92)
    segments = raid("display", seed=3)
    readings = []
    for segment in segments:
        litres = float(segment.registers["display"].values[-1])
        u = max(0.0006, 0.01 / litres)
        readings.append(reading(segment.id, offset / litres + gain + float(rng.normal(0, u)), u))
    found = offset_or_gain(readings, segments)
    assert found is not None
    assert found.kind == kind
    assert found.offset_l == pytest.approx(offset, abs=5 * found.u_l)
    assert found.gain == pytest.approx(gain, abs=5 * found.u)


def test_sales_of_one_volume_cannot_tell() -> None:
    segments = [replace(segment, id=f"x{i}") for i, segment in enumerate(raid("display")[:1] * 5)]
    assert offset_or_gain([reading(s.id, 0.03, 0.001) for s in segments], segments) is None
