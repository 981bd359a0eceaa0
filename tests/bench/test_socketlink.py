"""The TCP link over the real loopback: the contract of the serial link (protocols.md 2.1), on sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from captures.journal import read_lines
from fixtures import reallink, socketlink
from fixtures.benchfile import parse
from fixtures.errors import BenchError, InstrumentError, WriteRefused
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.reallink import RealSource
from fixtures.socketlink import SocketLink, address_of
from tests.bench.arrivals import gather, text

SECOND = 1_000_000_000


class Listener:
    """An instrument's raw socket service on the loopback, one client at a time."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(5)
        self.url = f"socket:127.0.0.1:{self.server.getsockname()[1]}"

    def accept(self) -> socket.socket:
        client, _ = self.server.accept()
        client.settimeout(5)
        return client

    def close(self) -> None:
        self.server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def test_talks_both_ways_closes_and_opens_again(source: RealSource, listener: Listener) -> None:
    for turn in (b"one", b"two"):
        link = SocketLink(source, listener.url, name="counter", may_write=True)
        with listener.accept() as device:
            device.sendall(turn)
            got = gather(source, lambda arrivals: len(text(arrivals)) >= 3)
            assert text(got) == turn
            assert {a.link for a in got} == {"counter"}
            link.write(b"*IDN?\n")
            assert device.recv(100) == b"*IDN?\n"
            told = link.describe()
            assert told["url"] == listener.url
            assert told["peer"] == listener.url.removeprefix("socket:")
            assert told["local"] == "{}:{}".format(*device.getpeername())
            link.close()
            assert device.recv(100) == b""
        assert not any(a.lost for a in source.wait(0))


def test_a_listening_link_refuses_to_write(source: RealSource, listener: Listener) -> None:
    link = SocketLink(source, listener.url, name="tap")
    with listener.accept() as device:
        with pytest.raises(WriteRefused, match=r"link tap.*only listens.*may_write"):
            link.write(b"x")
        link.close()
        assert device.recv(100) == b""


def test_the_peer_leaves_once_and_what_came_before_is_kept(source: RealSource, listener: Listener) -> None:
    link = SocketLink(source, listener.url, name="counter", may_write=True)
    with listener.accept() as device:
        device.sendall(b"last words")
    got = gather(source, lambda arrivals: any(a.lost for a in arrivals))
    got += source.wait(source.clock.now_ns() + SECOND // 5)
    assert text(got) == b"last words"
    assert [a.lost for a in got if a.lost] == ["the other side closed the connection"]
    assert link.lost == "the other side closed the connection"
    for _ in range(2):
        with pytest.raises(InstrumentError, match=r"link counter\): .*closed the connection; check instrument"):
            link.write(b"still there?")
    assert source.wait(0) == []


def test_a_reset_is_one_loss(source: RealSource, listener: Listener) -> None:
    SocketLink(source, listener.url, name="counter", may_write=True)
    device = listener.accept()
    device.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    device.close()
    got = gather(source, bool) + source.wait(source.clock.now_ns() + SECOND // 5)
    assert [bool(a.lost) for a in got] == [True]
    assert "the connection broke" in got[0].lost


def test_a_closed_link_refuses_and_leaves_no_thread(source: RealSource, listener: Listener) -> None:
    before = threading.active_count()
    link = SocketLink(source, listener.url, may_write=True)
    link.close()
    link.close()
    assert threading.active_count() == before
    with pytest.raises(InstrumentError, match="closed; open it again"):
        link.write(b"x")


def test_nobody_listens(source: RealSource, listener: Listener) -> None:
    listener.close()
    with pytest.raises(InstrumentError, match="nothing listens on port"):
        SocketLink(source, listener.url, name="counter")
    with pytest.raises(InstrumentError, match="nothing listens on port"):  # the name is free again
        SocketLink(source, listener.url, name="counter")


def test_a_host_that_does_not_answer_ends_in_time(source: RealSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(address: tuple[str, int], timeout: float) -> socket.socket:
        assert timeout == socketlink.CONNECT_TIMEOUT_S
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(InstrumentError, match=r"within 5 s, but 10\.0\.0\.1 does not answer"):
        SocketLink(source, "socket:10.0.0.1:5025")


def test_what_nobody_fetches_is_bounded(
    source: RealSource, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reallink, "MAX_PENDING", 1000)
    link = SocketLink(source, listener.url)
    with listener.accept() as device:
        device.sendall(bytes(5000))
        deadline = source.clock.now_ns() + 5 * SECOND
        while not link.lost and source.clock.now_ns() < deadline:
            threading.Event().wait(0.005)
    got = source.wait(0)
    assert len(text(got)) <= 1000
    assert "nobody took them" in got[-1].lost


def test_a_peer_that_does_not_read_ends_in_an_error(
    source: RealSource, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socketlink, "WRITE_TIMEOUT_S", 0.2)
    link = SocketLink(source, listener.url, may_write=True)
    with listener.accept(), pytest.raises(InstrumentError, match=r"to take 64000000 bytes, .* it does not read"):
        link.write(bytes(64_000_000))
    link.close()


@pytest.mark.parametrize(
    "url",
    ["socket:", "socket:host", "socket:host:", "socket::5025", "socket:host:0", "socket:host:65536", "socket:ho st:1",
     "socket:host:٥", "socket:a\nb:1", "socket:::1:5025"],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(BenchError, match="expected socket:HOST:PORT"):
        address_of(url)


def test_addresses() -> None:
    assert address_of("socket:counter.local:5025") == ("counter.local", 5025)
    assert address_of("socket:[::1]:5025") == ("::1", 5025)


BENCH = """
[bench]
name = "relay behind a device server"
kit = "K3"
place = "lab"
[instrument]
id = "X"
family = "dispenser"
edition = "jjg443-2023"
[profile]
volume_resolution_l = "0.01"
amount_resolution = "0.01"
[links.relay]
url = "URL"
may_write = "our own instrument"
[links.person]
url = "console:"
may_write = "our own officer"
[instruments.relay]
driver = "lcus"
links = { line = "relay" }
zone = "lab"
contacts = { power = 1 }
[instruments.operator]
driver = "operator"
links = { line = "person" }
zone = "lab"
console = true
[roles]
power = "relay"
operate = "operator"
[stations]
"""


def test_a_bench_journals_the_connection_and_its_loss(listener: Listener, tmp_path: Path) -> None:
    file = parse(BENCH.replace("URL", listener.url), "bench.toml")
    (tmp_path / "j").mkdir()
    bench = open_bench(file, specs("instruments"), tmp_path / "j", {})
    with listener.accept() as device:
        bench.open()
        assert device.recv(4) == bytes.fromhex("A00100A1")
    with pytest.raises(InstrumentError, match=r"link relay .* was lost at .* closed the connection"):
        bench.idle(5 * SECOND)
    bench.close()
    bench.recorder.close("error")
    bodies = [line.body for line in read_lines(tmp_path / "j")]
    (told,) = [b for b in bodies if b.get("kind") == "instrument" and b["name"] == "relay"]
    assert told["links"]["line"]["peer"] == listener.url.removeprefix("socket:")
    assert [b["why"] for b in bodies if b.get("kind") == "lost"] == ["the other side closed the connection"]


def test_a_baud_rate_on_a_socket_is_an_error() -> None:
    with pytest.raises(BenchError, match="a socket: has no baud rate"):
        parse(BENCH.replace('"URL"', '"socket:h:1"\nbaud = 9600'), "bench.toml")
