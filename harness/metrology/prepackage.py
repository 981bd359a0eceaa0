"""The mean of an inspection lot of prepackages (JJF 1070, OIML R 87): rejected where the sample mean is below the nominal quantity by more than
chance makes in one lot of two hundred, or where too many packages, or one by too much, are short.

Tolerable deficiencies and sampling plans are data (prepackage.toml) with their source and grade.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from importlib.resources import files

from scipy import stats

from harness.metrology.errors import MetrologyError
from protocols.toml_tables import array, document, whole

MAX_CHARS, MOST_STEPS = 32_000, 50


@dataclass(frozen=True)
class Deficiency:
    """Tolerable negative error up to and including a nominal quantity: `percent` of it, or a fixed number of g or mL."""

    upto: Decimal
    percent: Decimal | None
    fixed: Decimal | None


@dataclass(frozen=True)
class Sampling:
    """Of a lot up to so many packages: sample size and how many packages may be short by more than T."""

    upto: int
    sample: int
    short: int


@dataclass(frozen=True)
class Rules:
    id: str
    title: str
    confidence: Decimal  # one-sided, of the mean
    deficiencies: tuple[Deficiency, ...]
    samplings: tuple[Sampling, ...]
    fine_step_upto: Decimal  # nominal quantity up to which T is rounded up to 0.1, above it to 1
    source: str
    grade: str
    verified: bool

    def tolerable(self, nominal: Decimal) -> Decimal:
        """T in g or mL, rounded up."""
        if not (nominal.is_finite() and 0 < nominal <= self.deficiencies[-1].upto):
            raise MetrologyError(
                f"expected a nominal quantity up to {self.deficiencies[-1].upto} g or mL, got {nominal}"
            )
        own = next(one for one in self.deficiencies if nominal <= one.upto)
        exact = own.fixed if own.fixed is not None else nominal * (own.percent or Decimal(0)) / 100
        return exact.quantize(Decimal("0.1") if nominal <= self.fine_step_upto else Decimal(1), ROUND_CEILING)

    def sampling(self, lot: int) -> Sampling:
        found = next((one for one in self.samplings if lot <= one.upto), None)
        if found is None or lot < 1:
            raise MetrologyError(f"expected a lot of 1 to {self.samplings[-1].upto} packages, got {lot}")
        return found


@dataclass(frozen=True)
class Lot:
    """`factor` k with which the mean is compared: at least nominal - k s.  `short`: packages below nominal - T; `far`: below
    nominal - 2 T, of which none is permitted."""

    n: int
    mean: float
    s: float
    factor: float
    least: float
    short: int
    permitted: int
    far: int

    @property
    def mean_kept(self) -> bool:
        return self.mean >= self.least

    @property
    def accepted(self) -> bool:
        return self.mean_kept and self.short <= self.permitted and not self.far


def factor(n: int, confidence: float = 0.995) -> float:
    """k = t(confidence, n - 1) / sqrt(n) (JJF 1070, Q2; recomputed)."""
    if n < 2:
        raise MetrologyError(f"expected two packages and more, got {n}")
    return float(stats.t.ppf(confidence, n - 1)) / math.sqrt(n)


def judge(contents: Sequence[Decimal], nominal: Decimal, lot: int, rules: Rules) -> Lot:
    """`contents` in g or mL, at least as many as the plan asks of the lot."""
    plan = rules.sampling(lot)
    if len(contents) < plan.sample:
        raise MetrologyError(f"expected {plan.sample} packages of a lot of {lot}, got {len(contents)}")
    if bad := [one for one in contents if not one.is_finite() or one < 0]:
        raise MetrologyError(f"expected contents from 0 on, got {bad[0]}")
    tolerable, values = rules.tolerable(nominal), [float(one) for one in contents]
    n = len(values)
    mean = float(sum(contents, Decimal(0)) / n)
    s = math.sqrt(sum((one - mean) ** 2 for one in values) / (n - 1))
    k = factor(n, float(rules.confidence))
    return Lot(
        n, mean, s, k, float(nominal) - k * s, sum(one < nominal - tolerable for one in contents), plan.short,
        sum(one < nominal - 2 * tolerable for one in contents),
    )  # fmt: skip


@cache
def load_rules() -> Rules:
    """The built-in rules."""
    return parse((files(__package__) / "prepackage.toml").read_text("utf-8"), "prepackage.toml")


def parse(text: str, where: str) -> Rules:
    values = document(text, where, MAX_CHARS, MetrologyError)
    top = whole(values, "rules", where, text, MetrologyError)
    top.check_keys(
        ("id", "title", "confidence", "fine_step_upto", "source", "grade", "verified", "deficiency", "sampling")
    )
    top.check_verified()
    deficiencies = []
    for one in array(top, "deficiency", MOST_STEPS, "deficiencies"):
        one.check_keys(("upto",), ("percent", "fixed"))
        if ("percent" in one.values) == ("fixed" in one.values):
            raise one.error("upto", "a deficiency expected percent or fixed", "both or none")
        percent = one.number("percent") if "percent" in one.values else None
        fixed = one.number("fixed") if "fixed" in one.values else None
        deficiencies.append(Deficiency(one.number("upto"), percent, fixed))
    samplings = []
    for one in array(top, "sampling", MOST_STEPS, "samplings"):
        one.check_keys(("upto", "sample", "short"))
        samplings.append(Sampling(int(one.number("upto")), int(one.number("sample")), int(one.number("short"))))
    if (
        sorted(deficiencies, key=lambda d: d.upto) != deficiencies
        or sorted(samplings, key=lambda s: s.upto) != samplings
    ):
        raise top.error("id", "deficiencies and samplings expected in rising order", "others")
    return Rules(
        top.slug("id"), top.text("title"), top.number("confidence"), tuple(deficiencies), tuple(samplings), top.number("fine_step_upto"),
        top.text("source"), top.text("grade"), top.flag("verified"),
    )  # fmt: skip
