"""What a pump on a two-wire loop reports: status, the last sale, totals (protocols.md 4.2).

While it delivers it tells no volume that we can read: the answer to live money is not evidenced.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from protocols.contract import Message, WireProtocol
from protocols.dispensing import Report, SaleState, Told
from protocols.wire.gilbarco.messages import Block, Code, Command, Loose, State, Status, Totals, Transaction

STATES: Mapping[State, SaleState | None] = MappingProxyType(
    {
        State.DATA_ERROR: None,
        State.OFF: SaleState.IDLE,
        State.CALL: SaleState.CALLING,
        State.AUTHORISED: SaleState.AUTHORISED,
        State.BUSY: SaleState.DELIVERING,
        State.END_PRE: SaleState.LIMIT_REACHED,
        State.END_FINAL: SaleState.COMPLETE,
        State.STOPPED: SaleState.SUSPENDED,
        State.READY_FOR_DATA: None,
    }
)
_ANSWERED = (Code.STATUS, Code.SEND_DATA, Code.TRANSACTION, Code.TOTALS, Code.LIVE_MONEY)


_LONGEST_CHARS = 100  # a question of one and an answer of the totals of three hoses


class GilbarcoDialogue:
    """`pump` None: the only one on its loop.  A status is one byte without a check: it counts when it is said twice in a row."""

    answer_ns = 68_000_000  # from a status poll to its reply
    numbered = False
    speaks_up = False

    def __init__(self, protocol: WireProtocol, pump: int | None = None) -> None:
        self.protocol = protocol
        self.exchange_ns = self.answer_ns + _LONGEST_CHARS * protocol.line.char_ns()
        self._pump = pump
        self._request: Command | None = None
        self._said: State | None = None

    def asked(self, message: Message) -> bool:
        """Authorise, stop and blocks have no answer that is documented."""
        self._request = message if isinstance(message, Command) and message.code in _ANSWERED else None
        return self._request is not None

    def told(self, message: Message) -> Told:
        request = self._request
        if request is None or not _fits(request, message):
            return Told(fits=False)
        if self._pump not in (None, request.pump):
            return Told()
        match message:
            case Status(state=state):
                known, again, self._said = STATES[state], state is self._said, state
                return Told((Report(state=known),) if again and known is not None else ())
            case Transaction(price=price, volume=volume, money=money):
                return Told((Report(volume=volume, amount=money, price=price),))
            case Totals(hoses=(hose,)):  # which of several hoses is under test is not told
                return Told((Report(total=hose.volume),))
            case _:
                return Told()


def _fits(request: Command, message: Message) -> bool:
    match request.code:
        case Code.STATUS | Code.SEND_DATA:
            ready = isinstance(message, Status) and message.state is State.READY_FOR_DATA
            asked = request.code is Code.SEND_DATA
            return isinstance(message, Status) and message.pump == request.pump and ready is asked
        case Code.TRANSACTION:
            return isinstance(message, Transaction | Block)
        case Code.TOTALS:
            return isinstance(message, Totals | Block)
        case _:
            return isinstance(message, Loose | Block)
