"""Frames of the ISU-taximeter link: `55 AA`, length, device, maker, command, data, XOR, `55 AA` (protocols.md 5).

Nothing is escaped, so 55AA may stand anywhere inside: a frame ends where its length says and nowhere else.  What does not add
up there costs its first two bytes, and the search goes on behind them: a good frame that a false length had swallowed is found
again.  Where one mark stands between two frames instead of two, it is that of both.  A silence ends a frame that is not complete.
"""

from __future__ import annotations

from protocols.checks import xor8
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.lines import SILENCE_CHARS
from protocols.wire.jt905.bodies import read_body, write_body
from protocols.wire.jt905.messages import Frame, Unread

MARK = b"\x55\xaa"
_LENGTH, _HEAD, _TAIL = 2, 4, 3  # bytes of the length; device, maker and command; check and mark
_AROUND = len(MARK) + _LENGTH + _TAIL
MOST_DATA = 1024
"""Bytes of data in a frame, derived: the longest known is a tariff of 127, but the card block of a trip is each city's own."""
MAX_FRAME = _AROUND + _HEAD + MOST_DATA
_OUTSIDE = "bytes outside frames: expected 55 AA first"


def encode(message: Message, sender: Role) -> bytes:
    """The frame of `message` as `sender` sends it; ProtocolError when a field does not fit."""
    if not isinstance(message, Frame):
        raise ProtocolError(f"JT/T 905: expected a Frame, got {type(message).__name__}")
    for name, value in (("device", message.device), ("maker", message.maker)):
        if not 0 <= value <= 0xFF:
            raise ProtocolError(f"JT/T 905 Frame.{name}: expected 0 to 255, got {value}")
    command, data = write_body(message.body, sender)
    if len(data) > MOST_DATA:
        raise ProtocolError(
            f"JT/T 905 command {command:04X}: expected at most {MOST_DATA} bytes of data, got {len(data)}"
        )
    understood = read_body(message.device, command, data, sender)
    if understood != message.body:
        odd = "bytes that are not read" if isinstance(message.body, Unread) else "a body that reads back"
        raise ProtocolError(
            f"JT/T 905 command {command:04X}: expected {odd}, got {message.body}, which reads as {understood}"
        )
    body = bytes((message.device, message.maker)) + command.to_bytes(2, "big") + data
    checked = len(body).to_bytes(_LENGTH, "big") + body
    return (b"" if message.shared else MARK) + checked + bytes((xor8(checked),)) + MARK


class LinkDecoder:
    """The frames that `sender` put on the line.  At most MAX_FRAME bytes are held."""

    def __init__(self, sender: Role) -> None:
        self._sender = sender
        self._held = b""
        self._follows = False  # what is held follows a frame directly, whose last mark may be the first of the next

    def feed(self, data: bytes) -> list[Message]:
        self._held += data
        return self._scan(ended=False)

    def silence(self, char_times: float) -> list[Message]:
        """A frame that stopped for SILENCE_CHARS or more is not going on."""
        return self._end() if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._end()

    def _end(self) -> list[Message]:
        messages = self._scan(ended=True)
        self._follows = False
        return messages

    def _scan(self, ended: bool) -> list[Message]:
        buffer, messages = self._held, list[Message]()
        at = told = 0  # bytes between `told` and `at` belong to no frame
        why = _OUTSIDE
        while at < len(buffer):
            lead = 0 if self._follows else len(MARK)
            begin = at if self._follows else _mark(buffer, at)
            found = _OUTSIDE if begin == len(buffer) else self._take(buffer, begin, lead, ended)
            if found is None:
                at = begin
                break
            if isinstance(found, str) and self._follows:
                self._follows = False
                continue
            if begin > told:
                messages.append(Garbage(buffer[told:begin], why))
            if isinstance(found, str):
                told, why, at = begin, found, min(begin + len(MARK), len(buffer))
            else:
                messages.append(found[0])
                told = at = begin + found[1]
                why, self._follows = _OUTSIDE, True
        if at > told:
            messages.append(Garbage(buffer[told:at], why))
        self._held = buffer[at:]
        return messages

    def _take(self, buffer: bytes, begin: int, lead: int, ended: bool) -> tuple[Message, int] | str | None:
        """The frame at `begin`, `lead` bytes before its length, and its size; why there is none; None: more bytes are needed."""
        rest, inner = len(buffer) - begin, begin + lead
        if rest < lead + _LENGTH:
            return f"frame cut after {rest} bytes" if ended else None
        length = int.from_bytes(buffer[inner : inner + _LENGTH], "big")
        if not _HEAD <= length <= _HEAD + MOST_DATA:
            return f"length {length}, expected {_HEAD} to {_HEAD + MOST_DATA}"
        size = lead + _LENGTH + length + _TAIL
        if rest < size:
            return f"frame cut after {rest} bytes of {size}" if ended else None
        end = begin + size
        if (mark := buffer[end - len(MARK) : end]) != MARK:
            return f"{mark.hex(' ').upper()} where a frame of {size} bytes ends, expected 55 AA"
        check, computed = buffer[end - _TAIL], xor8(buffer[inner : end - _TAIL])
        if check != computed:
            return f"check {check:02X}h, expected {computed:02X}h"
        device, maker = buffer[inner + _LENGTH], buffer[inner + _LENGTH + 1]
        data = inner + _LENGTH + _HEAD
        command = int.from_bytes(buffer[data - 2 : data], "big")
        body = read_body(device, command, buffer[data : end - _TAIL], self._sender)
        return Frame(body, maker, device, shared=not lead), size


def _mark(buffer: bytes, at: int) -> int:
    """Where the next frame may begin: at 55 AA, or at a 55 that ends the buffer; its length where nowhere."""
    found = buffer.find(MARK, at)
    if found >= 0:
        return found
    return len(buffer) - 1 if buffer.endswith(MARK[:1], at) else len(buffer)


def decoder(sender: Role) -> LinkDecoder:
    """A decoder for the bytes of `sender`."""
    return LinkDecoder(sender)
