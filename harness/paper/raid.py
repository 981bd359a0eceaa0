"""The raid report, 技术分析报告: the answer, the chain, each finding with what it rests on and what else was considered, and how far one could see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fixtures.language import language, mark, translate
from harness.paper.chain_figure import chain_figure
from harness.paper.layout import blocks
from harness.paper.model import Block, Figure, Paragraph, Part, Section, Tone
from harness.paper.sections import ONE_OF, closing, errors_section, runs_section
from harness.paper.source import Source
from harness.report.account import LITRES
from harness.report.examined import examined
from harness.report.site import site_head
from harness.report.text import INTEGRITY, Told, integrity_line, verdict_parts

TITLE = mark("Technical analysis report")
SPEAKS = mark(
    "Findings speak of an element of the instrument and of the context in which it acts, never of a person or a purpose. Each figure is stated "
    "with its uncertainty; what was assumed, what was not looked at and what no test of this kind can reach is said in its own section."
)
HEADS = {  # the tests of an edition have a report of their own (laboratory.py)
    "answers": mark("What the case had to answer"), "searched": mark("What was searched"), "identity": mark("What the instrument says of itself"),
    "budget": mark("How the false-accusation budget is spent"), "notes": mark("Notes"),
}  # fmt: skip
HEADED = ("answers", "budget")  # whose first line is the heading itself


def raid_part(source: Source, pictures: Mapping[str, Figure]) -> Part:
    """In the language that is spoken.  `pictures` by instrument and name, "N1/evidence", for those that were drawn."""
    named = source.document.get("site") or source.document["instrument"]
    return Part(
        language()[:2],
        translate(TITLE),
        translate(examined(source.document).subtitle, instrument=named),
        tuple(_sections(source, pictures)),
    )


def _sections(source: Source, pictures: Mapping[str, Figure]) -> Iterator[Section]:
    several = len(source.verdicts) > 1 or "instruments" in source.document
    if several:
        yield Section("site", translate(mark("The site")), blocks(site_head(source.document)[2:]))
    for number, document in enumerate(source.verdicts, 1):
        prefix = f"i{number}-" if several else ""
        for section in verdict_sections(source, document, pictures, f"{document['instrument']} " if several else ""):
            title = (
                translate(ONE_OF, instrument=document["instrument"], section=section.title)
                if several
                else section.title
            )
            yield Section(prefix + section.id, title, section.blocks, section.traces)
    yield from closing(source)


def verdict_sections(
    source: Source, document: Mapping[str, Any], pictures: Mapping[str, Figure], prefix: str = ""
) -> Iterator[Section]:
    """What is said of one instrument.  `prefix`: what its segments are called by before their ids (source.named)."""
    told = verdict_parts(document)
    summary = next(part for part in told if part.part == "summary")
    chain = chain_figure(document)
    answer = Paragraph(translate(INTEGRITY[document["integrity"]]), Tone.LEAD)
    details = blocks(line for line in summary.lines if line != integrity_line(document))
    own: list[Block] = [answer, *details, *([] if chain is None else [chain]), Paragraph(translate(SPEAKS), Tone.FINE)]
    yield Section("summary", translate(mark("Summary")), tuple(own))
    for part in told:
        if part.part == "finding":
            yield _finding(part, document, prefix)
    drawn = [figure for name, figure in pictures.items() if name.startswith(f"{document['instrument']}/")]
    if drawn:
        yield Section("pictures", translate(mark("Pictures")), tuple(drawn))
    for part in told:
        if part.part in HEADS and part.lines:
            lines = part.lines[1:] if part.part in HEADED else part.lines
            yield Section(part.part, translate(HEADS[part.part]), blocks(lines))
    unit = str(document.get("quantity", LITRES))
    for table in (errors_section(document, prefix), runs_section(source, document, unit, prefix)):
        if table is not None:
            yield table


def _finding(part: Told, document: Mapping[str, Any], prefix: str) -> Section:
    traces = tuple(prefix + id for id in document["findings"][part.finding - 1]["segments"])
    return Section(f"finding-{part.finding}", part.lines[0], blocks(part.lines[1:]), traces)
