"""What answers mean: numbers, entries of the error queue, identities (protocols.md 6.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from protocols.contract import ProtocolError

NOT_A_NUMBER, INFINITY = Decimal("9.91E37"), Decimal("9.9E37")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[Ee][+-]?[0-9]{1,4})?")
_ERROR = re.compile(r'(?P<number>[+-]?[0-9]{1,5}),\s?"(?P<text>(?:[^"]|""){0,255})"')


def number(text: str) -> Decimal:
    """An NR1, NR2 or NR3 number, exactly.  ProtocolError for everything else, not-a-number and overflow included."""
    if not _NUMBER.fullmatch(text.strip()):
        raise ProtocolError(f"SCPI: expected a number such as +1.21510E+004, got {text[:80]!r}")
    value = Decimal(text.strip())
    if value == NOT_A_NUMBER:
        raise ProtocolError("SCPI: expected a number, got 9.91E37: the instrument has no valid reading")
    if abs(value) == INFINITY:
        raise ProtocolError(f"SCPI: expected a number, got {value:.1E}: the reading is out of the instrument's range")
    return value


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One entry of SYSTem:ERRor?; number 0 is "No error"."""

    number: int
    text: str

    def line(self) -> str:
        quoted = self.text.replace('"', '""')
        return f'{self.number:+d},"{quoted}"'


def error_entry(text: str) -> ErrorEntry:
    """ProtocolError when `text` is no entry of an error queue."""
    found = _ERROR.fullmatch(text.strip())
    if found is None:
        raise ProtocolError(f'SCPI: expected an error entry such as +0,"No error", got {text[:80]!r}')
    return ErrorEntry(int(found["number"]), found["text"].replace('""', '"'))


@dataclass(frozen=True, slots=True)
class Identity:
    """The four fields of *IDN?."""

    maker: str
    model: str
    serial: str
    firmware: str


def identity(text: str) -> Identity:
    """ProtocolError when `text` is no answer to *IDN?."""
    fields = [field.strip() for field in text.split(",")]
    if len(fields) != 4 or not all(len(field) <= 72 for field in fields) or not fields[1]:
        raise ProtocolError(f"SCPI: expected maker,model,serial,firmware in answer to *IDN?, got {text[:80]!r}")
    return Identity(*fields)
