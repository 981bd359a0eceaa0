"""How the fields of a record lie on the wire: said once, at the field of its dataclass, for reading and writing alike.

A figure keeps the decimals it was sent with; a time stays the digits that were sent, because a meter whose clock was lost
sends times that no calendar has, and those are evidence too (`moment` says which time it is).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Annotated, Any, Protocol, TypeVar, get_args, get_origin, get_type_hints, runtime_checkable

from protocols import bcd
from protocols.contract import ProtocolError
from protocols.figures import exact

T = TypeVar("T")


class FieldError(ValueError):
    """The bytes of a record do not say what their layout has; the message names the field and its bytes."""


@runtime_checkable
class Coding(Protocol):
    """Stands in the annotation of a field, as `Annotated[str, Text(6)]`.  `read` raises ValueError for bytes that say nothing,
    `write` for a value that has no such bytes."""

    @property
    def size(self) -> int: ...
    def read(self, raw: bytes) -> Any: ...
    def write(self, value: Any) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Text:
    """ASCII padded with 00 on the right.  Bytes above 7Fh, which the standard has none of, become the characters of their
    numbers: nothing is lost, and no character set is guessed."""

    size: int

    def read(self, raw: bytes) -> str:
        return raw.rstrip(b"\0").decode("latin-1")

    def write(self, value: str) -> bytes:
        raw = value.encode("latin-1")
        if len(raw) > self.size or raw.endswith(b"\0"):
            raise ValueError(f"expected at most {self.size} characters and no 00 at the end, got {value!r}")
        return raw.ljust(self.size, b"\0")


@dataclass(frozen=True, slots=True)
class Digits:
    """BCD that stands for a time or a number of the maker's: the digits themselves."""

    size: int

    def read(self, raw: bytes) -> str:
        text = bcd.digits(raw)
        if text is None:
            raise ValueError("no BCD")
        return text

    def write(self, value: str) -> bytes:
        if len(value) != 2 * self.size:
            raise ValueError(f"expected {2 * self.size} digits, got {value!r}")
        return bcd.packed(value)


@dataclass(frozen=True, slots=True)
class Figure:
    """BCD with so many decimals, exact."""

    size: int
    decimals: int

    def read(self, raw: bytes) -> Decimal:
        return exact(Digits(self.size).read(raw), self.decimals)

    def write(self, value: Decimal) -> bytes:
        steps = Decimal(value).scaleb(self.decimals)
        if not steps.is_finite() or steps != int(steps) or not 0 <= steps < 100**self.size:
            most = exact("9" * 2 * self.size, self.decimals)
            raise ValueError(f"expected 0 to {most} in steps of {exact('1', self.decimals)}, got {value}")
        return Digits(self.size).write(f"{int(steps):0{2 * self.size}d}")


@dataclass(frozen=True, slots=True)
class Whole:
    """BCD of a whole number."""

    size: int

    def read(self, raw: bytes) -> int:
        return int(Digits(self.size).read(raw))

    def write(self, value: int) -> bytes:
        return Figure(self.size, 0).write(Decimal(value))


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned binary number, high byte first, as `kind` has it."""

    size: int
    kind: Any = int

    def read(self, raw: bytes) -> Any:
        return self.kind(int.from_bytes(raw, "big"))

    def write(self, value: int) -> bytes:
        if not 0 <= value < 256**self.size:
            raise ValueError(f"expected 0 to {256**self.size - 1}, got {value}")
        return int(value).to_bytes(self.size, "big")


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that stay as they are, in a type of their own where they have one."""

    size: int
    kind: Any = bytes

    def read(self, raw: bytes) -> Any:
        return self.kind(raw)

    def write(self, value: Any) -> bytes:
        raw = bytes(value)
        if len(raw) != self.size:
            raise ValueError(f"expected {self.size} bytes, got {len(raw)}")
        return raw


_KNOWN: dict[type[Any], Mapping[str, Coding]] = {}  # what is found in a class once


def _codings(record: type[Any]) -> Mapping[str, Coding]:
    """By name, in the order of the fields: those that lie on the wire."""
    if record not in _KNOWN:
        _KNOWN[record] = _coded(record)
    return _KNOWN[record]


def _coded(record: type[Any]) -> Mapping[str, Coding]:
    hints = get_type_hints(record, include_extras=True)
    marks = {
        one.name: get_args(hints[one.name])[1:] for one in fields(record) if get_origin(hints[one.name]) is Annotated
    }
    return {name: coding for name, extras in marks.items() for coding in extras if isinstance(coding, Coding)}


def size_of(record: type[Any], without: frozenset[str] = frozenset()) -> int:
    """Bytes of the fields of `record` that lie on the wire, but for those named in `without`."""
    return sum(coding.size for name, coding in _codings(record).items() if name not in without)


def read_fields(record: type[T], data: bytes, without: frozenset[str] = frozenset(), **others: Any) -> T:
    """A `record` of the bytes its fields take, in the order of the fields; `others` are those that do not lie there.

    FieldError names the first field that cannot be read, or the size where that is not the record's.
    """
    size = size_of(record, without)
    if len(data) != size:
        raise FieldError(f"{len(data)} bytes of data, expected {size}")
    values, at = dict(others), 0
    for name, coding in _codings(record).items():
        if name in without:
            continue
        part = data[at : at + coding.size]
        try:
            values[name] = coding.read(part)
        except ValueError as error:
            raise FieldError(f"{name}: {part.hex(' ').upper()} is {error}") from None
        at += coding.size
    return record(**values)


def write_fields(record: Any, without: frozenset[str] = frozenset()) -> bytes:
    """The bytes of a record's fields in their order; ProtocolError names a field that does not fit."""
    parts = []
    for name, coding in _codings(type(record)).items():
        if name in without:
            continue
        try:
            parts.append(coding.write(getattr(record, name)))
        except (ValueError, TypeError, ArithmeticError) as error:
            raise ProtocolError(f"JT/T 905 {type(record).__name__}.{name}: {error}") from None
    return b"".join(parts)


def plain(record: Any) -> dict[str, str]:
    """Every field of a record by its name, as text; bytes in hexadecimal, and what is None left out."""
    values = {one.name: getattr(record, one.name) for one in fields(record)}
    return {name: _shown(value) for name, value in values.items() if value is not None}


def _shown(value: Any) -> str:
    match value:
        case int():
            return str(int(value))
        case str() | Decimal():
            return str(value)
    return bytes(value).hex()


_PARTS = {
    "Y": ("year", 1, 9999),
    "M": ("month", 1, 12),
    "D": ("day", 1, 31),
    "h": ("hour", 0, 23),
    "m": ("minute", 0, 59),
    "s": ("second", 0, 59),
}


def moment(text: str, form: str) -> Mapping[str, int] | None:
    """The parts of a time by their names, `form` as "YYMMDDhhmm" has them; None where no calendar or clock has such a time.

    Two digits of a year are those of this century.  ValueError where `form` does not fit the digits.
    """
    if len(text) != len(form):
        raise ValueError(f"expected {len(form)} digits as {form}, got {text!r}")
    parts: dict[str, int] = {}
    for letter, (name, least, most) in _PARTS.items():
        if letter not in form:
            continue
        value = int("".join(digit for digit, place in zip(text, form, strict=True) if place == letter))
        value += 2000 if form.count(letter) == 2 and name == "year" else 0
        if not least <= value <= most:
            return None
        parts[name] = value
    if {"year", "month", "day"} <= set(parts) and parts["day"] > monthrange(parts["year"], parts["month"])[1]:
        return None
    return parts
