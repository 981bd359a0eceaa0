"""Trips for tests of tariffs: driven second by second, as pulses of a given K; and the tariffs of the tree."""

from __future__ import annotations

import numpy as np

from protocols.tariff import Trip

S = 10**9
MONDAY_NS = 4 * 86_400 * S


def drive(
    seed: int, minutes: int = 15, pulses_per_km: int = 1000, hour: float = 12.0, declared: tuple[str, ...] = ()
) -> Trip:
    """Stop and go in a city with at most 1.5 and -2 m/s2, on a Monday at `hour`."""
    rng = np.random.default_rng(seed)
    speeds: list[float] = []
    speed = 0.0
    while len(speeds) < minutes * 60:
        target = rng.choice([0, 0, 25, 40, 60]) / 3.6
        for _ in range(int(rng.integers(20, 90))):
            speed = max(0.0, speed + float(np.clip(target - speed, -2, 1.5)))
            speeds.append(speed)
    metres = np.concatenate(([0.0], np.cumsum(speeds[: minutes * 60])))
    rising = metres + 1e-9 * np.arange(len(metres))
    length = 1000 / pulses_per_km
    times = np.interp(np.arange(1, int(metres[-1] / length) + 1) * length, rising, np.arange(len(metres)))
    civil = MONDAY_NS + int(hour * 3600) * S
    return Trip.of_pulses(
        (times * S).astype(np.int64), pulses_per_km, 0, minutes * 60 * S, civil, frozenset(declared)
    )  # fmt: skip
