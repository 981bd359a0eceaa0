"""Corrections of answers: the first answer stays in the journal, what the operator put in its place is what counts.

Two readings that agreed do so no longer when one of them is changed afterwards: `read_twice` is lost, the cautious way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Entry = tuple[str, Mapping[str, Any]]  # journal place, body
RESUME = "resume"  # label of what is asked before a run goes on (harness/resuming.py)


def corrected(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` with every outcome, and every reading of the registers after a gap, as its later corrections leave it.

    One that was written before its outcome is in it already.  What is read twice in a step is asked twice under one
    number: a correction of a reading that the last one has replaced changes no value.  KeyError or TypeError where a
    record lacks what its kind promises.
    """
    found = list(entries)
    outcomes: dict[int, int] = {}  # step -> index
    registers: int | None = None
    for i, (_, body) in enumerate(found):
        match body.get("kind"):
            case "outcome":
                outcomes[int(body["n"])] = i
            case "registers":
                registers = i
            case "correction" if what := _of_registers(body):
                if registers is not None:
                    place, read = found[registers]
                    found[registers] = place, {**read, what: _changed(read.get(what) or {}, body)}
            case "correction" if int(body["n"]) in outcomes:
                at = outcomes[int(body["n"])]
                place, outcome = found[at]
                found[at] = place, {**outcome, "value": _changed(outcome["value"], body)}
            case _:
                pass
    return found


def _of_registers(correction: Mapping[str, Any]) -> str:
    """What was read before the run went on, under the number of a step that had not begun; "" for any other answer."""
    verb, label = [*str(correction["key"]).split(), "", ""][:2]
    return verb.removeprefix("read-") if label == RESUME and verb.startswith("read-") else ""


def _changed(value: Mapping[str, Any], correction: Mapping[str, Any]) -> dict[str, Any]:
    name, first, now = str(correction["field"]), correction["first"], correction["now"]
    if name not in value and first is not None:
        return dict(value)
    lost = {"read_twice": False} if "read_twice" in value else {}
    same = value.get(name) is None if first is None else value.get(name) == first
    same |= str(correction["key"]).startswith("photo ")  # answered by a path, kept under the name of an original
    return {**value, **({name: now} if same else {}), **lost}
