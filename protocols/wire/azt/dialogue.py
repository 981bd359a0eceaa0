"""What an AZT dispenser reports: each answer by the request before it (protocols.md 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from protocols.contract import Message, WireProtocol
from protocols.dispensing import Report, SaleState, Told
from protocols.wire.azt.messages import HostMessage, Widths
from protocols.wire.azt.session import Running, Sale, State, Status, Totals, fits, read

STATES: Mapping[State, SaleState | None] = MappingProxyType(
    {
        State.OFF: SaleState.IDLE,
        State.LIFTED: SaleState.CALLING,
        State.AUTHORISED: SaleState.AUTHORISED,
        State.DELIVERING: SaleState.DELIVERING,
        State.FINISHED: SaleState.COMPLETE,
        State.LOCAL: None,  # unverified
    }
)


_LONGEST_CHARS = 70  # a dose of 21 and an answer of two totals


class AztDialogue:
    """`channel` None: the only one on its line; else what is asked of others is not listened to."""

    answer_ns = 400_000_000  # 0.1 to 0.4 s
    numbered = False
    speaks_up = False

    def __init__(self, protocol: WireProtocol, widths: Widths, channel: int | None = None) -> None:
        self.protocol = protocol
        self.exchange_ns = self.answer_ns + _LONGEST_CHARS * protocol.line.char_ns()
        self._widths, self._channel = widths, channel
        self._request: Message | None = None
        self._ours = False

    def asked(self, message: Message) -> bool:
        """To all nobody answers; the answer to a question to another channel is awaited, so that it is not taken for one to ours."""
        if not isinstance(message, HostMessage):
            return False
        self._request = message
        self._ours = self._channel in (None, message.channel)
        return message.channel is not None

    def told(self, message: Message) -> Told:
        if self._request is None or not fits(self._request, message, self._widths):
            return Told(fits=False)
        match read(self._request, message, self._widths) if self._ours else None:
            case Status(state=state):
                known = STATES[state]
                return Told(() if known is None else (Report(state=known),))
            case Running(volume):
                return Told((Report(volume=volume),))
            case Sale(volume, amount, price):
                return Told((Report(volume=volume, amount=amount, price=price),))
            case Totals(volume=volume):
                return Told((Report(total=volume),))
            case None:
                return Told()
