"""What a run costs and where it leaves the instrument: minutes, quantity, operator actions; time and runs since power-up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.search.model import PHASES, Model

FRESH_MIN = 15.0  # so long an instrument counts as freshly powered [D]
FIRST, FEW = 1, 5  # runs since power-up: the first, up to the fifth, more


@dataclass(frozen=True)
class State:
    """`power_min`: minutes since power came, infinite where nobody knows of a cut.  `runs`: since then, or since the raid began."""

    phase: str = "C"
    power_min: float = math.inf
    runs: int = FIRST

    def levels(self) -> dict[str, int]:
        """The level of each state that the next run has."""
        return {
            "power": int(self.power_min < FRESH_MIN),
            "ordinal": 0 if self.runs < FIRST and self.power_min < math.inf else 1 if self.runs < FEW else 2,
        }


@dataclass(frozen=True)
class Cost:
    minutes: float
    quantity: float
    actions: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.minutes + other.minutes, self.quantity + other.quantity, self.actions + other.actions)


@dataclass(frozen=True)
class Trial:
    """One run: a level for every factor, states included; `cycle`: power is cut before it."""

    levels: tuple[int, ...]
    cycle: bool = False


def allowed(model: Model, phase: str) -> frozenset[str]:
    """Acts that may be done in `phase`: what destroys comes only after what it destroys (field_rules.md section 3)."""
    if phase == "bench":
        return frozenset(one.name for one in model.acts if one.phase != "never")
    at = PHASES.index(phase)
    return frozenset(one.name for one in model.acts if one.phase in PHASES[: at + 1] and len(one.phase) == 1)


def choices(model: Model, acts: frozenset[str]) -> list[list[int]]:
    """Of each factor the levels that may be had with these acts; of a state all of its own."""
    return [[n for n, need in enumerate(factor.needs) if not need or need in acts] for factor in model.factors]


def cost(model: Model, kit: str, trial: Trial) -> Cost:
    """Of one run with its acts, fills, flow and reading."""
    own = model.kit(kit)
    minutes, actions = own.minutes, own.actions
    for factor, level in zip(model.factors, trial.levels, strict=True):
        minutes += factor.minutes[level]
        if factor.needs[level]:
            act = model.act(factor.needs[level])
            minutes, actions = minutes + act.minutes, actions + act.actions
    if trial.cycle:
        act = model.act("power")
        minutes, actions = minutes + act.minutes, actions + act.actions
    quantity = model.quantities[trial.levels[model.index(model.quantity)]] if model.quantity else 1.0
    if model.rate:
        factor = model.factor(model.rate)
        minutes += quantity / factor.rates[trial.levels[model.index(model.rate)]]
    if own.per_fill:
        fills = math.ceil(quantity / own.per_fill) - 1
        minutes, actions = minutes + fills * own.minutes, actions + fills * own.actions
    return Cost(minutes, quantity if model.quantity else 0.0, actions)


def after(model: Model, kit: str, state: State, trial: Trial) -> State:
    """Where `trial` leaves the instrument."""
    spent = cost(model, kit, trial).minutes
    if trial.cycle:
        return State(state.phase, spent, 1)
    return replace(state, power_min=state.power_min + spent, runs=state.runs + 1)


def completed(model: Model, state: State, free: Sequence[int], cycle: bool) -> Trial:
    """The trial whose chosen levels are `free` and whose states follow from `state`; levels of states in `free` do not count."""
    now = State(state.phase, 0.0, 0) if cycle else state
    own = now.levels()
    return Trial(
        tuple(own[factor.state] if factor.state else level for factor, level in zip(model.factors, free, strict=True)), cycle
    )  # fmt: skip
