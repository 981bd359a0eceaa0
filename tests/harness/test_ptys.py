"""Over real pseudo-terminals with pyserial: a line that dies in the middle, and the wrong baud rate."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from captures.case import Case, verify_case
from fixtures.benchfile import BenchFile, parse
from fixtures.clock import RealClock
from fixtures.errors import InstrumentError
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.build import build
from fixtures.sim.world import World
from harness.benches import find, on_ports, scenario
from harness.derive import read_recorded, segments
from harness.judging import judge_case
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.portions import long_sale
from harness.runner import RunResult, find_plan, run
from harness.step import Confirm, Inquire, Phase, Plan

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
SPEED = 40.0
SECOND_NS = 1_000_000_000


@contextmanager
def served(world: World, bench: BenchFile, speed: float = SPEED) -> Iterator[BenchFile]:
    from fixtures.sim.serve import serve

    ports: dict[str, str] = {}
    is_up, stop = threading.Event(), threading.Event()

    def ready(found: dict[str, str]) -> None:
        ports.update(found)
        is_up.set()

    server = threading.Thread(target=lambda: serve(world, RealClock(speed), ready, stop), daemon=True)
    server.start()
    assert is_up.wait(10)
    try:
        yield on_ports(bench, ports)
    finally:
        stop.set()
        server.join(10)


def run_on(bench: BenchFile, path: Path, plan: str) -> tuple[Case, RunResult]:
    case = Case.create(path)
    opened = open_bench(bench, specs("instruments"), case.journal, {"tool": "test"}, speed=SPEED)
    return case, run(find_plan(plan), opened, lambda: {}, lambda *step: None)


@pytest.mark.parametrize("port", ["analyser", "dart"])
def test_a_line_that_dies_in_the_middle(tmp_path: Path, port: str) -> None:
    bench = find("dispenser-k3")
    world = build(scenario(bench, "fuel.C09", 1))

    def pull_in_the_second_delivery() -> None:
        if world.sales and world.dispenser.delivery.flowing:
            world.after(3 * SECOND_NS, world.ports[port].unplug)
        else:
            world.after(SECOND_NS // 5, pull_in_the_second_delivery)

    world.after(0, pull_in_the_second_delivery)
    with served(world, bench) as real:
        case, result = run_on(real, tmp_path / "case", "dispenser-bench")
    assert result.status == "error"
    assert isinstance(result.error, InstrumentError)
    assert f"link {port}" in result.why
    assert "/dev/" in result.why
    assert verify_case(case.path).lines > 100
    found = segments(read_recorded(case.journal))
    assert found[0].complete
    assert not found[-1].complete
    document = judge_case(case)
    assert document["status"] == "error"
    assert {s["id"] for s in document["segments"]} >= {"B1"}
    assert any(r["segment"] == "B1" and not r["reason"] for r in document["readings"])


def test_the_wrong_baud_rate_is_named(tmp_path: Path) -> None:
    bench = find("dispenser-k1")
    world = build(scenario(bench, None, 1))
    with served(world, bench) as real:
        slow = parse(
            real.text.replace("[links.tap_host]\n", "[links.tap_host]\nbaud = 2400\n").replace(
                "[links.tap_device]\n", "[links.tap_device]\nbaud = 2400\n"
            ),
            "slow",
        )
        case, result = run_on(slow, tmp_path / "case", "dispenser-raid")
    assert result.status == "error"
    assert "wrong baud rate" in result.why
    assert verify_case(case.path).complete


def long_sale_only(can: Ability) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", "safe")
    yield Inquire("product", "product")
    yield from blocks.identity()
    yield Phase("C", "long")
    yield from long_sale(can, "C4")
    yield from blocks.identity_again()
    yield from blocks.closing("closed")


@pytest.mark.parametrize("name", ["dispenser-k0", "dispenser-k0-prover"])
def test_a_sale_measured_in_parts(tmp_path: Path, name: str) -> None:
    """Raw readings over a real line, parts out of the journal alone: 4 % beyond 20 L lies in the later ones."""
    bench = find(name)
    world = build(scenario(bench, "fuel.C02", 1))
    plan = PlanSpec("long-sale", "dispenser", frozenset({"reference", "display"}), long_sale_only, "")
    case = Case.create(tmp_path / "case")
    with served(world, bench) as real:
        opened = open_bench(real, specs("instruments"), case.journal, {"tool": "test"}, speed=SPEED)
        result = run(plan, opened, lambda: {}, lambda *step: None)
    assert result.status == "complete", result.why
    [sale] = segments(read_recorded(case.journal))
    assert sale.complete
    assert len(world.sales) == 1  # type: ignore[attr-defined]
    first, *_, last = sale.portions
    assert first.from_l == 0
    assert last.to_l > 45
    assert all(portion.fill_sure and portion.displays_sure for portion in sale.portions)
    gains = [float(p.to_l - p.from_l) / p.reference_l[0] - 1 for p in (first, last)]
    assert gains[0] == pytest.approx(0, abs=0.004)
    assert gains[1] == pytest.approx(0.04, abs=0.004)
    if name == "dispenser-k0":  # nothing was left out: the parts make up the whole
        assert sale.reference_l is not None
        assert sale.reference_l[0] == pytest.approx(world.sales[0].delivered_ml / 1000, rel=0.002)  # type: ignore[attr-defined]
    else:
        assert sale.reference_l is None
        assert len(sale.portions) == 2


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    bench = on_ports(find("dispenser-k0"), {"operator": "/dev/ttyNOWHERE7"})
    with pytest.raises(InstrumentError, match="no such port"):
        run_on(bench, tmp_path / "case", "dispenser-raid")


def test_the_simulated_bench_is_open_to_any_serial_program(tmp_path: Path) -> None:
    """`bench sim` names its ports, writes a bench file with them, and any program can talk on one."""
    import json
    import subprocess

    import serial

    bench_file = tmp_path / "bench.toml"
    command = [
        sys.executable,
        "-m",
        "cli",
        "bench",
        "sim",
        "dispenser-k3",
        "--speed",
        "20",
        "--write",
        str(bench_file),
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            ports = json.loads(process.stdout.readline())["ports"]
            assert set(ports) == {"dart", "analyser", "relay", "operator"}
            assert all(f'"serial:{device}"' in bench_file.read_text("utf-8") for device in ports.values())
            with serial.Serial(ports["operator"], 115200, timeout=10) as port:
                port.write(b'{"id": 7, "verb": "ask", "label": "K"}\n')
                assert json.loads(port.readline()) == {"id": 7, "ok": True, "value": "100"}
            with serial.Serial(ports["analyser"], 115200, timeout=10) as port:
                port.write(b"*i\n")
                assert port.read(17).startswith(b"SRPICO,A")
        finally:
            process.terminate()
