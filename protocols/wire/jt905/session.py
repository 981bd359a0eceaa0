"""The dialogue between ISU and taximeter, without time: who answers what, and what is sent again (protocols.md 5).

Deadlines, the five seconds between heartbeats and the resending of what nobody took belong to whoever drives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from protocols.contract import Message
from protocols.wire.jt905.codes import Command, Result
from protocols.wire.jt905.identity import IdentityBlock
from protocols.wire.jt905.isu import (
    Acknowledgement,
    ClockCommand,
    FirmwareCommand,
    HeartbeatAnswer,
    ShiftPermission,
    StatusQuery,
    TariffQuery,
    TariffWrite,
    TripQuery,
)
from protocols.wire.jt905.messages import Body, Frame, Question
from protocols.wire.jt905.meter import (
    ClockAnswer,
    FirmwareAnswer,
    Heartbeat,
    Hired,
    ShiftClosed,
    ShiftRequest,
    Status,
    TariffAnswer,
    TariffWritten,
    TripAnswer,
    TripEnd,
)
from protocols.wire.jt905.records import Trip
from protocols.wire.jt905.tariffs import TariffBlock

ANSWERS: Mapping[type, type] = MappingProxyType({StatusQuery: Status, TariffQuery: TariffAnswer, TripQuery: TripAnswer})
"""What a meter says to each question."""


def fits(asked: Question, answer: Message) -> bool:
    """Whether `answer` may be one to `asked`: of its kind, and of the trip asked for where it brings one."""
    if not isinstance(answer, Frame) or type(answer.body) is not ANSWERS[type(asked)]:
        return False
    trip = answer.body.trip if isinstance(answer.body, TripAnswer) else None
    return trip is None or (isinstance(asked, TripQuery) and trip.number == asked.number)


_RECORDS: Mapping[Command, tuple[type[TripEnd] | type[ShiftClosed], bool]] = MappingProxyType(
    {
        Command.TRIP_END: (TripEnd, False),
        Command.TRIP_RESENT: (TripEnd, True),
        Command.SHIFT_CLOSED: (ShiftClosed, False),
        Command.SHIFT_RESENT: (ShiftClosed, True),
    }
)
"""What is said with each command, and whether that is a resending."""


class Meter(Protocol):
    """What the dialogue needs of a taximeter."""

    def status(self) -> Status: ...
    def tariff(self) -> TariffBlock: ...
    def trip(self, number: int) -> Trip | None:
        """The record of that number; None where it is not kept."""
        ...

    def told_time(self, time: str, command: bool) -> int:
        """The ISU's time, YYYYMMDDhhmmss, with a status query or with 0001 (`command`); a Result for the latter."""
        ...

    def write_tariff(self, data: bytes) -> tuple[int, str]:
        """A TariffResult, and from when the tariff holds."""
        ...

    def permitted(self, permission: ShiftPermission) -> Body | None:
        """A shift may begin or end: ShiftOpened or ShiftClosed to say, None where it does not."""
        ...


class MeterSession:
    """The meter's side.  What it says by itself goes through `say`, so that what nobody takes is known and sent again."""

    MOST_KEPT = 256

    def __init__(self, meter: Meter, maker: int = 0) -> None:
        self._meter, self._maker = meter, maker
        self._unheard: list[TripEnd | ShiftClosed] = []  # said, and not taken yet; oldest first

    def say(self, body: Body) -> Frame:
        """The frame to send.  A trip or shift stays on the list until an ISU takes it; of MOST_KEPT the oldest goes."""
        if isinstance(body, TripEnd | ShiftClosed) and not body.resent:
            self._unheard.append(body)
            del self._unheard[: -self.MOST_KEPT]
        return Frame(body, self._maker)

    def again(self) -> Frame | None:
        """The oldest record that nobody took, as the resending has it; None where all were."""
        match self._unheard:
            case [TripEnd(trip), *_]:
                return Frame(TripEnd(trip, resent=True), self._maker)
            case [ShiftClosed(shift), *_]:
                return Frame(ShiftClosed(shift, resent=True), self._maker)
        return None

    def heard(self, message: Message) -> list[Frame]:
        """Answers in the order to send them; nothing to Garbage, to what is not read and to another device's frames."""
        return [self.say(body) for body in self._answers(message.body)] if isinstance(message, Frame) else []

    def _answers(self, body: Body) -> list[Body]:
        meter = self._meter
        match body:
            case StatusQuery(time):
                meter.told_time(time, False)
                return [meter.status()]
            case ClockCommand(time):
                return [ClockAnswer(meter.told_time(time, True))]
            case TariffQuery():
                return [TariffAnswer(meter.tariff())]
            case TariffWrite(data):
                return [TariffWritten(*meter.write_tariff(data))]
            case TripQuery(number):
                return [TripAnswer(meter.trip(number))]
            case ShiftPermission():
                answer = meter.permitted(body)
                return [] if answer is None else [answer]
            case FirmwareCommand():
                return [FirmwareAnswer(Result.FAIL)]
            case Acknowledgement():
                self._taken(body)
        return []

    def _taken(self, answer: Acknowledgement) -> None:
        """An acknowledgement names no number: one to a resending is to the oldest of its kind, else to the newest."""
        if answer.result != Result.OK or answer.of not in _RECORDS:
            return
        kind, resent = _RECORDS[answer.of]
        places = [place for place, record in enumerate(self._unheard) if isinstance(record, kind)]
        if places:
            del self._unheard[places[0 if resent else -1]]


class IsuSession:
    """The ISU's side: takes every record, lets every driver open and close a shift."""

    def __init__(self, identity: IdentityBlock, read_at: str, maker: int = 0) -> None:
        self._identity, self._read_at, self._maker = identity, read_at, maker

    def heard(self, message: Message) -> list[Frame]:
        """Answers in the order to send them."""
        if not isinstance(message, Frame):
            return []
        answer = self._answer(message.body)
        return [] if answer is None else [Frame(answer, self._maker)]

    def _answer(self, body: Body) -> Body | None:
        match body:
            case Hired():
                return Acknowledgement(Command.HIRED, Result.OK)
            case TripEnd(_, resent):
                return Acknowledgement(Command.TRIP_RESENT if resent else Command.TRIP_END, Result.OK)
            case ShiftClosed(_, resent):
                return Acknowledgement(Command.SHIFT_RESENT if resent else Command.SHIFT_CLOSED, Result.OK)
            case Heartbeat():
                return HeartbeatAnswer(0, "0" * 10)
            case ShiftRequest(closing, _):
                return ShiftPermission(closing, self._identity, self._read_at, 0, "0" * 10, 0, Result.OK)
        return None
