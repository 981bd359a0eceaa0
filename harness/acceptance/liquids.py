"""Formulas of dispensers of fuel and gas: error of indication, its mean, repeatability, amount (fuel_dispensers.md 3.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.acceptance import reasons
from harness.acceptance.observed import LABEL
from harness.acceptance.result import Asked, Formula, Result, summed
from harness.derive.parts import number
from harness.judge.contract import Segment
from harness.judge.errors_of_indication import Told, told
from harness.metrology.repeatability import repeatability as repeatability_of
from harness.metrology.uncertainty import Budget, Quantity
from protocols.acceptance.edition import MPE

STEP = "payment step"


@dataclass(frozen=True)
class _Run:
    segment: Segment
    told: Told
    place: str


def _runs(asked: Asked, point: int) -> list[_Run] | str:
    """The runs at a point, or why they cannot be used: a mean of fewer runs is another figure."""
    found: list[_Run] = []
    for act in asked.done.acts:
        own = LABEL.fullmatch(act.label)
        if act.kind != "Deliver" or own is None or own["point"] != str(point):
            continue
        segment = asked.setting.segments.get(act.label)
        seen = None if segment is None or not segment.complete else told(segment, asked.profile)
        if segment is None or seen is None:
            return reasons.NOT_MEASURED.format(label=act.label)
        found.append(_Run(segment, seen, act.place))
    if len(found) < asked.test.repeats:
        return reasons.TOO_FEW.format(n=len(found), wanted=asked.test.repeats)
    return found


def _mean(runs: Sequence[_Run]) -> Budget:
    """Mean error with the scatter of the runs, what each could not tell, and what the reference has in common for all of them."""
    errors = [run.told.error for run in runs]
    n = len(errors)
    parts = [
        *([Quantity("scatter of the runs", 0.0, Quantity.observed("", errors).u, "1", dof=n - 1)] if n > 1 else []),
        Quantity("reading and resolution", 0.0, max(run.told.run for run in runs) / math.sqrt(n), "1"),
        Quantity("reference", 0.0, max(run.told.common for run in runs), "1", source="certificate of the standard"),
    ]
    return summed(math.fsum(errors) / n, parts)


def _limits(asked: Asked, litres: float) -> tuple[float, float]:
    """Relative, both sides; the maximum permissible error itself by the step of its volume."""
    limit = asked.edition.limit(asked.judged.limit)
    if asked.judged.limit == MPE:
        most = mpe_rel(asked, litres)
    else:
        most = float(limit.value) / litres if limit.unit == "L" else float(limit.value)
    return -most, most


def mpe_rel(asked: Asked, litres: float) -> float:
    """Relative; never less than Emin of the minimum measured quantity, where one is declared and the edition has Emin."""
    least = number(asked.profile.get("minimum_quantity_l")) or Decimal(0)
    return float(asked.edition.mpe_l(Decimal(str(litres)), least)) / litres


def _each(asked: Asked, of: Callable[[list[_Run], str], Sequence[Result]]) -> list[Result]:
    rows: list[Result] = []
    for point in range(1, len(asked.test.points) + 1):
        runs = _runs(asked, point)
        rows += (
            [asked.missing(asked.done.at(point), "1", runs)]
            if isinstance(runs, str)
            else of(runs, asked.done.at(point))
        )
    return rows


def mean_error(asked: Asked) -> list[Result]:
    def of(runs: list[_Run], at: str) -> list[Result]:
        found = _mean(runs)
        limits = _limits(asked, _litres(runs[0].segment, at))
        return [asked.held(at, "1", len(runs), found, limits, [run.place for run in runs])]

    return _each(asked, of)


def error(asked: Asked) -> list[Result]:
    """Each delivery for itself."""

    def of(runs: list[_Run], at: str) -> list[Result]:
        rows = []
        for n, run in enumerate(runs, 1):
            limits = _limits(asked, _litres(run.segment, at))
            rows.append(asked.held(f"{at}, {n}", "1", 1, _mean([run]), limits, [run.place]))
        return rows

    return _each(asked, of)


def repeatability(asked: Asked) -> list[Result]:
    """En = (Emax - Emin) / d_n; the limit is set on the figure itself."""

    def of(runs: list[_Run], at: str) -> list[Result]:
        if len(runs) < 2:
            return [asked.missing(at, "1", reasons.ONE_RUN)]
        value = repeatability_of([run.told.error for run in runs]).by_range
        return [asked.held(at, "1", len(runs), value, (-math.inf, asked.most), [run.place for run in runs])]

    return _each(asked, of)


def spread(asked: Asked) -> list[Result]:
    """Greatest less least error of the runs."""
    return _spread(asked, "1", lambda litres: 1.0)


def spread_of_mpe(asked: Asked) -> list[Result]:
    """The same as a share of the maximum permissible error."""
    return _spread(asked, "of the MPE", lambda litres: mpe_rel(asked, litres))


def _spread(asked: Asked, unit: str, size: Callable[[float], float]) -> list[Result]:
    def of(runs: list[_Run], at: str) -> list[Result]:
        errors = [run.told.error for run in runs]
        value = (max(errors) - min(errors)) / size(_litres(runs[0].segment, at))
        return [asked.held(at, unit, len(runs), value, (-math.inf, asked.most), [run.place for run in runs])]

    return _each(asked, of)


def amount_error(asked: Asked) -> list[Result]:
    """Displayed amount less unit price times displayed quantity, in payment steps: exact, the largest of the deliveries at a point.

    A step is what one interval of the displayed quantity costs, or one of the money where that is more: the amount follows from what was measured and
    not from what is displayed of it, and is rounded to money by half an interval (field_rules.md 4, amount law).
    """
    money, price = number(asked.profile.get("amount_resolution")), number(asked.profile.get("price"))

    def of(runs: list[_Run], at: str) -> list[Result]:
        apart = []
        for run in runs:
            amount, shown = run.segment.registers.get("amount"), run.segment.registers.get("display")
            own = number(run.segment.context.get("price")) or price
            if amount is None or shown is None or not amount.values or not shown.values or own is None or money is None:
                return [asked.missing(at, STEP, reasons.NO_AMOUNT.format(label=run.segment.id))]
            step = max(money, own * shown.resolution)
            off = amount.values[-1] - own * shown.values[-1]
            apart.append(max(abs(off) - money / 2, Decimal(0)).copy_sign(off) / step)
        worst, limits = float(max(apart, key=abs)), (-asked.most, asked.most)
        return [asked.held(at, STEP, len(runs), worst, limits, [run.place for run in runs])]

    return _each(asked, of)


def _litres(segment: Segment, at: str) -> float:
    display = segment.registers.get("display")
    return float(display.values[-1]) if display is not None and display.values else float(at.split()[0])


OF_LIQUIDS: Mapping[str, Formula] = {
    "error": error, "mean-error": mean_error, "repeatability": repeatability, "range": spread, "range-share": spread_of_mpe, "amount-error": amount_error,
}  # fmt: skip
