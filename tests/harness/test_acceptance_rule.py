"""Results of an acceptance protocol under each decision rule: what the edition does not say of a limit decides nothing."""

from __future__ import annotations

import math

import pytest

from harness.acceptance.reasons import NO_SHARE
from harness.acceptance.result import Asked, Done, Result, Setting, summed
from harness.editions import edition
from harness.metrology.decision import Decision, Rule
from harness.metrology.uncertainty import Quantity
from protocols.acceptance.clauses import Judged

R76 = edition("oiml-r76-2006")  # its one piece of equipment is held against mpe


def result(rule: Rule, limit: str, value: float, u: float, most: float, low: float | None = None) -> Result:
    [test] = [test for test in R76.tests if test.id == "weighing"]
    found = summed(value, [Quantity("weights", 0.0, u, "e")]) if u else value
    asked = Asked(Setting(R76, {}, {}, {}, rule), Done(test, ()), Judged("weighing-error", limit))
    return asked.held("1 Max", "e", 1, found, (-most if low is None else low, most))


@pytest.mark.parametrize(
    ("rule", "value", "u", "decision"),
    [
        (Rule.SIMPLE, 0.99, 0.1, Decision.PASS),
        (Rule.SIMPLE, 1.01, 0.1, Decision.FAIL),
        (Rule.GUARDED, 0.79, 0.1, Decision.PASS),
        (Rule.GUARDED, 0.99, 0.1, Decision.INCONCLUSIVE),
        (Rule.GUARDED, 1.21, 0.1, Decision.FAIL),
        (Rule.SHARED_RISK, 0.99, 0.1, Decision.PASS),
        (Rule.SHARED_RISK, 1.01, 0.16, Decision.FAIL),
        (Rule.SHARED_RISK, 0.0, 0.17, Decision.INCONCLUSIVE),
    ],
)
def test_a_figure_is_decided_by_the_rule(rule: Rule, value: float, u: float, decision: Decision) -> None:
    assert result(rule, "mpe", value, u, 1.0).decision is decision


def test_an_uncertainty_is_held_against_a_limit_that_stands_alone() -> None:
    for u, decision in ((0.16, Decision.PASS), (0.17, Decision.INCONCLUSIVE)):
        assert result(Rule.SHARED_RISK, "mpe", 0.2, u, 1.0, -math.inf).decision is decision


def test_no_risk_is_shared_of_a_limit_that_no_equipment_is_held_against() -> None:
    open_ = result(Rule.SHARED_RISK, "zero-setting", 0.0, 0.03, 0.25)
    assert (open_.decision, open_.why) == (Decision.INCONCLUSIVE, NO_SHARE.format(limit="zero-setting"))
    for value, decision in ((0.2, Decision.PASS), (0.3, Decision.FAIL)):
        exact = result(Rule.SHARED_RISK, "zero-setting", value, 0.0, 0.25)
        assert (exact.decision, exact.why) == (decision, "")
    spread = result(Rule.SHARED_RISK, "repeatability", 0.2, 0.03, 1.0, -math.inf)
    assert (spread.decision, spread.consumer) == (Decision.INCONCLUSIVE, 0.0)
    assert result(Rule.SHARED_RISK, "discrimination", 1.0, 0.0, math.inf, 1.0).decision is Decision.PASS
    assert result(Rule.GUARDED, "zero-setting", 0.0, 0.03, 0.25).decision is Decision.PASS
