"""DIGI Type B (protocols.md 3.9): 05h, answered by 37 bytes, or 38 where the first flag says so.

Fixed bytes stand between the fields, so a frame is found in a stream.  A frame whose fixed bytes do not fit costs one byte and
the search goes on; one whose fields say no number is Garbage as a whole.  Nothing is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import SILENCE_CHARS
from protocols.wire.digi_b.messages import Enquiry, Flag1, Flag2, Reading

ENQ = 0x05
BODY = 37
MAX_FRAME = 38
_FLAG = frozenset(range(0x40, 0x80))
_DIGITS = frozenset(b" 0123456789.-")
_WEIGHT_CHARS = _DIGITS | frozenset(b"OUF")
_FIXED = {
    2: 0x0D,
    3: ord("0"),
    10: 0x0D,
    11: ord("4"),
    18: 0x0D,
    19: ord("U"),
    26: 0x0D,
    27: ord("T"),
    35: 0x0D,
    36: 0x0A,
}
_FIELDS = {"net": (4, 10), "tare": (12, 18), "unit price": (20, 26), "total": (28, 35)}
_NUMBER = r" *-?[0-9]+(?:\.[0-9]+)? *"
_WEIGHT = re.compile(rf"{_NUMBER}| *| *[OU]F *")
_PRICE = re.compile(rf"{_NUMBER}| *")
_ALLOWED: tuple[frozenset[int], ...] = tuple(
    frozenset((_FIXED[place],)) if place in _FIXED
    else _FLAG if place < 2
    else _WEIGHT_CHARS if place < 18
    else _DIGITS
    for place in range(BODY)
)  # fmt: skip


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when a field does not fit."""
    if isinstance(message, Enquiry) and sender is Role.HOST:
        return bytes((ENQ,))
    if not isinstance(message, Reading) or sender is not Role.DEVICE:
        raise ProtocolError(
            f"DIGI B: expected an Enquiry of the host or a Reading of the scale, got {message} of {sender}"
        )
    if not 0 <= message.flag1 <= 0xFF or not 0 <= message.flag2 <= 0xFF or not 0 <= (message.parity or 0) <= 0xFF:
        raise ProtocolError(f"DIGI B: expected flags and parity to be bytes, got {message}")
    texts = (f"0{message.net}", f"4{message.tare}", f"U{message.unit_price}", f"T{message.total}")
    raw = bytes((message.flag1, message.flag2, 0x0D)) + "\r".join(texts).encode("ascii", "replace") + b"\r\n"
    raw += b"" if message.parity is None else bytes((message.parity,))
    found = _take(raw, 0) if raw else None
    if found != (message, len(raw)):
        raise ProtocolError(
            f"DIGI B: expected weights and unit price of 6 characters, a total of 7, and a parity byte where flag 1 says so, got {message}"
        )
    return raw


def _take(buffer: bytes, at: int) -> tuple[Message, int] | None:
    """What begins at `at` and its length; None: more bytes are needed to tell."""
    size = min(len(buffer) - at, BODY)
    for place in range(size):
        byte = buffer[at + place]
        if byte not in _ALLOWED[place]:
            return Garbage(buffer[at : at + 1], _why(place, byte)), 1
    if size < BODY:
        return None
    length = MAX_FRAME if buffer[at] & Flag1.PARITY else BODY
    if len(buffer) - at < length:
        return None
    frame = buffer[at : at + length]
    fields = {name: frame[begin:end].decode("ascii") for name, (begin, end) in _FIELDS.items()}
    for name, text in fields.items():
        if (_WEIGHT if name in ("net", "tare") else _PRICE).fullmatch(text) is None:
            return Garbage(frame, f"{name}: {fault(text.encode())}"), length
    parity = frame[BODY] if length == MAX_FRAME else None
    return Reading(
        Flag1(frame[0]), Flag2(frame[1]), fields["net"], fields["tare"], fields["unit price"], fields["total"], parity
    ), length


def _why(place: int, byte: int) -> str:
    if byte & 0x7F in _ALLOWED[place]:
        return f"byte {byte:02X}h is one of a frame but for its 8th bit: 7 data bits with parity read as 8, or a disturbed line"
    wanted = "40h to 7Fh" if place < 2 else "digits, point or minus"
    wanted = f"{_FIXED[place]:02X}h" if place in _FIXED else wanted
    return f"byte {place + 1} of a frame is {byte:02X}h, expected {wanted}"


class DeviceDecoder:
    """Finds the readings in what the scale sent."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        buffer, at, messages = self._held + data, 0, list[Message]()
        skipped, why = 0, ""
        while at < len(buffer) and (found := _take(buffer, at)) is not None:
            message, size = found
            if isinstance(message, Garbage):
                skipped, why = skipped + size, why or message.why
            else:
                messages += _skipped(buffer[at - skipped : at], why)
                messages.append(message)
                skipped, why = 0, ""
            at += size
        messages += _skipped(buffer[at - skipped : at], why)
        self._held = buffer[at:]
        return messages

    def silence(self, char_times: float) -> list[Message]:
        return self._flush("frame broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("frame incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held = self._held, b""
        return _skipped(held, why)


def _skipped(raw: bytes, why: str) -> list[Message]:
    return [Garbage(raw, why)] if raw else []


class HostDecoder:
    """Finds the enquiries in what the till sent."""

    def feed(self, data: bytes) -> list[Message]:
        return [
            Enquiry() if byte == ENQ else Garbage(bytes((byte,)), f"byte {byte:02X}h, expected 05h") for byte in data
        ]

    def silence(self, char_times: float) -> list[Message]:
        return []

    def close(self) -> list[Message]:
        return []


_DECODERS: dict[Role, Callable[[], HostDecoder | DeviceDecoder]] = {Role.HOST: HostDecoder, Role.DEVICE: DeviceDecoder}


def decoder(sender: Role) -> HostDecoder | DeviceDecoder:
    """A decoder for the bytes of `sender`."""
    return _DECODERS[sender]()
