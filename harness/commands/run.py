"""`run PLAN`: an inspection on a bench, from the first prompt to the verdict; `run --resume CASE` goes on with one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark, translate
from harness.commands import plan as plans
from harness.commands.budgeted import Budget, Fuel, Model
from harness.commands.numbers import Seed, Speed

if TYPE_CHECKING:
    from fixtures.benchfile import BenchFile
    from harness.inspection import Further
    from harness.judge.contract import DetectorSpec
    from harness.plans.extension import Extension
    from harness.standing import Standing

NEW_BENCH = mark(
    "the simulated bench ended with the program that served it: this one is new, as --cheat and --seed make it now; its totaliser and "
    "whatever was switched on begin anew, and the record says so"
)

KEPT = mark("the run has stopped at a question; `shortmeasure judge {case}` shows what was found by then")

UNFINISHED = mark(
    "the search or confirmation stays open in {case}: shortmeasure run --resume {case} goes on with it, with --give-up REASON it ends on record "
    "and the run is complete again"
)

CONFIRM = mark(
    "to be shown again on fresh deliveries ({litres} L, confirmation {k}, proven from e = {threshold} on): shortmeasure run --resume {case} "
    "--confirm '{target}'"
)


def run(
    plan: Annotated[str, typer.Argument(help="one of `shortmeasure plan list`")] = "",
    bench: Annotated[str, typer.Option("--bench", help="a bench file or a built-in name")] = "",
    case: Annotated[Path | None, typer.Option("--case", help="the new case folder")] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="the case folder of a run that was cut or stopped: go on with it")
    ] = None,
    accept_change: Annotated[
        bool,
        typer.Option("--accept-change", help="with --resume: take another plan, bench text or version, on record"),
    ] = False,
    confirm: Annotated[
        str,
        typer.Option(
            "--confirm",
            metavar="TEST:LINK",
            help="with --resume of a complete case: show again, on fresh deliveries, what it found",
        ),
    ] = "",
    search: Annotated[
        list[str] | None,
        typer.Option(
            "--search", help="with --resume of a complete case: work this (remote, a code) and deliver; may be repeated"
        ),
    ] = None,
    give_up: Annotated[
        str,
        typer.Option(
            "--give-up",
            metavar="REASON",
            help="with --resume of a search or confirmation that was cut: end it, on record; its number stays spent",
        ),
    ] = "",
    speed: Speed = 1.0,
    cheat: Annotated[
        str,
        typer.Option("--cheat", help="only for sim: links: what the simulated trader does; at a site ID@INSTRUMENT"),
    ] = "",
    seed: Seed = 1,
    nonce: Annotated[
        str,
        typer.Option("--nonce", help="a number chosen on the spot by the party or headquarters: not made before it"),
    ] = "",
    after: Annotated[str, typer.Option("--after", help="digest of the case made before this one")] = "",
    override_standard: Annotated[
        list[str] | None,
        typer.Option("--override-standard", help="NAME=REASON: use a standard past its due day, on record"),
    ] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option("--environment", help="NAME=VALUE@SENSOR: temperature_c, humidity_percent or pressure_hpa"),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="a file that answers instead of the operator (docs/plans.md)")
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="never wait for a person: a prompt ends the run")
    ] = False,
    budget: Budget = "",
    fuel: Fuel = "",
    model: Model = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list the steps and their cost, touch nothing")] = False,
    live: Annotated[
        bool | None,
        typer.Option(
            "--live/--no-live",
            help="tell on stderr what was found so far; not in simulated time, nor with --json unless asked for",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Run a plan over a bench, record everything into a case, judge it, and say what was found.

    A run that was cut, stopped or failed goes on with --resume CASE, where it was; a complete one with --resume CASE and
    --confirm or --search.
    """
    from fixtures.errors import AnswerError
    from harness.answering import CONSOLE, answered, check_beginning, name_leftovers
    from harness.beforehand import search_budget, searching, with_decisions
    from harness.benches import draw_seed, find, world
    from harness.exits import UsageError, explain, run_exit
    from harness.inspection import inspect
    from harness.inspection import resume as go_on
    from harness.output import comment
    from harness.provenance import told
    from harness.runner import find_plan
    from harness.standing import recorded_bench

    if give_up and (resume is None or confirm or search):
        raise UsageError("expected --give-up REASON with --resume CASE alone")
    if confirm or search:
        if resume is None or (confirm and search):
            raise UsageError("expected --resume CASE with one of --confirm TEST:LINK and --search WHAT")
        further = _further(resume, confirm, search or [])
        if dry_run:
            return plans.show_extension(resume, find(bench) if bench else recorded_bench(resume), further, as_json)
    else:
        further = None
    decided = search_budget(budget, fuel, model)
    if decided and resume is not None:
        raise UsageError("expected --budget when a run begins: one that goes on has its budget on record")
    if decided:
        plan = searching(plan, decided)
    if dry_run:
        return plans.show_plan(with_decisions(find_plan(plan), decided), bench, as_json=as_json)
    said = told(sys.argv[1:], nonce, after, override_standard or (), environment or ())
    if resume is not None:
        if plan or case is not None:
            raise UsageError("expected --resume CASE alone: plan and case are those of the run that goes on")
        if nonce or after:
            raise UsageError(
                "expected --nonce and --after when a run begins: they stand in the first line of its journal"
            )
        path = resume
        file = find(bench) if bench else recorded_bench(path)
        if (answers or no_input) and any(link.url == CONSOLE for link in file.links.values()):
            raise UsageError(
                f"{path}: this run was begun with a person at the terminal, who has to go on with it; expected neither "
                "--answers nor --no-input"
            )
    else:
        if not plan or not bench or case is None:
            raise UsageError(
                "expected PLAN, --bench FILE and --case DIR for a new run, or --resume CASE to go on with one"
            )
        path, file = case, find(bench)
    if answers is not None and resume is None:
        check_beginning(with_decisions(find_plan(plan), decided or {}), file, answers)
    file, spoken = answered(file, answers, no_input)
    simulated = world(file, cheat or None, seed) if file.simulated else None
    say = comment if (not as_json if live is None else live) else None
    lots = draw_seed(file, seed) if file.simulated else ""
    if resume is not None:
        if simulated is not None:
            comment(translate(NEW_BENCH))
        done = go_on(
            path, file, accept=accept_change, world=simulated, speed=speed, draw_seed=lots, told=said, answers=spoken,
            say=say, further=further, give_up=give_up.strip(),
        )  # fmt: skip
    else:
        done = inspect(
            plan, file, path, world=simulated, speed=speed, draw_seed=lots, told=said, answers=spoken, say=say,
            decided=decided,
        )  # fmt: skip
    if isinstance(done.result.error, AnswerError) and not as_json:  # what a file lacks must not drown in a report
        comment(translate(KEPT, case=path))
    else:
        name_leftovers(spoken)
        _shown(path, done.document, as_json)
    if done.result.error is not None:
        explain(done.result.error)
    if further is not None and done.result.status != "complete":
        comment(translate(UNFINISHED, case=path))
    return run_exit(done.result.error, done.result.resumable, done.document)


def _shown(case: Path, document: Mapping[str, Any], as_json: bool) -> None:
    """The verdict with its pictures, and what fresh deliveries could still bring to `proven`."""
    from harness.extending import litres
    from harness.judge.evidence import proves_from
    from harness.output import comment
    from harness.report.show import pictures, show

    offered = _confirmable(case, document)
    show({**document, "confirmable": [one.target for one in offered]}, as_json)
    pictures(case, document)
    for one in offered:
        costs = {"k": one.number, "threshold": f"{proves_from(one.number):.0f}", "litres": litres(one)}
        comment(translate(CONFIRM, case=case, target=one.target, **costs))


def _tests(file: BenchFile) -> Mapping[str, DetectorSpec]:
    from harness.editions import edition_of
    from harness.families import family_tests

    return family_tests(edition_of(file)).detectors


def _further(case: Path, confirm: str, worked: Sequence[str]) -> Further:
    """What makes the extension of a case that stands: of its verdict as it is now, from its journal alone."""

    def further(standing: Standing, file: BenchFile) -> Extension:
        from captures.case import Case
        from harness.extending import confirmation, search
        from harness.judging import judge_journal

        if worked:
            return search(worked, standing, file)
        return confirmation(confirm, judge_journal(Case.open(case).journal), standing, file, _tests(file))

    return further


def _confirmable(case: Path, document: Mapping[str, Any]) -> list[Extension]:
    """What of this verdict fresh deliveries could still bring to `proven`, one of each finding."""
    from captures.case import Case
    from harness.extending import FAMILY, offers
    from harness.standing import read_standing, recorded_bench

    if document["status"] != "complete" or "instruments" in document:
        return []
    file = recorded_bench(case)
    if file.family != FAMILY:
        return []
    return offers(document, read_standing(Case.open(case).journal), file, _tests(file))
