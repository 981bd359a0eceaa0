"""Messages of one line with the instants at which their last bytes were in, decoded fast where frames repeat.

A scale that broadcasts says few different things very often.  The stream is cut at a byte that every frame of the protocol
ends with (or begins with); what a fresh decoder makes of a piece is remembered where it is exactly one message and nothing
is held afterwards.  Every other piece, and every piece after it until the decoder says of one what a fresh decoder says, goes
through a decoder as it stands: what is decoded is the same as without the memory, only faster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from captures.model import Int64Array, WireChunk, frozen_int64
from protocols.contract import Decoder, Garbage, LineSettings, Message, Role, WireProtocol

SILENCE_CHARS = 20.0
"""A shorter silence is told to no decoder: adapters hand bytes over in blocks.  Each codec has its own, longer or equal."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What is no message, or does not count, from the first to the last instant, with its first reason.  `size`: bytes that the
    decoder could not read, or messages that it could."""

    begin_ns: int
    end_ns: int
    why: str
    size: int


@dataclass(frozen=True, eq=False)
class Frames:
    """`messages` without repeats; message k of the stream is `messages[which[k]]`, its last byte in at `times_ns[k]`, both
    (n,), times in order.  `noise` in order of time."""

    messages: Sequence[Message]
    which: Int64Array
    times_ns: Int64Array
    noise: Sequence[Noise]


def frames(
    protocol: WireProtocol,
    chunks: Sequence[WireChunk],
    line: LineSettings,
    sender: Role = Role.DEVICE,
    late_ns: int = 0,
) -> Frames:
    """What `sender` said in `chunks`, all of one link, of one direction and in time order.

    A silence is told to the decoder when it was surely one: longer than what an arrival may be held back (`late_ns`).
    """
    chunks = [chunk for chunk in chunks if chunk.data]
    if not chunks:
        return Frames((), frozen_int64([]), frozen_int64([]), ())
    stream = _Stream(chunks, line.char_ns(), late_ns)
    pieces = _cut(stream.data, protocol, sender)
    sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
    ends = np.cumsum(sizes)
    first, last = np.searchsorted(stream.ends, ends - sizes, "right"), np.searchsorted(stream.ends, ends)
    known, messages = _remembered(pieces, protocol, sender)
    ids = np.fromiter(map(known.__getitem__, pieces), np.int64, len(pieces))
    paused = stream.pauses[last] > stream.pauses[first]
    live = _Live(protocol, sender, stream, messages)
    odd = np.flatnonzero((ids < 0) | paused)
    at = 0  # everything before has been told
    for k in odd:
        if k < at:
            continue
        at = int(k)
        live.begin()
        while at < len(pieces):
            same = live.feed(int(ends[at] - sizes[at]), int(ends[at]), at, int(ids[at]))
            at += 1
            if same:
                break
        else:
            live.close()
    plain = np.ones(len(pieces), np.bool_)
    plain[live.took] = False
    places = np.concatenate((np.flatnonzero(plain), np.array(live.places, np.int64)))
    which = np.concatenate((ids[plain], np.array(live.which, np.int64)))
    times = np.concatenate((stream.times[last[plain]], np.array(live.times, np.int64)))
    order = np.argsort(places, kind="stable")
    return Frames(messages, frozen_int64(which[order]), frozen_int64(times[order]), tuple(live.noise))


class _Stream:
    """Bytes of the chunks as one; `ends` (c,) where each chunk ends, `times` (c,) its stamp, `pauses` (c,) how many silences
    came before it."""

    def __init__(self, chunks: Sequence[WireChunk], char_ns: int, late_ns: int) -> None:
        self.data = b"".join([chunk.data for chunk in chunks])
        self.ends = np.cumsum(np.fromiter((len(chunk.data) for chunk in chunks), np.int64, len(chunks)))
        self.times = np.fromiter((chunk.t_ns for chunk in chunks), np.int64, len(chunks))
        self._char_ns, self._late_ns = char_ns, late_ns
        quiet_ns = np.diff(self.times, prepend=self.times[:1]) - late_ns
        self.pauses = np.cumsum(quiet_ns > SILENCE_CHARS * char_ns) if char_ns else np.zeros(len(chunks), np.int64)

    def parts(self, begin: int, end: int) -> Iterator[tuple[int, float, bytes]]:
        """Bytes begin to end as they came: (instant, character times of silence before, bytes); 0.0 where there surely was
        none."""
        at = begin
        while at < end:
            chunk = int(np.searchsorted(self.ends, at, "right"))
            stop = min(end, int(self.ends[chunk]))
            opens = chunk and at == int(self.ends[chunk - 1])
            quiet_ns = int(self.times[chunk] - self.times[chunk - 1]) - self._late_ns if opens else 0
            yield (
                int(self.times[chunk]),
                max(0.0, quiet_ns / self._char_ns) if self._char_ns else 0.0,
                self.data[at:stop],
            )
            at = stop


class _Live:
    """A decoder for what is not remembered."""

    def __init__(self, protocol: WireProtocol, sender: Role, stream: _Stream, messages: list[Message]) -> None:
        self._protocol, self._sender, self._stream, self._messages = protocol, sender, stream, messages
        self._decoder: Decoder = protocol.decoder(sender)
        self._since_ns: int | None = None  # first byte after the last message
        self._now_ns = 0
        self._open = False  # the last noise may go on
        self._noisy = False  # there was some in this piece
        self.took: list[int] = []
        self.places: list[int] = []
        self.which: list[int] = []
        self.times: list[int] = []
        self.noise: list[Noise] = []

    def begin(self) -> None:
        self._decoder, self._since_ns, self._open = self._protocol.decoder(self._sender), None, False

    def feed(self, begin: int, end: int, place: int, known: int) -> bool:
        """Piece number `place`, bytes begin to end; True where the decoder says of it what a fresh one does: `known`."""
        self.took.append(place)
        before, self._noisy = len(self.which), False
        for t_ns, quiet, data in self._stream.parts(begin, end):
            if quiet >= SILENCE_CHARS:
                self._take(self._decoder.silence(quiet), place)
            self._now_ns = t_ns
            if self._since_ns is None:
                self._since_ns = t_ns
            self._take(self._decoder.feed(data), place)
        said = self.which[before:]
        return known >= 0 and not self._noisy and len(said) == 1 and self._messages[said[0]] == self._messages[known]

    def close(self) -> None:
        self._take(self._decoder.close(), len(self.took))

    def _take(self, messages: list[Message], place: int) -> None:
        for message in messages:
            if isinstance(message, Garbage):
                self._noise(message)
                continue
            self.places.append(place)
            self.which.append(len(self._messages))
            self.times.append(self._now_ns)
            self._messages.append(message)
            self._since_ns, self._open = None, False

    def _noise(self, garbage: Garbage) -> None:
        begin_ns = self._now_ns if self._since_ns is None else self._since_ns
        if self._open:
            last = self.noise.pop()
            self.noise.append(Noise(last.begin_ns, self._now_ns, last.why, last.size + len(garbage.raw)))
        else:
            self.noise.append(Noise(begin_ns, self._now_ns, garbage.why, len(garbage.raw)))
        self._since_ns, self._open, self._noisy = None, True, True


def _cut(data: bytes, protocol: WireProtocol, sender: Role) -> list[bytes]:
    """`data` in pieces: after the byte that most frames end with, or before the one that most begin with; as a whole where
    frames have neither."""
    examples = [protocol.encode(message, sender) for message in protocol.examples(sender)]
    tails = Counter(frame[-1:] for frame in examples if frame.count(frame[-1:]) == 1)
    heads = Counter(frame[:1] for frame in examples if frame.count(frame[:1]) == 1)
    (tail, ending), (head, beginning) = (counts.most_common(1)[0] if counts else (b"", 0) for counts in (tails, heads))
    if not max(ending, beginning):
        return [data]
    if ending >= beginning:
        *whole, rest = data.split(tail)
        return [piece + tail for piece in whole] + ([rest] if rest else [])
    rest, *whole = data.split(head)
    return ([rest] if rest else []) + [head + piece for piece in whole]


def _remembered(
    pieces: Sequence[bytes], protocol: WireProtocol, sender: Role
) -> tuple[dict[bytes, int], list[Message]]:
    """Piece -> number of its message, -1 where a fresh decoder does not make exactly one of it."""
    known: dict[bytes, int] = {}
    messages: list[Message] = []
    for piece in dict.fromkeys(pieces):
        decoder = protocol.decoder(sender)
        said = decoder.feed(piece)
        plain = len(said) == 1 and not isinstance(said[0], Garbage) and not decoder.close()
        known[piece] = len(messages) if plain else -1
        messages += said if plain else []
    return known, messages
