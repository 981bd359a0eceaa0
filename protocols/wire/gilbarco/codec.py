"""Gilbarco two-wire bytes (protocols.md 4.2): one-byte commands and status answers, and blocks from FF to F0 with an LRC nibble.

A block holds `Ex` and `Fx` only: any other byte inside, a word that is none or a wrong LRC makes it Garbage with its reason.  One-byte
messages carry no check, so noise can look like one.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.checks import negated_sum4
from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.gilbarco.fields import CONTROL, DIGIT, block_of, body_of
from protocols.wire.gilbarco.messages import AllStop, Code, Command, Loose, State, Status, Widths, Word, is_block

START, LRC_NEXT, END, ALL_STOP = 0xFF, 0xFB, 0xF0, 0xFC
MAX_BLOCK = 192
"""Totals of six hoses take 184 bytes.  Derived, as a bound."""
SILENCE_CHARS = 58.0
"""The pump answers a status poll within 68 ms, 36 characters of 11 bits at 5787 baud; commands are spaced about 100 ms, 53
characters: what paused longer is not continued.  Derived."""

_COMMANDS, _STATES = frozenset(Code), frozenset(State)
_WORDS = frozenset(CONTROL | word for word in Word)


def encoder(widths: Widths) -> Callable[[Message, Role], bytes]:
    """`encode` for fields of these widths."""

    def encode(message: Message, sender: Role) -> bytes:
        if isinstance(message, AllStop) and sender is Role.HOST:
            return bytes((ALL_STOP,))
        if isinstance(message, Command) and sender is Role.HOST:
            return bytes((message.code << 4 | _pump(message.pump),))
        if isinstance(message, Status) and sender is Role.DEVICE:
            return bytes((message.state << 4 | _pump(message.pump),))
        if isinstance(message, Loose) and sender is Role.DEVICE:
            if not message.raw or any(byte & 0xF0 != DIGIT for byte in message.raw):
                raise ProtocolError(f"Gilbarco Loose: expected bytes E0h to EFh, got {message.raw.hex(' ')}")
            return message.raw
        if not is_block(message):
            raise ProtocolError(f"Gilbarco: expected a message of the {sender}, got {type(message).__name__}")
        body = body_of(message, widths)
        if (
            any(byte & 0xF0 != DIGIT and byte not in _WORDS for byte in body)
            or block_of(body, sender, widths) != message
        ):
            raise ProtocolError(f"Gilbarco: expected a block of the {sender} that keeps to its form, got {message}")
        wire = _block(body)
        if len(wire) > MAX_BLOCK:
            raise ProtocolError(f"Gilbarco block: expected at most {MAX_BLOCK} bytes, got {len(wire)}")
        return wire

    return encode


def _pump(pump: int) -> int:
    if not 1 <= pump <= 16:
        raise ProtocolError(f"Gilbarco pump: expected 1 to 16, got {pump}")
    return pump & 0xF


def _block(body: bytes) -> bytes:
    covered = bytes((START,)) + body + bytes((LRC_NEXT,))
    return covered + bytes((DIGIT | negated_sum4(covered), END))


class GilbarcoDecoder:
    """Decodes what one side sent; at most MAX_BLOCK bytes of an unfinished block are held."""

    def __init__(self, sender: Role, widths: Widths) -> None:
        self._sender, self._widths = sender, widths
        self._held = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by `data`."""
        buffer, at = self._held + data, 0
        messages: list[Message] = []
        while at < len(buffer):
            if buffer[at] != START:
                messages.append(self._single(buffer[at]))
                at += 1
                continue
            size, why = _measure(buffer, at)
            if why:
                messages.append(Garbage(buffer[at : at + size], why))
            elif not size:
                break
            else:
                messages.append(block_of(buffer[at + 1 : at + size - 3], self._sender, self._widths))
            at += size
        self._held = buffer[at:]
        return messages

    def _single(self, byte: int) -> Message:
        high, pump = byte >> 4, byte & 0xF or 16
        if self._sender is Role.HOST:
            if byte == ALL_STOP:
                return AllStop()
            return (
                Command(Code(high), pump)
                if high in _COMMANDS
                else Garbage(bytes((byte,)), f"{byte:02X}h is no command")
            )
        if high in _STATES:
            return Status(State(high), pump)
        if byte & 0xF0 == DIGIT:
            return Loose(bytes((byte,)))
        return Garbage(bytes((byte,)), f"{byte:02X}h is no status and begins no block")

    def silence(self, char_times: float) -> list[Message]:
        """A block that stopped for SILENCE_CHARS or more is not going on."""
        return self._flush("block broken off by silence") if char_times >= SILENCE_CHARS else []

    def close(self) -> list[Message]:
        return self._flush("block incomplete at the end of the stream")

    def _flush(self, why: str) -> list[Message]:
        held, self._held = self._held, b""
        return [Garbage(held, why)] if held else []


def _measure(buffer: bytes, at: int) -> tuple[int, str]:
    """Length of the block that begins at `at`, 0 where it is not complete; with a reason, of what is no block.  What follows a
    fault is looked at anew: the byte that does not belong may begin the next message."""
    for place in range(at + 1, len(buffer)):
        byte = buffer[place]
        if place - at >= MAX_BLOCK - 3 and byte != LRC_NEXT:
            return place - at, f"no LRC within {MAX_BLOCK} bytes"
        if byte == LRC_NEXT:
            return _ended(buffer, at, place)
        if byte & 0xF0 != DIGIT and byte not in _WORDS:
            return place - at, f"{byte:02X}h in a block, expected a digit E0h to EFh or a control word"
    return 0, ""


def _ended(buffer: bytes, at: int, place: int) -> tuple[int, str]:
    """FB stands at `place`: LRC and F0 must follow."""
    if place + 1 >= len(buffer):
        return 0, ""
    expected = DIGIT | negated_sum4(buffer[at : place + 1])
    if buffer[place + 1] != expected:
        return place + 1 - at, f"LRC {buffer[place + 1]:02X}h, expected {expected:02X}h"
    if place + 2 >= len(buffer):
        return 0, ""
    if buffer[place + 2] != END:
        return place + 2 - at, f"block ends in {buffer[place + 2]:02X}h, expected F0h"
    return place + 3 - at, ""
