"""Gain per sale: two modes among sales of one context, and what honest sales may do."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.generators import PROFILE, Instrument, Tamper, delivery, instrument
from harness.judge.contract import Reading, Segment, Validation, View
from harness.judge.interventions.sale_gain import DETECTOR, split

VOLUMES = (13.7, 7.3, 18.9, 13.7, 7.3, 27.1, 20.0, 13.3)
UNSEALED = {**PROFILE, "sealed_k": False}


def sales(
    seed: int, armed: tuple[int, ...], gain: float, stations: str, n: int = 8, jump: float = 0.0, weighed: bool = False
) -> list[Segment]:
    rng = np.random.default_rng(seed)
    it: Instrument = instrument(rng)
    return [
        delivery(
            rng,
            it,
            VOLUMES[i % 8],
            id=f"d{i}",
            stations=stations,
            weighed=weighed,
            misread=0.0,
            tamper=Tamper(register_gain=gain if i in armed else 0.0, register_jump_l=jump),
            start_ns=i * 10**12,
        )
        for i in range(n)
    ]


def run(segments: list[Segment], link: str) -> list[Reading]:
    view = View(UNSEALED, DETECTOR.parameters, Validation(10_000, 0))
    return [reading for reading in DETECTOR.judge(segments, view) if str(reading.link) == link]


@pytest.mark.parametrize("stations", ["reference register display amount", "reference display amount"])
@pytest.mark.parametrize("armed", [(1, 4), (0, 2, 3), (2, 3, 4, 5, 6)])
def test_some_sales_count_more(stations: str, armed: tuple[int, ...]) -> None:
    end = "register" if "register" in stations else "display"
    readings = run(sales(51, armed, 0.03, stations), f"reference>{end}")
    upper = {r.at["upper_mode"] for r in readings if r.hits}
    assert upper == {tuple(f"d{i}" for i in armed)}
    deviating = set(armed) if len(armed) < 4 else set(range(8)) - set(armed)
    assert {r.segment for r in readings if r.hits} == {f"d{i}" for i in deviating}
    sign = 1 if len(armed) < 4 else -1
    assert all(r.effect == pytest.approx(sign * 0.03, abs=0.004) for r in readings if r.hits)


def test_three_sales_of_an_exact_link_suffice() -> None:
    readings = run(sales(52, (1,), 0.02, "board register", n=3), "board>register")
    assert [bool(r.hits) for r in readings] == [False, True, False]


def test_too_few_sales_have_no_power() -> None:
    readings = run(sales(53, (1,), 0.05, "reference display amount", n=4), "reference>display")
    assert len(readings) == 4
    assert all("too few" in r.reason and r.e == 1 for r in readings)


def test_honest_sales_have_one_mode() -> None:
    for seed in range(60, 75):
        for link, stations in (("reference>register", "reference register"), ("board>register", "board register")):
            readings = run(sales(seed, (), 0.0, stations), link)
            assert all(r.spoke and not r.hits and r.e < 1 for r in readings)
            assert all(r.mde is not None and r.mde < 0.03 for r in readings)


@pytest.mark.parametrize("jump", [0.03, 0.08, -0.08])
def test_a_fixed_volume_per_sale_is_no_second_mode(jump: float) -> None:
    for seed in range(80, 86):
        assert not any(r.hits for r in run(sales(seed, (), 0.0, "reference register", jump=jump), "reference>register"))


def test_a_number_read_by_eye_wins_little() -> None:
    readings = run(sales(54, (1, 4), 0.03, "reference display", weighed=True), "reference>display")
    hits = [r for r in readings if r.hits]
    assert len(hits) == 2
    assert all(not r.at["sure"] and r.e < 50 for r in hits)


def test_every_division_is_paid_for() -> None:
    """Rank-ordered noise always looks like two groups: over honest Gaussian gains p < 0.01 stays rarer than 1 in 100."""
    rng = np.random.default_rng(55)
    u = np.full(7, 0.001)
    ps = np.array([split(rng.normal(1, 0.001, 7), u, np.zeros(7)).p for _ in range(3000)])
    assert (ps < 0.01).mean() <= 0.01
    assert (ps < 0.1).mean() <= 0.1
