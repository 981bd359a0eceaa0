"""Checksums of the wire protocols, each with the value that proves it right.

Only what a codec uses is here.  The check value is the checksum of the nine ASCII digits "123456789", the
convention of the published CRC catalogues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import xor

CHECK_INPUT = b"123456789"


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum with its check value over CHECK_INPUT and the source of that value."""

    name: str
    compute: Callable[[bytes], int]
    check: int
    source: str


def _reflected_table(poly: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ poly if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_ARC = _reflected_table(0xA001)


def crc16_arc(data: bytes) -> int:
    """CRC-16/ARC of `data`: reflected poly A001h, init 0, no final xor (protocols.md 4.1)."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ _ARC[(crc ^ byte) & 0xFF]
    return crc


def crc16_modbus(data: bytes) -> int:
    """CRC-16/MODBUS of `data`: as ARC, but init FFFFh (protocols.md 6.5)."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _ARC[(crc ^ byte) & 0xFF]
    return crc


def sum8(data: bytes) -> int:
    """Low byte of the sum of `data` (protocols.md 6.6)."""
    return sum(data) & 0xFF


def xor8(data: bytes) -> int:
    """Exclusive or of the bytes of `data` (protocols.md 3.10)."""
    return reduce(xor, data, 0)


def azt_crc(data: bytes) -> int:
    """Exclusive or of the bytes of `data`, bit 6 set: `data` is the payload without complements and one 03 (protocols.md 4.3)."""
    return xor8(data) | 0x40


def negated_sum4(data: bytes) -> int:
    """Negated sum of the low nibbles of `data`, a nibble itself (protocols.md 4.2)."""
    return -sum(byte & 0x0F for byte in data) & 0x0F


def negated_sum7(data: bytes) -> int:
    """Low 7 bits of the negated sum of `data`: with it the sum ends in seven zeros (protocols.md 3.2)."""
    return -sum(data) & 0x7F


CATALOGUE: tuple[Checksum, ...] = (
    Checksum("CRC-16/ARC", crc16_arc, 0xBB3D, "CRC catalogue, entry CRC-16/ARC"),
    Checksum("CRC-16/MODBUS", crc16_modbus, 0x4B37, "CRC catalogue, entry CRC-16/MODBUS"),
    Checksum("xor-8", xor8, 0x31, "arithmetic: 31h ^ ... ^ 39h, nine times 30h and 1 ^ ... ^ 9 = 1"),
    Checksum("AZT xor", azt_crc, 0x71, "arithmetic: xor-8 is 31h, with bit 6 71h"),
    Checksum("negated nibble sum", negated_sum4, 0x3, "arithmetic: 1 + ... + 9 = 2Dh, and Dh + 3h = 10h"),
    Checksum("negated sum-7", negated_sum7, 0x23, "arithmetic: 31h + ... + 39h = 1DDh, and 5Dh + 23h = 80h"),
    Checksum("sum-8", sum8, 0xDD, "arithmetic: 31h + ... + 39h = 1DDh"),
)
