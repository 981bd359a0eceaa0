"""The simulated GRBL machine of the laboratory: loads and keys, flow control, alarms; driven by the bench's own driver."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fixtures.sim.scale.keypad import KEYS
from fixtures.sim.scale.loader import Geometry
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import ScaleStation, build_scale
from protocols.contract import Garbage, Message, Role
from protocols.wire.grbl import (
    HOME,
    PROTOCOL,
    SYNC,
    UNLOCK,
    Alarm,
    Banner,
    Command,
    Fault,
    Line,
    Ok,
    RealTime,
    State,
    Status,
)

S = 1_000_000_000


class Host:
    def __init__(self, **changes: object) -> None:
        self.station: ScaleStation = build_scale(
            ScaleScenario(kit="K3", seed=5, span=0.0, noise_e=0.01, **changes)  # type: ignore[arg-type]
        )
        self._decoder = PROTOCOL.decoder(Role.DEVICE)
        self.said: list[Message] = []

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.station.ports["loader"].receive(PROTOCOL.encode(message, Role.HOST))

    def until(self, seconds: float) -> list[Message]:
        end_ns = self.station.now_ns + int(seconds * S)
        heard: list[Message] = []
        while self.station.now_ns < end_ns:
            for arrival in self.station.advance(end_ns):
                if arrival.link == "loader":
                    heard += self._decoder.feed(arrival.data)
        assert not [message for message in heard if isinstance(message, Garbage)]
        return heard

    def home(self) -> None:
        self.tell(HOME)
        assert self.until(3) == [Ok()]

    @property
    def state(self) -> State:
        self.tell(Command(RealTime.STATUS))
        [status] = [one for one in self.until(0.05) if isinstance(one, Status)]
        return status.state


def test_it_wakes_up_locked_and_homes() -> None:
    host = Host()
    assert host.state is State.ALARM
    host.tell(Line("G1 X10 F6000"))
    assert host.until(0.1) == [Fault(9)]
    host.tell(Command(RealTime.RESET))
    assert Banner("1.1h") in host.until(1)
    host.home()
    assert host.state is State.IDLE
    host.tell(UNLOCK, Line("$Q"), Line("M3"), Line("G1 X1 F0"))
    assert host.until(0.2) == [Ok(), Fault(3), Fault(20), Fault(22)]


def test_chain_puts_on_any_mass_and_ok_of_sync_comes_when_it_lies() -> None:
    host = Host()
    host.home()
    for kg in ("0.531", "2.0005", "0"):
        x_mm = Decimal(kg) / Decimal("0.005")
        host.tell(Line(f"G53 G90 G21 G1 X{x_mm:f} F30000"), SYNC)
        assert host.until(0.1)[:1] == [Ok()]
        host.until(4)
        assert host.station.scale.load_kg == pytest.approx(float(kg), abs=1e-9)
    masses = [one.mass_kg for one in host.station.hands.loadings]
    assert masses == pytest.approx([0.0, 0.531, 2.0005, 0.0])


def test_sync_is_answered_only_at_rest() -> None:
    host = Host()
    host.home()
    host.tell(Line("G1 X100 F6000"), SYNC)  # 100 mm at 100 mm/s
    assert host.until(0.9) == [Ok()]
    assert host.state is State.RUN
    assert host.until(0.4) == [Ok()]
    assert host.state is State.IDLE


def test_finger_presses_each_key_once_and_nothing_between_keys() -> None:
    host = Host(memory={})
    host.home()
    pressed: list[str] = []
    host.station.scale.key = lambda key, t_ns: pressed.append(key)  # type: ignore[method-assign]
    places = Geometry()
    for key in KEYS:
        y_mm = places.place_of(key)
        host.tell(Line(f"G1 Y{y_mm:f} F30000"), Line("G1 Z-3 F6000"), Line("G4 P0.05"), Line("G1 Z0 F6000"), SYNC)
        assert host.until(2).count(Ok()) == 5
    host.tell(Line("G1 Y7.5 F30000"), Line("G1 Z-3 F6000"), Line("G1 Z0"), SYNC)
    host.until(2)
    assert pressed == list(KEYS)


def test_more_motions_than_the_planner_holds_wait_their_turn() -> None:
    host = Host()
    host.home()
    host.tell(*(Line(f"G1 Y{n % 2 + 1} F60") for n in range(20)))  # a second each
    assert host.until(0.5).count(Ok()) == 16
    assert host.until(30).count(Ok()) == 4


def test_beyond_the_travel_and_a_reset_in_motion_lock_it() -> None:
    host = Host()
    host.home()
    host.tell(Line("G1 X9999 F6000"))
    assert Alarm(2) in host.until(0.1)
    assert host.state is State.ALARM
    host.home()
    host.tell(Line("G1 X500 F6000"))
    host.until(1)
    host.tell(Command(RealTime.RESET))
    said = host.until(1)
    assert Alarm(3) in said
    assert host.state is State.ALARM
    stands = host.station.scale.load_kg
    host.until(5)
    assert host.station.scale.load_kg == stands > 0


def test_hold_stops_and_resume_goes_on() -> None:
    host = Host()
    host.home()
    host.tell(Line("G1 X500 F6000"))
    host.until(1)
    host.tell(Command(RealTime.HOLD))
    host.until(0.1)
    stands = host.station.scale.load_kg
    host.until(3)
    assert host.state is State.HOLD
    assert host.station.scale.load_kg == stands
    host.tell(Command(RealTime.RESUME))
    host.until(6)
    assert host.station.scale.load_kg == pytest.approx(2.5)
