"""What an AZT answer means, given the request before it (protocols.md 4.3): pure, and without time.

Which answer is to which question is for whoever keeps the time: an answer that came late looks like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from protocols.contract import Message
from protocols.wire.azt.messages import Answer, Ask, Query, Short, Widths


class State(StrEnum):
    OFF = "0"  # nozzle hung
    LIFTED = "1"
    AUTHORISED = "2"
    DELIVERING = "3"
    FINISHED = "4"
    LOCAL = "8"  # local mode; unverified


class Finished(StrEnum):
    """The reason digit of FINISHED."""

    NORMAL = "0"
    OVER = "1"  # more than the dose, or a delivery that nobody authorised


@dataclass(frozen=True, slots=True)
class Status:
    """`reason`: the second digit as sent, "" where there is none; `Finished` says what it means after FINISHED."""

    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """Volume while it flows."""

    volume: int


@dataclass(frozen=True, slots=True)
class Sale:
    volume: int
    amount: int
    price: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Two equal fields; that the first is the volume is derived."""

    volume: int
    second: int


Read = Status | Running | Sale | Totals
_STATES = frozenset(State)


def read(request: Message, answer: Message, widths: Widths) -> Read | None:
    """What `answer` says to `request`; None where it is a Short, or is no answer to it."""
    if not isinstance(answer, Answer) or not isinstance(request, Ask):
        return None
    data = answer.data
    if not data.isdecimal():
        return None
    match request.what:
        case Query.STATUS if len(data) <= 2 and data[0] in _STATES:
            return Status(State(data[0]), data[1:])
        case Query.VOLUME if len(data) == widths.running:
            return Running(int(data))
        case Query.SALE if len(data) == widths.volume + widths.amount + widths.price:
            volume, rest = data[: widths.volume], data[widths.volume :]
            return Sale(int(volume), int(rest[: widths.amount]), int(rest[widths.amount :]))
        case Query.TOTALS if len(data) % 2 == 0:
            half = len(data) // 2
            return Totals(int(data[:half]), int(data[half:]))
        case _:
            return None


def fits(request: Message, answer: Message, widths: Widths) -> bool:
    """Whether `answer` can be one to `request`: data where it asks for some, else done; `unknown` and `not now` to any."""
    if isinstance(answer, Short):
        return True
    if isinstance(request, Ask) and request.what in (Query.STATUS, Query.VOLUME, Query.SALE, Query.TOTALS):
        return read(request, answer, widths) is not None
    return isinstance(answer, Answer)


def written(reading: Read, widths: Widths) -> Answer:
    """The answer that says `reading`, as a device sends it; fields wrap as counters of so many digits do."""

    def field(value: int, width: int) -> str:
        return f"{value % 10**width:0{width}d}"

    match reading:
        case Status(state, reason):
            return Answer(state + reason)
        case Running(volume):
            return Answer(field(volume, widths.running))
        case Sale(volume, amount, price):
            fields = field(volume, widths.volume), field(amount, widths.amount), field(price, widths.price)
            return Answer("".join(fields))
        case Totals(volume, second):
            return Answer(field(volume, widths.total) + field(second, widths.total))
