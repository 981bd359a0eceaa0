"""Corrections of answers: the first answer stays in the journal, what the operator put in its place is what counts.

Two readings that agreed do so no longer when one of them is changed afterwards: `read_twice` is lost, the cautious way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Entry = tuple[str, Mapping[str, Any]]  # journal place, body


def corrected(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` with every outcome as its later corrections leave it.

    One that was written before its outcome is in it already.  KeyError or TypeError where a record lacks what its kind
    promises.
    """
    found = list(entries)
    outcomes: dict[int, int] = {}  # step -> index
    for i, (_, body) in enumerate(found):
        if body.get("kind") == "outcome":
            outcomes[int(body["n"])] = i
        elif body.get("kind") == "correction" and int(body["n"]) in outcomes:
            at = outcomes[int(body["n"])]
            place, outcome = found[at]
            value = dict(outcome["value"])
            if body["field"] in value or body["first"] is None:
                value |= {str(body["field"]): body["now"], **({"read_twice": False} if "read_twice" in value else {})}
                found[at] = place, {**outcome, "value": value}
    return found
