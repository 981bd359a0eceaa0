"""Frames with known meaning (protocols.md 4.3) and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.azt.codec import MOST_DATA
from protocols.wire.azt.messages import (
    Answer,
    Ask,
    DoseAmount,
    DoseVolume,
    Query,
    Request,
    SetPrice,
    Short,
    Verdict,
    Widths,
)


def _vector(name: str, sender: Role, wire: str, message: Message, source: str) -> Vector:
    return Vector(name, sender, bytes.fromhex(wire), (message,), source, EvidenceClass.DERIVED)


_BOTH = "protocols.md 4.3, built from the rule; two unrelated codes give the same [S20][S21]"
_WORKED = "protocols.md 4.3, worked exchange, built from the rule"
_HOST, _DEVICE = Role.HOST, Role.DEVICE

VECTORS: tuple[Vector, ...] = (
    _vector("status request", _HOST, "7F 02 21 5E 31 4E 03 03 53", Ask(1, Query.STATUS), _BOTH),
    _vector("set price", _HOST, "7F 02 21 5E 51 2E 34 4B 35 4A 32 4D 33 4C 03 03 73", SetPrice(1, 4523), _BOTH),
    _vector("answer 00", _DEVICE, "7F 02 30 4F 30 4F 03 03 43", Answer("00"), _BOTH),
    _vector("done", _DEVICE, "7F 06", Short(Verdict.DONE), "protocols.md 4.3, short answers"),
    _vector("unknown", _DEVICE, "7F 15", Short(Verdict.UNKNOWN), "protocols.md 4.3, short answers"),
    _vector("not now", _DEVICE, "7F 18", Short(Verdict.NOT_NOW), "protocols.md 4.3, short answers"),
    _vector(
        "dose of 10.00 L", _HOST, "7F 02 21 5E 54 2B 30 4F 31 4E 30 4F 30 4F 30 4F 30 4F 03 03 77",
        DoseVolume(1, 1000), _WORKED,
    ),
    _vector("authorise", _HOST, "7F 02 21 5E 32 4D 03 03 50", Ask(1, Query.AUTHORISE), _WORKED),
    _vector("lifted", _DEVICE, "7F 02 31 4E 03 03 72", Answer("1"), _WORKED),
    _vector("authorised", _DEVICE, "7F 02 32 4D 03 03 71", Answer("2"), _WORKED),
    _vector("delivering", _DEVICE, "7F 02 33 4C 03 03 70", Answer("3"), _WORKED),
    _vector("finished normally", _DEVICE, "7F 02 34 4B 30 4F 03 03 47", Answer("40"), _WORKED),
    _vector("over-delivery", _DEVICE, "7F 02 34 4B 31 4E 03 03 46", Answer("41"), _WORKED),
    _vector("read result", _HOST, "7F 02 21 5E 35 4A 03 03 57", Ask(1, Query.SALE), _WORKED),
    _vector(
        "result",
        _DEVICE,
        "7F 02 30 4F 31 4E 30 4F 30 4F 30 4F 30 4F 30 4F 34 4B 35 4A 32 4D 33 4C 30 4F 34 4B 35 4A 32 4D 33 4C 03 03 42",
        Answer("0100000452304523"),
        _WORKED,
    ),
    _vector("confirm", _HOST, "7F 02 21 5E 38 47 03 03 5A", Ask(1, Query.CONFIRM), _WORKED),
)  # fmt: skip


def examples(widths: Widths) -> dict[Role, Sequence[Message]]:
    """A few messages of each kind by who sends them, edge values included."""

    def most(width: int) -> int:
        return int(10**width - 1)

    channels = (None, 1, 14, 16, 29, 211, 224)
    host: list[Message] = [
        *(Ask(channel, Query.STATUS) for channel in channels),
        *(Ask(1, what) for what in Query),
        *(SetPrice(2, price) for price in (0, 1, most(widths.price))),
        *(DoseVolume(3, most(widths.volume), full) for full in (False, True)),
        DoseVolume(None, 0),
        DoseAmount(4, 0),
        DoseAmount(224, most(widths.dose_amount)),
        Request(1, "N"),
        Request(None, "W", "12 ~|"),
        Request(14, "Q", "4" * (widths.price + 1)),
        Request(1, "T", "1" * widths.volume + "2"),
        Request(1, "1", "x"),
        Request(1, "\\", "0" * MOST_DATA),
    ]
    answers = ("0", "1", "40", "00", "001000", "V 2.0 |", "~" * MOST_DATA)
    return {_HOST: host, _DEVICE: [*(Short(verdict) for verdict in Verdict), *map(Answer, answers)]}
