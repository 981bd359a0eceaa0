"""Columns of a CSV file by their names, as numbers or texts; every complaint names file and line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from harness.metrology.errors import MetrologyError

MOST_BYTES, MOST_ROWS, MOST_DIGITS = 256 << 20, 2_000_000, 30


def columns(path: Path, wanted: Sequence[str], texts: Sequence[str] = ()) -> dict[str, list[str]]:
    """The `wanted` columns of a UTF-8 file with a header, those of `texts` as they stand, others as numbers in text, checked.

    MetrologyError for a column that is not there or there twice, a row that is too short, or what is no number.
    """
    if path.stat().st_size > MOST_BYTES:
        raise MetrologyError(f"{path.name}: expected at most {MOST_BYTES >> 20} MB, got {path.stat().st_size >> 20}")
    found: dict[str, list[str]] = {name: [] for name in wanted}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            head = [cell.strip() for cell in next(rows, [])]
            for name in wanted:
                if head.count(name) != 1:
                    raise MetrologyError(
                        f"{path.name}, line 1: expected one column {name!r}, got {', '.join(head)[:200] or 'an empty file'}"
                    )
            at = {name: head.index(name) for name in wanted}
            for number, row in enumerate(rows, 1):
                if not row:
                    continue
                if number > MOST_ROWS:
                    raise MetrologyError(f"{path.name}: expected at most {MOST_ROWS} rows")
                for name, place in at.items():
                    cell = row[place].strip() if place < len(row) else ""
                    if name not in texts:
                        _number(cell, path, rows.line_num, name)
                    elif not cell:
                        raise MetrologyError(f"{path.name}, line {rows.line_num}: {name} expected a name, got nothing")
                    found[name].append(cell)
    except UnicodeDecodeError as error:
        raise MetrologyError(f"{path.name}: expected UTF-8 text, got a byte that is none at {error.start}") from error
    except csv.Error as error:
        raise MetrologyError(f"{path.name}, line {rows.line_num}: expected CSV, got an error: {error}") from error
    return found


def decimals(texts: Sequence[str]) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def _number(cell: str, path: Path, line: int, name: str) -> None:
    try:
        value = Decimal(cell)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or len(cell) > MOST_DIGITS or abs(value) >= 10**12:
        raise MetrologyError(
            f"{path.name}, line {line}: {name} expected a number with a decimal point, got {ascii(cell)[:40]}"
        )
