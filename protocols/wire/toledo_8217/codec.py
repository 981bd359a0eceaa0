"""Bytes of Toledo 8217 and 8213 (protocols.md 3.3): single letters of the host, answers from 02h to CR.

Echo mode is context: from `E` to `F` the host's letters are text, and what the scale sends outside of a frame after
`02 E 0D` is that text coming back.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.framing import Enveloped
from protocols.lines import SILENCE_CHARS
from protocols.wire.toledo_8217.messages import (
    Command,
    DigitalTare,
    EchoAnswer,
    EchoRequest,
    Flag,
    Request,
    SelfTestStarted,
    Status,
    Weight,
)

STX, CR = 0x02, 0x0D
LONGEST = 32
ECHO_ON = bytes((STX, ord("E"), CR))
_TARE_DIGITS = 5
_FIELD = re.compile(rb"([ 0-9][0-9]\.[0-9]{2,4})(N?)")
_TARE = re.compile(rb"T([0-9]{0,5})")
_LETTERS = frozenset(Command)


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when a field does not fit."""
    match message, sender:
        case Request(command), Role.HOST if command in _LETTERS:
            return command.encode("ascii")
        case DigitalTare(digits), Role.HOST:
            if re.fullmatch("[0-9]{5}", digits) is None:
                raise ProtocolError(f"8217 digital tare: expected five digits, got {digits!r}")
            return b"T" + digits.encode("ascii")
        case EchoRequest(raw), Role.HOST if raw:
            return raw
        case EchoAnswer(raw), Role.DEVICE if raw:
            return raw
        case SelfTestStarted(), Role.DEVICE:
            return bytes((STX, CR))
        case Status(flags), Role.DEVICE:
            if not Flag.FIXED <= flags <= 0x7F:
                raise ProtocolError(f"8217 status: expected bit 6 set and 7 bits, got {int(flags):02X}h")
            return bytes((STX, ord("?"), int(flags), CR))
        case Weight(field, net), Role.DEVICE:
            text = field.encode("ascii", "replace")
            if _FIELD.fullmatch(text) is None:
                raise ProtocolError(f"8217 weight: expected a field such as '01.234' or '01.23', got {field!r}")
            return bytes((STX,)) + text + b"N" * net + bytes((CR,))
    raise ProtocolError(f"8217: expected a command of the host or an answer of the scale, got {message} of {sender}")


def read_answer(frame: bytes) -> Message:
    """What one answer says, 02h and CR included."""
    body = frame[1:-1]
    if found := _FIELD.fullmatch(body):
        return Weight(found[1].decode("ascii"), found[2] == b"N")
    if not body:
        return SelfTestStarted()
    if frame == ECHO_ON:
        return EchoAnswer(frame)
    if body[:1] != b"?":
        return Garbage(frame, fault(body))
    if len(body) != 2:
        return Garbage(frame, f"{len(body) - 1} status bytes, expected 1")
    if not Flag.FIXED <= body[1] <= 0x7F:
        return Garbage(frame, f"status byte {body[1]:02X}h, expected bit 6 set and bit 7 not")
    return Status(Flag(body[1]))


class DeviceDecoder:
    """Decodes what the scale sent."""

    def __init__(self) -> None:
        self._frames = Enveloped(STX, CR, LONGEST, read_answer)
        self._echoing = False

    def feed(self, data: bytes) -> list[Message]:
        return [self._in_context(message) for message in self._frames.feed(data)]

    def _in_context(self, message: Message) -> Message:
        if self._echoing and isinstance(message, Garbage) and message.why == self._frames.outside:
            return EchoAnswer(message.raw)
        self._echoing = isinstance(message, EchoAnswer)
        return message

    def silence(self, char_times: float) -> list[Message]:
        return self._frames.silence(char_times)

    def close(self) -> list[Message]:
        self._echoing = False
        return self._frames.close()


class HostDecoder:
    """Decodes what the host sent.  `T` waits for what follows: alone it tares, with five digits it sets the tare."""

    def __init__(self) -> None:
        self._held = b""
        self._echoing = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`; `T` and up to four digits are held."""
        messages: list[Message] = []
        buffer, at = self._held + data, 0
        while at < len(buffer):
            used = self._echo(buffer, at, messages) if self._echoing else self._command(buffer, at, messages)
            if not used:
                break
            at += used
        self._held = buffer[at:]
        return messages

    def _echo(self, buffer: bytes, at: int, messages: list[Message]) -> int:
        end = buffer.find(b"F", at) + 1
        self._echoing = end == 0
        raw = buffer[at : end or len(buffer)]
        messages.append(EchoRequest(raw))
        return len(raw)

    def _command(self, buffer: bytes, at: int, messages: list[Message]) -> int:
        letter = chr(buffer[at])
        if tare := _TARE.match(buffer, at):
            if tare.end() == len(buffer) and len(tare[1]) < _TARE_DIGITS:
                return 0
            messages.append(_tare(tare[0]))
            return len(tare[0])
        if letter == "E":
            self._echoing = True
            messages.append(EchoRequest(b"E"))
        elif letter in _LETTERS:
            messages.append(Request(Command(letter)))
        else:
            messages.append(Garbage(buffer[at : at + 1], f"byte {buffer[at]:02X}h is no command"))
        return 1

    def silence(self, char_times: float) -> list[Message]:
        """A host waits 200 ms between commands: after a silence `T` stands alone."""
        return self._flush() if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        messages = self._flush()
        self._echoing = False
        return messages

    def _flush(self) -> list[Message]:
        held, self._held = self._held, b""
        return [_tare(held)] if held else []


def _tare(raw: bytes) -> Message:
    digits = raw[1:].decode("ascii")
    if not digits:
        return Request(Command.TARE)
    if len(digits) < _TARE_DIGITS:
        return Garbage(raw, f"digital tare of {len(digits)} digits, expected {_TARE_DIGITS}")
    return DigitalTare(digits)


def decoder(sender: Role) -> HostDecoder | DeviceDecoder:
    """A decoder for the bytes of `sender`."""
    return HostDecoder() if sender is Role.HOST else DeviceDecoder()
