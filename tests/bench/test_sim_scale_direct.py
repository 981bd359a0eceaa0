"""Weighings without ports equal those through the port, for the same scenario and program; and they are quick."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest

from captures.model import Flag
from fixtures.sim.scale.cheats import parse_scale_cheat
from fixtures.sim.scale.direct import Act, Control, Key, Look, Power, Put, by_hand, weighing
from fixtures.sim.scale.display import Shown
from fixtures.sim.scale.lines import LINES
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import build_scale
from protocols.contract import Garbage, Role
from protocols.indication import Indicating
from protocols.wire.mt_sics import Answer

S = 1_000_000_000


def through_the_port(
    scenario: ScaleScenario, program: Sequence[Act], end_ns: int
) -> tuple[list[tuple[int, int, bool]], list[Shown]]:
    """(frame instant, steps, stable) of each frame that came from the port, and what the display showed."""
    station = build_scale(scenario)
    scale = station.scale
    shown: list[Shown] = []
    for act in program:
        match act:
            case Put(t_ns, kg, velocity, place):
                station.schedule(
                    t_ns, lambda t=t_ns, kg=kg, v=velocity, p=place: scale.put(kg, t, velocity_m_s=v, place=p)
                )  # type: ignore[misc]
            case Key(t_ns, key):
                station.schedule(t_ns, lambda t=t_ns, key=key: scale.key(key, t))  # type: ignore[misc]
            case Power(t_ns, on):
                station.schedule(t_ns, lambda t=t_ns, on=on: scale.power(on, t))  # type: ignore[misc]
            case Control(t_ns):
                station.schedule(t_ns, lambda t=t_ns: scale.remote(t))  # type: ignore[misc]
            case Look(t_ns):
                station.schedule(t_ns, lambda t=t_ns: shown.append(scale.shown(t)))  # type: ignore[misc]
    protocol = LINES[scenario.protocol].protocol
    decoder, char_ns = protocol.decoder(Role.DEVICE), protocol.line.char_ns()
    frames = []
    while station.now_ns < end_ns:
        for arrival in station.advance(end_ns):
            for message in decoder.feed(arrival.data):
                assert not isinstance(message, Garbage)
                if isinstance(message, Answer):
                    continue
                assert isinstance(message, Indicating)
                said = message.indication()
                assert said is not None
                assert said.weight is not None
                at_ns = arrival.t_ns - len(arrival.data) * char_ns
                frames.append((at_ns, int(said.weight / scenario.weighing().step), bool(said.stable)))
    return frames, shown


PROGRAM: list[Act] = [
    Key(S, "5"),
    *by_hand(np.random.default_rng(4), (0.531, 1.19, 2.0, 0.137), on_s=4.1, off_s=2.7),
    Key(31 * S + 1, "M2"),
    Put(32 * S + 17, 4.2, 0.3, (0.4, -0.2)),
    Control(36 * S + 3),
    Look(38 * S),
    Power(39 * S, False),
    Power(41 * S + 5, True),
    Key(48 * S, "M5"),
    Look(50 * S),
]


@pytest.mark.parametrize(
    ("cheat", "changes"),
    [
        (None, {}),
        (None, {"rate_hz": 80, "frame_ms": 40, "honest": ("wind", "vibration", "zero_tracking", "two_intervals")}),
        ("scale.S01", {"rate_hz": 10}),
        ("scale.S09", {"honest": ("low_battery", "warm_up")}),
        ("scale.S06", {"frame_ms": 90}),
        ("scale.S24", {}),
    ],
)
def test_direct_weighings_are_those_of_the_port(cheat: str | None, changes: dict[str, object]) -> None:
    spec = None if cheat is None else parse_scale_cheat(cheat)
    scenario = ScaleScenario(cheat=spec, seed=9, **changes)  # type: ignore[arg-type]
    end_ns = 55 * S
    made = weighing(scenario, PROGRAM, end_ns)
    frames, shown = through_the_port(scenario, PROGRAM, end_ns)
    usable = (made.flags & (Flag.OVERLOAD | Flag.UNDERLOAD)) == 0
    direct = list(
        zip(
            made.times_ns[usable].tolist(),
            made.steps[usable].tolist(),
            ((made.flags[usable] & Flag.STABLE) > 0).tolist(),
            strict=True,
        )
    )
    assert len(frames) > 300
    assert direct[: len(frames)] == frames
    assert len(direct) - len(frames) <= 1  # the last may still be on the line
    assert list(made.shown) == shown


def test_a_program_that_goes_back_in_time_is_refused() -> None:
    with pytest.raises(ValueError, match="order of time"):
        weighing(ScaleScenario(), [Put(2 * S, 1.0), Put(S, 0.0)])


def test_a_thousand_weighings_take_seconds() -> None:
    rng = np.random.default_rng(2)
    program = by_hand(rng, rng.uniform(0.1, 6.0, 1000))
    begun = time.process_time()
    made = weighing(ScaleScenario(seed=2, frame_ms=500), program)
    assert time.process_time() - begun < 10
    masses = [act.kg for act in program if isinstance(act, Put)]
    assert len(made.shown) == 1000
    assert all(shown.weight is not None and shown.weight > Decimal("0.09") for shown in made.shown)
    assert len(masses) == 7000
