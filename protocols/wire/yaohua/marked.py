"""Streams of figures with `=` between them (protocols.md 3.10): reversed, forward and priced frames.

No check protects these frames.  Manuals put the mark first (`=` and eight characters); one program puts it behind seven
digits and has no sign (`0031000=4321000=`).  So the first figures count only where they stand between two ends: `=`, a
long silence or the end of the stream.  Eight characters read the same either way, and once a frame of eight was seen
the next ones come out as soon as they are whole.  Seven characters may be eight of which one was lost: the mark is
taken to stand behind only after CONFIRMED more of seven.  A frame of another length ends either belief.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from protocols.contract import Garbage, Message
from protocols.lines import SILENCE_CHARS

MARK = b"="
LONGEST = 64
"""Bytes looked at for a mark: twice the longest frame, so that a wrong one is seen whole and named."""

CONFIRMED = 2
"""Frames of seven that must follow the first: whoever listens in too late by one character and then misses one more has
seen two frames of seven where eight were sent."""

_OVERLONG = f"no = within {LONGEST} bytes"


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read what stands between two marks: `after` a mark, `length` characters; `before` one, where that spelling
    exists; `why` names what neither reads."""

    length: int
    after: Callable[[bytes], Message | None]
    why: Callable[[bytes], str]
    before: Callable[[bytes], Message | None] | None = None


class _Place(Enum):
    UNKNOWN = auto()
    FIRST = auto()
    BEHIND = auto()


class MarkedDecoder:
    """Reads the figures of one stream."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._held = b""
        self._place = _Place.UNKNOWN
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`; a segment of LONGEST bytes and the short ones before it are held."""
        messages: list[Message] = []
        buffer, at = self._held + data, 0
        while at < len(buffer):
            used = self._step(buffer, at, messages)
            if not used:
                break
            at += used
        self._held = buffer[at:]
        return messages

    def _step(self, buffer: bytes, at: int, messages: list[Message]) -> int:
        """Reads one segment from `at` on and returns how many bytes it took; 0 to wait for more."""
        marked = buffer.startswith(MARK, at)
        if self._skipping and not marked:
            end = buffer.find(MARK, at)
            raw = buffer[at:] if end < 0 else buffer[at:end]
            messages.append(Garbage(raw, _OVERLONG))
            return len(raw)
        self._skipping = False
        if marked and self._place is _Place.FIRST:
            segment = buffer[at + 1 : at + 1 + self._layout.length]
            if message := self._layout.after(segment):
                messages.append(message)
                return len(MARK + segment)
        end = buffer.find(MARK, at + 1 if marked else at)
        if end < 0:
            return self._give_up(buffer, at, messages)
        segment = buffer[at + marked : end]
        if marked:
            return self._after(segment, messages)
        return self._before(segment, buffer, at, end, messages)

    def _give_up(self, buffer: bytes, at: int, messages: list[Message]) -> int:
        if len(buffer) - at <= LONGEST:
            return 0
        messages.append(Garbage(buffer[at:], _OVERLONG))
        self._skipping, self._place = True, _Place.UNKNOWN
        return len(buffer) - at

    def _after(self, segment: bytes, messages: list[Message]) -> int:
        """A segment with marks on both sides, none of which belongs to a frame before."""
        if message := self._layout.after(segment):
            self._place = _Place.FIRST
            messages.append(message)
            return len(MARK + segment)
        if self._place is not _Place.FIRST and self._short(segment):
            messages.append(Garbage(MARK, "a mark that belongs to no whole frame"))
            self._place = _Place.UNKNOWN
            return len(MARK)
        messages.append(self._garbage(MARK + segment, segment))
        self._place = _Place.UNKNOWN
        return len(MARK + segment)

    def _before(self, segment: bytes, buffer: bytes, at: int, end: int, messages: list[Message]) -> int:
        """A segment that no mark precedes: a frame only where marks stand behind, which a second one must show."""
        message = self._short(segment)
        if message is None:
            messages.append(self._garbage(segment, segment))
            self._place = _Place.UNKNOWN
            return len(segment)
        if self._place is not _Place.BEHIND:
            shown = self._shown(buffer, end)
            if shown is None:
                return 0
            if not shown:
                messages.append(Garbage(segment, "the stream begins inside a frame, or a character was lost"))
                self._place = _Place.UNKNOWN
                return len(segment)
        self._place = _Place.BEHIND
        messages.append(message)
        return end + 1 - at

    def _shown(self, buffer: bytes, end: int) -> bool | None:
        """Whether the segments behind the mark at `end` are short too, as many as CONFIRMED; None to wait for more."""
        for _ in range(CONFIRMED):
            following = buffer.find(MARK, end + 1)
            if following < 0 and len(buffer) - end <= LONGEST:
                return None
            if following < 0 or self._short(buffer[end + 1 : following]) is None:
                return False
            end = following
        return True

    def _short(self, segment: bytes) -> Message | None:
        return None if self._layout.before is None else self._layout.before(segment)

    def _garbage(self, raw: bytes, segment: bytes) -> Garbage:
        """Longer than LONGEST: for the reason it has when it comes in pieces."""
        return Garbage(raw, _OVERLONG if len(raw) > LONGEST else self._layout.why(segment))

    def silence(self, char_times: float) -> list[Message]:
        """A long silence ends a frame.  A mark that the line fell silent behind may be the end of a frame: it waits."""
        if char_times < SILENCE_CHARS or self._held.endswith(MARK):
            return []
        return self._flush("frame broken off by silence")

    def close(self) -> list[Message]:
        messages = self._flush("frame incomplete at the end of the stream")
        self._place = _Place.UNKNOWN
        return messages

    def _flush(self, why: str) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        if not held:
            return []
        message = self._layout.after(held[1:]) if held.startswith(MARK) else None
        if message is None:
            return [Garbage(held, why)]
        self._place = _Place.FIRST
        return [message]
