"""Kern lines (protocols.md 3.8): value, unit, kind and status in 12 or 13 characters, CR LF.

Strict: a line that keeps to no rule is Garbage with its reason, never repaired.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import SILENCE_CHARS, Deaf, LineDecoder, why_not_text
from protocols.wire.kern.messages import Status, Weight

MAX_LINE = 15
_LENGTHS = (14, 15)
_VALUE = re.compile(r"[+ -][0-9]+(?:\.[0-9]+)?")
_UNIT = re.compile(r"[ A-Za-z][A-Za-z%]")


def encode(message: Message, sender: Role) -> bytes:
    """The line of `message`; ProtocolError when it does not fit, or the host is to say it."""
    if not isinstance(message, Weight) or sender is not Role.DEVICE:
        raise ProtocolError(f"Kern: expected a Weight of the device, got {message} of {sender}")
    raw = f"{message.field}{message.unit}{message.kind}{message.status}\r\n".encode("ascii", "replace")
    if len(raw) not in _LENGTHS or read_line(raw) != message:
        raise ProtocolError(f"Kern: expected a weight such as '+0127.20 G S', got {message}")
    return raw


def read_line(raw: bytes) -> Message:
    """What one line with its LF says; Garbage where it keeps to no rule."""
    if (why := why_not_text(raw)) is not None:
        return Garbage(raw, why)
    if not raw.endswith(b"\r\n"):
        return Garbage(raw, "no CR before LF")
    if len(raw) not in _LENGTHS:
        return Garbage(raw, f"{len(raw)} bytes, expected 14 or 15")
    text = raw[:-2].decode("ascii")
    field, unit, kind, status = text[:-4], text[-4:-2], text[-2], text[-1]
    if _VALUE.fullmatch(field) is None:
        return Garbage(raw, f"value: {fault(field.encode())}")
    if _UNIT.fullmatch(unit) is None:
        return Garbage(raw, f"unit {unit!r}, expected two letters, or a blank and one")
    if kind not in "LGH " or status not in list(Status):
        return Garbage(raw, f"kind and status {kind + status!r}, expected L, G, H or blank, then S, U, E or blank")
    return Weight(field, unit, kind, Status(status))


def decoder(sender: Role) -> LineDecoder | Deaf:
    """A decoder for the bytes of `sender`."""
    return (
        Deaf("a Kern balance in broadcast takes no commands")
        if sender is Role.HOST
        else LineDecoder(read_line, MAX_LINE, SILENCE_CHARS)
    )
