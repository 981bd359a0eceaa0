"""Whole inspections of honest taxis in process, through the wires: what would be said of honest drivers.

    python benchmarks/taxi_inspections.py              400 of them: docs/taxi_inspections.md
    python benchmarks/taxi_inspections.py --n 40       a short look, writes no document

Resumable: finished inspections are lines in docs/results/taxi_inspections.jsonl and are not run again while the code they ran
stays as it is (--fresh runs all again).  Every line holds seed, site, digest of the code and commit.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import honest_tables
from benchmarks.honest_tables import accused, judged, summary, table
from benchmarks.inspection_runs import ACCUSED, commits

OWN = (
    "harness/benches.py",
    "harness/expected/__init__.py",
    "benchmarks/taxi_inspections.py",
    "benchmarks/honest_tables.py",
    "benchmarks/verdict_tables.py",
)
SEED = 30_000
LABORATORY = 20  # one in so many is a laboratory run, because it takes longest
ROLLER = "roller_slip"
KITS = ("K0", "K1", "K2")
PAPERS = ((True, "complete"), (False, "silent"))
TARIFFS = (
    "beijing-2013",
    "shanghai",
    "guangzhou-2024",
    "shenzhen-2018",
    "shenzhen-2024",
    "hangzhou-2022",
    "luoyang-2022",
)
CONSTANTS = (620, 1000, 1000, 1500, 2485)  # K of meters in use
SENSOR_EFFECTS = ("abs_sensor", "ecu_sensor", "conditioner")
AT_THE_CAR = (
    "tyre_wear",
    "tyre_pressure",
    "wheel_spin",
    "abs",
    "reed_bounce",
    "multipath",
    "gnss_gaps",
    ROLLER,
)  # a bench without a car has none
# keys of [profile] about which papers may be silent
SILENT = ("sensor_class", "magnets", "ratio", "sealed_k", "certificate_k", "max_acceleration_m_s2")


def effects() -> tuple[str, ...]:
    from fixtures.sim.taxi.honest import EFFECTS

    return tuple(EFFECTS)


def jobs_of(n: int) -> list[dict[str, Any]]:
    """Ride, raid and full raid in turn; every honest effect alone in turn and, every second site, two that are drawn; what acts on a
    roller stands on one. A third of the sites have papers that are silent, one in five is read by somebody who misreads one number in a
    hundred."""
    jobs: list[dict[str, Any]] = []
    for i in range(n):
        last = i >= n - n // LABORATORY
        kit = "K3" if last else KITS[i % len(KITS)]
        turn = i - (n - n // LABORATORY) if last else i // len(KITS)
        rng = np.random.default_rng([SEED, i])
        every = [name for name in effects() if name not in AT_THE_CAR] if last else list(effects())
        if kit != "K2":
            every = [name for name in every if name != ROLLER]
        alone = [(), *((name,) for name in every)]
        honest = alone[turn // 2 % len(alone)] if turn % 2 == 0 else _pair(rng, every)
        jobs.append(
            {
                "kit": kit, "seed": SEED + i, "cheat": None, "honest": list(honest), "declared": turn // 2 % 3 != 2,
                "misread": 0.01 if turn % 5 == 0 else 0.0, "site": _site(rng, honest),
            }
        )  # fmt: skip
    return jobs


def _pair(rng: np.random.Generator, every: Sequence[str]) -> tuple[str, ...]:
    """Two effects that one car can have: it has one sensor."""
    while True:
        pair = tuple(str(name) for name in rng.choice(list(every), 2, replace=False))
        if len(set(pair) & set(SENSOR_EFFECTS)) < 2:
            return pair


def _site(rng: np.random.Generator, honest: Sequence[str]) -> dict[str, Any]:
    return {
        "tariff": str(rng.choice(TARIFFS)),
        "k": int(rng.choice(CONSTANTS)),
        "magnets": int(rng.choice((1, 2, 4))) if not set(honest) & set(SENSOR_EFFECTS) else None,
        "resolution_km": str(rng.choice(("0.1", "0.01"), p=(0.7, 0.3))),
        "start": f"2026-03-{int(rng.integers(2, 29)):02d}T{int(rng.integers(0, 24)):02d}:{int(rng.integers(0, 60)):02d}:00",
        "obd": bool(rng.random() < 0.7),
    }


def scenario_of(job: Mapping[str, Any]) -> Any:
    """The simulated taxi of a job."""
    from fixtures.sim.taxi.scenario import TaxiScenario
    from harness.benches import TAXI_KITS

    site, honest = job["site"], tuple(job["honest"])
    return TaxiScenario(
        kit=TAXI_KITS[job["kit"]],  # type: ignore[arg-type]
        seed=job["seed"], pulses_per_km=site["k"], magnets=site["magnets"], tariff=site["tariff"], start=site["start"], obd=site["obd"],
        distance_resolution_km=Decimal(site["resolution_km"]), honest=honest, reading_error_rate=job["misread"],
        instruments=("roller-motor",) if ROLLER in honest else (),
    )  # fmt: skip


def bench_of(job: Mapping[str, Any]) -> Any:
    """The built-in bench before this taxi, and what its papers state."""
    from fixtures.benchfile import parse
    from harness.benches import find, with_profile
    from harness.tariffs import tariff

    bench, scenario = find(f"taximeter-{job['kit'].lower()}"), scenario_of(job)
    if ROLLER in job["honest"]:
        bench = parse(_on_roller(bench.text), bench.where)
    known = tariff(job["site"]["tariff"])
    rule = known.first({}).rule
    stated: dict[str, object] = {
        **scenario.declared(),
        "fare_step": str(rule.display.step),
        "currency": known.currency,
        "low_speed_kmh": None if rule.low_speed_kmh is None else str(float(rule.low_speed_kmh)),
    }
    if not job["declared"]:
        stated |= {key: None for key in SILENT}
    return with_profile(bench, stated)


def _on_roller(text: str) -> str:
    """The bench with a drum under the driven wheels, which its motor turns: slip and curvature are in its uncertainty (JJG 517)."""
    reference = '[reference]\nkind = "surveyed_distance"\nstretch_m = "1000"\nu_rel = "0.0005"\n'
    assert reference in text
    roller = """
[links.roller]
url = "sim:roller"
may_write = "our own instrument"

[instruments.roller]
driver = "modbus-roller-motor"
links = { line = "roller" }
zone = "safe"
map = "roller-example"

[roles]
drive = "roller"
"""
    return text.replace(reference, reference.replace("0.0005", "0.006")).replace("\n[roles]\n", roller)


def world_of(job: Mapping[str, Any]) -> Any:
    from fixtures.sim.taxi.station import build_taxi

    return build_taxi(scenario_of(job))


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """The job and what its verdict says; of an accusation also every finding."""
    from harness.expected import plan_of

    return judged(job, plan_of("taximeter", job["kit"]), bench_of(job), world_of(job))


def document(results: Sequence[Mapping[str, Any]]) -> list[str]:
    n = len(results)
    worn = [r for r in results if r["conformity"] == "fail"]
    return [
        "# Honest inspections of taximeters",
        "",
        f"{n} whole inspections of honest simulated taxis by `python benchmarks/taxi_inspections.py --n {n}`, {commits(results)}, seeds {SEED} to {SEED + n - 1}.",  # type: ignore[arg-type]
        "Population: a passenger's rides (K0) and raids (K1, K2) in turn, one in twenty a laboratory run (K3); every honest effect of",
        "`fixtures/sim/taxi/honest.py` alone in turn, none, and pairs drawn; seven Chinese tariffs, each by one of the readings that its sources leave open, at any hour",
        "of the day; K 620 to 2485, rotors of 1, 2 and 4 magnets, every sensor class; displays of 0.1 and 0.01 km. A third of the sites have papers that do not tell sensor, certificate or",
        "seal; one in five is read by somebody who misreads one number in a hundred. Full wire path in virtual time. No figure here holds for a taxi that is not simulated.",
        "",
        *summary(results),
        f"Out of tolerance: {len(worn)}, of which accused of a function: {sum(r['integrity'] in ACCUSED for r in worn)}.",
        *table("kit", ((kit, [r for r in results if r["kit"] == kit]) for kit in (*KITS, "K3"))),
        *table("effect, alone or with another", _by_effect(results)),
        *table("tariff", ((name, [r for r in results if r["site"]["tariff"] == name]) for name in TARIFFS)),
        *table("papers", ((name, [r for r in results if r["declared"] is value]) for value, name in PAPERS)),
        *accused(results, described),
    ]


def _by_effect(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    every = [(name, [r for r in results if name in r["honest"]]) for name in effects()]
    return [("none", [r for r in results if not r["honest"]]), *every]


def described(row: Mapping[str, Any]) -> str:
    return honest_tables.described(row, row["kit"])


if __name__ == "__main__":
    sys.exit(honest_tables.command("taxi_inspections", __doc__, jobs_of, inspected, OWN, document, described))
