"""Set tests at rest: every admissible rounding and preset is honest; what no true value explains is not."""

from __future__ import annotations

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


def sale(**values: tuple[Decimal, ...]) -> Segment:
    registers = {name: reading_of(name, *value) for name, value in values.items()}
    return Segment("s", SegmentKind.DELIVERY, "C", "s1", (0, 1), registers=registers)


money = st.decimals(Decimal("0.01"), Decimal("99.99"), places=2)
litres = st.decimals(Decimal("0.5"), Decimal("200"), places=4)


@settings(max_examples=200, deadline=None)
@given(true=litres, price=money, first=st.sampled_from(ROUNDINGS), second=st.sampled_from(ROUNDINGS), own=st.booleans())
def test_every_rounding_of_one_true_volume_is_honest(
    true: Decimal, price: Decimal, first: str, second: str, own: bool
) -> None:
    shown = true.quantize(CENT, rounding=first)
    asked = (price * (true if own else shown)).quantize(CENT, rounding=second)
    segment = sale(display=(shown,), amount=(asked,))
    (reading,) = run(amount.DETECTOR, segment, profile=PROFILE | {"price": str(price)})
    assert reading.hits == 0


def test_the_amount_preset_of_the_field_rules_is_honest() -> None:
    segment = sale(display=(Decimal("25.48"),), amount=(Decimal("200.00"),))
    (reading,) = run(amount.DETECTOR, segment, profile=PROFILE | {"price": "7.85"})
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
