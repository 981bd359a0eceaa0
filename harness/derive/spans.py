"""Starts of the program and attempts at a step: what of a resumed journal stands, and where its time has a gap.

A run that was cut and resumed has several spans, each with its own clock anchor; between two lies a gap in which nobody
listened.  A `step` with number n supersedes every earlier step and outcome with number n or more: their lines stay, their
windows are void.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Entry = tuple[str, Mapping[str, Any]]
GIVEN_UP = "given-up"  # an extension ends at step n: what was begun of it from there on does not stand
VOID = "void-"  # put before the kind of a step or outcome that a later attempt has superseded
NEVER_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class Span:
    """One start of the program: number n from 0, and its window; the last one is open at its end."""

    n: int
    begin_ns: int
    end_ns: int = NEVER_NS

    def holds(self, t_ns: int) -> bool:
        return self.begin_ns <= t_ns < self.end_ns


WHOLE = (Span(0, -NEVER_NS),)  # a journal of one start: nothing is cut off at either end


def spans(entries: Sequence[Entry]) -> tuple[Span, ...]:
    """The spans of a journal in order.  What lies between the end of one and the begin of the next is the gap.

    Raises ValueError when time runs backwards from one span to the next.
    """
    begins = [int(body["t_ns"]) for _, body in entries if body.get("kind") == "span"]
    ends = [int(body["from_ns"]) + 1 for _, body in entries if body.get("kind") == "gap"]
    if len(begins) < 2:
        return WHOLE
    if len(ends) != len(begins) - 1:
        raise ValueError(f"expected a gap for each of {len(begins) - 1} resumed spans, got {len(ends)}")
    found = [Span(0, -NEVER_NS, ends[0])]
    for n, begin_ns in enumerate(begins[1:], 1):
        if begin_ns < ends[n - 1]:
            raise ValueError(f"expected span {n} to begin after the gap before it, got {begin_ns} ns")
        found.append(Span(n, begin_ns, ends[n] if n < len(ends) else NEVER_NS))
    return tuple(found)


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` with the kind of every superseded step and outcome changed to `VOID` + kind."""
    stands: list[tuple[int, int]] = []  # (step number, index of entry) not superseded so far
    void: set[int] = set()
    for index, (_, body) in enumerate(entries):
        kind = body.get("kind")
        if kind in ("step", GIVEN_UP):
            number = int(body["n"])
            while stands and stands[-1][0] >= number:
                void.add(stands.pop()[1])
        if kind in ("step", "outcome"):
            stands.append((int(body["n"]), index))
    if not void:
        return list(entries)
    return [
        (place, {**body, "kind": f"{VOID}{body['kind']}"} if index in void else body)
        for index, (place, body) in enumerate(entries)
    ]
