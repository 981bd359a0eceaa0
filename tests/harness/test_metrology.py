"""Uncertainty against an independent library and by Monte Carlo; decisions and risks against the published table; scores."""

from __future__ import annotations

import math

import GTC
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.metrology.comparison import Standing, en, z, zeta
from harness.metrology.decision import (
    Decision,
    Rule,
    Tolerance,
    accusation_limit,
    conforming,
    decide,
    global_risks,
)
from harness.metrology.errors import MetrologyError
from harness.metrology.uncertainty import Quantity, Shape, budget, by_trials

PROVER = (  # E = (V_J - V_Bt) / V_Bt, V_Bt = V_B (1 + b_Y (t_J - t_B) + b_B (t_B - 20)) (fuel_dispensers.md 3.2)
    Quantity("v_j", 20.00, 0.003, "L"),
    Quantity("v_b", 19.938, 0.005, "L"),
    Quantity("b_y", 12e-4, 5e-5, "1/C"),
    Quantity("t_j", 24.0, 0.3, "C"),
    Quantity("t_b", 23.0, 0.3, "C"),
    Quantity("b_b", 50e-6, 5e-6, "1/C"),
)


def error(q):  # type: ignore[no-untyped-def]
    true = q["v_b"] * (1 + q["b_y"] * (q["t_j"] - q["t_b"]) + q["b_b"] * (q["t_b"] - 20))
    return (q["v_j"] - true) / true


def by_gtc(quantities=PROVER, model=error):  # type: ignore[no-untyped-def]
    return model({one.name: GTC.ureal(one.value, one.u, one.dof, label=one.name) for one in quantities})


def test_the_budget_of_a_prover_agrees_with_an_independent_library_and_with_a_million_trials() -> None:
    own, other = budget(error, PROVER), by_gtc()
    assert own.value == pytest.approx(other.x, rel=1e-9)
    assert own.u == pytest.approx(other.u, rel=0.01)
    drawn = by_trials(error, PROVER, np.random.default_rng(1))
    assert drawn.u == pytest.approx(own.u, rel=0.01)
    assert drawn.value == pytest.approx(own.value, abs=0.01 * own.u)
    assert (drawn.high - drawn.low) / 2 == pytest.approx(1.96 * own.u, rel=0.01)
    assert sum(line.share for line in own.lines) == pytest.approx(1.0)
    assert max(own.lines, key=lambda line: line.share).of.name in ("t_j", "t_b")


def test_effective_degrees_of_freedom_and_coverage_factor_agree_with_an_independent_library() -> None:
    few = (Quantity.observed("i", (10.01, 10.03, 10.02, 10.05)), Quantity.within("cal", 0.0, 0.02), Quantity("l", 10.0, 0.004, dof=9))  # fmt: skip
    model = lambda q: q["i"] + q["cal"] - q["l"]  # noqa: E731
    own, other = budget(model, few), by_gtc(few, model)
    assert own.u == pytest.approx(other.u, rel=1e-6)
    assert own.dof == pytest.approx(other.df, rel=1e-6)
    assert own.k == pytest.approx(GTC.reporting.k_factor(other.df, 95.45), rel=1e-3)
    assert own.expanded == own.k * own.u


def test_correlated_inputs_agree_with_an_independent_library() -> None:
    a, b = GTC.ureal(2.0, 0.1, independent=False), GTC.ureal(3.0, 0.2, independent=False)
    GTC.set_correlation(0.7, a, b)
    pair = (Quantity("a", 2.0, 0.1), Quantity("b", 3.0, 0.2))
    model = lambda q: q["a"] * q["b"]  # noqa: E731
    own = budget(model, pair, correlations={("a", "b"): 0.7})
    assert own.u == pytest.approx((a * b).u, rel=1e-6)
    drawn = by_trials(model, pair, np.random.default_rng(2), correlations={("a", "b"): 0.7})
    assert drawn.u == pytest.approx(own.u, rel=0.02)


@pytest.mark.parametrize("shape", [Shape.RECTANGULAR, Shape.TRIANGULAR, Shape.ARCSINE])
def test_a_bounded_input_is_drawn_within_its_bounds_and_with_its_uncertainty(shape: Shape) -> None:
    one = Quantity.within("x", 5.0, 2.0, shape=shape)
    drawn = by_trials(lambda q: q["x"], (one,), np.random.default_rng(3), trials=200_000)
    assert drawn.u == pytest.approx(one.u, rel=0.01)
    assert 3.0 <= drawn.low < drawn.high <= 7.0


def test_a_few_observations_are_drawn_from_students_t() -> None:
    """JCGM 101, 6.4.9: standard deviation sqrt(dof / (dof - 2)) times u."""
    one = Quantity("x", 0.0, 1.0, dof=5)
    drawn = by_trials(lambda q: q["x"], (one,), np.random.default_rng(4))
    assert drawn.u == pytest.approx(math.sqrt(5 / 3), rel=0.02)


def test_a_curved_model_needs_the_trials() -> None:
    """y = x^2 at x = 0: to first order nothing, in truth u^2."""
    one = (Quantity("x", 0.0, 1.0),)
    model = lambda q: q["x"] ** 2  # noqa: E731
    assert budget(model, one).u == pytest.approx(0.0, abs=1e-9)
    assert by_trials(model, one, np.random.default_rng(5)).u == pytest.approx(math.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Quantity("x", math.nan, 1.0), "expected a number"),
        (lambda: Quantity("x", 1.0, -1.0), "standard uncertainty from 0 on"),
        (lambda: Quantity("x", 1.0, 1.0, dof=0), "degrees of freedom above 0"),
        (lambda: Quantity.observed("x", (1.0,)), "two observations and more"),
        (lambda: Quantity.within("x", 0.0, 1.0, shape=Shape.NORMAL), "a shape with a half-width"),
        (lambda: budget(lambda q: q["x"] / 0.0, (Quantity("x", 1.0, 0.0),)), "no finite value"),
        (lambda: budget(lambda q: q["x"], (Quantity("x", 1.0, 0.1), Quantity("x", 1.0, 0.1))), "a name of its own"),
        (lambda: budget(lambda q: q["x"], (Quantity("x", 1.0, 0.1),), correlations={("x", "y"): 0.1}), "between two of x"),
        (lambda: by_trials(lambda q: np.log(q["x"]), (Quantity("x", 0.1, 1.0),), np.random.default_rng(1), trials=1000), "not finite for every draw"),
        (lambda: by_trials(lambda q: q["x"], (Quantity("x", 0.1, 1.0),), np.random.default_rng(1), trials=10), "trials, got 10"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_figures_that_cannot_be_used_are_refused(make, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MetrologyError, match=why):
        make()


# decisions


def test_one_result_under_three_rules() -> None:
    limit = Tolerance.about_zero(0.003)
    assert decide(0.0036, 0.0001, limit, Rule.GUARDED).decision is Decision.FAIL
    biased = decide(0.95 * 0.003, 0.0005, limit, Rule.GUARDED)
    assert biased.decision is Decision.INCONCLUSIVE
    assert biased.guard == pytest.approx(0.001)
    assert decide(0.95 * 0.003, 0.0005, limit, Rule.SIMPLE).decision is Decision.PASS
    assert decide(0.0, 0.0005, limit, Rule.SHARED_RISK, shared=1 / 3).decision is Decision.PASS
    wide = decide(0.0, 0.0006, limit, Rule.SHARED_RISK, shared=1 / 3)
    assert wide.decision is Decision.INCONCLUSIVE
    assert "more than 0.333 of the limit" in wide.reason
    with pytest.raises(MetrologyError, match="the edition allows"):
        decide(0.0, 0.0005, limit, Rule.SHARED_RISK)


def test_the_specific_risks_belong_to_the_decision() -> None:
    limit = Tolerance.about_zero(1.0)
    accepted, rejected = decide(0.9, 0.1, limit, Rule.SIMPLE), decide(1.1, 0.1, limit, Rule.SIMPLE)
    assert accepted.consumer == pytest.approx(1 - conforming(0.9, 0.1, limit)) == pytest.approx(0.1587, abs=1e-3)
    assert accepted.producer == 0 == rejected.consumer
    assert rejected.producer == pytest.approx(0.1587, abs=1e-3)


RISKS = [  # statistics.md 3d: T = 0.5 %; u, spread, guard in U = 2 u, consumer, producer
    (0.05, 0.15, 0, 2.3e-4, 0.001), (0.05, 0.15, 1, 6e-6, 0.011), (0.05, 0.15, -1, 7e-4, 0.000),
    (0.05, 0.25, 0, 6.8e-3, 0.011), (0.05, 0.25, 1, 1.6e-4, 0.071), (0.05, 0.25, -1, 2.7e-2, 0.000),
    (0.10, 0.25, 0, 1.1e-2, 0.029), (0.10, 0.25, 1, 2.8e-4, 0.220), (0.10, 0.25, -1, 3.7e-2, 0.000),
    (0.15, 0.25, 0, 1.4e-2, 0.054), (0.15, 0.25, 1, 3.8e-4, 0.448), (0.15, 0.25, -1, 4.0e-2, 0.001),
]  # fmt: skip


@pytest.mark.parametrize(("u", "spread", "guard", "consumer", "producer"), RISKS)
def test_global_risks_are_those_of_the_table(u: float, spread: float, guard: int, consumer: float, producer: float) -> None:  # fmt: skip
    """Within 5 %, or within the last digit that the table prints."""
    found = global_risks(Tolerance.about_zero(0.5), u, spread, guard * 2 * u)
    digits = 10.0 ** math.floor(math.log10(consumer))
    assert found.consumer == pytest.approx(consumer, rel=0.05, abs=(0.5 if consumer in (6e-6, 7e-4) else 0.05) * digits)
    assert found.producer == pytest.approx(producer, rel=0.05, abs=5.1e-4)


def test_the_quadrature_of_the_risks_agrees_with_trials() -> None:
    rng = np.random.default_rng(6)
    true = 0.02 + 0.25 * rng.standard_normal(2_000_000)
    measured = true + 0.1 * rng.standard_normal(true.size)
    taken = np.abs(measured) <= 0.5 - 0.05
    found = global_risks(Tolerance.about_zero(0.5), 0.1, 0.25, 0.05, mean=0.02)
    assert found.consumer == pytest.approx(((np.abs(true) > 0.5) & taken).mean(), rel=0.03)
    assert found.producer == pytest.approx(((np.abs(true) <= 0.5) & ~taken).mean(), rel=0.01)


@pytest.mark.parametrize(("u", "once", "rarely"), [(0.05, 0.655, 0.686), (0.10, 0.81, 0.87), (0.15, 0.96, 1.06)])
def test_accusation_limits_are_those_of_the_table(u: float, once: float, rarely: float) -> None:
    assert accusation_limit(0.5, u, 1e-3) == pytest.approx(once, abs=0.005)
    assert accusation_limit(0.5, u, 1e-4) == pytest.approx(rarely, abs=0.005)


@given(st.floats(-2, 2), st.floats(1e-4, 1), st.floats(0, 2))
def test_a_wider_guard_never_accepts_more_nor_rejects_more(value: float, u: float, r: float) -> None:
    limit = Tolerance.about_zero(1.0)
    plain, guarded = decide(value, u, limit, Rule.SIMPLE), decide(value, u, limit, Rule.GUARDED, r=r)
    if guarded.decision is not Decision.INCONCLUSIVE:
        assert guarded.decision is plain.decision
    assert 0 <= guarded.p <= 1


def test_a_guard_band_wider_than_the_tolerance_accepts_nothing() -> None:
    limit = Tolerance.about_zero(0.1)
    assert decide(0.0, 0.2, limit, Rule.GUARDED).decision is Decision.INCONCLUSIVE
    assert global_risks(limit, 0.2, 0.1, guard=0.4).consumer == 0


# scores


def test_scores_and_what_they_ask_for() -> None:
    assert en(10.05, 0.04, 10.0, 0.03).value == pytest.approx(1.0)
    assert en(10.05, 0.04, 10.0, 0.03).standing is Standing.FINE
    assert en(10.06, 0.04, 10.0, 0.03).standing is Standing.ACTION
    assert zeta(10.05, 0.015, 10.0, 0.02).value == pytest.approx(2.0)
    assert zeta(10.06, 0.015, 10.0, 0.02).standing is Standing.QUESTIONABLE
    assert z(7.0, 1.0, 2.0).standing is Standing.ACTION
    with pytest.raises(MetrologyError):
        en(1.0, 0.0, 1.0, 0.0)
    with pytest.raises(MetrologyError):
        z(1.0, 1.0, 0.0)
