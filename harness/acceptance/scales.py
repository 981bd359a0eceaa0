"""Formulas of weighing instruments (OIML R 76-1:2006, 3.5 to 3.9 and A.4): errors before rounding, in verification scale intervals e.

P = I + e/2 - dL from the changeover point, E = P - L, corrected by the error at or near zero of the same series.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from harness.acceptance import reasons
from harness.acceptance.observed import Weighed, weighed
from harness.acceptance.result import Asked, Formula, Result, names, summed
from harness.derive.loadings import UNIT_KG, WEIGHTS_U_REL
from harness.derive.parts import number
from harness.judge.intervals import interval_at
from harness.metrology.decision import Decision
from harness.metrology.errors import MetrologyError
from harness.metrology.uncertainty import Budget, Quantity, Shape
from harness.metrology.weighing import STEP_E, before_rounding
from harness.metrology.weighing import spread as spread_of

NEAR_ZERO, EMPTY = "0", "e"  # points: the load near zero, the empty scale
E, CREEP_4_H = "e", "creep-4-h"
MINUTE_NS, LATE_MIN = 60_000_000_000, 5  # a reading so much early or late is another test


def _e(asked: Asked, load: Decimal) -> Decimal:
    return interval_at(asked.profile, float(load)).e_kg


def _weighed(asked: Asked) -> list[Weighed]:
    return weighed(asked.done.acts, UNIT_KG, str(asked.profile.get("unit", "kg")))


def _error(asked: Asked, one: Weighed, zero: Decimal = Decimal(0)) -> Decimal | None:
    """Error before rounding in kg, less `zero`; None where no indication or no changeover point was found.  Interval and limit are those of the
    net load, which is what is displayed (R 76-1, 3.5.3.3)."""
    if one.added is None or one.shown is None:
        return None
    try:
        return before_rounding(one.shown, one.net, _e(asked, one.net), one.added, zero).corrected
    except MetrologyError:
        return None


def _zero(asked: Asked, seen: Sequence[Weighed], repeat: int) -> tuple[Decimal, Decimal] | None:
    """Error near zero of a series, and the load that told it."""
    near = [one for one in seen if one.point == NEAR_ZERO and one.repeat == repeat]
    found = None if not near else _error(asked, near[0])
    return None if found is None else (found, near[0].load)


def _changeover(which: str) -> Quantity:
    """Half a step of the small weights, in e."""
    return Quantity.within(
        f"changeover point{which}", 0.0, float(STEP_E) / 2, E, Shape.RECTANGULAR, "step of the small weights"
    )


def _budget(asked: Asked, value: Decimal, load: Decimal, zero: Decimal | None) -> Budget:
    """In e: the changeover points at the load and near zero, and what is not known of the weights."""
    e, u_rel = float(_e(asked, load)), float(number(asked.setting.reference.get("u_rel")) or WEIGHTS_U_REL)
    weights = Quantity("weights", 0.0, u_rel * float(load) / e, E, source="certificate of the weights")
    near = [] if zero is None else [_changeover(" near zero")]
    return summed(float(value) / e, [_changeover(""), *near, weights])


def limits_e(asked: Asked, load: Decimal) -> tuple[float, float]:
    """Both sides, in e: the maximum permissible error at the load, or a limit that is a multiple of it, or one in e."""
    own = asked.edition.limit(asked.judged.limit) if asked.judged.limit in names(asked.edition) else None
    if own is not None and own.unit in ("e", "d") and not own.is_step:
        return -float(own.value), float(own.value)
    initial = asked.profile.get("limits", "in-service") == "initial"
    found = asked.edition.mpe(load / _e(asked, load), str(asked.profile.get("accuracy_class", "III")), not initial)
    most = float(found.value) * (float(own.value) if own is not None and not own.is_step else 1.0)
    return -most, most


def weighing_error(asked: Asked) -> list[Result]:
    seen = _weighed(asked)
    rows = []
    for one in seen:
        if one.point == NEAR_ZERO:
            continue
        at = _at(asked, one)
        zero = _zero(asked, seen, one.repeat)
        found = None if zero is None else _error(asked, one, zero[0])
        if found is None or zero is None:
            rows.append(asked.missing(at, E, reasons.NO_CHANGEOVER))
            continue
        limits = limits_e(asked, one.net)
        rows.append(asked.held(at, E, 1, _budget(asked, found, one.net, zero[0]), limits, [one.place]))
    return rows or [asked.missing("", E, reasons.NO_CHANGEOVER)]


def _uncorrected(asked: Asked, limits: Callable[[Weighed], tuple[float, float]]) -> list[Result]:
    """The error of every load, that near zero among them, by which none is corrected."""
    rows = []
    for one in _weighed(asked):
        found, at = _error(asked, one), _at(asked, one)
        if found is None:
            rows.append(asked.missing(at, E, reasons.NO_CHANGEOVER))
            continue
        rows.append(asked.held(at, E, 1, _budget(asked, found, one.net, None), limits(one), [one.place]))
    return rows or [asked.missing("", E, reasons.NO_CHANGEOVER)]


def raw_error(asked: Asked) -> list[Result]:
    """What a fault is counted in, without a limit of its own: an influence may shift zero too."""
    return _uncorrected(asked, lambda one: (-math.inf, math.inf))


def zero_error(asked: Asked) -> list[Result]:
    """Error near zero after zero was set, or after tare was taken (4.5.2, 4.6.3)."""
    return _uncorrected(asked, lambda one: limits_e(asked, one.net))


def spread(asked: Asked) -> list[Result]:
    """Greatest less least error of several weighings of one load (3.6.1)."""
    seen, rows = _weighed(asked), []
    for point in range(1, len(asked.test.points) + 1):
        own = [one for one in seen if one.point == str(point) and not one.tail]
        if not own:
            continue  # a step that ends beyond Max
        errors = [error for one in own if (error := _error(asked, one)) is not None]
        at, n = asked.done.at(point), len(errors)
        if n < max(2, asked.test.repeats):
            rows.append(asked.missing(at, E, reasons.TOO_FEW.format(n=n, wanted=asked.test.repeats)))
            continue
        value = float(spread_of(tuple(errors))) / float(_e(asked, own[0].load))
        found = summed(value, [_changeover(" of the greatest"), _changeover(" of the least")])
        limits = -math.inf, limits_e(asked, own[0].load)[1]
        rows.append(asked.held(at, E, n, found, limits, [one.place for one in own]))
    return rows or [asked.missing("", E, reasons.NO_CHANGEOVER)]


def indication_change(asked: Asked) -> list[Result]:
    """By how many intervals the indication rose when 1.4 d were added gently: one at least (3.8.2.2)."""
    rows = []
    for first, more in _pairs(_weighed(asked), "", "m"):
        at, places = _at(asked, first), (first.place, more.place)
        if more.shown is None or first.shown is None:
            rows.append(asked.missing(at, "d", reasons.NO_PAIR))
            continue
        value = float((more.shown - first.shown) / _e(asked, first.load))
        rows.append(asked.held(at, "d", 1, value, (1.0, math.inf), places))
    return rows or [asked.missing("", "d", reasons.NO_PAIR)]


def _moved(asked: Asked, first: str, second: str, minutes: int) -> list[Result]:
    """How far the indication before rounding moved between two readings under one load, in e.  What half an hour does not decide four hours do,
    where the edition has that limit (3.9.4.1): nothing fails before."""
    rows = []
    for one, other in _pairs(_weighed(asked), first, second):
        before, after, at = _error(asked, one), _error(asked, other), _at(asked, one)
        if abs((other.t_ns - one.t_ns) / MINUTE_NS - minutes) > LATE_MIN:
            rows.append(asked.missing(at, E, reasons.NOT_IN_TIME.format(minutes=minutes)))
            continue
        if before is None or after is None:
            rows.append(asked.missing(at, E, reasons.NO_CHANGEOVER))
            continue
        value = float(after - before) / float(_e(asked, one.load))
        found = summed(value, [_changeover(", first"), _changeover(", second")])
        row = asked.held(at, E, 2, found, limits_e(asked, one.net), (one.place, other.place))
        if row.decision is Decision.FAIL and CREEP_4_H in names(asked.edition):
            row = replace(row, decision=Decision.INCONCLUSIVE, producer=0.0, why=reasons.FOUR_HOURS)
        rows.append(row)
    return rows or [asked.missing("", E, reasons.NO_PAIR)]


def creep_30(asked: Asked) -> list[Result]:
    return _moved(asked, "m0", "m30", 30)


def creep_15_30(asked: Asked) -> list[Result]:
    return _moved(asked, "m15", "m30", 15)


def zero_return(asked: Asked) -> list[Result]:
    """Error near zero after the load less that before it (3.9.4.2)."""
    seen, rows = _weighed(asked), []
    for after in (one for one in seen if one.tail == "z"):
        before, found = _zero(asked, seen, after.repeat), _error(asked, after)
        if before is None or found is None:
            rows.append(asked.missing(_at(asked, after), E, reasons.NO_CHANGEOVER))
            continue
        moved = _budget(asked, found - before[0], after.load, before[0])
        limits = limits_e(asked, after.load)
        rows.append(asked.held(_at(asked, after), E, 2, moved, limits, [after.place]))
    return rows or [asked.missing("", E, reasons.NO_CHANGEOVER)]


def price_error(asked: Asked) -> list[Result]:
    """Price to pay less unit price times displayed weight, in payment steps: exact, of each load that showed a price."""
    step, rows = number(asked.profile.get("price_step")), []
    for one in _weighed(asked):
        if one.point == EMPTY:
            continue
        shown, unit, weight = (number(one.says.get(what)) for what in ("price", "unit_price", "weight"))
        per_other = "per" in one.says and one.says["per"] != one.says.get("unit", asked.profile.get("unit", "kg"))
        if one.shown is None or shown is None or unit is None or weight is None or step is None or per_other:
            rows.append(asked.missing(_at(asked, one), "payment step", reasons.NO_PRICE))
            continue
        value = float((shown - unit * weight) / step)  # the unit price is for the unit that is displayed
        rows.append(asked.held(_at(asked, one), "payment step", 1, value, (-asked.most, asked.most), [one.place]))
    return rows or [asked.missing("", "payment step", reasons.NO_PRICE)]


def _pairs(seen: Sequence[Weighed], first: str, second: str) -> Iterable[tuple[Weighed, Weighed]]:
    """Readings of one point and repeat with these tails."""
    for one in seen:
        if one.tail == first and one.point != NEAR_ZERO:
            for other in seen:
                if (other.point, other.repeat, other.tail) == (one.point, one.repeat, second):
                    yield one, other


def _at(asked: Asked, one: Weighed) -> str:
    """The point as the edition writes it, the place, and which repeat."""
    point = "near zero" if one.point == NEAR_ZERO or not asked.test.points else asked.done.at(int(one.point))
    falling = ["falling"] if one.tail == "f" else []
    place = [one.position] if one.position not in ("centre", "middle") or one.tail.startswith("p") else []
    again = [f"#{one.repeat}"] if asked.test.repeats > 1 else []
    return ", ".join([point, *falling, *place, *again])


OF_SCALES: Mapping[str, Formula] = {
    "weighing-error": weighing_error, "spread": spread, "zero-error": zero_error, "indication-change": indication_change, "creep-30-min": creep_30,
    "creep-15-30-min": creep_15_30, "zero-return": zero_return, "price-error": price_error,
}  # fmt: skip
