"""What a DART pump reports (protocols.md 4.1): its data frames, each once, and where one is missing by its number."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from protocols.contract import Message, WireProtocol
from protocols.dispensing import Report, SaleState, Told
from protocols.wire.dart.messages import (
    Control,
    ControlKind,
    Data,
    Filled,
    NozzlePrice,
    PumpState,
    Status,
    Totals,
    Transaction,
)

STATES: Mapping[PumpState, SaleState] = MappingProxyType(
    {
        PumpState.NOT_PROGRAMMED: SaleState.UNPROGRAMMED,
        PumpState.RESET: SaleState.IDLE,
        PumpState.AUTHORISED: SaleState.AUTHORISED,
        PumpState.FILLING: SaleState.DELIVERING,
        PumpState.COMPLETE: SaleState.COMPLETE,
        PumpState.LIMIT_REACHED: SaleState.LIMIT_REACHED,
        PumpState.OFF: SaleState.OFF,
        PumpState.SUSPENDED: SaleState.SUSPENDED,
    }
)


class DartDialogue:
    """A repeated frame (same number) is a repeat, not a reading."""

    answer_ns = 25_000_000  # the pump's own deadline
    numbered = True
    speaks_up = True

    def __init__(self, protocol: WireProtocol) -> None:
        self.protocol = protocol
        self.exchange_ns = self.answer_ns + 2 * protocol.max_message * protocol.line.char_ns()
        self._last: Data | None = None

    def asked(self, message: Message) -> bool:
        return True

    def told(self, message: Message) -> Told:
        if isinstance(message, Control):
            return Told(quiet=message.kind is ControlKind.EOT)
        if not isinstance(message, Data) or message == self._last:
            return Told()
        # after F both 0 and 1 are seen in captures; 0 also restarts (protocols.md 4.1)
        last, self._last = self._last, message
        lost = last is not None and message.seq not in (0, last.seq % 15 + 1, last.seq + 1)
        return Told(tuple(filter(None, map(_report, message.transactions))), lost=lost)


def _report(transaction: Transaction) -> Report | None:
    match transaction:
        case Filled(volume=volume, amount=amount):
            return Report(volume=volume, amount=amount)
        case Totals(counters=counters):
            return Report(total=counters[0])
        case Status(state=state):
            return Report(state=STATES[state])
        case NozzlePrice(price=price):
            return Report(price=price)
        case _:
            return None
