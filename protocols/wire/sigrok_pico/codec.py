"""Encoding and decoding of the sigrok-pico dialogue (protocols.md 6.1b).

The letters of an identity are also run bytes.  They are told apart by the comma, which is no data byte: a stretch
ending in `SRPICO` is held until the next byte shows what it is, 17 bytes at the most.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.sigrok_pico.messages import (
    Abort,
    Aborted,
    Ack,
    EnableAnalog,
    EnableDigital,
    End,
    Identify,
    Identity,
    Reset,
    RunContinuous,
    RunFixed,
    SampleLimit,
    SampleRate,
    Samples,
)

MAX_COMMAND = 15
"""Characters of a command before its line end: the firmware's buffer."""

MAX_HELD = 20
"""Bytes a decoder may hold: an unfinished identity (17), command or count."""

_UNENDED = "command without its line end"
_OVERLONG = f"command longer than {MAX_COMMAND} characters"
_FIRST_DATA = 0x30
_NAME = b"SRPICO"
_COUNT_DIGITS = 18

_RUN = re.compile(rb"[\x30-\xff]+")
_IDENTITY = re.compile(rb"SRPICO,A([0-9]{2})([0-9])D([0-9]{2}),([0-9]{2})")
_IDENTITY_SHAPE = "SRPICO,AnnnDnn,nn"
_COUNT = re.compile(rb"\$(0|[1-9][0-9]{0,17})?")
_COMMAND = re.compile(rb"([AD])([01])(0|[1-9][0-9]?)|([LR])(0|[1-9][0-9]{0,13})|([iFC])")
_LINE_END = re.compile(rb"[*+\n]")


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when a field does not fit."""
    return _encode_host(message) if sender is Role.HOST else _encode_device(message)


def _encode_host(message: Message) -> bytes:
    match message:
        case Reset():
            return b"*"
        case Abort():
            return b"+"
        case Identify():
            return b"i\n"
        case RunFixed():
            return b"F\n"
        case RunContinuous():
            return b"C\n"
        case EnableAnalog(channel, on):
            return f"A{int(on)}{_within(channel, 99, 'analog channel')}\n".encode()
        case EnableDigital(channel, on):
            return f"D{int(on)}{_within(channel, 99, 'digital channel')}\n".encode()
        case SampleLimit(samples):
            return f"L{_within(samples, 10**14 - 1, 'sample limit')}\n".encode()
        case SampleRate(hz):
            return f"R{_within(hz, 10**14 - 1, 'sample rate in Hz')}\n".encode()
    raise ProtocolError(f"sigrok-pico: expected a message of the host, got {type(message).__name__}")


def _encode_device(message: Message) -> bytes:
    match message:
        case Ack():
            return b"*"
        case Samples(raw):
            if not raw or min(raw) < _FIRST_DATA:
                raise ProtocolError("sigrok-pico Samples: expected one or more bytes 30h-FFh, got none or a lower one")
            return raw
        case End(count):
            return b"$%d+" % _within(count, 10**_COUNT_DIGITS - 1, "count of data bytes")
        case Aborted(code):
            if not 0 <= code < _FIRST_DATA or code in b"$*":
                raise ProtocolError(f"sigrok-pico Aborted: expected a byte below 30h but not $ or *, got {code:#x}")
            return bytes((code,))
        case Identity(analog, size, digital, version):
            _within(analog, 99, "analog channels")
            _within(size, 9, "bytes per analog sample")
            _within(digital, 99, "digital channels")
            _within(version, 99, "protocol version")
            return f"SRPICO,A{analog:02d}{size:d}D{digital:02d},{version:02d}".encode()
    raise ProtocolError(f"sigrok-pico: expected a message of the device, got {type(message).__name__}")


def _within(value: int, most: int, what: str) -> int:
    if not 0 <= value <= most:
        raise ProtocolError(f"sigrok-pico {what}: expected 0 to {most}, got {value}")
    return value


class DeviceDecoder:
    """Decodes what the analyser sent.  Line silence means nothing on USB."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages in `data`; at most MAX_HELD bytes that may begin an identity or an end are held back."""
        messages, self._held = _scan(self._held + data, final=False)
        return messages

    def silence(self, char_times: float) -> list[Message]:
        return []

    def close(self) -> list[Message]:
        """What was held comes out as what it is without its continuation."""
        messages, self._held = _scan(self._held, final=True)
        return messages


def _scan(buffer: bytes, *, final: bool) -> tuple[list[Message], bytes]:
    messages: list[Message] = []
    at = 0
    while at < len(buffer):
        byte = buffer[at]
        if byte >= _FIRST_DATA:
            run = _RUN.match(buffer, at)
            assert run is not None
            end, start = run.end(), _identity_start(buffer, at, run.end())
            identity = _IDENTITY.match(buffer, start)
            held = not final and identity is None and start < len(buffer) and _may_become_identity(buffer[start:])
            upto = start if identity or held else end
            if upto > at:
                messages.append(Samples(buffer[at:upto]))
            if held:
                return messages, buffer[start:]
            if identity:
                messages.append(Identity(*(int(group) for group in identity.groups())))
            at = identity.end() if identity else end
        elif byte == ord("$"):
            count = _COUNT.match(buffer, at)
            assert count is not None
            at = count.end()
            if at == len(buffer) and not final:
                return messages, count.group()
            if count[1] is not None and buffer[at : at + 1] == b"+":
                messages.append(End(int(count[1])))
                at += 1
            else:
                messages.append(Garbage(count.group(), "'$' without a decimal count and '+'"))
        else:
            messages.append(Ack() if byte == ord("*") else Aborted(byte))
            at += 1
    return messages, b""


def _identity_start(buffer: bytes, at: int, end: int) -> int:
    """Where an identity may begin in the data bytes [at, end); len(buffer) when it cannot."""
    if end < len(buffer):
        found = buffer.startswith(_NAME + b",", max(at, end - len(_NAME)))
        return end - len(_NAME) if found else len(buffer)
    for size in range(min(len(_NAME), end - at), 0, -1):
        if buffer.startswith(_NAME[:size], end - size):
            return end - size
    return len(buffer)


def _may_become_identity(rest: bytes) -> bool:
    if len(rest) >= len(_IDENTITY_SHAPE):
        return False
    shape = zip(rest, _IDENTITY_SHAPE, strict=False)
    return all(0x30 <= byte <= 0x39 if wanted == "n" else byte == ord(wanted) for byte, wanted in shape)


class HostDecoder:
    """Decodes what the host sent: `*` and `+` count at once, even inside a line; the rest are lines."""

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        """Messages in `data`; at most one unfinished command of MAX_COMMAND characters is held."""
        messages: list[Message] = []
        buffer = self._held + data
        at = 0
        for end in _LINE_END.finditer(buffer):
            line, at = buffer[at : end.start()], end.end()
            if end.group() == b"\n":
                messages.append(self._line(line))
            else:
                if line:
                    messages.append(Garbage(line, _UNENDED if len(line) <= MAX_COMMAND else _OVERLONG))
                messages.append(Reset() if end.group() == b"*" else Abort())
            self._skipping = False
        rest = buffer[at:]
        if rest and (self._skipping or len(rest) > MAX_COMMAND):
            messages.append(Garbage(rest, _OVERLONG))
            self._skipping, rest = True, b""
        self._held = rest
        return messages

    def silence(self, char_times: float) -> list[Message]:
        return []

    def close(self) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, _UNENDED)] if held else []

    def _line(self, line: bytes) -> Message:
        if self._skipping or len(line) > MAX_COMMAND:
            return Garbage(line + b"\n", _OVERLONG)
        command = _COMMAND.fullmatch(line)
        if command is None:
            return Garbage(line + b"\n", "no command of this protocol")
        enable, on, channel, number, value, bare = command.groups()
        if enable:
            kind = EnableAnalog if enable == b"A" else EnableDigital
            return kind(int(channel), on == b"1")
        if number:
            return SampleLimit(int(value)) if number == b"L" else SampleRate(int(value))
        return {b"i": Identify, b"F": RunFixed, b"C": RunContinuous}[bare]()


def decoder(sender: Role) -> HostDecoder | DeviceDecoder:
    """A decoder for the bytes of `sender`."""
    return HostDecoder() if sender is Role.HOST else DeviceDecoder()
