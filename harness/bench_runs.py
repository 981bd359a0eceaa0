"""Short runs of a few instruments without a plan: a burst of samples, a check of a clock.  Recorded like every run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from captures.model import Capture
from fixtures.bench import Bench, capability
from fixtures.benchfile import BenchFile
from fixtures.capability import Bursts, Records
from fixtures.errors import BenchError, InstrumentError
from fixtures.opening import link_line, open_bench
from fixtures.plugins import specs
from fixtures.selftest import link_timings, plug_timing
from fixtures.sim.world import World
from fixtures.timing import Timing
from harness.derive.bursts import bursts
from harness.derive.clock_check import ClockCheckError, RateCheck, compare
from harness.derive.instruments import CLOCK, DERIVERS
from harness.derive.pulses import CaptureRun
from harness.derive.recorded import Recorded, read_recorded

SECOND_NS = 1_000_000_000
FIRST_READINGS_NS = 5 * SECOND_NS  # a counter throws them away after its start


def burst(
    file: BenchFile,
    name: str,
    rate_hz: int,
    samples: int,
    journal: Path,
    *,
    world: World | None = None,
    speed: float = 1.0,
) -> Capture:
    """One burst of the instrument `name` (or, empty, of the role `burst`), read back from the journal."""
    name = name or file.roles.get("burst", "")
    if name not in file.instruments:
        raise BenchError(
            f"{file.where}: expected an instrument that takes bursts, got {name!r}: name it with --instrument, or bind the role "
            f"burst; there are {', '.join(sorted(file.instruments))}"
        )

    def act(bench: Bench) -> None:
        driver = bench.drivers[name]
        if not isinstance(driver, Bursts):
            raise BenchError(
                f"{file.where}: {name} is a {file.instruments[name].driver}, which takes no bursts; use a driver such as sump"
            )
        bench.recorder.entry("burst", t_ns=bench.now_ns(), value=dict(driver.burst(rate_hz, samples)))

    recorded = _run(file, [name], journal, act, world, speed)
    entry = recorded.bench.instruments[name]
    link = entry.links["line"]
    channels = [str(channel) for channel in entry.options["channels"]]
    taken = bursts(name, channels, recorded.chunks.get(link, ()), recorded.places.get(link, ""))
    if not taken or taken[-1].capture is None:
        why = taken[-1].why if taken else "no run was started"
        raise InstrumentError(f"{name}: expected one whole burst, got none: {why}; repeat it")
    return taken[-1].capture


def bench_timings(file: BenchFile, seconds: int, loopback: str) -> list[Timing]:
    """How late arrivals are stamped: on every link of the open bench, listening for `seconds` (0: not), and on the link
    `loopback`, whose port carries a plug instead of its instrument.

    Raises BenchError where there is no such serial link, or the bench is simulated: its stamps are exact.
    """
    found: list[Timing] = []
    if loopback:
        entry = file.links.get(loopback)
        if entry is None or not entry.url.startswith("serial:"):
            raise BenchError(
                f"{file.where}: expected --loopback with a serial: link, got {loopback!r}; there are {', '.join(sorted(file.links))}"
            )
        found.append(plug_timing(loopback, entry.url, link_line(file, specs("instruments"), loopback)))
    if seconds:
        if file.simulated:
            raise BenchError(f"{file.where}: expected real links to time, got sim: links, whose stamps are exact")
        with TemporaryDirectory() as journal:
            bench = open_bench(file, specs("instruments"), Path(journal), {})
            try:
                bench.open()
                found += link_timings(bench, seconds * SECOND_NS)
            finally:
                bench.make_safe()
                bench.close()
                bench.recorder.close("complete")
    return found


def clock_check(
    file: BenchFile,
    seconds: int,
    journal: Path,
    *,
    world: World | None = None,
    speed: float = 1.0,
) -> RateCheck:
    """How far the sample clock of the bench's pulse recorder is off, by the counter that sees the same time signal.

    Raises BenchError where the bench lacks one of them, or the counter's reference is not declared.
    """
    counter, recorder = _counter(file), file.roles.get("record", "")
    if recorder in ("", counter) or not _clock_channel(file, recorder):
        raise BenchError(
            f"{file.where}: expected an instrument in the role record with the counter's time signal on an input named "
            f"{CLOCK}.*, got {recorder or 'none'}: wire it and add the channel"
        )
    window = (0, 0)

    def act(bench: Bench) -> None:
        nonlocal window
        tested: Records = capability(bench.drivers[recorder], Records, "record")
        bench.idle(FIRST_READINGS_NS)
        begin_ns = bench.now_ns()
        tested.start()
        bench.idle(seconds * SECOND_NS)
        told = tested.stop()
        window = (begin_ns, bench.now_ns())
        bench.recorder.entry("clock-check", t_ns=begin_ns, until_ns=window[1], value=dict(told))

    recorded = _run(file, [counter, recorder], journal, act, world, speed)
    ours, theirs = (_one_run(recorded, name, window) for name in (counter, recorder))
    reference, tested = _clock_channel(file, counter), _clock_channel(file, recorder)
    try:
        if reference not in ours.trains or tested not in theirs.trains:
            raise ClockCheckError(f"expected the time signal on both, got: {ours.why or theirs.why}")
        return compare(ours.trains[reference], ours.clock, theirs.trains[tested], theirs.clock)
    except ClockCheckError as error:
        raise InstrumentError(f"clock of {recorder} by {counter}: {error}") from None


def _counter(file: BenchFile) -> str:
    for entry in file.instruments.values():
        if entry.driver == "ticc" and _clock_channel(file, entry.name):
            if "reference_bound_ppm" in entry.options:
                return entry.name
            raise BenchError(
                f"{file.where}: instrument {entry.name}: reference_bound_ppm is missing: how far its 10 MHz reference may be off, "
                "from that reference's certificate; without it the counter proves nothing of another clock"
            )
    raise BenchError(f"{file.where}: expected a ticc with an input named {CLOCK}.* on this bench, got none")


def _clock_channel(file: BenchFile, name: str) -> str:
    channels = [str(c) for c in file.instruments[name].options.get("channels", ())]
    return next((channel for channel in channels if channel.split(".")[0] == CLOCK), "")


def _one_run(recorded: Recorded, name: str, window: tuple[int, int]) -> CaptureRun:
    entry = recorded.bench.instruments[name]
    runs = DERIVERS[entry.driver](entry, recorded, [window])
    if not runs:
        raise InstrumentError(f"{name}: expected one run of pulses, got none: nothing arrived; check its line")
    return runs[-1]


def _run(
    file: BenchFile,
    names: Iterable[str],
    journal: Path,
    act: Callable[[Bench], None],
    world: World | None,
    speed: float,
) -> Recorded:
    """Open only `names` and the operator, let `act` work, end safely, and read the journal back."""
    header: dict[str, Any] = {"tool": "shortmeasure", "version": version("shortmeasure")}
    bench = open_bench(_only(file, names), specs("instruments"), journal, header, world=world, speed=speed)
    status, why = "error", "ended before it began"
    try:
        bench.open()
        act(bench)
        status, why = "complete", ""
    except KeyboardInterrupt:
        status, why = "stopped", "stopped by the operator"
        raise
    except Exception as error:
        why = str(error)
        raise
    finally:
        unsafe = bench.make_safe()
        bench.recorder.close(status, "; ".join(filter(None, [why, *unsafe])))
        bench.close()
    return read_recorded(journal)


def _only(file: BenchFile, names: Iterable[str]) -> BenchFile:
    """The bench with these instruments and the operator alone: what is not used need not be connected."""
    kept = {*names, file.roles["operate"]} if "operate" in file.roles else set(names)
    instruments = {name: entry for name, entry in file.instruments.items() if name in kept}
    links = {link for entry in instruments.values() for link in entry.links.values()}
    return replace(
        file,
        instruments=instruments,
        links={name: link for name, link in file.links.items() if name in links},
        roles={role: name for role, name in file.roles.items() if name in kept},
        stations={station: name for station, name in file.stations.items() if name in kept},
    )
