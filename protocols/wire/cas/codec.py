"""CAS lines (protocols.md 3.7): 22 bytes with headers, device number and lamp byte, or 10 bytes with the weight alone.

Strict: a line that keeps to no rule is Garbage with its reason, never repaired.  The lamp byte is the one that has its
8th bit set.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import SILENCE_CHARS, Deaf, LineDecoder, why_not_text
from protocols.wire.cas.messages import BareWeight, Lamp, Mode, Status, Weight

LINE, BARE_LINE = 22, 10
_LAMP = 7  # its place
_FIRST_DEVICE, _LAST_DEVICE = 1, 79  # sent as 30h + number, which has to stay 7-bit text
_HEADERS = re.compile(r"(ST|US|OL),(GS|NT),")
_VALUE = re.compile(r"(?: *-?|-0*)[0-9]+(?:\.[0-9]+)?")
_OVER = re.compile(r"[ 0-9.+-]*")
_UNIT = re.compile(r"[A-Za-z]{2}| [A-Za-z]|[A-Za-z] ")


def encode(message: Message, sender: Role) -> bytes:
    """The line of `message`; ProtocolError when it does not fit, or the host is to say it."""
    if sender is Role.DEVICE and isinstance(message, BareWeight):
        raw = f"{message.field}\r\n".encode("ascii", "replace")
    elif sender is Role.DEVICE and isinstance(message, Weight):
        if not _FIRST_DEVICE <= message.device <= _LAST_DEVICE or not Lamp.FIXED <= message.lamp <= 0xFF:
            raise ProtocolError(
                f"CAS: expected device {_FIRST_DEVICE} to {_LAST_DEVICE} and a lamp byte of 80h to FFh, got {message}"
            )
        head = f"{message.status},{message.mode},".encode() + bytes((0x30 + message.device, message.lamp))
        raw = head + f",{message.field} {message.unit}\r\n".encode("ascii", "replace")
    else:
        raise ProtocolError(f"CAS: expected a Weight or BareWeight of the device, got {message} of {sender}")
    if read_line(raw) != message:
        raise ProtocolError(f"CAS: expected eight characters such as '000013.5' and a unit, got {message}")
    return raw


def read_line(raw: bytes) -> Message:
    """What one line with its LF says; Garbage where it keeps to no rule."""
    text_bytes = raw[:_LAMP] + raw[_LAMP + 1 :] if len(raw) == LINE else raw
    if (why := why_not_text(text_bytes)) is not None:
        return Garbage(raw, why)
    if not raw.endswith(b"\r\n"):
        return Garbage(raw, "no CR before LF")
    if len(raw) == BARE_LINE:
        field = raw[:-2].decode("ascii")
        return BareWeight(field) if _VALUE.fullmatch(field) else Garbage(raw, _no_weight(field))
    if len(raw) != LINE:
        return Garbage(raw, f"{len(raw)} bytes, expected {LINE} or {BARE_LINE}")
    text = raw.decode("latin-1")
    headers = _HEADERS.match(text)
    if headers is None:
        return Garbage(raw, f"headers {text[:6]!r}, expected ST, US or OL, then GS or NT")
    device, lamp = raw[_LAMP - 1] - 0x30, raw[_LAMP]
    if not _FIRST_DEVICE <= device <= _LAST_DEVICE:
        return Garbage(raw, f"device byte {raw[_LAMP - 1]:02X}h, expected 31h to {0x30 + _LAST_DEVICE:02X}h")
    if lamp < Lamp.FIXED:
        return Garbage(raw, f"lamp byte {lamp:02X}h, expected bit 7 set")
    if text[8] != "," or text[17] != " ":
        return Garbage(raw, f"{text[8] + text[17]!r} around the weight, expected a comma before and a blank behind")
    status, field, unit = Status(headers[1]), text[9:17], text[18:20]
    if (_OVER if status is Status.OVERLOAD else _VALUE).fullmatch(field) is None:
        return Garbage(raw, _no_weight(field))
    if _UNIT.fullmatch(unit) is None:
        return Garbage(raw, f"unit {unit!r}, expected letters")
    return Weight(status, Mode(headers[2]), device, Lamp(lamp), field, unit)


def _no_weight(field: str) -> str:
    return f"weight: {fault(field.encode())}"


def decoder(sender: Role) -> LineDecoder | Deaf:
    """A decoder for the bytes of `sender`."""
    return (
        Deaf("a CAS indicator in broadcast takes no commands")
        if sender is Role.HOST
        else LineDecoder(read_line, LINE, SILENCE_CHARS)
    )
