"""Labelled lines of the XK3190-A12(E), 15 bytes (protocols.md 3.10)."""

from __future__ import annotations

import re

from protocols.contract import Garbage, Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import SILENCE_CHARS, Deaf, LineDecoder
from protocols.wire.yaohua.enveloped import check_nibbles, spelled
from protocols.wire.yaohua.messages import Basis, OutOfRange, Spelling, Weight

LENGTH = 15
LONGEST = 40
END = b"\r\n"
_BODY = re.compile(rb"W([GN])(-?)([0-9]+)(?:\.([0-9]{1,4})| )kg")
_BASES = {b"G": Basis.GROSS, b"N": Basis.NET}
_OUT_OF_RANGE = {
    over: b" " * 9 + text + check_nibbles(b" " * 9 + text) + END for over, text in ((True, b"OL"), (False, b"LO"))
}


def read_line(line: bytes) -> Message:
    """What one line with its line feed says.  Without decimals a blank stands after the digits."""
    if not line.endswith(END):
        return Garbage(line, "no CR before LF")
    if len(line) != LENGTH:
        return Garbage(line, f"{len(line)} bytes, expected {LENGTH}: {_shown(line)}")
    body, nibbles = line[:11], line[11:13]
    spelling = spelled(body, nibbles)
    if spelling is None:
        return Garbage(line, f"check {ascii(nibbles)[1:]}, expected {ascii(check_nibbles(body))[1:]} in {_shown(body)}")
    for over, known in _OUT_OF_RANGE.items():
        if line == known:
            return OutOfRange(over)
    found = _BODY.fullmatch(body)
    if found is None:
        return Garbage(line, _why(body))
    fraction = found[4] or b""
    digits = (found[3] + fraction).decode("ascii")
    return Weight(digits, len(fraction), found[2] == b"-", _BASES[found[1]], "kg", spelling)


def _shown(raw: bytes) -> str:
    return fault(raw) if any(byte > 0x7F for byte in raw) else ascii(raw[:32])[1:]


def _why(body: bytes) -> str:
    if not re.match(rb"W[GN]", body):
        return f"label {ascii(body[:2])[1:]}, expected 'WG' or 'WN'"
    if body[9:] != b"kg":
        return f"unit {ascii(body[9:])[1:]}, expected 'kg'"
    return fault(body[2:9])


def encode(message: Message, sender: Role) -> bytes:
    """The line of `message`; ProtocolError when it does not fit."""
    match message, sender:
        case OutOfRange(over), Role.DEVICE:
            return _OUT_OF_RANGE[over]
        case Weight(digits, decimals, negative, Basis() as basis, unit, spelling), Role.DEVICE:
            figure = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{digits} "
            text = f"W{'N' if basis is Basis.NET else 'G'}{'-' if negative else ''}{figure}{unit}"
            body = text.encode("ascii", "replace")
            line = body + check_nibbles(body, spelling) + END
            if (read := read_line(line)) != message:
                why = read.why if isinstance(read, Garbage) else f"check spelled {Spelling.MANUAL}"
                raise ProtocolError(f"Yaohua labelled: {message} does not fit a line: {why}")
            return line
    raise ProtocolError(
        f"Yaohua labelled: expected a Weight with gross or net, or OutOfRange, of the indicator, got {message} of {sender}"
    )


def decoder(sender: Role) -> LineDecoder | Deaf:
    """A decoder for what the indicator sends; the host says nothing."""
    if sender is Role.HOST:
        return Deaf("a Yaohua indicator that broadcasts takes no commands")
    return LineDecoder(read_line, LONGEST, SILENCE_CHARS)
