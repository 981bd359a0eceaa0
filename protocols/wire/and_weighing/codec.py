"""A&D lines (protocols.md 3.7): two headers, eight characters of weight, two of unit, CR LF; 18 bytes.

Strict: a line that keeps to no rule is Garbage with its reason, never repaired.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import SILENCE_CHARS, Deaf, LineDecoder, why_not_text
from protocols.wire.and_weighing.messages import Mode, Status, Weight

LINE = 18
_HEADERS = re.compile(r"(ST|US|OL|HD),(GS|NT|TR|PT),")
_VALUE = re.compile(
    r"(?:[+-][0-9]|[0-9]{2})[0-9]*(?:[.,][0-9]+)?"
)  # makers of compatible indicators leave the sign out
_BLANK = re.compile(r"[ +-] *[., ] *")
_UNIT = re.compile(r"[A-Za-z]{2}| [A-Za-z]|[A-Za-z] ")


def encode(message: Message, sender: Role) -> bytes:
    """The line of `message`; ProtocolError when it does not fit, or the host is to say it."""
    if not isinstance(message, Weight) or sender is not Role.DEVICE:
        raise ProtocolError(f"A&D: expected a Weight of the device, got {message} of {sender}")
    raw = f"{message.status},{message.mode},{message.field}{message.unit}\r\n".encode("ascii", "replace")
    if len(raw) != LINE or read_line(raw) != message:
        raise ProtocolError(f"A&D: expected a weight such as 'ST,GS,+0012.34kg', got {message}")
    return raw


def read_line(raw: bytes) -> Message:
    """What one line with its LF says; Garbage where it keeps to no rule."""
    if (why := why_not_text(raw)) is not None:
        return Garbage(raw, why)
    if not raw.endswith(b"\r\n"):
        return Garbage(raw, "no CR before LF")
    if len(raw) != LINE:
        return Garbage(raw, f"{len(raw)} bytes, expected {LINE}")
    text = raw.decode("ascii")
    headers = _HEADERS.match(text)
    if headers is None:
        return Garbage(raw, f"headers {text[:6]!r}, expected ST, US, OL or HD, then GS, NT, TR or PT")
    status, mode, field, unit = Status(headers[1]), Mode(headers[2]), text[6:14], text[14:16]
    blank = status is Status.OUT_OF_RANGE
    if (_BLANK if blank else _VALUE).fullmatch(field) is None:
        why = f"{field!r}, expected blanks while out of range" if blank else fault(field.encode())
        return Garbage(raw, f"weight: {why}")
    if _UNIT.fullmatch(unit) is None:
        return Garbage(raw, f"unit {unit!r}, expected letters")
    return Weight(status, mode, field, unit)


def decoder(sender: Role) -> LineDecoder | Deaf:
    """A decoder for the bytes of `sender`."""
    return (
        Deaf("an A&D indicator in broadcast takes no commands")
        if sender is Role.HOST
        else LineDecoder(read_line, LINE, SILENCE_CHARS)
    )
