"""Frames between a start and an end byte, cut out of a stream; what they say is for the protocol's own `read`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from protocols.contract import Garbage, Message
from protocols.lines import SILENCE_CHARS


class Enveloped:
    """Frames from a `start` byte to an `end` byte; neither occurs inside.  A second start gives the first frame up.

    `longest` is the length in bytes up to which an end is looked for: well above a good frame, so that a bad one
    reaches `read` whole and can be named.
    """

    def __init__(self, start: int, end: int, longest: int, read: Callable[[bytes], Message]) -> None:
        self._start, self._longest, self._read = bytes((start,)), longest, read
        edges = re.escape(bytes((start, end)))
        self._frame = re.compile(
            re.escape(self._start) + b"[^%b]{0,%d}" % (edges, longest - 2) + re.escape(bytes((end,))), re.DOTALL
        )
        self.outside = f"bytes outside frames: expected {start:02X}h first"
        self._doubled = f"frame without its end: another {start:02X}h before {end:02X}h"
        self._overlong = f"no {end:02X}h within {longest} bytes"
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`; less than `longest` bytes of an unfinished frame are held."""
        buffer = self._held + data
        messages: list[Message] = []
        at = 0
        for found in self._frame.finditer(buffer):
            if found.start() > at:
                messages += self._between(buffer[at : found.start()])
            messages.append(self._read(found[0]))
            at = found.end()
        rest = buffer[at:]
        begun = rest.rfind(self._start)
        open_frame = begun >= 0 and len(rest) - begun < self._longest
        self._held = rest[begun:] if open_frame else b""
        messages += self._between(rest[:begun] if open_frame else rest)
        return messages

    def _between(self, raw: bytes) -> Iterator[Garbage]:
        outside, *begun = raw.split(self._start)
        if outside:
            yield Garbage(outside, self.outside)
        for part in begun:
            yield Garbage(self._start + part, self._doubled if len(part) + 1 < self._longest else self._overlong)

    def silence(self, char_times: float) -> list[Message]:
        """A frame that stopped for SILENCE_CHARS or more is not going on."""
        return self._flush("frame broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("frame incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held = self._held, b""
        return [Garbage(held, why)] if held else []
