"""An edition whose limits somebody has compared with the print: the same file, each compared limit marked with who, when and against what.

A figure is lifted only where what stands in print, typed in by whoever read it, is the figure of the file (domain README, rule 4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from protocols.acceptance.edition import AcceptanceError
from protocols.acceptance.parser import MAX_CHARS, MAX_LIMITS, parse
from protocols.toml_tables import array, document, whole

LONGEST = 200  # characters of a name or of what was read


@dataclass(frozen=True)
class Read:
    """What stands in print for one limit: its figure, and its clause where that was read too."""

    value: Decimal
    clause: str = ""


def compared(text: str, where: str, read: Mapping[str, Read], by: str, against: str, on: str) -> str:
    """The edition `text` with the limits of `read` marked as compared by `by` on `on` against `against`; all else stays as it is, comments too.

    AcceptanceError for a limit that it does not have, for a figure that is another, and for names that no line can hold.
    """
    for what, said in (("by", by), ("against", against), ("on", on)):
        if not said.strip() or len(said) > LONGEST or not said.isprintable():
            raise AcceptanceError(
                f"{where}: {what} expected printable text of 1 to {LONGEST} characters, got {ascii(said)[:60]}"
            )
    edition = parse(text, where)
    lines = text.split("\n")
    for id, own in read.items():
        limit = edition.limit(id)
        if limit.value != own.value:
            raise AcceptanceError(
                f"{where}: {id} expected the {limit.value} of the file in {against}, got {own.value}; "
                "mend the figure of the file, with its source, before anybody calls it verified"
            )
        first, last = _lines_of("\n".join(lines), where, id)
        marked = {"verified": "true", "grade": '"V"', "compared": _quoted(f"{by}, {on}, {against}")}
        if own.clause:
            marked["clause"] = _quoted(own.clause)
        _set(lines, first, last, marked)
    done = "\n".join(lines)
    parse(done, where)
    return done


def _lines_of(text: str, where: str, id: str) -> tuple[int, int]:
    top = whole(document(text, where, MAX_CHARS, AcceptanceError), "edition", where, text, AcceptanceError)
    own = next(one for one in array(top, "limit", MAX_LIMITS, "limits") if one.values["id"] == id)
    if own.first == 0:
        raise AcceptanceError(f"{where}: expected each limit as a [[limit]] table of its own, got them in another form")
    return own.first, own.last


def _set(lines: list[str], first: int, last: int, values: Mapping[str, str]) -> None:
    """Sets keys of the table between `first` and `last`; one that is not there comes behind its header."""
    for key, value in values.items():
        own = re.compile(rf"\s*{key}\s*=")
        at = next((n for n in range(first, last) if own.match(lines[n])), None)
        if at is None:
            lines[first] = f"{lines[first]}\n{key} = {value}"  # split again by whoever reads the lines next
        else:
            lines[at] = f"{key} = {value}"
    lines[first:last] = "\n".join(lines[first:last]).split("\n")


def _quoted(text: str) -> str:
    """A basic string of TOML: what JSON writes is one."""
    return json.dumps(text, ensure_ascii=False)
