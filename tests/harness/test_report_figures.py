"""Figures for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.figures import RAISED, figure
from harness.report.wording import percent, said


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1.25e5, ".3g", "125000"), (5e-5, ".3g", "0.00005"), (8e-05, "+.3g", "+0.00008"), (-2.5e5, "+.2g", "-250000"), (8.33e-6, ".3g", "8.33×10⁻⁶"),
        (3.07e38, ".3g", "3.07×10³⁸"), (-1.5e-9, "+.3g", "-1.5×10⁻⁹"), (0.109, ".3g", "0.109"), (0.0, "+.3g", "+0"), (float("inf"), ".3g", "inf"),
    ],
)  # fmt: skip
def test_digits_where_they_are_read_at_a_glance_else_a_power_of_ten(value: float, form: str, text: str) -> None:
    assert figure(value, form) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_notation_of_a_program_and_the_same_value(value: float) -> None:
    text = figure(value, ".3g")
    assert "e" not in text
    mantissa, _, power = text.partition("×10")
    back = {raised: plain for plain, raised in RAISED.items()}
    assert float(f"{mantissa}e{power.translate(back) or '0'}") == float(f"{value:.3g}")


def test_less_than_arithmetic_can_tell_is_nothing() -> None:
    assert (percent(7.35e-16), percent(-7.35e-16), percent(0.0037)) == ("+0 %", "+0 %", "+0.37 %")


def test_a_probability_in_a_note_is_written_so_too() -> None:
    assert said("this instrument has 1/6 of it: alpha = 1.67e-05").endswith("alpha = 0.0000167")
