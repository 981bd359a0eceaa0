"""What stands between the marks of an ASCII stream: reversed, forward and priced frames (protocols.md 3.10).

Reversed and forward frames have one shape, so `=000.3000` is 3.000 in one and 0.3000 in the other: which setting an
indicator has cannot be read off the line, only off its display.  A minus sign at the wrong end gives it away.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.contract import Message, ProtocolError, Role
from protocols.figures import fault
from protocols.lines import Deaf
from protocols.wire.yaohua.marked import MARK, Layout, MarkedDecoder
from protocols.wire.yaohua.messages import Priced, Spelling, Weight

WIDTH = 7
"""Characters of a figure, point included."""

PRICED_WIDTH = 26

_FIGURE = re.compile(rb"([0-9]+)(?:\.([0-9]{1,4}))?")
_PRICED = re.compile(rb"([0-])([0-9.]{7})(kg|lb|pc);([0-9.]{7});([0-9.]{7})")


def _figure(text: bytes) -> tuple[str, int] | None:
    """Digits and decimals of `text`, highest digit first; at most four decimals, as everywhere in the family."""
    found = _FIGURE.fullmatch(text)
    if found is None:
        return None
    fraction = found[2] or b""
    return (found[1] + fraction).decode("ascii"), len(fraction)


def _signed(sign: bytes, text: bytes) -> Message | None:
    figure = _figure(text) if sign in (b"0", b"-") else None
    return None if figure is None else Weight(*figure, negative=sign == b"-")


def read_reversed(segment: bytes) -> Message | None:
    """Seven characters, lowest digit first, then `0` or `-`."""
    return _signed(segment[WIDTH:], segment[WIDTH - 1 :: -1]) if len(segment) == WIDTH + 1 else None


def read_short(segment: bytes) -> Message | None:
    """Seven characters, lowest digit first; the last may be the minus sign."""
    if len(segment) != WIDTH:
        return None
    negative = segment.endswith(b"-")
    figure = _figure(segment[::-1][negative:])
    return None if figure is None else Weight(*figure, negative=negative, spelling=Spelling.MARK_BEHIND)


def read_forward(segment: bytes) -> Message | None:
    """`0` or `-`, then seven characters, highest digit first."""
    return _signed(segment[:1], segment[1:]) if len(segment) == WIDTH + 1 else None


def read_priced(segment: bytes) -> Message | None:
    """A forward weight with unit, unit price and amount, semicolons between."""
    found = _PRICED.fullmatch(segment)
    if found is None or not all(_figure(found[group]) for group in (2, 4, 5)):
        return None
    weight, unit, price, amount = (found[group].decode("ascii") for group in (2, 3, 4, 5))
    return Priced(weight, unit, price, amount, found[1] == b"-")


def _length(segment: bytes, expected: int) -> str:
    told = fault(segment) if any(byte > 0x7F for byte in segment) else ascii(segment[:32])[1:]
    return f"{len(segment)} characters between marks, expected {expected}: {told}"


def _sign_or_figure(sign: bytes, text: bytes) -> str:
    if sign not in (b"0", b"-"):
        return f"{ascii(sign)[1:]} in the place of the sign, expected '0' or '-', beside {ascii(text)[1:]}"
    return fault(text)


def _why_reversed(segment: bytes) -> str:
    if read_forward(segment) and segment.startswith(b"-"):
        return "minus sign in front: this unit sends the highest digit first"
    if read_short(segment):
        return "seven characters between marks, expected 8: one was lost, or the unit sends = behind seven"
    if len(segment) != WIDTH + 1:
        return _length(segment, WIDTH + 1)
    return _sign_or_figure(segment[WIDTH:], segment[:WIDTH])


def _why_forward(segment: bytes) -> str:
    if read_reversed(segment) and segment.endswith(b"-"):
        return "minus sign at the end: this unit sends the lowest digit first"
    if len(segment) != WIDTH + 1:
        return _length(segment, WIDTH + 1)
    return _sign_or_figure(segment[:1], segment[1:])


def _why_priced(segment: bytes) -> str:
    if len(segment) != PRICED_WIDTH:
        return _length(segment, PRICED_WIDTH)
    if segment[8:10] not in (b"kg", b"lb", b"pc"):
        return f"unit {ascii(segment[8:10])[1:]}, expected kg, lb or pc"
    figures = (segment[1:8], segment[11:18], segment[19:])
    bad = next((figure for figure in figures if _figure(figure) is None), None)
    return _sign_or_figure(segment[:1], figures[0]) if bad is None else fault(bad)


REVERSED = Layout(WIDTH + 1, read_reversed, _why_reversed, read_short)
FORWARD = Layout(WIDTH + 1, read_forward, _why_forward)
PRICED = Layout(PRICED_WIDTH, read_priced, _why_priced)


def _text(digits: str, decimals: int) -> str:
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def _write_reversed(message: Message) -> bytes | None:
    match message:
        case Weight(digits, decimals, negative, None, "", Spelling.MANUAL):
            return MARK + (_text(digits, decimals)[::-1] + "0-"[negative]).encode("ascii", "replace")
        case Weight(digits, decimals, negative, None, "", Spelling.MARK_BEHIND):
            return (_text(digits, decimals)[::-1] + "-" * negative).encode("ascii", "replace") + MARK
    return None


def _write_forward(message: Message) -> bytes | None:
    match message:
        case Weight(digits, decimals, negative, None, "", Spelling.MANUAL):
            return MARK + ("0-"[negative] + _text(digits, decimals)).encode("ascii", "replace")
    return None


def _write_priced(message: Message) -> bytes | None:
    match message:
        case Priced(weight, unit, unit_price, amount, negative):
            return MARK + f"{'0-'[negative]}{weight}{unit};{unit_price};{amount}".encode("ascii", "replace")
    return None


def _encoder(name: str, layout: Layout, write: Callable[[Message], bytes | None]) -> Callable[[Message, Role], bytes]:
    def encode(message: Message, sender: Role) -> bytes:
        wire = write(message) if sender is Role.DEVICE else None
        if wire is None:
            raise ProtocolError(f"Yaohua {name}: expected a weight of the indicator, got {message} of {sender}")
        segment = wire.strip(MARK)
        behind = wire.endswith(MARK) and layout.before is not None
        read = layout.before(segment) if behind and layout.before else layout.after(segment)
        if read != message:
            raise ProtocolError(f"Yaohua {name}: {message} does not fit its {WIDTH} characters: {layout.why(segment)}")
        return wire

    return encode


encode_reversed = _encoder("reversed", REVERSED, _write_reversed)
encode_forward = _encoder("forward", FORWARD, _write_forward)
encode_priced = _encoder("priced", PRICED, _write_priced)


def _decoder(layout: Layout) -> Callable[[Role], MarkedDecoder | Deaf]:
    def decoder(sender: Role) -> MarkedDecoder | Deaf:
        """A decoder for what the indicator sends; the host says nothing."""
        if sender is Role.HOST:
            return Deaf("a Yaohua indicator that broadcasts takes no commands")
        return MarkedDecoder(layout)

    return decoder


reversed_decoder = _decoder(REVERSED)
forward_decoder = _decoder(FORWARD)
priced_decoder = _decoder(PRICED)
