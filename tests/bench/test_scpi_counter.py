"""The SCPI counter: pyvisa-py against our simulated one on a pseudo-terminal and over TCP, our driver on both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

import pyvisa
from pyvisa.resources import MessageBasedResource

from fixtures.capability import Counts, CountsOverGate
from fixtures.errors import BenchError, InstrumentError
from fixtures.sim.build import Site, build
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.scenario import Scenario
from fixtures.sim.scpi_counter import IDENTITY
from fixtures.sim.scpi_device import QUEUE
from fixtures.sim.world import World
from protocols.contract import LineSettings
from tests.peers import bench_of, bench_text, instrument, over_tcp, served

MS = 1_000_000


def site(kit: str = "K0") -> Site:
    return build(Scenario(kit=kit, seed=3, instruments=("counter",)))  # type: ignore[arg-type]


@contextmanager
def visa(resource: str) -> Iterator[MessageBasedResource]:
    manager = pyvisa.ResourceManager("@py")
    try:
        opened = manager.open_resource(resource, read_termination="\n", write_termination="\n", timeout=5000)
        assert isinstance(opened, MessageBasedResource)
        yield opened
    finally:
        manager.close()


def dialogue(counter: MessageBasedResource) -> None:
    """What an independent client gets from our counter."""
    assert counter.query("*IDN?") == IDENTITY
    assert counter.query("*OPC?") == "1"
    assert counter.query("SYST:ERR?") == '+0,"No error"'
    counter.write("NONSENSE 5")
    counter.write(":conf:tot:tim 1e9,(@1)")
    assert counter.query("*STB?") == "+4"
    assert counter.query("system:error:next?") == '-113,"Undefined header"'
    assert counter.query("SYST:ERR?;VERS?") == '-222,"Data out of range";1999.0'
    assert counter.query("SYST:ERR?") == '+0,"No error"'
    assert counter.query_ascii_values("MEAS:TOT:TIM? 0.2,(@1)") == [0.0]
    assert counter.query_ascii_values("MEAS:FREQ? (@2)") == [0.0]
    assert counter.query("FETC?;*OPC?") == "+0.00000000000000E+000;1"
    counter.write("R?")
    assert counter.read_raw() == b"#222+0.00000000000000E+000\n"
    assert counter.query_ascii_values("FETC?") == [9.91e37]
    assert counter.query("SYST:ERR?") == '-230,"Data corrupt or stale"'


def test_pyvisa_on_a_pty() -> None:
    with served(site()) as ports, visa(f"ASRL{ports['counter']}::INSTR") as counter:
        dialogue(counter)


def test_pyvisa_over_tcp() -> None:
    with (
        served(site()) as ports,
        over_tcp(ports["counter"]) as port,
        visa(f"TCPIP0::127.0.0.1::{port}::SOCKET") as counter,
    ):
        dialogue(counter)


def test_our_driver_over_tcp(tmp_path: Path) -> None:
    """The same counter behind a socket: link, as a 53220A on its LAN is."""
    world = site()
    with (
        served(world, speed=5) as ports,
        over_tcp(ports["counter"]) as port,
        bench_of(tmp_path, bench_text("scpi-counter", f"socket:127.0.0.1:{port}")) as bench,
    ):
        bench.open()
        counter = instrument(bench)
        assert isinstance(counter, Counts)
        counter.start()
        assert counter.count() == 0
        assert counter.stop() == 0
        assert counter.frequency_hz(0.1) == 0


# --- in virtual time ----------------------------------------------------------------------------------------------------


def test_it_counts_what_the_reference_pulses(tmp_path: Path) -> None:
    world = site()
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter", "threshold_v = 2.5"), world) as bench:
        bench.open()
        counter, officer = instrument(bench), bench.drivers["operator"]
        counter.start()
        officer.ask("deliver", "20 L", volume_l="20.00", flow="full")  # type: ignore[attr-defined]
        running = counter.count()
        total = counter.stop()
        counter.start()
        assert counter.stop() == 0
    assert running == total
    assert abs(total - world.sales[-1].reference_edges / 2) <= 1


def test_frequency_is_the_pulse_rate_of_the_flow(tmp_path: Path) -> None:
    world = site()
    measured: list[Decimal] = []
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), world) as bench:
        bench.open()
        dispenser = world.dispenser
        bench.send("person", b'{"id": 1, "verb": "deliver", "text": "", "volume_l": "20.00", "flow": "full"}\n')
        while not dispenser.delivery.flowing:
            bench.idle(500 * MS)
        bench.idle(5_000 * MS)
        before = world.now_ns, dispenser.delivery.plant.delivered_ml
        measured.append(instrument(bench).frequency_hz(4))
        litres = (dispenser.delivery.plant.delivered_ml - before[1]) / 1000
        rate = litres * 200 / ((world.now_ns - before[0]) / 1e9)
    assert float(measured[0]) == pytest.approx(rate, rel=0.05)


def test_errors_of_the_instrument_are_errors(tmp_path: Path) -> None:
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), site()) as bench:
        bench.open()
        counter = instrument(bench)
        counter.start()
        with pytest.raises(InstrumentError, match=r"'INIT' to be carried out, .*-213,\"Init ignored\""):
            counter._set("INIT")
        bench.make_safe()
        assert counter.stop() == 0


def test_a_queue_that_overflows_says_so() -> None:
    world = World()
    from fixtures.sim.scpi_counter import Counter

    counter, said = Counter(world), list[bytes]()
    counter.port = world.add_port("counter", LineSettings(None), counter.on_bytes)
    counter.port.outward = said.append
    counter.port.receive(b"NO\n" * (QUEUE + 5) + b"SYST:ERR?\n" * QUEUE + b"1?\x00\n" + b"SYST:ERR?\n" * 2)
    world.advance(1_000 * MS)
    assert said[0] == b'-113,"Undefined header"\n'
    assert said[QUEUE - 1 :] == [b'-350,"Error queue overflow"\n', b'-102,"Syntax error"\n', b'+0,"No error"\n']


class Scripted(World):
    def __init__(self, answer: Callable[[bytes, Scripted], None]) -> None:
        super().__init__()
        self.port = self.add_port("counter", LineSettings(None))
        self.port.on_bytes = lambda data: answer(data, self)
        self.add_port("operator", LineSettings(None), lambda data: None)

    def say(self, line: bytes, ms: int = 10) -> None:
        self.after(ms * MS, lambda: self.port.send(line))


def answers(**known: bytes) -> Callable[[bytes, Scripted], None]:
    table = {
        b"*IDN?\n": b"A,53220A,1,2\n",
        b"SYST:ERR?\n": b'+0,"No error"\n',
        b"SENS:TOT:DATA?\n": known.get("data", b""),
    }
    return lambda data, world: world.say(table.get(data, b""))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"+9.91000000000000E+037\n", "no valid reading; check the signal at channel 1"),
        (b"+1.50000000000000E+000\n", "expected a whole count"),
        (b"hello\n", "expected a number such as"),
        (b"\xff\xfe\n", "expected an answer to SENS:TOT:DATA"),
        (b"", "expected an answer to SENS:TOT:DATA"),
    ],
)
def test_what_is_no_count(tmp_path: Path, data: bytes, why: str) -> None:
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), Scripted(answers(data=data))) as bench:
        bench.open()
        with pytest.raises(InstrumentError, match=why):
            instrument(bench).count()


def over_a_gate(counter: CountsOverGate) -> None:
    counter.open_gate(Decimal(2))
    counter.gate_count()


@pytest.mark.parametrize(
    ("gate", "count", "why"),
    [
        (b"+1.00000000000000E-001\n", b"", "expected a gate of 2 s, but the counter holds 0.1"),
        (b"+9.91000000000000E+037\n", b"", "no valid reading"),
        (b"+2.00000000000000E+000\n", b"+9.91000000000000E+037\n", "no valid reading"),
        (b"+2.00000000000000E+000\n", b"+1.0000\xff\n", r"expected an answer to FETC\?"),
        (b"+2.00000000000000E+000\n", b"-3\n", "expected a whole count"),
    ],
)
def test_what_is_no_count_over_a_gate(tmp_path: Path, gate: bytes, count: bytes, why: str) -> None:
    known = {
        b"*IDN?\n": b"A,53220A,1,2\n",
        b"SYST:ERR?\n": b'+0,"No error"\n',
        b"SENS:TOT:GATE:TIME?\n": gate,
        b"FETC?\n": count,
    }
    world = Scripted(lambda data, world: world.say(known.get(data, b"")))
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), world) as bench:
        with pytest.raises(InstrumentError, match=why):
            over_a_gate(instrument(bench))
        assert bench.make_safe() == []


def test_a_late_answer_is_not_the_next_one(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def answer(data: bytes, world: Scripted) -> None:
        asked.append(data)
        first = asked.count(b"SENS:TOT:DATA?\n") == 1
        if data == b"SENS:TOT:DATA?\n":
            world.say(b"+1\n" if first else b"+2\n", 4_000 if first else 10)
        elif data == b"*IDN?\n":
            world.say(b"A,53220A,1,2\n", 1_500 if len(asked) > 1 else 10)

    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), Scripted(answer)) as bench:
        with pytest.raises(InstrumentError, match="within 3 s"):
            instrument(bench).count()
        assert instrument(bench).count() == 2


@pytest.mark.parametrize(("identity", "why"), [(b"", "nothing of the kind"), (b"\xff\xff\n", "6 bytes came that are no text|no text"), (b"OK\n", "nothing of the kind")])  # fmt: skip
def test_what_is_no_scpi_instrument(tmp_path: Path, identity: bytes, why: str) -> None:
    world = Scripted(lambda data, world: world.say(identity))
    with (
        bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), world) as bench,
        pytest.raises(InstrumentError, match=why),
    ):
        bench.open()


@pytest.mark.parametrize("options", ["channel = 3", "threshold_v = 99.5"])
def test_what_is_wrong_at_the_counter_is_named(tmp_path: Path, options: str) -> None:
    with (
        pytest.raises(BenchError, match="expected"),
        bench_of(tmp_path, bench_text("scpi-counter", "sim:counter", options), site()),
    ):
        pass


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_disturbed_line_ends_in_an_error_or_the_count(tmp_path: Path, kind: FaultKind) -> None:
    world = site()
    inject(world.ports["counter"], to_bench=FaultScript(7, {kind: 0.005}), to_device=FaultScript(8, {kind: 0.005}))
    done = 0
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), world) as bench:
        for _ in range(20):
            try:
                instrument(bench).start()
                instrument(bench).stop()
                done += 1
            except InstrumentError:
                continue
    assert done
