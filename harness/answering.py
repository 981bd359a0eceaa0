"""A run that no person answers: which bench it runs on, and what is said of answers that nobody asked for."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from fixtures.answers_file import Answers, confirmed, load, nobody, without_home
from fixtures.benchfile import BenchFile
from fixtures.errors import BenchError
from fixtures.language import mark, translate
from harness.benches import with_answers
from harness.output import comment
from harness.plans import PlanSpec

OPENING = ("ask ", "confirm ")  # of every plan: what is asked before the first measurement or choice
CONSOLE, NO_INPUT = "console:", "--no-input"


def answered(bench: BenchFile, path: Path | None, no_input: bool) -> tuple[BenchFile, Answers | None]:
    """`bench` with the answers file at `path` in its people's places; with `no_input` alone, nobody at a console, nor
    where a run that was begun so goes on.

    Raises AnswerError for a file that cannot be read, BenchError where simulated instruments would wait for the
    simulated operator's hands.
    """
    if path is None:
        if any(link.url == f"answers:{NO_INPUT}" for link in bench.links.values()):
            return bench, nobody(NO_INPUT)
        waits = any(link.url == CONSOLE for link in bench.links.values())
        return (with_answers(bench, f"answers:{NO_INPUT}"), nobody(NO_INPUT)) if no_input and waits else (bench, None)
    answers = load(path)
    found = with_answers(bench, f"answers:{without_home(path)}")
    if still := sorted(name for name, link in found.links.items() if link.url.startswith("sim:")):
        raise BenchError(
            f"{bench.where}: an answers file takes the simulated operator's place, and link(s) {', '.join(still)} would "
            "wait for his hands; take a bench where people do everything, such as dispenser-k0-prover"
        )
    return found, answers


def check_beginning(plan: PlanSpec, bench: BenchFile, path: Path) -> None:
    """AnswerError at once where the file at `path` does not answer what `plan` asks before anything is decided or measured:
    it is another plan's, or another bench's.  BenchError where the bench is none for the plan."""
    from harness.asked import asked
    from harness.runner import check_stations

    check_stations(plan, bench)
    try:
        questions = [one.key for one in asked(plan, bench)]
    except BenchError:  # its instruments do what the plan asks: the questions depend on them
        return
    answers = load(path)
    for key in takewhile(lambda key: key.startswith(OPENING), questions):
        said = answers.take(key)
        if (
            key.startswith("confirm ") and said and not confirmed(answers, key, said)
        ):  # a decision, with which the run ends
            return


def name_leftovers(answers: Answers | None) -> None:
    """On stderr, the lines of the file that were not used."""
    for one in () if answers is None else answers.left():
        text = mark("{where}: line {number}: nobody asked for {key!r}")
        comment(translate(text, where=answers.where if answers else "", number=one.line, key=one.key))
