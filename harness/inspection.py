"""One inspection from bench to verdict: where plan, bench, case and judgement meet."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from captures.case import Case
from fixtures.answers_file import Answers
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.profile import SCALES, TAXI_FAMILY
from fixtures.sim.world import Simulated
from harness import provenance
from harness.beforehand import HEADER as DECIDED
from harness.beforehand import with_decisions
from harness.bench_checks import judged_by
from harness.changes import (
    Change,
    ResumeError,
    differences,
    plan_record,
    refuse_other_instrument,
    refuse_other_world,
    shown,
)
from harness.derive.history import GONE_ON
from harness.enact import ability
from harness.extending import check_end, extended_plan, given_up, refuse_redone, register
from harness.judge.evidence import ALPHA
from harness.judging import judge_case
from harness.live import Say, beside
from harness.lock import locked
from harness.originals import left_by_cut
from harness.plans import PlanSpec
from harness.plans.extension import Extension
from harness.provenance import Told
from harness.report.progress import Progress
from harness.room import check_room
from harness.runner import Resumption, RunResult, find_plan, not_begun, planned, run
from harness.standards import check_due
from harness.standing import Standing, read_standing, recorded_bench
from harness.step import Deliver, Step

BY_HAND = ("deliver", "nozzle", "throttle", "remote")  # roles that the operator fills where no instrument does
EVERY_NS = 5_000_000_000  # of the run's clock
Further = Callable[[Standing, BenchFile], Extension]
RENEWED = Change("simulated bench", "the one that this run began on", "a new one, made when the run was resumed")


@dataclass(frozen=True)
class Inspection:
    result: RunResult
    document: Mapping[str, Any]


def inspect(
    plan: str | PlanSpec,
    bench_file: BenchFile,
    case_path: Path,
    *,
    world: Simulated | None = None,
    speed: float = 1.0,
    draw_seed: str = "",
    told: Told | None = None,
    lifelike: bool = False,
    answers: Answers | None = None,
    say: Say | None = None,
    decided: Mapping[str, str] | None = None,
) -> Inspection:
    """Run `plan`, or the one of that name, on the bench into a new case at `case_path`, judge it, and store what was found.

    A fault ends the run; what came before is judged all the same, and `result.error` says what it was.
    `draw_seed`: what a draw by lot follows from; nothing = fresh from the system.  `told`: what the case says of its own
    making beside what can be found out (provenance.py); a standard past its due day stops the run before the case is
    made.  `lifelike` as in Recorder.create; `answers` as in open_bench; `say` as in live.beside; `decided` as in
    beforehand.with_decisions.
    """
    plan = with_decisions(find_plan(plan) if isinstance(plan, str) else plan, decided or {})
    instruments = specs("instruments")
    steps = planned(plan, bench_file)
    limits, tests = judged_by(bench_file)  # a missing edition must stop the run before fuel flows
    said = Told() if told is None else told
    overrides, free = check_due(bench_file, said.day, said.overrides), check_room(case_path)
    header = {
        "tool": "shortmeasure", "version": version("shortmeasure"), "python": ".".join(map(str, sys.version_info[:3])), "plan": plan.name,
        "kit": bench_file.kit, "instrument": bench_file.instrument_id, "edition": bench_file.edition, "alpha": ALPHA,
        "detectors": {name: {"version": spec.version, "weight": spec.weight, "parameters": dict(spec.parameters)} for name, spec in sorted(tests.detectors.items())},
        **provenance.header(plan, bench_file, limits, tests, ALPHA, said),
        **({DECIDED: dict(decided)} if decided else {}), **plan_record(steps),
    }  # fmt: skip
    if bench_file.site is not None:
        header["alpha_shares"] = {id: str(share) for id, share in bench_file.site.shares().items()}
    with Case.begun(case_path) as case, locked(case_path):
        bench = open_bench(
            bench_file, instruments, case.journal, header, world=world, speed=speed, lifelike=lifelike, answers=answers
        )
        with _ending(bench):
            provenance.record(bench.recorder, bench_file, said, overrides, {"free_bytes": free.free_bytes})
        return _carried_out(plan, bench, case, draw_seed, say)


def resume(
    case_path: Path,
    bench_file: BenchFile | None = None,
    *,
    plan: PlanSpec | None = None,
    accept: bool = False,
    world: Simulated | None = None,
    speed: float = 1.0,
    draw_seed: str = "",
    told: Told | None = None,
    lifelike: bool = False,
    answers: Answers | None = None,
    say: Say | None = None,
    further: Further | None = None,
    give_up: str = "",
) -> Inspection:
    """Go on with the run of the case at `case_path` where it was cut or stopped, judge it, and store what was found.

    `bench_file`: nothing = as it was; `plan`: where it is none of PLANS; `accept`: differences of plan, bench text or tool
    are taken on record.  A `world` whose time is before the record's is not the one that the run began in: that its
    instruments are others stands in the journal as a change.  Raises ResumeError, the case untouched, where something differs and is not accepted;
    BenchError where what the verdict rests on is declared differently.

    `further`: a complete run is gone on with by what this makes of it, registered in the journal before its first step, once
    every instrument is known to be the same.  `give_up`: why the officers end the extension that the run was cut in; its number
    stays spent.  Raises ExtensionError, the case untouched, where that cannot be, or where the run is complete and neither it nor an
    extension has anything left to do.
    """
    case = Case.open(case_path)
    case.require_unsealed()
    with locked(case_path) as dead:
        standing = read_standing(case.journal)
        check_end(case_path, standing, further=further is not None)
        before = recorded_bench(case_path)
        file = before if bench_file is None else bench_file
        refuse_other_instrument(before, file)
        refuse_other_world(standing.header, before, file)
        extension = None if further is None else further(standing, file)
        begun = find_plan(str(standing.header["plan"])) if plan is None else plan
        begun = with_decisions(begun, standing.header.get(DECIDED, {}))
        so_far = extended_plan(begun, standing.extensions)
        planned(so_far, file)
        refuse_redone(standing, lambda: so_far.steps(ability(file)))
        found = differences(standing, lambda: so_far.steps(ability(file)), file)
        if found and not accept:
            raise ResumeError(f"{case_path}: this is not what the run began with:\n{shown(found)}")
        plan, before_it = so_far, standing.before
        ended = given_up(standing, begun, file, give_up)
        if ended is not None:
            plan = extended_plan(begun, (*standing.extensions[:-1], ended.extension))
            planned(plan, file)
        if extension is not None:
            plan = extended_plan(begun, (*standing.extensions, extension))
            planned(plan, file)
            before_it = replace(standing.before, why=GONE_ON)
        said = Told() if told is None else told
        overrides, free = check_due(file, said.day, said.overrides), check_room(case_path)
        left = left_by_cut(case, standing.begun)
        renewed = world is not None and world.now_ns < standing.before.last_ns
        bench = open_bench(
            file,
            specs("instruments"),
            case.journal,
            {},
            world=world,
            speed=speed,
            before=before_it,
            lifelike=lifelike,
            answers=answers,
        )
        with _ending(bench):
            provenance.record(bench.recorder, file, said, overrides, {"free_bytes": free.free_bytes}, again=True)
            if dead is not None:
                holder = {key: known for key, known in dead.body.items() if key != "host"}  # often named for its user
                bench.recorder.entry("lock", t_ns=bench.now_ns(), taken_over=holder)
            for (
                original
            ) in left:  # a photo that was copied and not recorded any more; the case would never verify again
                bench.recorder.entry(**original.body, after_cut=True)
            if renewed:
                bench.recorder.entry("change", **asdict(RENEWED))
        resumption = Resumption(standing, found, accept)
        if extension is not None:
            resumption = replace(resumption, enter=lambda bench: register(bench, extension))
        elif ended is not None:
            resumption = replace(resumption, enter=ended.enter, said=ended.why)
        return _carried_out(plan, bench, case, draw_seed, say, resumption)


class Telling:
    """Tells people what was found so far: between two steps, and every EVERY_NS while fuel flows; a line must not stand behind
    a prompt that waits."""

    def __init__(self, say: Say, now_ns: Callable[[], int]) -> None:
        self._say, self._now_ns = say, now_ns
        self._kept: deque[str] = deque(maxlen=1)
        self._flows, self._told_ns = False, now_ns()

    def __call__(self, text: str) -> None:
        if self._flows and self._now_ns() - self._told_ns >= EVERY_NS:
            self._told_ns = self._now_ns()
            self._say(text)
        else:
            self._kept.append(text)

    def step(self, begins: bool, *, flows: bool) -> None:
        self._flows = False
        if begins:
            with contextlib.suppress(IndexError):
                self._say(self._kept.pop())
            self._flows = flows


@contextlib.contextmanager
def _ending(bench: Bench) -> Iterator[None]:
    """What is raised inside ends the run before its first step: the journal gets its last line."""
    try:
        yield
    except Exception as error:
        not_begun(bench, error)
        raise


def _carried_out(
    plan: PlanSpec, bench: Bench, case: Case, draw_seed: str, say: Say | None, resumption: Resumption | None = None
) -> Inspection:
    """The plan on an open bench, and the judgement of everything that its case holds then."""
    bench_file = bench.declared

    sold = "" if bench_file.family in (*SCALES, TAXI_FAMILY) else str(bench_file.profile.get("quantity_unit", "L"))
    progress_line = Progress(bench.now_ns, sold)
    telling = None if say is None else Telling(say, bench.now_ns)
    unasked = set(BY_HAND) <= set(bench_file.roles)  # nobody is asked anything from the begin of a delivery to its end

    def progress(number: int, total: int, step: Step, moment: str) -> None:
        if telling is not None:
            telling.step(moment == "begin", flows=unasked and isinstance(step, Deliver))
        progress_line(number, total, step, moment)

    with beside(bench, telling) as judged:
        result = run(
            plan,
            bench,
            judged,
            progress,
            draw_seed=draw_seed or secrets.token_hex(16),
            resumption=resumption,
        )
    document = judge_case(case)
    return Inspection(result, document)
