"""Texts that people or devices gave, made harmless for paper: what is invisible or turns the writing is shown by its number, nothing is dropped."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

KEPT = "\n"
UNSEEN = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
)  # controls, directions of writing, halves of characters, private and unassigned ones
LONGEST_WORD = 40
IDEOGRAPHS = range(0x20000, 0x3FFFE)  # rare characters of names: newer ones are unassigned to an older Python
WORD = re.compile(rf"[^\s\u200b]{{{LONGEST_WORD}}}")
WIDE = "WF"


def harmless(text: str) -> str:
    """Printable text; every other character as <U+202E>.  Texts keep their line breaks."""
    return "".join(one if _seen(one) else f"<U+{ord(one):04X}>" for one in text)


def _seen(one: str) -> bool:
    return one in KEPT or unicodedata.category(one) not in UNSEEN or ord(one) in IDEOGRAPHS


def breakable(text: str) -> str:
    """May be broken within a word that is longer than a line: a number of 10,000 digits stays on its page.  Chinese breaks anywhere as it is."""

    def parted(found: re.Match[str]) -> str:
        word = found[0]
        return word if any(unicodedata.east_asian_width(one) in WIDE for one in word) else word + "\u200b"

    return WORD.sub(parted, text)


def throughout(value: Any) -> Any:
    """`value`, a piece of a report, with `harmless` texts."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, tuple):
        return tuple(map(throughout, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: throughout(getattr(value, one.name)) for one in fields(value) if one.name != "svg"}
        )
    return value
