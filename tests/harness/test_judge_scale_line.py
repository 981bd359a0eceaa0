"""Lack of fit over load: gain, offset, bending and one wrong weight are honest here; a window of loads is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.judge.contract import Segment, Shape
from harness.judge.laws import load_line
from tests.weighed import loading, run, shown_as

ODD = (0.263, 0.531, 0.797, 1.187, 1.713, 2.653, 4.391, 7.417, 11.23)
ROUND = (0.5, 1.0, 2.0, 5.0)


def shows(error: Callable[[float], float], loads: tuple[float, ...] = ODD, **context: object) -> list[Segment]:
    return [loading(n, mass, [shown_as(mass + error(mass))], **context) for n, mass in enumerate((0.0, *loads))]


@pytest.mark.parametrize(
    "error",
    [lambda m: 0.0, lambda m: 0.1 * m, lambda m: 0.05, lambda m: -0.03 - 0.02 * m, lambda m: 0.004 * np.sin(m)],
)
def test_lines_and_honest_bending(error: Callable[[float], float]) -> None:
    (reading,) = run(load_line.DETECTOR, *shows(error))
    assert reading.hits == 0


def test_honest_scales_with_creep_and_repeatability() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        gain, offset = rng.normal(0, 5e-4), rng.normal(0, 0.001)
        own = shows(lambda m, g=gain, b=offset: g * m + b + rng.uniform(-0.0025, 0.0025))
        (reading,) = run(load_line.DETECTOR, *own)
        assert reading.hits == 0


def test_a_window_of_loads_is_named() -> None:
    (reading,) = run(load_line.DETECTOR, *shows(lambda m: 0.08 * m if 0.5 < m < 2 else 0.0))
    assert reading.hits == 4
    assert reading.shape is Shape.THRESHOLD
    assert (reading.at["from_kg"], reading.at["to_kg"]) == (0.531, 1.713)
    assert reading.effect == pytest.approx(0.08, abs=0.01)
    assert reading.p is not None
    assert reading.p < 1e-4


def test_round_masses_that_are_spared_are_told_from_odd_ones() -> None:
    loads = tuple(sorted((*ODD, *ROUND)))
    (reading,) = run(load_line.DETECTOR, *shows(lambda m: 0.0 if m in ROUND else -0.06 * m, loads))
    assert reading.at["told_by"] == "round"
    assert set(ROUND).isdisjoint(reading.at["off_loads_kg"])
    assert reading.effect == pytest.approx(-0.06, abs=0.01)


def test_one_wrong_weight_or_misread_digit_weighs_little() -> None:
    (reading,) = run(load_line.DETECTOR, *shows(lambda m: 0.2 if m == 1.187 else 0.0))
    assert reading.hits == 1
    assert reading.e < 2


def test_errors_to_both_sides_are_no_window() -> None:
    (reading,) = run(load_line.DETECTOR, *shows(lambda m: {0.531: 0.2, 0.797: -0.2}.get(m, 0.0)))
    assert reading.hits == 0


def test_states_and_companies_stay_apart() -> None:
    own = shows(lambda m: 0.0, phase="A") + shows(lambda m: 0.1 * m, phase="C")
    assert [one.hits for one in run(load_line.DETECTOR, *own)] == [0, 0]


def test_four_loads_are_too_few() -> None:
    (reading,) = run(load_line.DETECTOR, *shows(lambda m: 0.0, ODD[:3]))
    assert not reading.spoke


def test_two_intervals() -> None:
    def one(n: int, mass: float, gain: float) -> Segment:
        return loading(n, mass, [shown_as(mass * (1 + gain), "0.002" if mass <= 6 else "0.005")])

    honest = [one(n, mass, 0.0) for n, mass in enumerate(ODD)]
    cheat = [one(n, mass, 0.05 if mass < 1.5 else 0.0) for n, mass in enumerate(ODD)]
    for own, hits in ((honest, 0), (cheat, 4)):
        (reading,) = run(load_line.DETECTOR, *own, intervals="6/0.002 15/0.005")
        assert reading.hits == hits
