"""A fully determined fare rule: every number and every convention that a taximeter needs, exact.

Nouns of OIML R 21:2007: cross-over speed, single application of the time and the distance tariff (mode S), double
application (mode D).  CN is the Chinese rule of distance and time: distance always counts, and below a speed the
low-speed clock runs beside it (taximeters.md 2.4).

`begun` charges a step when it begins (ceil), `completed` when it is full (floor).  What the source calls continuous is
told as steps of 1 m and of 1 s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from fractions import Fraction


class TariffError(ValueError):
    """A tariff that cannot be used, or a trip it cannot be applied to; says what was expected, what came and where."""


class Mode(Enum):
    S = "S"
    D = "D"
    CN = "CN"


class Charge(Enum):
    BEGUN = "begun"
    COMPLETED = "completed"


class Rounding(Enum):
    HALF_UP = "half-up"
    UP = "up"
    DOWN = "down"


class Applies(Enum):
    HIRE = "hire"  # shown from the hire on
    PAYMENT = "payment"  # added when the trip is paid
    DECLARED = "declared"  # added at payment when it is declared (airport, booking)


@dataclass(frozen=True, slots=True)
class Start:
    price: Decimal
    distance_m: Decimal


@dataclass(frozen=True, slots=True)
class Distance:
    """`price` for each `per_m`, charged in steps of `step_m`."""

    price: Decimal
    per_m: Decimal
    step_m: Decimal
    charge: Charge

    @property
    def step_price(self) -> Fraction:
        return Fraction(self.price) * Fraction(self.step_m) / Fraction(self.per_m)


@dataclass(frozen=True, slots=True)
class Time:
    """`price` for each `per_s`, charged in steps of `step_s` after `free_s`.

    below_kmh     the clock runs below this speed; None: below the cross-over speed (mode S), always (mode D)
    joint         mode S: metres and seconds fill one and the same unit (R 21); else each has units of its own
    within_start  time that passes before the start distance is used up counts too
    """

    price: Decimal
    per_s: Decimal
    step_s: Decimal
    free_s: Decimal
    below_kmh: Decimal | None
    charge: Charge
    joint: bool
    within_start: bool

    @property
    def step_price(self) -> Fraction:
        return Fraction(self.price) * Fraction(self.step_s) / Fraction(self.per_s)


@dataclass(frozen=True, slots=True)
class Tier:
    """Beyond `above_m` the unit price rises by the share `extra`, or the step is `step_m` long at the same price a step."""

    id: str
    above_m: Decimal
    extra: Decimal
    step_m: Decimal | None
    unless: str


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day (seconds of the civil day; through midnight where from_s > to_s) or a declared condition.

    start, unit, time  factors on the start price, the price of distance and of time
    flat               added once to a trip: to the fare shown, or at payment
    shorter_steps      the unit factor makes the meter count so much faster at the same price a step
    at_hire            the hour of the hire decides for the whole trip; else the hour of each step
    days               0 Monday .. 6 Sunday; empty: every day
    condition          holds only where this is declared
    """

    id: str
    kind: str
    from_s: int
    to_s: int
    days: frozenset[int]
    condition: str
    start: Fraction
    unit: Fraction
    time: Fraction
    flat: Decimal
    flat_shown: bool
    shorter_steps: bool
    at_hire: bool


@dataclass(frozen=True, slots=True)
class Extra:
    id: str
    amount: Decimal
    applies: Applies


@dataclass(frozen=True, slots=True)
class Discount:
    """The part of the fare above `above` is reduced by `share`; shown on the meter, or taken off at payment."""

    above: Decimal
    share: Decimal
    shown: bool


@dataclass(frozen=True, slots=True)
class Display:
    """Steps of the displayed and of the paid fare, and how each is rounded."""

    step: Decimal
    rounding: Rounding
    paid_step: Decimal
    paid_rounding: Rounding


@dataclass(frozen=True, slots=True)
class Rule:
    """`sum_factors`: shares of a tier and of windows add up (1 + 0.5 + 0.2); else their factors multiply."""

    mode: Mode
    start: Start
    distance: Distance
    time: Time | None
    tiers: tuple[Tier, ...]
    windows: tuple[Window, ...]
    extras: tuple[Extra, ...]
    discount: Discount | None
    display: Display
    sum_factors: bool

    @property
    def metres_per_low_second(self) -> Fraction:
        """Distance that costs as much as a second of low speed: the cross-over speed, m/s; 0 without a time charge."""
        if self.time is None:
            return Fraction(0)
        second = Fraction(self.time.price) / Fraction(self.time.per_s)
        return second * Fraction(self.distance.per_m) / Fraction(self.distance.price)

    @property
    def cross_over_kmh(self) -> Fraction:
        return self.metres_per_low_second * Fraction(18, 5)

    @property
    def low_speed_kmh(self) -> Fraction | None:
        """The clock runs below this speed; None where it always runs, or where there is none."""
        if self.time is None or self.mode is Mode.D:
            return None
        return self.cross_over_kmh if self.time.below_kmh is None else Fraction(self.time.below_kmh)

    @property
    def joint(self) -> bool:
        return self.mode is Mode.S and self.time is not None and self.time.joint

    def under(self, declared: frozenset[str]) -> Rule:
        """The rule under what was declared: tiers it takes away are gone, conditions it fulfils hold."""
        tiers = tuple(tier for tier in self.tiers if tier.unless not in declared or not tier.unless)
        windows = tuple(w for w in self.windows if not w.condition or w.condition in declared)
        extras = tuple(e for e in self.extras if e.applies is not Applies.DECLARED or e.id in declared)
        if len(tiers) == len(self.tiers) and len(windows) == len(self.windows) and len(extras) == len(self.extras):
            return self
        return replace(self, tiers=tiers, windows=windows, extras=extras)
