"""Golden frames of Modbus RTU: the vectors of protocols.md 6.5, each with a recomputed CRC."""

from __future__ import annotations

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.modbus_rtu.messages import (
    COIL_OFF,
    COIL_ON,
    Bits,
    Read,
    ReadExceptionStatus,
    Refusal,
    Registers,
    Unlisted,
    WriteCoil,
)

_COMMON = "protocols.md 6.5 [C]"
_TESTED = "protocols.md 6.5 [T]: exchanged with independent software"
_SENSOR = "protocols.md 6.5 [C] [S36]: XY-MD02 and SHT20, notes and test code"


def _vector(name: str, sender: Role, wire: str, message: Message, source: str, evidence: EvidenceClass) -> Vector:
    return Vector(name, sender, bytes.fromhex(wire), (message,), source, evidence)


_HOST, _DEVICE, _THIRD, _WIRE = Role.HOST, Role.DEVICE, EvidenceClass.THIRD_PARTY, EvidenceClass.CAPTURE

VECTORS = (
    _vector("read 10 holding registers", _HOST, "01 03 00 00 00 0A C5 CD", Read(1, 3, 0, 10), _COMMON, _THIRD),
    _vector("exception status", _HOST, "02 07 41 12", ReadExceptionStatus(2), _COMMON, _THIRD),
    _vector("relay 1 on", _HOST, "01 05 00 00 FF 00 8C 3A", WriteCoil(1, 0, COIL_ON), _COMMON, _THIRD),
    _vector("relay 1 off", _HOST, "01 05 00 00 00 00 CD CA", WriteCoil(1, 0, COIL_OFF), _COMMON, _THIRD),
    _vector("all relays on", _HOST, "01 05 00 FF FF 00 BC 0A", WriteCoil(1, 0xFF, COIL_ON), _COMMON, _THIRD),
    _vector("read 8 coils", _HOST, "01 01 00 00 00 08 3D CC", Read(1, 1, 0, 8), _COMMON, _THIRD),
    _vector("float 3.14159", _DEVICE, "01 03 04 40 49 0F D0 3A 49", Registers(1, 3, (0x4049, 0x0FD0)), _TESTED, _WIRE),
    _vector("exception 2", _DEVICE, "01 83 02 C0 F1", Refusal(1, 3, 2), _TESTED, _WIRE),
    _vector("XY-MD02 request", _HOST, "01 04 00 01 00 02 20 0B", Read(1, 4, 1, 2), _SENSOR, _THIRD),
    _vector(
        "XY-MD02 30.5 C, 54.6 %", _DEVICE, "01 04 04 01 31 02 22 2A CE", Registers(1, 4, (305, 546)), _SENSOR, _THIRD
    ),
    _vector("clone request", _HOST, "08 04 00 02 00 01 90 93", Read(8, 4, 2, 1), _SENSOR, _THIRD),
    _vector("clone, scale 0.01", _DEVICE, "08 04 02 1C D2 ED AC", Registers(8, 4, (7378,)), _SENSOR, _THIRD),
    _vector(
        "coils 0 and 2 of 8 are on",
        _DEVICE,
        "01 01 01 05 91 8B",
        Bits(1, 1, b"\x05"),
        "frame rule of protocols.md 6.5",
        EvidenceClass.DERIVED,
    ),
    _vector(
        "a function without known length",
        _HOST,
        "01 11 C0 2C",
        Unlisted(1, 17, b""),
        "frame rule of protocols.md 6.5",
        EvidenceClass.DERIVED,
    ),
)
