"""SUMP analyser, TICC and PicoPET: drivers against their simulated devices, in process and over pseudo-terminals, and
what a bench file may ask of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from captures.model import Direction
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile, parse
from fixtures.binding import check
from fixtures.capability import Bursts, Records
from fixtures.capacity import pulse_loads
from fixtures.clock import RealClock
from fixtures.errors import BenchError, InstrumentError
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.build import Site, build
from fixtures.sim.faults import FaultKind, FaultScript, inject
from fixtures.sim.scenario import Kit, Scenario
from fixtures.sim.sump import SumpAnalyser
from fixtures.sim.ticc import Ticc
from fixtures.sim.time_signal import next_rising
from harness.benches import find, on_ports
from harness.derive.bursts import bursts
from harness.derive.recorded import read_recorded
from protocols.contract import Role
from protocols.wire import picopet, sump

SPECS = specs("instruments")
SECOND = 1_000_000_000
HEAD = """
[bench]
name = "pulses"
kit = "K3"
place = "lab"
[instrument]
id = "X"
family = "dispenser"
edition = "jjg443-2023"
[simulation]
model = "dispenser"
[profile]
volume_resolution_l = "0.01"
amount_resolution = "0.01"
pulses_per_litre = "100"
max_flow_l_min = "50"
reference_pulses_per_litre = "20"
reference_u_rel = "0.0003"
[links.operator]
url = "sim:operator"
may_write = "prompts"
[instruments.operator]
driver = "operator"
links = { line = "operator" }
zone = "lab"
"""
INSTRUMENT = """
[links.it]
url = "sim:{name}"
{may_write}
[instruments.it]
driver = "{name}"
links = {{ line = "it" }}
zone = "lab"
channels = {channels}
{more}
[roles]
operate = "operator"
{role}
[stations]
{station}
"""


def bench_file(name: str, channels: list[str], role: str = "", more: str = "", station: str = "") -> BenchFile:
    may_write = 'may_write = "ours"' if SPECS[name].writes else ""
    text = HEAD + INSTRUMENT.format(
        name=name, channels=channels, role=role, more=more, station=station, may_write=may_write
    )
    return parse(text, "pulses.toml")


def site_with(name: str, kit: Kit = "K3") -> Site:
    return build(Scenario(kit=kit, seed=5, clock_error_ppm=0.0, instruments=(name,)))


def device(site: Site, name: str) -> Any:
    return site.ports[name].on_bytes.__self__  # type: ignore[union-attr]


@contextmanager
def opened(file: BenchFile, journal: Path, site: Site | None = None, speed: float = 1.0) -> Iterator[Bench]:
    journal.mkdir(exist_ok=True)
    bench = open_bench(file, SPECS, journal, {"tool": "test"}, world=site, speed=speed)
    try:
        yield bench
    finally:
        bench.recorder.close("complete")
        bench.close()


@contextmanager
def on_pty(site: Site, file: BenchFile, speed: float) -> Iterator[BenchFile]:
    from fixtures.sim.serve import serve

    ports: dict[str, str] = {}
    is_up, stop = threading.Event(), threading.Event()

    def ready(found: dict[str, str]) -> None:
        ports.update(found)
        is_up.set()

    server = threading.Thread(target=lambda: serve(site, RealClock(speed), ready, stop), daemon=True)
    server.start()
    assert is_up.wait(10)
    try:
        yield on_ports(file, ports)
    finally:
        stop.set()
        server.join(10)


needs_ptys = pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
AB = ["encoder.A", "encoder.B"]


# SUMP


def test_a_burst_sends_what_real_hosts_send_and_holds_the_true_edges(
    tmp_path: Path, turning: Callable[..., Any]
) -> None:
    site = site_with("sump")
    analyser: SumpAnalyser = device(site, "sump")
    turned = turning(site, analyser.taps.probes["encoder"], 3)
    file = bench_file("sump", AB, 'burst = "it"')
    with opened(file, tmp_path, site) as bench:
        bench.open()
        driver = bench.drivers["it"]
        assert isinstance(driver, Bursts)
        assert driver.burst(1_000_000, 1000) == {"rate_hz": 1_000_000, "samples": 1000, "bytes": 1000, "channels": AB}
    recorded = read_recorded(tmp_path)
    chunks = recorded.chunks["it"]
    sent = b"".join(chunk.data for chunk in chunks if chunk.direction is Direction.TX)
    # the bytes captured from sigrok-cli (protocols.md 6.1): five resets, identify, metadata, five resets, set-up and run
    setup = b"".join(sump.PROTOCOL.encode(message, Role.HOST) for message in sump.SIGROK_SETUP)
    assert sent == bytes(5) + b"\x02\x04" + bytes(5) + setup
    [burst] = bursts("it", AB, chunks, "x")
    assert burst.capture is not None
    truth = turned.words(analyser.begun_ns[0], 1_000_000, 1000)
    for bit, train in enumerate(burst.capture.trains):
        edges = np.flatnonzero(np.diff(truth >> bit & 1)) + 1
        assert len(edges) > 5
        assert train.ticks.tolist() == edges.tolist()
        assert train.window == (0, 999)


@needs_ptys
def test_bursts_over_a_real_pseudo_terminal(tmp_path: Path, turning: Callable[..., Any]) -> None:
    site = site_with("sump")
    analyser: SumpAnalyser = device(site, "sump")
    turned = turning(site, analyser.taps.probes["encoder"], 4)
    with (
        on_pty(site, bench_file("sump", [*AB, *(f"x.{n}" for n in range(8))]), 1.0) as file,
        opened(file, tmp_path) as bench,
    ):
        identity = bench.drivers["it"].open()
        assert (identity["name"], identity["sample_memory"], identity["probes"]) == ("simulated SUMP", 24576, 32)
        for _ in range(2):
            bench.drivers["it"].burst(500_000, 2000)
    link = read_recorded(tmp_path).chunks["it"]
    found = bursts("it", AB, link, "x")
    assert len(found) == len(analyser.begun_ns) == 2
    for burst, begun_ns in zip(found, analyser.begun_ns, strict=True):
        assert burst.capture is not None
        truth = turned.words(begun_ns, 500_000, 2000)
        assert burst.capture.trains[0].ticks.tolist() == (np.flatnonzero(np.diff(truth & 1)) + 1).tolist()


@pytest.mark.parametrize(
    ("rate", "samples", "text"),
    [
        (3_000_000, 100, "divisor of 100000000"),
        (200_000_000, 100, "up to 100000000"),
        (5, 100, "divisor"),
        (1_000_000, 24_577, "1 to 24576"),
        (1_000_000, 0, "1 to 24576"),
    ],
)
def test_bursts_that_the_device_cannot_take(tmp_path: Path, rate: int, samples: int, text: str) -> None:
    with opened(bench_file("sump", AB), tmp_path, site_with("sump")) as bench:
        bench.drivers["it"].open()
        with pytest.raises(BenchError, match=text):
            bench.drivers["it"].burst(rate, samples)


def test_a_lost_sample_voids_the_burst(tmp_path: Path) -> None:
    site = site_with("sump")
    with opened(bench_file("sump", AB), tmp_path, site) as bench:
        bench.drivers["it"].open()
        inject(site.ports["sump"], to_bench=FaultScript(at={500: FaultKind.DROP}))
        with pytest.raises(InstrumentError, match="expected 1000 bytes of samples, got 999"):
            bench.drivers["it"].burst(1_000_000, 1000)
        bench.drivers["it"].make_safe()
    [burst] = bursts("it", AB, read_recorded(tmp_path).chunks["it"], "x")
    assert burst.capture is None
    assert "got 999" in burst.why


def test_late_samples_are_whole_samples(tmp_path: Path) -> None:
    site = site_with("sump")
    with opened(bench_file("sump", AB), tmp_path, site) as bench:
        bench.drivers["it"].open()
        inject(
            site.ports["sump"], to_bench=FaultScript(at={100: FaultKind.DELAY, 700: FaultKind.SPLIT}, delay_ns=SECOND)
        )
        assert bench.drivers["it"].burst(1_000_000, 1000)["bytes"] == 1000


def test_an_answer_that_comes_late_is_not_taken_for_samples(tmp_path: Path) -> None:
    """Nothing in the bytes says what they are: a stale answer would shift every sample."""
    site = site_with("sump")
    port = site.ports["sump"]
    with opened(bench_file("sump", AB), tmp_path, site) as bench:
        bench.drivers["it"].open()
        site.after(15_000_000, lambda: port.transmit(b"\x01OLS\0\0"))
        with pytest.raises(
            InstrumentError, match="expected 1000 bytes of samples, got 1006: an earlier answer came late"
        ):
            bench.drivers["it"].burst(1_000_000, 1000)
    [burst] = bursts("it", AB, read_recorded(tmp_path).chunks["it"], "x")
    assert burst.capture is None


def test_another_device_at_the_port_is_named(tmp_path: Path) -> None:
    site = site_with("sump")
    inject(site.ports["sump"], to_bench=FaultScript(at={1: FaultKind.FLIP}))
    with (
        opened(bench_file("sump", AB), tmp_path, site) as bench,
        pytest.raises(InstrumentError, match="expected the identity 1ALS, got"),
    ):
        bench.drivers["it"].open()


def test_a_silent_port_is_named(tmp_path: Path) -> None:
    site = site_with("sump")
    site.ports["sump"].on_bytes = None
    with (
        opened(bench_file("sump", AB), tmp_path, site) as bench,
        pytest.raises(InstrumentError, match="1ALS within 1 s"),
    ):
        bench.drivers["it"].open()


def test_a_board_without_metadata_is_used_by_its_registers_alone(tmp_path: Path) -> None:
    site = site_with("sump")
    hear = site.ports["sump"].on_bytes
    assert hear is not None
    site.ports["sump"].on_bytes = lambda data: hear(data.replace(b"\x04", b"")) if data == b"\x04" else hear(data)
    with opened(bench_file("sump", AB), tmp_path, site) as bench:
        assert bench.drivers["it"].open()["sample_memory"] is None
        assert bench.drivers["it"].burst(1_000_000, 100)["samples"] == 100


# what a bench may ask of them


def test_a_fixed_buffer_records_no_delivery_and_observes_no_station() -> None:
    with pytest.raises(BenchError, match=r"role record names it, but driver sump provides burst"):
        check(bench_file("sump", AB, 'record = "it"'), SPECS)
    stationed = bench_file("sump", AB, 'burst = "it"', station='encoder = "it"')
    with pytest.raises(BenchError, match="station encoder names it, but a sump must not watch it: its buffer is full"):
        check(stationed, SPECS)
    check(bench_file("sump", AB, 'burst = "it"'), SPECS)


@pytest.mark.parametrize("channel", ["encoder.A", "board.B"])
def test_a_ticc_is_no_dispenser_tap(channel: str) -> None:
    with pytest.raises(BenchError, match="carries 100 events a second and drops what comes faster"):
        pulse_loads(bench_file("ticc", [channel], 'record = "it"'), SPECS)
    with pytest.raises(BenchError, match="station encoder names it, but a ticc must not watch it"):
        check(bench_file("ticc", [channel], 'record = "it"', station='encoder = "it"'), SPECS)


def test_a_ticc_carries_a_slow_reference_and_refuses_a_fast_one() -> None:
    slow = bench_file("ticc", ["reference.P", "clock.PPS"], 'record = "it"', station='reference = "it"')
    check(slow, SPECS)
    [load] = pulse_loads(slow, SPECS)
    assert load.edges_per_s == pytest.approx(50 / 60 * 20 + 1)  # rising edges only, and the pulse per second
    fast = parse(slow.text.replace('reference_pulses_per_litre = "20"', 'reference_pulses_per_litre = "200"'), "fast")
    with pytest.raises(BenchError, match=r"would have to carry 168 edges/s .* x 1 edges\), but a ticc carries 100"):
        pulse_loads(fast, SPECS)


@pytest.mark.parametrize("channel", ["encoder.A", "reference.P", "board.A", "clock.PPS"])
def test_a_picopet_watches_taps_of_their_own_only(channel: str) -> None:
    with pytest.raises(BenchError, match="drops edges without a word and its inputs share no origin"):
        pulse_loads(bench_file("picopet", ["tap.A", channel]), SPECS)
    pulse_loads(bench_file("picopet", ["tap.A"]), SPECS)


@pytest.mark.parametrize(
    ("name", "channels", "more", "text"),
    [
        ("ticc", ["reference.P"] * 3, "", "1 to 2"),
        ("ticc", [], "", "1 to 2"),
        ("ticc", ["reference"], "", "reference.P"),
        ("picopet", ["tap.A"] * 5, "", "1 to 4"),
        ("ticc", ["reference.P"], "wrap_digits = 10", "0 to 9"),
        ("ticc", ["reference.P"], 'reference_bound_ppm = "good"', "above 0 and up to 100"),
        ("ticc", ["reference.P"], 'reference_bound_ppm = "nan"', "above 0 and up to 100"),
        ("ticc", ["reference.P"], 'reference_bound_ppm = "0"', "above 0 and up to 100"),
        ("sump", ["encoder"], "", "1 to 32"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, name: str, channels: list[str], more: str, text: str) -> None:
    with (
        pytest.raises(BenchError, match=text),
        opened(bench_file(name, channels, more=more), tmp_path, site_with(name)),
    ):
        pass


@pytest.mark.parametrize("name", ["pulse-lab", "ticc-k2"])
def test_the_built_in_benches_of_these_instruments(name: str) -> None:
    bench = find(name)
    check(bench, SPECS)
    pulse_loads(bench, SPECS)


# counters


def ticc_site(**settings: Any) -> Site:
    site = site_with("ticc")
    counter: Ticc = device(site, "ticc")
    for key, value in settings.items():
        setattr(counter, key, value)
    return site


PPS = ["clock.PPS"]


def test_a_ticc_is_waited_for_while_it_starts(tmp_path: Path) -> None:
    site = ticc_site()
    with opened(bench_file("ticc", PPS), tmp_path, site) as bench:
        told = bench.drivers["it"].open()
        assert told["mode"] == "timestamp"
        assert told["banner"][0] == "# TAPR TICC Timestamping Counter"
        driver = bench.drivers["it"]
        assert isinstance(driver, Records)
        bench.idle(5 * SECOND)
        driver.start()
        begin = bench.now_ns()
        bench.idle(20 * SECOND)
        pulses = (bench.now_ns() - next_rising(begin)) // SECOND + 1
        assert driver.stop() == {"stamps": {"clock.PPS": pulses}, "damaged_lines": 0}
    assert not any(c.direction is Direction.TX for c in read_recorded(tmp_path).chunks["it"])


@pytest.mark.parametrize(("mode", "text"), [("period", "set to period"), ("interval", "set to interval")])
def test_a_ticc_in_another_mode_is_refused(tmp_path: Path, mode: str, text: str) -> None:
    with (
        opened(bench_file("ticc", PPS), tmp_path, ticc_site(mode=mode)) as bench,
        pytest.raises(InstrumentError, match=text),
    ):
        bench.drivers["it"].open()


def test_a_silent_ticc(tmp_path: Path) -> None:
    site = ticc_site(port=None)
    with opened(bench_file("ticc", PPS), tmp_path / "a", site) as bench, pytest.raises(InstrumentError, match="JP1"):
        bench.drivers["it"].open()
    # with the jumper fitted silence says nothing: no signal has come yet
    quiet = bench_file("ticc", PPS, more="resets_on_open = false")
    with opened(quiet, tmp_path / "b", ticc_site(port=None)) as bench:
        assert bench.drivers["it"].open()["mode"] == ""


def test_noise_at_the_port_of_a_ticc_is_named(tmp_path: Path) -> None:
    site = ticc_site()
    inject(site.ports["ticc"], to_bench=FaultScript(seed=1, rates={FaultKind.FLIP: 0.5}))
    with (
        opened(bench_file("ticc", PPS), tmp_path, site) as bench,
        pytest.raises(InstrumentError, match="none of a TICC: wrong baud rate, or another device"),
    ):
        bench.drivers["it"].open()


@pytest.mark.parametrize(
    "waits", [b"# In client mode and waiting for sync...\r\n", b"# No COARSE_CLOCK... is 10 MHz connected?\r\n"]
)
def test_a_ticc_without_its_reference_says_so(tmp_path: Path, waits: bytes) -> None:
    site = ticc_site(port=None)
    site.after(SECOND, lambda: site.ports["ticc"].send(waits))
    with (
        opened(bench_file("ticc", PPS), tmp_path, site) as bench,
        pytest.raises(InstrumentError, match="10 MHz reference"),
    ):
        bench.drivers["it"].open()


def test_a_restart_voids_what_was_being_recorded(tmp_path: Path) -> None:
    site = ticc_site()
    with opened(bench_file("ticc", PPS), tmp_path, site) as bench:
        driver = bench.drivers["it"]
        driver.open()
        device(site, "ticc").restart()
        bench.idle(15 * SECOND)  # nobody records: no harm done
        driver.start()  # type: ignore[attr-defined]
        device(site, "ticc").restart()
        with pytest.raises(InstrumentError, match="restarted while it was recording"):
            bench.idle(15 * SECOND)


def test_damaged_lines_are_counted_not_fatal(tmp_path: Path) -> None:
    site = ticc_site()
    with opened(bench_file("ticc", PPS), tmp_path, site) as bench:
        driver: Any = bench.drivers["it"]
        driver.open()
        inject(
            site.ports["ticc"], to_bench=FaultScript(at={3: FaultKind.DROP, 80: FaultKind.FLIP, 150: FaultKind.INSERT})
        )
        driver.start()
        bench.idle(20 * SECOND)
        told = driver.stop()
        assert 1 <= told["damaged_lines"] <= 3
        assert told["stamps"]["clock.PPS"] >= 14


def test_what_comes_too_fast_for_a_ticc_is_lost_and_nothing_says_so() -> None:
    """Why `bench check` refuses: of 1000 events a second it serves 230."""
    site = ticc_site()
    counter: Ticc = device(site, "ticc")
    for number in range(10_000):
        site.schedule(12 * SECOND + number * SECOND // 1000, lambda: counter._event("A"))
    while site.now_ns < 23 * SECOND:
        site.advance(23 * SECOND)
    assert 7_000 < counter.lost["A"] < 8_500


@needs_ptys
def test_a_ticc_over_a_real_pseudo_terminal(tmp_path: Path) -> None:
    site = ticc_site()
    with on_pty(site, bench_file("ticc", PPS), 20.0) as file, opened(file, tmp_path, speed=20.0) as bench:
        bench.open()
        driver: Any = bench.drivers["it"]
        driver.start()
        bench.until(lambda: driver.stamps["A"] >= 12, 120 * SECOND, "twelve stamps", "it")
        told = driver.stop()
        assert told["stamps"]["clock.PPS"] >= 10
        assert told["damaged_lines"] == 0
    entry = next(body for _, body in read_recorded(tmp_path).entries if body.get("name") == "it")
    assert entry["links"]["line"]["dtr"] is True


@needs_ptys
def test_a_picopet_over_a_real_pseudo_terminal_and_its_wrong_firmware(tmp_path: Path) -> None:
    site = site_with("picopet")
    port = site.ports["picopet"]
    for number in range(200):
        site.schedule(SECOND * (5 + number), lambda n=number: port.send(b"%d.500000000\t ChA\n" % n))
    with on_pty(site, bench_file("picopet", ["tap.A"]), 20.0) as file, opened(file, tmp_path, speed=20.0) as bench:
        bench.open()
        driver: Any = bench.drivers["it"]
        driver.start()
        bench.until(lambda: driver.stamps["A"] >= 10, 60 * SECOND, "ten marks", "it")
        told = driver.stop()
        assert told["stamps"]["tap.A"] >= 10
        assert told["damaged_lines"] == 0
        with pytest.raises(InstrumentError, match="built to print counts"):
            driver.hear(picopet.Number("124999990"))
