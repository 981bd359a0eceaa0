"""Frames from 02h to 03h with two check nibbles: continuous mode tF=0 and command mode (protocols.md 3.10)."""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.checks import xor8
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.framing import Enveloped
from protocols.lines import Deaf
from protocols.wire.yaohua.messages import Answer, Command, Number, Ready, Refusal, Request, Spelling, Weight

STX, ETX = 0x02, 0x03
LONGEST = 40
"""Room for a frame of 14 bytes whose six digits came in three bytes each."""

MOST_DECIMALS = 4
"""The place of the point is 0 to 4 in every manual of the family."""

_FIGURE = re.compile(rb"([+-])([0-9]{6})([0-4])")
_WRONG = b"\x04"
_NUMBER_DIGITS = {Command.PRICE_OR_VEHICLE: 5, Command.AMOUNT_OR_CARGO: 3}


def check_nibbles(body: bytes, spelling: Spelling = Spelling.MANUAL) -> bytes:
    """The exclusive or of `body` as two characters, high nibble first."""
    value = xor8(body)
    if spelling is Spelling.RAW_CHECK:
        return bytes((0x30 + (value >> 4), 0x30 + (value & 15)))
    return b"%02X" % value


def spelled(body: bytes, nibbles: bytes) -> Spelling | None:
    """How the check of `body` is spelled in `nibbles`; None where it is wrong."""
    if nibbles == check_nibbles(body):
        return Spelling.MANUAL
    return Spelling.RAW_CHECK if nibbles == check_nibbles(body, Spelling.RAW_CHECK) else None


def checked(frame: bytes) -> tuple[bytes, Spelling] | Garbage:
    """Body and spelling of a frame from 02h to 03h, or what is wrong with it."""
    body, nibbles = frame[1:-3], frame[-3:-1]
    if not body:
        return Garbage(frame, "frame too short for a check")
    spelling = spelled(body, nibbles)
    if spelling is None:
        return Garbage(
            frame, f"check {ascii(nibbles)[1:]}, expected {ascii(check_nibbles(body))[1:]} in {_shown(body)}"
        )
    return body, spelling


def _shown(body: bytes) -> str:
    return fault(body) if any(byte > 0x7F for byte in body) else ascii(body)[1:]


def read_figure(field: bytes) -> tuple[str, int, bool] | str:
    """Digits, decimals and whether negative, from sign, six digits and place of the point; else what is wrong."""
    if found := _FIGURE.fullmatch(field):
        return found[2].decode("ascii"), found[3][0] - 0x30, found[1] == b"-"
    if re.fullmatch(rb"[+-][0-9]{6}[^0-4]", field, re.DOTALL):
        return (
            f"decimal point in a wrong place: {ascii(field[-1:])[1:]} digits right of it, expected 0 to {MOST_DECIMALS}"
        )
    return fault(field)


def read_continuous(frame: bytes) -> Message:
    """The weight of one frame of continuous mode, 12 bytes."""
    parts = checked(frame)
    if isinstance(parts, Garbage):
        return parts
    body, spelling = parts
    figure = read_figure(body)
    return Garbage(frame, figure) if isinstance(figure, str) else Weight(*figure, spelling=spelling)


def _head(body: bytes) -> tuple[str, Command] | str:
    if not 0x41 <= body[0] <= 0x5A:
        return f"address {body[0]:02X}h is none of A to Z"
    if len(body) < 2 or not 0x41 <= body[1] <= 0x46:
        return f"command {ascii(body[1:2])[1:]} is none of A to F"
    return chr(body[0]), Command(chr(body[1]))


def read_request(frame: bytes) -> Message:
    """One request of the host, 6 bytes.  Only the manual's spelling of the check: no other host is known."""
    parts = checked(frame)
    if isinstance(parts, Garbage):
        return parts
    body, spelling = parts
    head = _head(body)
    if isinstance(head, str):
        return Garbage(frame, head)
    if len(body) > 2 or spelling is not Spelling.MANUAL:
        return Garbage(frame, f"{len(frame)} bytes, expected a request of 6")
    return Request(*head)


def read_answer(frame: bytes) -> Message:
    """One answer of an indicator: 6, 9, 11 or 14 bytes."""
    parts = checked(frame)
    if isinstance(parts, Garbage):
        return parts
    body, spelling = parts
    if body[1:] == _WRONG and body[:1].isalpha() and body[:1].isupper():
        return (
            Refusal(chr(body[0]))
            if spelling is Spelling.MANUAL
            else Garbage(frame, "check of a refusal not as in the manual")
        )
    head = _head(body)
    if isinstance(head, str):
        return Garbage(frame, head)
    (address, command), payload = head, body[2:]
    if command is Command.HANDSHAKE:
        plain = not payload and spelling is Spelling.MANUAL
        return Ready(address) if plain else Garbage(frame, "handshake with data, expected none")
    if payload.isdigit() and len(payload) == _NUMBER_DIGITS.get(command):
        return Number(address, command, payload.decode("ascii"), spelling)
    figure = read_figure(payload)
    return Garbage(frame, figure) if isinstance(figure, str) else Answer(address, command, *figure, spelling)


def _framed(body: bytes, spelling: Spelling) -> bytes:
    return bytes((STX,)) + body + check_nibbles(body, spelling) + bytes((ETX,))


def _wire(message: Message, sender: Role) -> bytes | None:
    match message, sender:
        case Weight(digits, decimals, negative, None, "", spelling), Role.DEVICE:
            return _framed(_figure(digits, decimals, negative), spelling)
        case Request(address, command), Role.HOST:
            return _framed(f"{address}{command}".encode("ascii", "replace"), Spelling.MANUAL)
        case Ready(address), Role.DEVICE:
            return _framed(f"{address}A".encode("ascii", "replace"), Spelling.MANUAL)
        case Refusal(address), Role.DEVICE:
            return _framed(address.encode("ascii", "replace") + _WRONG, Spelling.MANUAL)
        case Answer(address, command, digits, decimals, negative, spelling), Role.DEVICE:
            head = f"{address}{command}".encode("ascii", "replace")
            return _framed(head + _figure(digits, decimals, negative), spelling)
        case Number(address, command, digits, spelling), Role.DEVICE:
            return _framed(f"{address}{command}{digits}".encode("ascii", "replace"), spelling)
    return None


def _figure(digits: str, decimals: int, negative: bool) -> bytes:
    return f"{'-' if negative else '+'}{digits}{decimals}".encode("ascii", "replace")


def _encoder(name: str, said: str, readers: dict[Role, Callable[[bytes], Message]]) -> Callable[[Message, Role], bytes]:
    def encode(message: Message, sender: Role) -> bytes:
        wire = _wire(message, sender)
        reader = readers.get(sender)
        if wire is None or reader is None:
            raise ProtocolError(f"{name}: expected {said}, got {message} of {sender}")
        if (read := reader(wire)) != message:
            why = read.why if isinstance(read, Garbage) else "another message has the same bytes"
            raise ProtocolError(f"{name}: {message} cannot be sent: {why}")
        return wire

    return encode


encode_continuous = _encoder("Yaohua continuous", "a Weight of the indicator", {Role.DEVICE: read_continuous})
encode_command = _encoder(
    "Yaohua command mode",
    "a Request of the host or an answer of the indicator",
    {Role.HOST: read_request, Role.DEVICE: read_answer},
)


def continuous_decoder(sender: Role) -> Enveloped | Deaf:
    """A decoder for continuous mode; the host says nothing there."""
    if sender is Role.HOST:
        return Deaf("a Yaohua indicator in continuous mode takes no commands")
    return Enveloped(STX, ETX, LONGEST, read_continuous)


def command_decoder(sender: Role) -> Enveloped:
    """A decoder for command mode, either side."""
    return Enveloped(STX, ETX, LONGEST, read_request if sender is Role.HOST else read_answer)
