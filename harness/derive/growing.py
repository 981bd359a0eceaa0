"""A journal that is read while it grows: every line once, every byte of an instrument decoded once.

What the decoders were made for (speed of the clock, how late a link is stamped, starts of the program) stands in the journal
too, mostly at its begin; where a new line changes it, everything is read again from the first line.  Wire bytes of the
analyser and of the dispenser's data line are not kept: what was decoded of them is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from captures.journal import Follower
from captures.model import WireChunk
from fixtures.benchfile import BenchFile, InstrumentEntry
from harness.derive.instruments import DERIVERS, pulse_runs
from harness.derive.lateness import late_ns
from harness.derive.pulses import CaptureRun, Runs
from harness.derive.recorded import Recorded, Taken
from harness.derive.sales import Listener, Reports, joined
from harness.derive.spans import WHOLE, Span
from harness.derive.stamps import Window
from harness.derive.streams import heard

ANALYSER = "sigrok-pico"
HOLD_NS = 2_000_000_000  # of the run's clock: the recorder writes what it holds after 50 ms, times the clock's speed
For = tuple[float, tuple[tuple[str, int], ...], tuple[Span, ...]]  # speed, lateness by link, starts of the program


class OutOfOrderError(Exception):
    """Arrivals on one line are not recorded in time order: the whole journal has to be looked at."""


class Growing:
    """A growing journal; `look` takes what is new.  Afterwards it is the `Streams` of what `look` returned."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made_for: For | None = None
        self._begin()

    def _begin(self) -> None:
        self._follower = Follower(self._folder)
        self._taken = Taken(self._folder, self._hear)
        self._bench: BenchFile | None = None
        self._decoded: frozenset[str] | None = None
        self._came: dict[str, list[WireChunk]] = {}
        self._newest_ns, self._released_ns, self._fed_ns = 0, 0, dict[str, int]()
        self._runs: dict[tuple[str, int], Runs] = {}
        self._listeners: list[Listener] = []

    def look(self, *, last: bool = False) -> Recorded:
        """What is recorded so far; its `chunks` are those that only the whole of decodes.  What came in the last moment may
        be missing from what was decoded, unless this is the `last` look.

        Raises IntegrityError as `read_recorded` does, OutOfOrderError where a line cannot be decoded as it comes.
        """
        recorded = self._take()
        while (now := _made_for(recorded)) != self._made_for:
            self._made_for = now
            self._begin()
            recorded = self._take()
        self._decode(self._newest_ns + 1 if last else self._newest_ns - HOLD_NS)
        self._recorded = recorded
        return recorded

    def _take(self) -> Recorded:
        for line in self._follower.take():
            self._taken.take(line)
        return self._taken.recorded()

    def _hear(self, link: str, came: list[WireChunk]) -> bool:
        """Decode what is surely in order; True for what need not be kept."""
        if self._decoded is None:
            self._prepare(self._taken.recorded().bench)
        assert self._decoded is not None
        self._newest_ns = max(self._newest_ns, *(chunk.t_ns for chunk in came)) if came else self._newest_ns
        if self._made_for is not None and link in self._decoded:
            # a dispenser and its master are one dialogue, on whatever links they speak
            self._came.setdefault(self._dispenser[-1] if link in self._dispenser else link, []).extend(came)
            if self._newest_ns - self._released_ns > 2 * HOLD_NS:
                self._decode(self._newest_ns - HOLD_NS)
        return link not in self._whole

    def _prepare(self, bench: BenchFile) -> None:
        """Decoders for every start of the program; links that are decoded as a whole are kept."""
        self._bench = bench
        entries = bench.instruments.values()
        self._analysers = {e.links["line"]: e for e in entries if e.driver == ANALYSER}
        self._whole = {e.links["line"] for e in entries if e.driver in DERIVERS and e.driver != ANALYSER}
        line = heard(bench)
        self._dispenser = () if line is None else line.links
        self._decoded = frozenset([*self._analysers, *self._dispenser])
        if self._made_for is None:
            return
        speed, lateness, spans = self._made_for
        late = dict(lateness)
        for link, entry in self._analysers.items():
            for span in spans:
                named, channels = _named(entry, span), [str(one) for one in entry.options["channels"]]
                self._runs[link, span.n] = Runs(named.name, channels, speed, late.get(link, 0))
        if line is not None:
            heard_late = late.get(line.device, 0)
            self._listeners = [Listener(line.device, line.dialogue(), speed, heard_late) for _ in spans]

    def _decode(self, before_ns: int) -> None:
        """Decode what came before."""
        if self._made_for is None:
            return
        self._released_ns = before_ns
        for link, came in self._came.items():
            came.sort(key=lambda chunk: chunk.t_ns)
            count = bisect_left(came, before_ns, key=lambda chunk: chunk.t_ns)
            ready, self._came[link] = came[:count], came[count:]
            if ready and ready[0].t_ns < self._fed_ns.get(link, 0):
                raise OutOfOrderError(link)
            for chunk in ready:
                self._feed(link, chunk)
                self._fed_ns[link] = chunk.t_ns

    def _feed(self, link: str, chunk: WireChunk) -> None:
        assert self._made_for is not None
        spans = self._made_for[2]
        n = next((span.n for span in spans if len(spans) == 1 or span.holds(chunk.t_ns)), None)
        if n is None:
            return  # in a gap, in which nobody listened
        if link in self._analysers:
            self._runs[link, n].feed(chunk, self._taken.place(link))
        if link in self._dispenser:
            self._listeners[n].feed(chunk)

    def last_ns(self) -> int:
        return self._newest_ns

    def runs(self, windows: Sequence[Window]) -> list[CaptureRun]:
        found: list[CaptureRun] = []
        for entry in self._recorded.bench.instruments.values():  # in the order of `pulse_runs`
            if entry.driver != ANALYSER:
                alone = replace(self._recorded.bench, instruments={entry.name: entry})
                found += pulse_runs(replace(self._recorded, bench=alone), windows)
                continue
            link = entry.links["line"]
            place = self._recorded.places.get(link, "")
            for span in self._recorded.spans:
                runs = self._runs.get((link, span.n))
                found += [] if runs is None else runs.runs(place)
        return found

    def reports(self) -> Reports | None:
        if heard(self._recorded.bench) is None:
            return None
        told = [listener.reports for listener in self._listeners] or [Reports() for _ in self._recorded.spans]
        return joined(told, [span.begin_ns for span in self._recorded.spans if span.n])


def _named(entry: InstrumentEntry, span: Span) -> InstrumentEntry:
    return replace(entry, name=f"{entry.name}@{span.n}") if span.n else entry


def _made_for(recorded: Recorded) -> For:
    links = sorted({link for entry in recorded.bench.instruments.values() for link in entry.links.values()})
    return recorded.speed, tuple((link, late_ns(recorded, link)) for link in links), tuple(recorded.spans) or WHOLE
