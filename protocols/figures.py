"""Figures as devices print them: exact decimals, and a name for what keeps a field from being one.

A codec says with a pattern of its own what a good field is; `fault` names the bad ones, so that a report can tell a
scale that prints full-width digits from a wrong baud rate.
"""

from __future__ import annotations

import re
from decimal import Decimal

from protocols.lines import why_not_text

_NO_NUMBER = re.compile(rb"nan|inf", re.IGNORECASE)


def exact(digits: str, decimals: int, negative: bool = False) -> Decimal:
    """`digits` with `decimals` of them right of the point, nothing rounded: `exact("001234", 2)` is 12.34.

    Negative `decimals` are zeros that are not sent.
    """
    return Decimal(f"{'-' if negative else ''}{digits}e{-decimals}")


def fault(field: bytes) -> str:
    """What is wrong with a field that its format does not read as a figure, the most telling first."""
    shown = ascii(field[:32])[1:]
    if high := why_not_text(field):
        return f"{high}: {shown}"
    if _NO_NUMBER.search(field):
        return f"not a number: {shown}"
    if field.count(b".") > 1:
        return f"more than one decimal point: {shown}"
    if b"," in field:
        return f"comma in a figure: {shown}"
    if not field.strip():
        return f"blank figure: {shown}"
    if b"." in field and re.fullmatch(rb"[ +-]*[0-9]*\.[0-9]*", field):
        return f"decimal point in a wrong place: {shown}"
    return f"no figure of this format: {shown}"
