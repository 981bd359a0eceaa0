"""DART bytes to messages (protocols.md 4.1): frames end at an FAh that no 10h precedes."""

from __future__ import annotations

from protocols import bcd
from protocols.checks import crc16_arc
from protocols.contract import Garbage, Message, Role
from protocols.wire.dart.messages import (
    FIRST_ADDRESS,
    LAST_ADDRESS,
    Alarm,
    AllowedNozzles,
    Command,
    CommandCode,
    Control,
    ControlKind,
    Data,
    Filled,
    Identity,
    NozzlePrice,
    Parameters,
    PresetAmount,
    PresetVolume,
    Prices,
    PumpState,
    Remainder,
    RequestTotals,
    ResumeNozzle,
    Status,
    SuspendNozzle,
    Totals,
    Transaction,
    Unknown,
)

SF, DLE, ETX, DATA = 0xFA, 0x10, 0x03, 0x30

MAX_FRAME = 1024
"""Bytes on the wire; room for one transaction of 255 bytes that are all stuffed."""

SILENCE_CHARS = 50.0
"""A pump answers within 25 ms, 44 characters at 19200 baud 8O1: what paused longer is not continued.  Derived."""

_OVERLONG = f"no frame end within {MAX_FRAME} bytes"
_CONTROL = frozenset(ControlKind)
_COMMANDS = frozenset(CommandCode)
_STATES = frozenset(PumpState)


class DartDecoder:
    """Decodes what one side sent.  After noise it is in step again at the next frame end."""

    def __init__(self, sender: Role) -> None:
        self._sender = sender
        self._held = b""
        self._skipping = False
        self._last = 0

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`; an unfinished frame of at most MAX_FRAME bytes is held."""
        messages: list[Message] = []
        buffer = self._held + data
        start, search = 0, max(0, len(self._held) - 1)
        while (end := buffer.find(SF, search)) >= 0:
            search = end + 1
            before = buffer[end - 1] if end > start else self._last if self._skipping else 0
            if before == DLE:
                continue
            frame = buffer[start:search]
            if self._skipping or len(frame) > MAX_FRAME:
                messages.append(Garbage(frame, _OVERLONG))
            else:
                messages.append(read_frame(frame, self._sender))
            start, self._skipping = search, False
        rest = buffer[start:]
        if rest and (self._skipping or len(rest) > MAX_FRAME):
            messages.append(Garbage(rest, _OVERLONG))
            self._skipping, self._last, rest = True, rest[-1], b""
        self._held = rest
        return messages

    def silence(self, char_times: float) -> list[Message]:
        """A frame that stopped for SILENCE_CHARS or more is not going on."""
        return self._flush("frame broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("frame incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, why)] if held else []


def read_frame(frame: bytes, sender: Role) -> Message:
    """The message of one frame as it stood on the wire, its FA included; Garbage with the reason otherwise."""
    plain = frame[:-1].replace(bytes((DLE, SF)), bytes((SF,)))
    if len(plain) < 2:
        return Garbage(frame, "frame too short: expected address and control byte")
    address, ctrl = plain[0], plain[1]
    if not FIRST_ADDRESS <= address <= LAST_ADDRESS:
        return Garbage(frame, f"address {address:02X}h is not one of 50h-6Fh")
    kind, seq = ctrl & 0xF0, ctrl & 0x0F
    if len(plain) == 2:
        if kind in _CONTROL:
            return Control(address, ControlKind(kind), seq)
        return Garbage(frame, f"control byte {ctrl:02X}h is none of a control frame")
    if kind != DATA:
        return Garbage(frame, f"control byte {ctrl:02X}h is none of a data frame")
    if len(plain) < 5:
        return Garbage(frame, "data frame too short: expected CRC and 03h")
    if plain[-1] != ETX:
        return Garbage(frame, f"data frame ends in {plain[-1]:02X}h before FAh, expected 03h")
    body, crc = plain[:-3], int.from_bytes(plain[-3:-1], "little")
    if (expected := crc16_arc(body)) != crc:
        return Garbage(frame, f"CRC {crc:04X}h, expected {expected:04X}h")
    return Data(address, seq, split_transactions(body[2:], sender))


def split_transactions(body: bytes, sender: Role) -> tuple[Transaction, ...]:
    """`TRANS LNG payload` one after the other; what overruns the body stays raw."""
    found: list[Transaction] = []
    at = 0
    while at < len(body):
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            found.append(Remainder(body[at:]))
            break
        end = at + 2 + body[at + 1]
        found.append(read_transaction(body[at], body[at + 2 : end], sender))
        at = end
    return tuple(found)


def read_transaction(code: int, payload: bytes, sender: Role) -> Transaction:
    """One transaction by who sent it: the codes are shared by both directions."""
    known = _from_host(code, payload) if sender is Role.HOST else _from_device(code, payload)
    return Unknown(code, payload) if known is None else known


def _from_host(code: int, payload: bytes) -> Transaction | None:
    size = len(payload)
    if code == 0x01 and size == 1 and payload[0] in _COMMANDS:
        return Command(CommandCode(payload[0]))
    if code == 0x02:
        return AllowedNozzles(tuple(payload))
    if code in (0x03, 0x04) and size == 4:
        digits = _from_bcd(payload)
        if digits is None:
            return None
        return PresetVolume(digits) if code == 0x03 else PresetAmount(digits)
    if code == 0x05 and size and size % 3 == 0:
        prices = _bcd_fields(payload, 3)
        return None if prices is None else Prices(prices)
    if code in (0x0E, 0x0F, 0x65) and size == 1:
        if code == 0x65:
            return RequestTotals(payload[0])
        return SuspendNozzle(payload[0]) if code == 0x0E else ResumeNozzle(payload[0])
    return None


def _from_device(code: int, payload: bytes) -> Transaction | None:
    size = len(payload)
    if code == 0x01 and size == 1 and payload[0] in _STATES:
        return Status(PumpState(payload[0]))
    if code == 0x02 and size == 8:
        fields = _bcd_fields(payload, 4)
        return None if fields is None else Filled(*fields)
    if code == 0x03 and size == 4:
        price = _from_bcd(payload[:3])
        if price is None:
            return None
        return NozzlePrice(price, payload[3] & 0x0F, bool(payload[3] & 0x10), payload[3] & 0xE0)
    if code == 0x05 and size == 1:
        return Alarm(payload[0])
    if code == 0x07:
        return Parameters(payload)
    if code == 0x09:
        return Identity(payload)
    if code == 0x65 and size == 16:
        counters = _bcd_fields(payload[1:], 5)
        return None if counters is None else Totals(payload[0], (counters[0], counters[1], counters[2]))
    return None


def _bcd_fields(payload: bytes, size: int) -> tuple[int, ...] | None:
    fields = [_from_bcd(payload[at : at + size]) for at in range(0, len(payload), size)]
    known = tuple(value for value in fields if value is not None)
    return known if len(known) == len(fields) else None


def _from_bcd(raw: bytes) -> int | None:
    """The number of packed BCD digits, most significant first; None when a nibble is no digit."""
    digits = bcd.digits(raw)
    return None if digits is None else int(digits)
