"""Which tariffs, readings and constants explain an observed course of a fare, and which cannot.

A set test, no fit: the admissible set of constants is bracketed by excluding boxes (bounds.py).  What is reported as not
explained is proven so for the readings given; what could be neither excluded nor shown by an example counts as possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.bounds import Bounds, forced
from protocols.tariff.observed import NOMINAL, Constant, Explanation, Failure, Hypothesis, Shown
from protocols.tariff.readings import relevant
from protocols.tariff.rule import Rule, TariffError
from protocols.tariff.tariff import Reading, Tariff
from protocols.tariff.trip import Meter, Trip

Floats = NDArray[np.float64]
RESOLUTION = 1e-4  # of the width of a range
FINEST = 1e-8
MAX_WORK = 3_000_000  # readings of boxes, a paving; some 1 s
PREFIX_WORK = 200_000  # the same, for the first reading that fails, and below the resolution
CHUNK = 512  # boxes at once
MAX_SHOWN = 20_000
MAX_LATTICE = 50_000


@dataclass(frozen=True, slots=True)
class Search:
    """What one paving found; `hull` and `example` are None where there is nothing."""

    hull: Floats | None
    example: Floats | None
    complete: bool


def solve(
    tariffs: Sequence[Tariff], hypotheses: Sequence[Hypothesis], trip: Trip, shown: Sequence[Shown], meter: Meter,
    given: Mapping[str, Mapping[str, str]], slack_m: float = 0.0, slack_kmh: float = 0.0,
) -> list[Explanation]:  # fmt: skip
    """Every reading of every tariff that matters on `trip`, under every hypothesis, in that order.

    given      choices of alternatives by the id of a tariff, where they are known
    slack_m    the distance since the hire is known to within this, at every instant
    slack_kmh  the meter's speed may be off by this where it tells low speed (a course logged each second says no more)
    meter      how it tells low speed; its ratios are those of the hypothesis

    TariffError where nothing was observed, readings lie outside the trip, or more than 20000 are given.
    """
    if not 1 <= len(shown) <= MAX_SHOWN:
        raise TariffError(f"solver: expected 1 to {MAX_SHOWN} readings of the display, got {len(shown)}")
    outside = [o for o in shown if not trip.hired_ns <= o.time_ns <= trip.vacated_ns]
    if outside:
        raise TariffError(
            f"solver: expected readings between hire and end, got one at {outside[0].time_ns} ns; take the trip longer"
        )
    ordered = sorted(shown, key=lambda one: one.time_ns)
    found = []
    for tariff in tariffs:
        for hypothesis in hypotheses:
            low, high = hypothesis.ranges.get(Constant.K_RATIO, (1.0, 1.0))
            ratios = Fraction(low).limit_denominator(10**6), Fraction(high).limit_denominator(10**6)
            declared = trip.declared | _conditions(tariff, hypothesis.forced)
            own = replace(trip, declared=declared)
            furthest = 0
            for reading in relevant(tariff, own, given.get(tariff.id, {}), "displayed", ratios):
                one = explain(tariff, reading, hypothesis, own, ordered, meter, slack_m, furthest, slack_kmh)
                furthest = max(furthest, one.failure.index if one.failure else 0)
                found.append(one)
    return found


def _conditions(tariff: Tariff, windows: frozenset[str]) -> frozenset[str]:
    """Conditions without which forced windows would not hold."""
    return frozenset(w.condition for w in tariff.first({}).rule.windows if w.id in windows and w.condition)


def explain(
    tariff: Tariff, reading: Reading, hypothesis: Hypothesis, trip: Trip, shown: Sequence[Shown], meter: Meter,
    slack_m: float = 0.0, at_least: int = 0, slack_kmh: float = 0.0,
) -> Explanation:  # fmt: skip
    """One reading of a tariff under one hypothesis.  The failure is searched for only from the reading `at_least` on; one
    that fails earlier is told at the index it is known to have failed by."""
    ranges = np.array([hypothesis.ranges.get(one, (NOMINAL[one],) * 2) for one in Constant])
    rule = forced(reading.rule, hypothesis.forced)
    rough = _rough(rule, shown, ranges)
    if rough is not None and rough <= at_least:
        return Explanation(
            tariff.id, hypothesis.name, reading.choices, False, {}, {}, Failure(rough, shown[rough]), True
        )
    k_range = float(ranges[Constant.K_RATIO, 0]), float(ranges[Constant.K_RATIO, 1])
    bounds = Bounds(
        rule, trip, shown, meter, slack_m, k_range, _furthest(rule, trip, ranges, slack_m), slack_kmh
    )  # fmt: skip
    off = _off_lattice(rule, bounds, shown, ranges)
    upto = len(shown) if off is None else off
    search = Search(None, None, True) if off is not None and off <= at_least else pave(bounds, ranges, upto)
    failure = None if off is None else Failure(off, shown[off])
    if search.hull is None and (off is None or off > at_least):
        failure = _failure(bounds, ranges, shown, upto, at_least)
    free = [one for one in Constant if ranges[one, 0] < ranges[one, 1]]
    hull = (
        {}
        if failure or search.hull is None
        else {one: (float(search.hull[one, 0]), float(search.hull[one, 1])) for one in free}
    )
    example = {} if failure or search.example is None else {one: float(search.example[one]) for one in free}
    explained = False if failure else True if search.example is not None else None
    return Explanation(
        tariff.id, hypothesis.name, reading.choices, explained, hull, example, failure, search.complete
    )  # fmt: skip


def _furthest(rule: Rule, trip: Trip, ranges: Floats, slack_m: float) -> float:
    """Metres up to which steps may be charged, at most."""
    waited = (trip.vacated_ns - trip.hired_ns) / 1e9 * float(rule.metres_per_low_second if rule.joint else 0)
    x = ranges[Constant.K_RATIO, 1] * (float(trip.distance_m) + slack_m) + ranges[Constant.CLOCK_RATIO, 1] * waited
    factors = float(np.prod([max(1.0, float(w.unit)) for w in rule.windows if w.shorter_steps] or [1.0]))
    return float((x * factors + ranges[Constant.PRELOAD_M, 1]) / min(1.0, ranges[Constant.STEP_RATIO, 0]) + 1.0)


def pave(bounds: Bounds, ranges: Floats, upto: int, any_will_do: bool = False, work: int = MAX_WORK) -> Search:
    """The hull of what the first `upto` readings leave of `ranges`, by halving boxes and dropping the impossible.

    Boxes between examples already found cannot widen the hull and are dropped too, so the work follows its edges.  Where
    no example is found the boxes left are halved on, down to FINEST: most of what is impossible shows there.
    With `any_will_do` it ends with the first example, and the hull is no more than that it is there.
    """
    width = np.maximum(ranges[:, 1] - ranges[:, 0], 0)
    margin, resolution = width * RESOLUTION / 2, RESOLUTION
    boxes, kept = ranges[None, :, :].copy(), np.zeros((0, *ranges.shape))
    low, high = np.full(len(ranges), np.inf), np.full(len(ranges), -np.inf)
    example, complete = None, True
    nominal = np.clip([NOMINAL[one] for one in Constant], ranges[:, 0], ranges[:, 1])
    if _possible(bounds, np.stack((nominal, nominal), axis=1)[None], upto)[0]:
        example = low = high = nominal
    while len(boxes):
        work -= len(boxes) * (upto + 20)
        if work < 0:
            kept, complete = np.concatenate((kept, boxes)), resolution < RESOLUTION
            break
        boxes = boxes[_possible(bounds, boxes, upto)]
        points = np.repeat(boxes.mean(axis=2)[:, :, None], 2, axis=2)
        good = points[_possible(bounds, points, upto)][:, :, 0]
        if len(good):
            example = good[0] if example is None else example
            low, high = np.minimum(low, good.min(axis=0)), np.maximum(high, good.max(axis=0))
        if any_will_do and example is not None:
            return Search(ranges, example, False)
        inside = ((boxes[:, :, 0] >= low - margin) & (boxes[:, :, 1] <= high + margin)) | (width == 0)
        boxes = boxes[~inside.all(axis=1)]
        sizes = (boxes[:, :, 1] - boxes[:, :, 0]) / np.where(width > 0, width, np.inf)
        done = sizes.max(axis=1, initial=0) <= resolution
        kept, boxes, sizes = np.concatenate((kept, boxes[done])), boxes[~done], sizes[~done]
        boxes = _halved(boxes, sizes.argmax(axis=1)) if len(boxes) else boxes
        if not len(boxes) and example is None and resolution > FINEST:
            boxes, kept, resolution, work = kept, kept[:0], resolution / 8, min(work, PREFIX_WORK)
    ends = [kept[:, :, 0], kept[:, :, 1]] if len(kept) else []
    if example is not None:  # boxes up to a margin beyond the examples were dropped
        ends += [np.maximum(low - margin, ranges[:, 0])[None], np.minimum(high + margin, ranges[:, 1])[None]]
    if not ends:
        return Search(None, None, complete)
    points = np.concatenate(ends)
    return Search(np.stack((points.min(axis=0), points.max(axis=0)), axis=1), example, complete)


def _possible(bounds: Bounds, boxes: Floats, upto: int) -> NDArray[np.bool_]:
    parts = [bounds.possible(boxes[k : k + CHUNK], upto) for k in range(0, len(boxes), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def _halved(boxes: Floats, axis: NDArray[np.int64]) -> Floats:
    rows = np.arange(len(boxes))
    middle = boxes[rows, axis].mean(axis=1)
    left, right = boxes.copy(), boxes.copy()
    left[rows, axis, 1], right[rows, axis, 0] = middle, middle
    return np.concatenate((left, right))


def _failure(bounds: Bounds, ranges: Floats, shown: Sequence[Shown], upto: int, at_least: int) -> Failure:
    """The first reading at which nothing is proven to be left, by halving; the first `upto` are known to leave nothing.

    A prefix that takes too much work to exclude counts as possible, so the reading told may come late, never early.
    """

    def excluded(number: int) -> bool:
        return pave(bounds, ranges, number, any_will_do=True, work=PREFIX_WORK).hull is None

    good, bad = 0, upto
    if 0 < at_least < upto:
        if excluded(at_least):
            return Failure(at_least - 1, shown[at_least - 1])
        good = at_least
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if excluded(middle) else (middle, bad)
    return Failure(bad - 1, shown[bad - 1])


def _off_lattice(rule: Rule, bounds: Bounds, shown: Sequence[Shown], ranges: Floats) -> int | None:
    """The first reading that is no sum of a start price and whole steps, whatever the distance and the time.

    Asked only where prices are those of the tariff; where the sums are too many to be listed, only whether the reading is
    a whole number of steps of the display.
    """
    rough = _rough(rule, shown, ranges)
    if rough is not None or (ranges[[Constant.PRICE_FACTOR, Constant.SHOWN_FACTOR]] != 1).any():
        return rough
    sums = bounds.sums(max(one.fare for one in shown), MAX_LATTICE)
    if sums is None:
        return None
    asked = np.array([float(one.fare / rule.display.step) for one in shown])
    bad = np.flatnonzero(~np.isin(np.rint(asked * 1e6), np.rint(sums * 1e6)))
    return int(bad[0]) if len(bad) else None


def _rough(rule: Rule, shown: Sequence[Shown], ranges: Floats) -> int | None:
    """The first reading that is no whole number of steps of the display."""
    if (ranges[Constant.SHOWN_FACTOR] != 1).any():
        return None
    return next((k for k, one in enumerate(shown) if one.fare % rule.display.step), None)
