"""A stream cut into frames, by whatever makes frames that repeat best.

The measure is how many bits the frames take when every column of every length keeps its own counts of what stood in it, told
adaptively (Krichevsky-Trofimov, the prior that fits best): constant columns cost almost nothing, columns of a few values little, a
cut at the wrong place makes every column cost.  Few frames of many lengths do not pay: each new column begins dear.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

MOST_BYTES = 1 << 15  # that a cut is chosen by
LONGEST = 512
MOST_EDGES = 12  # first and last bytes that are tried
LEAST_FRAMES = 4
PRIORS = (1 / 256, 1 / 32, 1 / 4, 1.0)  # of each of the 256 values: constant, few values, many, any
PRIOR_BITS = 2.0  # to say which
SAYS_SOMETHING = 0.8
ONE_LENGTH = 0.9  # share of the frames
SAVED = 0.98  # what a way must cost of the simpler one before it
PERIODS = range(2, 129)
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Cut:
    """`how`: silence, last byte, first byte, or length, or nothing; `detail` for people; `bits_per_byte` what the frames cost,
    `plain_bits_per_byte` what the bytes cost without any columns."""

    how: str
    detail: str
    value: int
    bits_per_byte: float
    plain_bits_per_byte: float

    @property
    def structured(self) -> bool:
        """Frames say something: they save a fifth or more of the bits."""
        return self.bits_per_byte < SAYS_SOMETHING * self.plain_bits_per_byte


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a stream in order, with the burst that each lies in."""

    cut: Cut
    frames: tuple[bytes, ...]
    bursts: tuple[int, ...]

    def by_length(self, least: int = LEAST_FRAMES) -> Mapping[int, tuple[int, ...]]:
        """Numbers of the frames of each length that is there often enough, the commonest length first."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, frame in enumerate(self.frames):
            found[len(frame)].append(number)
        common = sorted((n for n in found.items() if len(n[1]) >= least), key=lambda item: (-len(item[1]), item[0]))
        return {length: tuple(numbers) for length, numbers in common}


def frames(bursts: Sequence[bytes]) -> Frames:
    """`bursts` cut in the way that repeats best."""
    sample = _first(bursts, MOST_BYTES)
    whole = b"".join(sample)
    plain = _plain(whole)
    best: Cut | None = None
    single: list[
        int
    ] = []  # lengths that frames of one length have: two of them in one would tell their neighbours' likeness too
    for how, value, detail in _ways(sample, whole):
        if how == "length" and any(value % length == 0 for length in single):
            continue
        cut = [frame for _, frame in _apply(sample, how, value)]
        bits = cost(cut) / max(1, len(whole))
        length, count = Counter(map(len, cut)).most_common(1)[0] if cut else (0, 0)
        if count >= ONE_LENGTH * len(cut) > 0 and bits < SAYS_SOMETHING * plain:
            single.append(length)
        if best is None or bits < SAVED * best.bits_per_byte:
            best = Cut(how, detail, value, bits, plain)
    assert best is not None
    pairs = list(_apply(bursts, best.how, best.value))
    return Frames(best, tuple(frame for _, frame in pairs), tuple(burst for burst, _ in pairs))


def cost(found: Sequence[bytes]) -> float:
    """Bits that `found` take column by column, lengths included."""
    by_length: dict[int, list[bytes]] = defaultdict(list)
    for frame in found:
        by_length[len(frame)].append(frame)
    bits = _adaptive(np.array([len(group) for group in by_length.values()]), LONGEST)
    for length, group in by_length.items():
        matrix = np.frombuffer(b"".join(group), dtype=np.uint8).reshape(len(group), length)
        for column in matrix.T:
            bits += _adaptive(np.bincount(column, minlength=256), 256)
    return bits


def _adaptive(counts: npt.NDArray[np.int64], values: int) -> float:
    """Bits of symbols that came so often, told one after the other by the counts so far."""
    seen = counts[counts > 0][:, None]
    total, priors = int(seen.sum()), np.array(PRIORS)
    nats = (
        gammaln(total + values * priors)
        - gammaln(values * priors)
        - (gammaln(seen + priors) - gammaln(priors)).sum(axis=0)
    )
    return float(nats.min() / np.log(2)) + PRIOR_BITS


def _plain(data: bytes) -> float:
    if not data:
        return 0.0
    return _adaptive(np.bincount(np.frombuffer(data, dtype=np.uint8), minlength=256), 256) / len(data)


def _ways(bursts: Sequence[bytes], whole: bytes) -> Iterable[tuple[str, int, str]]:
    """What may separate frames, the simplest first: of equally good ways the first is taken."""
    if len(bursts) >= LEAST_FRAMES:
        yield "silence", 0, "cut at silences"
    yield "nothing", 0, "one piece"
    # letters, digits and blanks are what is said; frames begin and end with something else
    counted = (
        (byte, count)
        for byte, count in Counter(whole).most_common()
        if not (chr(byte).isascii() and chr(byte).isalnum())
    )
    common = [byte for byte, count in counted if count >= LEAST_FRAMES and byte != 0x20]
    tried: list[int] = [byte for byte in (0x0A, 0x0D, 0x03) if byte in common]
    tried += [byte for byte in common if byte not in tried][: MOST_EDGES - len(tried)]
    yield from (("last byte", byte, f"cut after each {byte:02X}h") for byte in tried)
    yield from (("first byte", byte, f"cut before each {byte:02X}h") for byte in tried)
    data = np.frombuffer(whole, dtype=np.uint8)
    periods = [p for p in PERIODS if data.size >= LEAST_FRAMES * p]
    same = {p: float(np.mean(data[p:] == data[:-p])) for p in periods}
    for period in sorted(sorted(periods, key=lambda p: (-same[p], p))[:6]):
        yield "length", period, f"cut every {period} bytes"


def _apply(bursts: Sequence[bytes], how: str, value: int) -> Iterable[tuple[int, bytes]]:
    """Frames with the number of the burst that each begins in.  Only silences and lengths know where bursts end: a frame may be
    handed over in two pieces."""
    if how == "silence":
        yield from ((number, piece) for number, burst in enumerate(bursts) for piece in _bounded(burst))
        return
    whole = b"".join(bursts)
    ends = np.cumsum([len(burst) for burst in bursts])
    data = np.frombuffer(whole, dtype=np.uint8)
    if how == "last byte":
        places = np.flatnonzero(data == value) + 1
    elif how == "first byte":
        places = np.flatnonzero(data == value)
    elif how == "length":
        places = np.arange(value, len(whole), value)
    else:
        places = np.array([], dtype=np.int64)
    begin = 0
    for end in [*places.tolist(), len(whole)]:
        for piece in _bounded(whole[begin:end]):
            yield int(np.searchsorted(ends, begin, "right")), piece
            begin += len(piece)
        begin = end


def _bounded(piece: bytes) -> Iterable[bytes]:
    """What nothing ended is given up in pieces."""
    return (piece[at : at + LONGEST] for at in range(0, len(piece), LONGEST))


def _first(bursts: Sequence[bytes], most: int) -> list[bytes]:
    found, left = [], most
    for burst in bursts:
        if left <= 0:
            break
        found.append(burst[:left])
        left -= len(burst)
    return found
