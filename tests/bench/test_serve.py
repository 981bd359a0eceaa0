"""A simulated world on real pseudo-terminals, and the faults of its lines."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.clock import RealClock, VirtualClock
from fixtures.errors import BenchError
from fixtures.link import Arrival
from fixtures.sim import serve as serving
from fixtures.sim.faults import FaultKind, FaultScript, FaultStream, as_heard, inject
from fixtures.sim.serve import LineCount, serve
from fixtures.sim.world import SimLink, SimSource, World
from protocols.contract import LineSettings

needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on this system")

if sys.platform != "win32":
    import serial

    from fixtures import posix
    from fixtures.reallink import RealSource
    from fixtures.serialport import SerialLink


class Served:
    """A world served from a thread until the test ends."""

    def __init__(self, world: World, speed: float) -> None:
        self.stop = threading.Event()
        self.paths: dict[str, str] = {}
        self.counts: dict[str, LineCount] = {}
        self._world, self._clock = world, RealClock(speed)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(5)

    def _run(self) -> None:
        self.counts = serve(self._world, self._clock, self._tell, self.stop)

    def _tell(self, paths: dict[str, str]) -> None:
        self.paths = paths
        self._ready.set()

    def end(self) -> dict[str, LineCount]:
        self.stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive()
        return self.counts


def echo_world(*names: str, line: LineSettings | None = None) -> World:
    world = World()
    for name in names:
        port = world.add_port(name, line or LineSettings())
        port.on_bytes = lambda data, port=port, name=name: port.send(f"<{name}>".encode() + data)
    return world


class Running:
    def __init__(self) -> None:
        self.served: list[Served] = []

    def __call__(self, world: World, speed: float = 10) -> Served:
        self.served.append(Served(world, speed))
        return self.served[-1]


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    for served in running.served:
        served.end()


@needs_ptys
def test_two_devices_answer_plain_pyserial(running: Running) -> None:
    served = running(echo_world("flow", "scale"))
    assert sorted(served.paths) == ["flow", "scale"]
    for _ in range(3):
        with (
            serial.Serial(served.paths["flow"], timeout=5) as flow,
            serial.Serial(served.paths["scale"], timeout=5) as scale,
        ):
            scale.write(b"2")
            flow.write(b"1")
            assert flow.read(7) == b"<flow>1"
            assert scale.read(8) == b"<scale>2"
    counts = served.end()
    assert (counts["flow"].received, counts["flow"].sent, counts["flow"].dropped) == (3, 21, 0)


@needs_ptys
@pytest.mark.parametrize("mode", ["7E1", "8O1"])
def test_modes_a_pty_cannot_do_still_connect_again(running: Running, mode: str) -> None:
    line = LineSettings(5787, int(mode[0]), mode[1], int(mode[2]))
    served = running(echo_world("d", line=line))
    for _ in range(3):
        with posix.PosixSerial(served.paths["d"], 5787, line.data_bits, line.parity, line.stop_bits, timeout=5) as port:
            port.write(b"?")
            assert port.read(4) == b"<d>?"


@needs_ptys
def test_bytes_are_paced_by_baud_and_speed(running: Running) -> None:
    served = running(echo_world("d", line=LineSettings(1200)), speed=25)
    source = RealSource(RealClock(25))
    link = SerialLink(source, served.paths["d"], LineSettings(1200), name="d", may_write=True)
    asked = source.clock.now_ns()
    link.write(bytes(117))
    got = b""
    while len(got) < 120:
        arrivals = source.wait(asked + 60_000_000_000)
        assert arrivals
        got += b"".join(a.data for a in arrivals)
    # 117 characters there and 120 back at 120 characters per second; how much later is the machine's business
    assert source.clock.now_ns() - asked >= 237 * 1_000_000_000 // 120
    source.close()


@needs_ptys
def test_the_wrong_baud_rate_is_garbage_both_ways_and_the_right_one_works(running: Running) -> None:
    heard: list[bytes] = []
    world = World()
    port = world.add_port("d", LineSettings(9600))

    def hello(data: bytes) -> None:
        heard.append(data)
        port.send(b"HELLO")

    port.on_bytes = hello
    served = running(world)
    with serial.Serial(served.paths["d"], 4800, timeout=0.5) as client:
        client.write(b"AAAA")
        wrong = client.read(100)
    assert heard
    assert b"".join(heard) == as_heard(b"AAAA", LineSettings(4800), 9600) != b"AAAA"
    assert wrong == as_heard(b"HELLO", LineSettings(9600), 4800) * len(heard)
    assert wrong != b"HELLO" * len(heard)
    heard.clear()
    with serial.Serial(served.paths["d"], 9615, timeout=5) as client:  # within 3 %
        client.write(b"A")
        assert client.read(5) == b"HELLO"
    assert heard == [b"A"]


@needs_ptys
def test_no_baud_rate_no_garbage(running: Running) -> None:
    served = running(echo_world("usb", line=LineSettings(None)))
    with serial.Serial(served.paths["usb"], 4800, timeout=5) as client:
        client.write(b"x")
        assert client.read(6) == b"<usb>x"


@needs_ptys
def test_an_unplugged_port_is_lost_with_its_last_bytes_read(running: Running) -> None:
    world = echo_world("stays")
    port = world.add_port("goes", LineSettings())

    def part(data: bytes) -> None:
        port.send(b"bye")
        world.after(1_000_000_000, port.unplug)

    port.on_bytes = part
    served = running(world)
    source = RealSource(RealClock())
    stays = SerialLink(source, served.paths["stays"], LineSettings(), name="stays", may_write=True)
    goes = SerialLink(source, served.paths["goes"], LineSettings(), name="goes", may_write=True)
    goes.write(b"x")
    arrivals: list[Arrival] = []
    while not any(a.lost for a in arrivals):
        new = source.wait(source.clock.now_ns() + 5_000_000_000)
        assert new
        arrivals += new
    assert b"".join(a.data for a in arrivals) == b"bye"
    assert [a.link for a in arrivals if a.lost] == ["goes"]
    stays.write(b"!")
    got = b""
    while got != b"<stays>!":
        new = source.wait(source.clock.now_ns() + 5_000_000_000)
        assert [a.link for a in new] == ["stays"]
        got += new[0].data
    source.close()


def chatter(world: World, name: str, period_ns: int, data: bytes) -> None:
    port = world.add_port(name, LineSettings(None))

    def speak() -> None:
        port.send(data)
        world.after(period_ns, speak)

    world.after(period_ns, speak)


@needs_ptys
def test_a_fast_stream_at_speed_25_comes_whole_and_in_order(running: Running) -> None:
    world = World()
    port = world.add_port("analyser", LineSettings(None))
    told = {"count": 0}

    def speak() -> None:
        if told["count"] < 2000:
            port.send(told["count"].to_bytes(4, "big") + bytes(26))  # 30 bytes each simulated millisecond
            told["count"] += 1
            world.after(1_000_000, speak)

    port.on_bytes = lambda data: speak()
    served = running(world, speed=25)
    with serial.Serial(served.paths["analyser"], timeout=10) as client:
        client.write(b"go")
        got = client.read(60_000)
    assert [int.from_bytes(got[k : k + 4], "big") for k in range(0, 60_000, 30)] == list(range(2000))
    assert served.end()["analyser"].dropped == 0


@needs_ptys
def test_what_nobody_reads_neither_blocks_nor_grows(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BACKLOG", 5000)
    world = echo_world("other")
    chatter(world, "loud", 1_000_000, bytes(1000))
    served = running(world, speed=25)
    with serial.Serial(served.paths["loud"]), serial.Serial(served.paths["other"], timeout=5) as other:
        for _ in range(20):
            other.write(b"?")
            assert other.read(8) == b"<other>?"
            world_time = world.now_ns
        while world.now_ns < world_time + 200_000_000:
            threading.Event().wait(0.002)
    counts = served.end()["loud"]
    assert counts.dropped > 0


@needs_ptys
def test_a_line_nobody_has_open_carries_nothing(running: Running) -> None:
    world = World()
    chatter(world, "loud", 10_000_000, b"#")
    served = running(world, speed=25)
    while world.now_ns < 500_000_000:
        threading.Event().wait(0.002)
    assert world.now_ns >= 500_000_000
    for _ in range(2):
        with serial.Serial(served.paths["loud"], timeout=5) as client:
            assert client.read(3) == b"###"
    counts = served.end()["loud"]
    assert counts.unheard > 0
    assert counts.dropped == 0


@needs_ptys
def test_a_fault_of_the_simulation_is_raised_and_closes_the_lines() -> None:
    world = World()
    world.add_port("d", LineSettings())

    def fail() -> None:
        raise RuntimeError("plant")

    world.after(1_000_000, fail)
    paths: dict[str, str] = {}
    with pytest.raises(RuntimeError, match="plant"):
        serve(world, RealClock(10), paths.update, lambda: False)
    with pytest.raises(serial.SerialException):
        serial.Serial(paths["d"])


@pytest.mark.skipif(sys.platform != "win32", reason="this system has pseudo-terminals")
def test_without_ptys_the_error_says_so() -> None:
    with pytest.raises(BenchError, match="needs pseudo-terminals"):
        serve(World(), RealClock(), lambda paths: None, lambda: True)


# --- faults of the line ------------------------------------------------------------------------------------------

LINES = [LineSettings(9600), LineSettings(9600, 8, "O"), LineSettings(9600, 7, "E"), LineSettings(4800, 7, "E", 2)]


@given(st.binary(max_size=40), st.sampled_from(LINES), st.integers(-3, 3))
def test_a_small_baud_error_is_heard_right(data: bytes, line: LineSettings, percent: int) -> None:
    assert line.baud
    expected = bytes(byte & (1 << line.data_bits) - 1 for byte in data)
    assert as_heard(data, line, line.baud * (100 + percent) // 100) == expected


@given(st.binary(min_size=1, max_size=40), st.sampled_from(LINES), st.sampled_from([1200, 2400, 19200, 38400, 115200]))
def test_a_wrong_baud_rate_stays_plausible(data: bytes, line: LineSettings, baud: int) -> None:
    assert line.baud
    heard = as_heard(data, line, baud)
    assert heard == as_heard(data, line, baud)
    assert len(heard) <= len(data) * (1 + baud // line.baud) + 1


def test_the_wrong_baud_rate_by_hand() -> None:
    # a slow 00 heard four times as fast is one long break, of a slow FF the start bit takes three bits of the character
    assert as_heard(b"\x00", LineSettings(9600), 38400) == b"\x00"
    assert as_heard(b"\xff", LineSettings(9600), 38400) == b"\xf8"
    assert as_heard(b"U", LineSettings(9600), 19200) == b"\x66\xe6"  # stop bit low, then again from the next start
    assert as_heard(b"x", LineSettings(9600), 0) == b""
    assert as_heard(b"x", LineSettings(None), 300) == b"x"


def test_faults_by_offset_are_exact() -> None:
    script = FaultScript(
        at={
            0: FaultKind.DROP,
            2: FaultKind.REPEAT,
            3: FaultKind.SPLIT,
            4: FaultKind.DELAY,
        },
        delay_ns=7,
    )
    stream = FaultStream(script)
    assert stream.feed(b"abcdef") == [(0, b"bcc"), (0, b"d"), (7, b"ef")]
    assert stream.injected == list(script.at.items())


@given(st.binary(max_size=60), st.integers(0, 60), st.integers())
def test_faults_do_not_depend_on_how_the_stream_is_cut(data: bytes, cut: int, seed: int) -> None:
    script = FaultScript(seed, dict.fromkeys(FaultKind, 0.1))
    whole, parts = FaultStream(script), FaultStream(script)
    one = b"".join(piece for _, piece in whole.feed(data))
    two = b"".join(piece for _, piece in parts.feed(data[:cut]) + parts.feed(data[cut:]))
    assert one == two
    assert whole.injected == parts.injected


def test_no_script_no_fault_and_flips_change_one_bit() -> None:
    assert FaultStream(FaultScript()).feed(b"abc") == [(0, b"abc")]
    ((_, flipped),) = FaultStream(FaultScript(at={1: FaultKind.FLIP})).feed(b"abc")
    assert (flipped[0], flipped[2]) == (ord("a"), ord("c"))
    assert (flipped[1] ^ ord("b")).bit_count() == 1
    ((_, longer),) = FaultStream(FaultScript(at={1: FaultKind.INSERT})).feed(b"abc")
    assert (len(longer), longer[:1], longer[2:]) == (4, b"a", b"bc")


def test_a_faulty_port_echoes_delays_and_keeps_the_order() -> None:
    world = echo_world("rs485")
    faulty = inject(
        world.ports["rs485"],
        to_bench=FaultScript(at={0: FaultKind.DELAY}, delay_ns=50_000_000),
        to_device=FaultScript(at={1: FaultKind.DROP}),
        echo=True,
    )
    source = SimSource(world, VirtualClock())
    link = SimLink(source, "rs485", may_write=True)
    link.write(b"abc")
    got = []
    while arrivals := source.wait(1_000_000_000):
        got += arrivals
    assert got[0].data == b"abc"  # its own bytes first
    assert b"".join(a.data for a in got[1:]) == b"<rs485>ac"
    assert got[1].t_ns >= 50_000_000
    assert faulty.to_bench.injected == [(0, FaultKind.DELAY)]
    assert faulty.to_device.injected == [(1, FaultKind.DROP)]
