"""AZT 2.0 frames (protocols.md 4.3): `7F STX payload 03 03 CRC`, each byte of the payload followed by itself xor 7F.

Strict: a wrong complement, a wrong CRC, a channel that its address does not name or a character that is not printable is
Garbage with its reason, never repaired.  After a fault the next 7F is looked at; the payload holds none.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.checks import azt_crc
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.azt.messages import (
    DOSE_AMOUNT,
    DOSE_VOLUME,
    SET_PRICE,
    Answer,
    Ask,
    DoseAmount,
    DoseVolume,
    Query,
    Request,
    SetPrice,
    Short,
    Verdict,
    Widths,
)

START, END, COMPLEMENT = 0x7F, 0x03, 0x7F
FIRST_STX, BLOCKS = 0x02, range(0x07, 0x15)  # channels 1-15; blocks of 15 above
BLOCK, ADDRESS, FIRST_COMMAND = 15, 0x20, 0x30
MOST_DATA = 64
"""Characters after the command; the longest documented answer has two totals fields.  Derived, as a bound."""
MAX_FRAME = 2 + 2 * (2 + MOST_DATA) + 3
SILENCE_CHARS = 21.8
"""The byte timeout of 50 ms in characters of 11 bits at 4800 baud."""

_QUERIES = frozenset(Query)
_VERDICTS = frozenset(Verdict)


def encoder(widths: Widths) -> Callable[[Message, Role], bytes]:
    """`encode` for fields of these widths."""

    def encode(message: Message, sender: Role) -> bytes:
        if sender is Role.DEVICE:
            return _answer(message)
        channel, text = _request(message, widths)
        stx, address = (FIRST_STX, "") if channel is None else _address(channel)
        wire = _frame(stx, (address + text).encode("ascii", "replace"))
        if read_request(wire, widths) != message:
            raise ProtocolError(
                f"AZT: expected a request whose fields keep to their form, got {message}; Request is for others"
            )
        return wire

    return encode


def _request(message: Message, widths: Widths) -> tuple[int | None, str]:
    match message:
        case Ask(channel, what):
            return channel, what.value
        case SetPrice(channel, price):
            return channel, SET_PRICE + _digits(price, widths.price, "price")
        case DoseVolume(channel, volume, full):
            return channel, f"{DOSE_VOLUME}{_digits(volume, widths.volume, 'dose')}{int(full)}"
        case DoseAmount(channel, amount):
            return channel, DOSE_AMOUNT + _digits(amount, widths.dose_amount, "amount dose")
        case Request(channel, command, data):
            if len(command) != 1 or command < chr(FIRST_COMMAND) or not _plain(command + data):
                raise ProtocolError(f"AZT: expected a command from 30h on and printable data, got {message}")
            _fits(data)
            return channel, command + data
        case _:
            raise ProtocolError(f"AZT: expected a request of the master, got {type(message).__name__}")


def _answer(message: Message) -> bytes:
    match message:
        case Short(verdict):
            return bytes((START, verdict))
        case Answer(data) if data and _plain(data):
            _fits(data)
            return _frame(FIRST_STX, data.encode("ascii"))
        case _:
            raise ProtocolError(f"AZT: expected a Short or an Answer with printable data, got {message}")


def _plain(text: str) -> bool:
    return all(" " <= character <= "~" for character in text)


def _fits(data: str) -> None:
    if len(data) > MOST_DATA:
        raise ProtocolError(f"AZT: expected at most {MOST_DATA} characters of data, got {len(data)}")


def _digits(value: int, width: int, what: str) -> str:
    if not 0 <= value < 10**width:
        raise ProtocolError(f"AZT {what}: expected 0 to {10**width - 1} ({width} digits), got {value}")
    return f"{value:0{width}d}"


def _address(channel: int) -> tuple[int, str]:
    block, place = divmod(channel, BLOCK)
    if channel < 1 or not place or block > len(BLOCKS):
        raise ProtocolError(
            f"AZT channel: expected 1 to {BLOCK * (len(BLOCKS) + 1) - 1} and no multiple of {BLOCK}, whose code is ambiguous, got {channel}"
        )
    return FIRST_STX if not block else BLOCKS[block - 1], chr(ADDRESS + place)


def _frame(stx: int, payload: bytes) -> bytes:
    pairs = bytes(part for byte in payload for part in (byte, byte ^ COMPLEMENT))
    return bytes((START, stx)) + pairs + bytes((END, END, azt_crc(payload + bytes((END,)))))


class AztDecoder:
    """Decodes what one side sent; fewer than MAX_FRAME bytes are held."""

    def __init__(self, sender: Role, widths: Widths) -> None:
        self._sender, self._widths = sender, widths
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`."""
        buffer, at = self._held + data, 0
        messages: list[Message] = []
        while at < len(buffer):
            size, why = _measure(buffer, at, self._sender)
            if why:
                after = buffer.find(START, at + 1)
                after = len(buffer) if after < 0 else after
                messages.append(Garbage(buffer[at:after], why))
                at = after
            elif not size:
                break
            else:
                messages.append(self._read(buffer[at : at + size]))
                at += size
        self._held = buffer[at:]
        return messages

    def _read(self, frame: bytes) -> Message:
        return read_request(frame, self._widths) if self._sender is Role.HOST else read_answer(frame)

    def silence(self, char_times: float) -> list[Message]:
        """A frame that stopped for the byte timeout is not going on."""
        return self._flush("frame broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("frame incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held = self._held, b""
        return [Garbage(held, why)] if held else []


def _measure(buffer: bytes, at: int, sender: Role) -> tuple[int, str]:
    """Length of the frame that begins at `at`, 0 where it is not complete, or why there is none.  What is found wrong is
    found at the first byte that shows it, however the stream was cut."""
    if buffer[at] != START:
        return 0, f"bytes outside frames: expected {START:02X}h first"
    if at + 1 >= len(buffer):
        return 0, ""
    stx = buffer[at + 1]
    if sender is Role.DEVICE and stx in _VERDICTS:
        return 2, ""
    if stx != FIRST_STX and (sender is Role.DEVICE or stx not in BLOCKS):
        return 0, f"second byte {stx:02X}h begins no {'request' if sender is Role.HOST else 'answer'}"
    place, crc = at + 2, 0
    while place + 1 < len(buffer):
        byte, twin = buffer[place], buffer[place + 1]
        if (byte, twin) == (END, END):
            return _ended(buffer, at, place, crc ^ END)
        if not 0x20 <= byte <= 0x7E:
            return 0, f"{byte:02X}h in the payload, expected a printable character"
        if twin != byte ^ COMPLEMENT:
            return 0, f"{byte:02X}h is followed by {twin:02X}h, expected its complement {byte ^ COMPLEMENT:02X}h"
        crc ^= byte
        place += 2
        if place - at > MAX_FRAME - 3:
            return 0, f"no 03 03 within {MAX_FRAME} bytes"
    return 0, ""


def _ended(buffer: bytes, at: int, place: int, crc: int) -> tuple[int, str]:
    if place + 2 >= len(buffer):
        return 0, ""
    expected = crc | 0x40
    if buffer[place + 2] != expected:
        return 0, f"CRC {buffer[place + 2]:02X}h, expected {expected:02X}h"
    return place + 3 - at, ""


def read_answer(frame: bytes) -> Message:
    """What one whole frame of the device says."""
    if len(frame) == 2:
        return Short(Verdict(frame[1]))
    data = frame[2:-3:2].decode("ascii")
    if not data or len(data) > MOST_DATA:
        return Garbage(frame, f"answer with {len(data)} characters of data, expected 1 to {MOST_DATA}")
    return Answer(data)


def read_request(frame: bytes, widths: Widths) -> Message:
    """What one whole frame of the master says."""
    stx, payload = frame[1], frame[2:-3:2]
    if not payload:
        return Garbage(frame, "request without a command")
    channel: int | None = None
    if payload[0] < FIRST_COMMAND:
        place = payload[0] - ADDRESS
        if not 1 <= place < BLOCK:
            return Garbage(frame, f"address {payload[0]:02X}h, expected 21h to 2Eh: others are ambiguous")
        channel = place + BLOCK * (0 if stx == FIRST_STX else BLOCKS.index(stx) + 1)
        payload = payload[1:]
    elif stx != FIRST_STX:
        return Garbage(frame, f"no address after {stx:02X}h; a request to all begins 7F 02")
    if not payload or payload[0] < FIRST_COMMAND:
        return Garbage(frame, "address without a command from 30h on")
    command, data = chr(payload[0]), payload[1:].decode("ascii")
    if len(data) > MOST_DATA:
        return Garbage(frame, f"request with {len(data)} characters of data, expected at most {MOST_DATA}")
    return _typed(channel, command, data, widths)


def _typed(channel: int | None, command: str, data: str, widths: Widths) -> Message:
    if not data and command in _QUERIES:
        return Ask(channel, Query(command))
    if data.isdecimal():
        if command == SET_PRICE and len(data) == widths.price:
            return SetPrice(channel, int(data))
        if command == DOSE_AMOUNT and len(data) == widths.dose_amount:
            return DoseAmount(channel, int(data))
        if command == DOSE_VOLUME and len(data) == widths.volume + 1 and data[-1] in "01":
            return DoseVolume(channel, int(data[:-1]), data[-1] == "1")
    return Request(channel, command, data)
