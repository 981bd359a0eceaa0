"""What a taximeter keeps of trips and shifts (protocols.md 5, taximeters.md 4.2 and 4.3; the standard was not opened)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Annotated

from protocols.wire.jt905.fields import (
    Digits,
    FieldError,
    Figure,
    Number,
    Raw,
    Text,
    Whole,
    moment,
    read_fields,
    write_fields,
)
from protocols.wire.jt905.identity import IDENTITY_SIZE, IdentityBlock


class Payment(IntEnum):
    CASH = 0x00
    M1_CARD = 0x01
    CPU_CARD = 0x03
    OTHER = 0x09


TRIP_SIZE = 66


@dataclass(frozen=True, slots=True)
class Trip:
    """The record of one hiring (00E8, 00F2, 0006; taximeters.md 4.3).  0.1 km, whole minutes and 0.1 yuan: by itself it proves
    no small error of distance.  `card` is the block of a card payment, whose form each city settles."""

    plate: Annotated[str, Text(6)]
    licence: Annotated[str, Text(16)]
    driver: Annotated[str, Text(19)]
    hired_at: Annotated[str, Digits(5)]
    vacated_at: Annotated[str, Digits(2)]
    paid_km: Annotated[Decimal, Figure(3, 1)]
    empty_km: Annotated[Decimal, Figure(2, 1)]
    surcharge: Annotated[Decimal, Figure(3, 1)]
    waiting: Annotated[str, Digits(2)]
    amount: Annotated[Decimal, Figure(3, 1)]
    number: Annotated[int, Number(4)]
    payment: Annotated[int, Number(1)]
    card: bytes = b""

    HIRED_FORM = "YYMMDDhhmm"
    VACATED_FORM = WAITING_FORM = "hhmm"

    @property
    def waiting_min(self) -> int:
        """hhmm as minutes, whatever the meter makes of more than 59 of them."""
        return 60 * int(self.waiting[:2]) + int(self.waiting[2:])


def read_trip(data: bytes) -> Trip:
    """FieldError where the first 66 bytes are no record; the rest is the card block."""
    if len(data) < TRIP_SIZE:
        raise FieldError(f"{len(data)} bytes of data, expected {TRIP_SIZE} or more")
    return read_fields(Trip, data[:TRIP_SIZE], card=data[TRIP_SIZE:])


def write_trip(trip: Trip) -> bytes:
    return write_fields(trip) + trip.card


SHIFT_FORMS = ("YYMMDDhhmmss", "YYYYMMDDhhmm")
"""Of the six-byte times: the first in one implementation, the second in another [I]."""


def shift_moment(text: str) -> Mapping[str, Mapping[str, int]]:
    """The times of this century that twelve digits of a shift can be, by form.  Two only where they begin with 2001 to 2012: else
    the year of the second form is no month of the first, and that of the first is of another century in the second."""
    found = {form: moment(text, form) for form in SHIFT_FORMS}
    return {form: parts for form, parts in found.items() if parts is not None and 2000 <= parts["year"] <= 2099}


@dataclass(frozen=True, slots=True)
class Shift:
    """The totals of a shift (00E4, 00F1).  `k` is the constant that the meter says it works with, in pulses per km; `timed` is
    hhmmss.  The three totals at the end run since the meter was fitted."""

    identity: Annotated[IdentityBlock, Raw(IDENTITY_SIZE, IdentityBlock)]
    k: Annotated[int, Whole(2)]
    opened_at: Annotated[str, Digits(6)]
    closed_at: Annotated[str, Digits(6)]
    km: Annotated[Decimal, Figure(3, 1)]
    paid_km: Annotated[Decimal, Figure(3, 1)]
    trips: Annotated[int, Whole(2)]
    timed: Annotated[str, Digits(3)]
    amount: Annotated[Decimal, Figure(3, 1)]
    card_amount: Annotated[Decimal, Figure(3, 1)]
    card_trips: Annotated[int, Whole(2)]
    between_km: Annotated[Decimal, Figure(2, 1)]
    total_km: Annotated[Decimal, Figure(4, 1)]
    total_paid_km: Annotated[Decimal, Figure(4, 1)]
    unit_price: Annotated[Decimal, Figure(2, 2)]
    total_trips: Annotated[int, Number(4)]

    TIMED_FORM = "hhmmss"
