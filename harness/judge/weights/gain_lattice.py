"""Does a gain or an offset lie where cheats are made: k x 5 %, 10/9, 10/8, 10/6, or k x 160 kg (scales.md 1C, T04)?

An interval says which lattice points it holds, and how large a share of all values an interval of its width would hit one by
chance.  Null: the middle of the interval lies anywhere within the span alike.  Where a third of the span lies as near, the
measurement cannot tell a lattice from any other value: no claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

COARSE = 1 / 3  # share of chance hits from which there is no claim
FAMILIES = {  # relative gains less one; buyers cheat low, so each may be divided out as well (field_rules.md 4)
    "10/9": Fraction(1, 9), "10/8": Fraction(1, 4), "10/6": Fraction(2, 3),
    "9/10": Fraction(-1, 10), "8/10": Fraction(-1, 5), "6/10": Fraction(-2, 5),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A lattice point: its name and value."""

    name: str
    value: float


@dataclass(frozen=True)
class Match:
    """The points inside the interval, nearest its middle first; `share` of the span hit by chance; `told` whether the interval
    is narrow enough to say anything."""

    points: tuple[Point, ...]
    share: float
    told: bool

    @property
    def p(self) -> float:
        """Chance of a hit where there is one and the interval can tell; else 1."""
        return self.share if self.points and self.told else 1.0


def gain_points(step_percent: int = 5, span: tuple[float, float] = (-0.5, 1.0)) -> tuple[Point, ...]:
    """k x `step_percent` % but for 0, and the families of liang that are no such multiple, within `span` (relative)."""
    step = Fraction(step_percent, 100)
    first, last = ceil(Fraction(str(span[0])) / step), floor(Fraction(str(span[1])) / step)
    values = {k * step: f"{k * step_percent:+d} %" for k in range(first, last + 1) if k}
    for name, value in FAMILIES.items():
        values[value] = f"{values[value]} ({name})" if value in values else name
    return tuple(Point(values[value], float(value)) for value in sorted(values) if span[0] <= value <= span[1])


def multiples(quantum: float, span: tuple[float, float], unit: str = "") -> tuple[Point, ...]:
    """k x `quantum` but for 0, within `span`, both in one unit."""
    ks = range(ceil(span[0] / quantum), floor(span[1] / quantum) + 1)
    return tuple(Point(f"{k} x {quantum:g}{unit and ' ' + unit}", k * quantum) for k in ks if k)


def match(interval: tuple[float, float], points: Sequence[Point], span: tuple[float, float]) -> Match:
    """Which `points` lie within `interval`.  Raises ValueError for an interval or a span that is none."""
    if interval[1] < interval[0] or span[1] <= span[0]:
        raise ValueError(f"lattice: expected (least, most), got {interval} within {span}")
    middle, half = (interval[0] + interval[1]) / 2, (interval[1] - interval[0]) / 2
    inside = sorted((p for p in points if interval[0] <= p.value <= interval[1]), key=lambda p: abs(p.value - middle))
    covered, until = 0.0, span[0]
    for point in sorted(points, key=lambda p: p.value):
        begin, end = max(point.value - half, until), min(point.value + half, span[1])
        if end > begin:
            covered, until = covered + end - begin, end
    share = covered / (span[1] - span[0])
    return Match(tuple(inside), share, share <= COARSE)


def together_p(matches: Sequence[Match]) -> float:
    """Chance that independent sizes all lie on the lattice: the product of their shares; 1 where one lies beside it or one
    cannot tell."""
    product = 1.0
    for one in matches:
        if not one.points or not one.told:
            return 1.0
        product *= one.share
    return product if matches else 1.0
