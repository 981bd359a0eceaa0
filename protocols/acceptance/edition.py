"""What an acceptance edition is: limits of one regulation in one edition, and the limit that holds at a load of a scale.

The maximum permissible error of a non-automatic scale is a step function of the load in verification scale intervals e, by
accuracy class; in service it is a multiple of that on initial verification (R 76-1:2006, 3.5.1 and 3.5.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from protocols.acceptance.clauses import Condition, Equipment, Test

API_VERSION = 1
MPE_FACTOR = "mpe-in-service"  # id of the limit: errors in service as a multiple of those on initial verification
MPE = "mpe"
EMIN = "emin-factor"  # id of the limit: Emin as a multiple of the error at the minimum measured quantity
GRADES = ("V", "C", "V2", "P", "I", "M", "T", "D", "U")  # how good a source is, the best first


class AcceptanceError(ValueError):
    """An acceptance file that cannot be used; the message names file, line and what was expected."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: `value` in `unit` ("1" is a fraction: 0.003 is 0.3 %), two-sided unless `applies` says otherwise.  `compared`: who compared it
    with what, and when; "" where nobody did.

    With `upto_l` it is a step of volume: it holds for volumes below so many litres, from the step before on; its value is relative or in litres.
    With `upto_e` it is a step: it holds for scales of `accuracy_class` up to a load of so many e, from the step before on.
    """

    id: str
    quantity: str
    value: Decimal
    unit: str
    clause: str
    source: str
    grade: str
    verified: bool
    applies: str
    accuracy_class: str = ""
    upto_e: Decimal | None = None
    compared: str = ""
    upto_l: Decimal | None = None

    @property
    def is_step(self) -> bool:
        return self.upto_e is not None


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a regulation; `in_force` is a date, a year or "unknown".  `tests` in the order in which they are done; () where it is known by its
    limits alone."""

    id: str
    title: str
    family: str
    in_force: str
    legal_basis: str
    use: str
    limits: tuple[Limit, ...]
    conditions: tuple[Condition, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    tests: tuple[Test, ...] = ()

    def limit(self, id: str) -> Limit:
        """The limit named `id`; AcceptanceError when the edition has none."""
        for limit in self.limits:
            if limit.id == id:
                return limit
        known = ", ".join(limit.id for limit in self.limits)
        raise AcceptanceError(f"edition {self.id}: expected one of the limits {known}, got {id!r}")

    def steps(self, accuracy_class: str) -> tuple[Limit, ...]:
        """The steps of a class on initial verification, rising; AcceptanceError when the edition has none."""
        own = tuple(limit for limit in self.limits if limit.is_step and limit.accuracy_class == accuracy_class)
        if own:
            return own
        classes = sorted({limit.accuracy_class for limit in self.limits if limit.is_step})
        known = f"one of the accuracy classes {', '.join(classes)}" if classes else "no load: it limits no scales"
        raise AcceptanceError(f"edition {self.id}: expected {known}, got class {accuracy_class!r}")

    def mpe(self, load_e: Decimal, accuracy_class: str, in_service: bool) -> Limit:
        """The maximum permissible error at a load of `load_e` verification scale intervals, its `value` in e, two-sided.

        Of an instrument with several intervals e is that of the interval in which the load lies.  AcceptanceError for a
        load below zero, beyond the last step, or no number, and for a class that the edition does not know.
        """
        steps = self.steps(accuracy_class)
        last = steps[-1].upto_e
        if not load_e.is_finite() or not 0 <= load_e <= (last or 0):
            raise AcceptanceError(
                f"edition {self.id}, class {accuracy_class}: expected a load from 0 to {last} e, got {load_e} e; "
                "check the load, the interval and the class declared"
            )
        found = next(step for step in steps if load_e <= (step.upto_e or 0))
        return self._in_service(found) if in_service else found

    def mpe_l(self, volume_l: Decimal, least_l: Decimal = Decimal(0)) -> Decimal:
        """The maximum permissible error of a measured volume, in litres, two-sided: that of its step, or of `mpe` beyond all steps, and never less
        than Emin of the minimum measured quantity `least_l` where the edition states one (2014/32/EU annex VII, table 2 and 2.3)."""
        if not volume_l.is_finite() or volume_l <= 0 or not least_l.is_finite() or least_l < 0:
            raise AcceptanceError(
                f"edition {self.id}: expected a volume above 0 L, got {volume_l} L of {least_l} L at least"
            )
        base = self.limit(MPE)
        steps = [limit for limit in self.limits if limit.upto_l is not None and volume_l < limit.upto_l]
        own = min(steps, key=lambda limit: limit.upto_l or 0, default=base)
        found = own.value if own.unit == "L" else own.value * volume_l
        factors = [limit.value for limit in self.limits if limit.id == EMIN]
        return max(found, *(factor * least_l * base.value for factor in factors), Decimal(0))

    def mpe_e(self, load_e: Decimal, accuracy_class: str, in_service: bool) -> Decimal:
        """`mpe` as a number of e."""
        return self.mpe(load_e, accuracy_class, in_service).value

    def mpe_steps(self, accuracy_class: str, in_service: bool) -> tuple[tuple[Decimal, Decimal], ...]:
        """All steps of a class: (up to so many e, limit in e), rising."""
        own = [self._in_service(step) if in_service else step for step in self.steps(accuracy_class)]
        return tuple((step.upto_e, step.value) for step in own if step.upto_e is not None)

    def _in_service(self, step: Limit) -> Limit:
        """The step times the factor of service; it is as good as the worse of the two sources."""
        factor = self.limit(MPE_FACTOR)
        return replace(
            step,
            id=f"{step.id}-in-service",
            value=step.value * factor.value,
            clause=_both(step.clause, factor.clause),
            source=_both(step.source, factor.source),
            grade=max(step.grade, factor.grade, key=GRADES.index),
            verified=step.verified and factor.verified,
            applies=_both(step.applies, factor.applies),
        )


def _both(one: str, other: str) -> str:
    return one if one == other else f"{one}; {other}"


@dataclass(frozen=True, slots=True)
class EditionSpec:
    """Names the TOML of an edition, `resource` in `package`; whoever loads the plugin reads it and calls `parse`."""

    id: str
    package: str
    resource: str
    api: int = API_VERSION
