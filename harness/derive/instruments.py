"""Which driver's bytes become pulse trains, and how: a table, driver -> deriver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fixtures.benchfile import InstrumentEntry
from harness.derive.clocks import RATE_BOUND
from harness.derive.lateness import late_ns
from harness.derive.pulses import CaptureRun, capture_runs
from harness.derive.recorded import Recorded
from harness.derive.stamps import Dialect, Window, stamp_runs
from protocols.contract import Message
from protocols.wire import picopet, ticc

CLOCK = "clock"  # the station of a time signal that is wired to an input: no station of the instrument under test
Deriver = Callable[[InstrumentEntry, Recorded, Sequence[Window]], list[CaptureRun]]


def _ticc_stamp(message: Message) -> tuple[int, str] | None:
    return (message.ps, message.channel) if isinstance(message, ticc.Stamp) else None


def _ticc_restarts(message: Message) -> bool:
    return isinstance(message, ticc.Comment) and ticc.is_banner(message)


def _picopet_stamp(message: Message) -> tuple[int, str] | None:
    return (message.ps, message.channel) if isinstance(message, picopet.Mark) else None


TICC = Dialect(ticc.PROTOCOL, _ticc_stamp, _ticc_restarts, "AB", shared=True, per_s=100, throws_away=True)
# drops silently: no rate proves its stamps complete, and each input counts from its own first pulse
PICOPET = Dialect(
    picopet.PROTOCOL,
    _picopet_stamp,
    lambda message: isinstance(message, picopet.Header),
    "ABCD",
    shared=False,
    per_s=None,
    throws_away=False,
)


def _channels(entry: InstrumentEntry) -> list[str]:
    return [str(channel) for channel in entry.options["channels"]]


def _analyser(entry: InstrumentEntry, recorded: Recorded, windows: Sequence[Window]) -> list[CaptureRun]:
    """The analyser's own runs: it is started and stopped, and closes each with a count."""
    link = entry.links["line"]
    chunks, place = recorded.chunks.get(link, ()), recorded.places.get(link, "")
    return capture_runs(entry.name, _channels(entry), chunks, place, recorded.speed, late_ns=late_ns(recorded, link))


def _counter(dialect: Dialect) -> Deriver:
    def derive(entry: InstrumentEntry, recorded: Recorded, windows: Sequence[Window]) -> list[CaptureRun]:
        link = entry.links["line"]
        bound = entry.options.get("reference_bound_ppm")
        return stamp_runs(
            entry.name,
            dialect,
            _channels(entry),
            recorded.chunks.get(link, ()),
            recorded.places.get(link, ""),
            windows,
            recorded.speed,
            wrap_digits=int(entry.options.get("wrap_digits", 0)),
            rate_bound=RATE_BOUND if bound is None else float(bound) * 1e-6,
            late_ns=late_ns(recorded, link),
        )

    return derive


DERIVERS: Mapping[str, Deriver] = {"sigrok-pico": _analyser, "ticc": _counter(TICC), "picopet": _counter(PICOPET)}


def pulse_runs(recorded: Recorded, windows: Sequence[Window]) -> list[CaptureRun]:
    """The runs of every instrument on the bench that carries pulses; `windows` are those of the deliveries."""
    runs: list[CaptureRun] = []
    for entry in recorded.bench.instruments.values():
        derive = DERIVERS.get(entry.driver)
        if derive is None:
            continue
        for span in recorded.spans:  # no clock of an instrument is followed over a gap, no run goes on after it
            named = replace(entry, name=f"{entry.name}@{span.n}") if span.n else entry
            runs += derive(named, recorded.during(span), [w for w in windows if span.holds(w[0])])
    return runs
