"""Price to pay: every admissible rounding is honest, a hidden price or weight is not, one misread digit proves nothing."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.model import Origin, Register, frozen_int64
from harness.judge.contract import Link, Reading, Segment
from harness.judge.laws import price
from tests.weighed import S, begin_s, loading, priced, run, stream

CENT = Decimal("0.01")
MODES = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}
CASES = (("0.530", "12.50"), ("0.265", "7.90"), ("1.190", "23.85"), ("0.785", "5.98"), ("2.135", "9.99"))


def cost(kg: str, unit_price: str, mode: str = "half-up", gain: float = 1.0) -> str:
    return str((Decimal(kg) * Decimal(unit_price) * Decimal(str(gain))).quantize(CENT, MODES[mode]))


def case(mode: str = "half-up", gain: float = 1.0) -> list[Segment]:
    return [
        loading(n, float(kg), registers=priced(n, kg, up, cost(kg, up, mode, gain))) for n, (kg, up) in enumerate(CASES)
    ]


def shown(readings: list[Reading], link: str = "display>price") -> list[Reading]:
    return [one for one in readings if str(one.link) == link]


@pytest.mark.parametrize("mode", MODES)
def test_every_rounding_mode_is_honest_and_is_told(mode: str) -> None:
    readings = run(price.DETECTOR, *case(mode), price_rounding="")
    assert [one.hits for one in readings] == [0] * len(CASES)
    (told,) = {one.at["consistent"] for one in readings}
    assert mode in told


@settings(max_examples=200, deadline=None)
@given(
    true=st.decimals(Decimal("0.1"), Decimal("14"), places=5),
    unit_price=st.decimals(Decimal("0.5"), Decimal("300"), places=2),
    mode=st.sampled_from(sorted(MODES)),
    basis=st.sampled_from([Decimal(1), Decimal("0.1")]),
)
def test_undeclared_any_weight_behind_the_display_is_honest(
    true: Decimal, unit_price: Decimal, mode: str, basis: Decimal
) -> None:
    kg = (true / Decimal("0.005")).quantize(Decimal(1), ROUND_HALF_UP) * Decimal("0.005")
    asked = (true * unit_price / basis).quantize(CENT, MODES[mode])
    (reading,) = run(price.DETECTOR, loading(1, 1.0, registers=priced(1, str(kg), str(unit_price), str(asked))), price_rounding="")  # fmt: skip
    assert reading.hits == 0


def test_a_declared_rounding_narrows_the_set() -> None:
    up = case("up")
    assert {one.hits for one in run(price.DETECTOR, *up, price_rounding="up")} == {0}
    assert sum(one.hits for one in run(price.DETECTOR, *up, price_rounding="down")) > 0


def test_a_hidden_gain_of_the_price() -> None:
    readings = run(price.DETECTOR, *case(gain=1.05))
    assert [one.hits for one in readings] == [1] * len(CASES)
    assert readings[2].effect == pytest.approx(0.05, abs=1e-3)
    assert all(one.at["beyond_interval"] for one in readings)
    assert np.prod([one.e for one in readings]) > 1e5


def test_one_misread_digit_is_named_and_weighs_little() -> None:
    own = case()
    kg, unit_price = CASES[0]
    wrong = str(Decimal(cost(kg, unit_price)) + Decimal("0.20"))
    own[0] = loading(0, float(kg), registers=priced(0, kg, unit_price, wrong))
    readings = run(price.DETECTOR, *own)
    assert [one.hits for one in readings] == [1, 0, 0, 0, 0]
    assert readings[0].at["one_slip"]
    assert np.prod([one.e for one in readings]) < 20


def test_numbers_of_different_instants_are_not_put_together() -> None:
    kg, unit_price, asked = priced(1, "0.530", "12.50", "9.99")
    later = Register("price", frozen_int64(asked.times_ns + S), asked.u_ns, asked.values, CENT, "", asked.origin)
    assert run(price.DETECTOR, loading(1, 0.53, registers=[kg, unit_price, later])) == []


@pytest.mark.parametrize(("key", "judged"), [("total", False), ("something", False), ("5", True)])
def test_a_sum_in_the_price_s_place_is_no_price(key: str, judged: bool) -> None:
    own = loading(1, 0.53, keys=[(1, key)], registers=priced(1, "0.530", "12.50", "20.00"))
    assert bool(run(price.DETECTOR, own)) is judged


def in_two_units(number: int, kg: str, factor: str, unit_price: str, key: str = "unit") -> Segment:
    """Read in kg, the unit key pressed, read in jin; the unit price stays, as of one jin."""
    jin_kg = Decimal(kg) * Decimal(factor) / 2
    asked = [cost(kg, unit_price), str((jin_kg * 2 * Decimal(unit_price)).quantize(CENT, ROUND_HALF_UP))]
    both = [priced(number, kg, unit_price, asked[0]), priced(number, str(jin_kg), unit_price, asked[1], at_s=9)]
    merged = [
        Register(a.station, frozen_int64([*a.times_ns, *b.times_ns]), frozen_int64([0, 0]), (*a.values, *b.values), a.resolution, "", a.origin)
        for a, b in zip(*both, strict=True)
    ]  # fmt: skip
    units = tuple((int(t), name) for t, name in zip(merged[0].times_ns, ("kg", "jin"), strict=True))
    return loading(
        number, float(kg), keys=[(5, key)], registers=merged, units=("jin", "kg"), unit_of=units
    )  # fmt: skip


@pytest.mark.parametrize("key", ["unit", "单位"])
@pytest.mark.parametrize(("factor", "hits"), [("2", 0), ("2.1", 1)])
def test_another_unit_costs_the_same(factor: str, hits: int, key: str) -> None:
    readings = run(price.DETECTOR, *(in_two_units(n, kg, factor, up, key) for n, (kg, up) in enumerate(CASES)))
    assert [one.hits for one in readings] == [hits] * len(CASES)
    if hits:
        assert all(one.at["across_units"] for one in readings)
        assert readings[-1].effect == pytest.approx(0.05, abs=0.01)


def test_a_unit_price_for_a_hundred_grams_or_a_jin_is_honest() -> None:
    own = [
        loading(
            n,
            float(kg),
            registers=priced(n, kg, up, str((Decimal(kg) * 2 * Decimal(up)).quantize(CENT))),
            unit_of=((round((begin_s(n) + 2) * S), "jin"),),
        )
        for n, (kg, up) in enumerate((("0.500", "12.50"), ("1.000", "8.00")))
    ]
    readings = run(price.DETECTOR, *own)
    assert [(one.hits, one.at["basis"]) for one in readings] == [(0, "jin")] * 2


def test_the_ticket_s_own_arithmetic_is_judged_for_itself() -> None:
    own = [
        loading(n, float(kg), registers=[*priced(n, kg, up, cost(kg, up)), *priced(n, kg, up, cost(kg, up, gain=1.1), "ticket")])
        for n, (kg, up) in enumerate(CASES)
    ]  # fmt: skip
    readings = run(price.DETECTOR, *own)
    assert [one.hits for one in shown(readings)] == [0] * len(CASES)
    assert [one.hits for one in shown(readings, "display>ticket")] == [1] * len(CASES)


def heard(number: int, gain: float) -> Segment:
    """A load whose weight, unit price and price the line says together."""
    line = stream([0.53] * 40, begin_s(number))
    times, u = line.times_ns - 1000, frozen_int64([1000] * 40)
    told = [
        Register(f"weight.{name}", frozen_int64(times), u, (Decimal(value),) * 40, CENT, "CNY", Origin("t", ""))
        for name, value in (("unit_price", "12.50"), ("price", cost("0.530", "12.50", gain=gain)))
    ]
    return loading(number, 0.53, line=line, registers=told)


@pytest.mark.parametrize(("gain", "hits"), [(1.0, 0), (1.1, 1)])
def test_prices_on_the_line_of_the_scale(gain: float, hits: int) -> None:
    (reading,) = run(price.DETECTOR, heard(1, gain))
    assert (reading.link, reading.hits, reading.at["sure"]) == (Link("weight", "price"), hits, True)


@pytest.mark.parametrize(("key", "spoken"), [("M1", 2), ("unit", 1), ("单位", 1), ("who knows", 1)])
def test_a_line_says_kilograms_whatever_unit_was_chosen_before(key: str, spoken: int) -> None:
    """The price of one jin beside a weight in kilograms is twice what it seems to be, however often the scale is emptied."""
    empty = loading(2, 0.0, ["0.000"], keys=[(5, key)])
    cleared = loading(3, 0.0, ["0.000"])
    readings = run(price.DETECTOR, heard(1, 1.0), empty, cleared, heard(4, 1.0 if spoken == 2 else 2.0))
    assert [one.hits for one in readings] == [0] * spoken


@pytest.mark.parametrize(
    ("gains", "codes"), [((1.0, 1.1, 1.1), ["M5"]), ((1.1, 1.1, 1.1), None), ((1.0, 1.0, 1.1), ["M6 M7"])]
)
def test_the_keys_after_which_a_price_no_longer_follows_are_named(
    gains: tuple[float, ...], codes: list[str] | None
) -> None:
    each = [
        priced(1, "0.530", "12.50", cost("0.530", "12.50", gain=gain), at_s=at)
        for gain, at in zip(gains, (2, 8, 14), strict=True)
    ]
    merged = [
        Register(
            columns[0].station, frozen_int64([int(t) for one in columns for t in one.times_ns]),
            frozen_int64([int(u) for one in columns for u in one.u_ns]), tuple(v for one in columns for v in one.values),
            columns[0].resolution, columns[0].unit, columns[0].origin,
        )
        for columns in zip(*each, strict=True)
    ]  # fmt: skip
    (reading,) = run(price.DETECTOR, loading(1, 0.53, keys=[(5, "M5"), (10, "M6"), (12, "M7")], registers=merged))
    assert reading.at.get("codes") == codes
