"""What a fare can have been: at least for the distance alone, at most for distance and time, under a declared tariff.

How fast the car was at each moment no record tells, so a fare is bounded and not replayed:
  floor    the price of the distance alone; every window that lowers prices, no tier, no waiting
  ceiling  distance with every tier, and the whole duration at the price of waiting; every window that the trip may have touched
Both are widened by what was rounded: one step of distance, time and display, one resolution of the recorded distance,
times and money.  Where a tariff leaves something open, the widest of its readings holds.
In binary floating point, widened by SLACK more: above its rounding error (1e-14 of a million units), below every step of money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import numpy as np
import numpy.typing as npt

from harness.fleet.cells import MICRO, Ints
from harness.fleet.errors import FleetError
from harness.fleet.mapping import Mapped
from harness.fleet.records import Trips
from protocols.tariff.civil import holds
from protocols.tariff.rule import Applies, Charge, Extra, Mode, Rule, Window

Floats = npt.NDArray[np.float64]
SLACK = 2  # millionths of a unit of money
MOST_READINGS = 20_000
NOTHING = frozenset[str]()  # declared: no tier taken away, no condition fulfilled
SAMPLED_S = 900  # a window is looked for so often inside a trip


@dataclass(frozen=True)
class Bounds:
    """Of each trip (n,), in millionths of a unit of money."""

    floor: Ints
    ceiling: Ints


@dataclass(frozen=True)
class _Course:
    """Of trips (n,): least and greatest metres and the most seconds that the records allow; which windows were touched."""

    least_m: Floats
    most_m: Floats
    most_s: Floats
    touched: dict[Window, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class Tariffed:
    """A tariff as its bounds need it: the rules that differ in a floor and those that differ in a ceiling."""

    id: str
    verified: bool
    floors: tuple[Rule, ...]
    ceilings: tuple[Rule, ...]


def tariffed(id: str, verified: bool, rules: Iterable[Rule]) -> Tariffed:
    """`rules`: every reading of the tariff.  Raises FleetError for more than MOST_READINGS."""
    some = list(islice(rules, MOST_READINGS + 1))
    if not 1 <= len(some) <= MOST_READINGS:
        raise FleetError(
            f"tariff {id}: expected 1 to {MOST_READINGS} readings of what it leaves open, got {len(some)} or more"
        )
    return Tariffed(
        id, verified, tuple({_for_floor(one): None for one in some}), tuple({_for_ceiling(one): None for one in some})
    )


def _for_floor(rule: Rule) -> Rule:
    """Without what no floor depends on."""
    time, distance = rule.time, rule.distance
    if rule.mode is not Mode.S:
        time = None
    elif time is not None:
        time = replace(time, charge=Charge.BEGUN, joint=False, within_start=True)
    if distance.charge is Charge.BEGUN:
        distance = replace(distance, step_m=distance.per_m)
    windows = tuple(w for w in rule.under(NOTHING).windows if w.start < 1 or w.unit < 1)
    return replace(rule, time=time, distance=distance, windows=windows, tiers=(), extras=_of_hire(rule))


def _for_ceiling(rule: Rule) -> Rule:
    """Without what no ceiling depends on; a window that goes by the hour of hire is taken as one of every hour."""
    time = rule.time
    if time is not None:
        time = replace(
            time, charge=Charge.BEGUN, free_s=Decimal(0), below_kmh=None, within_start=True, joint=rule.joint
        )
    windows = tuple(
        replace(w, at_hire=False)
        for w in rule.under(NOTHING).windows
        if w.start > 1 or w.unit > 1 or w.time > 1 or w.flat > 0
    )
    distance = replace(rule.distance, charge=Charge.BEGUN)
    return replace(rule, time=time, distance=distance, windows=windows, tiers=rule.under(NOTHING).tiers, discount=None)


def _of_hire(rule: Rule) -> tuple[Extra, ...]:
    return tuple(extra for extra in rule.extras if extra.applies is Applies.HIRE)


def bounds(tariff: Tariffed, trips: Trips, mapped: Mapped) -> Bounds:
    """Floor and ceiling of each trip's metered fare, over all readings of the tariff."""
    course = _course((*tariff.floors, *tariff.ceilings), trips, mapped)
    payment = "surcharge" not in mapped.columns  # what is added at payment stands in the fare then
    floors = np.min([_floor(rule, course) for rule in tariff.floors], axis=0)
    ceilings = np.max([_ceiling(rule, course, payment) for rule in tariff.ceilings], axis=0)
    wide = SLACK + round(mapped.money_step * MICRO)
    return Bounds(np.floor(floors * MICRO).astype(np.int64) - wide, np.ceil(ceilings * MICRO).astype(np.int64) + wide)


def metered(trips: Trips, mapped: Mapped) -> Ints:
    """The fare without surcharges, millionths."""
    return trips.fare - trips.surcharge if mapped.fare_holds_surcharge else trips.fare


def _course(rules: Sequence[Rule], trips: Trips, mapped: Mapped) -> _Course:
    metres, step = float(mapped.metres), float(mapped.distance_step * mapped.metres)
    distance = trips.distance / MICRO * metres
    windows = {window for rule in rules for window in rule.windows}
    # either end may have been cut or rounded up by one resolution
    begin, length = trips.start_s - mapped.time_step_s, trips.duration_s + 2 * mapped.time_step_s
    return _Course(
        np.maximum(distance - step, 0.0),
        distance + step,
        trips.duration_s.astype(np.float64) + mapped.time_step_s,
        {window: _touched(window, begin, length) for window in windows},
    )


def _touched(window: Window, begin: Ints, length: Ints) -> npt.NDArray[np.bool_]:
    """Whether the window may hold at some moment of each trip; one that goes by the hour of hire only then, give or take a resolution."""
    ends = begin + (np.minimum(length, SAMPLED_S) if window.at_hire else length)
    found = holds(window, begin * 10**9) | holds(window, ends * 10**9)
    if window.at_hire:
        return found
    open_ = np.flatnonzero(~found & (length > SAMPLED_S))
    at = begin[open_] + SAMPLED_S
    while open_.size:
        within = at < ends[open_]
        open_, at = open_[within], at[within]
        hit = holds(window, at * 10**9)
        found[open_[hit]] = True
        open_, at = open_[~hit], at[~hit] + SAMPLED_S
    return found


def _factor(rule: Rule, course: _Course, field: str, most: bool) -> Floats:
    """Product, or sum of shares, of the window factors that may have held and raise (`most`) or lower a price."""
    found = np.ones(course.least_m.size)
    for window in rule.windows:
        factor = float(getattr(window, field))
        if (factor > 1) is most and factor != 1:
            touched = course.touched[window]
            found = found + touched * (factor - 1) if rule.sum_factors else found * np.where(touched, factor, 1.0)
    return found


def _hire(rule: Rule) -> float:
    return float(sum(extra.amount for extra in _of_hire(rule)))


def _rounded(rule: Rule) -> float:
    return float(rule.display.step + rule.display.paid_step)


def _floor(rule: Rule, course: _Course) -> Floats:
    start = float(rule.start.price) * _factor(rule, course, "start", most=False)
    unit = float(Fraction(rule.distance.price) / Fraction(rule.distance.per_m)) * _factor(
        rule, course, "unit", most=False
    )
    length = np.maximum(course.least_m - float(rule.start.distance_m), 0.0) * _moving(rule)
    lost = float(rule.distance.step_m) if rule.distance.charge is Charge.COMPLETED else 0.0
    fare: Floats = start + unit * np.maximum(length - lost, 0.0) - _free(rule) + _hire(rule)
    if rule.discount is not None:
        above, share = float(rule.discount.above), float(rule.discount.share)
        fare = fare - share * np.maximum(fare - above, 0.0)
    return np.maximum(fare - _rounded(rule), 0.0)


def _moving(rule: Rule) -> float:
    """Mode S: metres below the low-speed limit cost their time only, at the least this share of the price of distance."""
    if rule.mode is not Mode.S or rule.time is None or rule.time.below_kmh is None:
        return 1.0
    return min(1.0, float(rule.cross_over_kmh / Fraction(rule.time.below_kmh)))


def _free(rule: Rule) -> float:
    """Mode S: what metres driven while low-speed time was free, or in an unfinished step of it, would have cost."""
    if rule.mode is not Mode.S or rule.time is None:
        return 0.0
    return float(
        (Fraction(rule.time.free_s) + Fraction(rule.time.step_s))
        * Fraction(rule.time.price)
        / Fraction(rule.time.per_s)
    )


def _ceiling(rule: Rule, course: _Course, payment: bool) -> Floats:
    start = float(rule.start.price) * _factor(rule, course, "start", most=True)
    unit, windows = (
        float(Fraction(rule.distance.price) / Fraction(rule.distance.per_m)),
        _factor(rule, course, "unit", most=True),
    )
    length = np.maximum(course.most_m - float(rule.start.distance_m), 0.0) + float(rule.distance.step_m)
    charged = unit * windows * length
    dearest = np.maximum(windows, 1.0)
    for extra, metres in _tiers(rule, course.most_m + float(rule.distance.step_m)):
        more = extra if rule.sum_factors else extra * windows
        charged = charged + unit * more * metres
        dearest = dearest + more * (metres > 0)
    fare: Floats = start + charged + _hire(rule) + _rounded(rule)
    if rule.time is not None:
        waiting = float(Fraction(rule.time.price) / Fraction(rule.time.per_s)) * _factor(
            rule, course, "time", most=True
        )
        fare = fare + waiting * (course.most_s + float(rule.time.step_s)) * (dearest if rule.joint else 1.0)
    for window in rule.windows:
        if window.flat_shown or payment:
            fare = fare + float(window.flat) * course.touched[window]
    if payment:
        fare = fare + float(sum(extra.amount for extra in rule.extras if extra.applies is not Applies.HIRE))
    return fare


def _tiers(rule: Rule, most_m: Floats) -> list[tuple[float, Floats]]:
    """Of each tier the extra share over the unit price and the metres at it; a tier holds up to where the next begins."""
    found = []
    tiers = sorted(rule.tiers, key=lambda tier: tier.above_m)
    for at, tier in enumerate(tiers):
        top = float(tiers[at + 1].above_m) if at + 1 < len(tiers) else np.inf
        extra = (
            float(tier.extra)
            if tier.step_m is None
            else float(Fraction(rule.distance.step_m) / Fraction(tier.step_m)) - 1
        )
        if extra > 0:
            found.append((extra, np.clip(most_m, float(tier.above_m), top) - float(tier.above_m)))
    return found
