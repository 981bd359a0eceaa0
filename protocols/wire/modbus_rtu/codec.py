"""Modbus RTU frames (protocols.md 6.5): unit, function, data, CRC-16/MODBUS low byte first.

A function code says how long its frame is, so frames are found without clock; silence of 3.5 characters ends what is
left, and alone ends frames of other functions.  A frame that does not add up costs one byte, and the search goes on.
"""

from __future__ import annotations

import struct

from protocols.checks import crc16_modbus
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.modbus_rtu.messages import (
    Bits,
    Diagnose,
    ExceptionStatus,
    Read,
    ReadExceptionStatus,
    Refusal,
    Registers,
    Unlisted,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
    Written,
)

MAX_FRAME = 256
MIN_FRAME = 4
SILENCE_CHARS = 3.5
HIGHEST_UNIT = 247
_READS, _BITS, _WORDS = (1, 2, 3, 4), (1, 2), (3, 4)
_PAIRS = (5, 6, 8)  # two words, repeated by the device
_ERROR = 0x80
_MOST_DATA = 250  # of an answer: 125 registers, 2000 bits
_MOST_WRITTEN = 246  # of a request: 123 registers, 1968 coils


def encode(message: Message, sender: Role) -> bytes:
    """The frame of `message` as `sender` sends it; ProtocolError when a field does not fit.

    Counts that a device has to refuse (0, more than fits an answer) can be encoded: they are what its refusal is for.
    """
    unit, body = _body(message, sender)
    lowest = 0 if sender is Role.HOST else 1
    if not lowest <= unit <= HIGHEST_UNIT:
        raise ProtocolError(f"Modbus unit: expected {lowest} to {HIGHEST_UNIT} of the {sender}, got {unit}")
    frame = bytes((unit,)) + body
    if len(frame) + 2 > MAX_FRAME:
        raise ProtocolError(f"Modbus frame: expected at most {MAX_FRAME} bytes, got {len(frame) + 2}")
    return frame + crc16_modbus(frame).to_bytes(2, "little")


def _body(message: Message, sender: Role) -> tuple[int, bytes]:
    """Unit, and function with data."""
    match message:
        case WriteCoil(unit, address, value):
            return unit, b"\x05" + _words(address, value)
        case WriteRegister(unit, address, value):
            return unit, b"\x06" + _words(address, value)
        case Diagnose(unit, sub_function, data):
            return unit, b"\x08" + _words(sub_function, data)
        case Unlisted(unit, function, body):
            if not 0 < function < _ERROR or function in _KNOWN:
                raise ProtocolError(f"Modbus: function {function} is no unlisted one; use its own message")
            return unit, bytes((function,)) + body
    own = _request(message) if sender is Role.HOST else _answer(message)
    if own is None:
        raise ProtocolError(f"Modbus: expected a message of the {sender}, got {message}")
    return message.unit, own  # type: ignore[attr-defined]  # all messages have one


def _request(message: Message) -> bytes | None:
    match message:
        case Read(_, function, start, count):
            return bytes((_one_of(function, _READS),)) + _words(start, count)
        case ReadExceptionStatus():
            return b"\x07"
        case WriteCoils(_, start, count, packed):
            if not packed or len(packed) != (count + 7) // 8 or len(packed) > _MOST_WRITTEN:
                raise ProtocolError(
                    f"Modbus 15: expected {(count + 7) // 8} bytes for {count} coils, got {len(packed)}"
                )
            return b"\x0f" + _words(start, count) + bytes((len(packed),)) + packed
        case WriteRegisters(_, start, values):
            if not 0 < 2 * len(values) <= _MOST_WRITTEN:
                raise ProtocolError(f"Modbus 16: expected 1 to {_MOST_WRITTEN // 2} registers, got {len(values)}")
            return b"\x10" + _words(start, len(values)) + bytes((2 * len(values),)) + _words(*values)
    return None


def _answer(message: Message) -> bytes | None:
    match message:
        case Bits(_, function, packed):
            if not 0 < len(packed) <= _MOST_DATA:
                raise ProtocolError(f"Modbus {function}: expected 1 to {_MOST_DATA} bytes of bits, got {len(packed)}")
            return bytes((_one_of(function, _BITS), len(packed))) + packed
        case Registers(_, function, values):
            if not 0 < 2 * len(values) <= _MOST_DATA:
                raise ProtocolError(f"Modbus {function}: expected 1 to {_MOST_DATA // 2} registers, got {len(values)}")
            return bytes((_one_of(function, _WORDS), 2 * len(values))) + _words(*values)
        case ExceptionStatus(_, status):
            return bytes((7, _byte(status)))
        case Written(_, function, start, count):
            return bytes((_one_of(function, (15, 16)),)) + _words(start, count)
        case Refusal(_, function, code):
            if not 0 < function < _ERROR:
                raise ProtocolError(f"Modbus: expected function 1 to 127, got {function}")
            return bytes((function | _ERROR, _byte(code)))
    return None


def _words(*values: int) -> bytes:
    if not all(0 <= value <= 0xFFFF for value in values):
        raise ProtocolError(f"Modbus: expected 16-bit values, got {values}")
    return struct.pack(f">{len(values)}H", *values)


def _byte(value: int) -> int:
    if not 0 <= value <= 0xFF:
        raise ProtocolError(f"Modbus: expected a byte, got {value}")
    return value


def _one_of(function: int, allowed: tuple[int, ...]) -> int:
    if function not in allowed:
        raise ProtocolError(f"Modbus: expected function {' or '.join(map(str, allowed))}, got {function}")
    return function


_KNOWN = frozenset((*_READS, *_PAIRS, 7, 15, 16))
_UNKNOWN_LENGTH = -1


class RtuDecoder:
    """Finds the frames that `sender` put on the line."""

    def __init__(self, sender: Role) -> None:
        self._size = _request_size if sender is Role.HOST else _answer_size
        self._read = _read_request if sender is Role.HOST else _read_answer
        self._lowest = 0 if sender is Role.HOST else 1
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        self._held += data
        return self._scan(ended=False)

    def silence(self, char_times: float) -> list[Message]:
        return self._scan(ended=True) if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._scan(ended=True)

    def _scan(self, ended: bool) -> list[Message]:
        buffer, at, messages = self._held, 0, list[Message]()
        skipped, why = 0, ""  # bytes before `at` that belong to no frame, and why the first of them does not
        while at < len(buffer):
            found = self._take(buffer, at, ended)
            if found is None:
                break
            message, size = found
            if isinstance(message, Garbage):
                skipped, why = skipped + size, why or message.why
            else:
                if skipped:
                    messages.append(Garbage(buffer[at - skipped : at], why))
                messages.append(message)
                skipped, why = 0, ""
            at += size
        if skipped:
            messages.append(Garbage(buffer[at - skipped : at], why))
        self._held = buffer[at:]
        return messages

    def _take(self, buffer: bytes, at: int, ended: bool) -> tuple[Message, int] | None:
        """What begins at `at` and its length; None: more bytes are needed to tell."""
        rest = len(buffer) - at
        if not self._lowest <= buffer[at] <= HIGHEST_UNIT:
            return Garbage(buffer[at : at + 1], f"byte {buffer[at]:02X}h is no unit address"), 1
        size = self._size(buffer[at : at + 7])
        if isinstance(size, str):
            return Garbage(buffer[at : at + 1], size), 1
        if size == _UNKNOWN_LENGTH:
            if not ended and rest <= MAX_FRAME:
                return None
            size = rest if MIN_FRAME <= rest <= MAX_FRAME else None
        elif size is None or size > rest:
            if not ended:
                return None
            size = None
        if size is None:
            return Garbage(buffer[at : at + 1], "frame incomplete at the silence, or of no known function"), 1
        frame = buffer[at : at + size]
        crc, computed = int.from_bytes(frame[-2:], "little"), crc16_modbus(frame[:-2])
        if crc != computed:
            return Garbage(frame[:1], f"CRC {crc:04X}h, expected {computed:04X}h"), 1
        return self._read(frame), size


def _request_size(head: bytes) -> int | str | None:
    """Length of the request that begins with `head`; None: too short to tell; text: why it is none."""
    if len(head) < 2:
        return None
    function = head[1]
    if function in _READS or function in _PAIRS:
        return 8
    if function == 7:
        return 4
    if function in (15, 16):
        if len(head) < 7:
            return None
        count, size = int.from_bytes(head[4:6], "big"), head[6]
        fits = (count + 7) // 8 if function == 15 else 2 * count
        return 9 + size if 0 < size == fits <= _MOST_WRITTEN else f"{count} values in {size} bytes"
    return _UNKNOWN_LENGTH if 0 < function < _ERROR else f"{function:02X}h is no function of a request"


def _answer_size(head: bytes) -> int | str | None:
    if len(head) < 2:
        return None
    function = head[1]
    if function > _ERROR:
        return 5
    if function in _READS:
        if len(head) < 3:
            return None
        whole = head[2] % 2 == 0 if function in _WORDS else True
        return (
            5 + head[2] if 0 < head[2] <= _MOST_DATA and whole else f"{head[2]} bytes of data after function {function}"
        )
    if function in _PAIRS or function in (15, 16):
        return 8
    if function == 7:
        return 5
    return _UNKNOWN_LENGTH if 0 < function < _ERROR else f"{function:02X}h is no function"


def _both(frame: bytes) -> Message | None:
    unit, function = frame[0], frame[1]
    if function in _PAIRS:
        first, second = struct.unpack(">2H", frame[2:6])
        kind = {5: WriteCoil, 6: WriteRegister, 8: Diagnose}[function]
        return kind(unit, first, second)
    return None if function in _KNOWN or function >= _ERROR else Unlisted(unit, function, frame[2:-2])


def _read_request(frame: bytes) -> Message:
    unit, function = frame[0], frame[1]
    if (same := _both(frame)) is not None:
        return same
    if function == 7:
        return ReadExceptionStatus(unit)
    start, count = struct.unpack(">2H", frame[2:6])
    if function in _READS:
        return Read(unit, function, start, count)
    if function == 15:
        return WriteCoils(unit, start, count, frame[7:-2])
    return WriteRegisters(unit, start, struct.unpack(f">{count}H", frame[7:-2]))


def _read_answer(frame: bytes) -> Message:
    unit, function = frame[0], frame[1]
    if (same := _both(frame)) is not None:
        return same
    if function > _ERROR:
        return Refusal(unit, function & ~_ERROR, frame[2])
    if function == 7:
        return ExceptionStatus(unit, frame[2])
    if function in _BITS:
        return Bits(unit, function, frame[3:-2])
    if function in _WORDS:
        return Registers(unit, function, struct.unpack(f">{frame[2] // 2}H", frame[3:-2]))
    return Written(unit, function, *struct.unpack(">2H", frame[2:6]))


def decoder(sender: Role) -> RtuDecoder:
    """A decoder for the bytes of `sender`."""
    return RtuDecoder(sender)
