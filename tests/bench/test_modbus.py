"""Modbus instruments: drivers against pymodbus on real pseudo-terminals, pymodbus against our simulated devices."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException
from pymodbus.simulator import DataType, SimData, SimDevice

from fixtures import registermap
from fixtures.benchfile import parse
from fixtures.binding import check
from fixtures.capability import Meters, Switches
from fixtures.errors import BenchError, InstrumentError
from fixtures.plugins import specs
from fixtures.sim.build import Site, build
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.scenario import Scenario
from fixtures.sim.world import World
from protocols.contract import LineSettings, Role
from protocols.wire.modbus_rtu import PROTOCOL, Read, Registers, Unlisted
from tests.modbus_peer import modbus_server
from tests.peers import bench_of, bench_text, cable, instrument, served

MASS6000 = 'map = "siemens-mass6000"'
SENSOR = 'map = "xy-md02"'
FLOW, DENSITY, TEMPERATURE, TOTAL = 0.0678, 745.25, -3.5, 123456.789012345


def pymodbus_server(port: str, tamper: Callable[[bytes], bytes] = lambda data: data) -> AbstractContextManager[None]:
    """pymodbus as a MASS 6000 at unit 1."""
    held = [
        SimData(3000, values=FLOW, datatype=DataType.FLOAT32),
        SimData(3004, values=DENSITY, datatype=DataType.FLOAT32),
        SimData(3006, values=TEMPERATURE, datatype=DataType.FLOAT32),
        SimData(3014, values=TOTAL, datatype=DataType.FLOAT64),
    ]
    return modbus_server(port, SimDevice(1, held), baud=19200, tamper=tamper)


def float32(value: float) -> float:
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


def test_our_driver_reads_a_pymodbus_server(tmp_path: Path) -> None:
    with (
        cable() as (ours, theirs),
        pymodbus_server(theirs),
        bench_of(tmp_path, bench_text("modbus-coriolis", f"serial:{ours}", MASS6000)) as bench,
    ):
        bench.open()
        meter = instrument(bench)
        assert isinstance(meter, Meters)
        read = meter.read()
    assert set(read) == {"mass_flow_kg_s", "density_kg_m3", "temperature_c", "mass_total_kg"}
    assert float32(float(read["mass_flow_kg_s"])) == float32(FLOW)
    assert read["density_kg_m3"] == "745.25"
    assert read["temperature_c"] == "-3.5"
    assert read["mass_total_kg"] == "123456.789012345"


def test_the_other_word_order_is_another_number(tmp_path: Path) -> None:
    options = f'{MASS6000}\nword_order = "low-first"'
    with (
        cable() as (ours, theirs),
        pymodbus_server(theirs),
        bench_of(tmp_path, bench_text("modbus-coriolis", f"serial:{ours}", options)) as bench,
    ):
        swapped = float(instrument(bench).read()["density_kg_m3"])
    high, low = struct.unpack(">2H", struct.pack(">f", DENSITY))
    assert float32(swapped) == struct.unpack(">f", struct.pack(">2H", low, high))[0] != DENSITY


def test_exception_2_is_told_with_what_to_check(tmp_path: Path) -> None:
    options = f"{MASS6000}\nfirst_address = 1"
    with cable() as (ours, theirs), pymodbus_server(theirs), bench_of(
        tmp_path, bench_text("modbus-coriolis", f"serial:{ours}", options)
    ) as bench, pytest.raises(InstrumentError, match=r"mass_flow_kg_s in 2 registers from 2999, but unit 1 refused function 3: no such address \(exception 2\); check register map"):  # fmt: skip
        bench.open()


def test_a_wrong_crc_is_asked_again_and_never_read(tmp_path: Path) -> None:
    wrong = iter([True, True])

    def tamper(data: bytes) -> bytes:
        return data[:-1] + bytes((data[-1] ^ 1,)) if next(wrong, False) else data

    with (
        cable() as (ours, theirs),
        pymodbus_server(theirs, tamper),
        bench_of(tmp_path, bench_text("modbus-coriolis", f"serial:{ours}", MASS6000)) as bench,
    ):
        read = instrument(bench).read()
    assert read["density_kg_m3"] == "745.25"
    assert next(wrong, None) is None


def test_nothing_but_wrong_crcs_is_an_error(tmp_path: Path) -> None:
    with (
        cable() as (ours, theirs),
        pymodbus_server(theirs, lambda data: data[:-1] + bytes((data[-1] ^ 1,))),
        bench_of(tmp_path, bench_text("modbus-coriolis", f"serial:{ours}", MASS6000)) as bench,
        pytest.raises(InstrumentError, match=r"3 tries; 27 bytes came that are no answer to it \(.*CRC"),
    ):
        instrument(bench).read()


def test_silence_is_an_error(tmp_path: Path) -> None:
    with (
        cable() as (ours, theirs),
        pymodbus_server(theirs, lambda data: b""),
        bench_of(tmp_path, bench_text("modbus-coriolis", f"serial:{ours}", MASS6000)) as bench,
        pytest.raises(InstrumentError, match=r"from unit 1 within 0\.5 s, 3 tries; nothing came"),
    ):
        instrument(bench).read()


# --- our simulated devices, read by pymodbus -------------------------------------------------------------------------


def site(*instruments: str) -> Site:
    return build(Scenario(kit="K0", seed=3, instruments=instruments))


def test_pymodbus_reads_our_simulated_meter() -> None:
    world = site("coriolis")
    truth = world.operator.measures.meter_density_kg_m3()
    with served(world) as ports, ModbusSerialClient(ports["coriolis"], baudrate=19200, timeout=2) as client:
        read = client.read_holding_registers(3000, count=2, device_id=1)
        assert client.convert_from_registers(read.registers, client.DATATYPE.FLOAT32) == 0.0
        read = client.read_holding_registers(3004, count=2, device_id=1)
        assert client.convert_from_registers(read.registers, client.DATATYPE.FLOAT32) == float32(truth)
        read = client.read_holding_registers(3014, count=4, device_id=1)
        total = client.convert_from_registers(read.registers, client.DATATYPE.FLOAT64)
        assert 1e3 < total < 1e5
        assert client.read_holding_registers(2999, count=2, device_id=1).exception_code == 2
        assert client.read_input_registers(3000, count=2, device_id=1).exception_code == 2
        assert client.write_register(3000, 1, device_id=1).exception_code == 2
        assert client.read_discrete_inputs(0, count=1, device_id=1).exception_code == 1
        with pytest.raises(ModbusIOException):
            ModbusSerialClient.read_holding_registers(short(client), 3000, count=2, device_id=7)


def short(client: ModbusSerialClient) -> ModbusSerialClient:
    client.retries = 0
    client.comm_params.timeout_connect = 0.3
    return client


def test_pymodbus_works_our_simulated_relay() -> None:
    world = build(Scenario(kit="K3", seed=3, instruments=("modbus_relay",)))
    with served(world) as ports, ModbusSerialClient(ports["modbus_relay"], baudrate=9600, timeout=2) as client:
        assert client.read_coils(0, count=4, device_id=1).bits[:4] == [True, False, False, False]
        assert client.write_coil(0, False, device_id=1).bits[:1] == [False]
        assert client.read_coils(0, count=1, device_id=1).bits[0] is False
        assert client.write_coil(4, True, device_id=1).exception_code == 2
    assert not world.dispenser.powered


def test_pymodbus_reads_our_simulated_sensor() -> None:
    world = site("thermometer")
    with served(world) as ports, ModbusSerialClient(ports["thermometer"], baudrate=9600, timeout=2) as client:
        celsius, percent = client.read_input_registers(1, count=2, device_id=1).registers
    assert (celsius, percent) == (round(10 * world.dispenser.delivery.plant.drawn.temperature_c), 546)


# --- our driver on our devices, with faults on the line --------------------------------------------------------------


def test_the_meter_weighs_what_ran_through(tmp_path: Path) -> None:
    world = build(Scenario(kit="K0", seed=5, instruments=("coriolis",)))
    with bench_of(tmp_path, bench_text("modbus-coriolis", "sim:coriolis", MASS6000), world) as bench:
        bench.open()
        before = instrument(bench).read()
        bench.drivers["operator"].ask("deliver", "20 L", volume_l="20.00", flow="full")  # type: ignore[attr-defined]
        after = instrument(bench).read()
    mass = Decimal(after["mass_total_kg"]) - Decimal(before["mass_total_kg"])
    true_kg = world.sales[-1].delivered_ml / 1e6 * world.operator.measures.meter_density_kg_m3()
    assert abs(float(mass) / true_kg - 1) < 0.003  # the meter's certificate is 0.05 % (k = 1)
    assert float(after["mass_flow_kg_s"]) == 0


class Scripted:
    """A slave that answers with the frames of a list, each after its delay; None: not at all."""

    def __init__(self, world: World, line: LineSettings, answers: list[tuple[int, bytes] | None]) -> None:
        self.asked: list[bytes] = []
        self._world, self._answers = world, answers
        self.port = world.add_port("coriolis", line, self.on_bytes)
        world.add_port("operator", LineSettings(None), lambda data: None)

    def on_bytes(self, data: bytes) -> None:
        self.asked.append(data)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            self._world.after(answer[0], lambda: self.port.send(answer[1]))


def registers(*values: int, unit: int = 1, function: int = 3) -> bytes:
    return PROTOCOL.encode(Registers(unit, function, values), Role.DEVICE)


ONE_TOTAL = """
device = "a meter"
source = "this test"
grade = "U"
verified = false
function = 3
first_address = 0
word_order = "high-first"
[quantities.mass_total_kg]
register = 10
type = "uint16"
unit = "kg"
grade = "U"
"""
MS = 1_000_000


@contextmanager
def scripted(
    folder: Path, *answers: tuple[int, bytes] | None, options: str = ""
) -> Iterator[tuple[Callable[[], str], Scripted]]:
    (folder / "one.toml").write_text(ONE_TOTAL)
    world = World()
    device = Scripted(world, LineSettings(19200, 8, "E"), list(answers))
    text = bench_text("modbus-coriolis", "sim:coriolis", f'map = "{folder / "one.toml"}"\n{options}')
    with bench_of(folder, text, world) as bench:
        yield (lambda: instrument(bench).read()["mass_total_kg"]), device


def test_a_late_answer_never_passes_for_the_next_ones(tmp_path: Path) -> None:
    """The first answer comes after its time-out, while the line is watched before the question is put again."""
    late, second, third = (1100 * MS, registers(1)), (5 * MS, registers(2)), (5 * MS, registers(3))
    with scripted(tmp_path, late, second, third) as (read, device):
        assert [read(), read()] == ["2", "3"]
    assert len(device.asked) == 3


def test_a_second_late_answer_is_dropped_too(tmp_path: Path) -> None:
    with scripted(tmp_path, None, (1900 * MS, registers(1)), (5 * MS, registers(2))) as (read, _):
        assert read() == "2"


def test_answers_of_others_are_not_taken(tmp_path: Path) -> None:
    others = registers(9, unit=2) + registers(8, function=4) + registers(7, 7) + registers(5)
    with scripted(tmp_path, (5 * MS, others)) as (read, device):
        assert read() == "5"
    assert len(device.asked) == 1


def test_an_answer_behind_a_false_head_is_found_when_the_line_falls_silent(tmp_path: Path) -> None:
    with scripted(tmp_path, (5 * MS, b"\x01\x03\xfa" + registers(6))) as (read, device):
        assert read() == "6"
    assert len(device.asked) == 1


def test_a_babbling_line_is_an_error(tmp_path: Path) -> None:
    with scripted(tmp_path) as (read, device):

        def babble() -> None:
            device.port.send(b"\x00")
            device._world.after(300 * MS, babble)

        device._world.after(MS, babble)
        with pytest.raises(InstrumentError, match="a second of silence after an unanswered question"):
            read()


def test_an_adapter_that_hears_itself(tmp_path: Path) -> None:
    world = site("coriolis")
    inject(world.ports["coriolis"], to_bench=FaultScript(), to_device=FaultScript(), echo=True)
    text = bench_text("modbus-coriolis", "sim:coriolis", f"{MASS6000}\necho = true")
    with bench_of(tmp_path, text, world) as bench:
        assert float(instrument(bench).read()["density_kg_m3"]) > 700


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_disturbed_line_gives_true_values_or_an_error(tmp_path: Path, kind: FaultKind) -> None:
    world = site("coriolis")
    clean = world.operator.measures.meter_density_kg_m3()
    inject(world.ports["coriolis"], to_bench=FaultScript(7, {kind: 0.02}), to_device=FaultScript(8, {kind: 0.02}))
    read, failed = list[float](), list[str]()
    with bench_of(tmp_path, bench_text("modbus-coriolis", "sim:coriolis", MASS6000), world) as bench:
        for _ in range(20):
            try:
                read.append(float(instrument(bench).read()["density_kg_m3"]))
            except InstrumentError as error:
                failed.append(str(error))
    assert read
    assert all("3 tries" in why for why in failed)
    assert {float32(value) for value in read} == {float32(clean)}


def test_the_relay_is_read_back(tmp_path: Path) -> None:
    world = build(Scenario(kit="K3", seed=3, instruments=("modbus_relay",)))
    text = bench_text(
        "modbus-relay", "sim:modbus_relay", 'contacts = { power = 1, nozzle = 3 }\nclosed_at_rest = ["power"]'
    )
    with bench_of(tmp_path, text, world) as bench:
        bench.open()
        relay = instrument(bench)
        assert isinstance(relay, Switches)
        assert relay.contacts() == {"power", "nozzle"}
        assert world.dispenser.powered
        relay.switch("power", False)
        assert not world.dispenser.powered
        bench.make_safe()
        assert world.dispenser.powered


# --- the slave beyond what pymodbus asks ------------------------------------------------------------------------------


def test_a_slave_says_nothing_to_broken_frames_and_to_others() -> None:
    world = site("coriolis")
    port, said = world.ports["coriolis"], list[bytes]()
    port.outward = said.append
    good = PROTOCOL.encode(Read(1, 3, 3000, 2), Role.HOST)
    for frame in (good[:-1] + b"\x00", PROTOCOL.encode(Read(2, 3, 3000, 2), Role.HOST), PROTOCOL.encode(Read(0, 3, 3000, 2), Role.HOST), b"\x01\x03"):  # fmt: skip
        port.receive(frame)
        world.advance(world.now_ns + 100 * MS)
    assert said == []
    for frames in (PROTOCOL.encode(Unlisted(1, 17, b""), Role.HOST), b"\x01\x03" + good):
        port.receive(frames)
        world.advance(world.now_ns + 100 * MS)
    decoder = PROTOCOL.decoder(Role.DEVICE)
    answers = [message for data in said for message in decoder.feed(data)]
    assert [type(a).__name__ for a in answers] == ["Refusal", "Registers"]


# --- register maps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registermap.built_in())
def test_built_in_maps_say_what_they_rest_on(name: str) -> None:
    units = {} if name != "eh-promass" else {
        "units": {"mass_flow_kg_s": "kg/h", "temperature_c": "K", "mass_total_kg": "t"}
    }  # fmt: skip
    found = registermap.find(name, units, "test")
    assert found.source
    assert not found.verified  # nobody has compared one with its device yet
    assert all(quantity.grade in registermap.GRADES for quantity in found.quantities.values())


def test_units_are_converted_exactly() -> None:
    settings = {"units": {"mass_flow_kg_s": "kg/h", "temperature_c": "K", "mass_total_kg": "t"}}
    promass = registermap.find("eh-promass", settings, "test")
    assert promass.quantities["mass_flow_kg_s"].in_named_unit(Decimal(1800)) == "0.5"
    assert promass.quantities["mass_flow_kg_s"].in_named_unit(Decimal(1)) == "0.000277777777777778"
    assert promass.quantities["temperature_c"].in_named_unit(Decimal("273.15")) == "0"
    assert promass.quantities["mass_total_kg"].in_named_unit(Decimal("1.25")) == "1250"
    assert promass.address(promass.quantities["mass_flow_kg_s"]) == 2006
    sensor = registermap.find("xy-md02", {}, "test").quantities["temperature_c"]
    assert sensor.in_named_unit(Decimal(305)) == "30.5"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('grade = "U"\nver', 'colour = "red"\ngrade = "U"\nver', "unknown key 'colour'"),
        ("verified = false", "", "verified expected true or false"),
        ("function = 3", "function = 5", "function expected 3 or 4"),
        ('"high-first"', '"3-2-1-0"', "word_order expected high-first or low-first"),
        ("register = 10", "register = 70000", "register expected"),
        ('"uint16"', '"uint8"', "type expected one of uint16"),
        ('unit = "kg"', 'unit = "lb"', "unit expected one of kg, g, t, as set"),
        ('unit = "kg"', 'unit = "kg"\nscale = 0.1', "scale expected positive decimal text"),
        ('unit = "kg"', 'unit = "kg"\nscale = "0.0"', "scale expected positive decimal text"),
        ("mass_total_kg", "mass_total_lb", "expected one of mass_flow_kg_s"),
        ("[quantities.mass_total_kg]", "[quantities", "expected TOML"),
        ("register = 10", "register = " + "9" * 5000, "expected TOML"),
    ],
)
def test_what_is_wrong_in_a_map_is_named(old: str, new: str, message: str) -> None:
    assert old in ONE_TOTAL
    with pytest.raises(BenchError, match=message):
        registermap.parse(ONE_TOTAL.replace(old, new, 1), "one", "one.toml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "map is missing; expected one of eh-promass"),
        ('map = "eh-promas"', "map expected eh-promass"),
        ('map = "nothing.toml"', "cannot be read"),
        ('map = "eh-promass"', "the unit of mass_flow_kg_s is a setting of the Endress"),
        ('map = "xy-md02"', "has no mass_total_kg"),
        (f"{MASS6000}\nunit = 300", "unit expected 1 to 247"),
        (f'{MASS6000}\nunits = {{ volume = "L" }}', "unknown key 'volume'"),
    ],
)
def test_what_is_wrong_at_the_meter_is_named(tmp_path: Path, options: str, message: str) -> None:
    with (
        pytest.raises(BenchError, match=message),
        bench_of(tmp_path, bench_text("modbus-coriolis", "sim:coriolis", options), site("coriolis")),
    ):
        pass


def test_one_that_only_reads_the_air_fills_no_role_of_a_mass_meter() -> None:
    text = bench_text("modbus-thermometer", "sim:thermometer", SENSOR).replace("[roles]", '[roles]\nmass = "it"')
    with pytest.raises(BenchError, match="role mass names it"):
        check(parse(text, "bench.toml"), specs("instruments"))
