"""Every protocol of the simulated price scale, heard or asked by the bench: what is derived is what the scale says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from captures.model import Flag
from fixtures.scale_lines import asked_protocols, weight_protocols
from fixtures.sim.scale.lines import LINES
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import ScaleStation, build_scale
from harness.derive.indications import Source, indications
from harness.derive.recorded import read_recorded
from tests.peers import bench_of, bench_text, instrument

SECOND = 1_000_000_000
LOADS = ("0.531", "5.190", "0")


def station(protocol: str, broadcast: bool) -> ScaleStation:
    return build_scale(ScaleScenario(kit="K1", seed=3, span=0.0, noise_e=0.01, protocol=protocol, broadcast=broadcast))


def weigh(world: ScaleStation, driver: str, protocol: str, folder: Path) -> Source:
    """Each load put on and given five seconds; what the driver says then is what the scale shows."""
    with bench_of(folder, bench_text(driver, "sim:scale", f'protocol = "{protocol}"'), world) as bench:
        bench.open()
        for load in LOADS:
            world.scale.put(float(load), world.now_ns)
            bench.idle(5 * SECOND)
            said, shown = instrument(bench).indicated(), world.scale.shown(world.now_ns)
            assert said is not None
            assert said.weight is not None
            assert shown.weight is not None
            assert said.weight * (Decimal("0.001") if said.unit.lower() == "g" else 1) == Decimal(str(shown.weight))
        bench.make_safe()
    asked = asked_protocols()[protocol]("A") if driver == "scale-host" else None
    known = weight_protocols()[protocol]
    return Source(known, known.line, asked=asked)


@pytest.mark.parametrize("protocol", [name for name, line in LINES.items() if line.frame is not None])
def test_the_tap(tmp_path: Path, protocol: str) -> None:
    check(tmp_path, weigh(station(protocol, True), "scale-tap", protocol, tmp_path))


@pytest.mark.parametrize("protocol", [name for name, line in LINES.items() if line.session is not None])
def test_the_host(tmp_path: Path, protocol: str) -> None:
    check(tmp_path, weigh(station(protocol, False), "scale-host", protocol, tmp_path))


def check(folder: Path, source: Source) -> None:
    line = indications([read_recorded(folder / "journal").chunks["line"]], source)
    values = {int(steps) * line.trace.step for steps in line.trace.steps}
    assert {Decimal("0.530"), Decimal("5.190"), Decimal(0)} <= values
    assert line.trace.times_ns.size > 30
    assert not line.faults
    if Flag.STABLE in line.trace.told:
        at_rest = line.trace.steps[line.trace.having(Flag.STABLE)]
        assert {Decimal("0.530"), Decimal("5.190"), Decimal(0)} <= {int(k) * line.trace.step for k in at_rest}
