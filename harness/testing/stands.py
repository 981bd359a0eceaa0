"""The bench of one instrument, with simulated devices in front of it: on the virtual clock, or on pseudo-terminals."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from captures.journal import read_lines, wire_bytes
from captures.model import Direction
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.binding import check
from fixtures.capability import Driver
from fixtures.capacity import pulse_loads
from fixtures.clock import RealClock, VirtualClock
from fixtures.opening import link_line, open_bench
from fixtures.recorder import Recorder
from fixtures.sim.world import Port, SimLink, SimSource, World
from harness.testing.devices import NAME, Device, Place, Trial
from harness.testing.watchdog import TooLong, returning

MOST_LOOKS = (
    100_000  # at a clock that stands still: a loop that does not let the bench wait, or a due_ns that stays past
)


@dataclass
class BoundedClock(VirtualClock):
    """The virtual clock, which ends what takes too long."""

    until_ns: int = 1 << 62
    looks: int = 0

    def progress(self) -> tuple[int, int]:
        """What changes whenever the bench is called, or waits."""
        return self.t_ns, self.looks

    def now_ns(self) -> int:
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise TooLong(
                f"{MOST_LOOKS} looks at the bench's clock, which stands still until the bench waits for something"
            )
        return self.t_ns

    def advance_to(self, t_ns: int) -> None:
        if t_ns > self.t_ns:
            self.looks = 0
        super().advance_to(t_ns)
        if self.t_ns > self.until_ns:
            raise TooLong("still at it")


class Stand:
    """The instrument of a `Trial` at a bench of its own on the virtual clock, each line of it with its device.

    `heard` is what reached the cable, by link, `said` what the devices put on it, oldest first: held to the journal.
    """

    def __init__(self, trial: Trial, folder: Path, names: tuple[str, ...] = (NAME,)) -> None:
        self.trial, self.folder, self.names = trial, folder, names
        self.world, self.clock = World(), BoundedClock()
        self.heard: dict[str, bytes] = {}
        self.said: list[bytes] = []
        self.said_by_then = 0  # how many of them when `does` last returned
        self.sent_ns: list[int] = []  # when the driver sent
        file = trial.file(lambda link: f"sim:{link}", names)
        check(file, trial.specs())
        pulse_loads(file, trial.specs())
        self.devices = place_devices(trial, self.world, file)
        for link, port in self.world.ports.items():
            self._listen(link, port)
        source = SimSource(self.world, self.clock)
        links = {link: SimLink(source, link, bool(entry.may_write)) for link, entry in file.links.items()}
        recorder = Recorder.create(folder, self.clock, {"bench": ""})
        with ExitStack() as undo:
            undo.callback(recorder.abandon)
            with returning(f"{trial.spec.name}: make"):
                self.bench = Bench(file, trial.specs(), self.clock, source, links, recorder)
            undo.pop_all()
        self.bench.on_wire = self._on_wire

    def _listen(self, link: str, port: Port) -> None:
        outward, inward = port.outward, port.inward
        self.heard[link] = b""

        def send(data: bytes) -> None:
            self.said.append(data)
            outward(data)

        def receive(data: bytes) -> None:
            self.heard[link] += data
            inward(data)

        port.outward, port.inward = send, receive

    def _on_wire(self, t_ns: int, link: str, direction: Direction, data: bytes) -> None:
        if direction is Direction.TX:
            self.sent_ns.append(t_ns)

    @property
    def driver(self) -> Driver:
        return self.bench.drivers[NAME]

    @property
    def device(self) -> Device:
        """The device at the first line of the instrument."""
        return self.of(NAME)

    def of(self, name: str) -> Device:
        return self.devices[f"{name}_{self.trial.spec.links[0]}"]

    def change(self, name: str = NAME) -> object:
        """Another value becomes the right one, where the author told how; it is returned."""
        return self.trial.value if self.trial.change is None else self.trial.change(self.of(name))

    def do(self, name: str = NAME) -> object:
        """What the author does, with the bench let run before and after."""
        self.bench.idle(self.trial.settle_ns)
        got = self.trial.does(self.bench.drivers[name])
        self.said_by_then = len(self.said)
        self.bench.idle(self.trial.settle_ns)
        return got

    def limited(self) -> None:
        """From here on what is done may take `within_ns`."""
        self.clock.until_ns, self.clock.looks = self.clock.t_ns + self.trial.within_ns, 0

    def unlimited(self) -> None:
        self.clock.until_ns, self.clock.looks = 1 << 62, 0

    def journal(self) -> Mapping[str, list[bytes]]:
        """What was sent, by link, as the journal holds it."""
        self.bench.recorder.sync()
        sent: dict[str, list[bytes]] = {link: [] for link in self.heard}
        for line in read_lines(self.folder):
            if line.body.get("kind") == "wire" and line.body["dir"] == Direction.TX:
                sent[line.body["link"]] += [wire_bytes(read[1]) for read in line.body["reads"]]
        return sent

    def close(self) -> None:
        self.unlimited()
        self.bench.close()
        self.bench.recorder.abandon()


def place_devices(trial: Trial, world: World, file: BenchFile) -> dict[str, Device]:
    """Each line's device on a port of `world` named as its link, with that link's settings."""
    devices: dict[str, Device] = {}
    for entry in file.instruments.values():
        for line, link in entry.links.items():
            port = world.add_port(link, link_line(file, trial.specs(), link))
            devices[link] = device = trial.maker(line)(Place(port))
            port.on_bytes = device.on_bytes
    return devices


@contextmanager
def stand(trial: Trial, names: tuple[str, ...] = (NAME,)) -> Iterator[Stand]:
    with tempfile.TemporaryDirectory(prefix="shortmeasure-") as folder, ExitStack() as undo:
        made = Stand(trial, Path(folder), names)
        undo.callback(made.close)
        yield made


@contextmanager
def on_pseudo_terminals(trial: Trial) -> Iterator[tuple[Bench, Mapping[str, Device]]]:
    """The same on real pseudo-terminals, by the wall clock; not to be had on Windows."""
    world = World()
    devices = place_devices(trial, world, trial.file(lambda link: f"sim:{link}"))
    with _served(world, trial.speed) as paths, tempfile.TemporaryDirectory(prefix="shortmeasure-") as folder:
        file = trial.file(lambda link: f"serial:{paths[link]}")
        bench = open_bench(file, trial.specs(), Path(folder), {}, speed=trial.speed)
        try:
            yield bench, devices
        finally:
            bench.close()
            bench.recorder.close("complete")


@contextmanager
def _served(world: World, speed: float) -> Iterator[Mapping[str, str]]:
    if sys.platform == "win32":
        raise NotImplementedError("this system has no pseudo-terminals")
    from fixtures.sim.serve import serve

    paths: dict[str, str] = {}
    failed: list[Exception] = []
    up, stop = threading.Event(), threading.Event()

    def ready(found: dict[str, str]) -> None:
        paths.update(found)
        up.set()

    def run() -> None:
        try:
            serve(world, RealClock(speed, world.now_ns), ready, stop)
        except Exception as error:  # of the author's device: told where the check can say so
            failed.append(error)
            up.set()

    server = threading.Thread(target=run, name="simulated devices", daemon=True)
    server.start()
    try:
        up.wait(10)
        if not failed:
            yield paths
    finally:
        stop.set()
        server.join(10)
        if failed:  # what the bench says of a line that fell silent is but the consequence
            raise failed[0]
