"""Drives a plan over a bench: records before it acts and after, goes on after a cut, and ends safely whatever happens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from captures.errors import CaptureError, IntegrityError
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.errors import AnswerError, BenchError, DataLost, InstrumentError, StopAsked, unknown
from fixtures.port_errors import PortErrors
from fixtures.selftest import record_timings
from harness.changes import Change, ResumeError, identity_changes, shown
from harness.enact import Enactor, ability
from harness.exits import UsageError
from harness.lots import Lots
from harness.plans import PLANS, PlanSpec
from harness.plans.order import check_order, dry_run
from harness.replay import Replay
from harness.resuming import lying_kg, mark_presses, recall, registers, remotes, tell, tell_lost, touched, was_done
from harness.standing import Standing
from harness.step import Commit, Cut, Draw, Outcome, Step, described
from harness.stopping import stoppable

Progress = Callable[[int, int, Step, str], None]
NOT_RECORDED = "the end could not be recorded"
Done = TypeVar("Done")


@dataclass(frozen=True)
class RunResult:
    """`status` is complete, stopped or error; `error` what ended a run that is not complete.  `resumable`: the system
    ended it and nobody cleaned up; it waits to be resumed (exit 31)."""

    status: str
    why: str
    error: Exception | None = None
    resumable: bool = False


@dataclass(frozen=True)
class Resumption:
    """How a run goes on: what stands of it, and the differences that the operator accepts.  `enter`: what an extension that
    begins or is given up writes, once the instruments are known to be the same and somebody is there; `said`: what the
    operator is told of it."""

    standing: Standing
    accepted: Sequence[Change] = ()
    accept: bool = False
    enter: Callable[[Bench], None] | None = None
    said: str = ""


def find_plan(name: str) -> PlanSpec:
    if name not in PLANS:
        wrong = UsageError(f"expected a plan, got {name!r}; there are {', '.join(PLANS)}")
        raise unknown(wrong, name, PLANS, "shortmeasure plan list")
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


def planned(plan: PlanSpec, file: BenchFile) -> list[Step]:
    """The dry run of `plan`, its stations and order checked before anything is touched.

    Raises BenchError when a station is missing, PlanError when the order would destroy evidence.
    """
    check_stations(plan, file)
    steps = dry_run(plan.steps(ability(file)))
    check_order(steps)
    return steps


def run(
    plan: PlanSpec,
    bench: Bench,
    judge: Callable[[], Outcome],
    progress: Progress,
    *,
    draw_seed: str = "",
    resumption: Resumption | None = None,
) -> RunResult:
    """Run `plan` to its end, a fault or an interrupt; the journal's last line says which.

    `draw_seed`: what a plan's draw by lot follows from; hexadecimal, kept from everybody until it is drawn.
    """
    result = RunResult("error", "ended before its first step")
    with stoppable(bench):
        try:
            total = len(planned(plan, bench.declared))
            course = _Course(plan, bench, judge, progress, total, draw_seed, resumption)
        except Exception as error:  # of the plan's own generator or a driver too
            return not_begun(bench, error)
        try:
            course.begin()
            course.go_on()
            result = RunResult("complete", "")
        except StopAsked as asked:
            result = RunResult("stopped", str(asked), resumable=asked.resumable)
        except KeyboardInterrupt:
            result = RunResult("stopped", "stopped by the operator")
        except (InstrumentError, BenchError, CaptureError, IntegrityError, ResumeError, OSError) as error:
            result = RunResult("error", str(error), error)
        except Exception as error:  # a defect of ours must not leave a bench unsafe, nor a journal without its end
            why = f"internal error in step {course.replay.number}: {type(error).__name__}: {error}"
            result = RunResult("error", why, error)
        finally:
            result = course.end(result)
    return result


def not_begun(bench: Bench, error: Exception) -> RunResult:
    """The last line of a run that ended before it touched anything: without one it would count as cut."""
    result = RunResult("error", str(error) or type(error).__name__, error)
    try:
        bench.recorder.close(result.status, result.why)
    except OSError:
        bench.recorder.abandon()
    finally:
        bench.close()
    return result


class _Course:
    """One run under way."""

    def __init__(
        self,
        plan: PlanSpec,
        bench: Bench,
        judge: Callable[[], Outcome],
        progress: Progress,
        total: int,
        draw_seed: str,
        resumption: Resumption | None,
    ) -> None:
        self._plan, self._bench, self._progress, self._total = plan, bench, progress, total
        self._recorder, self._resumption = bench.recorder, resumption
        can = ability(bench.declared)
        self.replay = Replay(lambda: plan.steps(can))
        promised = "" if resumption is None else resumption.standing.lot
        self._lots = Lots(bench.recorder.folder.parent.parent, draw_seed, promised)
        self._enactor = Enactor(bench, judge, self._lots.seed)
        self._ports = PortErrors(bench)
        self._attempts = {} if resumption is None else dict(resumption.standing.attempts)
        self._faulted: set[int] = set()  # sales that began anew because data was lost
        self._cut: Step | None = None  # the step under way

    def begin(self) -> None:
        """Identify every instrument; of a run that goes on, bring bench, people and plan to where it was."""
        if self._resumption is None:
            self._bench.open()
            record_timings(self._bench)
            return
        standing = self._resumption.standing
        self._bench.make_safe()
        told = self._bench.open(again=True)
        self._safe()
        others = identity_changes(standing.identities, told)
        if others and not self._resumption.accept:
            raise ResumeError(f"another instrument than this run began with:\n{shown(others)}")
        self._recorder.entry(
            "checked", t_ns=self._bench.now_ns(), identity={name: dict(one) for name, one in told.items()}
        )
        record_timings(self._bench)
        for change in [*self._resumption.accepted, *others]:
            self._recorder.entry("change", what=change.what, expected=change.expected, got=change.got)
        differing = self.replay.follow(standing.finished)
        if any(isinstance(step, Draw) for step, _ in self.replay.done):
            self._lots.drawn()  # cut between the line that names the seed and the end of its file
        cut = self.replay.step if standing.cut is not None and differing is None else None
        was_touched = touched(self.replay, cut)
        left_at, begins_at = self.replay.number, self.replay.goes_on_at()
        self.replay.rewind(begins_at)
        recall(self._enactor, self.replay)
        self._recorder.sync()
        if was_touched:
            self._enactor.people.step = self.replay.number
            ended = standing.status == "complete"
            said = self._resumption.said
            presses, mass = remotes(self._bench, standing.presses), lying_kg(self._bench, self.replay)
            tell(self._bench, self._enactor, self.replay.step, presses, ended=ended, said=said, mass=mass)
            found = registers(self._bench, self._enactor)
            self._recorder.entry("registers", t_ns=self._bench.now_ns(), **found)
            recall(self._enactor, self.replay)
        mark_presses(self._bench, standing.presses, standing.before.last_ns)
        if self._resumption.enter is not None:
            self._resumption.enter(self._bench)
        if cut is not None and begins_at == left_at:
            self._settle(cut, standing)

    def go_on(self) -> None:
        while (step := self.replay.step) is not None:
            self._cut = step
            try:
                outcome = self._do(step)
            except DataLost as error:
                self._again(step, error)
                continue
            self.replay.answer(outcome)
            self._cut = None

    def end(self, result: RunResult) -> RunResult:
        """Record what has arrived, bring the bench to rest, clean up where somebody can, and write the last line.

        Each is tried whatever became of those before it: a bench is left at rest and a journal with its end.  The first
        error of all is the run's.
        """
        end = _End(result)
        end.attempt("what had arrived could not all be recorded", self._bench.drain)
        end.problems += end.attempt("the bench could not be made safe", self._bench.make_safe) or []
        if isinstance(end.error, InstrumentError):
            end.attempt(NOT_RECORDED, lambda: self._recorder.entry("untrusted", why=str(end.error)))
        unanswered = isinstance(result.error, AnswerError)  # nobody is there who could clean up
        if result.status != "complete" and not result.resumable and not unanswered:
            end.problems += end.attempt("the clean-up was not finished", self._clean_up) or []
        try:
            if not end.attempt(NOT_RECORDED, lambda: self._last_line(end.result())):
                self._recorder.abandon()
        finally:
            self._bench.close()
        return end.result()

    def _last_line(self, result: RunResult) -> bool:
        self._recorder.close(result.status, result.why)
        return True

    def _do(self, step: Step) -> Outcome:
        number = self.replay.number
        attempt = self._attempts[number] = self._attempts.get(number, 0) + 1
        recorder, bench = self._recorder, self._bench
        recorder.entry("step", n=number, attempt=attempt, t_ns=bench.now_ns(), step=described(step))
        recorder.sync()
        self._say(number, step, "begin")
        self._enactor.people.step = number
        if isinstance(step, Commit):
            digest = self._lots.commit()
            recorder.entry("lot", n=number, sha256=digest)  # before anybody sees it: no other can be shown after a cut
            recorder.sync()
        if isinstance(step, Draw):
            self._lots.check(self._shown())
        with self._ports.during(number):
            outcome = self._enactor.act(step)
        recorder.entry("outcome", n=number, attempt=attempt, t_ns=bench.now_ns(), value=dict(outcome))
        recorder.sync()
        if isinstance(step, Draw):
            self._lots.drawn()
        self._say(number, step, "end")
        return outcome

    def _say(self, number: int, step: Step, moment: str) -> None:
        with contextlib.suppress(OSError):  # a terminal that is gone must not end the run
            self._progress(number, self._total, step, moment)

    def _shown(self) -> str:
        """The hash that the parties were shown."""
        shown = [str(outcome.get("sha256", "")) for step, outcome in self.replay.done if isinstance(step, Commit)]
        return shown[-1] if shown else ""

    def _again(self, step: Step, error: DataLost) -> None:
        """The sale begins anew after the operator has confirmed; once: a second loss in it ends the run."""
        number = self.replay.number
        self._recorder.entry(
            "outcome", n=number, attempt=self._attempts[number], t_ns=self._bench.now_ns(), value={"fault": str(error)}
        )
        self._recorder.sync()
        begun = self.replay.goes_on_at()
        if step.cut is not Cut.RESTART or begun in self._faulted or self.replay.confirms:
            raise error  # no delivery of a confirmation is made twice
        self._faulted.add(begun)
        self._safe()
        self.replay.rewind(begun)
        try:
            tell_lost(self._enactor, step, str(error))
        except StopAsked:  # nobody begins anew: what ends the run is the fault
            raise error from None
        recall(self._enactor, self.replay)

    def _settle(self, step: Step, standing: Standing) -> None:
        """A cut step that is not simply done again."""
        if step.cut is Cut.ABANDON:
            outcome: Outcome | None = {"abandoned": True}
        else:
            outcome = was_done(self._bench, self._enactor, self.replay, standing) if step.cut is Cut.ASK else None
        if outcome is None:
            return
        number = self.replay.number
        self._recorder.entry(
            "outcome", n=number, attempt=self._attempts[number], t_ns=self._bench.now_ns(), value=dict(outcome)
        )
        self._recorder.sync()
        self.replay.answer(outcome)

    def _clean_up(self) -> list[str]:
        """The plan's own clean-up, as far as it goes; what it could not do."""
        if not touched(self.replay, self._cut):
            return []
        steps = self._plan.clean_up(ability(self._bench.file))
        try:
            step = next(steps, None)
            while step is not None:
                self._recorder.entry("clean_up", t_ns=self._bench.now_ns(), step=described(step))
                outcome = self._enactor.act(step)
                self._recorder.entry("clean_up", t_ns=self._bench.now_ns(), step=described(step), value=dict(outcome))
                step = steps.send(outcome)
        except StopIteration:
            return []
        except (InstrumentError, BenchError, StopAsked, KeyboardInterrupt) as error:
            return [f"the clean-up was not finished: {error}"]
        return []

    def _safe(self) -> None:
        """InstrumentError where something cannot be brought to rest: nobody may be sent to the nozzle then."""
        if unsafe := self._bench.make_safe():
            raise InstrumentError("; ".join(unsafe))


class _End:
    """What became of the end of a run: everything that went wrong in it, and the first error of all."""

    def __init__(self, result: RunResult) -> None:
        self._begun = result
        self.error = result.error
        self.problems: list[str] = []

    def attempt(self, what: str, act: Callable[[], Done]) -> Done | None:
        """`act`; where it fails, `what` and why are a problem, and None is returned."""
        try:
            return act()
        except Exception as error:  # a defect of ours or of a plugin's too: what comes after must still be done
            why = str(error) or type(error).__name__
            self.problems.append(f"{what}: {why}")
            self.error = self.error or error
            return None

    def result(self) -> RunResult:
        """The run with its end: one that failed in it was not completed, and can be resumed."""
        status = self._begun.status if self.error is None else "error"
        why = "; ".join(one for one in (self._begun.why, *self.problems) if one)
        return RunResult(status, why, self.error, self._begun.resumable)
