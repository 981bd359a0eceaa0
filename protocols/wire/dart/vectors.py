"""Frames with known meaning (protocols.md 4.1) and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.dart.messages import (
    Alarm,
    AllowedNozzles,
    Command,
    CommandCode,
    Control,
    ControlKind,
    Data,
    Filled,
    Identity,
    NozzlePrice,
    Parameters,
    PresetAmount,
    PresetVolume,
    Prices,
    PumpState,
    Remainder,
    RequestTotals,
    ResumeNozzle,
    Status,
    SuspendNozzle,
    Totals,
    Transaction,
    Unknown,
)

_SEEN = "protocols.md 4.1, captured frame, CRC recomputed [S13][S15]"
_RESET, _AUTHORISED = Status(PumpState.RESET), Status(PumpState.AUTHORISED)
_LIFTED = NozzlePrice(8123, 1, True)


def _captured(name: str, sender: Role, body: str, *messages: Message, note: str = "") -> Vector:
    wire = bytes.fromhex(body) + b"\x03\xfa"
    return Vector(name, sender, wire, messages, _SEEN + note, EvidenceClass.CAPTURE)


def _derived(name: str, sender: Role, wire: str, *messages: Message) -> Vector:
    return Vector(name, sender, bytes.fromhex(wire), messages, "protocols.md 4.1, built from the rule", _D)


_D = EvidenceClass.DERIVED


def _host(seq: int, *transactions: Transaction) -> Data:
    return Data(0x50, seq, transactions)


VECTORS: tuple[Vector, ...] = (
    _captured(
        "status request",
        Role.HOST,
        "51 35 01 01 00 A2 50",
        Data(0x51, 5, (Command(CommandCode.STATUS),)),
        note="; merged-bus capture without direction: a pump reporting 'not programmed' would send the same bytes",
    ),
    _captured("totals request", Role.HOST, "51 30 65 01 01 22 83", Data(0x51, 0, (RequestTotals(1),))),
    _captured("nozzle lifted", Role.DEVICE, "51 3A 03 04 00 81 23 11 26 14", Data(0x51, 10, (_LIFTED,))),
    _captured(
        "reset then authorised",
        Role.DEVICE,
        "51 3E 01 01 01 01 01 02 F7 4F",
        Data(0x51, 14, (_RESET, _AUTHORISED)),
        note="; 01 is no master command, so the pump sent it",
    ),
    _captured(
        "states and nozzle",
        Role.DEVICE,
        "51 3D 01 01 01 01 01 02 01 01 02 03 04 00 81 23 11 B1 CE",
        Data(0x51, 13, (_RESET, _AUTHORISED, _AUTHORISED, _LIFTED)),
    ),
    _captured(
        "reset then authorised, other sequence",
        Role.DEVICE,
        "51 33 01 01 01 01 01 02 2B 8F",
        Data(0x51, 3, (_RESET, _AUTHORISED)),
    ),
    _captured(
        "totals",
        Role.DEVICE,
        "51 39 65 10 01 00 00 42 66 33 00 00 42 66 33 00 00 00 00 00 A4 F0",
        Data(0x51, 9, (Totals(1, (426633, 426633, 0)),)),
    ),
    _captured(
        "sale running",
        Role.DEVICE,
        "51 31 01 01 04 03 04 00 81 23 11 02 08 00 00 04 28 00 00 34 77 03 04 00 81 23 11 83 55",
        Data(0x51, 1, (Status(PumpState.FILLING), _LIFTED, Filled(428, 3477), _LIFTED)),
    ),
    _captured(
        "idle",
        Role.DEVICE,
        "50 30 02 08 00 00 00 00 00 00 00 00 03 04 00 99 07 07 01 01 00 0E 55",
        Data(0x50, 0, (Filled(0, 0), NozzlePrice(9907, 7, False), Status(PumpState.NOT_PROGRAMMED))),
    ),
    _derived("poll", Role.HOST, "50 20 FA", Control(0x50, ControlKind.POLL)),
    _derived("nothing to say", Role.DEVICE, "50 70 FA", Control(0x50, ControlKind.EOT)),
    _derived("FAh in the CRC", Role.HOST, "50 38 01 01 08 9C 10 FA 03 FA", _host(8, Command(CommandCode.STOP))),
    # The worked exchange of a sale, step by step.
    _derived("reset", Role.HOST, "50 30 01 01 05 5F 5F 03 FA", _host(0, Command(CommandCode.RESET))),
    _derived("reset acknowledged", Role.DEVICE, "50 C0 FA", Control(0x50, ControlKind.ACK, 0)),
    _derived("is reset", Role.DEVICE, "50 31 01 01 01 5F 60 03 FA", Data(0x50, 1, (_RESET,))),
    _derived("status acknowledged", Role.HOST, "50 C1 FA", Control(0x50, ControlKind.ACK, 1)),
    _derived("price", Role.HOST, "50 31 05 03 00 81 23 B9 E9 03 FA", _host(1, Prices((8123,)))),
    _derived("allow nozzle", Role.HOST, "50 32 02 01 01 AF 24 03 FA", _host(2, AllowedNozzles((1,)))),
    _derived("preset amount", Role.HOST, "50 33 04 04 00 00 50 00 CA 7B 03 FA", _host(3, PresetAmount(5000))),
    _derived("authorise", Role.HOST, "50 34 01 01 06 1E 6E 03 FA", _host(4, Command(CommandCode.AUTHORISE))),
    _derived("authorise acknowledged", Role.DEVICE, "50 C4 FA", Control(0x50, ControlKind.ACK, 4)),
    _derived("is authorised", Role.DEVICE, "50 32 01 01 02 1F 25 03 FA", Data(0x50, 2, (_AUTHORISED,))),
    _derived(
        "delivering",
        Role.DEVICE,
        "50 33 02 08 00 00 04 28 00 00 34 77 C1 EA 03 FA",
        Data(0x50, 3, (Filled(428, 3477),)),
    ),
)


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind `sender` can send, edge values included."""
    controls = [Control(0x50 + n, kind, 15 - n) for n, kind in enumerate(ControlKind)] + [
        Control(0x6F, ControlKind.ACK, 0)
    ]
    sets: list[tuple[Transaction, ...]] = [
        (),
        (Unknown(0x40, b""), Unknown(0xFA, bytes(range(256))[:255])),
        (Unknown(0x10, b"\x10\xfa\x10\x10\xfa\x03"),),
        (Unknown(0x33, b"\xfa" * 255),),
        (Remainder(b"\x01"),),
        (Unknown(0x01, b"\x77"), Remainder(b"\x01\x05\xfa")),
        *(_HOST_SETS if sender is Role.HOST else _DEVICE_SETS),
    ]
    return controls + [Data(0x50 + n % 32, n % 16, transactions) for n, transactions in enumerate(sets)]


_HOST_SETS: tuple[tuple[Transaction, ...], ...] = (
    *((Command(code),) for code in CommandCode),
    (AllowedNozzles(()),),
    (AllowedNozzles((0, 1, 16, 250, 255)), PresetVolume(0), PresetVolume(99_999_999)),
    (PresetAmount(1), PresetAmount(99_999_999), Prices((0,)), Prices((999_999, 1, 8123))),
    (SuspendNozzle(1), ResumeNozzle(255), RequestTotals(0), RequestTotals(0xFA)),
    (Unknown(0x03, b"\x00\x00\x00\x0a"), Unknown(0x05, b""), Unknown(0x65, b"")),
)
_DEVICE_SETS: tuple[tuple[Transaction, ...], ...] = (
    *((Status(state),) for state in PumpState),
    (Filled(0, 0), Filled(99_999_999, 1), Alarm(0), Alarm(255)),
    (NozzlePrice(0, 0, False), NozzlePrice(999_999, 15, True, 0xE0), NozzlePrice(1, 10, True, 0xE0)),
    (Parameters(b""), Parameters(b"\xfa\x10"), Identity(b""), Identity(b"\x00" * 12)),
    (Totals(1, (0, 9_999_999_999, 1)), Unknown(0x01, b"\x03"), Unknown(0x02, b"\xff" * 8)),
)
