"""What tests with independent software share: cables between two pseudo-terminals, served worlds, one-instrument benches."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fixtures import posix
from fixtures.bench import Bench
from fixtures.benchfile import parse
from fixtures.clock import RealClock
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.serve import serve
from fixtures.sim.world import World

_BENCH = """
[bench]
name = "one instrument"
kit = "K0"
place = "lab"
[instrument]
id = "X"
family = "dispenser"
edition = "jjg443-2023"
[profile]
volume_resolution_l = "0.01"
amount_resolution = "0.01"
[links.line]
url = "{url}"
may_write = "our own instrument"
{link}
[links.person]
url = "{person}"
may_write = "our own officer"
[instruments.it]
driver = "{driver}"
links = {{ line = "line" }}
zone = "lab"
{options}
[instruments.operator]
driver = "operator"
links = {{ line = "person" }}
zone = "lab"
console = {console}
[roles]
operate = "operator"
[stations]
"""


def bench_text(driver: str, url: str, options: str = "", link: str = "") -> str:
    """A bench of `driver` on `url` and a person; `options` and `link` are TOML lines of the instrument and its link."""
    simulated = url.startswith("sim:")
    person = "sim:operator" if simulated else "console:"
    return _BENCH.format(
        url=url, driver=driver, options=options, link=link, person=person, console="false" if simulated else "true"
    )


@contextmanager
def bench_of(folder: Path, text: str, world: World | None = None, speed: float = 1.0) -> Iterator[Bench]:
    """The opened bench of `text` with its journal in `folder`, on a clock so much faster than the wall's; instruments are not
    identified yet."""
    journal = folder / "journal"
    journal.mkdir()
    bench = open_bench(parse(text, "bench.toml"), specs("instruments"), journal, {}, world=world, speed=speed)
    try:
        yield bench
    finally:
        bench.close()
        bench.recorder.close("complete")


def instrument(bench: Bench) -> Any:
    """The driver of the one instrument."""
    return bench.drivers["it"]


@contextmanager
def cable() -> Iterator[tuple[str, str]]:
    """Two pseudo-terminals whose outer ends are joined: what one program writes, the other reads."""
    ends = (posix.open_pty_pair(), posix.open_pty_pair())
    other = {ends[0].master: ends[1].master, ends[1].master: ends[0].master}
    done, wake = os.pipe()

    def carry() -> None:
        while True:
            ready, _, _ = select.select([*other, done], [], [])
            if done in ready:
                return
            for end in ready:
                os.write(other[end], os.read(end, 4096))

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield ends[0].path, ends[1].path
    finally:
        os.write(wake, b"x")
        carrier.join(5)
        for descriptor in (done, wake):
            os.close(descriptor)
        for end in ends:
            end.close()


@contextmanager
def served(world: World, speed: float = 1.0) -> Iterator[Mapping[str, str]]:
    """The ports of `world` on real pseudo-terminals; time goes on from where the world is."""
    ports: dict[str, str] = {}
    up, stop = threading.Event(), threading.Event()

    def ready(found: dict[str, str]) -> None:
        ports.update(found)
        up.set()

    server = threading.Thread(target=lambda: serve(world, RealClock(speed, world.now_ns), ready, stop))
    server.start()
    try:
        assert up.wait(10)
        yield ports
    finally:
        stop.set()
        server.join(10)


@contextmanager
def over_tcp(path: str) -> Iterator[int]:
    """A port of the loopback that carries the bytes of a pseudo-terminal, as a serial device server does; one client."""
    server = socket.create_server(("127.0.0.1", 0))
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    done, wake = os.pipe()

    def carry() -> None:
        client: socket.socket | None = None
        while True:
            ready, _, _ = select.select([done, server if client is None else client, line], [], [])
            if done in ready:
                break
            if client is None:
                if server in ready:
                    client, _ = server.accept()
                continue
            if client in ready:
                data = client.recv(4096)
                if not data:
                    client.close()
                    client = None
                    continue
                os.write(line, data)
            if line in ready:
                client.sendall(os.read(line, 4096))
        if client is not None:
            client.close()

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield server.getsockname()[1]
    finally:
        os.write(wake, b"x")
        carrier.join(5)
        for descriptor in (done, wake, line):
            os.close(descriptor)
        server.close()
