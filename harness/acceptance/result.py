"""One result of a test: what was computed, its budget, its limit, and what follows under the decision rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class Asked:
    """One formula of a test that was done, and the limit it is held against."""

    setting: Setting
    done: Done
    judged: Judged

    @property
    def test(self) -> Test:
        return self.done.test

    @property
    def edition(self) -> Edition:
        return self.setting.edition

    @property
    def profile(self) -> Mapping[str, Any]:
        return self.setting.profile

    @property
    def most(self) -> float:
        """The limit as it stands in the edition."""
        return float(self.edition.limit(self.judged.limit).value)

    def held(
        self,
        at: str,
        unit: str,
        n: int,
        found: Budget | float,
        limits: tuple[float, float],
        places: Sequence[str] = (),
    ) -> Result:
        """A figure against its limits; one that is exact has no uncertainty.  A risk is shared only as far as the edition says: where it says nothing
        of this limit, a figure with uncertainty decides nothing."""
        judged, rule, stated = self.judged, self.setting.rule, self.test.stated
        value, u, k = (found.value, found.u, found.k) if isinstance(found, Budget) else (found, 0.0, 2.0)
        ratio = shared(self.edition, judged.limit)
        told = decide(value, u, Tolerance(*limits), rule, k=k, shared=ratio or 0.0)
        if rule is Rule.SHARED_RISK and ratio is None and u:
            why = reasons.NO_SHARE.format(limit=judged.limit)
            told = replace(told, decision=Decision.INCONCLUSIVE, consumer=0.0, producer=0.0, reason=why)
        lines = found.lines if isinstance(found, Budget) else ()
        limit = self.edition.limit(judged.limit) if judged.limit in names(self.edition) else None
        low, high = map(_finite, limits)
        return Result(
            self.test.id, judged.formula, judged.limit, at, n, unit, value, u, k, low, high, told.decision, told.p, told.consumer, told.producer,
            stated.verified and (limit is None or limit.verified), limit.clause if limit else stated.clause,
            tuple(
                {"name": line.of.name, "value": line.of.value, "u": line.of.u, "unit": line.of.unit, "shape": str(line.of.shape), "dof": _finite(line.of.dof),
                 "source": line.of.source, "sensitivity": line.sensitivity, "contribution": line.contribution, "share": line.share}
                for line in lines if line.of.u
            ),
            tuple(places), told.reason,
        )  # fmt: skip

    def missing(self, at: str, unit: str, why: str) -> Result:
        """Nothing could be computed, which decides nothing."""
        stated = self.test.stated
        return Result(
            self.test.id, self.judged.formula, self.judged.limit, at, 0, unit, None, None, 2.0, None, None, Decision.INCONCLUSIVE, None, 0.0, 0.0,
            stated.verified, stated.clause, why=why,
        )  # fmt: skip


Formula = Callable[[Asked], list[Result]]


def faults(asked: Asked, rows: Sequence[Result]) -> list[Result]:
    """How far each of `rows`, errors under an influence, moved from the same error without it (significant fault).  The standard is the same in
    both: what is not known of it falls out."""
    found = []
    for row in rows:
        before = asked.setting.known.get((asked.test.against, row.at))
        if row.value is None or before is None or before.value is None:
            why = row.why or reasons.NO_BASE.format(test=asked.test.against)
            found.append(asked.missing(row.at, row.unit, why))
            continue
        parts = [
            Quantity(f"{part['name']}, {when}", 0.0, abs(part["contribution"]), row.unit, dof=part["dof"] or math.inf)
            for when, one in (("before", before), ("with it", row))
            for part in one.budget
            if part["name"] not in STANDARDS
        ]
        moved = summed(row.value - before.value, parts)
        found.append(asked.held(row.at, row.unit, row.n, moved, (-asked.most, asked.most), row.places))
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
