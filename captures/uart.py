"""Characters of an asynchronous serial line, read out of the edges of one captured channel.

Sampled as a receiver does it: a falling edge begins a start bit, which has to be low at its middle too; every bit is looked at
once, at its middle; from the middle of the first stop bit on the next start is looked for, so that a second stop bit that is
cut short costs no character.  All instants are whole ticks: offsets are exact fractions of a bit, rounded down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from captures.model import ClockMap, EdgeKind, Int64Array, PulseTrain, UInt8Array, frozen_int64

LEAST_TICKS_PER_BIT = 3
"""Below it an edge that is one tick off moves into the neighbouring bit.  Derived."""

_MOST_TICKS = 1 << 61  # sums of two instants stay in int64
_BLOCK = 1 << 14  # characters sampled at once
PARITIES = "NEOMS"


class CharFlag(IntFlag):
    """Why a character is none to rely on."""

    FRAMING = 1  # a stop bit was not there
    PARITY = 2
    BREAK = 4  # low from start to stop; always with FRAMING
    CUT = 8  # partly outside the recording, or in one of its gaps


@dataclass(frozen=True, slots=True)
class UartLine:
    """How characters stand on the line.  `parity` N, E, O, M (mark) or S (space); `inverted`: idle is low."""

    baud: Fraction
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1
    inverted: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.baud <= 10**9:
            raise ValueError(f"baud: expected above 0 and at most 10^9, got {self.baud}")
        if self.data_bits not in (5, 6, 7, 8):
            raise ValueError(f"data bits: expected 5 to 8, got {self.data_bits}")
        if len(self.parity) != 1 or self.parity not in PARITIES:
            raise ValueError(f"parity: expected one of {', '.join(PARITIES)}, got {self.parity!r}")
        if self.stop_bits not in (1, 2):
            raise ValueError(f"stop bits: expected 1 or 2, got {self.stop_bits}")

    @property
    def bits(self) -> int:
        """Of a character: start, data, parity, stop."""
        return 1 + self.data_bits + (self.parity != "N") + self.stop_bits

    def __str__(self) -> str:
        return f"{self.baud} {self.data_bits}{self.parity}{self.stop_bits}{' inverted' if self.inverted else ''}"


@dataclass(frozen=True, eq=False)
class Characters:
    """`starts`, `ends` int64 (n,): ticks of the start bit's edge and of the character's nominal end (of a break: where it ends);
    `data` uint8 (n,); `flags` uint8 (n,) of CharFlag.  `false_starts`: lows too short for a start bit.  `window` as observed.
    """

    starts: Int64Array
    ends: Int64Array
    data: UInt8Array
    flags: UInt8Array
    false_starts: int
    window: tuple[int, int]
    tick_s: Fraction
    line: UartLine

    def having(self, flag: CharFlag) -> npt.NDArray[np.bool_]:
        """Which characters (n,) carry `flag`."""
        found: npt.NDArray[np.bool_] = (self.flags & np.uint8(flag)) != 0
        return found

    @property
    def whole(self) -> Characters:
        """Without those that the recording shows in part."""
        seen = ~self.having(CharFlag.CUT)
        return Characters(
            self.starts[seen], self.ends[seen], self.data[seen], self.flags[seen], self.false_starts, self.window, self.tick_s, self.line
        )  # fmt: skip

    @property
    def char_ticks(self) -> Fraction:
        return self.line.bits / (self.line.baud * self.tick_s)

    def to_ns(self, ticks: npt.ArrayLike) -> Int64Array:
        """Nanoseconds (n,) from tick 0, rounded down."""
        return ClockMap("", 0, self.tick_s * 10**9, 0, 0.0).to_ns(ticks)


def decode(train: PulseTrain, line: UartLine) -> Characters:
    """The characters on `train`, in time n log n at most.

    ValueError: edges of one direction only, no sample rate, or ticks too coarse for the baud rate.
    """
    if train.levels is None or train.edge is not EdgeKind.BOTH:
        raise ValueError(f"{train.name}: expected rising and falling edges, got only {train.edge} ones")
    if train.tick_s is None:
        raise ValueError(f"{train.name}: no sample rate is stated: times are not to be had, and characters need them")
    bit = 1 / (line.baud * train.tick_s)
    if bit < LEAST_TICKS_PER_BIT:
        raise ValueError(
            f"{train.name}: {float(bit):.3g} ticks a bit at {line.baud} baud, expected at least {LEAST_TICKS_PER_BIT}; "
            "record faster, or name the right baud rate"
        )
    first, last = _span(train)
    if last - first >= _MOST_TICKS:
        raise ValueError(f"{train.name}: {last - first} ticks, expected fewer than {_MOST_TICKS}")
    middles = [min(int((2 * number + 1) * bit / 2), last - first + 1) for number in range(line.bits)]
    ticks = train.ticks - first
    levels = train.levels ^ np.uint8(line.inverted)
    channel = _Channel(ticks, levels)
    starts, false_starts = _starts(channel, middles, line)
    bits = _sampled(channel, starts, middles)
    data, flags = _read(bits, line)
    whole = min(-int(-line.bits * bit // 1), last - first + 1)  # rounded up
    ends = starts + whole
    broken = (flags & CharFlag.BREAK) != 0
    ends[broken] = np.maximum(ends[broken], channel.next_rise(starts[broken], last - first + 1))
    flags |= _cut(starts, middles[-1], train.window[1] - first, train.gaps, first)
    return Characters(
        frozen_int64(starts + first), frozen_int64(ends + first), data, flags, false_starts, train.window, train.tick_s, line
    )  # fmt: skip


def _span(train: PulseTrain) -> tuple[int, int]:
    """First and last tick there is, of the window and the edges."""
    if not train.ticks.size:
        return train.window
    return min(train.window[0], int(train.ticks[0])), max(train.window[1], int(train.ticks[-1]))


class _Channel:
    """Edges of one channel: `ticks` (n,) from 0, `levels` (n,) after each, idle high."""

    def __init__(self, ticks: Int64Array, levels: UInt8Array) -> None:
        self._ticks, self._levels = ticks, levels
        before = np.concatenate((1 - levels[:1], levels[:-1]))  # what was before the first edge is its opposite
        self.falls = ticks[(levels == 0) & (before == 1)]
        self._rises = ticks[(levels == 1) & (before == 0)]

    def at(self, ticks: Int64Array) -> UInt8Array:
        """Levels (n,) at `ticks` (n,), none of them before the first edge."""
        found: UInt8Array = self._levels[np.searchsorted(self._ticks, ticks, "right") - 1]
        return found

    def next_rise(self, ticks: Int64Array, never: int) -> Int64Array:
        """The first rise after each of `ticks` (n,); `never` where there is none."""
        rises = np.append(self._rises, never)
        return rises[np.searchsorted(self._rises, ticks, "right")]


def _starts(channel: _Channel, middles: list[int], line: UartLine) -> tuple[Int64Array, int]:
    """Ticks (n,) of the start bits, and how many falling edges began none."""
    falls = channel.falls
    low = channel.at(falls + middles[0]) == 0
    first_stop = middles[line.bits - line.stop_bits]
    following = np.searchsorted(falls, falls + first_stop, "right")
    onward = np.where(low, following, np.arange(1, falls.size + 1)).tolist()
    found, at = [], 0
    while at < falls.size:
        found.append(at)
        at = onward[at]
    taken = np.array(found, dtype=np.int64)
    real = low[taken]
    return falls[taken[real]], int(np.count_nonzero(~real))


def _sampled(channel: _Channel, starts: Int64Array, middles: list[int]) -> UInt8Array:
    """Levels (n, bits) at the middles of the bits."""
    offsets = np.array(middles, dtype=np.int64)
    bits = np.empty((starts.size, offsets.size), dtype=np.uint8)
    for begin in range(0, starts.size, _BLOCK):
        block = starts[begin : begin + _BLOCK]
        bits[begin : begin + _BLOCK] = channel.at((block[:, None] + offsets).ravel()).reshape(-1, offsets.size)
    return bits


def _read(bits: UInt8Array, line: UartLine) -> tuple[UInt8Array, UInt8Array]:
    """Data (n,), least significant bit first, and flags (n,) of `bits` (n, bits of a character)."""
    told = bits[:, 1 : 1 + line.data_bits]
    data = np.packbits(told, axis=1, bitorder="little").reshape(-1)
    flags = np.zeros(data.size, dtype=np.uint8)
    flags[~bits[:, -line.stop_bits :].all(axis=1)] |= np.uint8(CharFlag.FRAMING)
    if line.parity != "N":
        sent = bits[:, 1 + line.data_bits]
        odd = told.sum(axis=1, dtype=np.uint8) & 1
        right = {"E": odd, "O": 1 - odd, "M": np.ones_like(odd), "S": np.zeros_like(odd)}[line.parity]
        flags[sent != right] |= np.uint8(CharFlag.PARITY)
    flags[~bits.any(axis=1)] = CharFlag.FRAMING | CharFlag.BREAK
    return data, flags


def _cut(
    starts: Int64Array, last_middle: int, window_end: int, gaps: tuple[tuple[int, int], ...], first: int
) -> UInt8Array:
    """CharFlag.CUT (n,) where the last bit's middle is beyond the window, or a gap touches the character."""
    ends = starts + last_middle
    cut = ends > window_end
    for begin, end in gaps:
        cut[np.searchsorted(ends, begin - first, "left") : np.searchsorted(starts, end - first, "right")] = True
    return cut.astype(np.uint8) * np.uint8(CharFlag.CUT)
