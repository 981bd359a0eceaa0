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
from fixtures.language import Listed, Sentence, language, mark, tell, translate
from harness.beforehand import searching
from harness.benches import find, on_ports, world
from harness.expected import Expected, catalogued, expected_row, plan_of
from harness.inspection import inspect
from harness.output import comment, emit
from harness.report.called import family as called
from harness.report.show import pictures
from harness.report.text import verdict_text
from harness.report.wording import chain

HONEST = "honest"
READY_LINE_BYTES = 65536
OVER_PTYS = mark("over real pseudo-terminals, {speed} times faster than life")
IN_PROCESS = mark("in process, in virtual time")


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
    how = Sentence(OVER_PTYS, speed=f"{speed:g}") if ptys else Sentence(IN_PROCESS)
    trader = cheat or tell(mark("honest trader"))
    shown = {"family": called(family), "trader": trader, "kit": kit, "seed": seed, "plan": plan, "how": how.said}
    comment(translate(mark("demo: simulated {family}, {trader}, kit {kit}, seed {seed}, plan {plan}, {how}"), **shown))
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
    met_text = mark("as expected: {why}") if met else mark("NOT as expected: {why}")
    where = translate(mark("case  {case}\ntruth {truth}"), case=case, truth=truth)
    text = f"{verdict_text(done.document)}\n\n{translate(met_text, why=tell(why))}\n{where}"
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


def _compare(document: Mapping[str, Any], cheat: str | None, row: Expected | None) -> tuple[bool, Sentence]:
    """Is the verdict the table's?  And why not, or what was expected."""
    if document["status"] != "complete":
        ended = mark("the run ended as {status}: {why}")
        return False, Sentence(ended, status=Sentence(document["status"]), why=document["why"])
    if row is None:
        return False, Sentence(mark("the table of expected verdicts has no row for this cheat and kit"))
    if not row.allows(document["integrity"]):
        other = mark("expected integrity {expected}, got {got}")
        allowed = Listed((row.integrity, *row.also))
        return False, Sentence(other, expected=allowed, got=Sentence(document["integrity"]))
    if document["conformity"] not in row.conformity:
        other = mark("expected conformity {expected}, got {got}")
        return False, Sentence(other, expected=Listed(row.conformity), got=Sentence(document["conformity"]))
    if row.link and document["integrity"] == row.integrity:
        gravest = next((f for f in document["findings"] if f["level"] == row.integrity), None)
        if gravest is None or gravest["link"] != row.link:
            elsewhere = mark("expected the break at {link}, got {other}")
            found = _Link(gravest["link"]) if gravest is not None else Sentence(mark("none"))
            return False, Sentence(elsewhere, link=_Link(row.link), other=found)
        if cheat is not None and catalogued(cheat) not in gravest["catalogue_ids"]:
            missing = mark("expected {cheat} among the functions still possible, got {others}")
            return False, Sentence(missing, cheat=cheat, others=Listed(gravest["catalogue_ids"]))
    axes = {axis: Sentence(document[axis]) for axis in ("integrity", "conformity")}
    if row.link:
        with_link = mark("integrity {integrity}, conformity {conformity}, link {link}")
        return True, _because(Sentence(with_link, **axes, link=_Link(row.link)), row.reason)
    return True, _because(Sentence(mark("integrity {integrity}, conformity {conformity}"), **axes), row.reason)


class _Link(Sentence):
    """A link of the chain."""

    __slots__ = ()

    @property
    def said(self) -> str:
        return chain(str(self))


def _because(found: Sentence, reason: str) -> Sentence:
    """`found` with the reason of the table, which is in English: docs/expected_verdicts.md is made from it."""
    if not reason or language() != "en":
        return found
    return Sentence(mark("{found} ({reason})"), found=found, reason=reason)
