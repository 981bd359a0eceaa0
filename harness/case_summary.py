"""What a stored case is, at a glance: read from its first and last lines and its verdict, verified by nobody.

`case list` and the index of cases are made of these; whether a case is what it says is for `captures.verify`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from captures.bag import read_small
from captures.case import Case
from captures.case_record import read_record
from captures.errors import IntegrityError
from captures.journal_files import journal_files
from captures.journal_line import MAX_LINE, BadLine, parse_line
from captures.seal import case_digest

MAX_CASES = 100_000
MAX_ORIGINALS = 10_000
_MAX_DEPTH = 3
_MAX_VERDICT_BYTES = 16 << 20
_TAIL_BYTES = 256 << 10
_FIRST_LINES = 40  # of which one carries the first UTC


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """Texts are empty where the case does not say.  `status`: of the run, "cut" where no closing line is.

    `header`: the first line of the journal.  `damage`: why the rest could not be read.
    """

    path: Path
    id: str
    sealed: bool
    digest: str
    started_utc: str
    plan: str
    kit: str
    instrument: str
    status: str
    conformity: str
    integrity: str
    header: Mapping[str, Any]
    damage: str = ""


def summarise(path: Path) -> CaseSummary:
    """The summary of the case at `path`.  IntegrityError when it is no case folder; damage inside is told, not raised."""
    case = Case.open(path)
    header: Mapping[str, Any] = {}
    verdict: Mapping[str, Any] = {}
    name, started, status, digest, damage = path.name, "", "", "", ""
    try:
        digest = case_digest(case) if case.sealed else ""
        record = read_record(case)
        name, started = record.id, record.opened_utc
        if any(case.journal.iterdir()):
            header, begun = _first(case)
            started, status = begun or started, _last_status(case)
        verdict = _verdict(case)
    except (IntegrityError, BadLine, OSError) as problem:
        damage = str(problem)
    site = header.get("site")
    return CaseSummary(
        path=path, id=name, sealed=case.sealed, digest=digest, started_utc=started,
        plan=_text(header, "plan"), kit=_text(header, "kit"),
        instrument=_text(header, "instrument") or (_text(site, "id") if isinstance(site, Mapping) else ""),
        status=_text(verdict, "status") or status, conformity=_text(verdict, "conformity"),
        integrity=_text(verdict, "integrity"), header=header, damage=damage,
    )  # fmt: skip


def originals_of(case: Case) -> list[tuple[str, int]]:
    """Name and size of the photos and imported files, by name; whether they are the recorded ones is for `verify`."""
    if not os.path.lexists(case.originals):
        return []
    with os.scandir(case.originals) as entries:
        listed = islice(entries, MAX_ORIGINALS)
        return sorted(
            (e.name, e.stat(follow_symlinks=False).st_size) for e in listed if e.is_file(follow_symlinks=False)
        )


def cases_under(root: Path) -> Iterator[Path]:
    """The case folders under `root` (itself included), at most three levels down, by path.  Links are not followed."""
    found = 0
    pending = [(root, 0)]
    while pending:
        folder, depth = pending.pop()
        if (folder / "data" / "journal").is_dir():
            found += 1
            if found > MAX_CASES:
                raise IntegrityError(f"{root}: expected at most {MAX_CASES} cases, got more; list a smaller folder")
            yield folder
        elif depth < _MAX_DEPTH:
            try:
                with os.scandir(folder) as entries:
                    below = [
                        Path(e.path) for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)
                    ]
            except PermissionError:
                continue
            pending += [(path, depth + 1) for path in sorted(below, reverse=True)]


def _first(case: Case) -> tuple[Mapping[str, Any], str]:
    """The header and the first UTC that the journal names."""
    header: Mapping[str, Any] = {}
    with open(case.journal / journal_files(case.journal)[0], "rb") as handle:
        for number in range(_FIRST_LINES):
            raw = handle.readline(MAX_LINE + 1)
            if not raw.endswith(b"\n"):
                break
            body = parse_line(raw[:-1]).body
            header = body if number == 0 else header
            if isinstance(utc := body.get("utc"), str):
                return header, utc
    return header, ""


def _last_status(case: Case) -> str:
    """The status of the last line, which closes a run; "cut" where it is another or torn."""
    with open(case.journal / journal_files(case.journal)[-1], "rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - _TAIL_BYTES))
        tail = handle.read(_TAIL_BYTES)
    last = tail.rpartition(b"\n")[0].rpartition(b"\n")[2] if tail.endswith(b"\n") else b""
    try:
        body = parse_line(last).body
    except BadLine:
        return "cut"
    return str(body.get("status", "complete")) if body.get("kind") == "end" else "cut"


def _verdict(case: Case) -> Mapping[str, Any]:
    path = case.derived / "verdict.json"
    if not path.is_file():
        return {}
    try:
        body = json.loads(read_small(path, _MAX_VERDICT_BYTES))
    except (ValueError, RecursionError) as problem:
        raise IntegrityError(f"{path}: expected a verdict as JSON: {problem}") from None
    return body if isinstance(body, dict) else {}


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key, "")
    return value if isinstance(value, str) else ""
