"""What came on the lines of the instruments, decoded: pulse runs and what the dispenser reported.

Which instrument hears a dispenser, and in which protocol, its plugin says (`InstrumentSpec.dispenser`).

`Streams` of a whole journal decode it when asked; those of a growing one (growing.py) have decoded what has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fixtures.benchfile import BenchFile, InstrumentEntry
from fixtures.capability import InstrumentSpec
from fixtures.errors import PluginError
from fixtures.plugins import specs
from harness.derive.instruments import pulse_runs
from harness.derive.lateness import late_ns
from harness.derive.pulses import CaptureRun
from harness.derive.recorded import Recorded
from harness.derive.sales import Reports, dispenser_reports, joined
from harness.derive.stamps import Window
from protocols.dispensing import Dialogue

SAID = ("register", "totaliser")  # stations that a dispenser's line tells of


class Streams(Protocol):
    def last_ns(self) -> int:
        """When the last byte came on any line; 0 where none did."""

    def runs(self, windows: Sequence[Window]) -> list[CaptureRun]:
        """As `pulse_runs`."""

    def reports(self) -> Reports | None:
        """What was said on the dispenser's data line; None where the bench does not listen to one."""


@dataclass(frozen=True)
class Heard:
    """Where the dispenser of a bench is heard: the links on which it and its master speak, by whom and by which plugin."""

    device: str
    host: str
    entry: InstrumentEntry
    spec: InstrumentSpec

    def dialogue(self) -> Dialogue:
        """A new one, for one start of the program."""
        assert self.spec.dispenser is not None
        return self.spec.dispenser.dialogue(self.entry.options)

    @property
    def links(self) -> tuple[str, ...]:
        """Whose bytes are needed: those of the master only where answers mean nothing without it."""
        return (self.device,) if self.host == self.device or self.dialogue().numbered else (self.host, self.device)

    @property
    def codec(self) -> str:
        protocol = self.dialogue().protocol
        return f"{protocol.name}/{protocol.version}"


def heard(bench: BenchFile) -> Heard | None:
    """Where the dispenser is heard; None where the bench does not listen to it.

    Raises PluginError where the instrument that stands for its register or totaliser is not installed: what it heard would
    be left out without a word.
    """
    known = specs("instruments")
    for entry in bench.instruments.values():
        spec: InstrumentSpec | None = known.get(entry.driver)
        if spec is not None and spec.dispenser is not None:
            line = spec.dispenser
            return Heard(entry.links[line.device], entry.links[line.host], entry, spec)
        if spec is None and any(bench.stations.get(station) == entry.name for station in SAID):
            raise PluginError(
                f"{bench.where}: instrument {entry.name} stands for what the dispenser said, but its driver {entry.driver!r} "
                "is not installed; install the distribution that it came from and look at `shortmeasure plugins`"
            )
    return None


def listened(bench: BenchFile) -> str | None:
    """The link on which the dispenser speaks; None where the bench does not listen to it."""
    found = heard(bench)
    return None if found is None else found.device


class Whole:
    """The streams of what is recorded."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def last_ns(self) -> int:
        return max((chunks[-1].t_ns for chunks in self._recorded.chunks.values() if chunks), default=0)

    def runs(self, windows: Sequence[Window]) -> list[CaptureRun]:
        return pulse_runs(self._recorded, windows)

    def reports(self) -> Reports | None:
        recorded, line = self._recorded, heard(self._recorded.bench)
        if line is None:
            return None
        late = late_ns(recorded, line.device)
        told = []
        for span in recorded.spans:
            during = recorded.during(span).chunks
            chunks = [chunk for link in line.links for chunk in during.get(link, ())]
            if len(line.links) > 1:
                chunks.sort(key=lambda chunk: chunk.t_ns)
            told.append(dispenser_reports(chunks, line.device, line.dialogue(), recorded.speed, late))
        return joined(told, [span.begin_ns for span in recorded.spans if span.n])
