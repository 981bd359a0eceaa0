"""Formulas of dispensers of fuel and gas: error of indication, its mean, repeatability, amount (fuel_dispensers.md 3.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.acceptance import reasons
from harness.acceptance.observed import LABEL
from harness.acceptance.result import Done, Result, Setting, held, missing, summed
from harness.derive.parts import number
from harness.judge.contract import Segment
from harness.judge.errors_of_indication import Told, told
from harness.metrology.repeatability import repeatability as repeatability_of
from harness.metrology.uncertainty import Budget, Quantity
from protocols.acceptance.clauses import Judged
from protocols.acceptance.edition import MPE


@dataclass(frozen=True)
class _Run:
    segment: Segment
    told: Told
    place: str


def _runs(setting: Setting, done: Done, point: int) -> list[_Run] | str:
    """The runs at a point, or why they cannot be used: a mean of fewer runs is another figure."""
    found: list[_Run] = []
    for act in done.acts:
        own = LABEL.fullmatch(act.label)
        if act.kind != "Deliver" or own is None or own["point"] != str(point):
            continue
        segment = setting.segments.get(act.label)
        seen = None if segment is None or not segment.complete else told(segment, setting.profile)
        if segment is None or seen is None:
            return reasons.NOT_MEASURED.format(label=act.label)
        found.append(_Run(segment, seen, act.place))
    if len(found) < done.test.repeats:
        return reasons.TOO_FEW.format(n=len(found), wanted=done.test.repeats)
    return found


def _mean(runs: Sequence[_Run]) -> Budget:
    """Mean error with the scatter of the runs, what each could not tell, and what the reference has in common for all of them."""
    errors = [run.told.error for run in runs]
    n = len(errors)
    scatter = Quantity.observed("scatter of the runs", errors).u if n > 1 else 0.0
    parts = [
        Quantity("scatter of the runs", 0.0, scatter, "1", dof=n - 1) if n > 1 else Quantity("scatter of the runs", 0.0, 0.0, "1"),
        Quantity("reading and resolution", 0.0, max(run.told.run for run in runs) / math.sqrt(n), "1"),
        Quantity("reference", 0.0, max(run.told.common for run in runs), "1", source="certificate of the standard"),
    ]  # fmt: skip
    return summed(math.fsum(errors) / n, parts)


def _limits(setting: Setting, judged: Judged, litres: float) -> tuple[float, float]:
    """Relative, both sides; the maximum permissible error itself by the step of its volume."""
    limit = setting.edition.limit(judged.limit)
    if judged.limit == MPE:
        most = float(setting.edition.mpe_l(Decimal(str(litres)))) / litres
    else:
        most = float(limit.value) / litres if limit.unit == "L" else float(limit.value)
    return -most, most


def _each(
    setting: Setting, done: Done, judged: Judged, of: Callable[[list[_Run], str], Sequence[Result]]
) -> list[Result]:
    rows: list[Result] = []
    for point in range(1, len(done.test.points) + 1):
        runs = _runs(setting, done, point)
        rows += (
            [missing(setting, done, judged, done.at(point), "1", runs)]
            if isinstance(runs, str)
            else of(runs, done.at(point))
        )
    return rows  # fmt: skip


def mean_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    def of(runs: list[_Run], at: str) -> list[Result]:
        found = _mean(runs)
        limits = _limits(setting, judged, _litres(runs[0].segment, at))
        return [held(setting, done, judged, at, "1", len(runs), found, limits, [run.place for run in runs])]

    return _each(setting, done, judged, of)


def error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Each delivery for itself."""

    def of(runs: list[_Run], at: str) -> list[Result]:
        rows = []
        for n, run in enumerate(runs, 1):
            limits = _limits(setting, judged, _litres(run.segment, at))
            rows.append(held(setting, done, judged, f"{at}, {n}", "1", 1, _mean([run]), limits, [run.place]))
        return rows

    return _each(setting, done, judged, of)


def repeatability(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """En = (Emax - Emin) / d_n; the limit is set on the figure itself."""

    def of(runs: list[_Run], at: str) -> list[Result]:
        if len(runs) < 2:
            return [missing(setting, done, judged, at, "1", reasons.ONE_RUN)]
        value = repeatability_of([run.told.error for run in runs]).by_range
        high = float(setting.edition.limit(judged.limit).value)
        return [held(setting, done, judged, at, "1", len(runs), value, (-math.inf, high), [run.place for run in runs])]

    return _each(setting, done, judged, of)


def spread(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Greatest less least error of the runs."""
    return _spread(setting, done, judged, "1", lambda litres: 1.0)


def spread_of_mpe(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """The same as a share of the maximum permissible error."""
    return _spread(
        setting, done, judged, "of the MPE", lambda litres: float(setting.edition.mpe_l(Decimal(str(litres)))) / litres
    )


def _spread(setting: Setting, done: Done, judged: Judged, unit: str, size: Callable[[float], float]) -> list[Result]:
    def of(runs: list[_Run], at: str) -> list[Result]:
        errors = [run.told.error for run in runs]
        value = (max(errors) - min(errors)) / size(_litres(runs[0].segment, at))
        high = float(setting.edition.limit(judged.limit).value)
        return [held(setting, done, judged, at, unit, len(runs), value, (-math.inf, high), [run.place for run in runs])]

    return _each(setting, done, judged, of)


def amount_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Displayed amount less unit price times displayed quantity, in payment steps: exact, the largest of the deliveries at a point.

    A step is what one interval of the displayed quantity costs, or one of the money where that is more: the amount follows from what was measured and
    not from what is displayed of it, and is rounded to money by half an interval (field_rules.md 4, amount law).
    """
    money, price = number(setting.profile.get("amount_resolution")), number(setting.profile.get("price"))

    def of(runs: list[_Run], at: str) -> list[Result]:
        apart = []
        for run in runs:
            amount, shown = run.segment.registers.get("amount"), run.segment.registers.get("display")
            own = number(run.segment.context.get("price")) or price
            if amount is None or shown is None or not amount.values or not shown.values or own is None or money is None:
                return [
                    missing(
                        setting,
                        done,
                        judged,
                        at,
                        "payment step",
                        reasons.NO_AMOUNT.format(label=run.segment.id),
                    )
                ]
            step = max(money, own * shown.resolution)
            off = amount.values[-1] - own * shown.values[-1]
            apart.append(max(abs(off) - money / 2, Decimal(0)).copy_sign(off) / step)
        worst, most = max(apart, key=abs), float(setting.edition.limit(judged.limit).value)
        return [
            held(
                setting,
                done,
                judged,
                at,
                "payment step",
                len(runs),
                float(worst),
                (-most, most),
                [run.place for run in runs],
            )
        ]

    return _each(setting, done, judged, of)  # fmt: skip


def _litres(segment: Segment, at: str) -> float:
    display = segment.registers.get("display")
    return float(display.values[-1]) if display is not None and display.values else float(at.split()[0])


OF_LIQUIDS: Mapping[str, Callable[[Setting, Done, Judged], list[Result]]] = {
    "error": error, "mean-error": mean_error, "repeatability": repeatability, "range": spread, "range-share": spread_of_mpe, "amount-error": amount_error,
}  # fmt: skip
