"""Numbers in registers: type, word order, scale (protocols.md 6.5).

A value comes out as the exact decimal of what the device sent: of a float the shortest text that means the same bits.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from protocols.contract import ProtocolError


class NumberType(StrEnum):
    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def registers(self) -> int:
        return {"16": 1, "32": 2, "64": 4}[self.value[-2:]]


class WordOrder(StrEnum):
    """Which 16-bit word of a longer number comes first; bytes within a word are always high byte first here."""

    HIGH_FIRST = "high-first"
    LOW_FIRST = "low-first"  # makers write it 1-0-3-2


_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f", "float64": ">d"}


def number(words: Sequence[int], kind: NumberType, order: WordOrder) -> Decimal:
    """The number in `words`; ProtocolError when they are too many or few, or hold no finite number."""
    if len(words) != kind.registers:
        raise ProtocolError(f"{kind}: expected {kind.registers} registers, got {len(words)}")
    ordered = words if order is WordOrder.HIGH_FIRST else list(reversed(words))
    raw = struct.pack(f">{len(ordered)}H", *ordered)
    (value,) = struct.unpack(_FORMATS[kind], raw)
    if isinstance(value, int):
        return Decimal(value)
    text = _shortest(raw) if kind is NumberType.FLOAT32 else repr(value)
    result = Decimal(text)
    if not result.is_finite():
        raise ProtocolError(
            f"{kind}: expected a finite number, got {text} ({raw.hex(' ')}): the device has no valid value"
        )
    return result


def _shortest(raw: bytes) -> str:
    """The shortest decimal that reads back as these 4 bytes; 9 digits always do (IEEE 754, 5.12.2)."""
    (value,) = struct.unpack(">f", raw)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        try:
            if struct.pack(">f", float(text)) == raw:
                return text
        except OverflowError:  # rounded up beyond the largest float32
            continue
    return repr(value)  # a NaN with a payload


def words(value: float | Decimal, kind: NumberType, order: WordOrder) -> tuple[int, ...]:
    """The registers that hold `value`; ProtocolError when it does not fit."""
    try:
        fitting = float(value) if kind in (NumberType.FLOAT32, NumberType.FLOAT64) else int(value)
        raw = struct.pack(_FORMATS[kind], fitting)
    except (struct.error, OverflowError, ValueError):
        raise ProtocolError(f"{kind}: expected a number it can hold, got {value}") from None
    found = struct.unpack(f">{len(raw) // 2}H", raw)
    return found if order is WordOrder.HIGH_FIRST else tuple(reversed(found))
