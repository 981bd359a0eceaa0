"""A source of real links, and an encoder turned by the hand of a test: edges at known instants, whatever the simulated
dispenser does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from fixtures.clock import RealClock
from fixtures.reallink import RealSource
from fixtures.sim.encoder import GRAY, Edges
from fixtures.sim.taps import Probe
from fixtures.sim.world import World


class Turning:
    """Feeds a probe with quadrature edges made a little ahead of the world's time."""

    def __init__(self, world: World, probe: Probe, seed: int) -> None:
        self._world, self._probe = world, probe
        self._random = np.random.default_rng(seed)
        self.times_ns: list[int] = []
        self.states: list[int] = []
        self.start = probe.levels
        self._at_ns, self._phase = 0, int(np.flatnonzero(self.start == GRAY)[0])
        self._turn()

    def _turn(self) -> None:
        times, states = [], []
        while self._at_ns < self._world.now_ns + 20_000_000:
            self._at_ns += int(self._random.integers(3_000, 90_000))
            self._phase += 1
            times.append(self._at_ns)
            states.append(int(GRAY[self._phase % 4]))
        self._probe.add(Edges(np.array(times, np.int64), np.array(states, np.uint8)))
        self.times_ns += times
        self.states += states
        self._world.after(5_000_000, self._turn)

    def words(self, start_ns: int, rate_hz: int, count: int) -> np.ndarray:
        """Levels of A and B at the end of each sampling interval, found from the instants alone."""
        ends = start_ns + (np.arange(count, dtype=np.int64) + 1) * (1_000_000_000 // rate_hz)
        at = np.searchsorted(np.array(self.times_ns), ends, side="left")
        return np.array([self.start, *self.states])[at]


@pytest.fixture
def turning() -> Callable[[World, Probe, int], Turning]:
    return Turning


@pytest.fixture
def source() -> Iterator[RealSource]:
    source = RealSource(RealClock())
    yield source
    source.close()
