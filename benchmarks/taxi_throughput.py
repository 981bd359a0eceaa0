"""A day of driving judged: every test of taximeters over a million pulses and five hundred fares, on this machine.

    python benchmarks/taxi_throughput.py               the day by each set of taps; prints and writes docs/taxi_throughput.md
    python benchmarks/taxi_throughput.py --trips N     fewer trips, prints only
    python benchmarks/taxi_throughput.py --profile     prints where the time goes

The days are those of an honest taxi of benchmarks/generators_taxi.py.  Seconds are those of the processor that the one process used, the
least of three runs, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.generators_taxi import Visit  # noqa: E402
from benchmarks.generators_taxi_cars import Taxi, drawn, profile  # noqa: E402
from benchmarks.generators_taxi_pulses import town  # noqa: E402
from benchmarks.nulls import ASSUMED  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.catalogue import with_rules  # noqa: E402
from harness.editions import edition  # noqa: E402
from harness.families import family_tests  # noqa: E402
from harness.judge.contract import Segment, Status, View  # noqa: E402
from harness.judge.family import TAXIMETER  # noqa: E402
from harness.tariffs import tariff  # noqa: E402

REPORT = ROOT / "docs" / "taxi_throughput.md"
SEED, FULL, TARGET_S, RUNS = 7, 500, 3.0, 3
LEGS_M = 848.0  # two of them a trip at a thousand pulses a kilometre, with the ways between: 10^6 pulses in 500 trips
DAYS = {"input tapped": ("input",), "sensor and input tapped": ("sensor", "input")}
EDITION = "jjg517-2016"


def taxi(taps: tuple[str, ...]) -> Taxi:
    """A magnet rotor and K 1000, everything declared, by a tariff with a night and tiers."""
    rng = np.random.default_rng(SEED)
    one = drawn(rng, bench=False)
    while one.sensor.kind != "magnet-rotor":
        one = drawn(rng, bench=False)
    known = tariff("beijing-2013")
    return replace(
        one, k=1000, per_m=0.992, taps=taps, both=True, tariff="beijing-2013", rule=known.first({}).rule, silent=frozenset(),
        linked=True, receiver=True, plug=True, sure=True, hour_known=True, resolution_km=Decimal("0.1"), emi_per_s=1e-5,
    )  # fmt: skip


def day(taps: tuple[str, ...], trips: int) -> tuple[dict[str, Any], list[Segment]]:
    one, rng = taxi(taps), np.random.default_rng([SEED, trips])
    visit = Visit(one, rng, bench=False)
    for number in range(1, trips + 1):
        legs = [town(rng, LEGS_M * float(rng.uniform(0.5, 1.5)), 70.0) for _ in range(2)]
        visit.trip(f"T{number}", legs, "A", "power-0", "gnss", covert=True, shifts=number == trips)
    return with_rules(profile(one), edition(EDITION)), visit.found


def judged(declared: dict[str, Any], segments: list[Segment]) -> tuple[dict[str, float], int]:
    """CPU seconds by test, the questions of the case among them; and how many trips were replayed."""
    spent, readings = {}, []
    for name, spec in family_tests(edition(EDITION)).detectors.items():
        began = time.process_time()
        own = spec.judge(segments, View(declared, spec.parameters, ASSUMED))
        spent[name] = time.process_time() - began
        readings += own
    began = time.process_time()
    TAXIMETER.questions(segments, readings, Status.COMPLETE)
    TAXIMETER.conformity(segments, declared, edition(EDITION))
    spent["questions and conformity"] = time.process_time() - began
    return spent, sum(one.detector == "fare-replay" and one.spoke for one in readings)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trips", type=int, default=FULL)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    rows, slow = [], False
    for name, taps in DAYS.items():
        declared, segments = day(taps, given.trips)
        pulses = sum(train.ticks.size for one in segments for train in one.trains.values() if train.station == taps[0])
        if given.profile:
            with cProfile.Profile() as profiled:
                judged(declared, segments)
            pstats.Stats(profiled).sort_stats("tottime").print_stats(30)
        runs = [judged(declared, segments) for _ in range(RUNS)]
        spent = min((one[0] for one in runs), key=lambda one: sum(one.values()))
        whole = sum(spent.values())
        slow |= whole > TARGET_S
        print(f"{name}: {len(segments)} trips, {pulses} edges a tap, {runs[0][1]} fares replayed: {whole:.2f} s")
        for test, seconds in sorted(spent.items(), key=lambda item: -item[1]):
            print(f"    {test:<24} {seconds:6.3f} s")
        most = sorted(spent.items(), key=lambda item: -item[1])[:6]
        rows.append(
            f"| {name} | {len(segments)} | {pulses:,} | {runs[0][1]} | {whole:.2f} | {', '.join(f'{test} {s:.2f}' for test, s in most)} |"
        )
    if given.trips >= FULL:
        lines = [
            "# A day of driving, judged", "",
            f"`python benchmarks/taxi_throughput.py`: {FULL} trips of an honest taxi, one process, seconds of its processor, the least of {RUNS} runs; Python",
            f"{platform.python_version()}, numpy {np.__version__}, {platform.machine()}, commit {commit()}. Target: {TARGET_S:g} s.", "",
            "| day | trips | edges a tap | fares replayed | s in all | the dearest tests, s |", "|---|---|---|---|---|---|", *rows,
        ]  # fmt: skip
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
