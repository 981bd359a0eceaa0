"""A small case as a run leaves it, ready to be sealed: journal in two files, originals, derived, personal data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from captures.case import Case, write_derived
from captures.case_record import CaseRecord, new_case
from captures.journal import JournalWriter
from captures.signing import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
UTC = "2026-03-01T10:20:30Z"
TOOL = "shortmeasure 0.0.0"


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def finished_case(path: Path, salt: str = "") -> Case:
    """`salt` makes the contents another case's."""
    case = new_case(path, CaseRecord("案 2026-7", "2026-03-01T09:00:00Z"))
    source = write(path.parent / f"{path.name}.source", b"pulses " * 400 + salt.encode())
    with JournalWriter.create(case.journal, {"kind": "header", "plan": "dispenser-raid", "salt": salt}) as writer:
        writer.append({"kind": "span", "n": 1, "t_ns": 0, "utc": "2026-03-01T09:00:01+00:00"})
        case.import_original(source, writer.append, "脉冲 1.sr")
        case.import_original(source, writer.append, "relevé.csv")
        for number in range(20):
            writer.append({"kind": "wire", "n": number, "text": f"{salt}20.00 L"})
    with JournalWriter.resume(case.journal) as writer:
        writer.append({"kind": "end", "status": "complete", "why": ""})
    source.unlink()
    write_derived(case, "verdict.json", b'{"integrity": "no_evidence", "conformity": "pass"}\n')
    kept = {"key": "officer", "sha256": hashlib.sha256("00王".encode()).hexdigest(), "salt": "00", "value": "王"}
    write(path / "data" / "parties.json", json.dumps([kept]).encode())
    return case
