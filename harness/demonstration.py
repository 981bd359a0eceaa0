"""A demonstration: simulated instrument, real plan, real recording, real judging; the truth stays outside the case."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fixtures.benchfile import BenchFile
from fixtures.errors import BenchError
from harness.beforehand import searching
from harness.benches import find, on_ports, world
from harness.expected import Expected, catalogued, expected_row, plan_of
from harness.inspection import inspect
from harness.output import comment, emit
from harness.report.show import pictures
from harness.report.text import verdict_text

HONEST = "honest"
READY_LINE_BYTES = 65536


def demonstrate(
    family: str,
    cheat: str | None,
    kit: str,
    seed: int,
    case: Path | None,
    *,
    in_process: bool,
    as_json: bool,
    speed: float,
    decided: Mapping[str, str] | None = None,
) -> int:
    """Run the demonstration, with a search behind it where its budget is `decided`; 0 when the verdict is the expected one, 1 when not."""
    bench = find(f"{family}-{kit.lower()}")
    plan = searching(plan_of(family, kit), decided) if decided else plan_of(family, kit)
    simulated = world(bench, cheat, seed)
    case = case if case is not None else Path(tempfile.mkdtemp(prefix="shortmeasure-")) / "case"
    ptys = not in_process and sys.platform != "win32"
    how = f"over real pseudo-terminals, {speed:g} times faster than life" if ptys else "in process, in virtual time"
    comment(f"demo: simulated {family}, {cheat or 'honest trader'}, kit {kit}, seed {seed}, plan {plan}, {how}")
    if ptys:
        with _served(bench, cheat, seed, speed) as on_ptys:
            done = inspect(plan, on_ptys, case, speed=speed, decided=decided)
    else:
        done = inspect(plan, bench, case, world=simulated, decided=decided)
    truth = case.with_name(case.name + ".truth.json")
    truth.write_text(json.dumps(simulated.scenario.describe(), indent=1, default=str), "utf-8")
    pictures(case, done.document)
    row = expected_row(family, cheat or HONEST, kit)
    met, why = _compare(done.document, cheat, row)
    document = {
        **done.document,
        "case": str(case),
        "truth": str(truth),
        "expected": None if row is None else vars(row),
        "as_expected": met,
        "transport": how,
    }
    text = f"{verdict_text(done.document)}\n\n{'as expected' if met else 'NOT as expected'}: {why}\ncase  {case}\ntruth {truth}"
    emit("demo", document, text, as_json)
    return 0 if met else 1


@contextmanager
def _served(bench: BenchFile, cheat: str | None, seed: int, speed: float) -> Iterator[BenchFile]:
    """The simulated bench in a process of its own, on pseudo-terminals."""
    command = [
        sys.executable,
        "-m",
        "cli",
        "bench",
        "sim",
        bench.where.removeprefix("built-in "),
        "--seed",
        str(seed),
        "--speed",
        str(speed),
        "--json",
    ]
    command += ["--cheat", cheat] if cheat else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline(READY_LINE_BYTES)
            if not line:
                raise BenchError("the simulated bench did not start; try --in-process")
            yield on_ports(bench, json.loads(line)["ports"])
        finally:
            process.terminate()


def _compare(document: Mapping[str, Any], cheat: str | None, row: Expected | None) -> tuple[bool, str]:
    """Is the verdict the table's?  And why not, or what was expected."""
    if document["status"] != "complete":
        return False, f"the run ended as {document['status']}: {document['why']}"
    if row is None:
        return False, "the table of expected verdicts has no row for this cheat and kit"
    if not row.allows(document["integrity"]):
        return False, f"expected integrity {' or '.join((row.integrity, *row.also))}, got {document['integrity']}"
    if document["conformity"] not in row.conformity:
        return False, f"expected conformity {' or '.join(row.conformity)}, got {document['conformity']}"
    if row.link and document["integrity"] == row.integrity:
        gravest = next((f for f in document["findings"] if f["level"] == row.integrity), None)
        if gravest is None or gravest["link"] != row.link:
            return False, f"expected the break at {row.link}, got {gravest and gravest['link']}"
        if cheat is not None and catalogued(cheat) not in gravest["catalogue_ids"]:
            return (
                False,
                f"expected {cheat} among the functions still possible, got {', '.join(gravest['catalogue_ids'])}",
            )
    return True, f"integrity {document['integrity']}, conformity {document['conformity']}" + (
        f", link {row.link}" if row.link else ""
    ) + (f" ({row.reason})" if row.reason else "")
