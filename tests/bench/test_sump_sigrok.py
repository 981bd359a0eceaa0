"""sigrok-cli, an independent SUMP client, on our simulated analyser over a real pseudo-terminal (protocols.md 8.1).

libserialport accepts only names under /sys/class/tty that belong to a device, and queries modem lines that a
pseudo-terminal does not have.  So inside a private mount namespace the pseudo-terminal is bound over a serial port's
node, and a preloaded object answers those queries.  Both exist in this test alone; nothing outside is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from captures.formats import read
from fixtures.clock import RealClock
from fixtures.sim.sump import SumpAnalyser
from fixtures.sim.world import Port, World
from protocols.contract import Role
from protocols.wire.sump import PROTOCOL, SIGROK_SETUP

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>

int ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, ...);
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (!next)
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    int result = next(fd, request, argument);
    if (result >= 0 || errno != ENOTTY)
        return result;
    if (request != TIOCMGET && request != TIOCMSET && request != TIOCMBIS && request != TIOCMBIC)
        return result;
    if (request == TIOCMGET)
        *(int *)argument = 0;
    return 0;
}
"""


def accepted_names() -> list[str]:
    """Names of serial ports that libserialport accepts here: those with a device in the kernel's tty class."""
    folder = Path("/sys/class/tty")
    names = sorted(path.name for path in folder.iterdir() if (path / "device").exists()) if folder.is_dir() else []
    return sorted(names, key=lambda name: not Path("/dev", name).exists())


def unshare() -> list[str]:
    """The command that opens a private mount namespace: as root, else in a user namespace."""
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-m"]


ATTEMPTS = 25

# $1 pseudo-terminal, $2 name of the port, $3 an empty folder, then the command.  Where the port has no node (containers),
# a private /dev is made of what the command needs.
BIND = """
if [ -e "/dev/$2" ]; then
    mount --bind "$1" "/dev/$2" || exit 99
else
    mount --rbind /dev "$3" && mount -t tmpfs private /dev || exit 99
    for node in null zero random urandom tty "$2"; do : > "/dev/$node"; done
    for node in null zero random urandom tty; do mount --bind "$3/$node" "/dev/$node" || exit 99; done
    mount --bind "$3/${1#/dev/}" "/dev/$2" || exit 99
fi
shift 3
exec env "$@"
"""


def why_not() -> str:
    """Why the helper cannot run here; empty when it can."""
    if sys.platform != "linux":
        return "bind mounts are Linux only"
    for tool in ("sigrok-cli", "gcc", "unshare"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    if not accepted_names():
        return "no serial port with a device in /sys/class/tty"
    tried = subprocess.run(
        [*unshare(), "mount", "-t", "tmpfs", "private", "/mnt"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"no private mount namespace here ({tried.stderr.strip()}); needs CAP_SYS_ADMIN or user namespaces"
    return ""


WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"sigrok-cli over a pseudo-terminal: {WHY_NOT}")


@pytest.fixture(autouse=True)
def notice_clients_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """sigrok-cli waits 10 ms for an identity; half of that would be gone before the line is seen to be open."""
    monkeypatch.setattr("fixtures.sim.serve.CLIENT_POLL_S", 0.0005)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(SHIM, "ascii")
    made = folder / "shim.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", made, folder / "shim.c", "-ldl"], check=True, timeout=60)
    return made


def sigrok(shim: Path, pty: str, *arguments: str) -> str:
    """What `sigrok-cli -d ols:conn=PORT ARGUMENTS` prints, with `pty` at the port's place.

    Its driver waits only some milliseconds for an answer and takes a later one for samples: on a busy machine its own
    log says that the metadata did not end or the data stalled, and that attempt is void.
    """
    name = accepted_names()[0]
    spare = shim.parent / "dev"
    spare.mkdir(exist_ok=True)
    run = [f"LD_PRELOAD={shim}", "sigrok-cli", "-l", "4", "-d", f"ols:conn=/dev/{name}", *arguments]
    command = [*unshare(), "sh", "-c", BIND, "sh", pty, name, str(spare), *run]
    for _ in range(ATTEMPTS):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        heard = "metadata ends" in done.stderr
        asked, got = (re.search(f"{what} (\\d+)", done.stderr) for what in ("Setting sample limit", "Received"))
        # the limit is logged as the device counts it: four samples less
        if heard and (asked is None or (got is not None and int(got[1]) >= int(asked[1]))):
            assert done.returncode == 0, done.stderr
            return done.stdout
    raise AssertionError(f"sigrok-cli had no undisturbed dialogue in {ATTEMPTS} attempts: {done.stderr[-2000:]}")


class Heard:
    """A port that remembers what the client sent."""

    def __init__(self, port: Port) -> None:
        self.data = bytearray()
        receive = port.receive

        def remember(data: bytes) -> None:
            self.data += data
            receive(data)

        port.receive = remember  # type: ignore[method-assign]


@contextmanager
def served(site: World) -> Iterator[str]:
    from fixtures.sim.serve import serve

    ports: dict[str, str] = {}
    is_up, stop = threading.Event(), threading.Event()

    def ready(found: dict[str, str]) -> None:
        ports.update(found)
        is_up.set()

    server = threading.Thread(target=lambda: serve(site, RealClock(), ready, stop), daemon=True)
    server.start()
    assert is_up.wait(10)
    try:
        yield ports["sump"]
    finally:
        stop.set()
        server.join(10)


@pytest.fixture
def simulated(turning: Callable[..., Any]) -> tuple[World, SumpAnalyser, Any]:
    """The analyser alone: the wires of a dispenser at rest, with a perfect clock, and an encoder turned by hand."""
    wheel = SimpleNamespace(state=0)
    plant = SimpleNamespace(drawn=SimpleNamespace(clock_error_ppm=0.0), encoder=wheel, reference=wheel)
    world = World()
    device = SumpAnalyser(world, SimpleNamespace(delivery=SimpleNamespace(plant=plant), taps=[]))  # type: ignore[arg-type]
    device.port = world.add_port("sump", PROTOCOL.line, device.on_bytes)
    return world, device, turning(world, device.taps.probes["encoder"], 7)


@pytest.mark.parametrize(("rate", "samples"), [(1_000_000, 1000), (200_000, 4096)])
def test_sigrok_cli_captures_the_simulated_edges(
    shim: Path, tmp_path: Path, simulated: Any, rate: int, samples: int
) -> None:
    site, device, turned = simulated
    file = tmp_path / "burst.sr"
    with served(site) as pty:
        sigrok(
            shim, pty, "--config", f"samplerate={rate}", "--samples", str(samples), "--channels", "0,1", "-o", str(file)
        )
    truth = turned.words(device.begun_ns[-1], rate, samples)
    capture = read(file)
    trains = {train.channel: train for train in capture.trains}
    for bit, name in enumerate(("0", "1")):
        levels = truth >> bit & 1
        edges = np.flatnonzero(np.diff(levels)) + 1
        assert len(edges) > 5
        assert trains[name].ticks.tolist() == edges.tolist()
        assert trains[name].levels is not None
        assert trains[name].levels.tolist() == levels[edges].tolist()


def test_sigrok_cli_finds_the_device_by_its_metadata(shim: Path, simulated: Any) -> None:
    site, _, _ = simulated
    with served(site) as pty:
        shown = sigrok(shim, pty, "--show")
    assert "simulated SUMP" in shown
    assert "samplerate" in shown


def test_sigrok_cli_sends_the_captured_sequence(shim: Path, tmp_path: Path, simulated: Any) -> None:
    """The bytes of protocols.md 6.1 again, from today's client: the vectors are what real hosts send."""
    site, _, _ = simulated
    heard = Heard(site.ports["sump"])
    with served(site) as pty:
        sigrok(
            shim,
            pty,
            "--config",
            "samplerate=1m",
            "--samples",
            "1000",
            "--channels",
            "0,1",
            "-o",
            str(tmp_path / "a.sr"),
        )
    assert b"".join(PROTOCOL.encode(message, Role.HOST) for message in SIGROK_SETUP) in bytes(heard.data)
    assert b"\0\0\0\0\0\x02\x04" in bytes(heard.data)
