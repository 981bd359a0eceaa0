"""Times written as exact decimals of a second <-> whole ticks, without floats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from captures.errors import CaptureError
from captures.formats.changes import Changes
from captures.formats.text import MAX_DIGITS, Bools, decimals
from captures.model import Int64Array, UInt8Array

_LARGEST = 10**MAX_DIGITS


class Decimals:
    """Times of many blocks on one tick: a unit of the last decimal place of the block that has most.

    A block with more places makes the tick finer; what `changes` holds already is then translated.
    """

    def __init__(self, where: str, changes: Changes) -> None:
        self._where, self._changes = where, changes
        self.places = 0
        self.first = self.last = 0
        self._begun = False

    @property
    def tick_s(self) -> Fraction:
        return Fraction(1, 10**self.places)

    def feed(self, buffer: UInt8Array, starts: Int64Array, ends: Int64Array) -> tuple[Int64Array, Bools]:
        """Ticks (n,) of the fields, and which of them are no decimal number."""
        ticks, places, bad = decimals(buffer, starts, ends)
        if places > self.places:
            factor = self._factor(places - self.places, max(abs(self.first), abs(self.last)))
            self._changes.translate(lambda earlier: earlier * factor)
            self.first, self.last, self.places = self.first * factor, self.last * factor, places
        elif places < self.places and ticks.size:
            ticks = ticks * self._factor(self.places - places, int(np.abs(ticks).max()))
        return ticks, bad

    def falls(self, ticks: Int64Array) -> Bools:
        """Which ticks (n,) are before the one before; the last is remembered."""
        if not self._begun:
            self._begun, self.first, self.last = True, int(ticks[0]), int(ticks[0])
        falls: Bools = np.diff(np.concatenate([[self.last], ticks])) < 0
        self.last = int(ticks[-1])
        return falls

    def _factor(self, places: int, largest: int) -> int:
        factor = int(10**places)
        if largest * factor >= _LARGEST:
            raise CaptureError(
                f"{self._where}: times of {largest} units with {places} more decimal places do not fit {MAX_DIGITS} "
                "digits; cut the capture"
            )
        return factor


def places_of(tick_s: Fraction | None, format: str) -> int:
    """Decimal places that write whole ticks exactly; CaptureError where none do, or no tick is known."""
    if tick_s is None:
        raise CaptureError(f"{format}: the capture states no sample rate, times are not to be had; write csv or sr")
    for places in range(MAX_DIGITS):
        if (tick_s * 10**places).denominator == 1:
            return places
    raise CaptureError(
        f"{format}: a tick of {tick_s} s is no exact decimal, times would be rounded; write vcd, csv, saleae-bin or sr"
    )


def written(units: Sequence[int], places: int) -> Iterator[str]:
    """Whole numbers of 10^-places as decimals, with all places."""
    if not places:
        yield from map(str, units)
        return
    scale = 10**places
    for unit in units:
        whole, part = divmod(abs(unit), scale)
        yield f"{'-' if unit < 0 else ''}{whole}.{part:0{places}d}"
