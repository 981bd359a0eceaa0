"""Photos as a run stores them, and which of them a run that goes on takes in: one killed between the copy and its
journal line leaves a photo that nothing names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from captures.case import Case, Original, unrecorded

NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_NUMBER = re.compile(r"[0-9]{4,}-")


class StrayError(Exception):
    """data/originals holds what neither the journal names nor this run can have left."""


def photo_name(number: int, key: str, suffix: str) -> str:
    """The name in the case of the photo that answers `key`; a `suffix` that is none is left away."""
    suffix = suffix.lower()
    return f"{number:04d}-{_slug(key)}{suffix if SUFFIX.fullmatch(suffix) else ''}"


def left_by_cut(case: Case, begun: Iterable[Mapping[str, Any]]) -> list[Original]:
    """The photos that the cut run copied and did not record any more; `begun`: its steps as the journal has them.

    A photo of an earlier step is one too: an earlier answer may be corrected while another question is open.  Nothing is
    written.  StrayError names anything else: recorded, it would be evidence that nobody took, and a name that no system
    stores as it is would keep the journal from ever verifying again.
    """
    keys = {_slug(str(step["key"])) for step in begun if step.get("type") == "Photo"}
    found, strange = unrecorded(case)
    strange += [one.name for one in found if not _named_for(one.name, keys)]
    if strange:
        raise StrayError(
            f"{case.originals}: expected the files that the journal names and photos of this run, got "
            f"{', '.join(f'{name!r:.100}' for name in sorted(strange)[:5])}{' ...' if len(strange) > 5 else ''}"
        )
    return found


def _named_for(name: str, keys: set[str]) -> bool:
    number = _NUMBER.match(name)
    return number is not None and any(
        rest == "" or SUFFIX.fullmatch(rest) for key in keys if (rest := name.removeprefix(f"{number[0]}{key}")) != name
    )


def _slug(key: str) -> str:
    return NOT_IN_NAMES.sub("-", key.lower())
