"""Encoding and decoding of TICC lines (protocols.md 6.3)."""

from __future__ import annotations

import re

from protocols.contract import Message, ProtocolError, Role
from protocols.wire.ticc.lines import MAX_LINE, NUMBER, LineDecoder, picoseconds
from protocols.wire.ticc.messages import Break, Comment, Debug, Difference, Interval, Poll, Stamp

_STAMP = re.compile(rf"({NUMBER})[ \t]+(?:[cC][hH])?([0-9A-Za-z])")
_INTERVAL = re.compile(rf"({NUMBER})[ \t]+TI\(A->B\)")
_DIFFERENCE = re.compile(rf"({NUMBER})[ \t]+chC[ \t]+\(([\x20-\x7e]{{1,60}})\)")
_DEBUG = re.compile(
    r"([0-9]{1,9})[ \t]+" * 5 + rf"([0-9]{{1,18}})[ \t]+({NUMBER})[ \t]+({NUMBER})[ \t]+ch([0-9A-Za-z])"
)
_REGISTER = 10**9 - 1


def encode(message: Message, sender: Role) -> bytes:
    """The bytes of `message` as `sender` sends them; ProtocolError when a field does not fit."""
    return _encode_host(message) if sender is Role.HOST else (_text(message) + "\r\n").encode("ascii")


def _encode_host(message: Message) -> bytes:
    match message:
        case Break():
            return b"#"
        case Poll(code) if 0 <= code < 256 and code != ord("#"):
            return bytes((code,))
    raise ProtocolError(f"TICC: expected Break or a Poll byte other than '#' of the host, got {message}")


def _text(message: Message) -> str:
    match message:
        case Comment(text):
            if (text and text[0] != "#") or text != text.strip(" \t") or len(text) > MAX_LINE or not _plain(text):
                raise ProtocolError(
                    f"TICC comment: expected nothing or '#' and up to {MAX_LINE} plain characters, got {text[:40]!r}"
                )
            return text
        case Stamp(seconds, channel):
            return f"{_number(seconds)} ch{_channel(channel)}"
        case Interval(seconds):
            return f"{_number(seconds)} TI(A->B)"
        case Difference(seconds, remark):
            if not 0 < len(remark) <= 60 or not _plain(remark):
                raise ProtocolError(f"TICC remark: expected 1 to 60 plain characters, got {remark[:80]!r}")
            return f"{_number(seconds)} chC ({remark})"
        case Debug(time1, time2, clock1, cal1, cal2, coarse, flight, seconds, channel):
            registers = (time1, time2, clock1, cal1, cal2)
            if not all(0 <= register <= _REGISTER for register in registers) or not 0 <= coarse < 10**18:
                raise ProtocolError(f"TICC debug registers: expected 0 to {_REGISTER}, got {registers} and {coarse}")
            numbers = " ".join(f"{register:06d}" for register in registers)
            return f"{numbers} {coarse} {_number(flight)} {_number(seconds)} ch{_channel(channel)}"
    raise ProtocolError(f"TICC: expected a line of the counter, got {type(message).__name__}")


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _number(seconds: str) -> str:
    picoseconds(seconds)
    return seconds


def _channel(channel: str) -> str:
    if len(channel) != 1 or not (channel.isascii() and channel.isalnum()):
        raise ProtocolError(f"TICC channel: expected one letter or digit, got {channel!r}")
    return channel


def _read(line: str) -> Message | None:
    if not line or line[0] == "#":
        return Comment(line)
    if found := _STAMP.fullmatch(line):
        return Stamp(*found.groups())
    if found := _INTERVAL.fullmatch(line):
        return Interval(found[1])
    if found := _DIFFERENCE.fullmatch(line):
        return Difference(*found.groups())
    if found := _DEBUG.fullmatch(line):
        *registers, flight, seconds, channel = found.groups()
        time1, time2, clock1, cal1, cal2, coarse = (int(register) for register in registers)
        return Debug(time1, time2, clock1, cal1, cal2, coarse, flight, seconds, channel)
    return None


class HostDecoder:
    """Decodes what the host sent: each byte counts."""

    def feed(self, data: bytes) -> list[Message]:
        return [Break() if code == ord("#") else Poll(code) for code in data]

    def silence(self, char_times: float) -> list[Message]:
        return []

    def close(self) -> list[Message]:
        return []


def decoder(sender: Role) -> HostDecoder | LineDecoder:
    """A decoder for the bytes of `sender`."""
    return HostDecoder() if sender is Role.HOST else LineDecoder(_read, "TICC")
