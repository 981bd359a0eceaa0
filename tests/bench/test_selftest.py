"""The self-test of links on pseudo-terminals, through adapters that hold bytes back as USB ones do."""

from __future__ import annotations

import math
import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

from captures.journal import read_lines
from fixtures import posix
from fixtures.errors import BenchError
from fixtures.selftest import link_timings, plug_timing, record_timings
from fixtures.sim.build import build
from fixtures.sim.scenario import Scenario
from fixtures.timing import LEAST, MS, rectangular_u_ns
from protocols.contract import LineSettings
from tests.peers import bench_of, bench_text, cable, served

SECOND = 1_000_000_000


@contextmanager
def adapter(device: str, timer_ms: int) -> Iterator[str]:
    """A USB adapter on pseudo-terminal `device`: what comes from it is handed to the host at the ticks of a timer."""
    line = os.open(device, os.O_RDWR | os.O_NOCTTY)
    host = posix.open_pty_pair()
    done, wake = os.pipe()

    def carry() -> None:
        held = b""
        while True:
            period = timer_ms * MS
            left_s = (period - time.perf_counter_ns() % period) / SECOND if held else None
            ready, _, _ = select.select([line, host.master, done], [], [], left_s)
            if done in ready:
                return
            if host.master in ready:
                os.write(line, os.read(host.master, 4096))
            if held and not ready:
                os.write(host.master, held)
                held = b""
            if line in ready:
                held += os.read(line, 4096)

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield host.path
    finally:
        os.write(wake, b"x")
        carrier.join(5)
        for descriptor in (done, wake, line):
            os.close(descriptor)
        host.close()


@contextmanager
def echo() -> Iterator[str]:
    """A port with a loop-back plug."""
    port = posix.open_pty_pair()
    done, wake = os.pipe()

    def carry() -> None:
        while done not in (ready := select.select([port.master, done], [], [])[0]):
            assert ready
            os.write(port.master, os.read(port.master, 4096))

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield port.path
    finally:
        os.write(wake, b"x")
        carrier.join(5)
        for descriptor in (done, wake):
            os.close(descriptor)
        port.close()


def counter_text(device: str) -> str:
    return bench_text("scpi-counter", f"serial:{device}")


def listening_text(device: str) -> str:
    text = bench_text("picopet", f"serial:{device}", 'channels = ["tap.A"]')
    flow = '[profile]\nmax_flow_l_min = "50"\npulses_per_litre = "100"\n'
    return text.replace("[profile]\n", flow).replace('may_write = "our own instrument"\n', "")


def test_questions_show_what_an_adapter_adds(tmp_path: Path) -> None:
    world = build(Scenario(kit="K0", seed=3, instruments=("counter",)))  # type: ignore[arg-type]
    with (
        served(world) as ports,
        adapter(ports["counter"], 16) as port,
        bench_of(tmp_path, counter_text(port)) as bench,
    ):
        bench.open()
        [found] = record_timings(bench, 2 * SECOND)
    assert found.link == "line"
    assert found.n >= LEAST
    assert "identity queries" in found.how
    # the timer's phase is free against the question: rectangular over 16 ms; a loaded computer may add, never take away
    assert found.u_ns > 0.75 * 16 * MS / math.sqrt(12)
    [entry] = [line.body for line in read_lines(tmp_path / "journal") if line.body["kind"] == "timing"]
    assert {key: entry[key] for key in ("link", "n", "p50_ns", "p99_ns", "u_ns", "how")} == {
        "link": "line", "n": found.n, "p50_ns": found.p50_ns, "p99_ns": found.p99_ns, "u_ns": found.u_ns, "how": found.how,
    }  # fmt: skip


def test_a_silent_link_falls_back_to_its_default_and_says_so(tmp_path: Path) -> None:
    with (
        cable() as (near, _),
        bench_of(tmp_path, listening_text(near)) as bench,
    ):
        [found] = link_timings(bench, SECOND // 10)
    assert found.n == 0
    assert "not measured, pty default" in found.how
    assert found.u_ns == rectangular_u_ns(2 * MS)


def test_nothing_is_sent_on_a_link_that_is_only_listened_to(tmp_path: Path) -> None:
    with (
        cable() as (near, far),
        bench_of(tmp_path, listening_text(near)) as bench,
    ):
        link_timings(bench, SECOND // 10)
        other = os.open(far, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        with pytest.raises(BlockingIOError):
            os.read(other, 1)
        os.close(other)
        assert not any(
            line.body["kind"] == "wire" and line.body["dir"] == "tx" for line in read_lines(tmp_path / "journal")
        )


def test_simulated_time_is_exact(tmp_path: Path) -> None:
    world = build(Scenario(kit="K0", seed=3, instruments=("counter",)))  # type: ignore[arg-type]
    with bench_of(tmp_path, bench_text("scpi-counter", "sim:counter"), world) as bench:
        bench.open()
        before_ns = bench.now_ns()
        assert record_timings(bench) == []
        assert bench.now_ns() == before_ns
    assert not [line for line in read_lines(tmp_path / "journal") if line.body["kind"] == "timing"]


def test_a_loop_back_plug() -> None:
    with echo() as port:
        found = plug_timing("tap", f"serial:{port}", LineSettings(115200))
    assert found.n == 200
    assert "loop-back plug" in found.how
    assert 0 <= found.p50_ns <= found.p99_ns


def test_a_line_that_speaks_is_no_plug() -> None:
    pair = posix.open_pty_pair()
    speaks = threading.Timer(0.3, os.write, (pair.master, b"\x50\x20\xfa"))  # opening discards what came before it
    try:
        speaks.start()
        with pytest.raises(BenchError, match="Nothing was sent"):
            plug_timing("tap", f"serial:{pair.path}", LineSettings(9600, 8, "O"))
        with pytest.raises(BlockingIOError):
            os.read(pair.master, 1)
    finally:
        speaks.join()
        pair.close()


def test_no_plug_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.selftest.PLUG_ANSWER_NS", SECOND // 20)
    monkeypatch.setattr("fixtures.selftest.PLUG_QUIET_NS", SECOND // 20)
    pair = posix.open_pty_pair()
    try:
        with pytest.raises(BenchError, match="back from a loop-back plug, got b''"):
            plug_timing("tap", f"serial:{pair.path}", LineSettings(115200))
    finally:
        pair.close()


def test_the_command_times_a_plug_and_a_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from harness.commands.bench import check

    world = build(Scenario(kit="K0", seed=3, instruments=("counter",)))  # type: ignore[arg-type]
    with echo() as port:
        bench = tmp_path / "plug.toml"
        bench.write_text(counter_text(port), "utf-8")
        assert check(str(bench), loopback="line", as_json=True) == 0
    [plug] = json.loads(capsys.readouterr().out)["timings"]
    assert (plug["link"], plug["n"]) == ("line", 200)
    with served(world) as ports:
        bench.write_text(counter_text(ports["counter"]), "utf-8")
        assert check(str(bench), timing=True, seconds=1) == 0
    assert "identity queries" in capsys.readouterr().out
    with pytest.raises(BenchError, match="expected --loopback with a serial: link"):
        check(str(bench), loopback="nowhere")
    with pytest.raises(BenchError, match="whose stamps are exact"):
        check("dispenser-k3", timing=True, seconds=1)
