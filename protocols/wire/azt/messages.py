"""What is said on an AZT 2.0 line (protocols.md 4.3).

Requests carry channel and command.  Answers carry neither: `Answer` holds the data as sent, and only who knows the request
can say what they mean (`dialogue.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Widths:
    """Digits of the fields; the defaults are those of one driver.  `running`: of the volume while it flows (command 4);
    `dose_amount`: of an amount dose (command S), whose width no source states: taken as that of the amount; `total`: of each
    totals field as our own device sends it; readers take any two equal fields."""

    volume: int = 5
    running: int = 6
    amount: int = 7
    price: int = 4
    dose_amount: int = 7
    total: int = 10


class Query(StrEnum):
    """Commands that we send without data."""

    STATUS = "1"
    AUTHORISE = "2"
    STOP = "3"
    VOLUME = "4"
    SALE = "5"  # volume, amount, price
    TOTALS = "6"
    CONFIRM = "8"
    EXTENDED = "9"
    VERSION = "P"
    TOP_UP = "U"
    FORCE_START = "V"
    READ_DOSE = "X"


COMMANDS = frozenset("12345689PQSTUVWXN[\\")
SET_PRICE, DOSE_AMOUNT, DOSE_VOLUME = "Q", "S", "T"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request without data.  `channel` None: to all."""

    channel: int | None
    what: Query


@dataclass(frozen=True, slots=True)
class SetPrice:
    channel: int | None
    price: int


@dataclass(frozen=True, slots=True)
class DoseVolume:
    """Command T: a dose in steps of volume; `full`: until the tank is full."""

    channel: int | None
    volume: int
    full: bool = False


@dataclass(frozen=True, slots=True)
class DoseAmount:
    """Command S: a dose in steps of money."""

    channel: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Request:
    """A well-formed request of another command, or with data of another form: as sent.

    A command outside the documented set is itself an observation (protocols.md 2.3).
    """

    channel: int | None
    command: str
    data: str = ""


class Verdict(IntEnum):
    """The byte of a short answer."""

    DONE = 0x06
    UNKNOWN = 0x15
    NOT_NOW = 0x18


@dataclass(frozen=True, slots=True)
class Short:
    """`7F 06`, `7F 15` or `7F 18`: it carries no check."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of an answer: mostly digits, printable characters in any case."""

    data: str


HostMessage = Ask | SetPrice | DoseVolume | DoseAmount | Request
DeviceMessage = Short | Answer
