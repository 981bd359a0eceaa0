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
    errors_of_indication,
    errors_of_weighing,
    questions,
    questions_scale,
    questions_taxi,
)
from harness.judge.contract import ConformityResult, Question, Reading, Segment, Status


@dataclass(frozen=True)
class Family:
    conformity: Callable[[Sequence[Segment], Mapping[str, Any], Any], ConformityResult]
    questions: Callable[[Sequence[Segment], Sequence[Reading], Status], tuple[Question, ...]]
    notes: Callable[[Sequence[Segment], Mapping[str, Any]], list[str]] = lambda segments, profile: []
    quantity: Callable[[Mapping[str, Any]], str] = lambda profile: str(profile.get("quantity_unit", "L"))
    # whether one run of a search is off so far that it is made again, by profile and edition
    shows: Callable[[Segment, Mapping[str, Any], Any], bool] = lambda segment, profile, edition: (
        errors_of_indication.shows(segment, float(edition.limit("mpe").value), profile)
    )


DISPENSER = Family(conformity.conformity, questions.questions)
SCALE = Family(
    conformity_scale.conformity,
    questions_scale.questions,
    codes_tried.notes,
    lambda profile: "kg",
    lambda segment, profile, edition: errors_of_weighing.shows(segment, profile),
)
TAXIMETER = Family(conformity_taxi.conformity, questions_taxi.questions, quantity=lambda profile: "km")
_BY_NAME = {"scale": SCALE, "taximeter": TAXIMETER}


def family(edition: str) -> Family:
    """By the family of the acceptance edition."""
    return _BY_NAME.get(edition, DISPENSER)
