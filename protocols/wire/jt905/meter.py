"""What a taximeter says to the ISU (protocols.md 5, taximeters.md 4.2), grade I."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from protocols.wire.jt905.codes import DeviceState, MeterState
from protocols.wire.jt905.fields import Digits, Number, Raw, Text
from protocols.wire.jt905.identity import IDENTITY_SIZE, IdentityBlock
from protocols.wire.jt905.records import Shift, Trip
from protocols.wire.jt905.tariffs import TariffBlock


@dataclass(frozen=True, slots=True)
class Status:
    """0000: who the meter is and how it stands.  Maker, kind, serial number and versions are digits."""

    maker: Annotated[str, Digits(1)]
    kind: Annotated[str, Digits(1)]
    serial: Annotated[str, Digits(3)]
    hardware: Annotated[str, Digits(1)]
    software: Annotated[str, Digits(2)]
    device_state: Annotated[DeviceState, Number(1, DeviceState)]
    work_state: Annotated[int, Number(1)]
    plate: Annotated[str, Text(6)]
    licence: Annotated[str, Text(16)]
    driver: Annotated[str, Text(19)]
    total_trips: Annotated[int, Number(4)]


@dataclass(frozen=True, slots=True)
class ClockAnswer:
    """0001."""

    result: Annotated[int, Number(1)]


@dataclass(frozen=True, slots=True)
class TariffAnswer:
    """0004."""

    block: TariffBlock


@dataclass(frozen=True, slots=True)
class TariffWritten:
    """0005: with the instant from which the new tariff holds, YYYYMMDDhh."""

    result: Annotated[int, Number(1)]
    starts_at: Annotated[str, Digits(5)]


@dataclass(frozen=True, slots=True)
class TripAnswer:
    """0006: the record; without one a result code, or nothing at all."""

    trip: Trip | None
    result: int | None = None


@dataclass(frozen=True, slots=True)
class ShiftRequest:
    """00E0 and 00E3: a driver's card was read to open or close a shift; `mark` is 90h in one implementation."""

    closing: bool
    mark: Annotated[int, Number(1)]


@dataclass(frozen=True, slots=True)
class ShiftOpened:
    """00E1: the shift runs.  `opened_at` as `shift_moment` reads it.  Nothing answers it."""

    identity: Annotated[IdentityBlock, Raw(IDENTITY_SIZE, IdentityBlock)]
    opened_at: Annotated[str, Digits(6)]
    total_trips: Annotated[int, Number(4)]
    result: Annotated[int, Number(1)]


@dataclass(frozen=True, slots=True)
class ShiftClosed:
    """00E4, and 00F1 where it was kept because nobody took it."""

    shift: Shift
    resent: bool = False


@dataclass(frozen=True, slots=True)
class Hired:
    """00E7: a hiring began, YYYYMMDDhhmmss."""

    time: Annotated[str, Digits(7)]


@dataclass(frozen=True, slots=True)
class TripEnd:
    """00E8, and 00F2 where it was kept because nobody took it."""

    trip: Trip
    resent: bool = False


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """00E9, about every five seconds."""

    state: Annotated[MeterState, Number(1, MeterState)]
    licence: Annotated[str, Text(16)]
    driver: Annotated[str, Text(19)]


@dataclass(frozen=True, slots=True)
class FirmwareAnswer:
    """00FF."""

    result: Annotated[int, Number(1)]
