"""Which known protocols a stream of bytes can be, and how often bytes of the same composition look as much like them.

The null: the very bytes that came, in random order, with the silences and all control characters (below 20h) where they were: that
a stream is made of lines, or of frames from STX to ETX, speaks for no protocol.  A protocol that reads any line reads the shuffled
ones as well, so it does not fit by that; it fits by its wording (`reading.vocabulary`) or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from harness.learning.reading import Read, read, read_mixed, size_inside
from protocols.contract import Role, WireProtocol

SHUFFLES = 499
SEED = 20240229
NULL_BYTES = 1024  # of the stream, that are shuffled
MOST_BYTES = 1 << 16  # of the stream, that are read
ENOUGH = 5  # shuffles that look as much like it: it will not fit any more
LEAST_MESSAGES = 3
LEAST_BYTES = 12
FITS = 0.6  # share of the bytes: frames may be cut at both ends and damaged between
WORDED = 0.5
ABOVE = 0.3  # of the bytes, that the stream must have in messages more than its shuffles: one telling byte in a loose protocol is no fit
ALPHA = 0.002  # none of 499 shuffles
MIXED = "both"
_CONTROL = 0x20


@dataclass(frozen=True, slots=True)
class Stream:
    """What came on one line: `bursts` between silences.  `sender` None: not known which side, or both mixed (`mixed`)."""

    name: str
    bursts: tuple[bytes, ...]
    sender: Role | None = None
    mixed: bool = False

    @property
    def data(self) -> bytes:
        return b"".join(self.bursts)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one side of a protocol fits one stream.

    `share` of the bytes in messages; `telling`: in messages that are more than bare numbers; `worded`: in messages worded as the
    protocol's own.  `p`: share of the shuffles in which as many bytes are in messages (with the stream itself counted); `p_worded`: in messages so
    worded; None where it was not tried.  `by_chance`: the share of the bytes that the shuffles have in messages, on average.
    """

    protocol: str
    role: str
    share: float
    telling: float
    worded: float
    messages: int
    p: float | None
    p_worded: float | None
    by_chance: float | None = None

    @property
    def by_form(self) -> bool:
        if self.p is None or self.by_chance is None or self.messages < LEAST_MESSAGES:
            return False
        return self.p <= ALPHA and self.telling >= FITS and self.share - self.by_chance >= ABOVE

    @property
    def by_wording(self) -> bool:
        enough = self.worded >= WORDED and self.share >= FITS and self.messages >= LEAST_MESSAGES
        return enough and self.p_worded is not None and self.p_worded <= ALPHA

    @property
    def fits(self) -> bool:
        return self.by_form or self.by_wording

    @property
    def explained(self) -> float:
        """Share of the bytes that speak for it."""
        return self.telling if self.by_form else self.worded if self.by_wording else 0.0


def fits(stream: Stream, protocols: Mapping[str, WireProtocol], shuffles: int = SHUFFLES) -> list[Fit]:
    """Every protocol and role on `stream`, the best first."""
    bursts = _first(stream.bursts, MOST_BYTES)
    sample = _first(stream.bursts, NULL_BYTES)
    found = []
    for name, protocol in protocols.items():
        own = [_fit(name, protocol, role, bursts, sample, shuffles) for role in Role]
        if stream.mixed:  # where one side says it all, the other need not be heard
            said = max(one.explained for one in own)
            own.append(_fit(name, protocol, None, bursts, sample, shuffles, said))
        found += own
    return sorted(found, key=lambda fit: (-fit.explained, not fit.fits, -fit.telling, fit.protocol, fit.role))


def _fit(
    name: str,
    protocol: WireProtocol,
    role: Role | None,
    bursts: Sequence[bytes],
    sample: Sequence[bytes],
    shuffles: int,
    said: float = 0.0,
) -> Fit:
    """`said`: the share that is explained without this; what adds nothing to it is not tried."""
    size = max(1, sum(map(len, bursts)))
    whole = _read(protocol, role, bursts)
    share, telling, worded = (int(np.count_nonzero(mask)) / size for mask in (whole.inside, whole.telling, whole.known))
    p: float | None = None
    p_worded: float | None = None
    by_chance: float | None = None
    if whole.messages >= LEAST_MESSAGES and size >= LEAST_BYTES and telling > said:
        if telling >= FITS:
            p, by_chance = _null(protocol, role, sample, shuffles, worded=False)
        if worded >= WORDED and (p is None or p > ALPHA or share - (by_chance or 0.0) < ABOVE):
            p_worded, _ = _null(protocol, role, sample, shuffles, worded=True)
    return Fit(
        name, MIXED if role is None else str(role), share, telling, worded, whole.messages, p, p_worded, by_chance
    )


def _read(protocol: WireProtocol, role: Role | None, bursts: Sequence[bytes], wording: bool = True) -> Read:
    return read_mixed(protocol, bursts, wording) if role is None else read(protocol, role, bursts, wording)


def _seen(protocol: WireProtocol, role: Role | None, bursts: Sequence[bytes], worded: bool) -> int:
    """Bytes inside messages, or in messages so worded."""
    if worded:
        return int(np.count_nonzero(_read(protocol, role, bursts).known))
    if role is None:
        return int(np.count_nonzero(read_mixed(protocol, bursts, wording=False).inside))
    return size_inside(protocol, role, bursts)


def _null(
    protocol: WireProtocol, role: Role | None, bursts: Sequence[bytes], shuffles: int, *, worded: bool
) -> tuple[float, float]:
    """Share of the orders of the bytes, the one that came included, that hold as much, and the share of the bytes they hold on
    average; given up once it is surely too many."""
    least = _seen(protocol, role, bursts, worded)
    data = np.frombuffer(b"".join(bursts), dtype=np.uint8)
    cuts = [0, *accumulate(map(len, bursts))]
    moved = np.flatnonzero(data >= _CONTROL)
    rng = np.random.default_rng(SEED)
    as_many = inside = done = 0
    while done < shuffles and as_many < ENOUGH:
        order = data.copy()
        order[moved] = rng.permutation(data[moved])
        mixed = order.tobytes()
        shuffled = [mixed[a:b] for a, b in pairwise(cuts)]
        seen = _seen(protocol, role, shuffled, worded)
        as_many, inside, done = as_many + (seen >= least), inside + seen, done + 1
    return (1 + as_many) / (1 + done), inside / max(1, done * data.size)


def _first(bursts: Sequence[bytes], most: int) -> list[bytes]:
    """The first `most` bytes."""
    found: list[bytes] = []
    for burst in bursts:
        if most <= 0:
            break
        found.append(burst[:most])
        most -= len(burst)
    return found
