"""Lines of timestamping counters, cut and read: the one parser of the TICC line family, PicoPET included.

A line is 7-bit ASCII up to a line feed.  Where blanks stand, how many, and whether a carriage return comes before the
line feed differs between firmwares and says nothing, so both protocols read tolerantly and are not `lossless`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.contract import Garbage, Message, ProtocolError

MAX_LINE = 160
"""Characters of a line: debug lines have about 90, lines of a configuration print-out less than 100."""

DECIMALS = 12
PS_PER_S = 10**12
NUMBER = rf"-?[0-9]{{1,10}}(?:\.[0-9]{{1,{DECIMALS}}})?"
"""Seconds: the counter's seconds are 31 bits, its decimals 0 to 12 by firmware and setting."""

_NUMBER = re.compile(rf"(-?)([0-9]{{1,10}})(?:\.([0-9]{{1,{DECIMALS}}}))?")
_NOT_TEXT = re.compile(rb"[^\x20-\x7e\t]")


def picoseconds(seconds: str) -> int:
    """Seconds as they stand in a line, as whole picoseconds; exact.  ProtocolError when it is no such number."""
    match = _NUMBER.fullmatch(seconds)
    if match is None:
        raise ProtocolError(
            f"seconds: expected up to 10 digits, a point and up to {DECIMALS} decimals, got {seconds[:40]!r}"
        )
    sign, whole, fraction = match.groups()
    size: int = int(whole) * PS_PER_S + int((fraction or "").ljust(DECIMALS, "0"))
    return -size if sign else size


def seconds_text(ps: int, decimals: int, *, wrap_digits: int = 0) -> str:
    """`ps` picoseconds as a counter prints them: cut to `decimals`, seconds modulo 10**wrap_digits and zero-filled."""
    if not 0 <= decimals <= DECIMALS or not 0 <= wrap_digits <= 9:
        raise ProtocolError(f"expected 0 to 12 decimals and 0 to 9 wrap digits, got {decimals} and {wrap_digits}")
    whole, fraction = divmod(abs(ps), PS_PER_S)
    text = f"{whole % 10**wrap_digits:0{wrap_digits}d}" if wrap_digits else str(whole)
    point = f".{fraction:012d}"[: decimals + 1] if decimals else ""
    return ("-" if ps < 0 else "") + text + point


class LineDecoder:
    """Cuts lines and hands each to `read`, which gives its message or None where it is no line of the protocol."""

    def __init__(self, read: Callable[[str], Message | None], device: str) -> None:
        self._read, self._device = read, device
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages in `data`; at most MAX_LINE characters of an unfinished line are held."""
        *lines, rest = (self._held + data).split(b"\n")
        messages = [self._line(line) for line in lines]
        if rest and (self._skipping or len(rest) > MAX_LINE):
            messages.append(Garbage(rest, self._overlong))
            self._skipping, rest = True, b""
        self._held = rest
        return messages

    def silence(self, char_times: float) -> list[Message]:
        """A counter may stop inside a line while it measures: silence ends nothing."""
        return []

    def close(self) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, "line without its end")] if held else []

    @property
    def _overlong(self) -> str:
        return f"line longer than {MAX_LINE} characters"

    def _line(self, line: bytes) -> Message:
        skipping, self._skipping = self._skipping, False
        if skipping or len(line) > MAX_LINE:
            return Garbage(line + b"\n", self._overlong)
        text = line.removesuffix(b"\r")
        if _NOT_TEXT.search(text):
            return Garbage(line + b"\n", "characters that are not 7-bit text: a disturbed line or the wrong baud rate")
        message = self._read(text.decode("ascii").strip(" \t"))
        return Garbage(line + b"\n", f"no line of a {self._device}") if message is None else message
