"""A text known again by its form: the template that it was made of, and what stood in its fields.

Sentences are stored and passed on in English, as they were made; where one is shown in another language, its template
is found among the known ones.  The search goes once along the text and takes the nearest place for each piece, so that
a hostile text of any length costs no more than its length.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from functools import cache

Form = tuple[tuple[str, ...], tuple[str, ...]]  # the pieces of text, and the names of the fields between them


def sentence(text: str, templates: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """The first of `templates` that `text` was made of, with what stood in its fields."""
    for template in templates:
        if (fields := fields_of(text, template)) is not None:
            return template, fields
    return None


def fields_of(text: str, template: str) -> dict[str, str] | None:
    """What stands in `text` where `template` has its fields; None where it was not made of it."""
    (first, *pieces), names = form(template)
    if not pieces:
        return {} if text == first else None
    last = pieces.pop()
    if not (text.startswith(first) and text.endswith(last)):
        return None
    at, end, values = len(first), len(text) - len(last), []
    for piece in pieces:
        if (found := text.find(piece, at, end)) < 0:
            return None
        values.append(text[at:found])
        at = found + len(piece)
    return dict(zip(names, (*values, text[at:end]), strict=True)) if at <= end else None


@cache
def form(template: str) -> Form:
    pieces, names, piece = [], [], ""
    for literal, name, _, _ in string.Formatter().parse(template):
        piece += literal
        if name is not None:
            pieces.append(piece)
            names.append(name)
            piece = ""
    return (*pieces, piece), tuple(names)


def closed_up(template: str, name: str, value: str) -> str:
    """`template` without the blanks that part Chinese from other writing, where its field `name` is Chinese itself."""
    field = f"{{{name}}}"
    if value and "\u4e00" <= value[0] <= "\u9fff":
        template = template.replace(f" {field}", field)
    return template.replace(f"{field} ", field) if value and "\u4e00" <= value[-1] <= "\u9fff" else template
