"""One reading beside its reference, as a row of the table of measurements prints it: display, reference and error add up as printed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, NamedTuple

from harness.report.wording import percent

FINEST = 0.005  # step of a display, relative to what was measured, up to which a relative error of one measurement says something
DIGITS = 12  # more of a number, arithmetic made up
ALONE = 6  # significant digits of what is held against nothing
EXACT = Context(prec=700)  # any two floats are subtracted without rounding
NONE = "-"


class Cells(NamedTuple):
    display: str
    reference: str
    error: str
    relative: str


def held_against(one: Mapping[str, Any]) -> Cells:
    """`one`: a reading of a verdict (report/indicated.py).  Relative where the step of the display is no great part of it."""
    step = one["step_l"]
    display = None if one["indicated_l"] is None else _as_shown(one["indicated_l"], one["display_l"], step)
    if one["reference_l"] is None:
        return Cells(_plain(display, one["display_l"] or NONE), NONE, NONE, NONE)
    reference = Decimal(f"{one['reference_l']:.{DIGITS}g}")
    places = max(0, ALONE - 1 - reference.adjusted()) if display is None else _places(display, step)
    reference = _cut(reference, places)
    told = _plain(display, one["display_l"] or NONE), _short(f"{reference:f}")
    if display is None or one["error_l"] is None:
        return Cells(*told, NONE, NONE)
    error = EXACT.subtract(display, reference) or Decimal(0)
    fine = reference and (step or 0) <= FINEST * float(reference)
    return Cells(*told, _short(f"{error:+f}"), percent(float(error) / float(reference)) if fine else NONE)


def _as_shown(value: float, text: str | None, step: float | None) -> Decimal:
    """With the digits of the display, where one was read."""
    if text is not None:
        return Decimal(text) or abs(Decimal(text))
    shown = Decimal(f"{value:.{DIGITS}g}")
    return _cut(shown, max(_decimals(shown), _decimals(Decimal(repr(step))) if step else 0))


def _places(display: Decimal, step: float | None) -> int:
    """Decimals of a tenth of the display's step: more the display does not tell, fewer would hide what an honest reference knows."""
    least = Decimal(repr(step)) if step else Decimal(1).scaleb(-_decimals(display))
    return max(0, 1 - least.adjusted(), _decimals(display))


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _cut(value: Decimal, places: int) -> Decimal:
    cut = Decimal(f"{value:.{places}f}")
    return cut or abs(cut)


def _plain(value: Decimal | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:f}"


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
