"""Covering arrays: every combination of t levels in some run, as the floor of a search and for type evaluation.

The array is made by `covertable` (the extra "design"); that it covers is checked here, because at least one package for it does not
(statistics.md 5a: 70.8 % of the triples).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

Row = tuple[int, ...]


class DesignError(Exception):
    """No covering array can be had."""


def uncovered(sizes: Sequence[int], rows: Sequence[Row], t: int) -> int:
    """Combinations of `t` levels, of factors with so many levels each, that stand in none of `rows`."""
    missing = 0
    for own in combinations(range(len(sizes)), t):
        there = {tuple(row[f] for f in own) for row in rows}
        missing += sum(1 for one in product(*(range(sizes[f]) for f in own)) if one not in there)
    return missing


def array(sizes: Sequence[int], t: int) -> list[Row]:
    """Rows of level numbers in which every combination of `t` levels stands.  DesignError where the package is missing or its array
    does not cover; ValueError for t beyond the factors."""
    if not 1 <= t <= len(sizes):
        raise ValueError(f"expected 1 to {len(sizes)} factors at once, got {t}")
    try:
        from covertable import make
    except ImportError as error:
        raise DesignError(
            "covering array: expected covertable, got none; pip install 'shortmeasure[design]'"
        ) from error
    made = make([list(range(size)) for size in sizes], strength=t)
    rows = sorted(tuple(int(level) for level in row) for row in made)
    if missing := uncovered(sizes, rows, t):
        raise DesignError(f"covering array of strength {t}: expected every combination, got {missing} missing")
    return rows
