"""The simulated laboratory machine at a price scale, worked by the bench's own driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fixtures.bench import Bench
from fixtures.sim.scale.cheats import parse_scale_cheat
from fixtures.sim.scale.keypad import KEYS
from fixtures.sim.scale.loader import Geometry
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import ScaleStation, build_scale
from tests.peers import bench_of, bench_text, instrument

S = 1_000_000_000
MASSES = ("0", "0.263", "0.531", "5.19", "14.9")
PLACES = Geometry()


def options() -> str:
    masses = ", ".join(f'"{mass}" = "{PLACES.x_of(Decimal(mass)):f}"' for mass in MASSES)
    keys = ", ".join(f'"{key}" = [{PLACES.y_of(key)}]' for key in KEYS)
    return f"""masses = {{ {masses} }}
load = {{ axis = "X", feed_mm_min = 60000 }}
key_map = {{ {keys} }}
finger = {{ axes = ["Y"], press_axis = "Z", up_mm = 4, down_mm = 1, feed_mm_min = 30000, hold_ms = 60 }}"""


@contextmanager
def laboratory(folder: Path, **changes: Any) -> Iterator[tuple[ScaleStation, Bench, Any]]:
    station = build_scale(ScaleScenario(**{"kit": "K3", "seed": 5, "span": 0.0, "noise_e": 0.01, **changes}))
    with bench_of(folder, bench_text("grbl-loader", "sim:loader", options()), station) as bench:
        bench.open()
        yield station, bench, instrument(bench)


def test_the_chain_puts_on_every_mass_and_truth_knows_it(tmp_path: Path) -> None:
    with laboratory(tmp_path) as (station, bench, machine):
        for mass in (*MASSES, "0"):
            machine.place(Decimal(mass), "centre")
            bench.idle(2 * S)
            shown = station.scale.shown(station.now_ns)
            assert shown.stable
            assert float(shown.weight or 0) == pytest.approx(float(mass), abs=0.004)
        laid = [loading.mass_kg for loading in station.hands.loadings]
    assert laid == pytest.approx([float(mass) for mass in (*MASSES[1:], "0")])


def test_the_finger_presses_every_key_once_and_nothing_else(tmp_path: Path) -> None:
    pressed: list[str] = []
    with laboratory(tmp_path) as (station, _, machine):
        station.scale.key = lambda key, t_ns: pressed.append(key)  # type: ignore[method-assign]
        for key in KEYS:
            machine.press(key)
    assert pressed == list(KEYS)  # homing and lifting pressed none


def test_a_pair_of_keys_takes_less_than_two_seconds_across_the_keypad(tmp_path: Path) -> None:
    """Nine hundred pairs in thirty minutes."""
    with laboratory(tmp_path) as (station, _, machine):
        begun = station.now_ns
        for number in range(30):
            machine.press(KEYS[(7 * number) % 30])
            machine.press(KEYS[(11 * number + 13) % 30])
        assert (station.now_ns - begun) / 30 < 1.5 * S


def test_a_code_typed_by_the_machine_opens_its_cheat(tmp_path: Path) -> None:
    with laboratory(tmp_path, cheat=parse_scale_cheat("code:M7,light", 0.2)) as (station, bench, machine):
        machine.place(Decimal("0.531"), "centre")
        for key in ("light", "M7", "clear", "light"):
            machine.press(key)
        bench.idle(S)
        assert station.scale.shown(station.now_ns).weight == Decimal("0.530")
        for key in ("M7", "light"):
            machine.press(key)
        bench.idle(S)
        assert station.scale.shown(station.now_ns).weight == Decimal("0.635")
        assert [one["class"] for one in station.truth()["switched"]] == ["gain"]  # type: ignore[attr-defined]
