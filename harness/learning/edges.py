"""The rate and framing of a captured line out of its edges: every time between two edges of one character is a whole number of
bits, so the shortest that comes often is one bit, and all of them together say how long it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from captures.model import PulseTrain
from captures.uart import Characters, CharFlag, UartLine, decode

USUAL = (50, 75, 110, 150, 300, 600, 1200, 1800, 2400, 4800, 5787, 9600, 14400, 19200, 28800, 31250, 38400, 57600, 76800, 115200, 230400, 250000,
         460800, 500000, 921600, 1_000_000)  # fmt: skip
NEAR = 0.025  # of a usual rate: what two devices may differ by and still understand each other
LEAST_PULSES = 20
OFTEN = 0.02  # share of the pulses: shorter ones that come more seldom are disturbances
WIDTH = 0.25  # of a bit, that an edge may be off
MOST_BITS = 10  # between two edges of one character
MODES = ("7E1", "7O1", "8E1", "8O1", "8N1")  # of equally clean ones the first: parity does not come out right by chance
CLEAN = 0.005
LEAST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Measured:
    """`baud` with its standard uncertainty; `usual`: the usual rate it is, None where it is none.  `pulses`: how many said so."""

    baud: float
    u_baud: float
    usual: int | None
    pulses: int
    inverted: bool


@dataclass(frozen=True, eq=False)
class Framed:
    """A line as it is best read; `damaged`: share of its characters with framing or parity errors."""

    measured: Measured
    line: UartLine
    characters: Characters
    damaged: float

    @property
    def mode(self) -> str:
        return f"{self.line.data_bits}{self.line.parity}{self.line.stop_bits}"


def read_line(train: PulseTrain, baud: Fraction | None = None, mode: str | None = None) -> Framed:
    """Measure and read `train`; what is given is not sought.

    ValueError: too few edges, no sample rate, edges of one direction only, or no whole multiple of anything.
    """
    measured = measure(train)
    rates = [baud] if baud is not None else [_rate(measured, parts) for parts in (1, 2, 3)]
    found: list[Framed] = []
    for rate in rates:  # two or three only where no character had a single bit of its own
        for name in MODES if mode is None else (mode,):
            line = UartLine(rate, int(name[0]), name[1], int(name[2]), measured.inverted)
            try:
                characters = decode(train, line).whole
            except ValueError:
                if rate is rates[0]:
                    raise
                continue
            found.append(Framed(measured, line, characters, _damaged(characters)))
        if found and min(one.damaged for one in found) <= CLEAN:
            break
    least = min(one.damaged for one in found)
    chosen = next(one for one in found if one.damaged <= least + CLEAN)
    if mode is None and chosen.line.parity == "N" and _two_stops(chosen.characters):
        line = replace(chosen.line, stop_bits=2)
        chosen = replace(chosen, line=line, characters=replace(chosen.characters, line=line))
    return chosen


def measure(train: PulseTrain) -> Measured:
    """The length of a bit by least squares over all times between edges that are short enough to lie in one character."""
    if train.tick_s is None:
        raise ValueError(f"{train.name}: no sample rate is stated: a rate cannot be measured; give --baud")
    if train.levels is None:
        raise ValueError(f"{train.name}: expected rising and falling edges, got edges of one direction")
    pulses = np.diff(train.ticks).astype(np.float64)
    if pulses.size < LEAST_PULSES:
        raise ValueError(
            f"{train.name}: expected at least {LEAST_PULSES} pulses to measure a rate by, got {pulses.size}"
        )
    bit, uncertainty, used = _bit(pulses)
    tick_s = float(train.tick_s)
    baud = 1 / (bit * tick_s)
    near = min(USUAL, key=lambda rate: abs(rate / baud - 1))
    return Measured(
        baud,
        baud * uncertainty / bit,
        near if abs(near / baud - 1) <= NEAR else None,
        used,
        _idles_low(train, pulses, bit),
    )


def _bit(pulses: npt.NDArray[np.float64]) -> tuple[float, float, int]:
    """Ticks of a bit, their standard uncertainty, and the number of pulses used."""
    ordered = np.sort(pulses)
    ends = np.searchsorted(ordered, ordered * (1 + 2 * WIDTH), "right")
    enough = np.flatnonzero(ends - np.arange(ordered.size) >= max(3, OFTEN * ordered.size))
    bit = float(np.median(ordered[enough[0] : ends[enough[0]]]))
    taken, counts = pulses, np.ones_like(pulses)
    for most in (1, 2, 4, MOST_BITS):  # longer times only when the bit is known well enough to count them
        counts = np.round(pulses / bit)
        near = (counts >= 1) & (counts <= most) & (np.abs(pulses / bit - counts) <= WIDTH)
        taken, counts = pulses[near], counts[near]
        bit = float((taken * counts).sum() / (counts * counts).sum())
    spread = float(np.sqrt(((taken - counts * bit) ** 2).sum() / max(1, taken.size - 1)))
    weight = float(np.sqrt((counts * counts).sum()))
    return bit, max(spread, 0.5 / np.sqrt(3)) / weight, int(taken.size)


def _idles_low(train: PulseTrain, pulses: npt.NDArray[np.float64], bit: float) -> bool:
    """Whether the line rests low: the level of its long times, where there are any, else of the longest."""
    assert train.levels is not None
    levels = train.levels[:-1]
    long = pulses > (MOST_BITS + 2) * bit
    if not long.any():
        long = pulses == pulses.max()
    return bool(pulses[long & (levels == 0)].sum() > pulses[long & (levels == 1)].sum())


def _rate(measured: Measured, parts: int) -> Fraction:
    """As a fraction that the recording's own ticks give; the usual rate is told, not used: a device may be off it."""
    return Fraction(measured.baud * parts).limit_denominator(1000)


def _damaged(characters: Characters) -> float:
    size = int(characters.data.size)
    bad = characters.having(CharFlag.FRAMING) | characters.having(CharFlag.PARITY)
    return 1.0 if size < LEAST_CHARACTERS else int(bad.sum()) / size


def _two_stops(characters: Characters) -> bool:
    """Characters that follow each other at once stand eleven bits apart."""
    apart = np.diff(characters.starts) * float(characters.line.baud * characters.tick_s)
    close = apart[apart < 12]
    return bool(close.size >= LEAST_CHARACTERS and np.percentile(close, 5) > 10.8 and np.percentile(close, 50) < 11.2)
