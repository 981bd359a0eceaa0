"""An edition of which somebody has compared limits and clauses with the print: the same file, each marked with who, when and against what.

A figure is lifted only where what stands in print, typed in by whoever read it, is the figure of the file (domain README, rule 4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from protocols.acceptance import figures
from protocols.acceptance.clause_parser import MOST_CONDITIONS, MOST_TESTS
from protocols.acceptance.edition import AcceptanceError, Edition
from protocols.acceptance.parser import MAX_CHARS, MAX_LIMITS, parse
from protocols.toml_tables import array, document, whole

LONGEST = 200  # characters of a name or of what was read
LIMIT = "limit"
MOST = {LIMIT: MAX_LIMITS, figures.CONDITION: MOST_CONDITIONS, figures.EQUIPMENT: MOST_CONDITIONS, figures.TEST: MOST_TESTS}  # fmt: skip


@dataclass(frozen=True)
class Read:
    """What stands in print for one limit: its figure, and its clause where that was read too."""

    value: Decimal
    clause: str = ""


@dataclass(frozen=True)
class ReadClause:
    """What stands in print for a condition, for equipment or for a test: its figures in one line (figures.py), and where."""

    kind: str
    id: str
    figures: str
    clause: str


def compared(
    text: str,
    where: str,
    read: Mapping[str, Read],
    by: str,
    against: str,
    on: str,
    clauses: tuple[ReadClause, ...] = (),
) -> str:
    """The edition `text` with the limits of `read` and with `clauses` marked as compared by `by` on `on` against `against`; all else stays as it is,
    comments too.

    AcceptanceError for a limit or clause that it does not have, for a figure that is another, and for names that no line can hold.
    """
    for what, said in (("by", by), ("against", against), ("on", on)):
        if not said.strip() or len(said) > LONGEST or not said.isprintable():
            raise AcceptanceError(
                f"{where}: {what} expected printable text of 1 to {LONGEST} characters, got {ascii(said)[:60]}"
            )
    edition, mark = parse(text, where), f"{by}, {on}, {against}"
    lines = text.split("\n")
    for id, own in read.items():
        limit = edition.limit(id)
        if limit.value != own.value:
            raise _another(where, id, str(limit.value), against, str(own.value))
        _mark(lines, where, LIMIT, id, mark, own.clause)
    for one in clauses:
        _check(edition, where, one, against)
        # what was compared stands there too: the words of a title or a prompt were not
        _mark(lines, where, one.kind, one.id, f"{mark}: {figures.WHAT[one.kind]}", one.clause)
    done = "\n".join(lines)
    parse(done, where)
    return done


def _check(edition: Edition, where: str, one: ReadClause, against: str) -> None:
    known = figures.clauses(edition)[one.kind]
    if one.id not in known:
        names = ", ".join(known) or "none: it has none"
        raise AcceptanceError(f"{where}: {one.kind} expected one of {names}, got {ascii(one.id)[:60]}")
    if not one.clause.strip():
        raise AcceptanceError(f"{where}: {one.kind} {one.id} expected the clause that was read in {against}, got none")
    own = figures.figures(known[one.id])
    if not figures.same(own, one.figures):
        raise _another(where, f"{one.kind} {one.id}", f"{own!r}", against, ascii(one.figures)[:60])


def _another(where: str, id: str, own: str, against: str, got: str) -> AcceptanceError:
    return AcceptanceError(
        f"{where}: {id} expected the {own} of the file in {against}, got {got}; "
        "mend the figure of the file, with its source, before anybody calls it verified"
    )


def _mark(lines: list[str], where: str, kind: str, id: str, mark: str, clause: str) -> None:
    first, last = _lines_of("\n".join(lines), where, kind, id)
    marked = {"verified": "true", "grade": '"V"', "compared": _quoted(mark)}
    if clause:
        marked["clause"] = _quoted(clause)
    _set(lines, first, last, marked)


def _lines_of(text: str, where: str, kind: str, id: str) -> tuple[int, int]:
    top = whole(document(text, where, MAX_CHARS, AcceptanceError), "edition", where, text, AcceptanceError)
    own = next(one for one in array(top, kind, MOST[kind], f"{kind} tables") if one.values["id"] == id)
    if own.first == 0:
        raise AcceptanceError(
            f"{where}: expected each {kind} as a [[{kind}]] table of its own, got them in another form"
        )
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
