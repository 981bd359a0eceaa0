"""The analyser's sample bytes to words and back (protocols.md 6.1): newest sample first, one byte a channel group.

Run-length coded: a word whose highest bit is set is a count; it comes right before the word it repeats (in the order
of the wire, newest first) and says how many times more that word was sampled.  The highest channel is lost to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from protocols.contract import ProtocolError

UInt32Array = npt.NDArray[np.uint32]
GROUP_BITS = 8


def _checked(groups: Sequence[int]) -> None:
    if not groups or list(groups) != sorted(set(groups)) or not 0 <= groups[0] <= groups[-1] < 4:
        raise ProtocolError(f"channel groups: expected one to four of 0 to 3, ascending, got {list(groups)}")


def encode_samples(words: npt.ArrayLike, groups: Sequence[int], *, rle: bool = False) -> bytes:
    """The bytes of `words` (n,), oldest first, of which only the channels of `groups` are sent."""
    _checked(groups)
    packed = _packed(np.asarray(words, np.uint32), groups)[::-1]
    return _bytes(_coded(packed, len(groups)) if rle else packed, len(groups))


def read_samples(raw: bytes, groups: Sequence[int], *, rle: bool = False) -> UInt32Array:
    """Words (n,) uint32, oldest first, bit = channel; channels of groups that are off read 0.

    Raises ProtocolError when `raw` ends inside a sample, or in a count that counts nothing.
    """
    _checked(groups)
    size = len(groups)
    if len(raw) % size:
        raise ProtocolError(
            f"sample data: expected whole samples of {size} bytes, got {len(raw)} bytes: data was lost on the way"
        )
    pieces = np.frombuffer(raw, np.uint8).reshape(-1, size).astype(np.uint32)
    packed = (pieces << (np.arange(size, dtype=np.uint32) * GROUP_BITS)).sum(axis=1, dtype=np.uint32)
    if rle:
        packed = _repeated(packed, size)
    words = np.zeros(packed.size, np.uint32)
    for place, group in enumerate(groups):
        words |= ((packed >> (place * GROUP_BITS)) & 0xFF) << (group * GROUP_BITS)
    return words[::-1]


def samples_in(raw: bytes, groups: Sequence[int], *, rle: bool = False) -> int:
    """How many samples `raw` stands for so far; a tail that is no whole sample or only a count adds none."""
    size = len(groups)
    whole = raw[: len(raw) - len(raw) % size]
    if not rle:
        return len(whole) // size
    top = np.frombuffer(whole, np.uint8)[size - 1 :: size]
    if top.size and top[-1] & 0x80:
        whole = whole[:-size]
    return int(read_samples(whole, groups, rle=True).size)


def _packed(words: UInt32Array, groups: Sequence[int]) -> UInt32Array:
    packed = np.zeros(words.size, np.uint32)
    for place, group in enumerate(groups):
        packed |= ((words >> (group * GROUP_BITS)) & 0xFF) << (place * GROUP_BITS)
    return packed


def _bytes(packed: UInt32Array, size: int) -> bytes:
    return packed.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :size].tobytes()


def _coded(packed: UInt32Array, size: int) -> UInt32Array:
    """`packed` (newest first) with runs as count and word."""
    count_bit = np.uint32(1 << (size * GROUP_BITS - 1))
    longest = int(count_bit) - 1
    packed = packed & ~count_bit
    starts = np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]])) if packed.size else np.empty(0, int)
    runs = np.diff(np.append(starts, packed.size))
    out: list[int] = []
    for word, run in zip(packed[starts].tolist(), runs.tolist(), strict=True):
        while run > 0:
            more = min(run - 1, longest)
            out += [int(count_bit) | more, word] if more else [word]
            run -= more + 1
    return np.array(out, np.uint32)


def _repeated(packed: UInt32Array, size: int) -> UInt32Array:
    count_bit = np.uint32(1 << (size * GROUP_BITS - 1))
    is_count = (packed & count_bit) != 0
    if packed.size and is_count[-1]:
        raise ProtocolError("sample data: expected a sample after the last count, got the end: data was lost")
    if bool(np.any(is_count[1:] & is_count[:-1])):
        raise ProtocolError("sample data: expected a sample after a count, got a second count: data was lost")
    values = packed[~is_count]
    times = np.ones(values.size, np.int64)
    places = np.cumsum(~is_count)  # a count stands before the value whose number it has reached
    times[places[is_count]] += (packed[is_count] & ~count_bit).astype(np.int64)
    if int(times.sum()) > 1 << 26:
        raise ProtocolError(
            f"sample data: expected at most {1 << 26} samples, got {int(times.sum())}: the counts are damaged"
        )
    return np.repeat(values, times)
