"""False hits of the tests of scales on honest loadings: what their e-values may claim.

    python benchmarks/scale_nulls.py               about 25,000 loadings; writes harness/catalogue/validation_scale.toml
    python benchmarks/scale_nulls.py --only A,B    of these alone; what stands of the others is kept
    python benchmarks/scale_nulls.py --cases 50    a short look, writes nothing

The loadings are those of benchmarks/generators_scale.py: a model, not field data, and not the simulated scale.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.generators_scale import case, profile  # noqa: E402
from benchmarks.nulls import ASSUMED  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.catalogue import with_rules  # noqa: E402
from harness.editions import edition  # noqa: E402
from harness.families import family_tests  # noqa: E402
from harness.judge.contract import View  # noqa: E402

SEED, CASES = 20_261_121, 4_000
CURVES = ROOT / "harness" / "catalogue" / "validation_scale.toml"
EDITION = "jjg539-2016"


def measured(number: int, only: frozenset[str] = frozenset()) -> dict[str, Counter[str]]:
    """Counts of one case, by detector: readings that spoke where nobody misread, false hits there and of those in which digits
    were misread."""
    limits = edition(EDITION)
    counts: dict[str, Counter[str]] = {}
    chain, segments = case([SEED, number], truck=number % 3 == 2)
    declared = with_rules(profile(chain), limits)
    for name, spec in family_tests(limits).detectors.items():
        if only and name not in only:
            continue
        tally = counts[name] = Counter(version=spec.version)
        for reading in spec.judge(segments, View(declared, spec.parameters, ASSUMED)):
            if not reading.spoke:
                tally["mute"] += 1
                continue
            hit = bool(reading.hits) and reading.shape is not None
            tally["n"] += chain.sure
            tally["by eye"] += not chain.sure
            tally["strong"] += hit and chain.sure
            tally["weak"] += hit and not chain.sure
    return counts


def measure(cases: int, jobs: int, only: frozenset[str]) -> dict[str, Counter[str]]:
    """The sums over all cases; versions stay as they are."""
    total: dict[str, Counter[str]] = {}
    with ProcessPoolExecutor(jobs) as pool:
        for number, counts in enumerate(pool.map(partial(measured, only=only), range(cases), chunksize=10)):
            if number % 100 == 0:
                print(f"{number} of {cases} cases", file=sys.stderr, flush=True)
            for name, tally in counts.items():
                version = tally.pop("version")
                total.setdefault(name, Counter()).update(tally)
                total[name]["version"] = version
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="false hits of the tests of scales on honest loadings")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    only = frozenset(filter(None, given.only.split(",")))
    cases = given.cases
    counts = measure(cases, given.jobs, only)
    for name, tally in sorted(counts.items()):
        print(
            f"{name:<16} n {tally['n']:>6} strong {tally['strong']} weak {tally['weak']} by eye {tally['by eye']} mute {tally['mute']}"
        )
    if cases < CASES:
        return 0
    kept = tomllib.loads(CURVES.read_text("utf-8"))["curve"] if only else []
    curves = {curve["name"]: curve for curve in kept if curve["name"] not in only}
    for name, tally in counts.items():
        curves[name] = {
            "name": name, "version": tally["version"], "n_null": tally["n"], "false_hits": tally["strong"],
            "generators": ["benchmarks/scale_nulls.py"], "seed": SEED, "commit": commit(12),
            "note": f"weak hits {tally['weak']}, with misread digits {tally['by eye']}, mute {tally['mute']}",
        }  # fmt: skip
    lines = ["# Measured by benchmarks/scale_nulls.py: false hits on honest loadings, per detector version."]
    for _, curve in sorted(curves.items()):
        lines += ["", "[[curve]]", *(f"{key} = {json.dumps(value)}" for key, value in curve.items())]
    CURVES.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
