"""Conformity against known numbers of JCGM 106."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from captures.model import Origin, Register
from harness.judge.conformity import conformity, decide
from harness.judge.contract import Conformity, Segment, SegmentKind
from harness.metrology.decision import Tolerance, conforming


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
    assert conforming(0.0028, 0.0002, Tolerance.about_zero(0.003)) == pytest.approx(
        float(stats.norm.cdf(1.0)), abs=1e-9
    )
    assert conforming(0.0, 0.003 / 1.96, Tolerance.about_zero(0.003)) == pytest.approx(0.95, abs=1e-4)
    assert conforming(0.003, 1e-5, Tolerance.about_zero(0.003)) == pytest.approx(0.5)


def test_accusation_limits_of_the_domain_reference() -> None:
    """statistics.md 3d: T = 0.5 %, u = 0.05 % -> 0.655 % leaves a conformance probability of 1e-3."""
    assert conforming(0.00655, 0.0005, Tolerance.about_zero(0.005)) == pytest.approx(1e-3, rel=0.05)
    assert conforming(0.0087, 0.001, Tolerance.about_zero(0.005)) == pytest.approx(1e-4, rel=0.15)


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


def looked_at(id: str, shown: str, true: float, price: str = "7.50", amount: str = "", register: str = "") -> Segment:
    """A sale with displayed volume and amount, and a register over the wire where one is given."""
    made = sale(id, shown, true)
    at = np.zeros(1, dtype=np.int64)
    money = amount or str((Decimal(shown) * Decimal(price)).quantize(Decimal("0.01")))
    registers = dict(made.registers)
    registers["amount"] = Register("amount", at, at, (Decimal(money),), Decimal("0.01"), "CNY", Origin("test", ""))
    if register:
        registers["register"] = Register(
            "register", at, at, (Decimal(register),), Decimal("0.01"), "L", Origin("test", "")
        )
    return replace(made, registers=registers, context={"price": price, "wire_end": bool(register)})


def test_the_register_stands_for_a_misread_display() -> None:
    good = [looked_at(f"C{i}", "20.00", 20.0, register="20.00") for i in range(2)]
    wrong = looked_at("C2", "29.00", 20.0, amount="150.00", register="20.00")
    result = conformity([*good, wrong], {}, Edition())
    assert result.conformity is Conformity.PASS
    assert result.groups[0]["n"] == 3


def test_a_display_that_its_amount_confirms_is_what_the_customer_was_shown() -> None:
    good = [looked_at(f"C{i}", "20.00", 20.0, register="20.00") for i in range(3)]
    own = [looked_at(f"A{i}", "20.80", 20.0, register="20.00") for i in range(2)]
    result = conformity([*good, *(replace(segment, phase="A") for segment in own)], {}, Edition())
    assert result.conformity is Conformity.FAIL


def test_one_outlier_read_by_eye_makes_no_fail() -> None:
    members = [sale("C0", "20.00", 20.0), sale("C1", "20.01", 20.0), sale("C2", "90.00", 20.0)]
    result = conformity(members, {}, Edition())
    assert result.conformity is Conformity.INCONCLUSIVE
    assert result.groups[0]["outlier"] == ["C2"]
    assert result.groups[0]["n"] == 2


def test_one_delivery_read_by_eye_and_confirmed_by_nothing_makes_no_fail() -> None:
    result = conformity([sale("C0", "29.00", 20.0)], {}, Edition())
    assert result.conformity is Conformity.INCONCLUSIVE
    assert result.groups[0]["unconfirmed"] is True
    assert conformity([looked_at("C0", "29.00", 20.0)], {}, Edition()).conformity is Conformity.FAIL


def test_what_may_lie_beyond_either_limit_decides_nothing() -> None:
    assert decide(0.0, 0.5, 0.003, 0.003) is Conformity.INCONCLUSIVE
    assert decide(-0.3, 0.33, 0.01, 0.04) is Conformity.INCONCLUSIVE
    assert decide(0.02, 0.001, 0.01, 0.04) is Conformity.FAIL
    assert decide(0.0, 0.001, 0.01, 0.04) is Conformity.PASS
