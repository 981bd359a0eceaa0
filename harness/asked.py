"""What a plan asks of people on a bench, and what was answered in a recorded run: both as lines of an answers file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from captures.case import Case
from captures.errors import IntegrityError
from captures.journal import read_lines
from fixtures.answers_file import AnswersLink, AnswersSource, nobody
from fixtures.bench import Bench
from fixtures.benchfile import BenchFile
from fixtures.clock import VirtualClock
from fixtures.errors import BenchError
from fixtures.language import mark, translate
from fixtures.plugins import specs
from fixtures.questions import ANSWERS, Choice, Done, Number, Question, Shown
from fixtures.recorder import Recorder
from harness.enact import READ_AT, Enactor, ability
from harness.plans import PlanSpec
from harness.private import Parties
from harness.step import Choose, Outcome, Read

OPERATOR = "operator"
NO_LOTS = "0" * 32  # nothing is drawn by it
DONE = mark("write `done`; where it was not done, `no` and why")  # a file's empty line confirms nothing


class Asked(NamedTuple):
    """One field of one question, as an answers file names it."""

    key: str
    text: str


class _Clerk(AnswersLink):
    """Writes down what is asked, and says what leads on: nothing displayed, every reading as the bench declares it."""

    def __init__(self, name: str, source: AnswersSource, file: BenchFile) -> None:
        super().__init__(nobody(), name, True, lambda data: source.put(name, data))
        self.asked: list[Asked] = []
        self.options: tuple[tuple[str, str], ...] = ()  # of the step that asks, as a person is shown them
        self._reference = file.reference

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        verb = "-".join([request["verb"], *([request["what"]] if "what" in request else [])])
        shown = dict(self.options)
        options = tuple((value, shown.get(value, value)) for value in request.get("options", ()))
        question = Question(verb if verb in ANSWERS else request["verb"], request["text"], options=options)
        answer: dict[str, Any] = {"id": request["id"], "ok": True}
        for field, key in request["fields"].items():
            kind = question.fields[field][1]
            wanted = translate(DONE) if isinstance(kind, Done) else question.prompt(field)
            text = translate(mark("{question}: {wanted}"), question=question.text, wanted=wanted)
            self.asked.append(Asked(key, text))
            if isinstance(kind, Choice):
                answer[field] = kind.options[0][0]
            elif isinstance(kind, Number):
                answer[field] = self._reading(field, kind)
            elif isinstance(kind, Shown):
                answer[field] = "0"
            else:
                answer[field] = "none" if field else ""
        return answer

    def _reading(self, field: str, kind: Number) -> str:
        if field in ("h0_mm", "h_mm"):
            return str(self._reference.get("h0_mm", "0"))
        if not kind.needed:
            return ""
        return {"gross_g": "2", "tare_g": "1", "gross_kg": "2", "tare_kg": "1", "after_kg": "1"}.get(field, kind.least)


def asked(plan: PlanSpec, file: BenchFile) -> list[Asked]:
    """The questions of `plan` in order, in the operator's language, where every reading is as it should be: a reading
    that is taken again is one more line.

    Raises BenchError for a bench whose instruments do what the plan asks: then the questions depend on them.
    """
    by_instrument = sorted({role for role, name in file.roles.items() if not _person(file, name)})
    if by_instrument:
        raise BenchError(
            f"{file.where}: expected a bench where people do everything, but instruments fill {', '.join(by_instrument)}: "
            "which questions are left depends on them; take the kit K0"
        )
    people = _people_only(file)
    with tempfile.TemporaryDirectory() as folder:
        clock = VirtualClock()
        source = AnswersSource(clock)
        clerks = {name: _Clerk(name, source, file) for name in people.links}
        recorder = Recorder.create(Case.create(Path(folder) / "case").journal, clock, {"bench": file.text})
        bench = Bench(people, specs("instruments"), clock, source, clerks, recorder)
        enactor = Enactor(bench, dict, NO_LOTS)
        steps = plan.steps(ability(file))
        outcome: Outcome | None = None
        while True:
            try:
                step = next(steps) if outcome is None else steps.send(outcome)
            except StopIteration:
                break
            at = READ_AT.get(step.what, step.what) if isinstance(step, Read) else ""
            for clerk in clerks.values():
                clerk.options = step.options if isinstance(step, Choose) else ()
            heard = isinstance(step, Read) and at not in people.stations  # by a listening instrument
            outcome = {} if heard else enactor.act(step)
        recorder.close("complete")
        bench.close()
    return [one for clerk in clerks.values() for one in clerk.asked]


def _person(file: BenchFile, name: str) -> bool:
    return file.instruments[name].driver == OPERATOR


def _people_only(file: BenchFile) -> BenchFile:
    """The bench without its listening instruments: they answer no question."""
    instruments = {
        name: replace(one, options={key: value for key, value in one.options.items() if key != "console"})
        for name, one in file.instruments.items()
        if one.driver == OPERATOR
    }
    used = {link for one in instruments.values() for link in one.links.values()}
    stations = {station: name for station, name in file.stations.items() if name in instruments}
    links = {name: link for name, link in file.links.items() if name in used}
    return replace(file, instruments=instruments, links=links, stations=stations)


def recorded_answers(case: Case) -> list[tuple[str, str]]:
    """(key, answer) of a recorded run in order: corrected ones as they hold now, repeated steps as they were done last.

    Raises IntegrityError where the journal does not verify, or a private answer is not where it should be.
    """
    found: list[tuple[int, str, str | None]] = []  # step, key, answer; None where it is private
    for line in read_lines(case.journal):
        where = f"{line.file} line {line.number}"
        match line.body:
            case {"kind": "step", "n": int(n)}:
                found = [one for one in found if one[0] < n]
            case {"kind": "answer", "n": int(n), "said": dict(said), "private": True}:
                found += [(n, str(key), None) for key in said]
            case {"kind": "answer", "n": int(n), "said": dict(said)}:
                found += [(n, str(key), "" if value is None else str(value)) for key, value in said.items()]
            case {"kind": "correction", "n": int(n), "key": str(key), "first": first, "now": now}:
                found = _corrected(found, (n, key), first, now, where)
            case _:
                pass
    private = Parties(case.journal).latest()
    answers = []
    for _, key, public in found:
        answer = private.get(key.removeprefix("ask ")) if public is None else public
        if answer is None:
            raise IntegrityError(f"{case.path}: the private answer {key!r} is not in data/parties.json")
        answers.append((key, answer))
    return answers


def _corrected(
    found: list[tuple[int, str, str | None]], of: tuple[int, str], first: Any, now: Any, where: str
) -> list[tuple[int, str, str | None]]:
    """`found` with the last answer of that step and key changed; a private one holds its own latest."""
    for i in range(len(found) - 1, -1, -1):
        n, key, said = found[i]
        if (n, key) == of:
            if said is None:
                return found
            if said != ("" if first is None else first):
                raise IntegrityError(f"{where}: a correction of {key!r} from {first!r}, but the answer was {said!r}")
            return [*found[:i], (n, key, "" if now is None else str(now)), *found[i + 1 :]]
    return found  # changed before its question was through: the answer that follows holds
