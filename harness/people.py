"""The operator as a step meets him: corrections beside first answers, names out of the journal, photos into the case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from captures.case import Case
from fixtures.answers_file import without_home
from fixtures.bench import Bench
from fixtures.capability import Correction, Operates
from fixtures.language import mark, tell, translate
from fixtures.questions import key
from harness.originals import photo_name
from harness.private import Parties, simulated_salt
from harness.step import Choose, Confirm, Inquire, Outcome, Photo

DONE, WITHHELD = "done", "withheld"
REFUSED = mark("{text} ({why})")


class People:
    """One operator's line.  `step` is the number of the step that asks; whoever runs the plan sets it."""

    def __init__(self, bench: Bench, operator: Operates) -> None:
        self._bench, self._operator = bench, operator
        salt = {"salt": simulated_salt} if bench.declared.simulated else {}
        self._parties = Parties(bench.recorder.folder, **salt)
        self._asked_by: dict[int, int] = {}  # question -> step
        self._private: dict[int, str] = {}  # question -> key of a private answer
        self._others: dict[int, People] = {}  # by operator: what he corrects later belongs to the step he was asked in
        self.step = 0

    def through(self, operator: Operates) -> People:
        """The same for another operator of the bench: a second officer who reads the display."""
        if operator is self._operator:
            return self
        other = self._others.setdefault(id(operator), People(self._bench, operator))
        other.step = self.step
        return other

    def ask(self, verb: str, text: str, **parameters: Any) -> Mapping[str, Any]:
        """As Operates.ask; corrections of earlier answers are journalled before this returns."""
        try:
            answer = self._operator.ask(verb, text, **parameters)
        finally:
            self._correct(self._operator.corrections())
        self._asked_by[self._operator.asked] = self.step
        self._record_answer(verb, str(parameters.get("label", "")), bool(parameters.get("private")), answer)
        return answer

    def _record_answer(self, verb: str, label: str, private: bool, answer: Mapping[str, Any]) -> None:
        """What was understood, under the keys of an answers file, so that a run can be asked again (harness/asked.py)."""
        told = {name: without_home(value) if verb == "photo" and value else value for name, value in answer.items()}
        said = {key(verb, label, name): None if private else _said(value) for name, value in told.items()}
        withheld = {"private": True} if private else {}
        self._bench.recorder.entry("answer", n=self.step, **withheld, said=said or {key(verb, label, ""): DONE})

    def confirm(self, step: Confirm) -> Outcome:
        self.ask("confirm", tell(step.text), label=step.key)
        return {"confirmed": True}

    def inquire(self, step: Inquire) -> Outcome:
        answer = self.ask("ask", tell(step.text), label=step.key, private=step.private)
        if not step.private:
            return answer
        self._private[self._operator.asked] = step.key
        return self._kept(step.key, str(answer["value"]))

    def choose(self, step: Choose) -> Outcome:
        return self.ask("choose", tell(step.text), label=step.key, options=step.options)

    def photo(self, step: Photo) -> Outcome:
        """The file as it is goes into the case under the number and key of the step."""
        text = tell(step.text)
        while True:
            answer = self.ask("photo", text, label=step.key)
            if answer["file"] is None:
                return {"file": None}
            try:
                return self._imported(Path(str(answer["file"])), step.key)
            except (OSError, ValueError) as error:  # it was there when it was answered
                text = translate(REFUSED, text=tell(step.text), why=error)

    def _imported(self, source: Path, of: str) -> Outcome:
        case = Case(self._bench.recorder.folder.parent.parent)
        taken = len(list(case.originals.iterdir())) + 1
        original = case.import_original(source, self._record, photo_name(taken, of, source.suffix))
        return {"file": original.name, "sha256": original.sha256}

    def _record(self, body: Mapping[str, Any]) -> None:
        self._bench.recorder.entry(**body)

    def _kept(self, of: str, value: str) -> Outcome:
        found = self._parties.keep(of, value)
        self._bench.recorder.entry("private", key=of, sha256=found)
        return {"private": of, "sha256": found}

    def _correct(self, corrections: list[Correction]) -> None:
        for one in corrections:
            n = self._asked_by.get(one.ask, self.step)
            first, now = _said(one.first), _said(one.now)
            if one.ask in self._private:
                first, now = WITHHELD, self._kept(self._private[one.ask], str(one.now))["sha256"]
            elif one.key.startswith("photo "):
                first = None if first is None else without_home(first)
                now = None if now is None else self._imported(Path(now), one.key.removeprefix("photo "))["file"]
            self._bench.recorder.entry("correction", n=n, key=one.key, field=one.field, first=first, now=now)


def _said(value: Any) -> str | None:
    return None if value is None else str(value)
