"""Figures as people write them: in digits, and where these would be many, as a power of ten; never in the notation of a program."""

from __future__ import annotations

from decimal import Decimal

SMALLEST, LARGEST = -5, 7  # powers of ten from and up to which digits alone are read at a glance
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(value: float, form: str = ".3g") -> str:
    """`value` with the significant digits and the sign that `form` asks for."""
    text = f"{value:{form}}"
    mantissa, e, power = text.partition("e")
    if not e:
        return text
    if SMALLEST <= int(power) < LARGEST:
        sign = "+" if text.startswith("+") else ""
        return f"{sign}{Decimal(text):f}"
    return f"{mantissa}×10{str(int(power)).translate(RAISED)}"
