"""A truck scale's world as tests drive it: requests to the officer, frames of the tapped line."""

from __future__ import annotations

import json
from typing import Any

from fixtures.link import Arrival
from fixtures.sim.scale.truck.scenario import TruckScenario
from fixtures.sim.scale.truck.station import TruckStation, build_truck

S = 1_000_000_000
PATIENCE_NS = 1200 * S


class Bench:
    """`frames`: what came over the tapped line."""

    def __init__(self, scenario: TruckScenario) -> None:
        self.world: TruckStation = build_truck(scenario)
        self.frames: list[Arrival] = []
        self._asked = 0

    def try_ask(self, verb: str, **parameters: object) -> dict[str, Any]:
        """The answer, refusals too."""
        self._asked += 1
        request = {"id": self._asked, "verb": verb, **parameters}
        self.world.ports["operator"].receive(json.dumps(request).encode() + b"\n")
        end_ns = self.world.now_ns + PATIENCE_NS
        while self.world.now_ns < end_ns:
            for arrival in self.world.advance(end_ns):
                if arrival.link == "operator":
                    answer: dict[str, Any] = json.loads(arrival.data)
                    assert answer["id"] == self._asked
                    return answer
                self.frames.append(arrival)
        raise AssertionError(f"no answer to {request}")

    def ask(self, verb: str, **parameters: object) -> dict[str, Any]:
        answer = self.try_ask(verb, **parameters)
        assert answer["ok"], answer
        return answer

    def weight(self) -> int:
        """As displayed, kg."""
        return int(self.ask("read", what="weighing")["weight"])

    def ticket(self) -> int:
        return int(self.ask("read", what="ticket")["weight"])

    def record(self) -> int:
        return int(self.ask("read", what="record")["weight_kg"])

    def place(self, mass: int, position: str = "middle", *, covert: bool = False) -> int:
        """What was put on, as told, kg."""
        return int(self.ask("place", mass=str(mass), position=position, covert=covert)["mass_kg"])

    def wait(self, seconds: float) -> None:
        end_ns = self.world.now_ns + int(seconds * S)
        while self.world.now_ns < end_ns:
            self.frames += self.world.advance(end_ns)
