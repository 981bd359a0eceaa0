"""What the ISU says to a taximeter (protocols.md 5, taximeters.md 4.2), grade I."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from protocols.wire.jt905.codes import Command
from protocols.wire.jt905.fields import Digits, Number, Raw, Whole
from protocols.wire.jt905.identity import IDENTITY_SIZE, IdentityBlock


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """0000: with the ISU's time, YYYYMMDDhhmmss.  Nothing says whether a meter sets its clock by it."""

    time: Annotated[str, Digits(7)]


@dataclass(frozen=True, slots=True)
class ClockCommand:
    """0001: one implementation sets the meter's clock with it, two ask for its error with the same bytes.  Treated as setting."""

    time: Annotated[str, Digits(7)]


@dataclass(frozen=True, slots=True)
class TariffQuery:
    """0004: nothing but the question."""


@dataclass(frozen=True, slots=True)
class TariffWrite:
    """0005: a new tariff.  What it says beyond the tariff itself is the maker's, so `data` is as sent."""

    data: bytes


@dataclass(frozen=True, slots=True)
class TripQuery:
    """0006: the record of the trip of this number."""

    number: Annotated[int, Number(4)]


@dataclass(frozen=True, slots=True)
class ShiftPermission:
    """00E0 and 00E3: the answer to the driver's card; limits of nothing but 0 are none.  `read_at` as `shift_moment` reads it."""

    closing: bool
    identity: Annotated[IdentityBlock, Raw(IDENTITY_SIZE, IdentityBlock)]
    read_at: Annotated[str, Digits(6)]
    isu_state: Annotated[int, Number(2)]
    time_limit: Annotated[str, Digits(5)]
    count_limit: Annotated[int, Whole(2)]
    result: Annotated[int, Number(1)]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """00E4, 00E7, 00E8, 00F1, 00F2: what the meter sent was taken, or not."""

    of: Command
    result: Annotated[int, Number(1)]


@dataclass(frozen=True, slots=True)
class HeartbeatAnswer:
    """00E9: `time_limit` is YYYYMMDDhh.  Implementations send count limit and reserved bytes in three sizes (REST_SIZES), in BCD
    or binary: both stay as sent."""

    isu_state: Annotated[int, Number(2)]
    time_limit: Annotated[str, Digits(5)]
    count_limit: bytes = b"\0\0"
    reserved: bytes = b"\0\0"


REST_SIZES: Mapping[tuple[int, int], str] = MappingProxyType(
    {
        (2, 2): "taximeters.md 4.2 and one implementation [I]",
        (1, 2): "a second implementation, binary [I]",
        (1, 1): "a third implementation [I]",
    }
)
"""Bytes of count limit and of what is reserved in HeartbeatAnswer, and who sends them so; their sums all differ."""


@dataclass(frozen=True, slots=True)
class FirmwareCommand:
    """00FF: `software` is empty in one implementation and two bytes, main and minor version, in another."""

    maker: Annotated[int, Number(1)]
    hardware: Annotated[str, Digits(1)]
    software: bytes = b""
