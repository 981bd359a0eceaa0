"""The roller bench: our driver on the simulated drum and on pymodbus, pymodbus on our drum, hostile registers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fixtures import registermap
from fixtures.capability import Drives, MeasuresDistance
from fixtures.errors import BenchError, InstrumentError, StopAsked
from fixtures.instruments.roller_modbus import FASTEST_KM_H
from fixtures.sim.modbus_slave import MappedRegisters, Slave
from fixtures.sim.taxi.bench_roller import Drum, roller
from fixtures.sim.world import World
from protocols.contract import LineSettings, Role
from protocols.wire.modbus_rtu import PROTOCOL, Registers
from tests.peers import bench_of, bench_text, instrument

S, MS = 1_000_000_000, 1_000_000
LINE = LineSettings(9600)
EXAMPLE = 'map = "roller-example"'


def steady(m_s: float) -> Callable[[int], float]:
    return lambda t_ns: m_s * t_ns / 1e9


class RollerWorld(World):
    """A drum at unit 1; without `turned_m` its motor turns it."""

    def __init__(
        self, turned_m: Callable[[int], float] | None = None, name: str = "roller-example", **drum: Any
    ) -> None:
        super().__init__()
        self.drum = Drum(self, turned_m, **drum)
        self.slave: Slave = roller(self, self.drum, name)
        self.slave.port = self.add_port("roller", LINE, self.slave.on_bytes)
        self.add_port("operator", LineSettings(None), lambda data: None)


@contextmanager
def opened(folder: Path, world: World, options: str = EXAMPLE, driver: str = "modbus-roller") -> Iterator[Any]:
    with bench_of(folder, bench_text(driver, "sim:roller", options), world) as bench:
        bench.open()
        yield bench


def test_metres_are_turns_times_the_circumference(tmp_path: Path) -> None:
    """974 turns of a drum of 1 m are 974 m, whatever the count stood at (taximeters.md 2.1, worked example)."""
    world = RollerWorld(steady(974 / 60), pulses_per_rev=50, count_at=7_654_321)
    with opened(tmp_path, world) as bench:
        roller_ = instrument(bench)
        assert isinstance(roller_, MeasuresDistance)
        began = world.now_ns
        roller_.start()
        bench.idle(60 * S)
        told = roller_.distance()
        seconds = (world.now_ns - began) / 1e9
    assert float(told["distance_m"]) == pytest.approx(974 / 60 * seconds, abs=2.0)  # 0.1 s of reading at either end
    assert told["resolution_m"] == "0.02"
    assert float(told["speed_km_h"]) == pytest.approx(974 / 60 * 3.6, abs=0.06)


def test_a_count_that_comes_round_is_no_distance_back(tmp_path: Path) -> None:
    world = RollerWorld(steady(20.0), count_at=2**32 - 1000)
    with opened(tmp_path, world) as bench:
        instrument(bench).start()
        bench.idle(10 * S)
        told = Decimal(instrument(bench).distance()["distance_m"])
    assert world.drum.pulses > 2**32
    assert told == pytest.approx(Decimal(200), abs=3)


def test_a_count_that_is_set_back_is_an_error(tmp_path: Path) -> None:
    world = RollerWorld(steady(20.0), count_at=1_000_000)
    with opened(tmp_path, world) as bench:
        instrument(bench).start()
        bench.idle(5 * S)
        world.drum._count_at = 0
        with pytest.raises(InstrumentError, match="it was set back, comes round unseen"):
            instrument(bench).distance()
        instrument(bench).start()
        assert Decimal(instrument(bench).distance()["distance_m"]) < 10


def test_a_count_that_leaps_is_an_error(tmp_path: Path) -> None:
    world = RollerWorld(steady(20.0))
    with opened(tmp_path, world) as bench:
        instrument(bench).start()
        world.drum._count_at = 1_000_000
        with pytest.raises(InstrumentError, match="by at most"):
            instrument(bench).distance()


TURNS = """
device = "a drum that counts turns"
source = "this test"
grade = "U"
verified = false
function = 4
first_address = 1
word_order = "low-first"
[quantities.roller_revolutions]
register = 100
type = "uint16"
unit = "1"
grade = "U"
"""


def test_turns_alone_are_enough_with_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "turns.toml").write_text(TURNS)
    world = RollerWorld(steady(30.0), name=str(tmp_path / "turns.toml"), circumference_m=1.256, count_at=65_500 * 100)
    options = f'map = "{tmp_path / "turns.toml"}"\ncircumference_m = 1.256'
    with opened(tmp_path, world, options) as bench:
        instrument(bench).start()
        bench.idle(100 * S)
        told = instrument(bench).distance()
        assert "speed_km_h" not in told
        assert told["resolution_m"] == "1.256"
        assert float(told["distance_m"]) == pytest.approx(3000, abs=5)
        bench.idle(1200 * S)  # at the fastest, 65536 turns of 1.256 m take 1185 s
        with pytest.raises(InstrumentError, match="comes round unseen in that time"):
            instrument(bench).distance()


def test_a_motor_drives_so_far_and_comes_to_rest(tmp_path: Path) -> None:
    world = RollerWorld()
    with opened(tmp_path, world, EXAMPLE, "modbus-roller-motor") as bench:
        driven = instrument(bench)
        assert isinstance(driven, Drives)
        told = driven.drive(Decimal(500), Decimal(60))
        metres, speed = world.drum.at(world.now_ns)
        assert speed == 0.0
        assert float(told["distance_m"]) == pytest.approx(metres, abs=0.011)
        assert 500 <= metres < 700  # 16.7 m/s brake in 139 m at 1 m/s2
        assert float(told["speed_km_h"]) == pytest.approx(60, abs=0.1)
        assert driven.drive(Decimal(10), Decimal(5))["resolution_m"] == "0.01"


def test_a_stop_leaves_the_drum_at_rest(tmp_path: Path) -> None:
    world = RollerWorld()
    with opened(tmp_path, world, EXAMPLE, "modbus-roller-motor") as bench:

        def ask_to_stop() -> None:
            bench.stop = StopAsked("enough", resumable=False)

        world.after(30 * S, ask_to_stop)
        with pytest.raises(StopAsked):
            instrument(bench).drive(Decimal(5000), Decimal(60))
        assert world.drum.at(world.now_ns)[1] > 10
        assert bench.make_safe() == []
        bench.idle(30 * S)
        assert world.drum.at(world.now_ns)[1] == 0.0


def test_a_drum_that_does_not_turn_is_an_error(tmp_path: Path) -> None:
    world = RollerWorld()
    world.drum.set_speed = lambda km_h: setattr(world.drum, "_to_m_s", 0.0) if not km_h else None  # type: ignore[method-assign]
    with (
        opened(tmp_path, world, EXAMPLE, "modbus-roller-motor") as bench,
        pytest.raises(InstrumentError, match="to be 60 as set, but it reads 0; is the instrument set to remote"),
    ):
        instrument(bench).drive(Decimal(500), Decimal(60))
    world = RollerWorld()
    world.drum.at = lambda t_ns: (0.0, 0.0)  # type: ignore[method-assign]
    (tmp_path / "again").mkdir()
    with (
        opened(tmp_path / "again", world, EXAMPLE, "modbus-roller-motor") as bench,
        pytest.raises(InstrumentError, match="expected 50 m at 60 km/h within 66 s, but the drum turned 0"),
    ):
        instrument(bench).drive(Decimal(50), Decimal(60))


@pytest.mark.parametrize(("metres", "km_h"), [("0", "60"), ("-5", "60"), ("100", "0"), ("100", str(FASTEST_KM_H + 1))])
def test_what_cannot_be_driven_is_refused(tmp_path: Path, metres: str, km_h: str) -> None:
    with (
        opened(tmp_path, RollerWorld(), EXAMPLE, "modbus-roller-motor") as bench,
        pytest.raises(BenchError, match="a distance above 0 and a speed of at most 250 km/h"),
    ):
        instrument(bench).drive(Decimal(metres), Decimal(km_h))


@pytest.mark.parametrize(
    ("held", "options", "why"),
    [
        ({"circumference_m": 0.0}, "", "circumference_m expected above 0, got 0: with a circumference of zero every distance is zero"),
        ({"roller_pulses_per_rev": 0}, "", "roller_pulses_per_rev expected above 0, got 0"),
        ({"circumference_m": 0.01}, "", "expected a drum of 0.05 to 10 m round, got 0.01 m"),
        ({"circumference_m": 1.01}, "circumference_m = 1.0", "circumference_m expected 1.0 as the bench file states, but the bench holds 1.01"),
        ({"roller_pulses_per_rev": 360}, "pulses_per_rev = 100", "roller_pulses_per_rev expected 100 as the bench file states"),
    ],
)  # fmt: skip
def test_a_drum_that_cannot_be_is_told(tmp_path: Path, held: dict[str, float], options: str, why: str) -> None:
    world = RollerWorld(steady(1.0))
    true = world.drum.values
    registers = registermap.find("roller-example", {}, "test")
    world.slave.registers = MappedRegisters(registers, lambda: {**true(), **held})
    with pytest.raises(InstrumentError, match=why), opened(tmp_path, world, f"{EXAMPLE}\n{options}"):
        pass


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("", "map is missing; expected one of eh-promass, roller-example"),
        ('map = "xy-md02"', "neither roller_pulses nor roller_revolutions"),
        (
            f"{EXAMPLE}\ncircumference_m = 0.0",
            "circumference_m expected above 0, got 0.0: with a circumference of zero",
        ),
        (f"{EXAMPLE}\npulses_per_rev = 0", "pulses_per_rev expected above 0, got 0"),
        (
            'map = "TURNS"',
            "circumference_m is missing: register map turns has no circumference_m; state it as certified",
        ),
    ],
)
def test_what_is_wrong_at_the_roller_is_named(tmp_path: Path, options: str, why: str) -> None:
    (tmp_path / "turns.toml").write_text(TURNS)
    text = bench_text("modbus-roller", "sim:roller", options.replace("TURNS", str(tmp_path / "turns.toml")))
    with pytest.raises(BenchError, match=why), bench_of(tmp_path, text, RollerWorld()):
        pass


def test_a_motor_needs_a_register_for_its_speed(tmp_path: Path) -> None:
    (tmp_path / "turns.toml").write_text(TURNS)
    text = bench_text("modbus-roller-motor", "sim:roller", f'map = "{tmp_path / "turns.toml"}"\ncircumference_m = 1.0')
    with pytest.raises(BenchError, match="has no set_speed_km_h"), bench_of(tmp_path, text, RollerWorld()):
        pass


def test_nothing_is_written_where_no_drum_is(tmp_path: Path) -> None:
    """Registers of another device: read, refused, and left alone at the end."""
    world = RollerWorld(circumference_m=0.001)
    asked: list[bytes] = []
    world.ports["roller"].on_bytes = lambda data: (asked.append(data), world.slave.on_bytes(data))  # type: ignore[func-returns-value]
    with bench_of(tmp_path, bench_text("modbus-roller-motor", "sim:roller", EXAMPLE), world) as bench:
        with pytest.raises(InstrumentError, match="expected a drum of"):
            bench.open()
        assert bench.make_safe() == []
    assert {frame[1] for frame in asked} == {3}


def test_silence_and_garbage_are_errors(tmp_path: Path) -> None:
    world = RollerWorld(steady(1.0))
    with opened(tmp_path, world) as bench:
        instrument(bench).start()
        world.ports["roller"].on_bytes = lambda data: None
        with pytest.raises(InstrumentError, match="3 tries; nothing came"):
            instrument(bench).distance()
        cut = PROTOCOL.encode(Registers(1, 3, (0, 77)), Role.DEVICE)[:-3]
        world.ports["roller"].on_bytes = lambda data: world.after(5 * MS, lambda: world.ports["roller"].send(cut))
        with pytest.raises(InstrumentError, match=r"3 tries; .* bytes came that are no answer"):
            instrument(bench).distance()


def test_what_is_written_is_what_is_held() -> None:
    speed = registermap.find("roller-example", {}, "test").quantities["set_speed_km_h"]
    assert speed.count(Decimal("59.96")) == 600
    assert speed.in_named_unit(Decimal(600)) == "60"
    metres_s = replace(speed, unit="m/s", scale=Decimal(1))
    assert metres_s.count(Decimal(36)) == 10
    assert metres_s.in_named_unit(Decimal(10)) == "36"


# --- independent software -----------------------------------------------------------------------------------------------

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on this system")


@needs_pty
def test_our_driver_works_a_pymodbus_drum(tmp_path: Path) -> None:
    pytest.importorskip("pymodbus", reason="needs pymodbus")
    from pymodbus.simulator import DataType, SimData, SimDevice

    from tests.modbus_peer import modbus_server
    from tests.peers import cable

    held = [
        SimData(0, values=123456, datatype=DataType.UINT32),
        SimData(2, values=[100, 10000, 0], datatype=DataType.REGISTERS),
        SimData(16, values=555, datatype=DataType.REGISTERS),
    ]
    with (
        cable() as (ours, theirs),
        modbus_server(theirs, SimDevice(1, held), baud=9600),
        bench_of(tmp_path, bench_text("modbus-roller-motor", f"serial:{ours}", EXAMPLE)) as bench,
    ):
        told = bench.open()["it"]
        assert told["count"] == "123456"
        assert told["circumference_m"] == "1"
        drum = instrument(bench)
        assert drum._line.read("set_speed_km_h") == "0"  # it held 55.5 before we came
        drum._line.write("set_speed_km_h", Decimal("42.5"))
        drum.start()
        assert drum.distance() == {"distance_m": "0.00", "resolution_m": "0.01", "speed_km_h": "0"}
        assert bench.make_safe() == []
        assert drum._line.read("set_speed_km_h") == "0"


@needs_pty
def test_pymodbus_works_our_simulated_drum() -> None:
    pytest.importorskip("pymodbus", reason="needs pymodbus")
    from pymodbus.client import ModbusSerialClient

    from tests.peers import served

    world = RollerWorld(count_at=70_000)
    with served(world, speed=20) as ports, ModbusSerialClient(ports["roller"], baudrate=9600, timeout=2) as client:
        before = client.read_holding_registers(0, count=5, device_id=1).registers
        assert before == [1, 4464, 100, 10000, 0]
        assert client.write_register(16, 360, device_id=1).registers == [360]
        assert client.write_register(4, 360, device_id=1).exception_code == 2
        assert client.write_registers(16, [360, 1], device_id=1).exception_code == 2
        while (after := client.read_holding_registers(0, count=5, device_id=1).registers)[4] < 360:
            pass
        assert after[0] * 65536 + after[1] > 70_000 + 4900  # 10 m/s are reached after 50 m
        assert client.write_registers(16, [0], device_id=1).count == 1
    assert world.drum._to_m_s == 0
