"""One result of a test: what was computed, its budget, its limit, and what follows under the decision rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from harness.acceptance import reasons
from harness.acceptance.observed import Act
from harness.judge.contract import Segment
from harness.metrology.decision import Decision, Rule, Tolerance, decide
from harness.metrology.uncertainty import Budget, Quantity, budget
from protocols.acceptance import Edition
from protocols.acceptance.clauses import Judged, Test

STANDARDS = ("reference", "weights")  # lines of a budget that are the same before and after


@dataclass(frozen=True)
class Setting:
    """What the formulas are told beside the acts of a test.  `readings`: what the laws of the family said of each segment."""

    edition: Edition
    profile: Mapping[str, Any]
    reference: Mapping[str, Any]
    segments: Mapping[str, Segment]
    rule: Rule
    readings: Sequence[Mapping[str, Any]] = ()
    known: dict[tuple[str, str], Result] = field(
        default_factory=dict
    )  # errors by test and point, for faults to be counted from


@dataclass(frozen=True)
class Result:
    """`value` with standard uncertainty `u` in `unit`, held against `low` to `high` of the limit; None where nothing could be computed, and then
    `why`.  `consumer`, `producer`: specific risks of this decision (JCGM 106, 9.3).  `places`: where in the journal its readings stand."""

    test: str
    formula: str
    limit: str
    at: str
    n: int
    unit: str
    value: float | None
    u: float | None
    k: float
    low: float | None
    high: float | None
    decision: Decision
    p: float | None
    consumer: float
    producer: float
    verified: bool
    clause: str
    budget: tuple[Mapping[str, Any], ...] = ()
    places: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Done:
    """A test with what was done under it."""

    test: Test
    acts: tuple[Act, ...]

    def at(self, point: int) -> str:
        return self.test.points[point - 1]


def held(
    setting: Setting,
    done: Done,
    judged: Judged,
    at: str,
    unit: str,
    n: int,
    found: Budget | float,
    limits: tuple[float, float],
    places: Sequence[str] = (),
) -> Result:
    """A figure against its limits; one that is exact has no uncertainty.  A risk is shared only as far as the edition says: where it says nothing of
    this limit, a figure with uncertainty decides nothing."""
    value, u, k = (found.value, found.u, found.k) if isinstance(found, Budget) else (found, 0.0, 2.0)
    ratio = shared(setting.edition, judged.limit)
    told = decide(value, u, Tolerance(*limits), setting.rule, k=k, shared=ratio or 0.0)
    if setting.rule is Rule.SHARED_RISK and ratio is None and u:
        why = reasons.NO_SHARE.format(limit=judged.limit)
        told = replace(told, decision=Decision.INCONCLUSIVE, consumer=0.0, producer=0.0, reason=why)
    lines = found.lines if isinstance(found, Budget) else ()
    limit = setting.edition.limit(judged.limit) if judged.limit in names(setting.edition) else None
    low, high = map(_finite, limits)
    return Result(
        done.test.id, judged.formula, judged.limit, at, n, unit, value, u, k, low, high, told.decision, told.p, told.consumer,
        told.producer, done.test.stated.verified and (limit is None or limit.verified), limit.clause if limit else done.test.stated.clause,
        tuple(
            {"name": line.of.name, "value": line.of.value, "u": line.of.u, "unit": line.of.unit, "shape": str(line.of.shape), "dof": _finite(line.of.dof),
             "source": line.of.source, "sensitivity": line.sensitivity, "contribution": line.contribution, "share": line.share}
            for line in lines if line.of.u
        ),
        tuple(places), told.reason,
    )  # fmt: skip


def missing(setting: Setting, done: Done, judged: Judged, at: str, unit: str, why: str) -> Result:
    """Nothing could be computed, which decides nothing."""
    clause, verified = done.test.stated.clause, done.test.stated.verified
    return Result(
        done.test.id, judged.formula, judged.limit, at, 0, unit, None, None, 2.0, None, None, Decision.INCONCLUSIVE, None, 0.0, 0.0, verified,
        clause, why=why,
    )  # fmt: skip


def faults(setting: Setting, done: Done, judged: Judged, rows: Sequence[Result]) -> list[Result]:
    """How far each of `rows`, errors under an influence, moved from the same error without it (significant fault).  The standard is the same in
    both: what is not known of it falls out."""
    found = []
    for row in rows:
        before = setting.known.get((done.test.against, row.at))
        if row.value is None or before is None or before.value is None:
            why = row.why or reasons.NO_BASE.format(test=done.test.against)
            found.append(missing(setting, done, judged, row.at, row.unit, why))
            continue
        parts = [
            Quantity(f"{part['name']}, {when}", 0.0, abs(part["contribution"]), row.unit, dof=part["dof"] or math.inf)
            for when, one in (("before", before), ("with it", row))
            for part in one.budget
            if part["name"] not in STANDARDS
        ]
        most = float(setting.edition.limit(judged.limit).value)
        moved = summed(row.value - before.value, parts)
        found.append(held(setting, done, judged, row.at, row.unit, row.n, moved, (-most, most), row.places))
    return found


def summed(value: float, parts: Sequence[Quantity]) -> Budget:
    """`value` and what is not known of it, each part 0 in the unit of the value."""
    own = Quantity("value", value, 0.0)

    def model(of: Mapping[str, Any]) -> Any:
        return sum((of[part.name] for part in parts), start=np.asarray(of["value"]))

    return budget(model, (own, *parts))


def shared(edition: Edition, limit: str) -> float | None:
    """How large the expanded uncertainty may be beside a limit, where the edition says so."""
    return next((float(one.most) for one in edition.equipment if one.of == limit), None)


def names(edition: Edition) -> frozenset[str]:
    return frozenset(limit.id for limit in edition.limits)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
