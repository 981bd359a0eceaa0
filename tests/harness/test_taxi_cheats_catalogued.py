"""The catalogue of taximeters breaks what each simulated mechanism breaks, where it sits."""

from __future__ import annotations

import pytest

from fixtures.sim.taxi.cheats import TAXI_CHEATS, TAXI_VARIANTS, parse_taxi_cheat
from fixtures.sim.taxi.mechanisms import TaxiPart
from harness import catalogue

PULSES = ("Train", "Lump", "Scratch", "Retime")
ELSEWHERE = {
    "ExtraMagnets": {"reference>sensor"},
    "Geared": {"reference>sensor"},
    "SmallTyres": {"reference>sensor"},
    "FalseK": {"input>distance"},
    "Preload": {"distance>fare"},
    "MeterGain": {"input>distance", "clock>waiting"},
    "Dearer": {"distance>fare"},
    "FareAdd": {"distance>fare"},
    "TenFold": {"distance>fare"},
    "FastClock": {"clock>waiting"},
    "ClockOffset": {"distance>fare"},
    "Erase": {"fare>record"},
}


def broken(part: TaxiPart) -> set[str]:
    name = type(part.mechanism).__name__
    if name in PULSES:
        return {"reference>sensor" if part.place == "S" else "sensor>input"}
    return ELSEWHERE[name]


@pytest.mark.parametrize("name", [*TAXI_CHEATS, *TAXI_VARIANTS])
def test_each_simulated_part_breaks_a_catalogued_link(name: str) -> None:
    breaks = {entry.id: set(entry.breaks) for entry in catalogue.load_catalogue()}
    for part in parse_taxi_cheat(name).parts:
        assert broken(part) <= breaks[name.split(":")[0]], part
