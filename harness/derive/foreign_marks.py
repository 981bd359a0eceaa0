"""Marks of a recording made elsewhere, from a CSV file: when, what, and what was said about it.

Columns `time_s` (exact seconds of the capture) or `tick`, `kind`, `payload` (empty, a JSON object, or text), and
optionally `u_s`, how well the time is known; without it half a unit of the last digit that was written.
"""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from captures.errors import CaptureError
from captures.model import Capture, Mark, MarkSource

MAX_BYTES = 16 << 20
MAX_MARKS = 100_000
_TIME = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9 _.-]{0,63}")
_COLUMNS = ("kind", "payload")


def read_marks(path: Path, capture: Capture) -> tuple[Mark, ...]:
    """The marks of the file at `path`, in order of time.  CaptureError says what was expected in which line."""
    with open(path, "rb") as handle:
        raw = handle.read(MAX_BYTES + 1)
    where = repr(path.name)
    if len(raw) > MAX_BYTES:
        raise CaptureError(f"{where}: expected at most {MAX_BYTES} bytes of marks")
    try:
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise CaptureError(f"{where}: expected CSV in UTF-8 ({problem})") from None
    if len(rows) > MAX_MARKS:
        raise CaptureError(f"{where}: expected at most {MAX_MARKS} marks, got {len(rows)}")
    return tuple(
        sorted((_mark(row, f"{where} mark {n}", capture) for n, row in enumerate(rows, 1)), key=lambda m: m.t_ns)
    )


def _mark(row: dict[Any, Any], where: str, capture: Capture) -> Mark:
    columns = set(row)
    column = "tick" if "tick" in columns else "time_s"
    if columns - {"u_s"} != {column, *_COLUMNS} or None in row.values():
        raise CaptureError(f"{where}: expected columns time_s or tick, kind, payload and perhaps u_s, got {row!r:.120}")
    kind = row["kind"].strip()
    if _KIND.fullmatch(kind) is None:
        raise CaptureError(
            f"{where}: expected a kind of letters, digits and blanks, e.g. press remote, got {kind!r:.80}"
        )
    text, unsure = row[column].strip(), (row.get("u_s") or "").strip()
    if _TIME.fullmatch(text) is None or (unsure and _TIME.fullmatch(unsure) is None) or unsure.startswith("-"):
        raise CaptureError(f"{where}: expected plain decimal times, got {text!r:.40} and {unsure!r:.40}")
    ns = Fraction(10**9)
    if column == "tick":
        ticks = {train.tick_s for train in capture.trains}
        tick_s = ticks.pop()
        if ticks or tick_s is None:
            raise CaptureError(f"{where}: expected one known tick in the recording for column tick; write time_s")
        ns *= tick_s
    exponent = Decimal(text).as_tuple().exponent
    assert isinstance(exponent, int)
    half = Fraction(10) ** exponent * ns / 2
    u = Fraction(unsure) * 10**9 if unsure else half
    return Mark(
        (Fraction(text) * ns).__round__(),
        u.__ceil__(),
        MarkSource.IMPORT,
        kind,
        _payload(row["payload"].strip(), where),
    )


def _payload(text: str, where: str) -> dict[str, Any]:
    if not text:
        return {}
    if not text.startswith("{"):
        return {"text": text}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise CaptureError(f"{where}: payload: expected text or a JSON object ({problem})") from None
    return dict(said)
