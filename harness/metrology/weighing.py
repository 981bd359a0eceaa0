"""Error of a weighing instrument before rounding, by small weights added until the indication changes (OIML R 76-1:2006, A.4.4.3).

Exact: indication, load, interval and added weights are decimals in one unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from harness.metrology.errors import MetrologyError

STEP_E = Decimal("0.1")  # of e: small weights are added by so much


@dataclass(frozen=True)
class BeforeRounding:
    """`shown`: what would stand there without rounding, P = I + e/2 - dL; `error`: P - L; `corrected`: less the error at or near zero."""

    shown: Decimal
    error: Decimal
    corrected: Decimal


def before_rounding(
    indication: Decimal, load: Decimal, e: Decimal, added: Decimal, zero: Decimal = Decimal(0)
) -> BeforeRounding:
    """`added`: dL, small weights until the indication rose by one e; `zero`: the error found so at or near zero.

    MetrologyError where more than one e was added: the indication changed before, and another one is to be read.
    """
    for name, value in (("indication", indication), ("load", load), ("e", e), ("added", added), ("zero", zero)):
        if not value.is_finite():
            raise MetrologyError(f"{name}: expected a number, got {value}")
    if e <= 0 or not 0 <= added <= e:
        raise MetrologyError(f"expected small weights from 0 to one e = {e}, got {added}")
    shown = indication + e / 2 - added
    return BeforeRounding(shown, shown - load, shown - load - zero)


def loads(e: Decimal, most: Decimal, steps_e: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Test loads at which limits change, and Max: least load first.  Of `steps_e` those within Max count."""
    own = [step * e for step in steps_e if step * e < most]
    return (*own, most)


def spread(errors: tuple[Decimal, ...]) -> Decimal:
    """Difference of the greatest and the least error at one load (R 76-1, 3.6.1)."""
    if len(errors) < 2:
        raise MetrologyError(f"expected two weighings and more, got {len(errors)}")
    return max(errors) - min(errors)


def creep(readings: tuple[tuple[Decimal, Decimal], ...], e: Decimal) -> tuple[Decimal, Decimal]:
    """What the indication, before rounding, moved within 30 min, and between 15 and 30 min, of (minute, reading) pairs, in e."""
    at = dict(readings)
    try:
        first, half, last = at[Decimal(0)], at[Decimal(15)], at[Decimal(30)]
    except KeyError as missing:
        raise MetrologyError(f"expected readings at minutes 0, 15 and 30, got none at {missing.args[0]}") from None
    return abs(last - first) / e, abs(last - half) / e
