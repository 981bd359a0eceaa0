"""What is said to and by a GRBL 1.1 controller (protocols.md 6.6; gnea/grbl, interface description)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

RX_BUFFER = 128
RX_USABLE = 127
"""Bytes of lines, ends counted, that may be under way before their `ok` or `error`; real-time bytes are not counted."""
PLANNER_BLOCKS = 16


class RealTime(IntEnum):
    """Host: one byte, taken out of the stream wherever it stands; none is answered by `ok`."""

    STATUS = 0x3F
    HOLD = 0x21
    RESUME = 0x7E
    RESET = 0x18
    JOG_CANCEL = 0x85


@dataclass(frozen=True, slots=True)
class Command:
    """Host: a real-time byte."""

    byte: RealTime


@dataclass(frozen=True, slots=True)
class Line:
    """Host: one line, answered by exactly one `ok` or `error`; so is an empty one."""

    text: str


SYNC = Line("G4 P0.01")
"""Its `ok` comes only when all motions before it are done."""
CHECK_MODE = Line("$C")
HOME = Line("$H")
UNLOCK = Line("$X")


def jog(axes: Mapping[str, Decimal], feed_mm_min: Decimal, *, relative: bool = True) -> Line:
    """A motion in millimetres that is refused rather than cut short at a soft limit, and ended at once by JOG_CANCEL."""
    words = " ".join(f"{axis}{value:f}" for axis, value in axes.items())
    return Line(f"$J={'G91' if relative else 'G90'} G21 {words} F{feed_mm_min:f}")


@dataclass(frozen=True, slots=True)
class Blank:
    """Device: an empty line; one comes before the banner."""


@dataclass(frozen=True, slots=True)
class Banner:
    """Device: it has started or was reset, and holds nothing of what was sent before."""

    version: str


@dataclass(frozen=True, slots=True)
class Ok:
    """Device: the line was taken; a motion may still be under way."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Device: `error:n`, the line was not executed."""

    code: int

    @property
    def meaning(self) -> str:
        return FAULTS.get(self.code, f"error {self.code}")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Device: `ALARM:n`, motion stopped and locked."""

    code: int

    @property
    def meaning(self) -> str:
        return ALARMS.get(self.code, f"alarm {self.code}")


@dataclass(frozen=True, slots=True)
class Push:
    """Device: `[kind:text]`, e.g. kind MSG; said unasked or as an answer before its `ok`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Device: `$name=value`; name a number, or N0 and N1 for the start-up lines."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Startup:
    """Device: `>line:result`, a stored line that ran by itself; it answers nothing that was sent."""

    line: str
    result: Ok | Fault


class State(StrEnum):
    IDLE = "Idle"
    RUN = "Run"
    HOLD = "Hold"
    JOG = "Jog"
    ALARM = "Alarm"
    DOOR = "Door"
    CHECK = "Check"
    HOME = "Home"
    SLEEP = "Sleep"


@dataclass(frozen=True, slots=True)
class Status:
    """Device: the report that `?` asks for.  `fields` in the order sent, each a name and its values as text."""

    state: State
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sub: int | None = None

    def numbers(self, name: str) -> tuple[Decimal, ...] | None:
        """The values of a numeric field (MPos, WPos, WCO, FS, F, Bf, Ov, Ln), exact; None where it was not sent."""
        return next((tuple(map(Decimal, values)) for own, values in self.fields if own == name), None)


FAULTS = {
    1: "a word without its letter",
    2: "a number expected, or not readable",
    3: "unknown $ command",
    4: "a negative value where none may be",
    5: "homing is not enabled",
    8: "only possible while idle",
    9: "locked by an alarm or a jog",
    10: "soft limits need homing",
    11: "line too long, not executed",
    13: "safety door open",
    15: "jog beyond the travel, not executed",
    16: "jog without =, or with words that may not be in it",
    20: "unknown or unsupported word",
    21: "two words of one group in a line",
    22: "no feed rate",
    23: "a whole number expected",
    33: "target not valid",
}
ALARMS = {
    1: "limit switch met, position lost",
    2: "target beyond the travel, position kept",
    3: "reset while moving, position lost",
    4: "probe not in its first state",
    5: "probe met nothing",
    6: "reset during homing",
    7: "safety door opened during homing",
    8: "limit switch not left in homing",
    9: "limit switch not found in homing",
}
