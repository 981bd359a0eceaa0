"""A taxi without a world, driven by a program of acts, with both taps kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fixtures.sim.encoder import Edges, Ints
from fixtures.sim.taxi.car import Taxi
from fixtures.sim.taxi.cheats import parse_taxi_cheat
from fixtures.sim.taxi.cycles import Hop, Leg
from fixtures.sim.taxi.scenario import TaxiScenario

S = 1_000_000_000


class Recorded:
    """What both taps heard."""

    def __init__(self, taxi: Taxi) -> None:
        self.edges: tuple[list[Edges], list[Edges]] = ([], [])
        taxi.taps.append(lambda start, one, other: (self.edges[0].append(one), self.edges[1].append(other)))

    def times(self, tap: int) -> Ints:
        return np.concatenate([part.times_ns for part in self.edges[tap - 1]])

    def states(self, tap: int) -> np.ndarray:
        return np.concatenate([part.states for part in self.edges[tap - 1]])

    def rises(self, tap: int) -> Ints:
        states = self.states(tap)
        return self.times(tap)[(states == 1) & (np.concatenate(([0], states[:-1])) == 0)]

    def closings(self, tap: int) -> Ints:
        """Rises without those of a contact that bounces."""
        rises = self.rises(tap)
        return rises[np.diff(rises, prepend=-S) >= 1_000_000]


def taxi(cheat: str | None = None, size: float | None = None, **settings: Any) -> tuple[Taxi, Recorded]:
    """An honest car without slip unless told; K 1000, a magnet rotor."""
    settings = {"pulses_per_km": 1000, "sensor_class": "magnet-rotor", "k_error": 0.0, "wear": 0.0, **settings}
    made = Taxi(TaxiScenario(cheat=None if cheat is None else parse_taxi_cheat(cheat, size), **settings))
    return made, Recorded(made)


def steady(metres: float = 1000.0, kmh: float = 40.0) -> Sequence[Leg]:
    return [Hop(metres, kmh, unrest=0.0)]
