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
from harness.acceptance.result import Done, Result, Setting, held, missing, names, summed
from harness.derive.loadings import UNIT_KG, WEIGHTS_U_REL
from harness.derive.parts import number
from harness.judge.intervals import interval_at
from harness.metrology.decision import Decision
from harness.metrology.errors import MetrologyError
from harness.metrology.uncertainty import Budget, Quantity, Shape
from harness.metrology.weighing import STEP_E, before_rounding
from protocols.acceptance.clauses import Judged

NEAR_ZERO, EMPTY = "0", "e"  # points: the load near zero, the empty scale
E, CREEP_4_H = "e", "creep-4-h"
MINUTE_NS, LATE_MIN = 60_000_000_000, 5  # a reading so much early or late is another test


def _e(setting: Setting, load: Decimal) -> Decimal:
    return interval_at(setting.profile, float(load)).e_kg


def _weighed(setting: Setting, done: Done) -> list[Weighed]:
    return weighed(done.acts, UNIT_KG, str(setting.profile.get("unit", "kg")))


def _error(setting: Setting, one: Weighed, zero: Decimal = Decimal(0)) -> Decimal | None:
    """Error before rounding in kg, less `zero`; None where no indication or no changeover point was found.  Interval and limit are those of the
    net load, which is what is displayed (R 76-1, 3.5.3.3)."""
    if one.added is None or one.shown is None:
        return None
    try:
        return before_rounding(one.shown, one.net, _e(setting, one.net), one.added, zero).corrected
    except MetrologyError:
        return None


def _zero(setting: Setting, done: Sequence[Weighed], repeat: int) -> tuple[Decimal, Decimal] | None:
    """Error near zero of a series, and the load that told it."""
    near = [one for one in done if one.point == NEAR_ZERO and one.repeat == repeat]
    found = None if not near else _error(setting, near[0])
    return None if found is None else (found, near[0].load)


def _budget(setting: Setting, value: Decimal, load: Decimal, zero: Decimal | None) -> Budget:
    """In e: half a step of the small weights at each of the two changeover points, and what is not known of the weights."""
    e, half = float(_e(setting, load)), float(STEP_E) / 2
    u_rel = float(number(setting.reference.get("u_rel")) or WEIGHTS_U_REL)
    parts = [
        Quantity.within("changeover point", 0.0, half, E, Shape.RECTANGULAR, "step of the small weights"),
        *([] if zero is None else [Quantity.within("changeover point near zero", 0.0, half, E, Shape.RECTANGULAR, "step of the small weights")]),
        Quantity("weights", 0.0, u_rel * float(load) / e, E, source="certificate of the weights"),
    ]  # fmt: skip
    return summed(float(value) / e, parts)


def limits_e(setting: Setting, judged: Judged, load: Decimal) -> tuple[float, float]:
    """Both sides, in e: the maximum permissible error at the load, or a limit that is a multiple of it, or one in e."""
    own = setting.edition.limit(judged.limit) if judged.limit in names(setting.edition) else None
    if own is not None and own.unit in ("e", "d") and not own.is_step:
        return -float(own.value), float(own.value)
    initial = setting.profile.get("limits", "in-service") == "initial"
    found = setting.edition.mpe(
        load / _e(setting, load), str(setting.profile.get("accuracy_class", "III")), not initial
    )
    most = float(found.value) * (float(own.value) if own is not None and not own.is_step else 1.0)
    return -most, most


def weighing_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    seen = _weighed(setting, done)
    rows = []
    for one in seen:
        if one.point == NEAR_ZERO:
            continue
        at = _at(done, one)
        zero = _zero(setting, seen, one.repeat)
        found = None if zero is None else _error(setting, one, zero[0])
        if found is None or zero is None:
            rows.append(missing(setting, done, judged, at, E, reasons.NO_CHANGEOVER))
            continue
        limits = limits_e(setting, judged, one.net)
        rows.append(
            held(setting, done, judged, at, E, 1, _budget(setting, found, one.net, zero[0]), limits, [one.place])
        )
    return rows or [missing(setting, done, judged, "", E, reasons.NO_CHANGEOVER)]  # fmt: skip


def raw_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """As `weighing_error` and that of the load near zero, none corrected: an influence may shift zero too."""
    rows = []
    for one in _weighed(setting, done):
        found = _error(setting, one)
        if found is None:
            rows.append(missing(setting, done, judged, _at(done, one), E, reasons.NO_CHANGEOVER))
            continue
        free = (-math.inf, math.inf)
        rows.append(
            held(setting, done, judged, _at(done, one), E, 1, _budget(setting, found, one.net, None), free, [one.place])
        )
    return rows


def spread(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Greatest less least error of several weighings of one load (3.6.1)."""
    seen, rows = _weighed(setting, done), []
    for point in range(1, len(done.test.points) + 1):
        own = [one for one in seen if one.point == str(point) and not one.tail]
        errors = [error for one in own if (error := _error(setting, one)) is not None]
        at = done.at(point)
        if len(errors) < max(2, done.test.repeats):
            rows.append(
                missing(setting, done, judged, at, E, reasons.TOO_FEW.format(n=len(errors), wanted=done.test.repeats))
            )
            continue
        e, half = float(_e(setting, own[0].load)), float(STEP_E) / 2
        parts = [
            Quantity.within(f"changeover point of the {name}", 0.0, half, E, Shape.RECTANGULAR)
            for name in ("greatest", "least")
        ]
        found = summed(float(max(errors) - min(errors)) / e, parts)
        limits = -math.inf, limits_e(setting, judged, own[0].load)[1]
        rows.append(held(setting, done, judged, at, E, len(errors), found, limits, [one.place for one in own]))
    return rows  # fmt: skip


def zero_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Error near zero after zero was set, or after tare was taken (4.5.2, 4.6.3)."""
    rows = []
    for one in _weighed(setting, done):
        found = _error(setting, one)
        at = _at(done, one)
        if found is None:
            rows.append(missing(setting, done, judged, at, E, reasons.NO_CHANGEOVER))
            continue
        rows.append(
            held(
                setting,
                done,
                judged,
                at,
                E,
                1,
                _budget(setting, found, one.net, None),
                limits_e(setting, judged, one.net),
                [one.place],
            )
        )
    return rows or [missing(setting, done, judged, "", E, reasons.NO_CHANGEOVER)]  # fmt: skip


def indication_change(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """By how many intervals the indication rose when 1.4 d were added gently: one at least (3.8.2.2)."""
    seen, rows = _weighed(setting, done), []
    for point, first, more in _pairs(seen, "", "m"):
        if not point:
            continue
        if more.shown is None or first.shown is None:
            rows.append(missing(setting, done, judged, _at(done, first), "d", reasons.NO_PAIR))
            continue
        value = float((more.shown - first.shown) / _e(setting, first.load))
        rows.append(
            held(setting, done, judged, _at(done, first), "d", 1, value, (1.0, math.inf), [first.place, more.place])
        )
    return rows or [missing(setting, done, judged, "", "d", reasons.NO_PAIR)]  # fmt: skip


def _moved(setting: Setting, done: Done, judged: Judged, first: str, second: str, minutes: int) -> list[Result]:
    """How far the indication before rounding moved between two readings under one load, in e."""
    seen, rows = _weighed(setting, done), []
    for _, one, other in _pairs(seen, first, second):
        before, after = _error(setting, one), _error(setting, other)
        if abs((other.t_ns - one.t_ns) / MINUTE_NS - minutes) > LATE_MIN:
            rows.append(missing(setting, done, judged, _at(done, one), E, reasons.NOT_IN_TIME.format(minutes=minutes)))
            continue
        if before is None or after is None:
            rows.append(missing(setting, done, judged, _at(done, one), E, reasons.NO_CHANGEOVER))
            continue
        half = float(STEP_E) / 2
        parts = [
            Quantity.within(f"changeover point, {name}", 0.0, half, E, Shape.RECTANGULAR)
            for name in ("first", "second")
        ]
        found = summed(float(after - before) / float(_e(setting, one.load)), parts)
        rows.append(
            held(
                setting,
                done,
                judged,
                _at(done, one),
                E,
                2,
                found,
                limits_e(setting, judged, one.net),
                [one.place, other.place],
            )
        )
    return rows or [missing(setting, done, judged, "", E, reasons.NO_PAIR)]  # fmt: skip


def creep_30(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    return _four_hours(setting, _moved(setting, done, judged, "m0", "m30", 30))


def creep_15_30(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    return _four_hours(setting, _moved(setting, done, judged, "m15", "m30", 15))


def _four_hours(setting: Setting, rows: list[Result]) -> list[Result]:
    """What half an hour does not decide four hours do, where the edition has that limit (3.9.4.1): nothing fails before."""
    if CREEP_4_H not in names(setting.edition):
        return rows
    return [
        replace(row, decision=Decision.INCONCLUSIVE, producer=0.0, why=reasons.FOUR_HOURS)
        if row.decision is Decision.FAIL
        else row
        for row in rows
    ]


def zero_return(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Error near zero after the load less that before it (3.9.4.2)."""
    seen, rows = _weighed(setting, done), []
    for after in (one for one in seen if one.tail == "z"):
        before, found = _zero(setting, seen, after.repeat), _error(setting, after)
        if before is None or found is None:
            rows.append(missing(setting, done, judged, _at(done, after), E, reasons.NO_CHANGEOVER))
            continue
        moved = _budget(setting, found - before[0], after.load, before[0])
        limits = limits_e(setting, judged, after.load)
        rows.append(held(setting, done, judged, _at(done, after), E, 2, moved, limits, [after.place]))
    return rows or [missing(setting, done, judged, "", E, reasons.NO_CHANGEOVER)]


def price_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Price to pay less unit price times displayed weight, in payment steps: exact, of each load that showed a price."""
    step, rows = number(setting.profile.get("price_step")), []
    for one in _weighed(setting, done):
        if one.point == EMPTY:
            continue
        shown, unit, weight = (number(one.says.get(what)) for what in ("price", "unit_price", "weight"))
        per_other = "per" in one.says and one.says["per"] != one.says.get("unit", setting.profile.get("unit", "kg"))
        if one.shown is None or shown is None or unit is None or weight is None or step is None or per_other:
            rows.append(missing(setting, done, judged, _at(done, one), "payment step", reasons.NO_PRICE))
            continue
        most = float(setting.edition.limit(judged.limit).value)
        value = float((shown - unit * weight) / step)  # the unit price is for the unit that is displayed
        rows.append(held(setting, done, judged, _at(done, one), "payment step", 1, value, (-most, most), [one.place]))
    return rows or [missing(setting, done, judged, "", "payment step", reasons.NO_PRICE)]


def _pairs(seen: Sequence[Weighed], first: str, second: str) -> Iterable[tuple[str, Weighed, Weighed]]:
    for one in seen:
        if one.tail == first and one.point != NEAR_ZERO:
            for other in seen:
                if (other.point, other.repeat, other.tail) == (one.point, one.repeat, second):
                    yield one.point, one, other


def _at(done: Done, one: Weighed) -> str:
    """The point as the edition writes it, the place, and which repeat."""
    point = "near zero" if one.point == NEAR_ZERO or not done.test.points else done.at(int(one.point))
    falling = ["falling"] if one.tail == "f" else []
    place = [one.position] if one.position not in ("centre", "middle") or one.tail.startswith("p") else []
    again = [f"#{one.repeat}"] if done.test.repeats > 1 else []
    return ", ".join([point, *falling, *place, *again])


OF_SCALES: Mapping[str, Callable[[Setting, Done, Judged], list[Result]]] = {
    "weighing-error": weighing_error, "spread": spread, "zero-error": zero_error, "indication-change": indication_change, "creep-30-min": creep_30,
    "creep-15-30-min": creep_15_30, "zero-return": zero_return, "price-error": price_error,
}  # fmt: skip
