"""What a scale says, whatever protocol it says it in: messages of weight protocols offer `indication()`.

The value is as exact as the line carried it; a flag that the protocol has no field for is None: unknown, never false.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Indication:
    """One reading: `weight` in `unit` (None while out of range), `tare` where it is told beside it; `unit_price` and `price` as
    a price-computing scale sends them."""

    weight: Decimal | None
    unit: str
    stable: bool | None = None
    net: bool | None = None
    zero: bool | None = None
    overload: bool | None = None
    underload: bool | None = None
    tare: Decimal | None = None
    unit_price: Decimal | None = None
    price: Decimal | None = None


@runtime_checkable
class Indicating(Protocol):
    """A message that carries a reading; None where this one carries none (an error, a status alone)."""

    def indication(self) -> Indication | None: ...
