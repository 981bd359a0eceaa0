"""What each field of the sentences must look like, or be empty: a checksum proves the line, not the receiver's firmware."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class Kind:
    """`form` of a filled field; `expected` names it in errors; `sound` what digits alone do not show."""

    form: re.Pattern[str]
    expected: str
    sound: Callable[[str], bool] = bool
    may_be_empty: bool = True

    def fits(self, text: str) -> bool:
        if not text:
            return self.may_be_empty
        return self.form.fullmatch(text) is not None and self.sound(text)


def _in_day(text: str) -> bool:
    """23:59:60 is a leap second, told by receivers as such."""
    hours, minutes, seconds = int(text[:2]), int(text[2:4]), int(text[4:6])
    return hours < 24 and minutes < 60 and (seconds < 60 or (hours, minutes, seconds) == (23, 59, 60))


def _in_year(text: str) -> bool:
    day, month = int(text[:2]), int(text[2:4])
    return 1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1]


def _minutes_of(degrees: int, most: int) -> Callable[[str], bool]:
    def sound(text: str) -> bool:
        whole, minutes = int(text[:degrees]), float(text[degrees:])
        return minutes < 60 and whole + minutes / 60 <= most

    return sound


def _up_to(most: int) -> Callable[[str], bool]:
    return lambda text: int(text) <= most


def _one_of(letters: str, *, may_be_empty: bool = True) -> Kind:
    return Kind(re.compile(f"[{letters}]"), f"one of {letters}", may_be_empty=may_be_empty)


UTC = Kind(re.compile(r"[0-9]{6}(?:\.[0-9]{1,9})?"), "hhmmss.sss", _in_day)
DATE = Kind(re.compile(r"[0-9]{6}"), "ddmmyy", _in_year)
LATITUDE = Kind(re.compile(r"[0-9]{4}(?:\.[0-9]{1,9})?"), "ddmm.mmmm up to 90 degrees", _minutes_of(2, 90))
LONGITUDE = Kind(re.compile(r"[0-9]{5}(?:\.[0-9]{1,9})?"), "dddmm.mmmm up to 180 degrees", _minutes_of(3, 180))
NS, EW = _one_of("NS"), _one_of("EW")
STATUS = _one_of("AV", may_be_empty=False)
MODE = _one_of("ADEFMNPRS")
NAVIGATION = _one_of("SCUV")
SIZE = Kind(re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?"), "a number without sign")
SIGNED = Kind(re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?"), "a number")
COURSE = Kind(re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,6})?"), "0 to 360", lambda text: float(text) <= 360)
WHOLE = Kind(re.compile(r"[0-9]{1,4}"), "a whole number")
QUALITY = Kind(re.compile(r"[0-9]"), "one digit", may_be_empty=False)
FIX = _one_of("123", may_be_empty=False)
SELECTION = _one_of("MA")
SYSTEM = Kind(re.compile(r"[0-9A-F]"), "one hexadecimal digit")
DAY = Kind(re.compile(r"[0-9]{2}"), "01 to 31", lambda text: 1 <= int(text) <= 31)
MONTH = Kind(re.compile(r"[0-9]{2}"), "01 to 12", lambda text: 1 <= int(text) <= 12)
YEAR = Kind(re.compile(r"[12][0-9]{3}"), "four digits")
ZONE_HOURS = Kind(re.compile(r"-?[0-9]{1,2}"), "-13 to 13", lambda text: abs(int(text)) <= 13)
ZONE_MINUTES = Kind(re.compile(r"-?[0-9]{1,2}"), "0 to 59", lambda text: abs(int(text)) < 60)
METRES, TRUE, MAGNETIC, KNOTS, KMH = (_one_of(letter) for letter in "MTMNK")
