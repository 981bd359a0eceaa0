"""What a case of a scale had to answer, given the stations it could observe, and whether it did (questions.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.judge.chain import stations
from harness.judge.contexts import covert
from harness.judge.contract import Question, Reading, Segment, Status
from harness.judge.loads import loadings
from harness.judge.questions import ask, ending


def questions(segments: Sequence[Segment], readings: Sequence[Reading], status: Status) -> tuple[Question, ...]:
    """The questions of this case, required ones first."""
    own = loadings(segments)
    seen = frozenset[str]().union(*(stations(segment) for segment in own)) if own else frozenset[str]()

    def by(detector: str, key: str = "") -> Callable[[Reading], bool]:
        return lambda reading: reading.detector == detector and (not key or reading.key == key)

    known = any(segment.load_kg is not None for segment in own)
    asked = [
        ask("does what is shown follow the load", readings, by("scale-error"), missing="no known load", required=known)
    ]
    knew = {covert(segment) for segment in own}
    asked.append(
        ask(
            "is a load that is watched weighed like one that is not",
            readings,
            by("load-gain", "knowledge"),
            missing="no loads weighed both for a customer and openly",
            required=len(knew) == 2,
        )
    )
    pressed = any(segment.context.get("pressed_before") or segment.context.get("events") for segment in own)
    asked.append(
        ask(
            "does a key change what the same load weighs",
            readings,
            lambda reading: (
                reading.detector == "held-load" or (reading.detector == "load-gain" and reading.key == "event")
            ),
            missing="no key was pressed",
            required=pressed,
        )
    )
    states = {segment.state for segment in own}
    asked.append(
        ask(
            "is it the same before and after power was cut",
            readings,
            by("load-gain", "state"),
            missing="power was not cut",
            required=len(states) > 1,
        )
    )
    if {"weight", "display"} <= seen:
        asked.append(ask("does the display show what the line says", readings, by("weight-law"), missing="not read"))
    if "price" in seen:
        asked.append(ask("is the price the unit price times the weight", readings, by("price-law"), missing="not read"))
    if "ticket" in seen:
        asked.append(ask("does the ticket say what was displayed", readings, by("ticket-law"), missing="not read"))
    if "record" in seen:
        asked.append(ask("does the record keep what was displayed", readings, by("ticket-law"), missing="not read"))
    zero = "does it come back to zero when it is unloaded"
    asked.append(ask(zero, readings, by("zero-return"), missing="the empty scale was not read", required=False))
    return (*asked, *ending(segments, status, "no load was weighed"))
