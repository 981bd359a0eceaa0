"""What an instrument told once something was done that cannot be done again: kept as it came, whatever it lacks.

A sale is bought by surprise once.  A reading that lacks what its role is for measures nothing then; the run goes on, and
who lacked what stands in the outcome and is said to the operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fixtures.language import mark, translate
from fixtures.roles import DUTIES
from harness.derive.parts import number
from harness.output import comment

LACKS = mark(
    "{name}: its reading lacks {missing}. It is kept as it came, and what was just done counts as not measured; "
    "check the instrument and its line before going on"
)
PLAIN = (str, int, bool, type(None))


def kept(told: Mapping[str, Any]) -> dict[str, Any]:
    """`told` as the journal can hold it: what is no plain value of JSON is kept as its text."""
    return {str(key): value if type(value) in PLAIN else str(value) for key, value in told.items()}


def missing(role: str, told: Mapping[str, Any]) -> list[str]:
    """What `role` is for and `told` has not as a plain number."""
    return [key for key in DUTIES[role].keys if number(told.get(key)) is None]


def noted(name: str, keys: Iterable[str]) -> dict[str, Any]:
    """For the outcome: {"lacking": {instrument: keys}}, said to the operator as well; {} where nothing lacks."""
    lacks = list(dict.fromkeys(keys))
    if not lacks:
        return {}
    comment(translate(LACKS, name=name, missing=", ".join(lacks)))
    return {"lacking": {name: lacks}}
