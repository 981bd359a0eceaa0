"""The verdict that `demo taximeter` promises, run for every row of its table: each cheat on a ride, in two raids and on the bench.

    python benchmarks/taxi_verdicts.py                      the table, three seeds a row or --seeds N; docs/taxi_verdicts.md
    python benchmarks/taxi_verdicts.py --kits K0 --cheats taxi.C01 --seeds 1 --all

A row that is not met is printed with what was found instead; a cheat without a row is run all the same and printed.
Resumable: finished inspections are lines in docs/results/taxi_verdicts.jsonl and are not run again while the code that they ran
stays as it is (--fresh runs all again).  The document is written only where the whole table ran.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.verdict_tables import OWN, Tables, measure, verdict

FAMILIES = ("taximeter",)
KITS = ("K0", "K1", "K2", "K3")


def built(family: str) -> tuple[str, ...]:
    """Every cheat of taximeters by its id, without variants but those of the speed window, which no car reaches."""
    from fixtures.sim.taxi.cheats import TAXI_CHEATS

    return (*TAXI_CHEATS, *SHOWN_TOO) if family in FAMILIES else ()


SHOWN_TOO = ("taxi.C35:window", "taxi.C35:cable-window")


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    return verdict(job)[0]


def summary(results: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """(tests of the gravest finding, its size in per cent) over the seeds of one row."""
    tests = sorted({"+".join(r["detectors"]) for r in results if r["detectors"]})
    sizes = sorted(100 * r["effect"] for r in results if r["effect"] is not None)
    return ", ".join(tests), "" if not sizes else f"{sizes[0]:+.3g} to {sizes[-1]:+.3g} %"


TABLES = Tables(
    "taxi_verdicts",
    "Expected verdicts of taximeters, per cheat and plan",
    FAMILIES,
    KITS,
    built,
    inspected,
    own=(*OWN, "benchmarks/taxi_verdicts.py"),
    columns=("by", "told size"),
    summary=summary,
    head=(
        "K0 is a passenger's two rides (`taximeter-ride`), K1 and K2 a raid (`taximeter-raid`) with the meter's input tapped, and the sensor beside it, K3 the laboratory",
        "(`taximeter-bench`). Simulated population: every verdict holds for this simulated taxi at each cheat's usual size.",
    ),
)


if __name__ == "__main__":
    sys.exit(measure(TABLES, __doc__))
