"""Whose car and shift it was: plate, licence and driver, and the two orders in which implementations send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from protocols.wire.jt905.fields import Text, read_fields, write_fields


@dataclass(frozen=True, slots=True)
class Identity:
    """Plate without its Chinese character, operating licence of the company, certificate of the driver."""

    plate: Annotated[str, Text(6)]
    licence: Annotated[str, Text(16)]
    driver: Annotated[str, Text(19)]


class IdentityOrder(StrEnum):
    """How the three follow each other in shift records.  In trip records all implementations have the plate first."""

    PLATE_FIRST = "plate, licence, driver"
    LICENCE_FIRST = "licence, driver, plate"


IDENTITY_SOURCES: Mapping[IdentityOrder, str] = MappingProxyType(
    {
        IdentityOrder.PLATE_FIRST: "taximeters.md 4.2 and one implementation for 00E0, 00E1, 00E3, 00E4 [I]",
        IdentityOrder.LICENCE_FIRST: "two implementations for 00E0, 00E1, 00E3, 00E4; both that lay it out for 00F1 [I]",
    }
)
_PLATE, _LICENCE, _DRIVER = 6, 16, 19
IDENTITY_SIZE = _PLATE + _LICENCE + _DRIVER


@dataclass(frozen=True, slots=True)
class IdentityBlock:
    """The 41 bytes of an identity whose order is not settled."""

    raw: bytes

    def __bytes__(self) -> bytes:
        return self.raw

    @classmethod
    def of(cls, identity: Identity, order: IdentityOrder) -> IdentityBlock:
        """ProtocolError where a text does not fit."""
        plain = write_fields(identity)
        return cls(plain if order is IdentityOrder.PLATE_FIRST else plain[_PLATE:] + plain[:_PLATE])

    @property
    def readings(self) -> Mapping[IdentityOrder, Identity]:
        """The orders in which each of the three is printable ASCII with 00 on its right only: mostly one, since a text that
        does not fill its field leaves 00 in the middle of another where the order is wrong."""
        orders = {
            IdentityOrder.PLATE_FIRST: self.raw,
            IdentityOrder.LICENCE_FIRST: self.raw[-_PLATE:] + self.raw[:-_PLATE],
        }
        read = {order: read_fields(Identity, plain) for order, plain in orders.items()}
        return {
            order: identity
            for order, identity in read.items()
            if all(" " <= sign <= "~" for sign in identity.plate + identity.licence + identity.driver)
        }

    @property
    def identity(self) -> Identity | None:
        """The only reading; None where two differ or there is none."""
        found = set(self.readings.values())
        return found.pop() if len(found) == 1 else None
