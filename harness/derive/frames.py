"""Messages of one line with the instants at which their last bytes were in, decoded fast where frames repeat.

A scale that broadcasts says few different things very often.  The stream is cut into pieces at a byte that frames of the
protocol end or begin with, and what a decoder in one state makes of one piece is remembered, with the state it is in then: an
automaton that is learned as it is used.  What is decoded is the same as without it, whatever comes and however it was cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from captures.model import Int64Array, WireChunk, frozen_int64
from protocols.contract import Decoder, Garbage, LineSettings, Message, Role, WireProtocol

MOST_STATES, MOST_PIECES = 64, 100_000  # that are learned
SILENCE_CHARS = 20.0
"""A shorter silence is told to no decoder: adapters hand bytes over in blocks.  Each codec has its own, longer or equal."""
FOR_EVER = 1e9  # character times


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
    """`messages` with few repeats; message k of the stream is `messages[which[k]]`, its last byte in at `times_ns[k]`, both
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
    reader = _Reader(protocol, sender, _Stream(chunks, line.char_ns(), late_ns))
    return reader.read()


class _Stream:
    """Bytes of the chunks as one.  By chunk (c,): `ends` where it ends, `times` its stamp, `quiet` the silence before it in
    character times, 0 where there surely was none to speak of."""

    def __init__(self, chunks: Sequence[WireChunk], char_ns: int, late_ns: int) -> None:
        self.data = b"".join([chunk.data for chunk in chunks])
        self.ends = np.cumsum(np.fromiter((len(chunk.data) for chunk in chunks), np.int64, len(chunks)))
        self.times = np.fromiter((chunk.t_ns for chunk in chunks), np.int64, len(chunks))
        quiet = (np.diff(self.times, prepend=self.times[:1]) - late_ns) / char_ns if char_ns else np.zeros(len(chunks))
        self.quiet = np.where(quiet >= SILENCE_CHARS, quiet, 0.0)

    def parts(self, begin: int, end: int) -> Iterator[tuple[int, float, bytes]]:
        """Bytes begin to end as they came: instant, silence before, bytes."""
        chunk, at = int(np.searchsorted(self.ends, begin, "right")), begin
        while at < end:
            chunk_end = int(self.ends[chunk])
            opens = at == (int(self.ends[chunk - 1]) if chunk else 0)
            yield (
                int(self.times[chunk]),
                float(self.quiet[chunk]) if opens else 0.0,
                self.data[at : min(end, chunk_end)],
            )
            at, chunk = min(end, chunk_end), chunk + 1


@dataclass
class _State:
    """What a decoder has in mind between two pieces.  `waits`: a silence would change it.  `after`: piece -> number of the one
    message that its last byte completes, and the state then; None for a piece that gives anything else."""

    decoder: Decoder
    waits: bool
    after: dict[bytes, tuple[int, _State] | None] = field(default_factory=dict)


class _Reader:
    def __init__(self, protocol: WireProtocol, sender: Role, stream: _Stream) -> None:
        self._stream = stream
        self._pieces = _cut(stream.data, protocol, sender)
        self._decoder: Decoder = protocol.decoder(sender)  # as it stands, while no piece is remembered
        self._states: dict[Hashable, _State] = {}
        self._learned = 0
        self._messages: list[Message] = []
        self._which: list[int] = []
        self._times: list[int] = []
        self._noise: list[Noise] = []
        self._since_ns: int | None = None  # the first byte after the last message
        self._open = False  # the last noise may go on

    def read(self) -> Frames:
        stream, pieces = self._stream, self._pieces
        sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
        ends = np.cumsum(sizes)
        first, last = np.searchsorted(stream.ends, ends - sizes, "right"), np.searchsorted(stream.ends, ends)
        opens = np.isin(ends - sizes, np.append(0, stream.ends[:-1]))
        silences = np.cumsum(stream.quiet > 0)
        broken = silences[last] > silences[first]  # a silence inside
        preceded = opens & (stream.quiet[first] > 0)
        odd = (broken | preceded).tolist()
        times, begins, stops = stream.times[last].tolist(), (ends - sizes).tolist(), ends.tolist()
        told, when = self._which, self._times
        state, remembered = self._state(), False
        for k, piece in enumerate(pieces):
            if state is not None and not (odd[k] and (broken[k] or state.waits)):
                try:
                    known = state.after[piece]
                except KeyError:
                    known = self._learn(state, piece)
                if known is not None:
                    told.append(known[0])
                    when.append(times[k])
                    state, remembered = known[1], True
                    continue
            if remembered and state is not None:  # else the decoder itself is in this state
                self._open, self._since_ns, remembered = False, None, False
                self._decoder = deepcopy(state.decoder)
            self._feed(begins[k], stops[k])
            state = self._state()
        if remembered and state is not None:
            self._decoder = deepcopy(state.decoder)
        self._take(self._decoder.close(), times[-1])
        return Frames(self._messages, frozen_int64(told), frozen_int64(when), tuple(self._noise))

    def _state(self) -> _State | None:
        """The learned state that the decoder is in; None where too many are learned already."""
        key = _key(self._decoder)
        if key not in self._states and len(self._states) < MOST_STATES:
            quiet = deepcopy(self._decoder)
            waits = bool(quiet.silence(FOR_EVER)) or _key(quiet) != key
            self._states[key] = _State(deepcopy(self._decoder), waits)
        return self._states.get(key)

    def _learn(self, state: _State, piece: bytes) -> tuple[int, _State] | None:
        decoder = deepcopy(state.decoder)
        early, said = decoder.feed(piece[:-1]), decoder.feed(piece[-1:])
        known: tuple[int, _State] | None = None
        then = self._states.get(_key(decoder))
        if not early and len(said) == 1 and not isinstance(said[0], Garbage) and then is not None:
            known = len(self._messages), then
        if self._learned < MOST_PIECES:
            self._learned += 1
            state.after[piece] = known
        self._messages += said if known is not None else []
        return known

    def _feed(self, begin: int, end: int) -> None:
        for t_ns, quiet, data in self._stream.parts(begin, end):
            if quiet:
                self._take(self._decoder.silence(quiet), t_ns)
            self._since_ns = t_ns if self._since_ns is None else self._since_ns
            self._take(self._decoder.feed(data), t_ns)

    def _take(self, messages: Sequence[Message], t_ns: int) -> None:
        for message in messages:
            if isinstance(message, Garbage):
                self._bad(message, t_ns)
                continue
            self._which.append(len(self._messages))
            self._times.append(t_ns)
            self._messages.append(message)
            self._since_ns, self._open = None, False

    def _bad(self, garbage: Garbage, t_ns: int) -> None:
        begin_ns, why, size = t_ns if self._since_ns is None else self._since_ns, garbage.why, len(garbage.raw)
        if self._open:
            last = self._noise.pop()
            begin_ns, why, size = last.begin_ns, last.why, last.size + size
        self._noise.append(Noise(begin_ns, t_ns, why, size))
        self._since_ns, self._open = None, True


def _key(value: object, above: tuple[int, ...] = ()) -> Hashable:
    """All that `value` has in mind, compared by value: two decoders with the same key go on in the same way.  What is of no
    known kind is compared by identity, so that it is never taken for another."""
    if value is None or isinstance(value, bytes | bytearray | str | int | float | Enum):
        return bytes(value) if isinstance(value, bytearray) else value
    if id(value) in above:
        return "above"
    inner = (*above, id(value))
    if isinstance(value, Sequence | set | frozenset):
        return type(value), tuple(_key(one, inner) for one in value)
    if isinstance(value, Mapping):
        return type(value), tuple((_key(name, inner), _key(one, inner)) for name, one in value.items())
    if isinstance(value, Callable):  # type: ignore[arg-type]
        owner = getattr(value, "__self__", None)
        return ("function", getattr(value, "__name__", ""), _key(owner, inner) if owner is not None else "")
    names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
    if not names:
        return id(value)
    return type(value), tuple((name, _key(getattr(value, name, None), inner)) for name in names)


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
