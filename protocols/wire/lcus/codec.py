"""LCUS relay frames (protocols.md 6.6): `A0 channel state sum`, query FFh, report lines."""

from __future__ import annotations

import re

from protocols.checks import sum8
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.lines import LineDecoder
from protocols.wire.lcus.messages import Query, Report, Switch

CHANNELS = 8
MAX_LINE = 16
_HEAD, _QUERY, _FRAME = 0xA0, 0xFF, 4
_REPORT = re.compile(rb"CH([1-8]): (ON|OFF)\r\n")


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when a field does not fit."""
    if isinstance(message, Switch) and sender is Role.HOST:
        body = bytes((_HEAD, _channel(message.channel), int(message.on)))
        return body + bytes((sum8(body),))
    if isinstance(message, Query) and sender is Role.HOST:
        return bytes((_QUERY,))
    if isinstance(message, Report) and sender is Role.DEVICE:
        return f"CH{_channel(message.channel)}: {'ON' if message.on else 'OFF'}\r\n".encode()
    raise ProtocolError(f"LCUS: expected Switch or Query of the host or Report of the board, got {message} of {sender}")


def _channel(value: int) -> int:
    if not 1 <= value <= CHANNELS:
        raise ProtocolError(f"LCUS channel: expected 1 to {CHANNELS}, got {value}")
    return value


class HostDecoder:
    """Decodes what the computer sent.  A frame that does not add up costs one byte, and the search goes on."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        buffer = self._held + data
        at = 0
        while at < len(buffer):
            if buffer[at] == _HEAD and at + _FRAME > len(buffer):
                break
            message, size = _read(buffer[at : at + _FRAME])
            messages.append(message)
            at += size
        self._held = buffer[at:]
        return messages

    def silence(self, char_times: float) -> list[Message]:
        """The board's time-out inside a frame is unknown, so silence ends nothing."""
        return []

    def close(self) -> list[Message]:
        held, self._held = self._held, b""
        return [Garbage(held, "frame incomplete at the end of the stream")] if held else []


def _read(frame: bytes) -> tuple[Message, int]:
    if frame[0] == _QUERY:
        return Query(), 1
    if frame[0] != _HEAD:
        return Garbage(frame[:1], f"byte {frame[0]:02X}h, expected A0h or FFh"), 1
    if sum8(frame[:3]) != frame[3]:
        return Garbage(frame[:1], f"frame sum {frame[3]:02X}h, expected {sum8(frame[:3]):02X}h"), 1
    if not 1 <= frame[1] <= CHANNELS or frame[2] > 1:
        return Garbage(
            frame[:1], f"channel {frame[1]} state {frame[2]}, expected channel 1-{CHANNELS} and state 0 or 1"
        ), 1
    return Switch(frame[1], bool(frame[2])), _FRAME


def _read_report(line: bytes) -> Message:
    report = _REPORT.fullmatch(line)
    return Report(int(report[1]), report[2] == b"ON") if report else Garbage(line, "no report line")


def decoder(sender: Role) -> HostDecoder | LineDecoder:
    """A decoder for the bytes of `sender`."""
    return HostDecoder() if sender is Role.HOST else LineDecoder(_read_report, MAX_LINE)
