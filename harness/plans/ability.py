"""What a bench can do, as far as a plan may know beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Surveyed:
    """An instrument of a site and what the bench can do there; `complaint` refers to the complainant's receipt."""

    id: str
    product: str
    complaint: str
    can: Ability


@dataclass(frozen=True)
class SiteAbility:
    """The instruments of a site, how many of those without a complaint are drawn, how many get the full plan."""

    instruments: tuple[Surveyed, ...]
    draw: int
    full: int


@dataclass(frozen=True)
class Ability:
    """`inline`: the reference measures inside a delivery; else the delivery is caught in a can and weighed.

    `can_l`: the largest delivery that the can holds.  `remote`: a seized remote can be pressed on record.
    `price` per litre, for amount presets.
    """

    stations: frozenset[str]
    inline: bool
    remote: bool
    can_l: Decimal
    price: Decimal
    site: SiteAbility | None = None
