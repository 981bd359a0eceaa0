"""What is said on a Gilbarco two-wire loop (protocols.md 4.2).

Pumps are 1 to 16; on the wire 16 is 0.  `second` is the byte after FF in the blocks that have one: its meaning is not known, so
it is kept as its low nibble and never interpreted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from protocols.contract import Message


@dataclass(frozen=True, slots=True)
class Widths:
    """Digits of the fields; older pumps have 4, 6, 6, newer ones 6, 8, 8."""

    price: int = 4
    volume: int = 6
    money: int = 6


class Code(IntEnum):
    """Command nibbles of the master."""

    STATUS = 0
    AUTHORISE = 1
    SEND_DATA = 2
    STOP = 3
    TRANSACTION = 4
    TOTALS = 5
    LIVE_MONEY = 6


class State(IntEnum):
    """Status nibbles of the pump."""

    DATA_ERROR = 0
    OFF = 6
    CALL = 7
    AUTHORISED = 8
    BUSY = 9
    END_PRE = 0xA
    END_FINAL = 0xB
    STOPPED = 0xC
    READY_FOR_DATA = 0xD


class Word(IntEnum):
    """Low nibbles of control words that begin a field; FF starts a block, FB announces its LRC, F0 ends it."""

    NORMAL = 1  # also: the preset is a volume
    AMOUNT_PRESET = 2
    LEVEL_1 = 4
    LEVEL_2 = 5
    GRADE = 6
    UNIT_PRICE = 7
    ID = 8  # pump id in a transaction, the value in a preset
    VOLUME = 9
    MONEY = 0xA
    SPECIAL = 0xE


@dataclass(frozen=True, slots=True)
class Command:
    """One byte `cp`."""

    code: Code
    pump: int


@dataclass(frozen=True, slots=True)
class AllStop:
    """One byte FC."""


@dataclass(frozen=True, slots=True)
class Status:
    """One byte `sp`.  Answers to a special function look the same, in B0, C0 and 80 series giving hose states."""

    state: State
    pump: int


@dataclass(frozen=True, slots=True)
class SetPrice:
    """Price of grade index `grade` at price level `level` (1 or 2)."""

    level: int
    grade: int
    price: int
    second: int = 5


@dataclass(frozen=True, slots=True)
class Preset:
    """`money`: the value is an amount, else a volume.  `grade` None where it is not stated."""

    money: bool
    value: int
    level: int = 1
    grade: int | None = None
    second: int = 3


@dataclass(frozen=True, slots=True)
class SpecialFunction:
    """Digits of the function, in wire order; what they mean is not known but for the one that was captured."""

    digits: tuple[int, ...]
    second: int = 9


@dataclass(frozen=True, slots=True)
class Transaction:
    """The last sale.  `id`: the nibbles after F8, pump id among them, raw."""

    id: tuple[int, ...]
    grade: int
    level: int
    price: int
    volume: int
    money: int
    second: int = 1


@dataclass(frozen=True, slots=True)
class HoseTotals:
    """`price_1`, `price_2`: what follows F4 and F5."""

    grade: int
    volume: int
    money: int
    price_1: int
    price_2: int


@dataclass(frozen=True, slots=True)
class Totals:
    hoses: tuple[HoseTotals, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A well-formed block with a good LRC that is none of the others: its bytes between FF and FB, as sent."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Loose:
    """Digits of the pump outside a block.  The answer to LIVE_MONEY may be such: it is not evidenced, so raw."""

    raw: bytes

    def joined(self, following: Loose) -> Loose:
        return Loose(self.raw + following.raw)


HostMessage = Command | AllStop | SetPrice | Preset | SpecialFunction | Block
DeviceMessage = Status | Transaction | Totals | Block | Loose


def is_block(message: Message) -> bool:
    return isinstance(message, SetPrice | Preset | SpecialFunction | Transaction | Totals | Block)
