"""The verdict that `demo price-scale|truck-scale` promises, run for every row of its table.

    python benchmarks/scale_verdicts.py                     both tables, three seeds a row; docs/scale_verdicts.md
    python benchmarks/scale_verdicts.py truck-scale --kits K0,K1 --cheats truck.T04 --seeds 1

A row that is not met is printed with what was found instead; a cheat without a row is run all the same and printed.
Resumable: finished inspections are lines in docs/results/scale_verdicts.jsonl and are not run again while the code that they ran
stays as it is (--fresh runs all again).  The document is written only where whole tables ran.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.scale_recovery import recovered, summary
from benchmarks.verdict_tables import OWN, Tables, measure, verdict

FAMILIES = ("price-scale", "truck-scale")
KITS = ("K0", "K1", "K3")


def built(family: str) -> tuple[str, ...]:
    """Every cheat of the family by its id, without variants."""
    from fixtures.sim.scale.cheats import SCALE_CHEATS
    from fixtures.sim.scale.truck.cheats import TRUCK_CHEATS

    return SCALE_CHEATS if family == "price-scale" else TRUCK_CHEATS


def inspected(job: dict[str, Any]) -> dict[str, Any]:
    """A row of the results, with what was recovered of size and trigger."""
    row, findings = verdict(job)
    return {**row, "recovered": recovered(job["family"], job["cheat"], findings)}


TABLES = Tables(
    "scale_verdicts",
    "Expected verdicts of scales, per cheat and kit",
    FAMILIES,
    KITS,
    built,
    inspected,
    own=(*OWN, "benchmarks/scale_verdicts.py", "benchmarks/scale_recovery.py"),
    columns=("size as built: told (within a tenth)", "trigger: named"),
    summary=summary,
    head=("Simulated population: every verdict holds for these simulated scales at each cheat's usual size.",),
)


if __name__ == "__main__":
    sys.exit(measure(TABLES, __doc__))
