"""The figures of a clause in one line, as somebody types them from the print: what is compared before a clause counts as verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from protocols.acceptance.clauses import Condition, Equipment, Test
from protocols.acceptance.edition import Edition

Clause = Condition | Equipment | Test
CONDITION, EQUIPMENT, TEST = "condition", "equipment", "test"
WHAT = {CONDITION: "low, high and change", EQUIPMENT: "greatest share", TEST: "points and repeats"}  # is compared
WRITTEN = {CONDITION: "LOW HIGH CHANGE", EQUIPMENT: "MOST", TEST: "POINT, POINT xREPEATS; OTHER FIGURES"}
NONE = "-"  # a bound that is not stated
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_IN_WORDS = re.compile(rf"(?<![A-Za-z]){_NUMBER.pattern}")  # of a severity: 8 in "8 kV", and no 2 in "q2"
_TOKEN = re.compile(rf"{_NUMBER.pattern}|[^\s,;0-9]+")


def clauses(edition: Edition) -> dict[str, dict[str, Clause]]:
    """By kind and id, in the order of the file."""
    kinds: Mapping[str, tuple[Clause, ...]] = {
        CONDITION: edition.conditions,
        EQUIPMENT: edition.equipment,
        TEST: edition.tests,
    }
    return {kind: {one.id: one for one in own} for kind, own in kinds.items()}


def figures(one: Clause) -> str:
    """ "-20 40 3" of a condition, "0.3334" of equipment, "20 L x3" of a test; behind ";" what else has figures in a test: its settings and severity."""
    match one:
        case Condition():
            return " ".join(NONE if bound is None else f"{bound:f}" for bound in (one.low, one.high, one.change))
        case Equipment():
            return f"{one.most:f}"
        case Test():
            others = [figure[0] for text in (*_spoken(one), one.severity) for figure in _IN_WORDS.finditer(text)]
            points = ", ".join(one.points)
            return f"{points} x{one.repeats}".strip() + (f"; {' '.join(others)}" if others else "")


def same(one: str, other: str) -> bool:
    """Whether two lines hold the same figures and units in the same order, however they are spaced; 20.0 is 20."""
    return _tokens(one) == _tokens(other)


def _spoken(test: Test) -> list[str]:
    """Settings of a number: words of the plan such as `slow` are in no print."""
    return [value for value in test.settings.values() if _NUMBER.fullmatch(value)]


def _tokens(text: str) -> list[str | Decimal]:
    return [Decimal(found[0]) if _NUMBER.fullmatch(found[0]) else found[0] for found in _TOKEN.finditer(text)]
