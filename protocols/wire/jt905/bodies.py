"""The data of each command, down and up: one table a direction (taximeters.md 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protocols.contract import ProtocolError, Role
from protocols.wire.jt905.codes import TAXIMETER, Command
from protocols.wire.jt905.fields import FieldError, read_fields, size_of, write_fields
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
from protocols.wire.jt905.messages import Body, Unread
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
from protocols.wire.jt905.records import Shift, read_trip, write_trip
from protocols.wire.jt905.tariffs import read_tariff


@dataclass(frozen=True, slots=True)
class _Form:
    """How one command of one direction is read and written; `read` raises FieldError."""

    kind: type[Any]
    read: Callable[[bytes], Body]
    write: Callable[[Any], bytes]


def _plain(kind: type[Any], **others: Any) -> _Form:
    return _Form(kind, lambda data: read_fields(kind, data, **others), write_fields)


def _trip(resent: bool) -> _Form:
    return _Form(TripEnd, lambda data: TripEnd(read_trip(data), resent), lambda message: write_trip(message.trip))


def _shift(resent: bool) -> _Form:
    return _Form(
        ShiftClosed,
        lambda data: ShiftClosed(read_fields(Shift, data), resent),
        lambda message: write_fields(message.shift),
    )


def _read_trip_answer(data: bytes) -> Body:
    if len(data) < 2:
        return TripAnswer(None, data[0] if data else None)
    return TripAnswer(read_trip(data))


def _write_trip_answer(message: TripAnswer) -> bytes:
    if message.trip is None:
        return b"" if message.result is None else _byte(message.result, "TripAnswer.result")
    if message.result is not None:
        raise ProtocolError("JT/T 905 TripAnswer: expected a trip or a result, got both")
    return write_trip(message.trip)


def _read_heartbeat_answer(data: bytes) -> Body:
    head = size_of(HeartbeatAnswer)
    sizes = {sum(sizes): sizes for sizes in REST_SIZES}
    if (rest := len(data) - head) not in sizes:
        expected = ", ".join(str(head + size) for size in sorted(sizes))
        raise FieldError(f"{len(data)} bytes of data, expected one of {expected}")
    count = head + sizes[rest][0]
    return read_fields(HeartbeatAnswer, data[:head], count_limit=data[head:count], reserved=data[count:])


def _write_heartbeat_answer(message: HeartbeatAnswer) -> bytes:
    sizes = len(message.count_limit), len(message.reserved)
    if sizes not in REST_SIZES:
        raise ProtocolError(
            f"JT/T 905 HeartbeatAnswer: expected count limit and reserved of {sorted(REST_SIZES)} bytes, got {sizes}"
        )
    return write_fields(message) + message.count_limit + message.reserved


_FIRMWARE_VERSIONS = (0, 2)


def _read_firmware(data: bytes) -> Body:
    head = size_of(FirmwareCommand)
    if len(data) - head not in _FIRMWARE_VERSIONS:
        raise FieldError(f"{len(data)} bytes of data, expected {head} or {head + 2}")
    return read_fields(FirmwareCommand, data[:head], software=data[head:])


def _write_firmware(message: FirmwareCommand) -> bytes:
    if len(message.software) not in _FIRMWARE_VERSIONS:
        raise ProtocolError(f"JT/T 905 FirmwareCommand.software: expected no bytes or 2, got {len(message.software)}")
    return write_fields(message) + message.software


_C = Command
_FORMS: Mapping[Role, Mapping[Command, _Form]] = {
    Role.HOST: {
        _C.STATUS: _plain(StatusQuery),
        _C.CLOCK: _plain(ClockCommand),
        _C.TARIFF: _plain(TariffQuery),
        _C.TARIFF_WRITE: _Form(TariffWrite, TariffWrite, lambda message: message.data),
        _C.TRIP: _plain(TripQuery),
        _C.SHIFT_OPEN: _plain(ShiftPermission, closing=False),
        _C.SHIFT_CLOSE: _plain(ShiftPermission, closing=True),
        _C.HEARTBEAT: _Form(HeartbeatAnswer, _read_heartbeat_answer, _write_heartbeat_answer),
        _C.FIRMWARE: _Form(FirmwareCommand, _read_firmware, _write_firmware),
        **{
            command: _plain(Acknowledgement, of=command)
            for command in (_C.SHIFT_CLOSED, _C.HIRED, _C.TRIP_END, _C.SHIFT_RESENT, _C.TRIP_RESENT)
        },
    },
    Role.DEVICE: {
        _C.STATUS: _plain(Status),
        _C.CLOCK: _plain(ClockAnswer),
        _C.TARIFF: _Form(TariffAnswer, lambda data: TariffAnswer(read_tariff(data)), lambda message: message.block.raw),
        _C.TARIFF_WRITE: _plain(TariffWritten),
        _C.TRIP: _Form(TripAnswer, _read_trip_answer, _write_trip_answer),
        _C.SHIFT_OPEN: _plain(ShiftRequest, closing=False),
        _C.SHIFT_OPENED: _plain(ShiftOpened),
        _C.SHIFT_CLOSE: _plain(ShiftRequest, closing=True),
        _C.SHIFT_CLOSED: _shift(False),
        _C.HIRED: _plain(Hired),
        _C.TRIP_END: _trip(False),
        _C.HEARTBEAT: _plain(Heartbeat),
        _C.SHIFT_RESENT: _shift(True),
        _C.TRIP_RESENT: _trip(True),
        _C.FIRMWARE: _plain(FirmwareAnswer),
    },
}


def _command_of(body: Any) -> Command:
    """Where a class stands for several commands, its own fields say which."""
    match body:
        case Acknowledgement():
            return body.of
        case ShiftPermission() | ShiftRequest():
            return _C.SHIFT_CLOSE if body.closing else _C.SHIFT_OPEN
        case ShiftClosed():
            return _C.SHIFT_RESENT if body.resent else _C.SHIFT_CLOSED
        case TripEnd():
            return _C.TRIP_RESENT if body.resent else _C.TRIP_END
    return _COMMANDS[type(body)]


_COMMANDS = {form.kind: command for forms in _FORMS.values() for command, form in forms.items()}


def read_body(device: int, command: int, data: bytes, sender: Role) -> Body:
    """What `sender` said with `data`; Unread with the reason where it cannot be told."""
    if device != TAXIMETER:
        return Unread(command, data, f"device type {device:02X}h, expected {TAXIMETER:02X}h, a taximeter")
    if command > 0xFF:
        return Unread(command, data, "a maker's own command")
    form = _FORMS[sender].get(command)  # type: ignore[call-overload]  # a number that is no Command is no key
    if form is None:
        return Unread(command, data, f"no known command of the {'ISU' if sender is Role.HOST else 'meter'}")
    try:
        body: Body = form.read(data)
    except FieldError as error:
        return Unread(command, data, str(error))
    return body


def write_body(body: Any, sender: Role) -> tuple[int, bytes]:
    """Command word and data; ProtocolError where `sender` does not say it, or a field does not fit."""
    if isinstance(body, Unread):
        return _number(body.command, 2, "command"), body.data
    kind = type(body).__name__
    if type(body) not in _COMMANDS:
        raise ProtocolError(f"JT/T 905: expected a body of a known command, got {kind}")
    command = _command_of(body)
    form = _FORMS[sender].get(command)
    if form is None or form.kind is not type(body):
        raise ProtocolError(f"JT/T 905 {kind}: the {sender} does not send it")
    return command, form.write(body)


def _byte(value: int, what: str) -> bytes:
    return _number(value, 1, what).to_bytes(1, "big")


def _number(value: int, size: int, what: str) -> int:
    if not 0 <= value < 256**size:
        raise ProtocolError(f"JT/T 905 {what}: expected 0 to {256**size - 1}, got {value}")
    return value
