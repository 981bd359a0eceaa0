"""The port layer on real pseudo-terminals (protocols.md 2.1)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from fixtures import posix, reallink, serialport
from fixtures.clock import RealClock
from fixtures.errors import BenchError, InstrumentError, WriteRefused
from fixtures.reallink import RealSource
from fixtures.serialport import SerialLink, device_of, find_port
from protocols.contract import LineSettings
from tests.bench.arrivals import gather, text

SECOND = 1_000_000_000


class Peer:
    """The device's end of a pty."""

    def __init__(self) -> None:
        self.pair = posix.open_pty_pair()
        self.path = self.pair.path
        self.gone = False

    def say(self, data: bytes) -> None:
        os.set_blocking(self.pair.master, True)
        while data:
            data = data[os.write(self.pair.master, data) :]

    def hear(self, length: int) -> bytes:
        os.set_blocking(self.pair.master, True)
        data = b""
        while len(data) < length:
            data += os.read(self.pair.master, length - len(data))
        return data

    def vanish(self) -> None:
        if not self.gone:
            self.gone = True
            self.pair.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.vanish()


@pytest.mark.parametrize(("bits", "parity", "baud"), [(8, "N", 9600), (7, "E", 9600), (8, "O", 19200), (8, "E", 5787)])
def test_opens_talks_closes_and_opens_again(source: RealSource, peer: Peer, bits: int, parity: str, baud: int) -> None:
    for turn in (b"one", b"two", b"end"):
        link = SerialLink(source, f"serial:{peer.path}", LineSettings(baud, bits, parity), name="scale", may_write=True)
        peer.say(turn)
        got = gather(source, lambda arrivals: len(text(arrivals)) >= 3)
        assert text(got) == turn
        assert {a.link for a in got} == {"scale"}
        link.write(b"W\r\n")
        assert peer.hear(3) == b"W\r\n"
        settings = link.describe()
        assert (settings["baud"], settings["baud_asked"], settings["pty"]) == (baud, baud, True)
        assert settings["mode_asked"] == f"{bits}{parity}1"
        assert settings["mode"] == posix.line_state(peer.pair.slave).mode
        link.close()
        assert not any(a.lost for a in source.wait(0))


def test_a_plain_name_is_a_url_too_and_names_the_link(source: RealSource, peer: Peer) -> None:
    link = SerialLink(source, peer.path, LineSettings(None))
    assert link.name == link.url == peer.path
    assert link.describe()["baud"] == serialport.CDC_BAUD


def test_nothing_comes_then_the_wait_ends_at_its_deadline(source: RealSource, peer: Peer) -> None:
    SerialLink(source, peer.path, LineSettings())
    until = source.clock.now_ns() + SECOND // 10
    assert source.wait(until) == []
    assert source.clock.now_ns() >= until
    assert source.wait(0) == []


def test_a_listening_link_refuses_to_write(source: RealSource, peer: Peer) -> None:
    link = SerialLink(source, peer.path, LineSettings(), name="tap")
    with pytest.raises(WriteRefused, match=r"link tap.*only listens.*may_write"):
        link.write(b"x")
    with pytest.raises(BlockingIOError):
        os.read(peer.pair.master, 1)


def test_the_peer_vanishes_once_and_what_came_before_is_kept(source: RealSource, peer: Peer) -> None:
    link = SerialLink(source, f"serial:{peer.path}", LineSettings(), name="counter", may_write=True)
    peer.say(b"last words")
    got = gather(source, lambda arrivals: text(arrivals) == b"last words")
    peer.vanish()
    got += gather(source, lambda arrivals: any(a.lost for a in arrivals))
    got += source.wait(source.clock.now_ns() + SECOND // 5)
    assert text(got) == b"last words"
    lost = [a for a in got if a.lost]
    assert len(lost) == 1
    assert (lost[0].link, lost[0].data) == ("counter", b"")
    assert "the device or its cable is gone" in lost[0].lost
    assert link.lost == lost[0].lost
    with pytest.raises(InstrumentError, match=r"serial:/dev/pts/\d+ \(link counter\).*check cable and power"):
        link.write(b"are you there")


def test_a_loss_that_only_writing_notices_is_told_once(source: RealSource, peer: Peer) -> None:
    link = SerialLink(source, peer.path, LineSettings(), may_write=True)
    peer.vanish()
    for _ in range(3):
        with pytest.raises(InstrumentError, match="gone"):
            link.write(b"x")
    got = gather(source, lambda arrivals: bool(arrivals)) + source.wait(source.clock.now_ns() + SECOND // 5)
    assert [bool(a.lost) for a in got] == [True]


def test_a_closed_link_refuses_and_leaves_no_thread(source: RealSource, peer: Peer) -> None:
    before = threading.active_count()
    link = SerialLink(source, peer.path, LineSettings(), may_write=True)
    link.close()
    link.close()
    assert threading.active_count() == before
    with pytest.raises(InstrumentError, match="closed; open it again"):
        link.write(b"x")
    assert source.wait(source.clock.now_ns() + SECOND // 10) == []


def test_a_second_open_is_refused_and_says_so(source: RealSource, peer: Peer) -> None:
    SerialLink(source, peer.path, LineSettings(), name="first")
    with pytest.raises(InstrumentError, match="another program has this port open"):
        SerialLink(source, peer.path, LineSettings(), name="second")
    with pytest.raises(BenchError, match="a link named first is open already"):
        SerialLink(source, peer.path, LineSettings(), name="first")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc on this system")
def test_another_process_on_the_node_is_a_warning(source: RealSource, peer: Peer) -> None:
    with open(peer.path, "rb", buffering=0) as held:
        other = subprocess.Popen(["sleep", "60"], stdin=held)
    try:
        link = SerialLink(source, peer.path, LineSettings())
        assert len(link.warnings) == 1
        assert f"process {other.pid}" in link.warnings[0]
        assert link.describe()["warnings"] == list(link.warnings)
    finally:
        other.kill()
        other.wait()


def test_a_missing_port_names_those_there_are(source: RealSource) -> None:
    with pytest.raises(InstrumentError, match=r"serial:/dev/ttyNONE9: there is no such port; (ports|this)"):
        SerialLink(source, "serial:/dev/ttyNONE9", LineSettings())
    assert source.wait(0) == []


def test_a_file_that_is_no_port(source: RealSource, tmp_path: Path) -> None:
    plain = tmp_path / "notes.txt"
    plain.write_bytes(b"keep me")
    with pytest.raises(InstrumentError, match="expected a serial port that takes 9600 baud 8N1"):
        SerialLink(source, str(plain), LineSettings())
    assert plain.read_bytes() == b"keep me"


@pytest.mark.parametrize("url", ["serial:", "", "serial:socket://localhost:1", "loop://"])
def test_what_is_no_port_name(url: str) -> None:
    with pytest.raises(BenchError, match="expected serial:NAME"):
        device_of(url)


def test_adapters_are_found_by_usb_serial(monkeypatch: pytest.MonkeyPatch) -> None:
    def adapter(device: str, usb_serial: str) -> ListPortInfo:
        info = ListPortInfo(device)
        info.serial_number = usb_serial
        return info

    ports = [adapter("COM3", "A1"), adapter("COM4", "B2"), adapter("COM5", "B2")]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    assert find_port("usb:A1") == device_of("serial:usb=A1") == "COM3"
    with pytest.raises(InstrumentError, match="got COM4, COM5; name the port itself"):
        find_port("usb=B2")
    with pytest.raises(InstrumentError, match=r"usb=C3: no port .* ports here: COM3 \(usb=A1\), COM4"):
        find_port("C3")


def test_stamps_follow_the_order_of_arrival_over_links_and_calls(source: RealSource) -> None:
    peers = [Peer(), Peer()]
    for number, peer in enumerate(peers):
        SerialLink(source, peer.path, LineSettings(), name=str(number))

    def talk(peer: Peer) -> None:
        for value in range(250):
            peer.say(bytes((value,)))

    talkers = [threading.Thread(target=talk, args=(peer,)) for peer in peers]
    for talker in talkers:
        talker.start()
    got = gather(source, lambda arrivals: len(text(arrivals)) == 500)
    for talker in talkers:
        talker.join()
    stamps = [a.t_ns for a in got]
    assert stamps == sorted(stamps)
    for name in ("0", "1"):
        assert text([a for a in got if a.link == name]) == bytes(range(250))
    source.close()
    for peer in peers:
        peer.vanish()


def test_bulk_comes_whole(source: RealSource, peer: Peer) -> None:
    SerialLink(source, peer.path, LineSettings(None))
    data = bytes(range(256)) * 4096
    talker = threading.Thread(target=peer.say, args=(data,))
    talker.start()
    got = gather(source, lambda arrivals: sum(len(a.data) for a in arrivals) >= len(data), 30)
    talker.join()
    assert text(got) == data


def test_what_nobody_fetches_is_bounded(source: RealSource, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reallink, "MAX_PENDING", 1000)
    link = SerialLink(source, peer.path, LineSettings())
    for _ in range(300):
        with contextlib.suppress(BlockingIOError):
            os.write(peer.pair.master, bytes(10))
    deadline = source.clock.now_ns() + 5 * SECOND
    while not link.lost and source.clock.now_ns() < deadline:
        threading.Event().wait(0.005)
    got = source.wait(0)
    assert len(text(got)) <= 1000
    assert "reading has stopped (more than 1000 bytes" in got[-1].lost


def test_a_line_that_takes_nothing_ends_in_an_error(
    source: RealSource, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serialport, "WRITE_TIMEOUT_S", 0.2)
    link = SerialLink(source, peer.path, LineSettings(115200), may_write=True)
    with pytest.raises(InstrumentError, match=r"to take 300000 bytes, .* check device and flow control"):
        link.write(bytes(300_000))
    assert not link.lost
    link.close()
    assert not any(a.lost for a in source.wait(0))


def test_the_scaled_clock_stamps(peer: Peer) -> None:
    source = RealSource(RealClock(speed=20))
    SerialLink(source, peer.path, LineSettings())
    assert source.wait(source.clock.now_ns() + 2 * SECOND) == []
    peer.say(b"x")
    (arrival,) = gather(source, bool, 40)
    assert arrival.t_ns > 2 * SECOND
    source.close()


def test_control_lines_are_asked_for_explicitly(source: RealSource, peer: Peer) -> None:
    assert SerialLink(source, peer.path, LineSettings(), name="plain").describe()["dtr"] is True
    source.close()
    settings = SerialLink(source, peer.path, LineSettings(), name="arduino", dtr=False, rts=False).describe()
    assert (settings["dtr"], settings["rts"]) == (False, False)


def test_only_the_deadline_of_this_layer_ever_changes(source: RealSource, peer: Peer) -> None:
    """An even-parity pty refuses every later assignment of a timeout in plain pyserial: nothing here may assign one."""
    SerialLink(source, peer.path, LineSettings(9600, 7, "E"), name="cash register")
    for duration in (1, 1000, 100_000_000):
        source.wait(source.clock.now_ns() + duration)
    peer.say(b"ok")
    assert text(gather(source, lambda arrivals: text(arrivals) == b"ok")) == b"ok"
    assert serial.__version__.startswith("3.")


def test_windows_needs_none_of_the_posix_modules() -> None:
    """As far as it can be shown here: with the platform's name changed, nothing asks for the POSIX module."""
    code = (
        "import sys, contextlib, heapq, os, random, select, selectors, threading, serial, serial.tools.list_ports\n"
        "import captures.journal, fixtures.clock, fixtures.sim.world\n"
        "sys.platform = 'win32'; sys.modules['fixtures.posix'] = None\n"
        "import fixtures.serialport, fixtures.replay, fixtures.sim.serve as serving\n"
        "from fixtures.errors import BenchError, InstrumentError\n"
        "from protocols.contract import LineSettings\n"
        "clock = fixtures.clock.RealClock()\n"
        "try: serving.serve(fixtures.sim.world.World(), clock, print, lambda: True)\n"
        "except BenchError as error: print(error)\n"
        "source = fixtures.reallink.RealSource(clock)\n"
        "try: fixtures.serialport.SerialLink(source, 'serial:/dev/ttyNONE9', LineSettings())\n"
        "except InstrumentError as error: print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "needs pseudo-terminals" in told
    assert "there is no such port" in told
