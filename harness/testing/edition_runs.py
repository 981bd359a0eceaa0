"""Dry run of an acceptance edition: its own tests on the simulated bench of its family, on the virtual clock.

The instrument is honest in one run and off by one and a half times its limit in the other.  The simulated officers read conditions and answer what
the built-in editions ask; what else yours asks is left open, and the protocol says so.  A simulated pass says that the edition can be carried out
and decides; it says nothing of a real instrument.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from fixtures.benchfile import BenchFile, parse
from fixtures.errors import BenchError
from fixtures.profile import SCALES
from harness.benches import ERROR, find, world
from harness.inspection import inspect
from harness.plans import PLANS
from harness.report.document import plain
from harness.testing.editions import ERRORS, check_id, check_judgeable, parsed, text_of
from harness.testing.wanted import NotRun, want
from protocols.acceptance import Edition, EditionSpec
from protocols.acceptance.edition import MPE

BENCHES: Mapping[str, tuple[str, ...]] = {  # of a family, the first where none is the edition's own
    "dispenser": ("dispenser-k2",), "gas-dispenser": ("gas-cng-k0", "gas-lng-k0", "gas-lpg-k0"), "scale": ("price-scale-lab-k0",),
    "taximeter": ("taximeter-k3",),
}  # fmt: skip
BEYOND = Decimal("1.5")  # times the limit
LOTS = "0123456789abcdef" * 2
PASS, FAIL, INCONCLUSIVE, COMPLETE = "pass", "fail", "inconclusive", "complete"


@dataclass(frozen=True)
class Outcome:
    """One run: `failed` and `undecided` name test, formula, figure and limit, or what a clause asked for and was not so."""

    error_rel: float | None
    status: str
    decision: str
    failed: tuple[str, ...]
    undecided: tuple[str, ...]


@dataclass(frozen=True)
class DryRun:
    edition: str
    bench: str
    limit: str
    honest: Outcome
    beyond: Outcome


def dry_run(spec: EditionSpec, bench: str = "", seed: int = 1) -> DryRun:
    """Both runs on `bench`, a built-in bench or a file with [simulation]; nothing = that of its family.  NotRun says why there are none."""
    own = parsed(spec)
    check_id(spec, own)
    if not own.tests:
        raise NotRun(f"{spec.id}: expected tests to carry out; got limits alone")
    check_judgeable(spec, own)
    known = BENCHES.get(own.family, ())
    if not bench and not known:
        raise NotRun(
            f"{spec.id}: expected a family with a laboratory bench ({', '.join(BENCHES)}), or bench=; got {own.family!r}"
        )
    name = bench or next((one for one in known if find(one).edition == own.id), known[0])
    declared = find(name)
    if not declared.simulation or f"{declared.family}-acceptance" not in PLANS:
        raise NotRun(f"{spec.id}: expected a simulated bench whose family has a plan of acceptance; got {name}")
    family = "scale" if declared.family in SCALES else declared.family
    if family != own.family:
        raise NotRun(f"{spec.id}: expected a bench of a {own.family}; got {name}, of a {family}")
    limit, error = _beyond(own, declared)
    try:
        runs = [_carried_out(spec, declared, off, seed) for off in (None, float(error))]
    except BenchError as refused:
        raise NotRun(f"{spec.id} on {name}: expected tests that this bench can do; got {refused}") from refused
    return DryRun(spec.id, name, limit, *runs)


def check_dry_run(spec: EditionSpec, bench: str = "", seed: int = 1) -> DryRun:
    """An honest instrument does not fail, and one at one and a half times its limit does not pass."""
    run = dry_run(spec, bench, seed)
    where = f"{spec.id} on {run.bench}"
    for told, one in (("an honest instrument", run.honest), ("one beyond its limit", run.beyond)):
        want(one.status == COMPLETE, f"{where}: the run of {told} expected to be complete", one.status)
    want(run.honest.decision != FAIL, f"{where}: an honest instrument expected not to fail", "; ".join(run.honest.failed))  # fmt: skip
    reasoned = run.honest.decision == PASS or bool(run.honest.undecided)
    want(reasoned, f"{where}: an honest instrument expected to pass, or a reason why that is left open", run.honest.decision)  # fmt: skip
    told = (
        f"{where}: an instrument off by {run.beyond.error_rel:+.3%}, {BEYOND} times {run.limit}, expected not to pass"
    )
    want(run.beyond.decision != PASS, told, run.beyond.decision)
    return run


def _beyond(own: Edition, bench: BenchFile) -> tuple[str, Decimal]:
    """The limit of the error of indication, and one and a half times as much, relative."""
    if own.family == "scale":
        most, e = (Decimal(text) for text in str(bench.profile["intervals"]).split()[-1].split("/"))
        found = own.mpe(most / e, str(bench.profile["accuracy_class"]), bench.profile.get("limits") != "initial")
        return f"the limit {found.value} e at {most} kg", BEYOND * found.value * e / most
    judged = {one.limit for test in own.tests for one in test.judged if one.formula in ERRORS[:3]}
    own_limits = [limit for limit in own.limits if limit.id in judged or limit.id == MPE]
    known = [limit for limit in own_limits if limit.unit == "1"]
    if not known:
        raise NotRun(f"{own.id}: expected a relative limit of the error of indication to go beyond; got none")
    widest = max(known, key=lambda limit: limit.value)
    return f"the limit {widest.id} = {widest.value}", BEYOND * widest.value


def _carried_out(spec: EditionSpec, bench: BenchFile, error_rel: float | None, seed: int) -> Outcome:
    """One run in a folder that is gone afterwards; its progress is nobody's to read."""
    file = _with(bench, spec, error_rel)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        done = inspect(
            f"{file.family}-acceptance", file, Path(folder) / "case", world=world(file, None, seed), draw_seed=LOTS
        )
        document = plain(done.document)
    told = document.get("protocol") or {"decision": INCONCLUSIVE, "tests": [], "flags": []}
    rows = [(test["id"], row) for test in told["tests"] for row in test["results"]]
    flags = tuple(flag["text"] for flag in told["flags"])
    return Outcome(
        error_rel,
        str(document["status"]),
        str(told["decision"]),
        tuple(_row(id, row) for id, row in rows if row["decision"] == FAIL),
        tuple(_row(id, row) for id, row in rows if row["decision"] == INCONCLUSIVE) + flags,
    )


def _row(test: str, row: Mapping[str, Any]) -> str:
    figure = "no figure" if row["value"] is None else f"{row['value']:.4g} {row['unit']}, limits {row['low']} to {row['high']}"  # fmt: skip
    why = f" ({row['why']})" if row["why"] else ""
    return f"test {test}, {row['formula']} at {row['at'] or 'no point'}: {figure}{why}"


def _with(bench: BenchFile, spec: EditionSpec, error_rel: float | None) -> BenchFile:
    """The bench with the edition as a file beside it, so that it need not be installed, and an instrument of a given error."""
    name = f"{spec.id}.toml"
    text = re.sub(r'(?m)^edition = ".*"$', f'edition = "{name}"', bench.text)
    if error_rel is not None:
        text = re.sub(r'(?m)^(model = ".*")$', rf"\1\n{ERROR} = {error_rel:.8f}", text)
    return replace(parse(text, f"{bench.where} with {name}"), edition_text=text_of(spec))
