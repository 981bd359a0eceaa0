"""What an edition asks to be done, clause by clause: the conditions around it, the equipment for it, and its tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Stated:
    """Where a rule stands, and how good what was read of it is.  `compared`: who compared what of it with what, and when; "" where nobody did."""

    clause: str
    source: str
    grade: str
    verified: bool
    compared: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold around the tests, read by the operator before the first and after the last: `low` to `high` in `unit`, each None where it
    has no such bound; `change` is how much it may change in between."""

    id: str
    quantity: str
    unit: str
    stated: Stated
    low: Decimal | None = None
    high: Decimal | None = None
    change: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Equipment:
    """A standard: its expanded uncertainty is at most `most` times the limit `of` (R 76-1 3.7.1: a third of the maximum permissible error)."""

    id: str
    quantity: str
    most: Decimal
    of: str
    stated: Stated


@dataclass(frozen=True, slots=True)
class Judged:
    """One formula over what a test observed, held against the limit of that name."""

    formula: str
    limit: str


@dataclass(frozen=True, slots=True)
class Test:
    """One test: `stimulus` at each of `points`, `repeats` times, and what is computed of it.  `points` as written: "20 L", "500 e", "0.5 Max",
    "1000 m", "300 s".  `influence`: what the operator sets for it and takes away after it, in words, of one kind of INFLUENCES; `against`: the
    test whose mean error a significant fault is counted from.  `title_zh`: the title for who reads Chinese, "" where it has none."""

    __test__ = False  # no test of pytest's

    id: str
    title: str
    stimulus: str
    points: tuple[str, ...]
    repeats: int
    judged: tuple[Judged, ...]
    stated: Stated
    settings: Mapping[str, str] = field(default_factory=dict)
    influence: str = ""
    severity: str = ""
    against: str = ""
    title_zh: str = ""
