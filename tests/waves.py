"""Edges of a serial line made from characters, bit by bit: the opposite of captures/uart.py, and nothing of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from captures.model import EdgeKind, Origin, PulseTrain
from captures.uart import UartLine

RATE_HZ = 1_000_000


def bits_of(value: int, line: UartLine) -> list[int]:
    """Levels of one character from start to stop, idle high."""
    data = [value >> k & 1 for k in range(line.data_bits)]
    parity = {"N": [], "E": [sum(data) % 2], "O": [1 - sum(data) % 2], "M": [1], "S": [0]}[line.parity]
    return [0, *data, *parity, *[1] * line.stop_bits]


def train_of(
    levels: Sequence[tuple[Fraction, int]],
    *,
    inverted: bool = False,
    end: int | None = None,
    rate_hz: int = RATE_HZ,
    gaps: tuple[tuple[int, int], ...] = (),
) -> PulseTrain:
    """A train of (instant in ticks, level from then on): an edge shows in the first sample at or after it."""
    ticks, shown, now = [], [], 1
    for instant, level in levels:
        if level != now:
            ticks.append(math.ceil(instant))
            shown.append(level ^ inverted)
            now = level
    last = ticks[-1] if ticks else 0
    return PulseTrain(
        "tap", "RX", np.array(ticks, dtype=np.int64), Fraction(1, rate_hz), EdgeKind.BOTH,
        (0, last + 10_000 if end is None else end), Origin("test", "waves"), "file",
        np.array(shown, dtype=np.uint8), gaps,
    )  # fmt: skip


def levels_of(
    characters: Sequence[tuple[int, Fraction | int]],
    line: UartLine,
    bit: Fraction,
    begin: Fraction | int | None = None,
) -> list[tuple[Fraction, int]]:
    """Levels of `characters`, each a value and the idle ticks after it, at `bit` ticks a bit; 20 bits of idle line before them
    where no `begin` is given."""
    found: list[tuple[Fraction, int]] = []
    at = Fraction(20 * bit if begin is None else begin)
    for value, idle in characters:
        for level in bits_of(value, line):
            found.append((at, level))
            at += bit
        at += idle
    return found


def said(text: bytes, line: UartLine, *, rate_hz: int = RATE_HZ, pause_after: int = -1, pause: int = 0) -> PulseTrain:
    """`text` without pauses, but for one of `pause` ticks after character `pause_after`."""
    bit = rate_hz / line.baud
    characters = [(value, pause if k == pause_after else 0) for k, value in enumerate(text)]
    return train_of(levels_of(characters, line, bit), inverted=line.inverted, rate_hz=rate_hz)
