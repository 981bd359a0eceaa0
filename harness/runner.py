"""Drives a plan over a bench: records before it acts and after, and ends safely whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from captures.errors import CaptureError, IntegrityError
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.errors import BenchError, InstrumentError
from harness.enact import Enactor, ability
from harness.exits import UsageError
from harness.plans import PLANS, PlanSpec
from harness.plans.order import check_order, dry_run
from harness.step import Outcome, Step, described

Progress = Callable[[int, int, Step, str], None]


@dataclass(frozen=True)
class RunResult:
    """`status` is complete, stopped or error; `error` what ended a run that is not complete."""

    status: str
    why: str
    error: Exception | None = None


def find_plan(name: str) -> PlanSpec:
    if name not in PLANS:
        raise UsageError(f"expected a plan, got {name!r}; there are {', '.join(PLANS)}")
    return PLANS[name]


def check_stations(plan: PlanSpec, file: BenchFile) -> None:
    """Raises BenchError when the bench cannot answer the plan."""
    if plan.site != (file.site is not None):
        which = "needs a bench file with [site]" if plan.site else "is for one instrument, this bench file names a site"
        raise BenchError(f"{file.where}: plan {plan.name} {which}")
    if plan.family != file.family:
        raise BenchError(
            f"{file.where}: plan {plan.name} is for a {plan.family}, the instrument under test is a {file.family}"
        )
    missing = sorted({station for view in file.views() for station in plan.needs - set(view.stations)})
    if missing:
        raise BenchError(
            f"{file.where}: plan {plan.name} needs station(s) {', '.join(missing)}, which no instrument of this bench observes; "
            "bind them under [stations] or take another plan"
        )


def precheck(plan: PlanSpec, bench: Bench) -> int:
    """Stations and order, before anything is touched.  The number of steps of the dry run.

    Raises BenchError when a station is missing, PlanError when the order would destroy evidence.
    """
    check_stations(plan, bench.file)
    steps = dry_run(plan.steps(ability(bench)))
    check_order(steps)
    return len(steps)


def run(
    plan: PlanSpec, bench: Bench, judge: Callable[[], Outcome], progress: Progress, *, draw_seed: str = ""
) -> RunResult:
    """Run `plan` to its end, a fault or an interrupt; the journal's last line says which.

    `draw_seed`: what a plan's draw by lot follows from; hexadecimal, kept from everybody until it is drawn.
    """
    total = precheck(plan, bench)
    recorder = bench.recorder
    enactor = Enactor(bench, judge, draw_seed)
    result = RunResult("error", "ended before its first step")
    number = 0
    try:
        bench.open()
        generator = plan.steps(ability(bench))
        outcome: Outcome | None = None
        while True:
            try:
                step = next(generator) if outcome is None else generator.send(outcome)
            except StopIteration:
                break
            recorder.entry("step", n=number, t_ns=bench.now_ns(), step=described(step))
            recorder.sync()
            progress(number, total, step, "begin")
            outcome = enactor.act(step)
            recorder.entry("outcome", n=number, t_ns=bench.now_ns(), value=dict(outcome))
            recorder.sync()
            progress(number, total, step, "end")
            number += 1
        result = RunResult("complete", "")
    except KeyboardInterrupt:
        result = RunResult("stopped", "stopped by the operator")
    except (InstrumentError, BenchError, CaptureError, IntegrityError, OSError) as error:
        result = RunResult("error", str(error), error)
    except Exception as error:  # a defect of ours must not leave a bench unsafe, nor a journal without its end
        result = RunResult("error", f"internal error in step {number}: {type(error).__name__}: {error}", error)
    finally:
        unsafe = _make_safe(bench)
        why = "; ".join([result.why, *unsafe]) if unsafe else result.why
        result = RunResult(result.status, why, result.error)
        recorder.close(result.status, why)
        bench.close()
    return result


def _make_safe(bench: Bench) -> list[str]:
    try:
        return bench.make_safe()
    except OSError as error:
        return [f"the bench could not be made safe: {error}"]
