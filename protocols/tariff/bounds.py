"""Bounds of the displayed fare over boxes of constants, at the instants at which a display was read.

The set test behind the solver: a box is excluded only when, at some reading, no constants in it and no instant within the
reading's tolerance can show the fare that was seen.  All bounds are outward: what they exclude is excluded, whatever they
keep may still be impossible (set inversion by interval analysis; Jaulin and Walter, Automatica 29 (1993) 1053).

The fare grows with each constant (falls with STEP_RATIO).  Only low speed is not monotone: a meter that reads more metres
holds fewer spells to be slow.  It is bounded by the spells at the ends of the ratio's cell, and speeds between the two
limits may count either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.civil import boundaries
from protocols.tariff.engine import Cause, pieces_of, price_of, start_price, surcharges, window_states
from protocols.tariff.ladder import UM, ladder
from protocols.tariff.observed import Constant, Shown
from protocols.tariff.rule import Applies, Charge, Mode, Rounding, Rule, Window
from protocols.tariff.samples import samples
from protocols.tariff.trip import Meter, Trip

Floats = NDArray[np.float64]
CELLS = 24  # cells of K_RATIO within which low speed is bounded
EPS = 1e-11  # relative: floats stand in for exact numbers, outward
LOW, HIGH = 0, 1


class Bounds:
    """One rule, one trip and the readings of its display; `k_range` is all of K_RATIO that will be asked about."""

    def __init__(
        self, rule: Rule, trip: Trip, shown: Sequence[Shown], meter: Meter, slack_m: float,
        k_range: tuple[float, float], max_x_m: float, slack_kmh: float = 0.0,
    ) -> None:  # fmt: skip
        self.rule = rule = rule.under(trip.declared)
        civil = trip.civil_ns + meter.clock_offset_ns
        first, last = trip.hired_ns, trip.vacated_ns
        times = np.array([one.time_ns for one in shown], np.int64)
        slack = np.array([one.tolerance_ns for one in shown], np.int64)
        self._ends = [np.clip(times - slack, first, last), np.clip(times + slack, first, last)]
        self._fares = np.array([float(one.fare / rule.display.step) for one in shown])
        self._slack_m = slack_m
        changing = [w for w in rule.windows if not w.shorter_steps and (w.unit != 1 or w.time != 1)]
        edges = [edge - civil for edge in boundaries(changing, first + civil, last + civil)]
        self._edges = np.array([edge - 1 for edge in edges], np.int64)  # a step at the edge is charged after it
        begins = np.array([first, *edges], np.int64)
        states, active = window_states(rule, begins + civil, first + civil)
        self._segment = [np.searchsorted(begins, end, "right") - 1 for end in self._ends]
        self._ladder(states, active, max_x_m)
        self._base = [self._fixed(trip, civil, end) for end in self._ends]
        pieces = tuple(pieces_of(trip, civil, [w for w in rule.windows if w.shorter_steps]))
        clocked = rule.time is not None
        self._samples = samples(
            trip, tuple(shown), tuple(edges), pieces, rule.low_speed_kmh, clocked, rule.mode is Mode.S, meter, k_range, slack_kmh
        )  # fmt: skip

    def _ladder(self, states: NDArray[np.int64], active: Sequence[Sequence[Window]], max_x_m: float) -> None:
        """Prices reached after so many steps, a row a segment of the trip, and of a step of time."""
        rungs = ladder(self.rule, int(max_x_m * UM))
        self._at, self._strict = rungs.at_um / UM, rungs.strict
        cause = Cause.UNIT if self.rule.joint else Cause.DISTANCE
        rows, waits = [], []
        for state in states.tolist():
            prices = np.array([float(price_of(self.rule, cause, kind, active[state])) for kind in rungs.kinds])
            rows.append(np.concatenate(([0.0], np.cumsum(prices[rungs.kind]))))
            own = self.rule.time
            wait = Fraction(0) if own is None or self.rule.joint else own.step_price
            waits.append(float(price_of(self.rule, Cause.TIME, (wait, Fraction(0)), active[state])))
        self._reached, self._wait = np.array(rows), np.array(waits)

    def sums(self, highest: Decimal, most: int) -> Floats | None:
        """Every fare that start price, surcharges and whole steps can show, in steps of the display; None where prices
        change on the way or there are more than `most`."""
        if len(self._reached) > 1 or len(np.unique(self._base)) > 1:
            return None
        steps = self._reached[0][self._reached[0] <= float(highest) + 1]
        wait = float(self._wait[0])
        waits = wait * np.arange(int(float(highest) / wait) + 2) if wait else np.zeros(1)
        if len(steps) * len(waits) > most:
            return None
        fares = np.unique((self._base[LOW][0] + steps[:, None] + waits[None, :]).ravel())
        return np.unique(np.concatenate([self._rounded(fares, one) for one in (LOW, HIGH)]))

    def _rounded(self, fare: Floats, side: int) -> Floats:
        """What is shown for a fare, in steps of the display; outward."""
        discount = self.rule.discount
        if discount is not None and discount.shown:
            fare = fare - np.maximum(fare - float(discount.above), 0) * float(discount.share)
        steps = fare / float(self.rule.display.step) + (1 if side == HIGH else -1) * 1e-7
        how = self.rule.display.rounding
        half = 0.5 if how is Rounding.HALF_UP else 0.0
        return np.asarray(np.ceil(steps) if how is Rounding.UP else np.floor(steps + half))

    def _fixed(self, trip: Trip, civil: int, times: NDArray[np.int64]) -> Floats:
        """Start price and surcharges at the hire or of windows, as shown at each instant."""
        found = np.full(len(times), float(start_price(self.rule, trip.hired_ns + civil)))
        found += float(sum(e.amount for e in self.rule.extras if e.applies is Applies.HIRE))
        for at, window in surcharges(self.rule, trip, civil):
            found += float(window.flat) * (times >= at) if window.flat_shown else 0.0
        return found

    def possible(self, boxes: Floats, upto: int) -> NDArray[np.bool_]:
        """For each of `boxes` (B, constants, 2) whether all of the first `upto` readings may have been shown."""
        low, high = self.shown(boxes, LOW, upto), self.shown(boxes, HIGH, upto)
        fares = self._fares[:upto]
        return np.asarray(((low <= fares + 1e-9) & (fares <= high + 1e-9)).all(axis=1))

    def shown(self, boxes: Floats, side: int, upto: int) -> Floats:
        """The least or the greatest fare (B, upto) that may be shown, in steps of the display."""
        rate, edge = self._charged(boxes, side, upto)
        fare = self._base[side][:upto] + boxes[:, Constant.PRICE_FACTOR, side, None] * np.maximum(rate + edge, 0)
        return self._rounded(fare, side) * boxes[:, Constant.SHOWN_FACTOR, side, None]

    def _charged(self, boxes: Floats, side: int, upto: int) -> tuple[Floats, Floats]:
        """What distance and time have cost at the readings: as if by the prices of the reading's own segment, and what
        the segments before it differ from that."""
        rows = self._segment[side][:upto]
        steps, waits = self._counts(boxes, side, side, slice(upto))
        rate = self._reached[rows, steps] + self._wait[rows] * waits
        other = np.zeros_like(rate)
        if len(self._edges):
            sides = [self._counts(boxes, one, 2, slice(None)) for one in (LOW, HIGH)]
            for k, (before, after) in enumerate(pairwise(range(len(self._edges) + 1))):
                differ = self._reached[before] - self._reached[after]
                wait = self._wait[before] - self._wait[after]
                parts = [[differ[n[:, k]], wait * w[:, k]] for n, w in sides]
                pick = np.maximum if side == HIGH else np.minimum
                gain = pick(parts[0][0], parts[1][0]) + pick(parts[0][1], parts[1][1])
                other += np.where(rows > k, gain[:, None], 0.0)
        return rate, other

    def _counts(self, boxes: Floats, side: int, asked: int, rows: slice) -> tuple[NDArray[np.int64], Floats]:
        """Steps of distance and of time charged, each (B, instants); `side` of the box, at the instants `asked`."""
        sign, own = 1 if side == HIGH else -1, self._samples
        k, clock = boxes[:, Constant.K_RATIO], boxes[:, Constant.CLOCK_RATIO]
        few = np.clip(np.searchsorted(own.grid, k[:, 1], "left"), 0, len(own.grid) - 1)
        many = np.clip(np.searchsorted(own.grid, k[:, 0], "right") - 1, 0, len(own.grid) - 1) + len(own.grid)
        metres = own.metres[asked][rows][None, :] + sign * self._slack_m
        slow_m, slow_s = own.slow_m[asked][:, rows], own.slow_s[asked][:, rows]
        ratio, tick = k[:, side, None], clock[:, side, None]
        if self.rule.mode is Mode.S:
            metres = metres - slow_m[many if side == LOW or self.rule.joint else few]
        x = ratio * np.maximum(metres, 0) + boxes[:, Constant.PRELOAD_M, side, None]
        if self.rule.joint:
            per_second = float(self.rule.metres_per_low_second)
            x = x + tick * per_second * slow_s[few]
            either_m, either_s = slow_m[many] - slow_m[few], slow_s[many] - slow_s[few]
            x = x + self._either(boxes, either_m, either_s, per_second, many, few, side)
        start = float(self.rule.start.distance_m)
        stretched = start + (x - start) / boxes[:, Constant.STEP_RATIO, 1 - side, None]
        x = np.where(x > start, stretched, x) * (1 + sign * EPS) + sign * 1e-9
        steps = np.searchsorted(self._at, x, "left" if self._strict else "right")
        time = self.rule.time
        if time is None or self.rule.joint:
            return steps, np.zeros(steps.shape)
        seconds = slow_s[few if side == LOW else many]
        if not time.within_start:
            seconds = np.maximum(seconds - self._before_start(boxes, side, few, many)[:, None], 0)
        spent = (tick * seconds * (1 + sign * EPS) + sign * 1e-9 - float(time.free_s)) / float(time.step_s)
        waits = np.ceil(spent) if time.charge is Charge.BEGUN else np.floor(spent)
        return steps, np.maximum(waits, 0)

    def _either(
        self, boxes: Floats, metres: Floats, seconds: Floats, per_second: float,
        many: NDArray[np.int64], few: NDArray[np.int64], side: int,
    ) -> Floats:  # fmt: skip
        """What spells between the limits of the two ends of a cell add, each taken as distance or as time.

        The least is told by whole intervals, which have metres; the most by seconds, which the interval that is under way
        has too.  Within a window of the speed's update metres and seconds need not keep step: a window more or less.
        """
        ratio, tick = boxes[:, Constant.K_RATIO, side, None], boxes[:, Constant.CLOCK_RATIO, side, None]
        own = self._samples
        fastest = own.fastest_m_s / own.grid[many - len(own.grid)][:, None]
        window = ratio * fastest * own.update_s
        if side == LOW:
            return np.maximum(metres * np.minimum(ratio, tick * per_second / fastest) - window, 0)
        return seconds * np.maximum(ratio * fastest, tick * per_second) + np.where(seconds > 0, window, 0)

    def _before_start(
        self, boxes: Floats, side: int, few: NDArray[np.int64], many: NDArray[np.int64]
    ) -> Floats:  # fmt: skip
        """Slow seconds (B,) that pass before the start distance is used up: the most for the least fare.

        The clock is bounded by the same spells before and after that instant, so the difference is bounded too.
        """
        other, sign = (LOW, 1) if side == LOW else (HIGH, -1)
        left = float(self.rule.start.distance_m) - boxes[:, Constant.PRELOAD_M, other]
        metres = left / boxes[:, Constant.K_RATIO, other] + sign * (self._slack_m + 1e-6)
        cells, fast = (few, many) if side == LOW else (many, few)
        seconds, reached = self._samples.at_counts
        if self.rule.mode is Mode.S:
            rows = np.zeros(len(boxes), np.int64)
            for cell in np.unique(fast).tolist():
                those = fast == cell
                rows[those] = np.searchsorted(reached[cell], metres[those], "left")
        else:
            rows = np.searchsorted(reached[0], metres, "left")
        return np.asarray(np.where(metres <= 0, 0.0, seconds[cells, rows]), np.float64)


def forced(rule: Rule, windows: frozenset[str]) -> Rule:
    """The rule with some windows holding all the time, whatever the hour and what was declared."""
    return replace(
        rule,
        windows=tuple(
            replace(w, from_s=0, to_s=86_400, days=frozenset(), condition="") if w.id in windows else w
            for w in rule.windows
        ),
    )
