"""A report for a terminal: the same blocks, in columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from fixtures.language import mark, speaking, translate
from harness.paper.layout import with_rests
from harness.paper.model import Blanks, Block, Bullets, Facts, Figure, Paragraph, Part, Report, Table, Tone
from harness.report.columns import cells, column

LINE, LABEL, WIDEST = 110, 30, 44
BLANK = mark("{label}: ____________________")


def text(report: Report) -> str:
    return "\n\n\n".join(map(_spoken, report.parts))


def _spoken(part: Part) -> str:
    with speaking(part.lang):
        return "\n".join(_part(part))


def _part(part: Part) -> Iterator[str]:
    yield from (part.title, "=" * cells(part.title), part.subtitle)
    for section in part.sections:
        yield from ("", section.title, "-" * min(cells(section.title), LINE))
        for block in section.blocks:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield ("! " if block.tone is Tone.WARNING else "") + block.text
        case Bullets():
            yield from (f"- {item}" for item in block.items)
        case Facts():
            width = min(LABEL, max((cells(label) for label, _ in block.rows), default=0))
            yield from (f"{column(label, width)}  {said}" for label, said in block.rows)
        case Table() if block.rests:
            yield from _block(with_rests(block))
        case Table():
            yield from ([block.caption] if block.caption else [])
            rows = [
                [textwrap.shorten(cell, WIDEST * 2, placeholder=" ...") for cell in row]
                for row in (block.columns, *block.rows)
            ]
            widths = [min(WIDEST, max(cells(row[k]) for row in rows)) for k in range(len(block.columns))]
            yield from (
                " ".join(column(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
            )
        case Figure():
            yield f"[{block.alt}]"
        case Blanks():
            yield from (translate(BLANK, label=label) for label in block.labels)
