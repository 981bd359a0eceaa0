"""The analyser's run-length coded samples to changes and back, in integer ticks (protocols.md 6.1b).

A tick is a sample index from the start of the run.  Up to four channels use one byte per change (D4); more use slices
of seven channels per byte, lowest first.  Both formats count repeats of the previous sample in run bytes 30h-7Fh.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from protocols.contract import ProtocolError

UInt32Array = npt.NDArray[np.uint32]
_Bytes = npt.NDArray[np.uint8]

MAX_CHANNELS = 32
D4_CHANNELS = 4
_SLICE_BITS = 7
_D4_LONGEST, _SLICE_LONGEST = 640, 1568
_LONGEST_RUN = 0x7F
"""The run byte of the longest run in both formats."""

_BYTE = np.arange(256, dtype=np.int64)
# Samples each byte stands for.  A D4 sample byte repeats bits 6-4 times, then adds its own sample.
_D4_COUNT = np.where(_BYTE >= 0x80, ((_BYTE >> 4) & 7) + 1, (_BYTE - 47) * 8)
_RUN_COUNT = np.where(_BYTE >= 0x50, (_BYTE - 78) * 32, _BYTE - 47)


def slices_of(digital_channels: int) -> int:
    """Sample bytes per sample for so many enabled channels; 1 in the D4 format."""
    if not 1 <= digital_channels <= MAX_CHANNELS:
        raise ProtocolError(f"digital channels: expected 1 to {MAX_CHANNELS}, got {digital_channels}")
    return 1 if digital_channels <= D4_CHANNELS else -(-digital_channels // _SLICE_BITS)


class SampleReader:
    """Reads the data bytes of one run, cut anywhere.

    `initial` is the word of the first sample (None before it came), `next_tick` the number of samples seen.  Bits of
    channels that are not enabled are dropped.  After a ProtocolError the reader must be given up: what follows a
    byte that cannot be read has no certain tick.
    """

    def __init__(self, digital_channels: int) -> None:
        self._slices = slices_of(digital_channels)
        self._d4 = digital_channels <= D4_CHANNELS
        self._mask = np.uint32((1 << digital_channels) - 1)
        self._word: int | None = None
        self._partial = np.empty(0, np.uint8)
        self.initial: int | None = None
        self.next_tick = 0

    def feed(self, raw: bytes) -> tuple[Int64Array, UInt32Array]:
        """(ticks int64 (n,), words uint32 (n,)): the samples that differ from the one before, and their words."""
        data = np.frombuffer(raw, np.uint8)
        if not data.size:
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        if data.min() < 0x30:
            at = int(np.argmax(data < 0x30))
            raise ProtocolError(
                f"sample data: expected bytes 30h-FFh, got {raw[at]:02X}h {at} bytes after sample {self.next_tick}; "
                "pass on the raw bytes of Samples only"
            )
        if self._word is None and not self._partial.size:
            self._check_first(data)
        is_sample = data >= 0x80
        if self._d4:
            counts = _D4_COUNT[data]
            where = np.flatnonzero(is_sample)
            words = (data[where] & 0x0F).astype(np.uint32)
        else:
            counts, where, words = self._slice_groups(data, is_sample)
        ends = np.cumsum(counts)
        ends += self.next_tick
        ticks = ends[where] - 1
        self.next_tick = int(ends[-1])
        if not words.size:
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        words &= self._mask
        changed = np.empty(words.size, np.bool_)
        np.not_equal(words[1:], words[:-1], out=changed[1:])
        changed[0] = self._word is not None and words[0] != self._word
        if self.initial is None:
            self.initial = int(words[0])
        self._word = int(words[-1])
        return ticks[changed], words[changed]

    def _slice_groups(
        self, data: _Bytes, is_sample: npt.NDArray[np.bool_]
    ) -> tuple[Int64Array, Int64Array, UInt32Array]:
        """Samples per byte, the places of the bytes that complete a sample, and their words."""
        size, before = self._slices, self._partial
        place = (np.cumsum(is_sample) + before.size) % size
        broken = ~is_sample & (place != 0)
        if broken.any():
            raise ProtocolError(
                f"sample data: expected {size} slices in a row, got run byte {data[np.argmax(broken)]:02X}h inside a "
                f"sample after sample {self.next_tick}; the run is damaged from here"
            )
        completes = is_sample & (place == 0)
        pieces = np.concatenate((before, data[is_sample]))
        whole = pieces.size - pieces.size % size
        self._partial = pieces[whole:].copy()
        groups = pieces[:whole].reshape(-1, size).astype(np.uint64) & np.uint64(0x7F)
        words = (groups << (np.arange(size, dtype=np.uint64) * np.uint64(_SLICE_BITS))).sum(axis=1, dtype=np.uint64)
        counts = np.where(is_sample, completes, _RUN_COUNT[data]).astype(np.int64)
        return counts, np.flatnonzero(completes), words.astype(np.uint32)

    def _check_first(self, data: _Bytes) -> None:
        """The firmware opens every block with whole samples; a repeat of nothing has no value."""
        if data[0] < 0x80 or (self._d4 and data[0] >= 0x90):
            raise ProtocolError(
                f"sample data: expected a sample first, got {data[0]:02X}h, a repeat of nothing; "
                "the beginning of the run is missing"
            )


def encode_samples(
    ticks: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    start_tick: int,
    end_tick: int,
    previous: int | None,
    digital_channels: int,
) -> bytes:
    """The data bytes of samples [start_tick, end_tick) that hold `values` from `ticks` on.

    `ticks` int64 (n,), strictly increasing inside the interval; `values` (n,) below 2**digital_channels; `previous` the
    word of the sample before start_tick, None at the start of a run: the first tick must then be start_tick.
    """
    slices = slices_of(digital_channels)
    at, words = np.asarray(ticks, np.int64), np.asarray(values, np.int64)
    _check(at, words, start_tick, end_tick, previous, digital_channels)
    if end_tick == start_tick:
        return b""
    gaps = np.diff(at, prepend=start_tick - 1) - 1
    tail = int(end_tick - 1 - (at[-1] if at.size else start_tick - 1))
    if digital_channels > D4_CHANNELS:
        return _encode_slices(np.append(gaps, tail), words, slices)
    last = int(words[-1]) if words.size else previous
    if tail % 8 and last is not None:  # D4 run bytes count in eights: the last word is sent once more after the rest
        gaps, words, tail = np.append(gaps, tail - 1), np.append(words, last), 0
    return _encode_d4(np.append(gaps, tail), words)


def _encode_d4(gaps: Int64Array, words: Int64Array) -> bytes:
    """One byte per sample after its run bytes; the last gap has no sample."""
    longest, rest = np.divmod(gaps, _D4_LONGEST)
    eights, ones = np.divmod(rest, 8)
    samples = np.ones(gaps.size, np.int64)
    samples[-1] = 0
    sizes = longest + (eights > 0) + samples
    ends = np.cumsum(sizes)
    out = np.full(int(ends[-1]), _LONGEST_RUN, np.uint8)
    out[(ends - samples - 1)[eights > 0]] = 47 + eights[eights > 0]
    out[ends[:-1] - 1] = 0x80 | (ones[:-1] << 4) | words
    return out.tobytes()


def _encode_slices(gaps: Int64Array, words: Int64Array, slices: int) -> bytes:
    """`slices` bytes per sample after its run bytes; the last gap has no sample."""
    longest, rest = np.divmod(gaps, _SLICE_LONGEST)
    coarse, fine = np.divmod(rest, 32)
    samples = np.full(gaps.size, slices, np.int64)
    samples[-1] = 0
    ends = np.cumsum(longest + (coarse > 0) + (fine > 0) + samples)
    out = np.full(int(ends[-1]), _LONGEST_RUN, np.uint8)
    # 32 repeats are the last of the small run bytes (4Fh), more than that count in 32s from 50h on: both are 78 + n.
    has, runs_end = coarse > 0, ends - samples
    out[(runs_end - (fine > 0) - 1)[has]] = 78 + coarse[has]
    out[(runs_end - 1)[fine > 0]] = 47 + fine[fine > 0]
    for place in range(slices):
        out[runs_end[:-1] + place] = 0x80 | ((words >> (_SLICE_BITS * place)) & 0x7F)
    return out.tobytes()


def _check(
    at: Int64Array, words: Int64Array, start_tick: int, end_tick: int, previous: int | None, digital_channels: int
) -> None:
    if at.ndim != 1 or at.shape != words.shape:
        raise ProtocolError(
            f"samples: expected ticks and values of one length, got shapes {at.shape} and {words.shape}"
        )
    if end_tick < start_tick:
        raise ProtocolError(f"samples: expected end_tick >= start_tick, got {end_tick} < {start_tick}")
    if at.size and (at[0] < start_tick or at[-1] >= end_tick or bool(np.any(np.diff(at) <= 0))):
        raise ProtocolError(f"samples: expected strictly increasing ticks inside [{start_tick}, {end_tick})")
    if words.size and (words.min() < 0 or int(words.max()) >> digital_channels):
        raise ProtocolError(f"samples: expected words of {digital_channels} bits, got {words.min()} to {words.max()}")
    if previous is not None and (previous < 0 or previous >> digital_channels):
        raise ProtocolError(f"samples: expected a previous word of {digital_channels} bits, got {previous}")
    if previous is None and end_tick > start_tick and not (at.size and at[0] == start_tick):
        raise ProtocolError(f"samples: expected the first sample at tick {start_tick}, since no word came before it")
