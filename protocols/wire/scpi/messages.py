"""What is said to and by an instrument with SCPI (protocols.md 6.4): lines, and blocks of bytes with their length.

`cr`: a carriage return stood before the line feed, as some serial instruments send it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """Host: one line, commands and queries separated by semicolons (`protocols/wire/scpi/headers.py` reads them)."""

    text: str
    cr: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """Device: one line, answers separated by semicolons."""

    text: str
    cr: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Device: definite-length block `#<width><length><data>`; `width` digits told the length."""

    data: bytes
    width: int = 1
    cr: bool = False
