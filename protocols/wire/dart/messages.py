"""What DART frames say (protocols.md 4.1, Dart Pump Interface 2.11 as read in third-party code and captures).

Volumes, amounts and prices are the integers of their BCD digits: how many of the digits are decimals is a setting
of the pump (transaction 07) and belongs to the instrument profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

FIRST_ADDRESS, LAST_ADDRESS = 0x50, 0x6F


class ControlKind(IntEnum):
    """The high nibble of CTRL in a control frame; the low nibble is the sequence number."""

    POLL = 0x20
    IAP = 0x40
    NAK = 0x50
    EOT = 0x70
    ACK = 0xC0
    ACKPOLL = 0xE0


class CommandCode(IntEnum):
    """Payload of transaction 01 from the master."""

    STATUS = 0x00
    PARAMETERS = 0x02
    IDENTITY = 0x03
    FILLING_INFO = 0x04
    RESET = 0x05
    AUTHORISE = 0x06
    STOP = 0x08
    OFF = 0x0A
    SUSPEND = 0x0D
    RESUME = 0x0E
    ALL_PRICES = 0x0F


class PumpState(IntEnum):
    """Payload of transaction 01 from the pump."""

    NOT_PROGRAMMED = 0
    RESET = 1
    AUTHORISED = 2
    FILLING = 4
    COMPLETE = 5
    LIMIT_REACHED = 6
    OFF = 7
    SUSPENDED = 8


@dataclass(frozen=True, slots=True)
class Command:
    """Master 01: do or tell something."""

    code: CommandCode


@dataclass(frozen=True, slots=True)
class AllowedNozzles:
    """Master 02: the nozzles a sale may use, one byte each; none at all is representable."""

    nozzles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PresetVolume:
    """Master 03: stop at this volume, 8 BCD digits."""

    digits: int


@dataclass(frozen=True, slots=True)
class PresetAmount:
    """Master 04: stop at this amount, 8 BCD digits."""

    digits: int


@dataclass(frozen=True, slots=True)
class Prices:
    """Master 05: unit prices from nozzle 1 upwards, 6 BCD digits each, at least one."""

    prices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SuspendNozzle:
    """Master 0E."""

    nozzle: int


@dataclass(frozen=True, slots=True)
class ResumeNozzle:
    """Master 0F."""

    nozzle: int


@dataclass(frozen=True, slots=True)
class RequestTotals:
    """Master 65: send the counters selected by this byte (1 is nozzle 1 in all captures)."""

    nozzle: int


@dataclass(frozen=True, slots=True)
class Status:
    """Pump 01."""

    state: PumpState


@dataclass(frozen=True, slots=True)
class Filled:
    """Pump 02: volume and amount of the running or last sale, 8 BCD digits each."""

    volume: int
    amount: int


@dataclass(frozen=True, slots=True)
class NozzlePrice:
    """Pump 03: unit price (6 BCD digits) and the nozzle byte.

    `nozzle` is its low nibble, `lifted` bit 4; `other_bits` (mask E0h) have no known meaning and are kept.
    """

    price: int
    nozzle: int
    lifted: bool
    other_bits: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """Pump 05: a code of the pump's own."""

    code: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """Pump 07: settings, among them the decimals; layout not evidenced, so raw."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """Pump 09; layout not evidenced, so raw."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Totals:
    """Pump 65: the selector byte and three counters of 10 BCD digits."""

    nozzle: int
    counters: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A well-formed transaction that is not understood: unknown code or length, bad BCD, unlisted status.

    An answer outside the documented set is itself an observation (protocols.md 2.3), so it stays a message.
    """

    code: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Remainder:
    """The end of a frame with a good CRC where the announced length overruns the frame; last transaction only."""

    raw: bytes


HostTransaction = (
    Command | AllowedNozzles | PresetVolume | PresetAmount | Prices | SuspendNozzle | ResumeNozzle | RequestTotals
)
DeviceTransaction = Status | Filled | NozzlePrice | Alarm | Parameters | Identity | Totals
Transaction = HostTransaction | DeviceTransaction | Unknown | Remainder


@dataclass(frozen=True, slots=True)
class Control:
    """`ADR CTRL FA`: address 50h-6Fh, kind, sequence 0-15.  It carries no check: noise can look like one."""

    address: int
    kind: ControlKind
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Data:
    """`ADR 3n transactions CRC 03 FA`: address 50h-6Fh, sequence n, transactions in wire order."""

    address: int
    seq: int
    transactions: tuple[Transaction, ...]
