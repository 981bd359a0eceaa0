"""The balance with MT-SICS: dialogue over a real pseudo-terminal, stale answers, overload, tare, a weighing by the plan's step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import serial

from captures.journal import read_lines
from fixtures.bench import Bench
from fixtures.capability import Weighs
from fixtures.errors import InstrumentError
from fixtures.sim import balance as simulated
from fixtures.sim.balance import Balance
from fixtures.sim.build import Site, build
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.scenario import Scenario, Streams
from fixtures.sim.world import World
from harness.enact import Enactor
from harness.step import Deliver, Read, Weigh
from protocols.contract import LineSettings
from tests.peers import bench_of, bench_text, instrument, served

MS = 1_000_000
needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")


class Alone(World):
    """A balance and nothing else; `heard` and `said` are its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.balance = Balance(self, Streams(1).generator("balance"))
        self.balance.port = self.add_port("balance", LineSettings(None), self.balance.on_bytes)
        self.add_port("operator", LineSettings(None), lambda data: None)
        self.said = b""
        self.balance.port.outward = self._hear

    def _hear(self, data: bytes) -> None:
        self.said += data

    def after_saying(self, line: bytes, ms: int = 100) -> bytes:
        """What it answers within `ms`."""
        self.said = b""
        self.ports["balance"].receive(line)
        self.advance(self.now_ns + ms * MS)
        return self.said


def steady(monkeypatch: pytest.MonkeyPatch) -> Alone:
    monkeypatch.setattr(simulated, "NOISE_G", 0.0)
    return Alone()


# --- the simulated balance against the examples of protocols.md 3.1 ---------------------------------------------------


def test_it_answers_as_the_manual_does(monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    world.balance.put(100.0)
    world.advance(5_000 * MS)
    assert world.after_saying(b"S\r\n") == b"S S      100.0 g\r\n"
    assert world.after_saying(b"SI\r\n") == b"S S      100.0 g\r\n"
    assert world.after_saying(b"T\r\n") == b"T S      100.0 g\r\n"
    assert world.after_saying(b"S\r\n") == b"S S        0.0 g\r\n"
    assert world.after_saying(b"TA\r\n") == b"TA A      100.0 g\r\n"
    assert world.after_saying(b"TA 50.0 g\r\n") == b"TA A       50.0 g\r\n"
    assert world.after_saying(b"TA 50.0 lb\r\n") == b"TA L\r\n"
    assert world.after_saying(b"TAC\r\n") == b"TAC A\r\n"
    assert world.after_saying(b"Z\r\n") == b"Z A\r\n"
    assert world.after_saying(b"SI\r\n") == b"S S        0.0 g\r\n"
    assert world.after_saying(b"ZI\r\n") == b"ZI S\r\n"
    assert world.after_saying(b'D "12.3"\r\n') == b"D A\r\n"
    assert world.after_saying(b"DW\r\n") == b"DW A\r\n"
    assert world.after_saying(b"D 12.3\r\n") == b"D L\r\n"
    assert world.after_saying(b"@\r\n") == b'I4 A "SIM0000001"\r\n'
    assert world.after_saying(b"I1\r\n") == b'I1 A "01" "2.30" "2.20" "" ""\r\n'
    assert world.after_saying(b"I2\r\n") == b'I2 A "SIMULATED 32100.0 g"\r\n'
    assert world.after_saying(b"I3\r\n") == b'I3 A "1.00"\r\n'
    assert world.after_saying(b"si\r\n") == b"ES\r\n"
    assert world.after_saying(b"M21\r\n") == b"ES\r\n"
    assert world.after_saying(b"I4 7\r\n") == b"EL\r\n"
    listed = world.after_saying(b"I0\r\n").split(b"\r\n")
    assert listed[0] == b'I0 B 0 "I0"'
    assert listed[-2] == b'I0 A 1 "TI"'
    assert all(line.startswith(b"I0 B") for line in listed[:-2])


def test_a_moving_pan_is_dynamic_and_then_stable(monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    world.balance.put(200.0)
    world.advance(100 * MS)
    assert world.after_saying(b"SI\r\n").startswith(b"S D ")
    assert world.after_saying(b"S\r\n", 1000) == b""
    assert world.after_saying(b"", 3000) == b"S S      200.0 g\r\n"


def test_what_never_comes_to_rest_is_not_now(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Alone()
    world.balance.restless = True
    assert world.after_saying(b"S\r\n", 9000) == b""
    assert world.after_saying(b"", 2000) == b"S I\r\n"
    assert world.after_saying(b"Z\r\n", 11000) == b"Z I\r\n"


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    for load, answer, zero in ((33_000.0, b"S +\r\n", b"Z +\r\n"), (-1_000.0, b"S -\r\n", b"Z -\r\n")):
        world.balance.put(load)
        world.advance(world.now_ns + 5_000 * MS)
        assert world.after_saying(b"S\r\n") == answer
        assert world.after_saying(b"Z\r\n") == zero
    assert world.after_saying(b"T\r\n") == b"T -\r\n"


def test_repeating_ends_with_the_next_command(monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    lines = world.after_saying(b"SIR\r\n", 1050).split(b"\r\n")
    assert set(lines[:-1]) == {b"S S        0.0 g"}
    assert 9 <= len(lines) - 1 <= 11
    assert world.after_saying(b"@\r\n", 1000) == b'I4 A "SIM0000001"\r\n'
    assert 4 <= world.after_saying(b"SIR\r\n", 500).count(b"S S") <= 6
    assert world.after_saying(b"SI\r\n", 1000).count(b"S S") == 1


def test_sending_on_change(monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    assert world.after_saying(b"SR\r\n", 1000) == b"S S        0.0 g\r\n"
    world.balance.put(2.0)  # below 30 d
    assert world.after_saying(b"", 4000) == b""
    world.balance.put(500.0)
    said = world.after_saying(b"", 4000).split(b"\r\n")
    assert said[0].startswith(b"S D")
    assert said[1:] == [b"S S      500.0 g", b""]


# --- the driver ----------------------------------------------------------------------------------------------------------


@contextmanager
def bench_and(world: World, folder: Path, url: str = "sim:balance") -> Iterator[Bench]:
    with bench_of(folder, bench_text("mt-sics-balance", url), world) as bench:
        yield bench


@needs_ptys
def test_over_a_real_pty(tmp_path: Path) -> None:
    world = Alone()
    del world.said
    assert world.balance.port is not None
    world.balance.port.outward = world.balance.port.transmit
    world.balance.put(12_345.6)
    with served(world, speed=5) as ports:
        with serial.Serial(ports["balance"], timeout=5) as plain:
            plain.write(b"SI\r\n")
            assert plain.read_until(b"\n")[:3] in (b"S S", b"S D")
        with bench_of(tmp_path, bench_text("mt-sics-balance", f"serial:{ports['balance']}")) as bench:
            bench.open()
            reading = instrument(bench).weigh()
    assert abs(Decimal(reading["mass_g"]) - Decimal("12345.6")) <= Decimal("0.3")
    (told,) = [b for b in bodies(tmp_path) if b.get("kind") == "instrument" and b["name"] == "it"]
    assert told["identity"]["serial"] == "SIM0000001"
    assert told["identity"]["balance"] == "SIMULATED 32100.0 g"
    assert told["identity"]["evidence"] == "vendor document"


def bodies(folder: Path) -> list[dict[str, Any]]:
    return [dict(line.body) for line in read_lines(folder / "journal")]


def test_a_reading_is_gross_and_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    assert world.balance.port is not None
    world.balance.port.outward = world.balance.port.transmit
    with bench_and(world, tmp_path) as bench:
        bench.open()
        balance = instrument(bench)
        assert isinstance(balance, Weighs)
        world.balance.put(3_200.0)
        assert balance.weigh() == {
            "mass_g": "3200.0",
            "stable": "yes",
            "shown": "3200.0 g",
            "shown_before": "3200.0 g",
            "tare_g": "0.0",
        }
        world.ports["balance"].accept(b"T\r\n")  # somebody presses the tare key
        bench.idle(1_000 * MS)
        world.balance.put(18_000.0)
        assert balance.weigh() == {
            "mass_g": "18000.0",
            "stable": "yes",
            "shown": "14800.0 g",
            "shown_before": "14800.0 g",
            "tare_g": "3200.0",
        }


def test_overload_and_empty_pan_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = steady(monkeypatch)
    assert world.balance.port is not None
    world.balance.port.outward = world.balance.port.transmit
    with bench_and(world, tmp_path) as bench:
        world.balance.put(40_000.0)
        with pytest.raises(InstrumentError, match="more than it can carry"):
            instrument(bench).weigh()
        world.balance.put(-700.0)
        with pytest.raises(InstrumentError, match="less than nothing"):
            instrument(bench).weigh()


def test_wind_is_an_error_and_says_what_to_do(tmp_path: Path) -> None:
    world = Alone()
    assert world.balance.port is not None
    world.balance.port.outward = world.balance.port.transmit
    world.balance.restless = True
    with bench_and(world, tmp_path) as bench, pytest.raises(InstrumentError, match=r"did not come to rest.*shield it"):
        instrument(bench).weigh()


class Scripted(World):
    """A balance that answers each command by a rule; `say` puts a line on the wire after a delay."""

    def __init__(self, answer: Callable[[bytes, Scripted], None]) -> None:
        super().__init__()
        self.port = self.add_port("balance", LineSettings(None))
        self.port.on_bytes = lambda data: answer(data, self)
        self.add_port("operator", LineSettings(None), lambda data: None)

    def say(self, line: bytes, ms: int = 30) -> None:
        self.after(ms * MS, lambda: self.port.send(line))


def test_an_answer_after_its_time_out_shifts_nothing(tmp_path: Path) -> None:
    """The first S is answered 35 s late; the next reading must be that of its own time."""
    asked: list[bytes] = []

    def answer(data: bytes, world: Scripted) -> None:
        asked.append(data)
        if data == b"S\r\n":
            first = asked.count(data) == 1
            world.say(b"S S     111.11 g\r\n" if first else b"S S     222.22 g\r\n", 35_000 if first else 30)
        elif data == b"@\r\n":  # it answers in the order it was asked: after the late one
            world.say(b'I4 A "1"\r\n', 6_000 if asked.count(data) == 2 else 30)
        else:
            world.say(b"ES\r\n")

    world = Scripted(answer)
    with bench_and(world, tmp_path) as bench:
        with pytest.raises(InstrumentError, match="an answer to S within 30 s"):
            instrument(bench).weigh()
        reading = instrument(bench).weigh()
    assert reading == {
        "mass_g": "222.22",
        "stable": "yes",
        "shown": "222.22 g",
        "shown_before": "222.22 g",
        "tare_g": "unknown",
    }


def test_other_units_and_other_devices(tmp_path: Path) -> None:
    unit = ["kg"]

    def answer(data: bytes, world: Scripted) -> None:
        known = {b"S\r\n": f"S S    12.3456 {unit[0]}\r\n".encode(), b"@\r\n": b'I4 A "1"\r\n'}
        world.say(known.get(data, b"ES\r\n"))

    with bench_and(Scripted(answer), tmp_path) as bench:
        assert instrument(bench).weigh()["mass_g"] == "12345.6000"
        unit[0] = "lb"
        with pytest.raises(InstrumentError, match="got 'lb'; set the unit at the balance"):
            instrument(bench).weigh()


@pytest.mark.parametrize(
    ("said", "why"), [(b"", "nothing came"), (b"\x00\xffGrbl 1.1h\r\n", "13 bytes came that are no lines of MT-SICS")]
)
def test_what_is_no_balance(tmp_path: Path, said: bytes, why: str) -> None:
    with (
        bench_and(Scripted(lambda data, world: world.say(said)), tmp_path) as bench,
        pytest.raises(InstrumentError, match=why),
    ):
        bench.open()


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_disturbed_line_gives_true_readings_or_an_error(
    tmp_path: Path, kind: FaultKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = steady(monkeypatch)
    assert world.balance.port is not None
    world.balance.port.outward = world.balance.port.transmit
    inject(world.ports["balance"], to_bench=FaultScript(5, {kind: 0.004}), to_device=FaultScript(6, {kind: 0.004}))
    world.balance.put(12_345.6)
    readings, failed = list[str](), list[str]()
    with bench_and(world, tmp_path) as bench:
        for _ in range(40):
            try:
                readings.append(instrument(bench).weigh()["mass_g"])
            except InstrumentError as error:
                failed.append(str(error))
    assert readings
    assert all("balance on line" in why for why in failed)
    assert set(readings) == {"12345.6"}  # lines have no checksum: reading twice is what keeps a changed digit out


# --- the can of an inspection on the bench's balance --------------------------------------------------------------------


def test_the_can_is_weighed_on_the_bench(tmp_path: Path) -> None:
    world: Site = build(Scenario(kit="K0", seed=5, instruments=("balance",)))
    text = bench_text("mt-sics-balance", "sim:balance").replace("[roles]", '[roles]\nweigh = "it"')
    text = text.replace("[stations]", '[stations]\ndisplay = "operator"\namount = "operator"\nreference = "operator"')
    with bench_of(tmp_path, text, world) as bench:
        bench.open()
        enactor = Enactor(bench, lambda: {}, "")
        enactor.act(Deliver("1", Decimal("15.00")))
        enactor.act(Read("display", "1"))
        outcome = enactor.act(Weigh("1"))
    net_kg = (Decimal(outcome["gross_g"]) - Decimal(outcome["tare_g"])) / 1000
    litres = float(net_kg) / world.operator.measures.meter_density_kg_m3() * 1000
    true_l = world.sales[-1].delivered_ml / 1000
    assert litres == pytest.approx(true_l, rel=0.003)
    assert outcome["gross_reading"]["stable"] == "yes"
    assert outcome["gross_reading"]["shown"].endswith(" g")
