"""Value changes of many channels -> edges, gaps and initial levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from captures.errors import CaptureError
from captures.model import Int64Array, UInt8Array

UNKNOWN = 2
"""The third value beside 0 and 1: nobody knows the level from here on."""
MAX_EDGES = 20_000_000
"""Of one file, as for sigrok sessions: bounds memory, whatever a file expands to."""


@dataclass(frozen=True, eq=False)
class Course:
    """One channel: edges `ticks` int64 (n,) with `levels` uint8 (n,), unknown stretches `gaps`, first known level."""

    initial: int | None
    ticks: Int64Array
    levels: UInt8Array
    gaps: tuple[tuple[int, int], ...]


class Changes:
    """Collects (tick, channel, value) in file order, at most MAX_EDGES of them; `where` names the file in errors."""

    def __init__(self, where: str, limit: int = MAX_EDGES) -> None:
        self._where, self._limit = where, limit
        self._ticks: list[Int64Array] = []
        self._channels: list[Int64Array] = []
        self._values: list[UInt8Array] = []
        self.count = 0

    def add(self, ticks: Int64Array, channels: Int64Array, values: UInt8Array) -> None:
        """More changes, (n,) each, in order of time for every channel."""
        self.count += int(ticks.size)
        if self.count > self._limit:
            raise CaptureError(
                f"{self._where}: more than {self._limit} changes; "
                "cut the capture into shorter ones, or leave out channels that carry noise"
            )
        self._ticks.append(ticks)
        self._channels.append(channels)
        self._values.append(values)

    def translate(self, change: Callable[[Int64Array], Int64Array]) -> None:
        """Every tick through `change`, which must keep their order."""
        self._ticks = [change(ticks) for ticks in self._ticks]

    def joined(self) -> tuple[Int64Array, Int64Array, UInt8Array]:
        """All ticks, channels and values (n,) as they came."""
        return (
            np.concatenate([*self._ticks, np.empty(0, np.int64)]),
            np.concatenate([*self._channels, np.empty(0, np.int64)]),
            np.concatenate([*self._values, np.empty(0, np.uint8)]),
        )

    def courses(self, channels: int, window: tuple[int, int]) -> list[Course]:
        """The course of every channel 0 .. channels-1 over `window` (both ends inclusive)."""
        ticks, number, values = self.joined()
        order = np.argsort(number, kind="stable")
        ticks, values = ticks[order], values[order]
        cuts = np.searchsorted(number[order], np.arange(channels + 1))
        return [_course(ticks[a:b], values[a:b], window) for a, b in pairwise(cuts.tolist())]


def _course(ticks: Int64Array, values: UInt8Array, window: tuple[int, int]) -> Course:
    first, last = window
    if ticks.size:  # of several changes at one tick the last one holds
        holds = np.concatenate([ticks[1:] != ticks[:-1], [True]])
        ticks, values = ticks[holds], values[holds]
    if not ticks.size or int(ticks[0]) > first:
        ticks = np.concatenate([np.array([first], np.int64), ticks])
        values = np.concatenate([np.array([UNKNOWN], np.uint8), values])
    moved = np.concatenate([[True], values[1:] != values[:-1]])
    ticks, values = ticks[moved], values[moved]
    known = values != UNKNOWN
    edge = np.concatenate([[False], known[1:] & known[:-1]])
    until = np.concatenate([ticks[1:] - 1, [last]])
    gaps = tuple(zip(ticks[~known].tolist(), until[~known].tolist(), strict=True))
    initial = int(values[0]) if known[0] else None
    return Course(initial, ticks[edge], values[edge], gaps)
