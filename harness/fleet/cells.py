"""Columns of text to exact integers: figures in millionths of their unit, times in seconds; what is wrong with a cell, by name.

Decimal text goes to integers without a float between.  An export that went through floats (0.30000000000000004) is taken
for the number it was; more digits than millionths are rounded to them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from fixtures.language import mark
from harness.fleet.mapping import Mapped

MICRO = 1_000_000
MOST = 1_000_000  # of a unit: no trip is longer and no fare higher
EARLIEST_S, LATEST_S = 0, 4_102_444_800  # 1970 to 2100: beyond lies no taxi trip
NO_NUMBER = frozenset(
    {"nan", "null", "none", "n/a", "na", "nil", "inf", "infinity", "#n/a", "#value!", "#div/0!", "#ref!"}
)

Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.int8]


class Reason(IntEnum):
    """Why a row is left out; of several the first in this order."""

    TAKEN = 0
    FIELDS = 1
    BLANK = 2
    FORMULA = 3
    EMPTY = 4
    NO_FIGURE = 5
    NOT_FINITE = 6
    NEGATIVE = 7
    TOO_LARGE = 8
    IDENTITY = 9
    TIME = 10
    REVERSED = 11
    TOO_LONG = 12
    DUPLICATE = 13


TOLD: dict[Reason, str] = {
    Reason.FIELDS: mark("another number of fields than the header has"),
    Reason.BLANK: mark("an empty line"),
    Reason.FORMULA: mark("a cell that begins like a formula"),
    Reason.EMPTY: mark("a needed cell is empty"),
    Reason.NO_FIGURE: mark("a figure that cannot be read with the declared signs"),
    Reason.NOT_FINITE: mark("NaN, null or infinite in place of a figure"),
    Reason.NEGATIVE: mark("a negative distance, fare, surcharge or waiting time"),
    Reason.TOO_LARGE: mark("a figure beyond a million units"),
    Reason.IDENTITY: mark("an id too long or with unprintable characters"),
    Reason.TIME: mark("a time that is not written as declared"),
    Reason.REVERSED: mark("ends before it begins"),
    Reason.TOO_LONG: mark("lasts longer than 24 hours"),
    Reason.DUPLICATE: mark("the same trip once more"),
}


@cache
def _figure(decimal: str, grouping: str) -> re.Pattern[str]:
    whole = rf"[0-9]{{1,3}}(?:{re.escape(grouping)}[0-9]{{3}})+|[0-9]{{1,24}}" if grouping else r"[0-9]{1,24}"
    return re.compile(rf"[+-]?(?:{whole})(?:{re.escape(decimal)}[0-9]{{0,24}})?(?:[eE][+-]?[0-9]{{1,2}})?")


def figure(text: str, mapped: Mapped) -> tuple[int, Reason]:
    """One cell in millionths of its unit, 0 where it is none."""
    text = text.strip()
    if not text:
        return 0, Reason.EMPTY
    if text.lstrip("+-").lower() in NO_NUMBER:
        return 0, Reason.NOT_FINITE
    if not _figure(mapped.decimal, mapped.grouping).fullmatch(text):
        return 0, Reason.FORMULA if text[0] in "=@+-" else Reason.NO_FIGURE
    if mapped.grouping:
        text = text.replace(mapped.grouping, "")
    value = Decimal(text.replace(mapped.decimal, ".", 1))
    if value < 0:
        return 0, Reason.NEGATIVE
    if value > MOST:
        return 0, Reason.TOO_LARGE
    return int((value * MICRO).to_integral_value()), Reason.TAKEN


def figures(texts: Sequence[str], mapped: Mapped) -> tuple[Ints, Marks]:
    """A column (n,): millionths, and what is wrong.  Each different text is read once."""
    codes, different = pd.factorize(np.array(texts, dtype=object))
    read = [figure(one, mapped) for one in different]
    values = np.array([value for value, _ in read], dtype=np.int64)
    marks = np.array([reason for _, reason in read], dtype=np.int8)
    return values[codes], marks[codes]


def times(texts: Sequence[str], form: str) -> tuple[Ints, Marks]:
    """A column of local times (n,) in seconds since 1970-01-01 of that clock, and what is wrong."""
    stripped = [text.strip() for text in texts]
    found = pd.to_datetime(pd.Series(stripped, dtype=object), format=form, errors="coerce", exact=True)
    none = np.asarray(found.isna())
    seconds = np.asarray(found.to_numpy("datetime64[s]")).astype(np.int64)
    wrong = none | (seconds < EARLIEST_S) | (seconds > LATEST_S)
    marks = np.where(wrong, Reason.TIME, Reason.TAKEN).astype(np.int8)
    for at in np.flatnonzero(wrong):
        if stripped[at][:1] in ("=", "@"):
            marks[at] = Reason.FORMULA
        elif not stripped[at]:
            marks[at] = Reason.EMPTY
    return np.where(wrong, 0, seconds), marks
