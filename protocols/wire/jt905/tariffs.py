"""Tariffs as a taximeter tells them, in the two layouts that implementations have (protocols.md 5, taximeters.md 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from protocols.contract import ProtocolError
from protocols.wire.jt905.fields import Digits, FieldError, Figure, Raw, moment, read_fields, size_of, write_fields

MOST_OWN = 64  # bytes of the maker's own at the end of a tariff
_BLANK = (frozenset(b"\x00"), frozenset(b"\xff"))


@dataclass(frozen=True, slots=True)
class Tariff:
    """The parameters of a fare as a meter tells them.  Prices in yuan (per km; start prices per hiring), distances in km;
    `free_wait` and `surcharge_time` are mmss, `night_begin` and `night_end` hhmm.  `one_way_km` is None in the layout that has
    no such field.  `own` is the maker's, up to 64 bytes."""

    starts_at: Annotated[str, Digits(5)]
    day_return_price: Annotated[Decimal, Figure(2, 2)]
    night_return_price: Annotated[Decimal, Figure(2, 2)]
    day_one_way_price: Annotated[Decimal, Figure(2, 2)]
    night_one_way_price: Annotated[Decimal, Figure(2, 2)]
    day_second_empty_price: Annotated[Decimal, Figure(2, 2)]
    night_second_empty_price: Annotated[Decimal, Figure(2, 2)]
    day_start_price: Annotated[Decimal, Figure(2, 2)]
    night_start_price: Annotated[Decimal, Figure(2, 2)]
    continue_km: Annotated[Decimal, Figure(2, 2)]
    start_km: Annotated[Decimal, Figure(2, 2)]
    one_way_km: Annotated[Decimal | None, Figure(2, 2)]
    second_empty_km: Annotated[Decimal, Figure(2, 2)]
    day_wait_price: Annotated[Decimal, Figure(2, 2)]
    night_wait_price: Annotated[Decimal, Figure(2, 2)]
    free_wait: Annotated[str, Digits(2)]
    surcharge_time: Annotated[str, Digits(2)]
    night_begin: Annotated[str, Digits(2)]
    night_end: Annotated[str, Digits(2)]
    reserved: Annotated[bytes, Raw(22)]
    own: bytes = b""

    STARTS_FORM = "YYYYMMDDhh"

    @property
    def plausible(self) -> bool:
        """Every time is one, and the reserved bytes are all 00 or all FF: no proof of the layout, but of the two readings of one
        block the wrong one has a price or a time where it should have nothing."""
        times = (
            moment(self.starts_at, self.STARTS_FORM),
            moment(self.free_wait, "mmss"),
            moment(self.surcharge_time, "mmss"),
            moment(self.night_begin, "hhmm"),
            moment(self.night_end, "hhmm"),
        )
        return None not in times and frozenset(self.reserved) in _BLANK

    @property
    def layout(self) -> TariffLayout:
        return TariffLayout.SHORT if self.one_way_km is None else TariffLayout.LONG


class TariffLayout(StrEnum):
    """Which fields a block has.  Three implementations have the distance of a one-way hire, one leaves it out [I]."""

    LONG = "with the one-way distance"
    SHORT = "without the one-way distance"


TARIFF_SOURCES: Mapping[TariffLayout, str] = MappingProxyType(
    {
        TariffLayout.LONG: "taximeters.md 4.2 [S92b] and two further implementations [I]",
        TariffLayout.SHORT: "SmallChi/JT905 [S40] [I]",
    }
)
_WITHOUT = {TariffLayout.LONG: frozenset[str](), TariffLayout.SHORT: frozenset({"one_way_km"})}


@dataclass(frozen=True, slots=True)
class TariffBlock:
    """A tariff as it stood on the wire, its layout not settled."""

    raw: bytes

    @classmethod
    def of(cls, tariff: Tariff) -> TariffBlock:
        """ProtocolError where a value does not fit."""
        if len(tariff.own) > MOST_OWN:
            raise ProtocolError(f"JT/T 905 Tariff.own: expected at most {MOST_OWN} bytes, got {len(tariff.own)}")
        return cls(write_fields(tariff, _WITHOUT[tariff.layout]) + tariff.own)

    @property
    def readings(self) -> Mapping[TariffLayout, Tariff]:
        """What the block says in each layout that it can be read in."""
        return {layout: one for layout in TariffLayout if isinstance(one := _tariff(self.raw, layout), Tariff)}

    @property
    def tariff(self) -> Tariff | None:
        """The only reading, or the only plausible one; None where that leaves more than one or none."""
        found = list(self.readings.values())
        found = found if len(found) == 1 else [one for one in found if one.plausible]
        return found[0] if len(found) == 1 else None


def read_tariff(data: bytes) -> TariffBlock:
    """FieldError, with the reason of each layout, where the block can be read in none."""
    why = {layout: one for layout in TariffLayout if isinstance(one := _tariff(data, layout), str)}
    if len(why) == len(TariffLayout):
        raise FieldError("; ".join(f"{layout}: {reason}" for layout, reason in why.items()))
    return TariffBlock(data)


def _tariff(data: bytes, layout: TariffLayout) -> Tariff | str:
    """The tariff, or why it is none."""
    size = size_of(Tariff, _WITHOUT[layout])
    if not size <= len(data) <= size + MOST_OWN:
        return f"{len(data)} bytes of data, expected {size} to {size + MOST_OWN}"
    others: dict[str, Any] = dict.fromkeys(_WITHOUT[layout])
    try:
        return read_fields(Tariff, data[:size], _WITHOUT[layout], own=data[size:], **others)
    except FieldError as error:
        return str(error)
