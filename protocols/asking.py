"""How a device that does not speak by itself is asked what it shows.

Only questions: what zeroes, tares, sets or resets a device stands in no `Asking`, so that it cannot be sent to an instrument
under test.  Deadlines and repeats belong to drivers; the figures here say how long a device may take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.contract import Message

ANSWER_NS = (
    1_000_000_000  # derived: one weight cycle and the line, with room; a scale of a shop updates at 5 Hz or more
)


@dataclass(frozen=True, slots=True)
class Question:
    """`fits`: whether a message can be its answer, whatever it says."""

    request: Message
    fits: Callable[[Message], bool]


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of a protocol by name, the usual one first.

    `gap_ns`: least time between two commands.  `step`: what changes nothing and is answered unlike everything else, None
    where there is nothing of the kind (fixtures/pairing.py).
    """

    questions: Mapping[str, Question]
    gap_ns: int = 0
    answer_ns: int = ANSWER_NS
    step: Question | None = None
