"""Codes never shown, another interval than declared, gains on a lattice."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.contract import Segment, Shape
from harness.judge.detectors import gain_lattice
from harness.judge.laws import code_gap
from tests.weighed import begin_s, loading, priced, run, shown_as, stream

E = 0.005


def ramp(gain: float, number: int = 1, upto_kg: float = 1.0, slow: float = 0.0005, seed: int = 1) -> Segment:
    """Sand poured slowly; rounded first, multiplied afterwards, as a gain behind the rounding does."""
    rng = np.random.default_rng(seed)
    true = np.arange(0, upto_kg, slow) + rng.normal(0, 0.0003, round(upto_kg / slow))
    steps = np.round(np.round(true / E) * gain)
    line = stream(list(steps * E), begin_s(number), every_s=0.25)
    return loading(number, None, line=line, ramp=True)


def test_an_honest_ramp_shows_every_code() -> None:
    (reading,) = run(code_gap.DETECTOR, ramp(1.0))
    assert (reading.hits, reading.spoke) == (0, True)


def test_a_gain_behind_the_rounding_skips_codes_regularly() -> None:
    (reading,) = run(code_gap.DETECTOR, ramp(1.05, upto_kg=1.5))
    assert reading.hits >= 10
    assert reading.at["missing"] is True
    assert reading.effect == pytest.approx(0.05, abs=0.005)
    assert reading.shape is Shape.CONSTANT


def test_lumps_at_random_are_honest() -> None:
    rng = np.random.default_rng(3)
    skipped = set(rng.choice(np.arange(5, 195), 12, replace=False).tolist())
    values = [code * E for code in range(200) if code not in skipped for _ in range(6)]
    own = loading(1, None, line=stream(values, begin_s(1), every_s=0.25), ramp=True)
    (reading,) = run(code_gap.DETECTOR, own)
    assert reading.hits == 0


def test_a_quick_ramp_says_nothing() -> None:
    (reading,) = run(code_gap.DETECTOR, ramp(1.0, slow=0.004))
    assert reading.reason == "the ramp was too fast"


ODD = (0.137, 0.263, 0.531, 0.797, 1.187, 1.713, 2.653, 3.271, 4.391, 5.883, 7.417, 9.151, 11.23, 13.877)


def test_the_interval_on_the_nameplate() -> None:
    for shown_e, declared, hit in (("0.005", "15/0.005", False), ("0.01", "15/0.005", True), ("0.002", "15/0.005", True)):  # fmt: skip
        own = [loading(n, mass, [shown_as(mass, shown_e)]) for n, mass in enumerate(ODD)]
        (reading,) = run(code_gap.DETECTOR, *own, intervals=declared)
        assert bool(reading.hits) is hit
        assert reading.at["missing"] is False


def test_one_misread_digit_is_no_finer_interval() -> None:
    own = [loading(n, mass, [shown_as(mass)]) for n, mass in enumerate(ODD)]
    own[3] = loading(3, ODD[3], ["0.797"])
    (reading,) = run(code_gap.DETECTOR, *own)
    assert reading.hits == 0


def test_two_intervals_and_round_weights_are_honest() -> None:
    own = [loading(n, mass, [shown_as(mass, "0.002" if mass <= 6 else "0.005")]) for n, mass in enumerate(ODD)]
    readings = run(code_gap.DETECTOR, *own, intervals="6/0.002 15/0.005")
    assert [one.hits for one in readings] == [0, 0]
    sets = [loading(n, mass, [shown_as(mass)]) for n, mass in enumerate((0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 7, 10))]
    (reading,) = run(code_gap.DETECTOR, *sets)
    assert not reading.spoke


@pytest.mark.parametrize(("gain", "points"), [(0.1, (10.0,)), (1 / 9, (11.1111,)), (0.0, ()), (0.12, ())])
def test_gains_on_a_lattice(gain: float, points: tuple[float, ...]) -> None:
    own = [loading(n, mass, [shown_as(mass * (1 + gain))]) for n, mass in enumerate(ODD[3:9])]
    readings = run(gain_lattice.DETECTOR, *own)
    assert len(readings) == (6 if gain else 0)
    assert all(one.e == 1 and not one.hits for one in readings)
    assert {point for one in readings for point in one.at.get("lattice_percent", ())} == set(points)


def test_offsets_of_a_truck_scale_on_a_lattice() -> None:
    loads = (12_340.0, 18_230.0, 31_770.0, 40_010.0)
    own = [loading(n, mass, [shown_as(mass + 480, "20")], u_kg=0.5) for n, mass in enumerate(loads)]
    readings = run(gain_lattice.DETECTOR, *own, intervals="60000/20")
    assert {point for one in readings for point in one.at.get("lattice_kg", ())} == {480.0}


def test_a_price_gain_on_a_lattice() -> None:
    own = [loading(n, None, registers=priced(n, kg, "12.50", price)) for n, (kg, price) in enumerate((("1.200", "16.50"), ("2.135", "29.36")))]  # fmt: skip
    found = [one for one in run(gain_lattice.DETECTOR, *own) if str(one.link) == "display>price"]
    assert [one.at["lattice_percent"] for one in found] == [(10.0,), (10.0,)]
