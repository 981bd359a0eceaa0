"""What arrives on real links, gathered until it is enough."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.link import Arrival
from fixtures.reallink import RealSource

SECOND = 1_000_000_000


def gather(source: RealSource, enough: Callable[[list[Arrival]], bool], timeout_s: float = 5) -> list[Arrival]:
    arrivals: list[Arrival] = []
    deadline = source.clock.now_ns() + int(timeout_s * SECOND)
    while not enough(arrivals) and source.clock.now_ns() < deadline:
        arrivals += source.wait(deadline)
    return arrivals


def text(arrivals: list[Arrival]) -> bytes:
    return b"".join(a.data for a in arrivals)
