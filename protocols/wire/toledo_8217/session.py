"""The dialogue with an 8217 scale, without time: what it answers to what (protocols.md 3.3).

The 200 ms between commands and the 150 ms before a status are the driver's; weighing, zero and tare are the scale's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from protocols.contract import Message
from protocols.wire.toledo_8217.codec import ECHO_ON
from protocols.wire.toledo_8217.messages import (
    Command,
    DigitalTare,
    EchoAnswer,
    EchoRequest,
    Request,
    SelfTestStarted,
    Status,
    Weight,
)

_C = Command
ANSWERS: Mapping[Command, tuple[type, ...]] = MappingProxyType(
    {
        _C.WEIGHT: (Weight, Status),
        _C.HIGH_RESOLUTION: (Weight, Status),
        _C.ZERO: (Status,),
        _C.TARE: (Status,),
        _C.CLEAR_TARE: (Status,),
        _C.SELF_TEST: (SelfTestStarted,),
        _C.SELF_TEST_RESULT: (Status,),
        _C.ECHO_OFF: (),
    }
)
"""What may be said to each command.  A status looks the same whatever it answers: a late one cannot be told apart."""


def fits(asked: Command, answer: Message) -> bool:
    """Whether `answer` may be one to `asked`; else it is late, to the command before."""
    return isinstance(answer, ANSWERS[asked])


class Weighing(Protocol):
    """What the dialogue needs of a scale."""

    def weight(self, high_resolution: bool) -> Weight | Status:
        """What is shown; a Status while moving, negative or over capacity."""
        ...

    def zero(self) -> Status: ...

    def tare(self, digits: str | None) -> Status:
        """Tares what lies on the scale, or by value where `digits` are given."""
        ...

    def clear_tare(self) -> Status: ...

    def self_test(self) -> Status: ...


class DeviceSession:
    """The scale's side: `heard` gives the answers to one message of the host."""

    def __init__(self, scale: Weighing) -> None:
        self._scale = scale
        self._echoing = False
        self._tested: Status | None = None

    def heard(self, message: Message) -> list[Message]:
        """Answers in the order to send them; nothing to echo off, to Garbage, and to `B` without an `A` before."""
        match message:
            case EchoRequest(raw):
                return self._echo(raw)
            case DigitalTare(digits):
                return [self._scale.tare(digits)]
            case Request(command):
                return self._answer(command)
        return []

    def _echo(self, raw: bytes) -> list[Message]:
        """`raw` is one piece of a run: its first byte is `E` where no run is on, its last `F` where the run ends."""
        head, text = (b"", raw) if self._echoing else (ECHO_ON, raw[1:])
        self._echoing = not text.endswith(b"F")
        back = head + text.removesuffix(b"F")
        return [EchoAnswer(back)] if back else []

    def _answer(self, command: Command) -> list[Message]:
        match command:
            case Command.WEIGHT | Command.HIGH_RESOLUTION:
                return [self._scale.weight(command is Command.HIGH_RESOLUTION)]
            case Command.ZERO:
                return [self._scale.zero()]
            case Command.TARE:
                return [self._scale.tare(None)]
            case Command.CLEAR_TARE:
                return [self._scale.clear_tare()]
            case Command.SELF_TEST:
                self._tested = self._scale.self_test()
                return [SelfTestStarted()]
            case Command.SELF_TEST_RESULT:
                tested, self._tested = self._tested, None
                return [] if tested is None else [tested]
            case Command.ECHO_OFF:
                self._echoing = False
        return []
