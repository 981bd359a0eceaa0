"""`bench check|list|show|sim|burst|clock-check`: what is on the bench, short runs of its instruments, a simulated one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from fixtures.language import Listed, mark, tell, translate
from harness.commands.numbers import Seed, Speed, above_zero, finite
from harness.output import SCHEMA, comment, emit

OF_KIT = mark("{name}: kit {kit}, {place}")
CARRIES = mark("{name}: {rate} of {most} edges/s at maximum flow ({source})")
OBSERVED = mark("stations: {stations}")
LATE = mark("{link}: arrivals late by {median} ms (median), {most} ms (99 %); standard uncertainty {u} ms; {how}")
SERVING = mark("serving until Ctrl-C")
SERVING_FILE = mark(
    "serving until Ctrl-C; run it with: shortmeasure run PLAN --bench {file} --speed {speed} --case DIR"
)
SAMPLED = mark("{file}: {samples} samples at {rate} samples/s")
EDGES = mark("  {name} {count} edges")
RATE_ERROR = mark(
    "rate error {error} ppm, standard uncertainty {u} ppm, over {seconds} s and {edges} edges ({unmatched} unmatched); "
    "bound {bound} ppm: {verdict}"
)
HOLDS = {
    True: mark("inside the bound"),
    False: mark("OUTSIDE the bound: replace the recorder"),
    None: mark("undecided: watch longer"),
}
app = typer.Typer(help="Bench files and the simulated bench.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """The bench files that come with shortmeasure."""
    from harness.benches import built_in

    emit("benches", {"benches": built_in()}, "\n".join(built_in()), as_json)
    return 0


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="a bench file or a built-in name")], as_json: Json = False) -> int:
    """The text of a bench file, to copy and adapt."""
    from harness.benches import find

    text = find(name).text
    emit("bench", {"name": name, "text": text}, text, as_json)
    return 0


@app.command("check")
def check(
    file: Annotated[str, typer.Argument(help="a bench file or a built-in name")],
    plan: Annotated[str, typer.Option("--plan", help="also check that the bench can answer this plan")] = "",
    timing: Annotated[
        bool, typer.Option("--timing", help="open the links and measure how late arrivals on them are stamped")
    ] = False,
    loopback: Annotated[
        str, typer.Option("--loopback", help="measure this link with a loop-back plug on its port, nothing else on it")
    ] = "",
    seconds: Annotated[int, typer.Option("--seconds", help="how long --timing listens", min=1, max=3600)] = 10,
    as_json: Json = False,
) -> int:
    """Check a bench file as `run` does before it begins: keys, links, roles, zones, edition, and whether the instruments
    carry the pulses.  No port is opened unless --timing or --loopback asks for it."""
    from fixtures.capacity import pulse_loads
    from fixtures.plugins import specs
    from harness.bench_checks import check_bench
    from harness.bench_runs import bench_timings
    from harness.benches import find
    from harness.report.called import PLACES
    from harness.report.errors import error_said
    from harness.runner import check_stations, find_plan

    bench = find(file)
    lines = check_bench(bench)
    loads = pulse_loads(bench, specs("instruments"))
    if plan:
        check_stations(find_plan(plan), bench)
    rows = [
        {
            "instrument": load.instrument,
            "edges_per_s": load.edges_per_s,
            "capacity_edges_per_s": load.capacity_edges_per_s,
        }
        for load in loads
    ]
    place = tell(PLACES.get(bench.place, bench.place))
    text = [translate(OF_KIT, name=bench.name, kit=bench.kit, place=place), *map(tell, lines)]
    text += [
        translate(
            CARRIES, name=load.instrument, rate=f"{load.edges_per_s:.0f}", most=f"{load.capacity_edges_per_s:.0f}",
            source=error_said(load.source),
        )
        for load in loads
    ]  # fmt: skip
    text.append(translate(OBSERVED, stations=tell(Listed(list(bench.stations)))))
    found = bench_timings(bench, seconds if timing else 0, loopback)
    text += [
        translate(
            LATE, link=one.link, median=f"{one.p50_ns / 1e6:.2f}", most=f"{one.p99_ns / 1e6:.2f}", u=f"{one.u_ns / 1e6:.2f}",
            how=error_said(one.how),
        )
        for one in found
    ]  # fmt: skip
    emit(
        "bench-check",
        {
            "bench": bench.name,
            "instruments": lines,
            "loads": rows,
            "stations": dict(bench.stations),
            "timings": [asdict(one) for one in found],
        },
        "\n".join(text),
        as_json,
    )
    return 0


@app.command("sim")
def sim(
    file: Annotated[str, typer.Argument(help="a bench file or a built-in name with [simulation]")] = "dispenser-k3",
    cheat: Annotated[
        str, typer.Option("--cheat", help="catalogue id; nothing = an honest trader; at a site ID@INSTRUMENT")
    ] = "",
    size: Annotated[
        float, typer.Option("--size", help="size of the cheat, e.g. 0.05; 0 = its usual one", callback=finite)
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="fixes everything random", min=0)] = 1,
    speed: Annotated[float, typer.Option("--speed", help="times faster than life", callback=above_zero)] = 1.0,
    write: Annotated[str, typer.Option("--write", help="write the bench file with the real port names here")] = "",
    as_json: Json = False,
) -> int:
    """Serve a simulated bench on real pseudo-terminals that any serial program can open, until Ctrl-C."""
    from fixtures.clock import RealClock
    from fixtures.sim.serve import serve
    from harness.benches import find, on_ports, world

    bench = find(file)
    simulated = world(bench, cheat or None, seed, size or None)

    def ready(ports: dict[str, str]) -> None:
        if write:
            Path(write).write_text(on_ports(bench, ports).text, "utf-8")
        if as_json:
            sys.stdout.write(json.dumps({"schema": SCHEMA, "kind": "bench-sim", "ports": ports, "speed": speed}) + "\n")
        else:
            sys.stdout.write("".join(f"{name:<12} {path}\n" for name, path in ports.items()))
            comment(translate(SERVING_FILE, file=write, speed=f"{speed:g}") if write else translate(SERVING))
        sys.stdout.flush()

    try:
        serve(simulated, RealClock(speed), ready, lambda: False)
    except KeyboardInterrupt:
        comment(translate(mark("stopped")))
    return 0


@app.command("burst")
def burst(
    file: Annotated[str, typer.Option("--bench", help="a bench file or a built-in name")],
    out: Annotated[Path, typer.Option("-o", "--output", help="the new sigrok session file, NAME.sr")],
    instrument: Annotated[
        str, typer.Option("--instrument", help="which analyser; nothing = the one in the role burst")
    ] = "",
    rate: Annotated[int, typer.Option("--rate", help="samples per second", min=1)] = 1_000_000,
    samples: Annotated[int, typer.Option("--samples", help="samples of each channel", min=1)] = 4096,
    case: Annotated[str, typer.Option("--case", help="keep the journal in this new case folder")] = "",
    seed: Seed = 1,
    speed: Speed = 1.0,
    as_json: Json = False,
) -> int:
    """Sample a few channels fast for a short while, for the shape of their edges."""
    from captures.formats import write
    from harness.bench_runs import burst as take
    from harness.benches import find, world

    bench = find(file)
    simulated = world(bench, None, seed) if bench.simulated else None
    if out.exists():  # before anything is opened: a burst that cannot be kept is a burst lost
        raise FileExistsError(f"{out}: there is such a file; name a new one")
    with _journal(case) as journal:
        capture = take(bench, instrument, rate, samples, journal, world=simulated, speed=speed)
    write(capture, out, "sr")
    edges = {train.name: int(train.ticks.size) for train in capture.trains}
    text = [translate(SAMPLED, file=out, samples=capture.header["samples"], rate=rate)]
    text += [translate(EDGES, name=f"{name:<16}", count=f"{count:>9}") for name, count in edges.items()]
    document = {"file": str(out), "rate_hz": rate, "samples": capture.header["samples"], "edges": edges}
    emit("burst", document, "\n".join(text), as_json)
    return 0


@app.command("clock-check")
def clock_check(
    file: Annotated[str, typer.Argument(help="a bench file or a built-in name")],
    seconds: Annotated[
        int, typer.Option("--seconds", help="how long both instruments watch the time signal", min=10, max=86_400)
    ] = 120,
    case: Annotated[str, typer.Option("--case", help="keep the journal in this new case folder")] = "",
    seed: Seed = 1,
    speed: Speed = 1.0,
    as_json: Json = False,
) -> int:
    """Measure how far the sample clock of the pulse recorder is off, by a counter that sees the same time signal."""
    from harness.bench_runs import clock_check as check_clock
    from harness.benches import find, world
    from harness.exits import Exit

    bench = find(file)
    simulated = world(bench, None, seed) if bench.simulated else None
    with _journal(case) as journal:
        found = check_clock(bench, seconds, journal, world=simulated, speed=speed)
    text = translate(
        RATE_ERROR, error=f"{found.error_ppm:+.4f}", u=f"{found.u_ppm:.4f}", seconds=f"{found.seconds:.0f}", edges=found.edges,
        unmatched=found.unmatched, bound=f"{found.bound_ppm:g}", verdict=tell(HOLDS[found.holds]),
    )  # fmt: skip
    document = {
        "edges": found.edges, "unmatched": found.unmatched, "seconds": found.seconds, "error_ppm": found.error_ppm,
        "u_ppm": found.u_ppm, "bound_ppm": found.bound_ppm, "holds": found.holds,
    }  # fmt: skip
    emit("clock-check", document, text, as_json)
    return {True: Exit.OK, False: Exit.INSTRUMENT, None: Exit.INCONCLUSIVE}[found.holds]


@contextmanager
def _journal(case: str) -> Iterator[Path]:
    """The folder of the journal: that of a new case, else one that is gone afterwards."""
    from captures.case import Case

    if case:
        with Case.begun(Path(case)) as begun:
            yield begun.journal
        return
    comment(translate(mark("the journal is not kept; name a folder with --case to keep it")))
    with TemporaryDirectory() as folder:
        yield Path(folder)
