"""What is said to and by an LCUS relay board (protocols.md 6.6)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switch:
    """Host: relay `channel` (1-8) on or off.  Not acknowledged: check by the switched device's own traffic."""

    channel: int
    on: bool


@dataclass(frozen=True, slots=True)
class Query:
    """Host FFh: report all relays; only some boards answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """Board: text line on the state of one relay (1-8).  Grade U: the spelling is unverified."""

    channel: int
    on: bool
