"""What a dispenser says, whatever protocol it says it in: its messages, read in the order of the line, become `Report`s.

One `Dialogue` a line: frames of some protocols are numbered, answers of others mean nothing without the question.  It knows no
time; which answer is to which question, where that is told by the time alone, is for whoever keeps it (`numbered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from protocols.contract import Message, WireProtocol


class SaleState(StrEnum):
    UNPROGRAMMED = "unprogrammed"  # without prices, as after power came
    IDLE = "idle"
    CALLING = "calling"  # nozzle lifted, not authorised
    AUTHORISED = "authorised"
    DELIVERING = "delivering"
    SUSPENDED = "suspended"
    LIMIT_REACHED = "limit reached"  # the preset; the nozzle is not hung up yet
    COMPLETE = "complete"
    OFF = "off"  # out of service


@dataclass(frozen=True, slots=True)
class Report:
    """One thing said; None where it does not say it.  Numbers count steps of the profile's resolutions: `volume` and `amount` of
    the running or last sale, unit `price`, and the volume of the totaliser as `total`."""

    state: SaleState | None = None
    volume: int | None = None
    amount: int | None = None
    price: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one message of the dispenser tells.  `fits`: it can be an answer to the last question; `quiet`: nothing is new, what
    was said last still holds; `lost`: a frame before this one was not heard."""

    reports: tuple[Report, ...] = ()
    fits: bool = True
    quiet: bool = False
    lost: bool = False


class Dialogue(Protocol):
    """What is said on the line of one dispenser, message by message.

    `answer_ns`: the longest it takes from the end of a question to the first character of its answer; `exchange_ns`: from the
    first character of the longest question to the last of the longest answer.  `numbered`: its frames carry numbers, so that none is
    taken for another; where they do not, `asked` is told every message of the master, and an answer counts for the last
    question only, in time.  `speaks_up`: it tells by itself what happens, so that a volume told before the end of a sale is
    its last; otherwise the volume has to be asked for again after the end.
    """

    @property
    def protocol(self) -> WireProtocol: ...
    @property
    def answer_ns(self) -> int: ...
    @property
    def exchange_ns(self) -> int: ...
    @property
    def numbered(self) -> bool: ...
    @property
    def speaks_up(self) -> bool: ...
    def asked(self, message: Message) -> bool:
        """The master said this; whether an answer is to come."""
        ...

    def told(self, message: Message) -> Told:
        """The dispenser said this."""
        ...
