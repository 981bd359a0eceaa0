"""What the solver found, a tariff and hypothesis at a time: the constants under which some reading explains the course, or
the first reading of the display that none explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocols.tariff.observed import Constant, Explanation, Failure


@dataclass(frozen=True, slots=True)
class Answer:
    """One tariff under one hypothesis, over all its readings.

    explained  True: some reading has an example.  None: none has, but some could not be excluded.  False: all are excluded
    possible   readings that are not excluded, of `readings`
    hull       for each free constant the least interval outside of which no reading explains the course
    failure    of the reading that goes furthest; only where all are excluded
    complete   no search ran out of work
    """

    tariff: str
    hypothesis: str
    explained: bool | None
    possible: int
    readings: int
    hull: Mapping[Constant, tuple[float, float]]
    failure: Failure | None
    complete: bool
    examples: tuple[Explanation, ...]


def answers(found: Iterable[Explanation]) -> list[Answer]:
    """One answer for each tariff and hypothesis, in the order in which they come."""
    groups: dict[tuple[str, str], list[Explanation]] = {}
    for one in found:
        groups.setdefault((one.tariff, one.hypothesis), []).append(one)
    return [_answer(*key, own) for key, own in groups.items()]


def _answer(tariff: str, hypothesis: str, own: list[Explanation]) -> Answer:
    possible = [one for one in own if one.explained is not False]
    hull: dict[Constant, tuple[float, float]] = {}
    for one in possible:
        for constant, (low, high) in one.hull.items():
            before = hull.get(constant, (low, high))
            hull[constant] = min(low, before[0]), max(high, before[1])
    examples = tuple(one for one in possible if one.explained) or tuple(possible)
    failures = [one.failure for one in own if one.failure is not None]
    return Answer(
        tariff,
        hypothesis,
        True if any(one.explained for one in own) else None if possible else False,
        len(possible),
        len(own),
        hull,
        None if possible else max(failures, key=lambda failure: failure.index),
        all(one.complete for one in own),
        examples,
    )
