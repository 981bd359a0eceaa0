"""Civil time without a clock: hours of the day, days of the week, and which windows hold at which instants.

An instant is integer ns of local civil time since 1970-01-01T00:00 (a Thursday).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.rule import Window
from protocols.toml_tables import Table

S_NS = 10**9
DAY_S = 86_400
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = 4 * DAY_S  # 1970-01-05, the first Monday, s
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def day_seconds(table: Table, key: str) -> int:
    """The hour "HH:MM" of `key` (to "24:00") as seconds of the day."""
    hours, minutes = table.matching(key, _CLOCK, '"HH:MM"').split(":")
    return int(hours) * 3600 + int(minutes) * 60


def overlap(one: Window, other: Window) -> bool:
    """Whether both hold at some instant of some week."""
    if one.condition != other.condition or (one.days and other.days and not _days(one) & _days(other)):
        return False
    return any(a < d and c < b for a, b in _parts(one) for c, d in _parts(other))


def _days(window: Window) -> frozenset[int]:
    after = frozenset((day + 1) % 7 for day in window.days) if window.from_s > window.to_s else frozenset()
    return window.days | after


def _parts(window: Window) -> list[tuple[int, int]]:
    if window.from_s < window.to_s:
        return [(window.from_s, window.to_s)]
    return [(window.from_s, DAY_S), (0, window.to_s)]


def holds(window: Window, civil_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each instant whether `window` holds; a night that began on one of its days lasts into the next morning."""
    seconds = civil_ns // S_NS
    second = seconds % DAY_S
    begun, lasts = second >= window.from_s, second < window.to_s
    if not window.days:
        return begun & lasts if window.from_s < window.to_s else begun | lasts
    day, days = (seconds // DAY_S + 3) % 7, list(window.days)
    if window.from_s < window.to_s:
        return np.isin(day, days) & begun & lasts
    return (np.isin(day, days) & begun) | (np.isin((day - 1) % 7, days) & lasts)


def boundaries(windows: Sequence[Window], first_ns: int, last_ns: int) -> list[int]:
    """Instants in (first, last) at which a window that runs with the hour may begin or end, rising."""
    found = set()
    for day in range(first_ns // S_NS // DAY_S, last_ns // S_NS // DAY_S + 1):
        for window in windows:
            if not window.at_hire:
                found |= {(day * DAY_S + edge) * S_NS for edge in (window.from_s, window.to_s)}
                found |= {(day * DAY_S) * S_NS} if window.days else set()
    return sorted(edge for edge in found if first_ns < edge < last_ns)
