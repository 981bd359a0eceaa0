"""DART traffic -> what the board reported: volume and amount polls, and the totals.

A value travelled in a frame: it held before the frame's first character, at most the pump's answer time before that
(25 ms, DART 2.11).  The stamp is the middle of that interval, u_ns its half width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from captures.model import Direction, WireChunk
from protocols.contract import Role
from protocols.wire.dart import PROTOCOL, Data, Filled, Totals

CODEC = f"{PROTOCOL.name}/{PROTOCOL.version}"
ANSWER_NS = 25_000_000
HOST_NS = 2_000_000  # stamping by an idle host, per unit of clock speed


@dataclass(frozen=True, slots=True)
class Poll:
    t_ns: int
    u_ns: int
    volume: int
    amount: int


@dataclass(frozen=True, slots=True)
class Total:
    t_ns: int
    volume: int


def dispenser_reports(chunks: Sequence[WireChunk], speed: float) -> tuple[list[Poll], list[Total]]:
    """Polls and totals in what the dispenser sent.  Repeated frames (same sequence number) are repeats, not readings."""
    decoder = PROTOCOL.decoder(Role.DEVICE)
    polls: list[Poll] = []
    totals: list[Total] = []
    last: Data | None = None
    for chunk in chunks:
        if chunk.direction is not Direction.RX:
            continue
        for message in decoder.feed(chunk.data):
            if not isinstance(message, Data) or message == last:
                continue
            last = message
            width_ns = (
                len(PROTOCOL.encode(message, Role.DEVICE)) * PROTOCOL.line.char_ns() + ANSWER_NS + int(HOST_NS * speed)
            )
            for transaction in message.transactions:
                if isinstance(transaction, Filled):
                    polls.append(
                        Poll(chunk.t_ns - width_ns // 2, width_ns // 2, transaction.volume, transaction.amount)
                    )
                elif isinstance(transaction, Totals):
                    totals.append(Total(chunk.t_ns, transaction.counters[0]))
    return polls, totals


def scaled(digits: int, step: Decimal) -> Decimal:
    """The displayed number of BCD `digits` with the profile's resolution `step`."""
    return (digits * step).quantize(step)
