"""What is said to and by weighing indicators of the Yaohua XK3190 family (protocols.md 3.10).

Digits are kept as they were sent, highest first; the properties give them as exact numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from protocols.figures import exact
from protocols.indication import Indication


class Basis(StrEnum):
    GROSS = "gross"
    NET = "net"


class Spelling(StrEnum):
    """How a unit spells what is spelled in two ways; a change in mid-stream is another device or another setting."""

    MANUAL = "as in the manual"
    RAW_CHECK = "check nibbles above 9 as 3Ah to 3Fh, not as letters"
    MARK_BEHIND = "= behind the digits and no place for a sign"


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight as displayed.  `basis` None: the frame does not tell gross from net; `unit` empty: nor the unit."""

    digits: str
    decimals: int = 0
    negative: bool = False
    basis: Basis | None = None
    unit: str = ""
    spelling: Spelling = Spelling.MANUAL

    @property
    def value(self) -> Decimal:
        return exact(self.digits, self.decimals, self.negative)

    def indication(self) -> Indication:
        """Only labelled frames tell gross from net, and have a form of their own for what is out of range."""
        if self.basis is None:
            return Indication(self.value, self.unit)
        return Indication(self.value, self.unit, net=self.basis is Basis.NET, overload=False, underload=False)


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """Labelled frames: `OL` above Max + 9 e, or `LO` below -20 d.  There is no weight in them."""

    over: bool

    def indication(self) -> Indication:
        return Indication(None, "", overload=self.over, underload=not self.over)


@dataclass(frozen=True, slots=True)
class Priced:
    """Weight, unit price and amount in one frame; each figure seven characters as sent.  Unit kg, lb or pc (pieces)."""

    weight: str
    unit: str
    unit_price: str
    amount: str
    negative: bool = False

    @property
    def value(self) -> Decimal:
        return Decimal(f"-{self.weight}" if self.negative else self.weight)

    def indication(self) -> Indication:
        return Indication(self.value, self.unit, unit_price=Decimal(self.unit_price), price=Decimal(self.amount))


class Command(StrEnum):
    """What is asked for.  E and F are unit price and amount on price-computing models (A23p), but vehicle and cargo
    number on truck-scale models (A9+, DS1); the length of the answer tells which."""

    HANDSHAKE = "A"
    GROSS = "B"
    TARE = "C"
    NET = "D"
    PRICE_OR_VEHICLE = "E"
    AMOUNT_OR_CARGO = "F"


@dataclass(frozen=True, slots=True)
class Request:
    """Host: one command to the indicator at `address`, A to Z."""

    address: str
    command: Command


@dataclass(frozen=True, slots=True)
class Ready:
    """Device: the answer to a handshake."""

    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Device: the figure asked for with B to F.  That E and F look like B is unverified [U]."""

    address: str
    command: Command
    digits: str
    decimals: int = 0
    negative: bool = False
    spelling: Spelling = Spelling.MANUAL

    @property
    def value(self) -> Decimal:
        return exact(self.digits, self.decimals, self.negative)

    def indication(self) -> Indication | None:
        """None for a tare, a price or an amount: no reading of the load stands in those answers."""
        if self.command not in (Command.GROSS, Command.NET):
            return None
        return Indication(self.value, "", net=self.command is Command.NET)


@dataclass(frozen=True, slots=True)
class Number:
    """Device: a vehicle number of five digits (E) or a cargo number of three (F), as truck-scale models answer."""

    address: str
    command: Command
    digits: str
    spelling: Spelling = Spelling.MANUAL


@dataclass(frozen=True, slots=True)
class Refusal:
    """Device: the command was wrong (04h in its place; DS1)."""

    address: str
