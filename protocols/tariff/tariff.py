"""A tariff as it is known: what its sources state, what they leave open, and the fares that check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from math import prod

from protocols.tariff.rule import Rule, TariffError


@dataclass(frozen=True, slots=True)
class Value:
    """One fact with where it comes from and how good that is; `key` as table.name, `text` as the file states it."""

    key: str
    text: str
    source: str
    grade: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that no source states: each alternative is a reading of the tariff that an honest meter may follow."""

    key: str
    alternatives: tuple[str, ...]
    reason: str
    source: str
    grade: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Golden:
    """A fare that the tariff must give: `distance_m` above the low-speed limit, then `low_s` standing.

    `of` is "accrued" (before rounding), "displayed" or "paid"; `at_s` the hour of the hire, seconds of a Monday.
    `given` picks readings of the unknowns; all that it leaves must agree.
    """

    distance_m: Decimal
    low_s: Decimal
    at_s: int
    fare: Decimal
    of: str
    declared: frozenset[str]
    given: Mapping[str, str]
    source: str
    grade: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a tariff: for each unknown the alternative it takes, and the rule that makes."""

    choices: Mapping[str, str]
    rule: Rule


@dataclass(frozen=True, eq=False, slots=True)
class Tariff:
    """One city and edition; `in_force` is a date, a year or "unknown"; `gaps` are things its sources are silent about.

    `build` makes the rule of one choice, an index into the alternatives of each unknown.
    """

    id: str
    title: str
    title_zh: str
    city: str
    country: str
    in_force: str
    currency: str
    utc_offset_min: int
    mode: str
    gaps: tuple[str, ...]
    values: tuple[Value, ...]
    unknowns: tuple[Unknown, ...]
    golden: tuple[Golden, ...]
    build: Callable[[tuple[int, ...]], Rule] = field(repr=False, compare=False)

    @property
    def verified(self) -> bool:
        """Every value was compared with a primary document, and nothing is left open."""
        return not self.unknowns and not self.gaps and all(value.verified for value in self.values)

    @property
    def number_of_readings(self) -> int:
        return prod(len(unknown.alternatives) for unknown in self.unknowns)

    def check(self, choices: Mapping[str, str]) -> None:
        """TariffError for a key or an alternative that the tariff does not have."""
        known = {unknown.key: unknown.alternatives for unknown in self.unknowns}
        for key, chosen in choices.items():
            if key not in known:
                raise TariffError(
                    f"tariff {self.id}: expected one of its unknowns {', '.join(known) or '(it has none)'}, got {key!r}"
                )
            if chosen not in known[key]:
                raise TariffError(f"tariff {self.id}: {key} expected one of {', '.join(known[key])}, got {chosen!r}")

    def readings(self, choices: Mapping[str, str]) -> Iterator[Reading]:
        """The readings that agree with `choices`, the first alternatives first; there may be very many."""
        self.check(choices)
        open_ = [[k for k, one in enumerate(u.alternatives) if choices.get(u.key, one) == one] for u in self.unknowns]
        for picked in product(*open_):
            named = {u.key: u.alternatives[k] for u, k in zip(self.unknowns, picked, strict=True)}
            yield Reading(named, self.build(picked))

    def first(self, choices: Mapping[str, str]) -> Reading:
        """The reading with the first alternative of whatever `choices` leave open."""
        return next(self.readings({u.key: u.alternatives[0] for u in self.unknowns} | dict(choices)))

    def singly(self, *tables: str) -> tuple[Rule, ...]:
        """The rule of the first reading, and those that differ from it in one alternative of one unknown of `tables`."""
        own = [unknown for unknown in self.unknowns if unknown.key.split(".")[0] in tables]
        chosen: list[dict[str, str]] = [{}, *({unknown.key: one} for unknown in own for one in unknown.alternatives)]
        return tuple(self.first(one).rule for one in chosen)
