"""What differs from family to family in a judgement: how conformity is decided, what a case has to answer, what
is said of what was tried.

Everything else (evidence, findings, honest causes, levels) knows segments, links and readings, and no kind of instrument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judge import (
    codes_tried,
    conformity,
    conformity_scale,
    conformity_taxi,
    errors_of_weighing,
    questions,
    questions_scale,
    questions_taxi,
    trips_shown,
)
from harness.judge.contract import ConformityResult, Question, Reading, Segment, Status
from harness.judge.errors_of_indication import shows


def _sale_shows(segment: Segment, every: Sequence[Segment], limits: Any, profile: Mapping[str, Any]) -> bool:
    return shows(segment, float(limits.limit("mpe").value), profile)


@dataclass(frozen=True)
class Family:
    """`shows`: whether one run of a search, among all segments of the case, is off so far that it is made again.  `alone`: tests whose hit has a
    run made again, beside those that speak of each segment alone (harness/families.py)."""

    conformity: Callable[[Sequence[Segment], Mapping[str, Any], Any], ConformityResult]
    questions: Callable[[Sequence[Segment], Sequence[Reading], Status], tuple[Question, ...]]
    notes: Callable[[Sequence[Segment], Mapping[str, Any]], list[str]] = lambda segments, profile: []
    quantity: Callable[[Mapping[str, Any]], str] = lambda profile: str(profile.get("quantity_unit", "L"))
    shows: Callable[[Segment, Sequence[Segment], Any, Mapping[str, Any]], bool] = _sale_shows
    alone: frozenset[str] = frozenset()


DISPENSER = Family(conformity.conformity, questions.questions)
SCALE = Family(
    conformity_scale.conformity, questions_scale.questions, codes_tried.notes, lambda profile: "kg",
    shows=lambda segment, found, edition, profile: errors_of_weighing.shows(segment, profile),
)  # fmt: skip
TAXIMETER = Family(
    conformity_taxi.conformity, questions_taxi.questions, quantity=lambda profile: "km", shows=trips_shown.shows, alone=frozenset({"fare-replay"})
)  # fmt: skip
_BY_NAME = {"scale": SCALE, "taximeter": TAXIMETER}


def family(edition: str) -> Family:
    """By the family of the acceptance edition."""
    return _BY_NAME.get(edition, DISPENSER)
