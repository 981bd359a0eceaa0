"""Which bytes of a stream are messages of a protocol, and which of these messages say anything: plain arithmetic on bytes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from protocols.contract import Garbage, Message, ProtocolError, Role, WireProtocol

LONG_SILENCE_CHARS = 1e6
WORDING = Path(__file__).with_name("wording.toml")
_DIGITS, _SPACES = re.compile(rb"[0-9]+"), re.compile(rb"[ \t]+")
_BARE = re.compile(rb"[\x009 .,+\-\r\n]*")
_ENDS = re.compile(rb"[^\r\n>]*[\r\n>]|[^\r\n>]+")
STRANGE = (ProtocolError, ValueError, ArithmeticError, LookupError, TypeError)
"""What a decoder of somebody else's may raise on bytes that are none of its protocol."""
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Read:
    """What one role of a protocol makes of a stream of n bytes: `inside` (n,) in any message, `telling` (n,) in messages that are
    more than bare numbers, `known` (n,) in messages worded as the protocol's own; `messages` how many there are.  Where wording was
    not asked for the last two are empty of it."""

    inside: Mask
    telling: Mask
    known: Mask
    messages: int


def read(protocol: WireProtocol, sender: Role, bursts: Sequence[bytes], wording: bool = True) -> Read:
    """`bursts` as `sender` would have sent them, with a long silence behind each.  Whatever a strange decoder raises on strange
    bytes means that they are no message of its protocol."""
    size = sum(map(len, bursts))
    inside, telling, known = (np.zeros(size, dtype=np.bool_) for _ in range(3))
    messages = 0
    words = vocabulary(protocol, sender) if wording else None
    for begin, end, raw in _messages(protocol, sender, bursts):
        messages += 1
        inside[begin:end] = True
        if words is None:
            continue
        form = shape(raw)
        if _BARE.fullmatch(form) is None:
            telling[begin:end] = True
            if words.holds(form, raw):
                known[begin:end] = True
    return Read(inside, telling, known, messages)


def size_inside(protocol: WireProtocol, sender: Role, bursts: Sequence[bytes]) -> int:
    """How many bytes `read` finds inside messages; where nothing is lost all but the garbage, which is counted far faster."""
    if protocol.lossless:
        try:
            said = _said(protocol, sender, bursts)
        except STRANGE:
            return 0
        return sum(map(len, bursts)) - sum(len(one.raw) for one in said if isinstance(one, Garbage))
    return int(np.count_nonzero(read(protocol, sender, bursts, wording=False).inside))


def read_mixed(protocol: WireProtocol, bursts: Sequence[bytes], wording: bool = True) -> Read:
    """Both directions on one line: what one side said is taken out, the other side reads the rest; whichever order leaves less."""
    orders = [_one_then_other(protocol, first, bursts, wording) for first in (Role.DEVICE, Role.HOST)]
    return max(orders, key=lambda one: (int(one.inside.sum()), int(one.known.sum())))


def _one_then_other(protocol: WireProtocol, first: Role, bursts: Sequence[bytes], wording: bool) -> Read:
    one = read(protocol, first, bursts, wording)
    left, at = [], 0
    data = np.frombuffer(b"".join(bursts), dtype=np.uint8)
    for burst in bursts:
        part = slice(at, at + len(burst))
        left.append(data[part][~one.inside[part]].tobytes())
        at += len(burst)
    other = read(protocol, Role.HOST if first is Role.DEVICE else Role.DEVICE, left, wording)
    masks = [one.inside.copy(), one.telling.copy(), one.known.copy()]
    for mask, more in zip(masks, (other.inside, other.telling, other.known), strict=True):
        mask[~one.inside] = more
    return Read(masks[0], masks[1], masks[2], one.messages + other.messages)


def _messages(protocol: WireProtocol, sender: Role, bursts: Sequence[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Begin, end and bytes of every message."""
    try:
        found = _by_length(protocol, sender, bursts) if protocol.lossless else None
    except STRANGE:
        found = None
    try:
        yield from _by_pieces(protocol, sender, bursts) if found is None else found
    except STRANGE:
        return


def _by_length(protocol: WireProtocol, sender: Role, bursts: Sequence[bytes]) -> list[tuple[int, int, bytes]] | None:
    """Where encoding gives the same bytes back, lengths say where messages lie; None where they do not add up."""
    found, at = [], 0
    for message in _said(protocol, sender, bursts):
        if isinstance(message, Garbage):
            at += len(message.raw)
            continue
        raw = protocol.encode(message, sender)
        found.append((at, at + len(raw), raw))
        at += len(raw)
    return found if at == sum(map(len, bursts)) else None


def _said(protocol: WireProtocol, sender: Role, bursts: Sequence[bytes]) -> list[Message]:
    decoder = protocol.decoder(sender)
    said: list[Message] = []
    for burst in bursts:
        said += decoder.feed(burst)
        said += decoder.silence(LONG_SILENCE_CHARS)
    return said + decoder.close()


def _by_pieces(protocol: WireProtocol, sender: Role, bursts: Sequence[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Fed line by line: a message is what was heard since the one before."""
    decoder = protocol.decoder(sender)
    begin = end = 0
    held = b""
    for burst in bursts:
        pieces = _ENDS.findall(burst)
        for number, piece in enumerate(pieces, 1):
            said = decoder.feed(piece)
            if number == len(pieces):
                said = [*said, *decoder.silence(LONG_SILENCE_CHARS)]
            held, end = held + piece, end + len(piece)
            if not said:
                continue
            good = [message for message in said if not isinstance(message, Garbage)]
            if len(good) == len(said) == len(held):  # a byte each
                yield from ((begin + k, begin + k + 1, held[k : k + 1]) for k in range(len(held)))
            elif good:
                lost = sum(len(message.raw) for message in said if isinstance(message, Garbage))
                yield min(begin + lost, end - 1), end, held[min(lost, len(held) - 1) :]
            begin, held = end, b""


def shape(raw: bytes) -> bytes:
    """`raw` with every number as 9 and every run of blanks as one: what two messages of a kind have in common."""
    return _SPACES.sub(b" ", _DIGITS.sub(b"9", raw))


@dataclass(frozen=True)
class Vocabulary:
    """How messages of one role are worded: shapes of its vectors and examples, and patterns of wording.toml."""

    shapes: frozenset[bytes]
    patterns: tuple[re.Pattern[bytes], ...]

    def holds(self, form: bytes, raw: bytes) -> bool:
        if form in self.shapes:
            return True
        text = raw.strip(b"\r\n")
        return any(pattern.fullmatch(text) for pattern in self.patterns)


_VOCABULARIES: dict[tuple[int, Role], tuple[WireProtocol, Vocabulary]] = {}


def vocabulary(protocol: WireProtocol, sender: Role) -> Vocabulary:
    """Of `protocol` as `sender` speaks it; made once."""
    known = _VOCABULARIES.get((id(protocol), sender))
    if known is None or known[0] is not protocol:
        wires = [vector.wire for vector in protocol.vectors if vector.sender is sender]
        wires += [protocol.encode(message, sender) for message in protocol.examples(sender)]
        shapes = {shape(raw) for wire in wires for _, _, raw in _messages(protocol, sender, [wire])}
        told = frozenset(form for form in shapes if _BARE.fullmatch(form) is None)
        known = protocol, Vocabulary(told, _patterns().get((protocol.name, sender), ()))
        _VOCABULARIES[id(protocol), sender] = known
    return known[1]


@cache
def _patterns() -> dict[tuple[str, Role], tuple[re.Pattern[bytes], ...]]:
    data = tomllib.loads(WORDING.read_text("utf-8"))
    return {
        (name, Role(role)): tuple(re.compile(text.encode("latin-1"), re.DOTALL) for text in table["patterns"])
        for name, roles in data.items()
        for role, table in roles.items()
    }
