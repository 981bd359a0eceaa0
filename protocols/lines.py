"""Lines that end in LF, cut out of a stream; what they say is for the protocol's own `read`.

Also why a line that should be 7-bit text is none: a wrong line setting and a wrong character set are the usual causes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.contract import Garbage, Message

SILENCE_CHARS = 50.0
"""A frame that pauses longer is not continued.  Derived: a USB adapter's latency of 16 ms is 15 characters at 9600 baud
and 31 at 19200; a unit that broadcasts ten short frames a second at 9600 baud pauses for more than 80."""

_FULL_WIDTH = re.compile(rb"\xef\xbc[\x90-\x99]|\xa3[\xb0-\xb9]")  # UTF-8 of U+FF10 to U+FF19; GB 2312 row 3


def why_not_text(raw: bytes) -> str | None:
    """Why `raw` is no 7-bit text, as far as can be told from it; None where it is."""
    high = next((byte for byte in raw if byte > 0x7F), None)
    if high is None:
        return None
    if _FULL_WIDTH.search(raw):
        return "full-width digits, expected ASCII"
    parities = {byte.bit_count() & 1 for byte in raw}
    if len(raw) >= 8 and len(parities) == 1:
        return f"every byte has {'odd' if parities.pop() else 'even'} parity: 7 data bits with parity, read as 8"
    return f"byte {high:02X}h is no 7-bit character: a disturbed line, or 7 data bits with parity read as 8"


class LineDecoder:
    """Hands every line with its end to `read`.  At most `most` bytes are held; an endless line is given up in pieces, to its end.

    `silence_chars`: the silence that ends a line which was begun; None where a device may pause inside one and only the
    driver's deadline ends it.  `end`: the byte that ends a line, where it is another than LF.
    """

    def __init__(
        self, read: Callable[[bytes], Message], most: int, silence_chars: float | None = None, end: bytes = b"\n"
    ) -> None:
        self._read, self._most, self._silence_chars, self._end = read, most, silence_chars, end
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        *lines, rest = (self._held + data).split(self._end)
        for text in lines:
            line = text + self._end
            too_long = self._skipping or len(line) > self._most
            messages.append(self._overlong(line) if too_long else self._read(line))
            self._skipping = False
        if rest and (self._skipping or len(rest) >= self._most):
            messages.append(self._overlong(rest))
            self._skipping, rest = True, b""
        self._held = rest
        return messages

    def _overlong(self, raw: bytes) -> Garbage:
        """The reason is told by the first bytes alone: it must not depend on how the stream was cut."""
        return Garbage(raw, why_not_text(raw[: self._most]) or "line too long")

    def silence(self, char_times: float) -> list[Message]:
        if self._silence_chars is None or char_times < self._silence_chars:
            return []
        return self._flush("line broken off by silence")

    def close(self) -> list[Message]:
        return self._flush("line incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, why)] if held else []


class Deaf:
    """Decodes the side of a protocol that has nothing to say: whatever it sent means nothing."""

    def __init__(self, why: str) -> None:
        self._why = why

    def feed(self, data: bytes) -> list[Message]:
        return [Garbage(data, self._why)] if data else []

    def silence(self, char_times: float) -> list[Message]:
        return []

    def close(self) -> list[Message]:
        return []
