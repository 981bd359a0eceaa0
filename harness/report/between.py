"""Results of two cases held against each other, for people and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fixtures.language import in_a_row, listed, mark, tell, translate
from harness.acceptance.between import Compared, Comparison
from harness.metrology.comparison import Standing
from harness.report.columns import column
from harness.report.protocol import FORMULAS, figure

STANDINGS = {
    Standing.FINE: mark("within what their uncertainty explains"), Standing.QUESTIONABLE: mark("questionable"),
    Standing.ACTION: mark("beyond what their uncertainty explains"),
}  # fmt: skip
HEAD = mark("{case} against {reference}, by edition {edition}")
OTHER = mark("not one instrument by their numbers, {one} and {other}: what differs may be the instruments")
SHARED = mark(
    "both rest on {certificates}: what is not known of it is the same in both, and the scores come out too small"
)
BY_GROUPS = mark("no protocol of acceptance tests in both: errors of indication by phase, sealed state and flow")
BEYOND = mark("{far} of {n} beyond what their uncertainty explains; of results that agree about one in twenty is")
LEFT_OUT = mark("not compared: {result}: {why}")
COLUMNS = (mark("test"), mark("formula"), mark("point"), mark("value"), mark("U"), mark("reference case"), mark("U"))
WIDTHS = (18, 22, 28, 13, 13, 14, 13)
SCORE_WIDTH = 6


def between_text(found: Comparison, cases: Sequence[str]) -> str:
    names = [column(score.name, SCORE_WIDTH) for score in found.rows[0].scores]
    heads = [column(translate(head), width) for head, width in zip(COLUMNS, WIDTHS, strict=True)]
    lines = [*between_heads(found, cases), "", " ".join([*heads, *names]).rstrip(), *map(_row, found.rows), ""]
    return "\n".join([*lines, *left_out_lines(found), translate(BEYOND, far=scored_beyond(found), n=len(found.rows))])


def between_heads(found: Comparison, cases: Sequence[str]) -> list[str]:
    """What is compared, and what limits it, each of these behind an exclamation mark."""
    lines = [translate(HEAD, case=cases[0], reference=cases[1], edition=found.edition)]
    one, other = found.instruments
    if one != other:
        lines.append("! " + translate(OTHER, one=one, other=other))
    if found.shared:
        lines.append("! " + translate(SHARED, certificates=listed(found.shared)))
    if found.basis != "protocol":
        lines.append(translate(BY_GROUPS))
    return lines


def left_out_lines(found: Comparison) -> list[str]:
    return [
        translate(LEFT_OUT, result=in_a_row((one.test, tell(FORMULAS[one.formula]), one.at)), why=tell(one.why))
        for one in found.left_out
    ]


def scored_beyond(found: Comparison) -> int:
    return sum(row.standing is Standing.ACTION for row in found.rows)


def between_document(found: Comparison, cases: Sequence[str]) -> dict[str, Any]:
    return {
        "cases": list(cases), "edition": found.edition, "basis": found.basis, "instruments": list(found.instruments),
        "shared_standards": list(found.shared), "results": [{**asdict(row), "standing": row.standing} for row in found.rows],
        "not_compared": [asdict(one) for one in found.left_out],
    }  # fmt: skip


def result_cells(row: Compared) -> tuple[str, ...]:
    """One result under COLUMNS, then its scores and what they mean."""
    of = row.own, row.reference
    figures = [
        text for one in of for text in (figure(one.value, one.unit), figure(one.k * one.u, one.unit).lstrip("+"))
    ]
    scores = [f"{score.value:+.2f}" for score in row.scores]
    return row.test, translate(FORMULAS[row.formula]), row.at, *figures, *scores, translate(STANDINGS[row.standing])


def _row(row: Compared) -> str:
    cells = result_cells(row)
    widths = (*WIDTHS, *[SCORE_WIDTH] * len(row.scores))
    return " ".join([*(column(cell, width) for cell, width in zip(cells[:-1], widths, strict=True)), cells[-1]])
