"""IEEE 488.2 lines and definite-length blocks (protocols.md 6.4), LF at the end.

An indefinite block (`#0`) needs the END line of the IEEE-488 bus, which neither serial lines nor sockets have.
"""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.wire.scpi.messages import Block, Program, Reply

MAX_LINE = 4096
MAX_BLOCK = 65536
_LF = b"\n"
_PRINTABLE = re.compile(rb"[\t -~]*")


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message`; ProtocolError when it does not fit or the other side says such things."""
    match message, sender:
        case (Program(text, cr), Role.HOST) | (Reply(text, cr), Role.DEVICE):
            raw = _ascii(text)
            if sender is Role.DEVICE and _begins_block(raw):
                raise ProtocolError(f"SCPI: a line that begins with {text[:2]!r} is a Block")
        case Block(data, width, cr), Role.DEVICE:
            if not 1 <= width <= 9 or len(str(len(data))) > width or len(data) > MAX_BLOCK:
                raise ProtocolError(
                    f"SCPI block: expected at most {MAX_BLOCK} bytes and 1 to 9 digits for their number, got {len(data)} in {width}"
                )
            raw = f"#{width}{len(data):0{width}d}".encode() + data
        case _:
            raise ProtocolError(
                f"SCPI: expected a Program of the host, a Reply or Block of the device, got {message} of {sender}"
            )
    return raw + (b"\r\n" if cr else _LF)


def _ascii(text: str) -> bytes:
    raw = text.encode("ascii", "replace")
    if not text.isascii() or not _PRINTABLE.fullmatch(raw) or len(raw) + 2 > MAX_LINE:
        raise ProtocolError(f"SCPI line: expected at most {MAX_LINE - 2} printable ASCII characters, got {text[:80]!r}")
    return raw


def _begins_block(raw: bytes) -> bool:
    return raw[:1] == b"#" and raw[1:2].isdigit() and raw[1:2] != b"0"


class ScpiDecoder:
    """Reads the lines of `sender`, and the blocks of a device.  An endless line is given up in pieces, to its end."""

    def __init__(self, sender: Role) -> None:
        self._sender = sender
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[Message]:
        buffer, at, messages = self._held + data, 0, list[Message]()
        while at < len(buffer):
            found = self._take(buffer, at)
            if found is None:
                break
            messages.append(found[0])
            at += found[1]
        self._held = buffer[at:]
        return messages

    def silence(self, char_times: float) -> list[Message]:
        """An instrument may take its time inside an answer; only the driver's deadline ends it."""
        return []

    def close(self) -> list[Message]:
        held, self._held, self._skipping = self._held, b"", False
        return [Garbage(held, "line or block incomplete at the end of the stream")] if held else []

    def _take(self, buffer: bytes, at: int) -> tuple[Message, int] | None:
        """What begins at `at` and its length; None: more bytes are needed."""
        if self._sender is Role.DEVICE and not self._skipping and buffer[at : at + 1] == b"#":
            if len(buffer) < at + 2:
                return None
            if _begins_block(buffer[at : at + 2]):
                return _block(buffer, at)
        end = buffer.find(_LF, at)
        size = (end if end >= 0 else len(buffer)) - at
        if end < 0 and size < MAX_LINE and not self._skipping:
            return None
        if self._skipping or size >= MAX_LINE:
            self._skipping = end < 0
            return Garbage(buffer[at : at + size + (end >= 0)], "line too long"), size + (end >= 0)
        line = buffer[at:end]
        cr = line.endswith(b"\r")
        text = line[:-1] if cr else line
        if not _PRINTABLE.fullmatch(text):
            return Garbage(line + _LF, "characters that are not printable"), size + 1
        kind = Program if self._sender is Role.HOST else Reply
        return kind(text.decode("ascii"), cr), size + 1


def _block(buffer: bytes, at: int) -> tuple[Message, int] | None:
    """A definite-length block at `at`; its header is checked as far as it has come."""
    width = buffer[at + 1] - ord("0")
    digits = buffer[at + 2 : at + 2 + width]
    if digits and not (digits.isdigit() and digits.isascii()):
        return Garbage(buffer[at : at + 1], "block without its length"), 1
    if len(digits) < width:
        return None
    length = int(digits)
    if length > MAX_BLOCK:
        return Garbage(buffer[at : at + 1], f"block of {length} bytes, expected at most {MAX_BLOCK}"), 1
    begin = at + 2 + width
    end = begin + length
    tail = buffer[end : end + 2]
    if not tail or tail == b"\r":
        return None
    if tail[:1] != _LF and tail != b"\r\n":
        return Garbage(buffer[at:end], "block without LF behind it"), end - at
    cr = tail == b"\r\n"
    return Block(buffer[begin:end], width, cr), end - at + 1 + cr


def decoder(sender: Role) -> ScpiDecoder:
    """A decoder for the bytes of `sender`."""
    return ScpiDecoder(sender)
