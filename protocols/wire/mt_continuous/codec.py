"""Frames of Mettler continuous mode (protocols.md 3.2): 17 bytes from 02h to CR, and a checksum where it is set.

Whether a checksum follows is a setting.  The byte behind CR decides it: 02h begins the next frame, anything else is a
checksum and must be right.  A checksum may itself be 02h, so the byte behind that one is looked at too; no frame has
02h in its second place.
"""

from __future__ import annotations

import re

from protocols.checks import negated_sum7
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import SILENCE_CHARS, Deaf
from protocols.wire.mt_continuous.messages import Frame, WordB, WordC

STX, CR = 0x02, 0x0D
PLAIN = 17
LONGEST = 48
"""Room for a frame whose twelve digits came in three bytes each."""

_FRAME = re.compile(rb"\x02([\x20-\x3f])([\x00-\x7f])([\x20-\x3f\x60-\x7f])([ 0-9]{6})([ 0-9]{6})\r")
_WORDS = re.compile(rb"\x02[\x20-\x3f][\x00-\x7f][\x20-\x3f\x60-\x7f]")
_FIGURE = re.compile(rb" {0,5}[0-9]{1,6}")
_END = re.compile(rb"[\x02\r]")


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of a Frame; ProtocolError when a field does not fit."""
    if not isinstance(message, Frame) or sender is not Role.DEVICE:
        raise ProtocolError(f"MT continuous: expected a Frame of the indicator, got {message} of {sender}")
    words = (message.a, int(message.b), int(message.c))
    if not all(0 <= word <= 0x7F for word in words):
        raise ProtocolError(f"MT continuous: expected status words of 7 bits, got {words}")
    figures = (message.weight + message.tare).encode("ascii", "replace")
    wire = bytes((STX, *words)) + figures + bytes((CR,))
    read = read_frame(wire)
    if not isinstance(read, Frame) or read.weight != message.weight:
        why = read.why if isinstance(read, Garbage) else "six characters of weight, six of tare"
        raise ProtocolError(f"MT continuous: {message} does not fit a frame: {why}")
    return wire + bytes((negated_sum7(wire),)) if message.checked else wire


def read_frame(raw: bytes, checked: bool = False) -> Message:
    """What the 17 bytes from 02h to CR say; `checked` goes into the message."""
    found = _FRAME.fullmatch(raw)
    if found is None:
        return Garbage(raw, _why(raw))
    b = WordB(found[2][0])
    weight, tare = found[4], found[5]
    readable = _FIGURE.fullmatch(weight) or (WordB.OUT_OF_RANGE in b and not weight.strip())
    if not readable or not (_FIGURE.fullmatch(tare) or not tare.strip()):
        return Garbage(raw, fault(weight if not readable else tare))
    return Frame(found[1][0], b, WordC(found[3][0]), weight.decode("ascii"), tare.decode("ascii"), checked)


def _why(raw: bytes) -> str:
    if raw[-1] != CR:
        return "frame without CR"
    if not _WORDS.match(raw):
        return f"status words {raw[1:4].hex(' ')}, expected bit 5 of the first and third set and no bit 7"
    figures = raw[4:-1]
    if re.fullmatch(rb"[ 0-9]*", figures):
        return f"{len(raw)} bytes to CR, expected {PLAIN}"
    return fault(figures)


class ContinuousDecoder:
    """Decodes the frames of one stream; after noise it is in step again at the next 02h."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`; less than LONGEST bytes are held."""
        messages: list[Message] = []
        buffer, at = self._held + data, 0
        while at < len(buffer):
            start = buffer.find(STX, at)
            if start != at:
                end = len(buffer) if start < 0 else start
                messages.append(Garbage(buffer[at:end], "bytes outside frames: expected 02h first"))
                at = end
                continue
            used = self._frame(buffer, at, messages)
            if not used:
                break
            at += used
        self._held = buffer[at:]
        return messages

    def _frame(self, buffer: bytes, at: int, messages: list[Message]) -> int:
        """Reads one frame that begins at `at` and returns how many bytes it took; 0 to wait for more."""
        size = len(buffer) - at
        if size < PLAIN:
            return 0
        if _FRAME.match(buffer, at) is None:
            return _bad(buffer, at, messages)
        if size == PLAIN or (buffer[at + PLAIN] == STX and size < PLAIN + 2):
            return 0
        following = buffer[at + PLAIN : at + PLAIN + 2]
        checked = following[0] != STX or following[1] == STX
        raw = buffer[at : at + PLAIN + checked]
        messages.append(_checked(raw) if checked else read_frame(raw))
        return len(raw)

    def silence(self, char_times: float) -> list[Message]:
        """A frame that nothing follows for so long is whole, or broken off."""
        return self._flush("frame broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("frame incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held = self._held, b""
        if len(held) == PLAIN and _FRAME.fullmatch(held):
            return [read_frame(held)]
        if len(held) == PLAIN + 1 and _FRAME.match(held):  # 02h behind CR: a checksum, or else nothing to rely on
            return [_checked(held)]
        return [Garbage(held, why)] if held else []


def _checked(raw: bytes) -> Message:
    expected = negated_sum7(raw[:PLAIN])
    if raw[PLAIN] != expected:
        return Garbage(raw, f"check {raw[PLAIN]:02X}h, expected {expected:02X}h")
    read = read_frame(raw[:PLAIN], checked=True)
    return Garbage(raw, read.why) if isinstance(read, Garbage) else read


def _bad(buffer: bytes, at: int, messages: list[Message]) -> int:
    """What begins like a frame and is none, to its CR, the next 02h or LONGEST bytes."""
    found = _END.search(buffer, at + 1, at + LONGEST)
    if found is None:
        if len(buffer) - at < LONGEST:
            return 0
        messages.append(Garbage(buffer[at : at + LONGEST], f"no CR within {LONGEST} bytes"))
        return LONGEST
    raw = buffer[at : found.start() if found[0][0] == STX else found.end()]
    messages.append(Garbage(raw, _why(raw)))
    return len(raw)


def decoder(sender: Role) -> ContinuousDecoder | Deaf:
    """A decoder for what the indicator sends; the host says nothing."""
    return Deaf("continuous mode takes no commands") if sender is Role.HOST else ContinuousDecoder()
