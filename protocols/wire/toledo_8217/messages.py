"""What is said to and by a scale with Toledo 8217 or 8213 (protocols.md 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntFlag, StrEnum

from protocols.contract import ProtocolError
from protocols.indication import Indication


class Command(StrEnum):
    """One letter, nothing behind it."""

    WEIGHT = "W"
    HIGH_RESOLUTION = "H"  # 8213: one digit more
    ZERO = "Z"
    TARE = "T"
    CLEAR_TARE = "C"
    SELF_TEST = "A"
    SELF_TEST_RESULT = "B"
    ECHO_OFF = "F"


@dataclass(frozen=True, slots=True)
class Request:
    """Host: one command."""

    command: Command


@dataclass(frozen=True, slots=True)
class DigitalTare:
    """Host: `T` and five digits, a tare by value."""

    digits: str


@dataclass(frozen=True, slots=True)
class EchoRequest:
    """Host: bytes of echo mode, from `E` to `F` with both.  Pieces of one run join."""

    raw: bytes

    def joined(self, following: EchoRequest) -> EchoRequest:
        return EchoRequest(self.raw + following.raw)


@dataclass(frozen=True, slots=True)
class EchoAnswer:
    """Device: `02 E 0D` and what it sent back.  Pieces of one run join."""

    raw: bytes

    def joined(self, following: EchoAnswer) -> EchoAnswer:
        return EchoAnswer(self.raw + following.raw)


class Flag(IntFlag):
    """The status byte.  Bit 7 is parity and never reaches us.  In the answer to `B` no flag at all means all good."""

    MOTION = 0x01
    OVER = 0x02
    UNDER = 0x04
    OUTSIDE_ZERO = 0x08  # outside the range in which zero is captured
    CENTRE_OF_ZERO = 0x10
    NET = 0x20  # 8217; fixed at 1 on some clones
    FIXED = 0x40


NO_WEIGHT = Flag.MOTION | Flag.OVER | Flag.UNDER
"""With one of these the scale answers a status where a weight was asked for."""


@dataclass(frozen=True, slots=True)
class Status:
    """Device: `? status`, answer to all but a weight that can be told."""

    flags: Flag

    def indication(self) -> Indication | None:
        """None for a status that stands in for no weight, as after zeroing."""
        if not self.flags & NO_WEIGHT:
            return None
        return Indication(
            None,
            "",
            stable=Flag.MOTION not in self.flags,
            zero=Flag.CENTRE_OF_ZERO in self.flags,
            overload=Flag.OVER in self.flags,
            underload=Flag.UNDER in self.flags,
        )


@dataclass(frozen=True, slots=True)
class Weight:
    """Device: `field` as sent, two digits (or blank and digit), the point, two to four digits.

    The unit is not in the answer: two decimals to `W` are lb, three kg, and `H` has one more (`unit_of`).
    """

    field: str
    net: bool = False

    @classmethod
    def of(cls, value: Decimal, net: bool = False) -> Weight:
        """The field of a weight that carries its own decimals; ProtocolError where it has no such field."""
        if not 0 <= value < 100:
            raise ProtocolError(f"8217 weight: expected 0 to 99.9999, got {value}; tell a Status instead")
        decimals = max(0, -int(value.as_tuple().exponent))
        return cls(f"{value:0{decimals + 3}f}", net)

    @property
    def value(self) -> Decimal:
        return Decimal(self.field.strip())

    @property
    def decimals(self) -> int:
        return len(self.field.partition(".")[2])

    def indication(self) -> Indication:
        """Only a weight at rest and within range is told at all."""
        return Indication(self.value, "", stable=True, net=self.net, overload=False, underload=False)


@dataclass(frozen=True, slots=True)
class SelfTestStarted:
    """Device: `02 0D`, the answer to `A`."""


def unit_of(asked: Command, weight: Weight) -> str | None:
    """The unit of `weight` by the question it answers; None where its decimals fit neither unit."""
    units = {Command.WEIGHT: {2: "lb", 3: "kg"}, Command.HIGH_RESOLUTION: {3: "lb", 4: "kg"}}
    return units.get(asked, {}).get(weight.decimals)
