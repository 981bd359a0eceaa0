"""What a Kern balance of the EW kind sends (protocols.md 3.8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from protocols.indication import Indication

UNITS = {"G": "g", "CT": "ct", "OZ": "oz", "LB": "lb", "OT": "ozt", "DW": "dwt", "GR": "gr", "TL": "tael", "MO": "mom"}
"""Two letters of the line (blanks left out) to the usual sign; third-party code only.  Others are handed on as they came."""


class Status(StrEnum):
    STABLE = "S"
    UNSTABLE = "U"
    ERROR = "E"  # out of range, above or below: the line does not say which, and its digits count nothing
    NONE = " "


@dataclass(frozen=True, slots=True)
class Weight:
    """`field`: sign and number as sent, 8 or 9 characters; `unit` two characters; `kind` L, G, H (the result of checking against
    limits) or blank."""

    field: str
    unit: str = " G"
    kind: str = " "
    status: Status = Status.STABLE

    @classmethod
    def of(cls, value: Decimal, unit: str = " G", status: Status = Status.STABLE) -> Weight:
        """As the EW 6200-2NM sends it: sign and seven characters, filled up with zeros."""
        return cls(f"{value:+08f}", unit, " ", status)

    @property
    def value(self) -> Decimal | None:
        """None where the balance reports an error."""
        return None if self.status is Status.ERROR else Decimal(self.field.strip())

    def indication(self) -> Indication:
        unit = UNITS.get(self.unit.strip(), self.unit.strip())
        in_range = None if self.status is Status.ERROR else False
        stable = {Status.STABLE: True, Status.UNSTABLE: False}.get(self.status)
        return Indication(self.value, unit, stable=stable, overload=in_range, underload=in_range)
