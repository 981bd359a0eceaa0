"""Bursts and clock checks from the command line, and deliveries with counters at the pulses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from captures.case import verify_case
from captures.formats import read
from captures.model import EdgeKind
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile, parse
from fixtures.clock import RealClock
from fixtures.errors import BenchError, InstrumentError
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.build import Site
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.serve import serve
from harness.bench_runs import burst, clock_check
from harness.benches import find, on_ports, scenario, world
from harness.commands import build_app
from harness.derive import read_recorded, segments
from harness.enact import Enactor
from harness.exits import run_app
from harness.judge.contract import Segment, Validation, View
from harness.judge.detectors import quadrature, split
from harness.step import Deliver, described
from protocols.wire.dart import CommandCode

LAB = find("pulse-lab")
PETS = """
[links.pet]
url = "sim:picopet"
[instruments.pet]
driver = "picopet"
links = { line = "pet" }
zone = "lab"
channels = ["tap.A", "tap.B"]
"""
K3_AND_PET = parse(find("dispenser-k3").text + PETS, "k3 and a PicoPET")


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code = run_app(build_app(), [*arguments, "--json"], {})
    return code, json.loads(capsys.readouterr().out)


def test_a_clock_check_finds_the_simulated_quartz(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = command(
        capsys, "bench", "clock-check", "pulse-lab", "--seconds", "60", "--seed", "4", "--case", str(tmp_path / "c")
    )
    truth = scenario(LAB, None, 4).drawn().clock_error_ppm
    assert abs(truth) > 1
    assert code == 0
    assert abs(told["error_ppm"] - truth) <= 3 * told["u_ppm"]  # type: ignore[operator]
    assert told["u_ppm"] < 0.05  # type: ignore[operator]
    assert (told["holds"], told["unmatched"], told["bound_ppm"]) == (True, 0, pytest.approx(100.0))
    assert verify_case(tmp_path / "c").complete


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals on this system")
def test_a_clock_check_over_real_pseudo_terminals(tmp_path: Path) -> None:
    """The counter restarts when its port is opened, as in life; arrivals scatter, the result does not."""
    site: Site = world(LAB, None, 4)
    ports: dict[str, str] = {}
    is_up, stop = threading.Event(), threading.Event()

    def ready(found: dict[str, str]) -> None:
        ports.update(found)
        is_up.set()

    server = threading.Thread(target=lambda: serve(site, RealClock(10.0), ready, stop), daemon=True)
    server.start()
    assert is_up.wait(10)
    try:
        found = clock_check(on_ports(LAB, ports), 30, tmp_path, speed=10.0)
    finally:
        stop.set()
        server.join(10)
    assert abs(found.error_ppm - scenario(LAB, None, 4).drawn().clock_error_ppm) <= 3 * found.u_ppm
    assert (found.unmatched, found.holds) == (0, True)
    assert 20 <= found.edges <= 31


@pytest.mark.parametrize(("ppm", "code", "holds"), [("150", 40, False), ("-150", 40, False), ("99.99", 20, None)])
def test_a_recorder_outside_its_bound_is_no_recorder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ppm: str, code: int, holds: bool | None
) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(
        LAB.text.replace('model = "dispenser"', f'model = "dispenser"\nclock_error_ppm = "{ppm}"', 1), "utf-8"
    )
    left, told = command(capsys, "bench", "clock-check", str(file), "--seconds", "20")
    assert (left, told["holds"]) == (code, holds)


def test_a_disturbed_line_makes_no_clock_check(tmp_path: Path) -> None:
    site: Site = world(LAB, None, 1)
    inject(site.ports["ticc"], to_bench=FaultScript(at={600: FaultKind.FLIP}))
    with pytest.raises(InstrumentError, match="expected whole time stamps, got gaps"):
        clock_check(LAB, 60, tmp_path, world=site)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (', "clock.PPS"]', "]", r"the counter's time signal on an input named clock\.\*"),
        ('reference_bound_ppm = "0.01"', "", "reference_bound_ppm is missing"),
        ('channels = ["clock.PPS"]', 'channels = ["reference.P"]', r"expected a ticc with an input named clock\.\*"),
        ('record = "analyser"\n', "", "expected an instrument in the role record"),
    ],
)
def test_benches_that_cannot_check_a_clock(tmp_path: Path, old: str, new: str, text: str) -> None:
    assert old in LAB.text
    with pytest.raises(BenchError, match=text):
        clock_check(parse(LAB.text.replace(old, new, 1), "lab"), 20, tmp_path, world=world(LAB, None, 1))


def test_a_burst_is_a_session_file_that_sigrok_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "burst.sr"
    code, told = command(
        capsys, "bench", "burst", "--bench", "pulse-lab", "--rate", "500000", "--samples", "1000", "-o", str(file)
    )
    assert (code, told["samples"]) == (0, 1000)
    capture = read(file)
    assert [train.channel for train in capture.trains] == [
        "encoder.A",
        "encoder.B",
        "board.A",
        "board.B",
        "reference.P",
    ]
    assert capture.trains[0].tick_s is not None
    assert (1 / capture.trains[0].tick_s, capture.trains[0].window) == (500_000, (0, 999))
    if shutil.which("sigrok-cli"):
        shown = subprocess.run(
            ["sigrok-cli", "-i", str(file), "--show"], capture_output=True, text=True, check=True
        ).stdout
        assert "Samplerate: 500000" in shown


def test_a_burst_while_fuel_flows_has_the_edges_of_the_dispenser(tmp_path: Path) -> None:
    site: Site = world(LAB, None, 1)
    blocks: list[np.ndarray] = []
    site.dispenser.taps.append(lambda block: blocks.append(block.encoder.times_ns))
    board = site.dispenser.board
    board.command(CommandCode.RESET)
    board.command(CommandCode.AUTHORISE)
    site.dispenser.lift()
    site.dispenser.open_nozzle()
    capture = burst(LAB, "sump", 10_000, 24_000, tmp_path, world=site)
    begun = site.ports["sump"].on_bytes.__self__.begun_ns[0]  # type: ignore[union-attr]
    seen = sum(train.ticks.size for train in capture.trains if train.station == "encoder")
    times = np.concatenate(blocks)
    assert seen == np.count_nonzero((times >= begun) & (times < begun + 2_399_900_000))
    assert seen > 50


@pytest.mark.parametrize(
    ("name", "text"),
    [("analyser", "takes no bursts"), ("nothing", "expected an instrument that takes bursts, got 'nothing'")],
)
def test_what_takes_no_bursts(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(BenchError, match=text):
        burst(LAB, name, 1_000_000, 100, tmp_path, world=world(LAB, None, 1))


def test_what_is_written_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "burst.sr"
    file.write_bytes(b"evidence")
    assert run_app(build_app(), ["bench", "burst", "--bench", "pulse-lab", "-o", str(file)], {}) == 41
    assert file.read_bytes() == b"evidence"


# deliveries


@contextmanager
def delivering(file: BenchFile, journal: Path, site: Site) -> Iterator[tuple[Bench, Callable[[str, str, str], None]]]:
    """A bench that delivers, each step and outcome recorded as in a run."""
    bench = open_bench(file, specs("instruments"), journal, {"tool": "test"}, world=site)
    enactor = Enactor(bench, lambda: {}, "")
    number = iter(range(100))

    def deliver(label: str, litres: str, flow: str) -> None:
        step, n = Deliver(label, Decimal(litres), flow=flow), next(number)
        bench.recorder.entry("step", n=n, t_ns=bench.now_ns(), step=described(step))
        outcome = enactor.act(step)
        bench.recorder.entry("outcome", n=n, t_ns=bench.now_ns(), value=dict(outcome))

    try:
        bench.open()
        yield bench, deliver
    finally:
        bench.recorder.close("complete")
        bench.close()


def test_a_ticc_records_a_slow_reference_meter_pulse_by_pulse(tmp_path: Path) -> None:
    file = find("ticc-k2")
    site: Site = world(file, None, 2)
    with delivering(file, tmp_path, site) as (_, deliver):
        deliver("C0", "2.10", "full")
        deliver("C1", "7.30", "full")
        deliver("C2", "2.10", "slow")
    first, *found = segments(read_recorded(tmp_path))
    # the counter throws away the first readings of an input after its start: the first delivery has a gap at its beginning
    [(begin, end)] = first.trains["reference.P"].gaps
    assert (begin, end + 1) == (first.trains["reference.P"].window[0], first.trains["reference.P"].ticks[0])
    assert [segment.id for segment in found] == ["C1", "C2"]
    for segment in found:
        assert segment.complete
        assert set(segment.trains) == {"reference.P"}  # the pulse per second is no station of the dispenser
        train = segment.trains["reference.P"]
        [sale] = [s for s in site.sales if segment.window_ns[0] <= s.start_ns < segment.window_ns[1]]
        assert abs(train.ticks.size - sale.reference_edges / 2) <= 0.5
        assert train.edge is EdgeKind.RISING


def test_a_damaged_line_makes_a_delivery_incomplete_and_says_where(tmp_path: Path) -> None:
    file = find("ticc-k2")
    site: Site = world(file, None, 2)
    with delivering(file, tmp_path, site) as (_, deliver):
        deliver("C0", "2.10", "full")
        deliver("C1", "2.10", "full")
        inject(site.ports["ticc"], to_bench=FaultScript(at={2000: FaultKind.FLIP, 3000: FaultKind.DROP}))
        deliver("C2", "7.30", "full")
    _, first, second = segments(read_recorded(tmp_path))
    assert first.complete
    assert not second.complete
    gaps = second.trains["reference.P"].gaps
    assert 1 <= len(gaps) <= 2
    assert all(end - begin < 10**12 for begin, end in gaps)


def picopet_segment(tmp_path: Path, drop_every: int = 0) -> Segment:
    site: Site = world(K3_AND_PET, None, 3)
    site.ports["picopet"].on_bytes.__self__.drop_every = drop_every  # type: ignore[union-attr]
    with delivering(K3_AND_PET, tmp_path, site) as (_, deliver):
        deliver("B1", "10.00", "full")
    [segment] = segments(read_recorded(tmp_path))
    return segment


@pytest.mark.parametrize("drop_every", [0, 37])
def test_a_picopet_is_a_tap_of_its_own_that_no_law_counts(tmp_path: Path, drop_every: int) -> None:
    segment = picopet_segment(tmp_path, drop_every)
    a, b, encoder = (segment.trains[name] for name in ("tap.A", "tap.B", "encoder.A"))
    assert a.edge is b.edge is EdgeKind.RISING
    assert len({a.clock, b.clock, encoder.clock}) == 3
    assert a.ticks.size == encoder.rising.size - encoder.rising.size * bool(drop_every) // (drop_every or 1)
    # its intervals are those of the encoder, to its resolution and the two quartzes
    if not drop_every:
        ours = np.diff(a.ticks) * 1e-12
        theirs = np.diff(encoder.rising) * float(encoder.tick_s or 0)
        assert np.abs(ours - theirs).max() < 3e-6
    # what it dropped accuses nobody
    for detector in (split.DETECTOR, quadrature.DETECTOR):
        view = View({"pulses_per_litre": "100"}, detector.parameters, Validation(10**6, 0))
        readings = [reading for reading in detector.judge([segment], view) if reading.link.downstream == "tap"]
        assert readings
        assert all(reading.e <= 1.0 and not reading.hits for reading in readings)
        if detector is split.DETECTOR:
            assert [reading.reason for reading in readings] == ["gap in tap.A" if drop_every else ""]
