"""Worked vectors: repeatability by the range, errors before rounding."""

from __future__ import annotations

from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrology.errors import MetrologyError
from harness.metrology.repeatability import range_factor, repeatability
from harness.metrology.weighing import before_rounding, creep, loads, spread


def test_three_runs_by_their_range_are_those_of_the_published_record() -> None:
    """T4: 0.431, 0.362, 0.582 -> E_n 0.130 (fuel_dispensers.md 3.2)."""
    found = repeatability((0.431, 0.362, 0.582))
    assert round(found.by_range, 3) == 0.130
    assert round(found.mean, 3) == 0.458  # of the rounded errors; the unrounded ones give 0.459
    assert found.by_deviation == pytest.approx(np.std((0.431, 0.362, 0.582), ddof=1))


@pytest.mark.parametrize(("n", "d"), [(2, 1.13), (3, 1.69), (4, 2.06), (5, 2.33), (6, 2.53), (10, 3.08)])
def test_expected_ranges(n: int, d: float) -> None:
    assert round(range_factor(n), 2) == d


def test_the_range_estimates_a_standard_deviation() -> None:
    rng = np.random.default_rng(1)
    found = [repeatability(tuple(own)).by_range for own in rng.normal(0, 2.0, (4000, 3))]
    assert np.mean(found) == pytest.approx(2.0, rel=0.03)


def test_the_error_before_rounding_is_that_of_the_vector() -> None:
    """e = 5 g, L = I = 50 g, dL = 2 g: P = 50.5 g, E = +0.5 g (scales.md 2C; a published copy prints 1.5 g in between)."""
    found = before_rounding(D(50), D(50), D(5), D(2))
    assert (found.shown, found.error) == (D("50.5"), D("0.5"))
    assert before_rounding(D(50), D(50), D(5), D(2), zero=D("0.3")).corrected == D("0.2")


@given(st.integers(0, 20_000), st.integers(-30, 30), st.integers(1, 10))
def test_a_rounding_indication_gives_its_error_back(load: int, tenths: int, e: int) -> None:
    """An instrument that errs by `tenths` of 0.1 e and rounds: weights of 0.1 e find the error to 0.1 e."""
    step = D(e) / 10
    true = D(load) + tenths * step
    indication = (true / e + D("0.5")).__floor__() * D(e)
    added = next(n * step for n in range(12) if ((true + n * step) / e + D("0.5")).__floor__() * D(e) > indication)
    error = before_rounding(indication, D(load), D(e), added).error
    assert abs(error - tenths * step) <= step / 2 + step / 2


def test_readings_that_tell_no_error_are_refused() -> None:
    with pytest.raises(MetrologyError, match="from 0 to one e = 5, got 6"):
        before_rounding(D(50), D(50), D(5), D(6))
    with pytest.raises(MetrologyError, match="load: expected a number"):
        before_rounding(D(50), D("NaN"), D(5), D(1))
    with pytest.raises(MetrologyError, match="2 to 100 runs"):
        repeatability((0.1,))
    with pytest.raises(MetrologyError, match="two weighings"):
        spread((D(1),))
    with pytest.raises(MetrologyError, match="at 15"):
        creep(((D(0), D(1)), (D(30), D(2))), D(5))


def test_loads_where_the_limits_change_creep_and_spread() -> None:
    assert loads(D("0.005"), D(15), (D(20), D(500), D(2000), D(10000))) == (D("0.1"), D("2.5"), D(10), D(15))
    assert creep(((D(0), D(10000)), (D(15), D(10001)), (D(30), D("10001.5"))), D(5)) == (D("0.3"), D("0.1"))
    assert spread((D("0.5"), D("-1"), D(0))) == D("1.5")
