"""The tables of a report as CSV files that a spreadsheet opens: no cell of it is ever computed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from fixtures.language import speaking
from harness.paper.layout import with_rests
from harness.paper.model import Report, Section, Table

COMPUTED = ("=", "+", "-", "@", "\t", "\r")
FIGURE = re.compile(
    r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+|×10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?( ?(%|[A-Za-z][A-Za-z/]{0,11}))?", re.ASCII
)
BOM = "\ufeff"  # a spreadsheet takes Chinese text without it for another encoding


def csv_files(report: Report) -> dict[str, bytes]:
    """File name -> bytes; every table of every part, "en-errors.csv"."""
    found: dict[str, bytes] = {}
    for part in report.parts:
        for section, table in _tables(part.sections):
            name = f"{part.lang}-{table.name}.csv"
            if name in found:
                name = f"{part.lang}-{section.id}-{table.name}.csv"
            with speaking(part.lang):
                found[name] = _written(with_rests(table))
    return found


def cell(text: str) -> str:
    """`text` as it is where it is a figure or begins as no formula does, else behind an apostrophe."""
    return f"'{text}" if text.startswith(COMPUTED) and not FIGURE.fullmatch(text) else text


def _tables(sections: tuple[Section, ...]) -> Iterator[tuple[Section, Table]]:
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield section, block


def _written(table: Table) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([cell(one) for one in table.columns])
    writer.writerows([cell(one) for one in row] for row in table.rows)
    return (BOM + out.getvalue()).encode()
