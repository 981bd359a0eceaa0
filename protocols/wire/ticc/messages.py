"""Lines of a TAPR TICC (protocols.md 6.3).  Numbers stay the digits that came; `ps` reads them exactly."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.wire.ticc.lines import PS_PER_S, picoseconds

COARSE_PS = 100_000_000
"""The counter's coarse tick: 100 us."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A line with `#` first (banner, settings, warnings), or an empty one; the text as it came, `#` included."""

    text: str


BANNER = "# TAPR TICC"


def is_banner(comment: Comment) -> bool:
    """The first line a counter prints when it starts: its time begins at zero again."""
    return comment.text.startswith(BANNER)


def mode_of(comment: Comment) -> str:
    """The mode a counter announces once it measures: timestamp, interval, period, timelab or debug; else empty."""
    for start, mode in _MODES.items():
        if comment.text.startswith(start):
            return mode
    return ""


# lines of the firmware of 2020; the order matters
_MODES = {
    "# timestamp (": "timestamp",
    "# time interval": "interval",
    "# period": "period",
    "# timestamp chA, chB; interval": "timelab",
    "# time1 time2": "debug",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """`402.342588195696 chA`: when channel A rose, in seconds; in period mode the time since it rose before.

    Nothing in the line says which of the two it is.
    """

    seconds: str
    channel: str

    @property
    def ps(self) -> int:
        return picoseconds(self.seconds)


@dataclass(frozen=True, slots=True)
class Interval:
    """`-0.000012345678 TI(A->B)`: time from channel A to channel B, in interval mode."""

    seconds: str

    @property
    def ps(self) -> int:
        return picoseconds(self.seconds)


@dataclass(frozen=True, slots=True)
class Difference:
    """`... chC (B - A)`: the third line of TimeLab mode, whole seconds of B plus the signed difference; `remark` is
    what stands in the brackets."""

    seconds: str
    remark: str

    @property
    def ps(self) -> int:
        return picoseconds(self.seconds)


@dataclass(frozen=True, slots=True)
class Debug:
    """A line of debug mode: registers of the time-to-digital converter, coarse ticks, time of flight and the stamp."""

    time1: int
    time2: int
    clock1: int
    cal1: int
    cal2: int
    coarse: int
    flight: str
    seconds: str
    channel: str

    @property
    def ps(self) -> int:
        return picoseconds(self.seconds)

    @property
    def agrees(self) -> bool:
        """Coarse ticks less time of flight are the stamp, to the last decimal printed."""
        decimals = len(self.seconds.partition(".")[2])
        last_ps: int = PS_PER_S // 10**decimals
        return abs(self.coarse * COARSE_PS - picoseconds(self.flight) - self.ps) <= last_ps


@dataclass(frozen=True, slots=True)
class Poll:
    """Host: one byte.  With the poll character set, each asks for one result; unasked for, it opens the
    configuration menu while the counter starts."""

    code: int


@dataclass(frozen=True, slots=True)
class Break:
    """Host `#`: the counter stops measuring, restarts and forgets its time."""
