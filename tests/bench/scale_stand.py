"""A simulated price scale without a bench: orders to its officer one at a time, and what its line said meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fixtures.link import Arrival
from fixtures.sim.scale.cheats import parse_scale_cheat
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import ScaleStation, build_scale

SECOND = 1_000_000_000


class Counter:
    """The officer at the counter; `frames`: what came from port "scale", in order."""

    def __init__(self, cheat: str | None = None, size: float | None = None, **changes: object) -> None:
        spec = None if cheat is None else parse_scale_cheat(cheat, size)
        self.station: ScaleStation = build_scale(ScaleScenario(**{"cheat": spec, "seed": 3, **changes}))  # type: ignore[arg-type]
        self.frames: list[Arrival] = []
        self._heard = b""
        self._n = 0

    def ask(self, verb: str, **parameters: object) -> Mapping[str, object]:
        self._n += 1
        request = {"id": self._n, "verb": verb, **parameters}
        self.station.ports["operator"].receive(json.dumps(request).encode() + b"\n")
        until = self.station.now_ns + 600 * SECOND
        while b"\n" not in self._heard and self.station.now_ns < until:
            for arrival in self.station.advance(until):
                if arrival.link == "operator":
                    self._heard += arrival.data
                else:
                    self.frames.append(arrival)
        line, _, self._heard = self._heard.partition(b"\n")
        answer = dict(json.loads(line))
        assert answer.pop("id") == self._n
        return answer

    def done(self, verb: str, **parameters: object) -> Mapping[str, object]:
        answer = self.ask(verb, **parameters)
        assert answer["ok"] is True, answer
        return answer

    def weigh(self, mass: str, *, covert: bool = False) -> Mapping[str, object]:
        """The load put on and the display read; with "mass_kg" as `place` answered."""
        put = self.done("place", mass=mass, covert=covert)
        return {**self.done("read", what="weighing"), "mass_kg": put["mass_kg"]}
