"""A plan's generator brought to where a run was: finished steps are answered from the record, never done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.standing import Finished
from harness.step import (
    Continue,
    Cut,
    Deliver,
    Hire,
    Outcome,
    Plan,
    Press,
    Prove,
    Purpose,
    Read,
    Stand,
    Step,
    Vacate,
    Weigh,
    described,
)  # fmt: skip

WORDS = ("text", "title", "why", "options")  # what a step says, not what it does


class Replay:
    """The plan at one of its steps.  `step` is the one to do now, None at the end; `done` what came before it."""

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self._plan = plan
        self._begin()

    def _begin(self) -> None:
        self.done: list[tuple[Step, Outcome]] = []
        self._generator = self._plan()
        self.step: Step | None = next(self._generator, None)

    @property
    def number(self) -> int:
        return len(self.done)

    def answer(self, outcome: Outcome) -> None:
        assert self.step is not None
        self.done.append((self.step, outcome))
        try:
            self.step = self._generator.send(outcome)
        except StopIteration:
            self.step = None

    def rewind(self, number: int) -> None:
        """Back to step `number`: the generator is made anew and told the outcomes before it."""
        kept = [outcome for _, outcome in self.done[:number]]
        self._begin()
        for outcome in kept:
            self.answer(outcome)

    def follow(self, recorded: Sequence[Finished]) -> Finished | None:
        """Answer from the record as far as the plan yields what was recorded; the first step that is another one."""
        for finished in recorded:
            if self.step is None or differs(self.step, finished.step):
                return finished
            self.answer(finished.outcome)
        return None

    @property
    def confirms(self) -> bool:
        """What is delivered now is a confirmation's."""
        of = next((step.of for step, _ in reversed(self.done) if isinstance(step, Purpose)), "")
        return of == "confirmation"

    @property
    def begins_anew(self) -> bool:
        """A run that was cut at this step would make a delivery anew."""
        return self.goes_on_at() < self.number

    def goes_on_at(self) -> int:
        """The number of the step at which a run that was left here goes on.

        A sale that was not hung up begins anew at its Deliver, a trip that did not end at its Hire; so does one whose display was not read yet: what the
        display shows after a gap may be another's sale.  Everything else goes on where it was.
        """
        begun = self._open_sale()
        if begun is None and isinstance(self.step, Read) and self.step.what == "display":
            begun = self._sale_of(self.step.label)
        return self.number if begun is None else begun

    def _open_sale(self) -> int | None:
        begun: int | None = None
        for number, (step, _) in enumerate(self.done):
            match step:
                case Deliver(until_l=until_l):
                    begun = None if until_l is None else number
                case Hire() | Stand():
                    begun = number
                case Continue(until_l=None) | Vacate():
                    begun = None
                case _:
                    pass
        return begun

    def _sale_of(self, label: str) -> int | None:
        """Where the sale `label` began, if nothing but itself came since and its display was not read at its end."""
        for number in range(len(self.done) - 1, -1, -1):
            match self.done[number][0]:
                case Deliver(label=other):
                    return number if other == label else None
                case Read(what="display"):
                    return None
                case Continue(label=other) | Read(label=other) | Weigh(label=other) | Prove(label=other):
                    if other != label:
                        return None
                case Press():
                    pass
                case _:
                    return None
        return None


def differs(step: Step, recorded: Mapping[str, Any]) -> bool:
    """Whether `step` does something else than the recorded one; another wording alone is the same step."""
    return deed(as_recorded(step)) != deed(recorded)


def as_recorded(step: Step) -> dict[str, Any]:
    """`step` as it stands in a journal."""
    body: dict[str, Any] = json.loads(json.dumps(described(step)))
    return body


def deed(body: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded step without its words."""
    return {key: value for key, value in body.items() if key not in WORDS}


def asks(step: Step) -> bool:
    """Whether somebody has to say if the cut step was done."""
    return step.cut is Cut.ASK
