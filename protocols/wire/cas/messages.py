"""What a CAS indicator sends in its 22-byte and 10-byte formats (protocols.md 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntFlag, StrEnum

from protocols.indication import Indication


class Status(StrEnum):
    STABLE = "ST"
    UNSTABLE = "US"
    OVERLOAD = "OL"


class Mode(StrEnum):
    GROSS = "GS"
    NET = "NT"


class Lamp(IntFlag):
    """The lamps of the front in one byte.  Bit 7 is always 1; bit 5 is 0 on some models and 1 on others."""

    ZERO = 0x01
    TARE = 0x02
    GROSS = 0x04
    PRINTER = 0x08
    HOLD = 0x10
    UNUSED = 0x20
    STABLE = 0x40
    FIXED = 0x80


@dataclass(frozen=True, slots=True)
class Weight:
    """22 bytes.  `device` is the number set in the indicator; `field` eight characters as sent."""

    status: Status
    mode: Mode
    device: int
    lamp: Lamp
    field: str
    unit: str = "kg"

    @classmethod
    def of(
        cls, value: Decimal, status: Status = Status.STABLE, mode: Mode = Mode.GROSS, device: int = 1, unit: str = "kg"
    ) -> Weight:
        """As the manuals show it: filled up with zeros, the lamps agreeing with the headers."""
        lamp = Lamp.FIXED
        lamp |= Lamp.STABLE if status is Status.STABLE else Lamp(0)
        lamp |= Lamp.GROSS if mode is Mode.GROSS else Lamp.TARE
        lamp |= Lamp(0) if value else Lamp.ZERO
        return cls(status, mode, device, lamp, f"{value:08f}", unit)

    @property
    def value(self) -> Decimal | None:
        """None in overload."""
        return None if self.status is Status.OVERLOAD else Decimal(self.field.strip())

    @property
    def contradicted(self) -> bool:
        """The header says stable and the lamp does not, or the other way round."""
        return (self.status is Status.STABLE) is not (Lamp.STABLE in self.lamp)

    def indication(self) -> Indication:
        """Stable is unknown where header and lamp contradict each other."""
        over = self.status is Status.OVERLOAD
        stable = None if over or self.contradicted else self.status is Status.STABLE
        zero = Lamp.ZERO in self.lamp
        net = self.mode is Mode.NET
        return Indication(self.value, self.unit.strip(), stable=stable, net=net, zero=zero, overload=over)


@dataclass(frozen=True, slots=True)
class BareWeight:
    """10 bytes: eight characters of weight and nothing else; unit and state are not told."""

    field: str

    @property
    def value(self) -> Decimal:
        return Decimal(self.field.strip())

    def indication(self) -> Indication:
        return Indication(self.value, "")
