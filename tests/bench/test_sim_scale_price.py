"""Price arithmetic and keypad of the simulated price scale, against exact decimals."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.sim.scale.board import PriceScale
from fixtures.sim.scale.keypad import KEYS
from fixtures.sim.scale.price import PriceRule
from fixtures.sim.scale.scenario import ScaleScenario

S = 1_000_000_000
MODES = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}


def scale(**changes: object) -> PriceScale:
    return PriceScale(ScaleScenario(**{"seed": 5, "span": 0.0, "noise_e": 0.01, **changes}))  # type: ignore[arg-type]


def press(made: PriceScale, t_s: float, *keys: str) -> float:
    for key in keys:
        made.key(key, int(t_s * S))
        t_s += 0.4
    return t_s


@given(
    st.integers(0, 6000).map(lambda n: Decimal(n) * Decimal("0.005")),
    st.integers(0, 999_999).map(lambda n: Decimal(n) / 100),
    st.sampled_from(sorted(MODES)),
    st.sampled_from([Decimal("0.01"), Decimal("0.1"), Decimal("0.05")]),
)
def test_price_is_the_exact_product_rounded_once(weight: Decimal, price: Decimal, mode: str, step: Decimal) -> None:
    got = PriceRule(mode, step).price(weight, price)  # type: ignore[arg-type]
    exact = Fraction(weight) * Fraction(price) / Fraction(step)
    assert got % step == 0
    distance = abs(Fraction(got) / Fraction(step) - exact)
    assert distance < 1 if mode in ("down", "up") else distance <= Fraction(1, 2)
    assert got == (weight * price / step).quantize(Decimal(1), MODES[mode]) * step


@pytest.mark.parametrize(
    ("mode", "price"), [("half-up", "1.13"), ("half-even", "1.12"), ("down", "1.12"), ("up", "1.13")]
)
def test_a_half_cent_goes_where_the_mode_says(mode: str, price: str) -> None:
    made = scale(rounding=mode)
    press(made, 2, "2", ".", "2", "5")
    made.put(0.5, 5 * S)
    assert made.shown(10 * S).price == Decimal(price)


def test_price_is_that_of_the_displayed_weight_in_each_unit() -> None:
    made = scale(units=("kg", "jin", "100g"))
    press(made, 2, "1", "2", ".", "5")
    made.put(0.5338, 5 * S)
    kg = made.shown(10 * S)
    assert (kg.weight, kg.unit, kg.price) == (Decimal("0.535"), "kg", Decimal("6.69"))
    press(made, 11, "unit")
    jin = made.shown(12 * S)
    assert (jin.weight, jin.unit, jin.price) == (Decimal("1.07"), "jin", Decimal("13.38"))
    press(made, 13, "unit")
    hundred = made.shown(14 * S)
    assert (hundred.weight, hundred.unit, hundred.price) == (Decimal("0.535"), "kg", Decimal("66.88"))


def test_unit_price_is_typed_cleared_and_recalled() -> None:
    made = scale(memory={"M2": Decimal("7.80")})
    assert len(set(KEYS)) == 30
    t = press(made, 2, "1", "00", ".", "2", "5", "9")
    assert made.shown(int(t * S)).unit_price == Decimal("100.25")  # a third decimal is not taken
    t = press(made, t, "clear")
    assert made.shown(int(t * S)).unit_price == 0
    t = press(made, t, "M2")
    assert made.shown(int(t * S)).unit_price == Decimal("7.80")
    t = press(made, t, "M3")  # nothing stored
    assert made.shown(int(t * S)).unit_price == Decimal("7.80")
    t = press(made, t + 6, "4")  # a new entry
    assert made.shown(int(t * S)).unit_price == Decimal("4.00")


def test_items_are_added_and_change_is_given() -> None:
    made = scale()
    press(made, 2, "1", "0")
    made.put(0.5, 4 * S)
    press(made, 8, "add")
    made.put(0.7, 9 * S)
    press(made, 9.3, "add")  # in motion: not taken
    press(made, 13, "add", "total")
    total = made.shown(int(13.9 * S))
    assert (total.state, total.price, total.weight) == ("sum", Decimal("12.00"), None)
    assert made.shown(17 * S).state == "weight"
    press(made, 18, "2", "0", "change")
    assert made.shown(int(19.3 * S)).price == Decimal("8.00")
    assert made.keypad.items == 0


def test_ticket_prints_what_is_displayed_and_only_at_rest() -> None:
    made = scale()
    press(made, 2, "9", ".", "9")
    made.put(0.333, 4 * S)
    press(made, 4.1, "print")
    assert made.ticket is None
    press(made, 8, "print")
    ticket, shown = made.ticket, made.shown(9 * S)
    assert ticket is not None
    assert (ticket.weight, ticket.unit_price, ticket.price) == (shown.weight, shown.unit_price, shown.price)
    assert ticket.stable


def test_a_key_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        scale().key("save", S)
