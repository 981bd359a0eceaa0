"""The order of a DART dialogue, without time: sequence numbers and the state table of a sale (protocols.md 4.1).

Both sides keep their own sequence numbers.  Retries, polls and deadlines belong to whoever drives.  Transitions that
the reference does not spell out (leaving OFF, suspending, stopping) are derived and marked so.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from protocols.wire.dart.messages import (
    AllowedNozzles,
    Command,
    CommandCode,
    Control,
    ControlKind,
    Data,
    PresetAmount,
    PresetVolume,
    Prices,
    PumpState,
    Transaction,
)


class SequenceOut:
    """Numbers for the data frames one side sends: 0 restarts the count, then 1 to F and 1 again.

    A retry is the same frame with the same number: keep the frame, take no new number.
    """

    def __init__(self, first: int = 0) -> None:
        self._next = first

    def take(self) -> int:
        """The number of the next new frame."""
        taken = self._next
        self._next = taken + 1 if taken < 0x0F else 1
        return taken

    def restart(self) -> None:
        """Begin with 0 again, as after a power-up."""
        self._next = 0


class SequenceIn:
    """Numbers of the frames the other side sent: any change is news, a repeat is a retry of what was seen."""

    def __init__(self) -> None:
        self._last: int | None = None

    def is_new(self, frame: Data) -> bool:
        """Whether to process `frame`; acknowledge it either way, or the sender repeats it for ever."""
        new = frame.seq != self._last
        self._last = frame.seq
        return new

    def forget(self) -> None:
        """The other side was reset: whatever comes next is news."""
        self._last = None


def acknowledge(frame: Data) -> Control:
    """The ACK of a data frame carries that frame's own number."""
    return Control(frame.address, ControlKind.ACK, frame.seq)


class Event(StrEnum):
    """What happens at the pump itself."""

    PRICED = "priced"
    FLOW_STARTED = "flow started"
    LIMIT_REACHED = "limit reached"
    NOZZLE_RETURNED = "nozzle returned"


_S, _C = PumpState, CommandCode
_QUERIES = frozenset({_C.STATUS, _C.PARAMETERS, _C.IDENTITY, _C.FILLING_INFO, _C.ALL_PRICES})
IDLE = frozenset({_S.NOT_PROGRAMMED, _S.RESET, _S.COMPLETE, _S.LIMIT_REACHED, _S.OFF})
"""States from which a reset leads to RESET; leaving OFF and NOT_PROGRAMMED this way is derived."""

_COMMANDS: Mapping[tuple[PumpState, CommandCode], PumpState] = MappingProxyType(
    {(state, _C.RESET): _S.RESET for state in IDLE}
    | {(state, _C.OFF): _S.OFF for state in _S}
    | {(state, _C.STOP): _S.COMPLETE for state in (_S.AUTHORISED, _S.FILLING, _S.SUSPENDED)}
    | {(state, _C.SUSPEND): _S.SUSPENDED for state in (_S.AUTHORISED, _S.FILLING)}
    | {(_S.RESET, _C.AUTHORISE): _S.AUTHORISED, (_S.SUSPENDED, _C.RESUME): _S.FILLING}
)
_EVENTS: Mapping[tuple[PumpState, Event], PumpState] = MappingProxyType(
    {
        (_S.NOT_PROGRAMMED, Event.PRICED): _S.RESET,
        (_S.AUTHORISED, Event.FLOW_STARTED): _S.FILLING,
        (_S.FILLING, Event.LIMIT_REACHED): _S.LIMIT_REACHED,
        (_S.AUTHORISED, Event.NOZZLE_RETURNED): _S.COMPLETE,
        (_S.FILLING, Event.NOZZLE_RETURNED): _S.COMPLETE,
        (_S.SUSPENDED, Event.NOZZLE_RETURNED): _S.COMPLETE,
        (_S.LIMIT_REACHED, Event.NOZZLE_RETURNED): _S.COMPLETE,
    }
)


def after_command(state: PumpState, code: CommandCode) -> PumpState | None:
    """The pump's state after `code`; None where it refuses (authorise works from RESET only)."""
    return state if code in _QUERIES else _COMMANDS.get((state, code))


def after_event(state: PumpState, event: Event) -> PumpState | None:
    """The pump's state after something happened at it; None where the event means nothing."""
    return _EVENTS.get((state, event))


class HostSale:
    """What the master sends for one sale: reset, prices, nozzles, preset, authorise; then it only polls.

    `next(state)` gives the transaction to send in the pump state last heard (None: not heard yet), or None to go on
    polling; call `acknowledged()` when the pump has acknowledged it.  `finished` after the sale's end was heard.
    """

    def __init__(
        self, prices: tuple[int, ...], nozzles: tuple[int, ...], preset: PresetVolume | PresetAmount | None = None
    ) -> None:
        setup: list[Transaction] = [Command(CommandCode.RESET), Prices(prices), AllowedNozzles(nozzles)]
        setup += [preset] if preset is not None else []
        self._steps = (*setup, Command(CommandCode.AUTHORISE))
        self._done = 0
        self._running = self._given = False
        self.finished = False

    @property
    def authorised(self) -> bool:
        """Every step was acknowledged, the authorisation last."""
        return self._done == len(self._steps)

    def next(self, state: PumpState | None) -> Transaction | None:
        if self.authorised:
            self._follow(state)
            return None
        if state is None:
            self._given = False
            return Command(CommandCode.STATUS)
        if not (state in IDLE if self._done == 0 else state is PumpState.RESET):
            return None
        self._given = True
        return self._steps[self._done]

    def acknowledged(self) -> None:
        """The pump acknowledged the transaction that `next` gave last; a status request moves nothing on."""
        self._done += self._given
        self._given = False

    def _follow(self, state: PumpState | None) -> None:
        self._running = self._running or state in (PumpState.AUTHORISED, PumpState.FILLING, PumpState.SUSPENDED)
        ended = state is PumpState.COMPLETE or (self._running and state in IDLE - {PumpState.LIMIT_REACHED})
        self.finished = self.finished or ended
