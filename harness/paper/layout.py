"""Lines of a verdict -> blocks: the words of a report are those of the terminal, only set otherwise.

A verdict's lines are laid out for reading: a label and two spaces before what it says, a dash before what is one of several, further in what goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from fixtures.language import mark, translate
from harness.paper.model import Block, Bullets, Facts, Paragraph, Table, Tone

RESTS_ON = mark("rests on")
LABELLED = re.compile(r"^ {0,2}(?P<label>\S(?:.*?\S)?) {2,}(?P<text>\S.*)$")
GOES_ON = re.compile(r"^ {8,}(?P<text>\S.*)$")


def blocks(lines: Iterable[str]) -> tuple[Block, ...]:
    """The lines of one part of a verdict, blank ones left out, as blocks."""
    told = [_told(line) for text in lines for line in text.split("\n") if line.strip()]
    return tuple(_joined(told))


def with_rests(table: Table) -> Table:
    """`table` with what its figures rest on as its last column, where that is told."""
    if not table.rests:
        return table
    rows = tuple((*row, " ".join(rests) or "-") for row, rests in zip(table.rows, table.rests, strict=True))
    return replace(table, columns=(*table.columns, translate(RESTS_ON)), rows=rows, rests=())


def _told(line: str) -> tuple[str, tuple[str, str]]:
    """What a line is, with its label and its text."""
    if found := GOES_ON.match(line):
        return "fact", ("", found["text"])
    for sign, kind in (("  - ", "bullet"), ("- ", "bullet"), ("  ! ", "warning"), ("! ", "warning")):
        if line.startswith(sign):
            return kind, ("", line.removeprefix(sign).strip())
    if found := LABELLED.match(line):
        return "fact", (found["label"], found["text"])
    return "plain", ("", line.strip())


def _joined(told: list[tuple[str, tuple[str, str]]]) -> Iterator[Block]:
    for kind, group in groupby(told, key=lambda one: one[0]):
        rows = tuple(row for _, row in group)
        texts = tuple(text for _, text in rows)
        match kind:
            case "fact":
                yield Facts(rows)
            case "bullet":
                yield Bullets(texts)
            case "warning":
                yield from (Paragraph(text, Tone.WARNING) for text in texts)
            case _:
                yield from (Paragraph(text) for text in texts)
