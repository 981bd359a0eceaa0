"""Encoding and decoding of the SUMP dialogue (protocols.md 6.1).

Nothing in the device's bytes says what they are: an identity, metadata or samples.  Only the command that came before
does, so the device's decoder is told by `asked` what the host sent; without it every byte is a sample.
"""

from __future__ import annotations

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.sump.messages import (
    Counts,
    DelayCount,
    Divider,
    Finish,
    Flags,
    Identify,
    Identity,
    Metadata,
    Pause,
    QueryMetadata,
    ReadCount,
    Reset,
    Resume,
    Run,
    Samples,
    TriggerConfig,
    TriggerMask,
    TriggerValue,
)

IDENTITY_BYTES = 4
MAX_METADATA = 1024
"""Bytes of metadata a decoder may hold: a board sends less than 100."""

_SHORT: dict[int, Message] = {
    0x00: Reset(), 0x01: Run(), 0x02: Identify(), 0x04: QueryMetadata(), 0x05: Finish(), 0x11: Resume(), 0x13: Pause(),
}  # fmt: skip
_SHORT_CODE = {type(message): code for code, message in _SHORT.items()}
_LONG_BYTES = 5
_TRIGGERS = (TriggerMask, TriggerValue, TriggerConfig)
STAGES = 4


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when a field does not fit."""
    return _encode_host(message) if sender is Role.HOST else _encode_device(message)


def _encode_host(message: Message) -> bytes:
    if type(message) in _SHORT_CODE:
        return bytes((_SHORT_CODE[type(message)],))
    match message:
        case Divider(divider):
            return _long(0x80, _within(divider, 24, "divider"))
        case Counts(read, delay):
            return _long(0x81, _quads(read, 16, "read count") | _quads(delay, 16, "delay count") << 16)
        case Flags(bits):
            return _long(0x82, _within(bits, 32, "flags"))
        case DelayCount(delay):
            return _long(0x83, _quads(delay, 32, "delay count"))
        case ReadCount(read):
            return _long(0x84, _quads(read, 32, "read count"))
        case TriggerMask(stage, bits) | TriggerValue(stage, bits) | TriggerConfig(stage, bits):
            if not 0 <= stage < STAGES:
                raise ProtocolError(f"SUMP trigger stage: expected 0 to {STAGES - 1}, got {stage}")
            return _long(0xC0 + 4 * stage + _TRIGGERS.index(type(message)), _within(bits, 32, "trigger register"))
    raise ProtocolError(f"SUMP: expected a message of the host, got {type(message).__name__}")


def _encode_device(message: Message) -> bytes:
    match message:
        case Samples(raw):
            if not raw:
                raise ProtocolError("SUMP Samples: expected one or more bytes, got none")
            return raw
        case Identity(code):
            if len(code) != IDENTITY_BYTES:
                raise ProtocolError(f"SUMP identity: expected {IDENTITY_BYTES} bytes, got {code!r}")
            return code
        case Metadata(items):
            return b"".join(_token(key, value) for key, value in items) + b"\0"
    raise ProtocolError(f"SUMP: expected a message of the device, got {type(message).__name__}")


def _token(key: int, value: bytes | int) -> bytes:
    size = _value_bytes(key)
    if size is None:
        raise ProtocolError(f"SUMP metadata key: expected 01h-5Fh, got {key:#x}")
    if size == 0:
        if not isinstance(value, bytes) or b"\0" in value:
            raise ProtocolError(f"SUMP metadata {key:#04x}: expected text without NUL, got {value!r}")
        return bytes((key,)) + value + b"\0"
    if not isinstance(value, int):
        raise ProtocolError(f"SUMP metadata {key:#04x}: expected a number, got {value!r}")
    return bytes((key,)) + _within(value, 8 * size, f"metadata {key:#04x}").to_bytes(size, "big")


def _value_bytes(key: int) -> int | None:
    """Bytes of the value of `key` by the top three bits of the key: 0 = text up to a NUL, None = no such type."""
    return {0: 0, 1: 4, 2: 1}.get(key >> 5) if 0 < key < 0x60 else None


def _long(code: int, value: int) -> bytes:
    return bytes((code,)) + value.to_bytes(4, "little")


def _within(value: int, bits: int, what: str) -> int:
    if not 0 <= value < 1 << bits:
        raise ProtocolError(f"SUMP {what}: expected 0 to {(1 << bits) - 1}, got {value}")
    return value


def _quads(samples: int, bits: int, what: str) -> int:
    if samples % 4 or not 4 <= samples <= 4 << bits:
        raise ProtocolError(f"SUMP {what}: expected a multiple of 4 from 4 to {4 << bits}, got {samples}")
    return samples // 4 - 1


class HostDecoder:
    """Decodes what the host sent: one byte, or five from 80h on."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages in `data`; at most one unfinished long command is held."""
        buffer = self._held + data
        messages: list[Message] = []
        at = 0
        while at < len(buffer):
            code = buffer[at]
            if code < 0x80:
                known = _SHORT.get(code)
                messages.append(known if known is not None else Garbage(buffer[at : at + 1], "no command of SUMP"))
                at += 1
            elif len(buffer) - at < _LONG_BYTES:
                break
            else:
                messages.append(_read_long(buffer[at : at + _LONG_BYTES]))
                at += _LONG_BYTES
        self._held = buffer[at:]
        return messages

    def silence(self, char_times: float) -> list[Message]:
        """The device waits for the rest of a long command for ever: silence ends nothing."""
        return []

    def close(self) -> list[Message]:
        held, self._held = self._held, b""
        return [Garbage(held, "long command cut before its four bytes")] if held else []


def _read_long(raw: bytes) -> Message:
    code, value = raw[0], int.from_bytes(raw[1:], "little")
    if code == 0x80 and value < 1 << 24:
        return Divider(value)
    if code == 0x81:
        return Counts(4 * ((value & 0xFFFF) + 1), 4 * ((value >> 16) + 1))
    if code == 0x82:
        return Flags(value)
    if code == 0x83:
        return DelayCount(4 * (value + 1))
    if code == 0x84:
        return ReadCount(4 * (value + 1))
    if code & 0xF0 == 0xC0 and code & 3 < len(_TRIGGERS):
        return _TRIGGERS[code & 3](code >> 2 & 3, value)
    return Garbage(raw, "no long command of SUMP" if code != 0x80 else "divider wider than 24 bits")


class DeviceDecoder:
    """Decodes what the analyser sent; `asked` is told every command of the host, in the order of the wire."""

    def __init__(self) -> None:
        self._awaits: type[Message] = Samples
        self._held = b""

    def asked(self, command: Message) -> list[Message]:
        """What the device sends from here on answers `command`; an answer cut by it comes out as Garbage."""
        if isinstance(command, Reset | Run | Identify | QueryMetadata):
            cut = self._cut("answer cut by the next command")
            self._awaits = {Identify: Identity, QueryMetadata: Metadata}.get(type(command), Samples)
            return cut
        return []

    def feed(self, data: bytes) -> list[Message]:
        """Messages in `data`; at most an unfinished identity or MAX_METADATA bytes of metadata are held."""
        messages: list[Message] = []
        buffer, self._held = self._held + data, b""
        if self._awaits is Identity:
            if len(buffer) < IDENTITY_BYTES:
                self._held = buffer
                return []
            messages.append(Identity(buffer[:IDENTITY_BYTES]))
            buffer = buffer[IDENTITY_BYTES:]
            self._awaits = Samples
        elif self._awaits is Metadata:
            message, size = _read_metadata(buffer)
            if message is None:
                self._held = buffer
                return []
            messages.append(message)
            buffer = buffer[size:]
            self._awaits = Samples
        if buffer:
            messages.append(Samples(buffer))
        return messages

    def silence(self, char_times: float) -> list[Message]:
        """An answer that stopped in the middle: some boards never send the closing 00 of their metadata."""
        return self._cut("answer without its end") if char_times > 0 else []

    def close(self) -> list[Message]:
        return self._cut("answer without its end")

    def _cut(self, why: str) -> list[Message]:
        held, self._held, self._awaits = self._held, b"", Samples
        return [Garbage(held, why)] if held else []


def _read_metadata(buffer: bytes) -> tuple[Message | None, int]:
    """The metadata at the start of `buffer` and their bytes; None while the closing 00 has not come."""
    items: list[tuple[int, bytes | int]] = []
    at = 0
    while at < len(buffer):
        key = buffer[at]
        if key == 0:
            return Metadata(tuple(items)), at + 1
        size = _value_bytes(key)
        if size is None:
            return Garbage(buffer[: at + 1], f"metadata key {key:#04x} of unknown type"), at + 1
        end = buffer.find(b"\0", at + 1) if size == 0 else at + 1 + size
        if end < 0 or end > len(buffer):
            break
        items.append((key, buffer[at + 1 : end] if size == 0 else int.from_bytes(buffer[at + 1 : end], "big")))
        at = end + 1 if size == 0 else end
    if len(buffer) >= MAX_METADATA:
        return Garbage(buffer[:MAX_METADATA], f"metadata longer than {MAX_METADATA} bytes"), MAX_METADATA
    return None, 0


def decoder(sender: Role) -> HostDecoder | DeviceDecoder:
    """A decoder for the bytes of `sender`."""
    return HostDecoder() if sender is Role.HOST else DeviceDecoder()
