"""What is said to and by a price-computing scale with DIGI Type B (protocols.md 3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntFlag

from protocols.indication import Indication

OVER, UNDER = "OF", "UF"
PRICE_BASES = ("kg", "100 g", "lb", "1/4 lb")
"""By bits 3 and 4 of the first flag byte: what the unit price is the price of."""


class Flag1(IntFlag):
    PARITY = 0x01  # one more byte follows LF; how it is computed is not known, so it is kept and not checked
    NET = 0x02
    TOTAL_OVERFLOW = 0x04
    BASE_LOW = 0x08
    BASE_HIGH = 0x10
    UNUSED = 0x20
    FIXED = 0x40


class Flag2(IntFlag):
    ZERO = 0x01
    STABLE = 0x02
    NEGATIVE_NET = 0x04
    OVER = 0x08
    UNDER = 0x10
    UNUSED = 0x20
    FIXED = 0x40


@dataclass(frozen=True, slots=True)
class Enquiry:
    """Host: 05h, asks for one answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Device: one weighing.  Weights and unit price are six characters as sent, the total seven; blank where there is none."""

    flag1: Flag1
    flag2: Flag2
    net: str
    tare: str
    unit_price: str
    total: str
    parity: int | None = None

    @classmethod
    def of(
        cls,
        net: Decimal | None,
        tare: Decimal,
        unit_price: Decimal | None,
        total: Decimal | None,
        flag1: Flag1 = Flag1.FIXED,
        flag2: Flag2 = Flag2.FIXED,
    ) -> Reading:
        """Right-aligned as independent software reads it; `net` None is out of range: below where `flag2` says so, else above."""
        weight = (UNDER if Flag2.UNDER in flag2 else OVER) if net is None else f"{net:f}"
        flag2 |= Flag2.NEGATIVE_NET if net is not None and net < 0 else Flag2(0)
        prices = ("" if price is None else f"{price:f}" for price in (unit_price, total))
        price, amount = prices
        return cls(flag1, flag2, f"{weight:>6}", f"{tare:>6f}", f"{price:>6}", f"{amount:>7}")

    @property
    def price_base(self) -> str:
        return PRICE_BASES[(int(self.flag1) >> 3) & 3]

    @property
    def weight_unit(self) -> str:
        """By the price base; a scale whose weight is in another unit than its price is not known."""
        return "lb" if Flag1.BASE_HIGH in self.flag1 else "kg"

    @property
    def net_weight(self) -> Decimal | None:
        """None while out of range.  The flag alone makes it negative too: whether the digits carry the sign is unverified."""
        value = _number(self.net)
        return -abs(value) if value is not None and Flag2.NEGATIVE_NET in self.flag2 else value

    @property
    def total_price(self) -> Decimal | None:
        """None where none is sent, or it has more digits than its field."""
        return None if Flag1.TOTAL_OVERFLOW in self.flag1 else _number(self.total)

    def indication(self) -> Indication:
        return Indication(
            self.net_weight,
            self.weight_unit,
            stable=Flag2.STABLE in self.flag2,
            net=Flag1.NET in self.flag1,
            zero=Flag2.ZERO in self.flag2,
            overload=Flag2.OVER in self.flag2 or self.net.strip() == OVER,
            underload=Flag2.UNDER in self.flag2 or self.net.strip() == UNDER,
            tare=_number(self.tare),
            unit_price=_number(self.unit_price),
            price=self.total_price,
        )


def _number(field: str) -> Decimal | None:
    text = field.strip()
    return None if text in ("", OVER, UNDER) else Decimal(text)
