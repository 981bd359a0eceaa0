"""Two cases held against each other: every result that both have, with its scores."""

from __future__ import annotations

from collections.abc import Sequence

from fixtures.language import language, mark, tell, translate
from harness.acceptance.between import Comparison
from harness.paper.model import Block, Bullets, Paragraph, Part, Section, Table, Tone
from harness.paper.sections import case_section, signatures
from harness.paper.source import Source
from harness.report.between import BEYOND, COLUMNS, between_heads, left_out_lines, result_cells, scored_beyond

TITLE = mark("Comparison of two cases")


def comparison_part(found: Comparison, sources: Sequence[Source]) -> Part:
    """`sources`: the case and the one it is held against."""
    heads = between_heads(found, [source.id for source in sources])
    scores = tuple(score.name for score in found.rows[0].scores) if found.rows else ()
    columns = (*map(translate, COLUMNS), *scores, translate(mark("standing")))
    rows = tuple(result_cells(row) for row in found.rows)
    beyond = translate(BEYOND, far=scored_beyond(found), n=len(found.rows))
    blocks: list[Block] = [Paragraph(line.removeprefix("! "), Tone.WARNING) for line in heads[1:]]
    blocks += [Table("comparison", columns, rows), Paragraph(beyond, Tone.LEAD)]
    if left := left_out_lines(found):
        blocks.append(Bullets(tuple(left)))
    cases = [
        Section(f"case-{number}", tell(source.id), case_section(source).blocks)
        for number, source in enumerate(sources, 1)
    ]
    body = Section("results", translate(mark("Results")), tuple(blocks))
    return Part(language()[:2], translate(TITLE), heads[0], (body, *cases, signatures()))
