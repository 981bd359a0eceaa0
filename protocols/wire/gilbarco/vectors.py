"""Blocks with known meaning (protocols.md 4.2) and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.gilbarco.fields import MOST_HOSES
from protocols.wire.gilbarco.messages import (
    AllStop,
    Block,
    Code,
    Command,
    HoseTotals,
    Loose,
    Preset,
    SetPrice,
    SpecialFunction,
    State,
    Status,
    Totals,
    Transaction,
    Widths,
)

_HOST, _DEVICE = Role.HOST, Role.DEVICE
_CAPTURE, _DERIVED = EvidenceClass.CAPTURE, EvidenceClass.DERIVED
_SEEN = "protocols.md 4.2, real frame, LRC recomputed"
_RULE = "protocols.md 4.2, built from the rule"


def _vector(
    name: str, sender: Role, wire: str, message: Message, source: str = _RULE, evidence: EvidenceClass = _DERIVED
) -> Vector:
    return Vector(name, sender, bytes.fromhex(wire), (message,), source, evidence)


VECTORS: tuple[Vector, ...] = (
    _vector(
        "transaction",
        _DEVICE,
        "FF F1 F8 EB E1 E0 E0 E2 F6 E2 F4 F7 E0 E7 E0 E1 F9 E0 E6 E3 E3 E2 E0 FA E0 E0 E0 E5 E2 E0 FB EC F0",
        Transaction((0xB, 1, 0, 0, 2), 2, 1, 1070, 23_360, 25_000),
        _SEEN,
        _CAPTURE,
    ),
    _vector("special function", _HOST, "FF E9 FE E0 E1 E0 FB EE F0", SpecialFunction((0, 1, 0)), _SEEN, _CAPTURE),
    _vector("price 1070", _HOST, "FF E5 F4 F6 E0 F7 E0 E7 E0 E1 FB E8 F0", SetPrice(1, 0, 1070)),
    _vector("preset amount 25000", _HOST, "FF E3 F2 F4 F8 E0 E0 E0 E5 E2 E0 FB EE F0", Preset(True, 25_000)),
    _vector("status of pump 1", _HOST, "01", Command(Code.STATUS, 1)),
    _vector("send data to pump 16", _HOST, "20", Command(Code.SEND_DATA, 16)),
    _vector("all stop", _HOST, "FC", AllStop()),
    _vector("ready for data", _DEVICE, "D1", Status(State.READY_FOR_DATA, 1)),
    _vector("nozzle called", _DEVICE, "7F", Status(State.CALL, 15)),
)


def examples(widths: Widths) -> dict[Role, Sequence[Message]]:
    """A few messages of each kind by who sends them, edge values included."""

    def most(width: int) -> int:
        return int(10**width - 1)

    host: list[Message] = [
        *(Command(code, pump) for code in Code for pump in (1, 15, 16)),
        AllStop(),
        SetPrice(1, 0, 0),
        SetPrice(2, 15, most(widths.price), 0),
        Preset(False, 1),
        Preset(False, most(widths.volume), 2, 3),
        Preset(True, most(widths.money), 1, 0, 15),
        SpecialFunction(()),
        SpecialFunction(tuple(range(16))),
        Block(b""),
        Block(b"\xe5\xf4\xf6\xe0"),
        Block(b"\xf1\xf8" + b"\xea" * 100),
    ]
    hose = HoseTotals(1, 12_345_678, 99_999_999, 1070, 0)
    device: list[Message] = [
        *(Status(state, pump) for state in State for pump in (1, 15, 16)),
        Transaction((), 0, 1, 0, 0, 0),
        Transaction((0xB, 1), 15, 2, most(widths.price), most(widths.volume), most(widths.money), 2),
        Totals((hose,)),
        Totals((hose,) * MOST_HOSES),
        Block(b""),
        Block(b"\xe9\xfe\xe0"),
        Block(b"\xf6\xe1\xf9\xea"),
        Loose(b"\xe0\xe5\xe2\xe0"),
    ]
    return {_HOST: host, _DEVICE: device}
