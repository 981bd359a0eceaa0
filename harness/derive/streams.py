"""What came on the lines of the instruments, decoded: pulse runs and what the dispenser reported.

`Streams` of a whole journal decode it when asked; those of a growing one (growing.py) have decoded what has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fixtures.benchfile import BenchFile
from harness.derive.instruments import pulse_runs
from harness.derive.lateness import late_ns
from harness.derive.pulses import CaptureRun
from harness.derive.recorded import Recorded
from harness.derive.sales import Reports, dispenser_reports, joined
from harness.derive.stamps import Window

LINES = {"dart-master": "line", "dart-tap": "device"}  # driver -> its link on which the dispenser speaks


class Streams(Protocol):
    def last_ns(self) -> int:
        """When the last byte came on any line; 0 where none did."""

    def runs(self, windows: Sequence[Window]) -> list[CaptureRun]:
        """As `pulse_runs`."""

    def reports(self) -> Reports | None:
        """What was said on the dispenser's data line; None where the bench does not listen to one."""


def listened(bench: BenchFile) -> str | None:
    """The link on which the dispenser speaks; None where the bench does not listen to it."""
    return next((e.links[LINES[e.driver]] for e in bench.instruments.values() if e.driver in LINES), None)


class Whole:
    """The streams of what is recorded."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def last_ns(self) -> int:
        return max((chunks[-1].t_ns for chunks in self._recorded.chunks.values() if chunks), default=0)

    def runs(self, windows: Sequence[Window]) -> list[CaptureRun]:
        return pulse_runs(self._recorded, windows)

    def reports(self) -> Reports | None:
        recorded, link = self._recorded, listened(self._recorded.bench)
        if link is None:
            return None
        late = late_ns(recorded, link)
        heard = [recorded.during(span).chunks.get(link, ()) for span in recorded.spans]
        told = [dispenser_reports(chunks, recorded.speed, late) for chunks in heard]
        return joined(told, [span.begin_ns for span in recorded.spans if span.n])
