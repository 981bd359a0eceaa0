"""Encoding and decoding of PicoPET lines: a dialect of the TICC's, read by the same line parser (protocols.md 6.3)."""

from __future__ import annotations

import re

from protocols.contract import Message, ProtocolError, Role
from protocols.lines import Deaf
from protocols.wire.picopet.messages import Header, Mark, Number
from protocols.wire.ticc.lines import NUMBER, LineDecoder, picoseconds

_CHANNELS = "ABCD"
_MARK = re.compile(rf"({NUMBER})[ \t]+[cC][hH]([A-Da-d])")
_HEADER = re.compile(r"TIMEMARK[ \t]+CHANNEL", re.IGNORECASE)
_BARE = re.compile(NUMBER)


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as the device sends them; the host of a PicoPET has nothing to say."""
    if sender is Role.DEVICE:
        match message:
            case Header():
                return b"TIMEMARK\t CHANNEL\n"
            case Mark(seconds, channel):
                picoseconds(seconds)
                if len(channel) != 1 or channel not in _CHANNELS:
                    raise ProtocolError(f"PicoPET channel: expected A to D, got {channel!r}")
                return f"{seconds}\t Ch{channel}\n".encode("ascii")
            case Number(digits):
                picoseconds(digits)
                return f"{digits}\n".encode("ascii")
    raise ProtocolError(f"PicoPET: expected a line of the device, got {type(message).__name__} of {sender}")


def _read(line: str) -> Message | None:
    if found := _MARK.fullmatch(line):
        return Mark(found[1], found[2].upper())
    if _HEADER.fullmatch(line):
        return Header()
    if _BARE.fullmatch(line):
        return Number(line)
    return None


def decoder(sender: Role) -> Deaf | LineDecoder:
    """A decoder for the bytes of `sender`."""
    return Deaf("a PicoPET takes no commands") if sender is Role.HOST else LineDecoder(_read, "PicoPET")
