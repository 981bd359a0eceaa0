"""Columns on a terminal: a Chinese character is two cells wide (Unicode Standard Annex 11)."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def column(text: str, width: int) -> str:
    """`text` padded to `width` cells; longer text stays whole."""
    return text + " " * max(0, width - cells(text))
