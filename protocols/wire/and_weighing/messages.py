"""What an A&D indicator sends in its 18-byte format (protocols.md 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from protocols.indication import Indication


class Status(StrEnum):
    STABLE = "ST"
    UNSTABLE = "US"
    OUT_OF_RANGE = "OL"
    HELD = "HD"


class Mode(StrEnum):
    GROSS = "GS"
    NET = "NT"
    TARE = "TR"
    PRESET_TARE = "PT"


@dataclass(frozen=True, slots=True)
class Weight:
    """`field`: eight characters as sent, polarity and digits with a point or comma; blanks for the digits while out of range."""

    status: Status
    mode: Mode
    field: str
    unit: str = "kg"

    @classmethod
    def of(cls, value: Decimal, status: Status = Status.STABLE, mode: Mode = Mode.GROSS, unit: str = "kg") -> Weight:
        return cls(status, mode, f"{value:+08f}", unit)

    @property
    def value(self) -> Decimal | None:
        """None while out of range."""
        return None if self.status is Status.OUT_OF_RANGE else Decimal(self.field.replace(",", "."))

    def indication(self) -> Indication | None:
        """None for a tare: it is not what lies on the scale."""
        if self.mode in (Mode.TARE, Mode.PRESET_TARE):
            return None
        stable = {Status.STABLE: True, Status.UNSTABLE: False}.get(self.status)
        over = self.status is Status.OUT_OF_RANGE
        return Indication(self.value, self.unit.strip(), stable=stable, net=self.mode is Mode.NET, overload=over)
