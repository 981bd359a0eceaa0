"""Results computed later on a sealed case: in a case of their own that names the first one's digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from captures.case import Case, write_derived
from captures.case_record import After, CaseRecord, new_case, read_record
from captures.errors import SealedError
from captures.journal import JournalWriter
from captures.seal import case_digest
from captures.verify import require_as_sealed
from harness.hours import utc_now
from harness.lock import locked
from harness.report.document import as_json_bytes
from harness.software import dependencies, software

TOOL = "judge"


def case_for_results(sealed: Path, target: Path) -> Case:
    """The new case at `target` that follows the one at `sealed`, or the empty one that `case new --after` made there.

    SealedError when `sealed` is not sealed, or `target` follows another case; IntegrityError when `sealed` is not as
    it was sealed; FileExistsError when `target` holds something already.
    """
    first = Case.open(sealed)
    digest = case_digest(first)
    require_as_sealed(sealed)
    if not (target / "data").is_dir():
        return new_case(target, CaseRecord(target.absolute().name, utc_now(), After(read_record(first).id, digest)))
    case = Case.create(target)
    follows = read_record(case).after
    if follows is None or follows.digest != digest:
        got = "none" if follows is None else follows.digest
        raise SealedError(f"{target}: expected a case that follows the digest {digest}, it follows {got}")
    return case


def keep_results(case: Case, document: Mapping[str, Any]) -> None:
    """Write the verdict `document` into `case`, which `case_for_results` gave, with what computed it on record."""
    after = read_record(case).after
    if after is None:
        raise SealedError(f"{case.path}: expected a case that follows a sealed one; make it with `case new --after`")
    verdict = as_json_bytes({key: value for key, value in document.items() if key != "case"})
    header = {
        "kind": "header", "tool": TOOL, "software": dict(software()), "dependencies": dict(dependencies()),
        "after": after.digest,
    }  # fmt: skip
    with locked(case.path), JournalWriter.create(case.journal, header) as writer:
        sha256 = hashlib.sha256(verdict).hexdigest()
        writer.append({"kind": "judged", "utc": utc_now(), "id": after.id, "digest": after.digest, "verdict": sha256})
        write_derived(case, "verdict.json", verdict)
        writer.append({"kind": "end", "status": "complete", "why": ""})
