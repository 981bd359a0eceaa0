"""A simulated device as its author writes it, and what is to be tried with it and its driver.

A device knows no port, no clock and no thread: it is told what came (`on_bytes`) and sits at a `Place` that sends for it and
calls it back.  So the same device answers in process, on the virtual clock, and on a pseudo-terminal by the wall clock.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict

from fixtures.benchfile import BenchFile, InstrumentEntry, LinkEntry
from fixtures.capability import BenchPort, Driver, InstrumentSpec
from fixtures.link import Arrival
from fixtures.sim.world import Port, World
from protocols.contract import LineSettings, WireProtocol

NAME, TWIN = "it", "twin"
PROFILE: Mapping[str, str] = {
    "pulses_per_litre": "100", "volume_resolution_l": "0.01", "amount_resolution": "0.01", "price": "7.52",
    "max_flow_l_min": "25", "reference_pulses_per_litre": "100", "reference_u_rel": "0.0003", "pulses_per_km": "1000",
}  # fmt: skip


class Device(Protocol):
    """What a simulated device is: told what the bench sent, it answers through its `Place`."""

    def on_bytes(self, data: bytes) -> None: ...


@dataclass(frozen=True)
class Place:
    """Where a simulated device sits."""

    port: Port

    @property
    def world(self) -> World:
        return self.port.world

    @property
    def now_ns(self) -> int:
        return self.port.world.now_ns

    def send(self, data: bytes) -> None:
        """Put `data` on the line; it takes its time there."""
        self.port.send(data)

    def after(self, delay_ns: int, event: Callable[[], None]) -> None:
        """Call `event` so much later."""
        self.port.world.after(delay_ns, event)


MakeDevice = Callable[[Place], Device]


class Setting(TypedDict, total=False):
    """What the checks of an instrument may be told besides; each has a default.

    `options`, `profile`: as in a bench file.  `protocol`: the wire protocol, where it is not an installed one by the name in
    spec.protocol or in option `protocol`.  `settle_ns`: so long the bench runs before each `does` and after it, for a driver
    that asks by itself and a device that says nothing of what it did.  `within_ns`: what any verb may take at most.
    `same(got, wanted)`: where a line without check digits or a noisy device leaves something open.  `change(device)`: makes
    another value right, another one at each call, and returns it; without it no stale answer can be told, and `check_faults`
    asks for the reason, `unchanging`, where `does` gives a value at all.  `shows(device)`:
    is compared in place of what `does` returns, where only the device knows.  `detects` False: neither has the protocol check
    digits nor asks the driver twice, so that a changed byte may pass for a value.  `echo`: options under which the driver
    expects its own bytes back.  `speed`: of the pseudo-terminal's clock.
    """

    options: Mapping[str, Any]
    profile: Mapping[str, str]
    protocol: WireProtocol | None
    settle_ns: int
    within_ns: int
    same: Callable[[Any, Any], bool]
    change: Callable[[Any], object] | None
    unchanging: str
    shows: Callable[[Any], object] | None
    detects: bool
    echo: Mapping[str, Any] | None
    speed: float


@dataclass(frozen=True)
class Trial:
    """One instrument, its simulated device or devices by line, what is done with it and what that gives."""

    spec: InstrumentSpec
    device: MakeDevice | Mapping[str, MakeDevice]
    does: Callable[[Any], object]
    value: object
    options: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, str] = field(default_factory=lambda: PROFILE)
    protocol: WireProtocol | None = None
    settle_ns: int = 0
    within_ns: int = 600_000_000_000
    same: Callable[[Any, Any], bool] = operator.eq
    change: Callable[[Any], object] | None = None
    unchanging: str = ""
    shows: Callable[[Any], object] | None = None
    detects: bool = True
    echo: Mapping[str, Any] | None = None
    speed: float = 10.0

    def maker(self, line: str) -> MakeDevice:
        return self.device[line] if isinstance(self.device, Mapping) else self.device

    def file(self, url: Callable[[str], str], names: tuple[str, ...] = (NAME,)) -> BenchFile:
        """A bench with this instrument once for each of `names`; links are named `NAME_LINE`."""
        entries = {n: {line: f"{n}_{line}" for line in self.spec.links} for n in names}
        links = [link for lines in entries.values() for link in lines.values()]
        may_write = "the author's own device" if self.spec.writes else ""
        its = {n: InstrumentEntry(n, self.spec.name, lines, "lab", "", self.options) for n, lines in entries.items()}
        return BenchFile(
            name="the bench of one instrument", kit="K3", place="lab", instrument_id="X", family="dispenser",
            edition="", profile=self.profile, links={link: LinkEntry(link, url(link), may_write) for link in links},
            instruments={**its, "person": InstrumentEntry("person", _NOBODY.name, {}, "lab", "", {})},
            roles={"operate": "person"}, stations={}, text="", where="the bench of one instrument",
        )  # fmt: skip

    def specs(self) -> Mapping[str, InstrumentSpec]:
        return {self.spec.name: self.spec, _NOBODY.name: _NOBODY}


class _Nobody:
    """Fills the one role without which no bench works; it is never asked anything."""

    def receive(self, arrival: Arrival) -> None: ...
    def due_ns(self) -> int | None:
        return None

    def tick(self, now_ns: int) -> None: ...
    def open(self) -> Mapping[str, Any]:
        return {}

    def make_safe(self) -> None: ...


def _nobody(
    bench: BenchPort, links: Mapping[str, str], options: Mapping[str, Any], profile: Mapping[str, Any]
) -> Driver:
    return _Nobody()


_NOBODY = InstrumentSpec("nobody", (), {}, frozenset({"operate"}), False, "", LineSettings(None), _nobody)
