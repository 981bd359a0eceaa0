"""What is said to and by a balance with MT-SICS (protocols.md 3.1).

`SI` and `SIR` are answered with the identifier `S`, as `S` itself is: an answer does not say which question it is to.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from protocols.indication import Indication

WEIGHING = "S"


class Status(StrEnum):
    """The second word of an answer.  What each means depends on the command: `S +` is overload, `Z +` cannot zero."""

    STABLE = "S"
    DYNAMIC = "D"
    DONE = "A"
    MORE = "B"  # more lines follow
    NOT_NOW = "I"  # not executable now, busy, or not stable in time
    PARAMETER = "L"  # wrong parameter
    ABOVE = "+"
    BELOW = "-"


@dataclass(frozen=True, slots=True)
class Text:
    """A word in double quotes."""

    value: str


Word = str | Text


@dataclass(frozen=True, slots=True)
class Request:
    """Host: one command with its parameters."""

    command: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """Device: `field` is the value as sent, right-aligned in ten characters where the balance keeps to its manual."""

    identifier: str
    status: Status
    field: str
    unit: str

    @classmethod
    def of(cls, identifier: str, status: Status, value: Decimal, unit: str) -> Weight:
        return cls(identifier, status, f"{value:>10f}", unit)

    @property
    def value(self) -> Decimal:
        return Decimal(self.field.strip())

    def indication(self) -> Indication | None:
        """None for a tare: only `S` tells what lies on the balance, and does not tell whether it is gross or net."""
        if self.identifier != WEIGHING or self.status not in (Status.STABLE, Status.DYNAMIC):
            return None
        stable = self.status is Status.STABLE
        return Indication(self.value, self.unit, stable=stable, overload=False, underload=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Device: everything else but weights, e.g. `Z A`, `S I`, `I4 A "B021002593"`, `I0 B 0 "I0"`."""

    identifier: str
    status: Status
    words: tuple[Word, ...] = ()

    def indication(self) -> Indication | None:
        """`S +` and `S -` are readings out of range; all else is none."""
        if self.identifier != WEIGHING or self.status not in (Status.ABOVE, Status.BELOW):
            return None
        return Indication(None, "", overload=self.status is Status.ABOVE, underload=self.status is Status.BELOW)


@dataclass(frozen=True, slots=True)
class Fault:
    """Device: `S` unknown command (ES), `T` transmission or parity (ET), `L` cannot be executed (EL)."""

    kind: str

    @property
    def meaning(self) -> str:
        return {"S": "unknown command", "T": "transmission error", "L": "cannot be executed"}[self.kind]
