"""data/case.json: what a case is called and which sealed case it follows.  Written once, when the case is made."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captures.bag import read_small
from captures.case import Case, put_file
from captures.errors import IntegrityError
from captures.layout import RECORD

_SCHEMA = "shortmeasure/case/1"
_MAX_BYTES = 64 << 10
_KEYS = {"schema", "id", "opened_utc", "after"}
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class After:
    """The sealed case that this one follows: results computed later go into a case of their own."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """`opened_utc`: ISO 8601 with Z; empty where the case was made by a run alone."""

    id: str
    opened_utc: str = ""
    after: After | None = None


def checked_id(text: str) -> str:
    """A case number: one printable line of at most 120 characters; ValueError otherwise."""
    if not text or len(text) > 120 or not text.isprintable() or text.strip() != text:
        raise ValueError(f"case number {text!r:.160}: expected one printable line of 1 to 120 characters")
    return text


def checked_utc(text: str) -> str:
    if _UTC.fullmatch(text) is None:
        raise ValueError(f"expected UTC such as 2026-03-01T09:30:00Z, got {text!r:.80}")
    return text


def new_case(path: Path, record: CaseRecord) -> Case:
    """A case folder that holds nothing but its record; a run or an import may begin in it."""
    checked_id(record.id)
    checked_utc(record.opened_utc)
    if os.path.lexists(path / "data" / RECORD):
        raise FileExistsError(f"{path}: expected a new or empty folder for the case; a case is there already")
    case = Case.create(path)
    after = None if record.after is None else {"id": record.after.id, "digest": record.after.digest}
    body = {"schema": _SCHEMA, "id": record.id, "opened_utc": record.opened_utc, "after": after}
    put_file(case, case.path / "data" / RECORD, json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8") + b"\n")
    return case


def read_record(case: Case) -> CaseRecord:
    """The record of `case`; one without is called by its folder's name.  IntegrityError when it is damaged."""
    path = case.path / "data" / RECORD
    if not os.path.lexists(path):
        return CaseRecord(_folder_name(case.path))
    try:
        body = json.loads(read_small(path, _MAX_BYTES).decode("utf-8"))
        return _parsed(body)
    except (ValueError, RecursionError, KeyError, TypeError) as problem:
        raise IntegrityError(f"{path}: expected the record that `case new` wrote, got {problem!s:.160}") from None


def _parsed(body: Any) -> CaseRecord:
    if not isinstance(body, dict) or set(body) != _KEYS or body["schema"] != _SCHEMA:
        raise ValueError(f"{body!r:.120}")
    after = body["after"]
    if after is not None:
        if set(after) != {"id", "digest"} or re.fullmatch(r"[0-9a-f]{64}", after["digest"]) is None:
            raise ValueError(f"{after!r:.120}")
        after = After(checked_id(after["id"]), after["digest"])
    return CaseRecord(checked_id(body["id"]), checked_utc(body["opened_utc"]), after)


def _folder_name(path: Path) -> str:
    name = "".join(c if c.isprintable() else "_" for c in Path(os.path.abspath(path)).name).strip()
    return name[:120] or "case"
