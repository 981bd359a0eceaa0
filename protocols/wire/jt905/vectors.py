"""Frames with known meaning (protocols.md 5, taximeters.md 4.3) and messages for round trips.

The test frame of a trip that a library publishes carries what may be a person's number; the derived one stands in for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.jt905.bodies import read_body
from protocols.wire.jt905.codes import TAXIMETER, Command, DeviceState, MeterState, Result, TariffResult, WorkState
from protocols.wire.jt905.identity import Identity, IdentityBlock, IdentityOrder
from protocols.wire.jt905.isu import (
    REST_SIZES,
    Acknowledgement,
    ClockCommand,
    FirmwareCommand,
    HeartbeatAnswer,
    ShiftPermission,
    StatusQuery,
    TariffQuery,
    TariffWrite,
    TripQuery,
)
from protocols.wire.jt905.messages import Body, Frame
from protocols.wire.jt905.meter import (
    ClockAnswer,
    FirmwareAnswer,
    Heartbeat,
    Hired,
    ShiftClosed,
    ShiftOpened,
    ShiftRequest,
    Status,
    TariffAnswer,
    TariffWritten,
    TripAnswer,
    TripEnd,
)
from protocols.wire.jt905.records import Payment, Shift, Trip
from protocols.wire.jt905.tariffs import Tariff, TariffBlock

_BUILT = "built from the layout of taximeters.md 4.2 [I], check computed apart"
_SYNTHETIC = "taximeters.md 4.3 [D], check recomputed"
_D = EvidenceClass.DERIVED


def _vector(
    name: str, sender: Role, wire: str, body: Body, source: str = _BUILT, evidence: EvidenceClass = _D
) -> Vector:
    return Vector(name, sender, bytes.fromhex(wire), (Frame(body),), source, evidence)


_ZERO = Decimal("0.0")
_TRIP_ONE = Trip(
    "T00001", "", "", "2506300815", "0847", Decimal("18.6"), Decimal("3.2"), _ZERO, "0012", Decimal("58.3"), 7,
    Payment.CASH,
)  # fmt: skip
_TEST_TRIP = Trip(
    "TEST01", "LIC0000000000001", "DRIVER-000000000001", "2301021030", "1045", Decimal("12.3"), Decimal("4.5"),
    Decimal("1.0"), "0002", Decimal("15.5"), 7, Payment.CASH,
)  # fmt: skip
_WHO = Identity("BT0001", "110100000001", "D-0001")
_PLATE_FIRST = IdentityBlock.of(_WHO, IdentityOrder.PLATE_FIRST)
_LICENCE_FIRST = IdentityBlock.of(_WHO, IdentityOrder.LICENCE_FIRST)
_SHIFT = Shift(
    _PLATE_FIRST, 1000, "250630060000", "250630180000", Decimal("312.6"), Decimal("210.4"), 24, "011500",
    Decimal("912.8"), _ZERO, 0, Decimal("1.2"), Decimal("123456.7"), Decimal("87654.3"), Decimal("2.30"), 42,
)  # fmt: skip
_START, _NONE = Decimal("13.00"), Decimal("0.00")
_LONG = Tariff(
    "2013061000", Decimal("2.30"), Decimal("2.76"), Decimal("3.45"), Decimal("4.14"), _NONE, _NONE, _START, _START,
    Decimal("0.50"), Decimal("3.00"), Decimal("15.00"), _NONE, Decimal("2.30"), Decimal("2.76"), "0500", "0500", "2300",
    "0500", bytes(22),
)  # fmt: skip
_SHORT = replace(_LONG, one_way_km=None)

VECTORS: tuple[Vector, ...] = (
    _vector(
        "status query of a library's test",
        Role.HOST,
        "55AA 000B 02 00 0000 20111111111111 29 55AA",
        StatusQuery("20111111111111"),
        "protocols.md 5 [C][S24], SmallChi/JT905",
        EvidenceClass.THIRD_PARTY,
    ),
    _vector(
        "status query", Role.HOST, "55AA000B02000000202506300815002755AA", StatusQuery("20250630081500"), _SYNTHETIC
    ),
    _vector("tariff query", Role.HOST, "55AA0004020000040255AA", TariffQuery(), _SYNTHETIC),
    _vector(
        "trip",
        Role.DEVICE,
        "55AA0046020000E854303030303100000000000000000000000000000000000000000000000000000000000000000000002506300815084700"
        "0186003200000000120005830000000700AE55AA",
        TripEnd(_TRIP_ONE),
        _SYNTHETIC,
    ),
    _vector(
        "trip with licence and driver",
        Role.DEVICE,
        "55AA 0046 02 00 00E8 544553543031 4C494330303030303030303030303031 4452495645522D303030303030303030303031"
        "2301021030 1045 000123 0045 000010 0002 000155 00000007 00 8D 55AA",
        TripEnd(_TEST_TRIP),
        "protocols.md 5 [D]",
    ),
    _vector("trip taken", Role.HOST, "55AA0005020000E8907F55AA", Acknowledgement(Command.TRIP_END, Result.OK)),
    _vector("record query", Role.HOST, "55AA000802000006000000070B55AA", TripQuery(7)),
    _vector("hired", Role.DEVICE, "55AA000B020000E720250630081500C055AA", Hired("20250630081500")),
    _vector(
        "heartbeat, hired, abnormal speed",
        Role.DEVICE,
        "55AA0028020000E98331313031303030303030303100000000442D30303031000000000000000000000000002855AA",
        Heartbeat(MeterState.HIRED | MeterState.IN_SERVICE | MeterState.ABNORMAL_SPEED, "110100000001", "D-0001"),
    ),
    _vector(
        "heartbeat answered",
        Role.HOST,
        "55AA000F020000E90000000000000000000000E455AA",
        HeartbeatAnswer(0, "0000000000"),
    ),
    _vector(
        "heartbeat answered, count limit of one byte",
        Role.HOST,
        "55AA000E020000E900000000000000000000E555AA",
        HeartbeatAnswer(0, "0000000000", b"\0", b"\0\0"),
    ),
    _vector(
        "heartbeat answered, both rests of one byte",
        Role.HOST,
        "55AA000D020000E9000020301231230500F355AA",
        HeartbeatAnswer(0, "2030123123", b"\x05", b"\0"),
    ),
    _vector(
        "status",
        Role.DEVICE,
        "55AA003B020000000502000123010203000042543030303131313031303030303030303100000000442D303030310000000000000000"
        "00000000000000002A4955AA",
        Status(
            "05", "02", "000123", "01", "0203", DeviceState(0), WorkState.ON, _WHO.plate, _WHO.licence, _WHO.driver, 42
        ),
    ),
    _vector(
        "tariff",
        Role.DEVICE,
        "55AA00430200000420130610000230027603450414000000001300130000500300150000000230027605000500230005000000000000"
        "00000000000000000000000000000000005655AA",
        TariffAnswer(TariffBlock.of(_LONG)),
    ),
    _vector(
        "tariff without the one-way distance",
        Role.DEVICE,
        "55AA00410200000420130610000230027603450414000000001300130000500300000002300276050005002300050000000000000000"
        "0000000000000000000000000000004155AA",
        TariffAnswer(TariffBlock.of(_SHORT)),
    ),
    _vector(
        "shift closed",
        Role.DEVICE,
        "55AA005E020000E442543030303131313031303030303030303100000000442D30303031000000000000000000000000001000250630"
        "060000250630180000003126002104002401150000912800000000000012012345670087654302300000002AD955AA",
        ShiftClosed(_SHIFT),
    ),
    _vector(
        "shift resent, licence first",
        Role.DEVICE,
        "55AA005E020000F131313031303030303030303100000000442D30303031000000000000000000000000004254303030311000250630"
        "060000250630180000003126002104002401150000912800000000000012012345670087654302300000002ACC55AA",
        ShiftClosed(replace(_SHIFT, identity=_LICENCE_FIRST), resent=True),
    ),
)


def _unread(command: int, data: bytes, sender: Role, device: int = TAXIMETER) -> Frame:
    return Frame(read_body(device, command, data, sender), device=device)


_MARKS = b"\x55\xaa" * 3
_FULL = "9" * 12


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind `sender` can send, edge values and 55AA inside included."""
    both = [
        _unread(0x1FE7, _MARKS, sender),
        _unread(0x9909, b"", sender),
        _unread(0x0010, b"\x01", sender, device=0x05),
        _unread(Command.HEARTBEAT, b"\x55", sender),
    ]
    bodies = _host() if sender is Role.HOST else _device()
    return [*(Frame(body) for body in bodies), Frame(bodies[0], maker=0xAA), *both]


def _host() -> list[Body]:
    taken = (Command.SHIFT_CLOSED, Command.HIRED, Command.TRIP_END, Command.SHIFT_RESENT, Command.TRIP_RESENT)
    permission = ShiftPermission(False, _PLATE_FIRST, "202506300815", 0x55AA, "0" * 10, 0, Result.OK)
    return [
        StatusQuery("20250630081500"),
        ClockCommand("99999999999999"),
        TariffQuery(),
        TariffWrite(b""),
        TariffWrite(_MARKS),
        TripQuery(0),
        TripQuery(0x55AA55AA),
        permission,
        replace(permission, closing=True, count_limit=9999, result=Result.FAIL),
        *(Acknowledgement(command, result) for command in taken for result in (0x90, 0xFF, 0x55)),
        *(HeartbeatAnswer(0xFFFF, "2030123123", b"\x55" * count, b"\xaa" * rest) for count, rest in REST_SIZES),
        FirmwareCommand(3, "01"),
        FirmwareCommand(3, "01", b"\x02\x03"),
    ]


def _device() -> list[Body]:
    card = replace(_TRIP_ONE, payment=0x77, card=_MARKS, number=0x55AA55AA)
    most = Decimal("99999.9")
    full = replace(
        _SHIFT, k=9999, opened_at=_FULL, km=most, paid_km=most, trips=9999, amount=most, between_km=Decimal("999.9"),
        total_km=Decimal("9999999.9"), unit_price=Decimal("99.99"), total_trips=0xFFFFFFFF,
    )  # fmt: skip
    return [
        Status("05", "02", "000123", "01", "0203", DeviceState(0xF0), 0x7F, "", "", "", 0xFFFFFFFF),
        *(ClockAnswer(result) for result in (Result.OK, 0x55)),
        TariffAnswer(TariffBlock.of(_LONG)),
        TariffAnswer(TariffBlock.of(replace(_SHORT, own=_MARKS))),
        TariffAnswer(TariffBlock.of(replace(_LONG, own=bytes(64), reserved=b"\xff" * 22))),
        *(TariffWritten(result, "2013061000") for result in TariffResult),
        TripAnswer(None),
        TripAnswer(None, Result.FAIL),
        TripAnswer(card),
        ShiftRequest(False, 0x90),
        ShiftRequest(True, 0x55),
        ShiftOpened(_LICENCE_FIRST, "250630060000", 42, Result.OK),
        ShiftClosed(_SHIFT),
        ShiftClosed(full),
        ShiftClosed(full, resent=True),
        Hired("20250630081500"),
        TripEnd(_TEST_TRIP),
        TripEnd(card, resent=True),
        TripEnd(replace(_TEST_TRIP, plate="\xd4\xc1B123", waiting="9999")),
        *(Heartbeat(MeterState(state), "", "D") for state in (0, 0x83, 0xFF)),
        FirmwareAnswer(Result.FAIL),
    ]
