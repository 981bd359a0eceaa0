"""Set tests at rest: every admissible rounding and preset is honest; what no true value explains is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from captures.model import Origin, Register
from harness.judge.contract import DetectorSpec, Reading, Segment, SegmentKind, Validation, View
from harness.judge.laws import amount, constant_gain, display, register, totaliser

CENT = Decimal("0.01")
ROUNDINGS = (ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_UP, ROUND_HALF_EVEN)


def run(spec: DetectorSpec, *segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(spec.judge(segments, View(profile, spec.parameters, Validation(10_000, 0))))


def reading_of(station: str, *values: Decimal, unit: str = "L") -> Register:
    times = np.arange(len(values), dtype=np.int64)
    return Register(station, times, times * 0, tuple(values), CENT, unit, Origin("test", ""))


HEARD = {"wire_end": True, "foreign_sale": False, "price": "7.52"}


def sale(context: Mapping[str, Any] = HEARD, **values: tuple[Decimal, ...]) -> Segment:
    registers = {name: reading_of(name, *value) for name, value in values.items()}
    return Segment("s", SegmentKind.DELIVERY, "C", "s1", (0, 1), context, registers=registers)


money = st.decimals(Decimal("0.01"), Decimal("99.99"), places=2)
litres = st.decimals(Decimal("0.5"), Decimal("200"), places=4)


@settings(max_examples=200, deadline=None)
@given(true=litres, price=money, first=st.sampled_from(ROUNDINGS), second=st.sampled_from(ROUNDINGS), own=st.booleans())
def test_every_rounding_of_one_true_volume_is_honest(
    true: Decimal, price: Decimal, first: str, second: str, own: bool
) -> None:
    shown = true.quantize(CENT, rounding=first)
    asked = (price * (true if own else shown)).quantize(CENT, rounding=second)
    segment = sale({"price": str(price)}, display=(shown,), amount=(asked,))
    (reading,) = run(amount.DETECTOR, segment)
    assert reading.hits == 0


def test_the_amount_preset_of_the_field_rules_is_honest() -> None:
    segment = sale({"price": "7.85"}, display=(Decimal("25.48"),), amount=(Decimal("200.00"),))
    (reading,) = run(amount.DETECTOR, segment)
    assert reading.hits == 0


def test_an_amount_two_per_cent_too_high_is_a_violation() -> None:
    segment = sale(display=(Decimal("20.00"),), amount=(Decimal("153.41"),))
    (reading,) = run(amount.DETECTOR, segment)
    assert reading.hits == 1
    assert reading.effect == pytest.approx(0.02, abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(true=litres, first=st.sampled_from(ROUNDINGS), second=st.sampled_from(ROUNDINGS))
def test_display_and_register_may_round_the_same_volume_differently(true: Decimal, first: str, second: str) -> None:
    segment = sale(register=(true.quantize(CENT, rounding=first),), display=(true.quantize(CENT, rounding=second),))
    (reading,) = run(display.DETECTOR, segment)
    assert reading.hits == 0


def test_a_display_above_the_register() -> None:
    (reading,) = run(display.DETECTOR, sale(register=(Decimal("20.00"),), display=(Decimal("20.60"),)))
    assert reading.hits == 1
    assert reading.effect == pytest.approx(0.03)
    assert reading.p is not None
    assert reading.p > 1e-3  # one reading by eye may be misread


def test_totaliser_over_its_own_two_readings_and_over_two_sales() -> None:
    before, after = Decimal("100.00"), Decimal("120.01")
    (reading,) = run(totaliser.DETECTOR, sale(register=(Decimal("20.00"),), totaliser=(before, after)))
    assert reading.hits == 0
    (reading,) = run(totaliser.DETECTOR, sale(register=(Decimal("20.00"),), totaliser=(before, Decimal("119.00"))))
    assert reading.hits == 1


@pytest.mark.parametrize("sealed", [True, False])
def test_register_law_speaks_with_the_sealed_k_only(sealed: bool) -> None:
    rng = np.random.default_rng(21)
    segment = delivery(rng, instrument(rng), 13.7, tamper=Tamper(register_gain=0.03), emi=0.0)
    (reading,) = run(register.DETECTOR, segment, profile=PROFILE | {"sealed_k": sealed})
    assert reading.spoke is sealed
    assert reading.hits == int(sealed)
    if sealed:
        assert reading.effect == pytest.approx(0.03, abs=0.003)


def test_register_law_holds_for_honest_deliveries() -> None:
    rng = np.random.default_rng(22)
    for volume in (5.0, 13.7, 40.0):
        (reading,) = run(register.DETECTOR, delivery(rng, instrument(rng), volume))
        assert reading.hits == 0


def test_constant_gain_needs_more_than_twice_the_mpe() -> None:
    rng = np.random.default_rng(23)
    for gain, hit in ((0.004, False), (0.03, True)):
        segment = delivery(rng, instrument(rng), 20.0, tamper=Tamper(meter_gain=gain))
        readings = {str(r.link): r for r in run(constant_gain.DETECTOR, segment)}
        assert {bool(r.hits) for r in readings.values()} == {hit}
        assert set(readings) == {"reference>register", "reference>encoder"}


def test_the_price_is_the_one_of_this_sale() -> None:
    registers = {"display": (Decimal("20.00"),), "amount": (Decimal("148.40"),)}
    (reading,) = run(amount.DETECTOR, sale({"price": "7.42"}, **registers))
    assert (reading.hits, reading.at["price"]) == (0, "7.42")
    (reading,) = run(amount.DETECTOR, sale({}, **registers))
    assert reading.reason == "the unit price of this sale was not observed"
    (reading,) = run(amount.DETECTOR, sale({}, **registers), profile=PROFILE | {"price_fixed": True})
    assert reading.hits == 1


@pytest.mark.parametrize(("rule", "honest"), [("nearest", False), ("up", True), ("down", False), (None, True)])
def test_a_declared_amount_rule_narrows_the_set(rule: str | None, honest: bool) -> None:
    # 7.52 x 20.01 = 150.4752: one step above it is 150.48 rounded up
    segment = sale(display=(Decimal("20.00"),), amount=(Decimal("150.4845"),))
    (reading,) = run(amount.DETECTOR, segment, profile=PROFILE | {"amount_rounding": rule})
    assert bool(reading.hits) is not honest


def test_display_pair_and_register_pair_speak_each_for_itself() -> None:
    good, bad = Decimal("150.40"), Decimal("153.41")
    segment = sale(
        display=(Decimal("20.00"),), amount=(bad,), register=(Decimal("20.00"),) * 3, register_amount=(good,) * 3
    )
    readings = {str(r.link): r.hits for r in run(amount.DETECTOR, segment)}
    assert readings == {"display>amount": 1, "register>amount": 0}


@pytest.mark.parametrize("heard", [False, None])
def test_a_register_whose_end_was_not_heard_says_nothing(heard: bool | None) -> None:
    values = {name: (Decimal("19.00"),) for name in ("register", "register_amount", "totaliser")}
    context = {"wire_end": heard, "price": "7.52", "foreign_sale": False}
    segment = sale(context, display=(Decimal("20.00"),), **(values | {"totaliser": (Decimal(0), Decimal(20))}))
    for spec in (display.DETECTOR, amount.DETECTOR, totaliser.DETECTOR):
        assert {r.reason for r in run(spec, segment)} == {"the end of the sale was not heard"}
    rng = np.random.default_rng(24)
    made = delivery(rng, instrument(rng), 7.3)
    (reading,) = run(register.DETECTOR, replace(made, context=dict(made.context) | {"wire_end": heard}))
    assert reading.reason == "the end of the sale was not heard"


@pytest.mark.parametrize(("foreign", "hits", "spoke"), [(False, 1, True), (None, 0, False), (True, 0, False)])
def test_a_totaliser_ahead_is_a_violation_only_where_nothing_else_was_sold(
    foreign: bool | None, hits: int, spoke: bool
) -> None:
    context = {"wire_end": True, "foreign_sale": foreign}
    segment = sale(context, register=(Decimal("20.00"),), totaliser=(Decimal("100.00"), Decimal("141.37")))
    (reading,) = run(totaliser.DETECTOR, segment)
    assert (reading.hits, reading.spoke) == (hits, spoke)


@pytest.mark.parametrize("offset", [-0.12, -0.04, 0.04, 0.12])
def test_the_same_volume_too_much_in_every_delivery_is_no_gain(offset: float) -> None:
    rng = np.random.default_rng(25)
    it = instrument(rng)
    made = [_shifted(delivery(rng, it, volume), offset) for volume in (5.0, 20.0, 40.0)]
    assert not any(r.hits for r in run(register.DETECTOR, *made))


def test_an_excess_that_grows_with_the_volume_is() -> None:
    rng = np.random.default_rng(26)
    it = instrument(rng)
    made = [delivery(rng, it, volume, tamper=Tamper(register_gain=0.03)) for volume in (5.0, 20.0, 40.0)]
    readings = run(register.DETECTOR, *made)
    assert [bool(r.hits) for r in readings[1:]] == [True, True]
    assert all(r.mde is not None and r.mde < 0.05 for r in readings)


def test_with_the_nozzle_shut_the_register_keeps_the_sale_before() -> None:
    rng = np.random.default_rng(27)
    assert run(register.DETECTOR, replace(delivery(rng, instrument(rng), 5.0), kind=SegmentKind.SHUT)) == []


@pytest.mark.parametrize("decoding", ["x1", "x2"])
def test_a_board_that_counts_channel_a_alone_keeps_its_law(decoding: str) -> None:
    rng = np.random.default_rng(28)
    it = replace(instrument(rng), filtered=True)
    segment = delivery(rng, it, 40.0, tamper=Tamper(insert_every=20, channels="A"), emi=0.0)
    (reading,) = run(register.DETECTOR, segment, profile=PROFILE | {"decoding": decoding})
    assert reading.hits == 0


def _shifted(segment: Segment, offset: float) -> Segment:
    """The register with a fixed volume more at the end."""
    own = segment.registers["register"]
    values = tuple(value + Decimal(repr(offset)) for value in own.values)
    return replace(segment, registers=dict(segment.registers) | {"register": replace(own, values=values)})
