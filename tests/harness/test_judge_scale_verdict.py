"""Whole cases of scales: what honest ones leave, what stays a suspicion, and what is proven with its honest causes excluded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import cycle
from typing import Any

import pytest

from harness.catalogue import load_catalogue, load_causes, with_rules
from harness.editions import edition
from harness.families import family_tests
from harness.judge.contract import Finding, Integrity, Segment, Shape, Verdict
from harness.judge.family import family
from harness.judge.verdict import judge
from tests.weighed import VALIDATED, begin_s, loading, priced, register, shown_as

EDITION = edition("jjg539-2016")
DECLARED: dict[str, Any] = {
    "intervals": "15/0.005", "accuracy_class": "III", "limits": "in-service", "price_step": "0.01",
    "price_rounding": "half-up", "unit_price_keys": True, "article_tax": False, "keys": "0 1 2 3 4 5 6 7 8 9 clear zero tare unit M1 M5 print",
}  # fmt: skip
LOADS = (0.263, 0.531, 0.797, 1.187, 1.713, 2.653)
UNIT_PRICE = Decimal("23.80")
Gain = Callable[[Segment], float]


def judged(segments: Sequence[Segment], **profile: Any) -> Verdict:
    tests = family_tests(EDITION)
    validations = {f"{name}/{spec.version}": VALIDATED for name, spec in tests.detectors.items()}
    return judge(
        segments, with_rules(DECLARED | profile, EDITION), EDITION, load_catalogue(), load_causes(), tests.detectors,
        validations, instrument="S", status="complete", family=family("scale"),
    )  # fmt: skip


def found(verdict: Verdict, detector: str) -> Finding:
    (one,) = [finding for finding in verdict.findings if detector in finding.detectors]
    return one


def sale(number: int, mass: float, gain: float = 0.0, price_gain: float = 0.0, ticket_gain: float = 0.0, **context: Any) -> Segment:  # fmt: skip
    """A load weighed, priced and printed."""
    kg = shown_as(mass * (1 + gain))
    asked = (kg * UNIT_PRICE * (1 + Decimal(str(price_gain)))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    own = priced(number, str(kg), str(UNIT_PRICE), str(asked)) if mass else [register("display", [kg], [begin_s(number) + 2])]  # fmt: skip
    if mass:
        said = shown_as(float(kg) * (1 + ticket_gain))
        own.append(register("ticket", [said], [begin_s(number) + 8]))
    return replace(loading(number, mass, registers=own, **context), id=f"W{number}")


def raid(**gains: Any) -> list[Segment]:
    """Covert purchases, the same openly, then after a power cut; `gains` act while nobody is known to watch."""
    masses = (*LOADS, 0.0, *LOADS, 0.0, *LOADS)
    own = []
    for n, mass in enumerate(masses):
        covert = n < len(LOADS)
        state = "power-1" if n > 2 * len(LOADS) + 1 else "power-0"
        phase = "A" if covert else "C" if state == "power-0" else "E"
        own.append(sale(n, mass, **(gains if covert else {}), state=state, phase=phase, covert=covert))
    return own


def test_an_honest_raid_leaves_nothing() -> None:
    verdict = judged(raid())
    assert verdict.integrity is Integrity.NO_EVIDENCE
    assert not verdict.findings


def test_one_misread_number_each_leaves_nothing() -> None:
    own = raid()
    own[2] = sale(2, LOADS[2], price_gain=0.1, phase="A", covert=True)
    own[9] = sale(9, LOADS[2], ticket_gain=0.5, phase="C")
    assert judged(own).integrity is Integrity.NO_EVIDENCE


def test_a_hidden_price_in_the_trader_s_own_sales() -> None:
    one = found(judged(raid(price_gain=0.1)), "price-law")
    assert one.level is Integrity.PROVEN, one.limits
    assert one.account is not None
    assert one.account.gain == pytest.approx(0.1, abs=0.01)
    assert [(p.name, p.value) for p in one.account.parameters] == [("lattice_percent", 10.0)]
    assert "scale.S25" in one.catalogue_ids


def test_a_tax_that_no_paper_rules_out_may_be_on_some_articles() -> None:
    one = found(judged(raid(price_gain=0.09), article_tax=None), "price-law")
    assert one.level is Integrity.SUSPECT
    assert [cause.cause for cause in one.explanations if not cause.excluded_by] == [
        "a tax or fee is added for some articles"
    ]


def test_a_price_factor_in_every_sale_may_be_a_surcharge() -> None:
    own = [sale(n, mass, price_gain=0.05) for n, mass in enumerate(LOADS * 2)]
    one = found(judged(own), "price-law")
    assert one.level is Integrity.SUSPECT
    assert [cause.cause for cause in one.explanations if not cause.excluded_by] == [
        "a discount, tax or surcharge is set in the scale"
    ]


def test_a_gain_in_the_trader_s_own_sales() -> None:
    verdict = judged(checked(raid(gain=0.15), (0.53, 0.5305)))
    one = found(verdict, "load-gain")
    assert one.level is Integrity.PROVEN, one.limits
    assert one.effect == pytest.approx(0.15, abs=0.01)
    assert not any("price-law" in finding.detectors for finding in verdict.findings)


def checked(segments: Sequence[Segment], *balance: tuple[float, float]) -> list[Segment]:
    """With what was recorded of the officers' own balance in each visit in turn: kg marked and shown."""
    each = zip(segments, cycle(balance), strict=False)
    return [replace(one, context={**one.context, "balance": said}) for one, said in each]


@pytest.mark.parametrize("balance", [(), ((0.53, 0.46),), ((0.53, 0.53), (0.53, 0.46))])
def test_a_balance_that_nobody_checked_may_be_wrong(balance: tuple[tuple[float, float], ...]) -> None:
    own = raid(gain=0.15)
    one = found(judged(checked(own, *balance) if balance else own), "load-gain")
    assert one.level is Integrity.SUSPECT
    assert "the balance or scale that told the covert loads, or the weights that were used openly, are wrong" in [
        cause.cause for cause in one.explanations if not cause.excluded_by
    ]


def test_a_bag_in_every_purchase_is_no_gain() -> None:
    own = [
        replace(one, registers=dict(loading(n, 1.0, [shown_as(mass + 0.15)]).registers)) if n < len(LOADS) else one
        for n, (one, mass) in enumerate(zip(raid(), (*LOADS, 0.0, *LOADS, 0.0, *LOADS), strict=True))
    ]
    verdict = judged(own)
    assert verdict.integrity is not Integrity.PROVEN
    open_causes = [cause.cause for cause in found(verdict, "load-gain").explanations if not cause.excluded_by]
    assert "a tare, a pan or packaging was in one weighing and not in the other" in open_causes


def test_a_scale_out_of_adjustment_is_at_most_suspect() -> None:
    own = [sale(n, mass, gain=0.03, covert=n < 6, phase="A" if n < 6 else "C") for n, mass in enumerate((*LOADS, *LOADS))]  # fmt: skip
    verdict = judged(own)
    assert verdict.integrity in (Integrity.SUSPECT, Integrity.NO_EVIDENCE)


def test_tickets_that_say_more_than_the_display() -> None:
    one = found(judged(raid(ticket_gain=0.2)), "ticket-law")
    assert one.level is Integrity.PROVEN, one.limits
    assert one.effect == pytest.approx(0.2, abs=0.02)


def test_mud_on_a_deck_is_one_remainder_and_one_that_comes_and_goes_is_many() -> None:
    def empty(offsets: Sequence[float]) -> list[Segment]:
        return [sale(n, mass, **{}) if mass else loading(n, 0.0, [shown_as(offset)]) for n, (mass, offset) in enumerate((m, o) for o in offsets for m in (0.531, 0.0))]  # fmt: skip

    mud = judged(empty([0.05] * 8))
    assert not any("zero-return" in finding.detectors for finding in mud.findings)
    goes = judged(empty([0.05, 0.0, 0.05, 0.0, 0.05, 0.05, 0.0, 0.05, 0.0, 0.05, 0.0, 0.05, 0.05]))
    one = found(goes, "zero-return")
    assert one.level is Integrity.PROVEN, one.limits
    assert one.shape is Shape.EXTRA
    assert one.account is not None
    assert [(p.name, p.value) for p in one.account.parameters] == [("offset_kg", 0.05)]


def windowed(mass: float) -> float:
    return 0.08 if 0.5 < mass < 2 else 0.0


def test_a_window_of_loads() -> None:
    masses = (0.263, 0.531, 0.797, 1.187, 1.531, 1.713, 2.653, 4.391, 7.417, 11.23)
    own = [
        sale(n, mass, gain=windowed(mass), state=f"power-{n // 11}", phase="C" if n < 11 else "E")
        for n, mass in enumerate((0.0, *masses, 0.0, *masses))
    ]
    one = found(judged(own), "load-line")
    assert one.level >= Integrity.SUSPECT
    assert one.shape is Shape.THRESHOLD
    assert "scale.S21" in one.catalogue_ids
    assert not [cause.cause for cause in one.explanations if not cause.excluded_by]
    assert one.account is not None
    assert {p.name: p.value for p in one.account.parameters if p.unit == "kg"} == {"from_kg": 0.531, "to_kg": 1.713}


def laden(more: Callable[[float], float]) -> list[Segment]:
    """Covert purchases that are shown as so much more, and the same openly."""
    own = []
    for n, (one, mass) in enumerate(zip(raid(), (*LOADS, 0.0, *LOADS, 0.0, *LOADS), strict=True)):
        shown = loading(n, 1.0, [shown_as(mass + more(mass))]).registers
        own.append(replace(one, registers=dict(shown)) if n < len(LOADS) else one)
    return own


@pytest.mark.parametrize(
    ("more", "told"),
    [(lambda mass: 0.15, [0.15]), (lambda mass: -0.1, [-0.1]), (lambda mass: 0.1 * mass, [])],
    ids=["a bag", "a tare", "a share"],
)
def test_one_mass_beside_every_load_is_told_in_kilograms(more: Callable[[float], float], told: list[float]) -> None:
    one = found(judged(laden(more)), "load-gain")
    assert one.account is not None
    assert [p.value for p in one.account.parameters if p.name == "added_kg"] == [
        pytest.approx(kg, abs=0.006) for kg in told
    ]
