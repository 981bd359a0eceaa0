"""False hits of the tests of taximeters on honest trips and soaks: what their e-values may claim.

    python benchmarks/taxi_nulls.py                1000 visits, some 19,000 trips and watches; writes harness/catalogue/validation_taxi.toml
    python benchmarks/taxi_nulls.py --only A,B     of these alone; what stands of the others is kept
    python benchmarks/taxi_nulls.py --cases 20     a short look, writes nothing unless --write is given as well

The visits are those of benchmarks/generators_taxi.py: a model, not field data, and not the simulated taxi.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads only wait for each other

from benchmarks.generators_taxi import case  # noqa: E402
from benchmarks.generators_taxi_cars import profile  # noqa: E402
from benchmarks.nulls import ASSUMED  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.catalogue import with_rules  # noqa: E402
from harness.editions import edition  # noqa: E402
from harness.families import family_tests  # noqa: E402
from harness.judge.contract import DetectorSpec, View  # noqa: E402

SEED, CASES = 20_261_122, 1_000
EVERY_BENCH = 5  # one visit in so many is a meter before a pulse source
SLOW_MS = 10_000  # of one test on one visit
CURVES = ROOT / "harness" / "catalogue" / "validation_taxi.toml"
EDITION = "jjg517-2016"
GENERATORS = [
    f"benchmarks/{name}.py"
    for name in ("generators_taxi", "generators_taxi_cars", "generators_taxi_pulses", "taxi_nulls")
]


@cache
def of_family() -> Mapping[str, DetectorSpec]:
    return family_tests(edition(EDITION)).detectors


def measured(number: int, only: frozenset[str] = frozenset()) -> tuple[dict[str, Counter[str]], list[str]]:
    """Counts of one case, by detector: readings that spoke where nobody misread, false hits there and of those in which digits may
    have been misread; and each false hit in words."""
    limits = edition(EDITION)
    counts: dict[str, Counter[str]] = {}
    said = []
    taxi, segments = case([SEED, number], bench=number % EVERY_BENCH == EVERY_BENCH - 1)
    declared = with_rules(profile(taxi), limits)
    for name, spec in of_family().items():
        if only and name not in only:
            continue
        tally, began = counts.setdefault(name, Counter(version=spec.version)), time.process_time()
        for reading in spec.judge(segments, View(declared, spec.parameters, ASSUMED)):
            if not reading.spoke:
                tally["mute"] += 1
                continue
            hit = bool(reading.hits) and reading.shape is not None
            tally["n"] += taxi.sure
            tally["by eye"] += not taxi.sure
            tally["strong"] += hit and taxi.sure
            tally["weak"] += hit and not taxi.sure
            if hit:
                said.append(
                    f"{number} {name} {reading.segment} {reading.link} sure {taxi.sure} {taxi.sensor.kind} {dict(reading.at)}"
                )
        tally["cpu_ms"] = spent = round(1000 * (time.process_time() - began))
        if spent > SLOW_MS:
            said.append(
                f"{number} {name} took {spent / 1000:.1f} s of CPU over {len(segments)} segments, tariff {taxi.tariff}"
            )
    return counts, said


def measure(cases: int, jobs: int, only: frozenset[str]) -> tuple[dict[str, Counter[str]], list[str]]:
    """The sums over all cases, and all false hits in words; versions stay as they are."""
    total: dict[str, Counter[str]] = {}
    told: list[str] = []
    with ProcessPoolExecutor(jobs) as pool:
        for number, (counts, said) in enumerate(pool.map(partial(measured, only=only), range(cases))):
            if number % 20 == 0:
                print(f"{number} of {cases} cases", file=sys.stderr, flush=True)
            told += said
            for name, tally in counts.items():
                version = tally.pop("version")
                total.setdefault(name, Counter()).update(tally)
                total[name]["version"] = version
    return total, told


def main() -> int:
    parser = argparse.ArgumentParser(description="false hits of the tests of taximeters on honest trips")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true", help="write what fewer cases measured, too")
    parser.add_argument("--told", action="store_true", help="print every false hit")
    given = parser.parse_args()
    only = frozenset(filter(None, given.only.split(",")))
    counts, told = measure(given.cases, given.jobs, only)
    for one in told if given.told else ():
        print(one)
    for name, tally in sorted(counts.items()):
        print(
            f"{name:<16} n {tally['n']:>6} strong {tally['strong']} weak {tally['weak']} by eye {tally['by eye']} mute {tally['mute']} "
            f"cpu {tally['cpu_ms'] / 1000:.1f} s"
        )
    if given.cases < CASES and not given.write:
        return 0
    kept = tomllib.loads(CURVES.read_text("utf-8"))["curve"] if only else []
    curves = {curve["name"]: curve for curve in kept if curve["name"] not in only}
    for name, tally in counts.items():
        curves[name] = {
            "name": name, "version": tally["version"], "n_null": tally["n"], "false_hits": tally["strong"],
            "generators": GENERATORS, "seed": SEED, "commit": commit(12),
            "note": f"weak hits {tally['weak']}, with misread digits {tally['by eye']}, mute {tally['mute']}",
        }  # fmt: skip
    lines = ["# Measured by benchmarks/taxi_nulls.py: false hits on honest trips and soaks, per detector version."]
    for _, curve in sorted(curves.items()):
        lines += ["", "[[curve]]", *(f"{key} = {json.dumps(value)}" for key, value in curve.items())]
    CURVES.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
