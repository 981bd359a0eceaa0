"""The fare engine: a trip and a rule become the course of the fare, every step with its instant and its cause. Exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.accumulator import Accumulator, Rate, Runs
from protocols.tariff.civil import boundaries, holds
from protocols.tariff.kept import Kept
from protocols.tariff.ladder import UM, Ladder, ladder
from protocols.tariff.low_speed import slow_spells
from protocols.tariff.rule import Applies, Charge, Discount, Mode, Rounding, Rule, TariffError, Time, Window
from protocols.tariff.trip import Meter, Trip

SAFE = 2**62
S_NS = 10**9
MAX_TIME_STEPS = 2_000_000
ZERO, ONE = Fraction(0), Fraction(1)


class Cause(IntEnum):
    START = 0
    SURCHARGE = 1
    DISTANCE = 2
    TIME = 3
    UNIT = 4  # metres and seconds together (mode S, joint)


@dataclass(frozen=True, slots=True)
class Step:
    time_ns: int
    cause: Cause
    accrued: Fraction
    displayed: Decimal


@dataclass(frozen=True, eq=False, slots=True)
class Fare:
    """The course of a fare: at times_ns (n,) something was charged, and accrued / denominator was reached.

    shown (n,) are the displayed fares in steps of the display.  `distance_m` and `slow_s` are the meter's own;
    `at_payment` is what payment adds to the fare shown.
    """

    rule: Rule
    times_ns: NDArray[np.int64]
    causes: NDArray[np.int8]
    accrued: NDArray[Any]
    denominator: int
    shown: NDArray[np.int64]
    distance_m: Fraction
    slow_s: Fraction
    at_payment: Decimal

    @property
    def total(self) -> Fraction:
        """What was accrued at the end, before discount and rounding."""
        return Fraction(int(self.accrued[-1]), self.denominator)

    @property
    def displayed(self) -> Decimal:
        return self.rule.display.step * int(self.shown[-1])

    @property
    def paid(self) -> Decimal:
        """What is to be paid: displayed fare, discount, rounding, then extras of payment and declared ones."""
        fare, discount, display = Fraction(self.displayed), self.rule.discount, self.rule.display
        if discount is not None and not discount.shown:
            fare -= max(ZERO, fare - Fraction(discount.above)) * Fraction(discount.share)
        steps = _rounded(np.array([fare.numerator]), fare.denominator, display.paid_step, display.paid_rounding)
        return display.paid_step * int(steps[0]) + self.at_payment

    def displayed_at(self, time_ns: int) -> Decimal:
        """What the display shows at an instant, a step at that instant included; TariffError before the hire."""
        at = int(np.searchsorted(self.times_ns, time_ns, "right"))
        if not at:
            raise TariffError(f"fare: expected an instant from the hire at {self.times_ns[0]} ns on, got {time_ns}")
        return self.rule.display.step * int(self.shown[at - 1])

    def steps_shown(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """`displayed_at` of many instants, in steps of the display."""
        at = np.searchsorted(self.times_ns, times_ns, "right")
        if not at.all():
            raise TariffError(
                f"fare: expected instants from the hire at {self.times_ns[0]} ns on, got {times_ns.min()}"
            )
        return self.shown[at - 1]

    def steps(self) -> Iterator[Step]:
        for k in range(len(self.times_ns)):
            accrued = Fraction(int(self.accrued[k]), self.denominator)
            shown = self.rule.display.step * int(self.shown[k])
            yield Step(int(self.times_ns[k]), Cause(int(self.causes[k])), accrued, shown)

    def changes(self) -> list[tuple[int, Decimal]]:
        """Instants at which the display changed, with what it showed from then on; the hire first."""
        last = np.append(np.diff(self.times_ns) > 0, True)  # of several steps at one instant the last is seen
        times, shown = self.times_ns[last], self.shown[last]
        new = np.concatenate(([True], np.diff(shown) != 0))
        return [(int(t), self.rule.display.step * int(s)) for t, s in zip(times[new], shown[new], strict=True)]


NOMINAL = Meter()


@dataclass(frozen=True, eq=False, slots=True)
class _Timeline:
    """What is charged when, whatever it costs: at times_ns (n,), step k of kinds[kind[k]]."""

    times_ns: NDArray[np.int64]
    causes: NDArray[np.int8]
    kind: NDArray[np.int64]
    rungs: Ladder
    slow_s: Fraction


_timelines: Kept[_Timeline] = Kept(1 << 20, lambda line: 3 * len(line.times_ns))


def fare(rule: Rule, trip: Trip, meter: Meter = NOMINAL) -> Fare:
    """The course of the fare of `trip` under `rule` on `meter`; TariffError for a trip beyond all bounds."""
    rule = rule.under(trip.declared)
    civil = trip.civil_ns + meter.clock_offset_ns
    flat = surcharges(rule, trip, civil)
    begin = [(trip.hired_ns, Cause.START, start_price(rule, trip.hired_ns + civil))]
    begin += [(trip.hired_ns, Cause.SURCHARGE, Fraction(e.amount)) for e in rule.extras if e.applies is Applies.HIRE]
    begin += [(at, Cause.SURCHARGE, Fraction(w.flat)) for at, w in flat if w.flat_shown]
    later = [w.flat for _, w in flat if not w.flat_shown]
    later += [extra.amount for extra in rule.extras if extra.applies is not Applies.HIRE]
    line = _timeline(rule, trip, meter, tuple((at, cause) for at, cause, _ in begin))
    kinds = list(line.rungs.kinds)
    if rule.time is not None and not rule.joint:
        kinds.append((rule.time.step_price, ZERO))
    kinds += [(price, ZERO) for _, _, price in begin]
    states, active = window_states(rule, line.times_ns + civil, trip.hired_ns + civil)
    accrued, denominator = _accrued(rule, line.causes, line.kind, kinds, states, active)
    shown = _shown(rule, accrued, denominator)
    return Fare(
        rule,
        line.times_ns,
        line.causes,
        accrued,
        denominator,
        shown,
        trip.distance_m * meter.k_ratio,
        line.slow_s,
        sum(later, Decimal(0)),
    )


def _timeline(rule: Rule, trip: Trip, meter: Meter, begin: tuple[tuple[int, Cause], ...]) -> _Timeline:
    """The steps of distance and time, and what is charged at `begin`: of all that a tariff leaves open, few things move them."""
    faster = tuple(w for w in rule.windows if w.shorter_steps)
    key = (trip, meter, rule.mode, rule.start, rule.distance, rule.tiers, rule.time, faster, begin)
    return _timelines.once(key, lambda: _steps(rule, trip, meter, faster, begin))


def _steps(
    rule: Rule, trip: Trip, meter: Meter, faster: Sequence[Window], begin: Sequence[tuple[int, Cause]]
) -> _Timeline:
    slow = spells(rule, trip, meter)
    pieces = pieces_of(trip, trip.civil_ns + meter.clock_offset_ns, faster)
    distance = _distance(rule, trip, meter, slow, pieces)
    rungs = ladder(rule, distance.whole())
    due = distance.reached(rungs.at_um, rungs.strict)
    times, causes = [due], [np.full(len(due), Cause.UNIT if rule.joint else Cause.DISTANCE, np.int8)]
    kinds, kind = len(rungs.kinds), [rungs.kind[: len(due)]]
    if rule.time is not None and not rule.joint:
        from_ns = trip.hired_ns
        if not rule.time.within_start:
            start = distance.reached(np.array([int(rule.start.distance_m * UM)], np.int64), strict=False)
            from_ns = int(start[0]) if len(start) else trip.vacated_ns
        waited = _waiting(rule.time, trip, meter, slow, pieces, from_ns)
        times.append(waited)
        causes.append(np.full(len(waited), Cause.TIME, np.int8))
        kind.append(np.full(len(waited), kinds))
        kinds += 1
    times.append(np.array([at for at, _ in begin], np.int64))
    causes.append(np.array([cause for _, cause in begin], np.int8))
    kind.append(np.arange(kinds, kinds + len(begin)))
    all_times, all_causes, all_kinds = np.concatenate(times), np.concatenate(causes), np.concatenate(kind)
    order = np.lexsort((all_causes, all_times))
    slow_s = Fraction(int(np.sum(slow[:, 1] - slow[:, 0])), S_NS) * meter.clock_ratio
    found = all_times[order], all_causes[order], all_kinds[order]
    for array in found:
        array.setflags(write=False)  # of every fare with the same steps
    return _Timeline(*found, rungs, slow_s)


def spells(rule: Rule, trip: Trip, meter: Meter) -> NDArray[np.int64]:
    """When the clock of waiting runs, (n, 2) ns."""
    if rule.time is None:
        return np.zeros((0, 2), np.int64)
    limit = rule.low_speed_kmh
    if limit is None:
        return np.array([[trip.hired_ns, trip.vacated_ns]], np.int64)
    return slow_spells(trip, limit, meter.k_ratio, meter.update_ns, Fraction(meter.hysteresis_kmh))


def pieces_of(trip: Trip, civil_ns: int, faster: Sequence[Window]) -> list[tuple[int, int, Fraction, Fraction]]:
    """Parts of the trip in which the meter counts by the same factors: (begin, end, of distance, of time)."""
    first, last = trip.hired_ns, trip.vacated_ns
    edges = [first, *(edge - civil_ns for edge in boundaries(faster, first + civil_ns, last + civil_ns)), last]
    found = []
    for begin, end in pairwise(edges):
        unit, time = ONE, ONE
        for window in faster:
            asked = first if window.at_hire else begin
            if holds(window, np.array([asked + civil_ns], np.int64))[0]:
                unit, time = unit * window.unit, time * window.time
        found.append((begin, end, unit, time))
    return found


def _distance(
    rule: Rule, trip: Trip, meter: Meter, slow: NDArray[np.int64], pieces: Sequence[tuple[int, int, Fraction, Fraction]]
) -> Accumulator:
    """Metres that are charged: all of them, or those not slow (mode S), where units are joint with seconds between."""
    length = trip.metres_per_count * meter.k_ratio
    second = rule.metres_per_low_second * meter.clock_ratio / S_NS if rule.joint else ZERO
    if rule.mode is not Mode.S:
        slow = slow[:0]
    rates = tuple(Rate(length * unit, ZERO) for _, _, unit, _ in pieces)
    rates += tuple(Rate(ZERO, second * time) for _, _, _, time in pieces)
    edges = np.unique(np.concatenate([slow.ravel(), *([begin, end] for begin, end, _, _ in pieces)]).astype(np.int64))
    begins, ends = edges[:-1], edges[1:]
    piece = np.searchsorted([end for _, end, _, _ in pieces], begins, "right")
    is_slow = np.searchsorted(slow[:, 0], begins, "right") > np.searchsorted(slow[:, 1], begins, "right")
    return Accumulator(trip, Runs(begins, ends, piece + len(pieces) * is_slow, rates), Fraction(1, UM))


def _waiting(
    time: Time, trip: Trip, meter: Meter, slow: NDArray[np.int64],
    pieces: Sequence[tuple[int, int, Fraction, Fraction]], from_ns: int,
) -> NDArray[np.int64]:  # fmt: skip
    """Instants at which a step of waiting is charged."""
    parts = []
    for k, (begin, end, _, _) in enumerate(pieces):
        own = np.clip(slow, max(begin, from_ns), end)
        own = own[own[:, 0] < own[:, 1]]
        parts.append(np.column_stack((own, np.full(len(own), k))))
    begins, ends, rate = np.concatenate(parts).T
    rates = tuple(Rate(ZERO, meter.clock_ratio * factor) for _, _, _, factor in pieces)
    clock = Accumulator(trip, Runs(begins, ends, rate, rates), ONE)
    step, free = int(time.step_s * S_NS), int(time.free_s * S_NS)
    number = max(0, (clock.whole() - free) // step + 1)
    if number > MAX_TIME_STEPS:
        raise TariffError(f"expected at most {MAX_TIME_STEPS} steps of waiting, got {number} of {time.step_s} s")
    begun = time.charge is Charge.BEGUN
    thresholds = free + step * np.arange(0 if begun else 1, number + 1, dtype=np.int64)
    return clock.reached(thresholds, strict=begun)


def start_price(rule: Rule, civil_ns: int) -> Fraction:
    """The start price of a hire at an instant."""
    now = np.array([civil_ns], np.int64)
    factors = [window.start for window in rule.windows if window.start != 1 and holds(window, now)[0]]
    return Fraction(rule.start.price) * combined(factors, ZERO, rule.sum_factors)


def surcharges(rule: Rule, trip: Trip, civil_ns: int) -> list[tuple[int, Window]]:
    """Windows that add an amount, and when, once a trip: at the hire, or when it begins during the trip."""
    found = []
    for window in rule.windows:
        if window.flat:
            ends = trip.hired_ns + civil_ns, trip.vacated_ns + civil_ns
            at = np.array([ends[0], *boundaries([window], *ends)], np.int64)
            held = at[holds(window, at)]
            if len(held):
                found.append((int(held[0]) - civil_ns, window))
    return found


def combined(factors: Sequence[Fraction], share: Fraction, add: bool) -> Fraction:
    """The factor on a price of a tier's share and of windows: their shares added, or multiplied."""
    if add:
        return ONE + share + sum((factor - 1 for factor in factors), ZERO)
    product = ONE + share
    for factor in factors:
        product *= factor
    return product


def window_states(
    rule: Rule, civil_ns: NDArray[np.int64], hired_civil_ns: int
) -> tuple[NDArray[np.int64], list[list[Window]]]:
    """For each instant the number of its state, and for each state the windows that change prices in it."""
    windows = [w for w in rule.windows if not w.shorter_steps and (w.unit != 1 or w.time != 1)]
    if not windows:
        return np.zeros(len(civil_ns), np.int64), [[]]
    code = np.zeros(len(civil_ns), np.int64)
    for k, window in enumerate(windows):
        asked = np.full(1, hired_civil_ns) if window.at_hire else civil_ns
        code |= holds(window, asked).astype(np.int64) << k
    codes, states = np.unique(code, return_inverse=True)
    return states, [[w for k, w in enumerate(windows) if bits >> k & 1] for bits in codes.tolist()]


def price_of(rule: Rule, cause: Cause, kind: tuple[Fraction, Fraction], active: Sequence[Window]) -> Fraction:
    """What a step of this kind costs while these windows hold."""
    price, share = kind
    if cause in (Cause.START, Cause.SURCHARGE):
        return price
    factors = [w.time if cause is Cause.TIME else w.unit for w in active]
    return price * combined(factors, share, rule.sum_factors)


def _accrued(
    rule: Rule, causes: NDArray[np.int8], kind: NDArray[np.int64], kinds: Sequence[tuple[Fraction, Fraction]],
    states: NDArray[np.int64], active: Sequence[Sequence[Window]],
) -> tuple[NDArray[Any], int]:  # fmt: skip
    """Sums of money as whole numbers of 1/denominator."""
    code = (kind * len(Cause) + causes) * max(1, len(active)) + states
    codes = np.flatnonzero(np.bincount(code)).tolist()  # few and small: no need to sort the steps
    prices = []
    for one in codes:
        rest, state = divmod(one, max(1, len(active)))
        prices.append(price_of(rule, Cause(rest % len(Cause)), kinds[rest // len(Cause)], active[state]))
    denominator = lcm(*(price.denominator for price in prices))
    whole = [int(price * denominator) for price in prices]
    safe = max(whole) * len(code) < SAFE
    each = np.zeros(codes[-1] + 1, np.int64 if safe else object)
    each[codes] = whole
    return np.cumsum(each[code]), denominator


def _shown(rule: Rule, accrued: NDArray[Any], denominator: int) -> NDArray[np.int64]:
    """The display, in its steps; a discount that the meter shows is taken off first."""
    values = accrued
    discount: Discount | None = rule.discount
    if discount is not None and discount.shown:
        above, share = Fraction(discount.above) * denominator, Fraction(discount.share)
        scale = above.denominator * share.denominator
        values = values.astype(object) * scale
        over = np.maximum(values - int(above * scale), 0)
        values, denominator = values - over * share.numerator // share.denominator, denominator * scale
    return np.asarray(_rounded(values, denominator, rule.display.step, rule.display.rounding), np.int64)


def _rounded(value: NDArray[Any], denominator: int, step: Decimal, how: Rounding) -> NDArray[Any]:
    """value / denominator in whole steps, as `how` says; halves go up."""
    top, bottom = Fraction(step).denominator, denominator * Fraction(step).numerator
    largest = max(int(value.max()), 1)
    number = value.astype(object) if 2 * largest * top >= SAFE or 2 * bottom >= SAFE else value
    if how is Rounding.DOWN:
        return np.asarray(number * top // bottom)
    if how is Rounding.UP:
        return np.asarray(-(-number * top // bottom))
    return np.asarray((2 * number * top + bottom) // (2 * bottom))
