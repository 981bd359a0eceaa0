"""The trigger model of a family: factors with levels, what a level needs and costs, and a prior over functions as conjunctions.

A function is a conjunction of conditions on one to four factors with clauses of evasion (statistics.md 3e).  Everything is data, with source
and grade; a laboratory brings its own file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fixtures.language import Bilingual, Listed, Sentence

PHASES = ("A", "B", "C", "D", "E", "F", "bench", "never")
STATES = ("", "power", "ordinal")
ENDINGS = ("sale", "power", "key")


class ModelError(ValueError):
    """A trigger model that cannot be used; the message names file, line, what was expected and what came."""


@dataclass(frozen=True)
class Factor:
    """`needs`: the act of each level, "" for none; `triggers`: how often each level is what a function waits for.  `state`: "power" or "ordinal" where the level follows from what was done before.
    `thresholds`: levels are numbers in rising order, and a condition on them is "above".  `plain`: the level that it is put back to."""

    name: str
    titles: tuple[str, str]  # English, Chinese
    weight: float
    levels: tuple[str, ...]
    levels_zh: tuple[str, ...]
    needs: tuple[str, ...]
    triggers: tuple[float, ...]
    minutes: tuple[float, ...]
    rates: tuple[float, ...] = ()
    thresholds: bool = False
    state: str = ""
    plain: int = 0

    def named(self, level: int) -> Sentence:
        """The level with what it is one of, in both languages."""
        english, chinese = self.titles
        return Bilingual(f"{english} {self.levels[level]}", f"{chinese} {self.levels_zh[level]}")


@dataclass(frozen=True)
class Act:
    """What has to be done for a level: from which `phase` on it may be done, and what it destroys."""

    name: str
    phase: str
    minutes: float
    actions: int
    destroys: str


@dataclass(frozen=True)
class Evasion:
    factor: str
    levels: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Kit:
    """Cost of one run beside its flow; an excess of `least` units and `share` of the quantity shows."""

    name: str
    minutes: float
    actions: int
    per_fill: float
    least: float
    share: float


@dataclass(frozen=True)
class Model:
    id: str
    family: str
    unit: str
    quantity: str
    rate: str
    interactions: tuple[float, ...]
    gains: tuple[float, ...]
    source: str
    grade: str
    verified: bool
    factors: tuple[Factor, ...]
    acts: tuple[Act, ...]
    evasions: tuple[Evasion, ...]
    cleared: tuple[tuple[str, float], ...]
    kits: tuple[Kit, ...]
    whole: bool = False  # a function adds its share to the whole quantity, not to what is above its threshold

    @cached_property
    def _places(self) -> dict[str, int]:
        return {one.name: n for n, one in enumerate(self.factors)}

    def index(self, factor: str) -> int:
        return self._places[factor]

    def factor(self, name: str) -> Factor:
        return self.factors[self.index(name)]

    def act(self, name: str) -> Act:
        return next(one for one in self.acts if one.name == name)

    def kit(self, name: str) -> Kit:
        return next(one for one in self.kits if one.name == name)

    def differences(self, levels: Sequence[int], others: Sequence[int]) -> Sentence:
        """The levels of `levels` that `others` do not have; states are not chosen, and are left out."""
        odd = [
            factor.named(level)
            for factor, level, other in zip(self.factors, levels, others, strict=True)
            if level != other and not factor.state
        ]
        return Listed(odd or ["-"])

    @property
    def plain(self) -> tuple[int, ...]:
        """Of each factor the level that it is put back to."""
        return tuple(one.plain for one in self.factors)

    @cached_property
    def quantities(self) -> tuple[float, ...]:
        """What each level of the quantity's factor asks for, in `unit`; of a model without one: one run is one unit."""
        return tuple(float(level) for level in self.factor(self.quantity).levels) if self.quantity else (1.0,)
