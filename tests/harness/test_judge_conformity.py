"""Conformity against known numbers of JCGM 106."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from captures.model import Origin, Register
from harness.judge.conformity import conformance_probability, conformity
from harness.judge.contract import Conformity, Segment, SegmentKind


@dataclass(frozen=True)
class Limit:
    value: Decimal = Decimal("0.003")
    clause: str = "5.1"
    verified: bool = False


class Edition:
    def limit(self, id: str) -> Limit:
        assert id == "mpe"
        return Limit()


def sale(id: str, shown: str, true: float, u: float = 0.004, phase: str = "C") -> Segment:
    at = np.zeros(1, dtype=np.int64)
    value = Register("display", at, at, (Decimal(shown),), Decimal("0.01"), "L", Origin("test", ""))
    registers = {"display": value}
    return Segment(id, SegmentKind.DELIVERY, phase, "s1", (0, 1), registers=registers, reference_l=(true, u))


def test_jcgm_106_one_sided_example() -> None:
    """JCGM 106:2012, 7.4 in standardised form: p_c = Phi((T - y)/u) while the other limit is far."""
    assert conformance_probability(0.0028, 0.0002, 0.003) == pytest.approx(float(stats.norm.cdf(1.0)), abs=1e-9)
    assert conformance_probability(0.0, 0.003 / 1.96, 0.003) == pytest.approx(0.95, abs=1e-4)
    assert conformance_probability(0.003, 1e-5, 0.003) == pytest.approx(0.5)


def test_accusation_limits_of_the_domain_reference() -> None:
    """statistics.md 3d: T = 0.5 %, u = 0.05 % -> 0.655 % leaves a conformance probability of 1e-3."""
    assert conformance_probability(0.00655, 0.0005, 0.005) == pytest.approx(1e-3, rel=0.05)
    assert conformance_probability(0.0087, 0.001, 0.005) == pytest.approx(1e-4, rel=0.15)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("20.01", Conformity.PASS),
        ("20.06", Conformity.INCONCLUSIVE),
        ("20.40", Conformity.FAIL),
        ("19.60", Conformity.FAIL),
    ],
)
def test_three_states(shown: str, expected: Conformity) -> None:
    result = conformity([sale(str(i), shown, 20.0) for i in range(3)], {}, Edition())
    assert result.conformity is expected
    assert (result.clause, result.verified) == ("5.1", False)


def test_the_gravest_group_counts() -> None:
    good = [sale(f"C{i}", "20.00", 20.0) for i in range(3)]
    bad = [sale(f"A{i}", "20.80", 20.0, phase="A") for i in range(3)]
    result = conformity([*good, *bad], {}, Edition())
    assert result.conformity is Conformity.FAIL
    assert result.error == pytest.approx(0.04)
    assert len(result.groups) == 2


def test_nothing_measured_is_inconclusive() -> None:
    assert conformity([], {}, Edition()).conformity is Conformity.INCONCLUSIVE
