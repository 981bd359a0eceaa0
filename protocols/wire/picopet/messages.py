"""Lines of a PicoPET (protocols.md 6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.wire.ticc.lines import picoseconds


@dataclass(frozen=True, slots=True)
class Header:
    """`TIMEMARK CHANNEL`: printed when the device starts."""


@dataclass(frozen=True, slots=True)
class Mark:
    """`3.999672500 ChC`: when channel C rose, in seconds since *its own* first pulse."""

    seconds: str
    channel: str

    @property
    def ps(self) -> int:
        return picoseconds(self.seconds)


@dataclass(frozen=True, slots=True)
class Number:
    """A bare number: cycles of the clock, or a frequency in Hz, from firmware that was built to print those."""

    digits: str
