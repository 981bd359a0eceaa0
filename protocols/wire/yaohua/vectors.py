"""Frames with known meaning (protocols.md 3.10) and messages for round trips."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.yaohua.messages import (
    Answer,
    Basis,
    Command,
    Number,
    OutOfRange,
    Priced,
    Ready,
    Refusal,
    Request,
    Spelling,
    Weight,
)

_SEEN = "protocols.md 3.10 [C][S12]: frame in third-party code for a connected unit, check recomputed"
_MANUAL = "protocols.md 3.10 [S12]: manual"
_BUILT = "protocols.md 3.10 [D]: built from the rule"
_RAW, _BEHIND = Spelling.RAW_CHECK, Spelling.MARK_BEHIND
_C, _V, _D = EvidenceClass.CAPTURE, EvidenceClass.VENDOR, EvidenceClass.DERIVED


def _sent(name: str, wire: bytes | str, *messages: Message, source: str, grade: EvidenceClass) -> Vector:
    return _vector(name, Role.DEVICE, wire, messages, source, grade)


def _vector(
    name: str, sender: Role, wire: bytes | str, messages: tuple[Message, ...], source: str, grade: EvidenceClass
) -> Vector:
    return Vector(name, sender, bytes.fromhex(wire) if isinstance(wire, str) else wire, messages, source, grade)


CONTINUOUS: tuple[Vector, ...] = (
    _sent("loaded", "02 2B 30 32 33 39 36 30 30 31 35 03", Weight("023960"), source=_SEEN, grade=_C),
    _sent("body +0032900", "02 2B 30 30 33 32 39 30 30 31 33 03", Weight("003290"), source=_SEEN, grade=_C),
    _sent("check with a letter", "02 2B 30 30 33 32 36 30 30 31 43 03", Weight("003260"), source=_SEEN, grade=_C),
    _sent("negative", "02 2D 30 30 31 32 33 34 32 31 42 03", Weight("001234", 2, True), source=_BUILT, grade=_D),
    _sent(
        "raw check nibble",
        "02 2D 30 30 31 32 33 34 32 31 3B 03",
        Weight("001234", 2, True, spelling=_RAW),
        source=_BUILT,
        grade=_D,
    ),
)  # fmt: skip

REVERSED: tuple[Vector, ...] = (
    _sent("-1.00", b"=00.1000-", Weight("000100", 2, True), source=_MANUAL, grade=_V),
    _sent(
        "3.000, four times",
        b"=000.3000" * 4,
        *(Weight("003000", 3),) * 4,
        source="XK3190-A26 manual p. 11, example",
        grade=_V,
    ),
    _sent(
        "mark behind",
        b"0031000=4321000=" * 2,
        *(Weight("0001300", spelling=_BEHIND), Weight("0001234", spelling=_BEHIND)) * 2,
        source="protocols.md 8 [T]: stream of weighbridge-simulator 0.3.1",
        grade=EvidenceClass.THIRD_PARTY,
    ),
)

_A26 = "XK3190-A26 manual p. 11 and XK3190-A23p manual p. 22, example of format 2"
FORWARD: tuple[Vector, ...] = (
    _sent("3.000, twice", b"=0003.000" * 2, *(Weight("003000", 3),) * 2, source=_A26, grade=_V),
    _sent("-1.00", b"=-0001.00", Weight("000100", 2, True), source=_A26, grade=_V),
)

_A23P = "XK3190-A23p manual pp. 22-23, example of format 4"
PRICED: tuple[Vector, ...] = (
    _sent(
        "2 kg at 1.00",
        b"=0002.000kg;0001.00;0002.00",
        Priced("002.000", "kg", "0001.00", "0002.00"),
        source=_A23P,
        grade=_V,
    ),
    _sent(
        "20 pieces at 1.00",
        b"=00000020pc;0001.00;0020.00",
        Priced("0000020", "pc", "0001.00", "0020.00"),
        source=_A23P,
        grade=_V,
    ),
)

_A12E = "protocols.md 3.10 [S12]: XK3190-A12(E) manual p. 13"
LABELLED: tuple[Vector, ...] = (
    _sent(
        "4.139 kg gross", b"WG004.139kg3D\r\n", Weight("004139", 3, False, Basis.GROSS, "kg"), source=_A12E, grade=_V
    ),
    _sent("overload", b"         OL23\r\n", OutOfRange(True), source=_A12E, grade=_V),
    _sent("below -20 d", b"         LO23\r\n", OutOfRange(False), source=_A12E, grade=_V),
)

_ORDERS = (
    ("handshake", "02 41 41 30 30 03", Command.HANDSHAKE),
    ("gross", "02 41 42 30 33 03", Command.GROSS),
    ("tare", "02 41 43 30 32 03", Command.TARE),
    ("net", "02 41 44 30 35 03", Command.NET),
    ("price", "02 41 45 30 34 03", Command.PRICE_OR_VEHICLE),
    ("amount", "02 41 46 30 37 03", Command.AMOUNT_OR_CARGO),
)
COMMAND: tuple[Vector, ...] = (
    *(
        _vector(f"ask {name}", Role.HOST, wire, (Request("A", command),), _MANUAL + " A23p p. 24", _V)
        for name, wire, command in _ORDERS
    ),
    _sent("handshake", "02 41 41 30 30 03", Ready("A"), source=_MANUAL + " DS1 p. 7", grade=_V),
    _sent(
        "gross +23960",
        "02 41 42 2B 30 32 33 39 36 30 30 31 36 03",
        Answer("A", Command.GROSS, "023960"),
        source=_BUILT,
        grade=_D,
    ),
    _sent(
        "unit price 12.50",
        "02 41 45 2B 30 30 31 32 35 30 32 31 42 03",
        Answer("A", Command.PRICE_OR_VEHICLE, "001250", 2),
        source=_BUILT + "; layout assumed equal to B [U]",
        grade=_D,
    ),
)


def _device_only(*messages: Message) -> Callable[[Role], Sequence[Message]]:
    return lambda sender: messages if sender is Role.DEVICE else ()


continuous_examples = _device_only(
    Weight("000000"),
    Weight("999999", 4, True),
    Weight("000000", 0, True),
    Weight("000001", 1),
    Weight("001234", 2, True, spelling=_RAW),
)
reversed_examples = _device_only(
    Weight("0000000"), Weight("9999999", 0, True), Weight("000001", 4), Weight("999999", 1), Weight("000100", 2, True)
)
forward_examples = reversed_examples
priced_examples = _device_only(
    Priced("000.000", "kg", "0000.00", "0000.00"),
    Priced("0000.05", "lb", "0099.99", "00005.0", True),
    Priced("9999999", "pc", "9999999", "9999999"),
)
labelled_examples = _device_only(
    OutOfRange(True),
    OutOfRange(False),
    Weight("000000", 0, False, Basis.NET, "kg"),
    Weight("00100", 2, True, Basis.NET, "kg"),
    Weight("99999", 0, True, Basis.GROSS, "kg"),
    Weight("004130", 3, False, Basis.GROSS, "kg"),
)


def command_examples(sender: Role) -> Sequence[Message]:
    """Every command to the first and last address, and an answer of each kind."""
    if sender is Role.HOST:
        return [Request(address, command) for address in "AZ" for command in Command]
    figures = [command for command in Command if command is not Command.HANDSHAKE]
    return [
        *(Ready(address) for address in "AZ"),
        *(Answer("A", command, "012345", 4, True) for command in figures),
        Answer("Z", Command.NET, "000000"),
        Answer("A", Command.PRICE_OR_VEHICLE, "001250", 2, False, _RAW),
        Number("A", Command.PRICE_OR_VEHICLE, "00042"),
        Number("B", Command.AMOUNT_OR_CARGO, "999"),
        Refusal("A"),
    ]
