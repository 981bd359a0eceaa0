"""Whether a case is what was sealed: everything that differs, each with file, line, expected and got.

No bench, no plug-in, no clock.  The input is hostile: nothing outside the case is opened, links are never followed,
sizes and counts are bounded.  What no look at the folder alone can show - that the holder of the key made the whole
case anew - shows against the digest on the paper record (`digest`) or a time stamp.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from captures.bag import (
    BAGIT,
    MAX_INFO_BYTES,
    MAX_MANIFEST_BYTES,
    Difference,
    Tree,
    hash_file,
    read_info,
    read_manifest,
    read_small,
    tree,
)
from captures.case import TAG_MANIFEST, CaseReport, verify_case
from captures.errors import IntegrityError, NoCaseError, SealedError
from captures.seal import INFO, LOCK, MANIFEST, MANIFEST_SM3, PARTIES, README, SEAL, VERIFIER, WITHHELD
from captures.verify_parties import check_parties
from captures.verify_seal import Signer, Stamp, check_seal

REQUIRED = ("bagit.txt", INFO, MANIFEST, README, VERIFIER)
OPTIONAL = (MANIFEST_SM3,)
MAX_LOCK_BYTES = 4096
MAX_DIFFERENCES = 200


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.  `sealed`: a seal stands on the case; it is as sealed when `differences` is empty.

    `report`: the journal and originals, None where they do not verify.  `withheld`: a redacted copy, without
    data/parties.json.  `notes` are for people: what was not checked, and why.
    """

    sealed: bool
    differences: tuple[Difference, ...]
    digest: str = ""
    info: Mapping[str, str] = field(default_factory=dict)
    report: CaseReport | None = None
    signers: tuple[Signer, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    withheld: bool = False
    notes: tuple[str, ...] = ()


def verify(path: Path, *, digest: str | None = None, key: str | None = None) -> Verification:
    """Check the case at `path`, against a case `digest` from paper and the fingerprint of a demanded `key` if given.

    IntegrityError when `path` is no folder, or holds more than any case does.
    """
    if not path.is_dir():
        raise (IntegrityError if path.exists() else NoCaseError)(f"{path}: expected a case folder")
    listing = tree(path)
    found = list(listing.odd)
    report = None
    try:
        report = verify_case(path)
    except IntegrityError as problem:
        found.append(_of_journal(path, str(problem)))
    except OSError as problem:
        found.append(Difference("data", "cannot be read", "a case", f"{type(problem).__name__}: {problem.strerror}"))
    wrong, notes = check_parties(path, listing, () if report is None else report.private)
    found += wrong
    sealed = [name for name in (TAG_MANIFEST, "bagit.txt", INFO, MANIFEST) if os.path.lexists(path / name)]
    if sealed:
        return _sealed(path, listing, found, report, digest, key)
    if digest is not None or key is not None:
        found.append(Difference(TAG_MANIFEST, "no seal", "a sealed case", "a case that is not sealed"))
    return Verification(False, tuple(found[:MAX_DIFFERENCES]), report=report, notes=tuple(notes))


def require_as_sealed(path: Path) -> None:
    """IntegrityError naming what differs, when the sealed case at `path` is not as it was sealed."""
    found = verify(path).differences
    if found:
        raise IntegrityError("\n".join(f"{path}: {difference}" for difference in found[:20]))


def _sealed(
    path: Path,
    listing: Tree,
    found: list[Difference],
    report: CaseReport | None,
    digest: str | None,
    key: str | None,
) -> Verification:
    notes: list[str] = []
    raw = {
        name: _read(path, listing, name, limit, found)
        for name, limit in (
            (TAG_MANIFEST, MAX_INFO_BYTES),
            ("bagit.txt", MAX_INFO_BYTES),
            (INFO, MAX_INFO_BYTES),
            (MANIFEST, MAX_MANIFEST_BYTES),
        )
    }
    tag_manifest = raw[TAG_MANIFEST] or b""
    computed = hashlib.sha256(tag_manifest).hexdigest()
    tags, wrong = read_manifest(tag_manifest, TAG_MANIFEST, payload=False)
    found += wrong
    if raw["bagit.txt"] is not None and raw["bagit.txt"] != BAGIT:
        found.append(Difference("bagit.txt", "changed", repr(BAGIT.decode()), f"{raw['bagit.txt']!r:.100}"))
    for name in REQUIRED:
        if raw[TAG_MANIFEST] is not None and name not in tags:
            found.append(Difference(TAG_MANIFEST, "a tag file is not listed", name, "no line for it"))
    for name in sorted(set(tags) - {*REQUIRED, *OPTIONAL}):
        found.append(Difference(TAG_MANIFEST, "a file that no sealed case has", "tag files only", name))
    payload, wrong = read_manifest(raw[MANIFEST] or b"", MANIFEST, payload=True)
    found += wrong
    info, wrong = read_info(raw[INFO] or b"")
    found += wrong
    withheld = f"{SEAL}/{WITHHELD}" in listing.files and PARTIES in payload and PARTIES not in listing.files
    if f"{SEAL}/{WITHHELD}" in listing.files and not withheld:
        found.append(Difference(f"{SEAL}/{WITHHELD}", "says personal data is withheld", f"no {PARTIES}", "it is here"))
    gone = {PARTIES} if withheld else set()
    found += _hashes(path, listing, tags, TAG_MANIFEST, "sha256")
    found += _hashes(path, listing, {n: h for n, h in payload.items() if n not in gone}, MANIFEST, "sha256")
    if MANIFEST_SM3 in tags:
        found += _sm3(path, listing, payload, gone, notes)
    found += _unlisted(listing, payload)
    found += _promises(listing, info, report, withheld)
    seal = check_seal(path, listing, tag_manifest, info, demanded=key)
    found += seal.differences
    if digest is not None and digest != computed:
        found.append(Difference(TAG_MANIFEST, "not the case of this digest", digest, computed))
    if f"{LOCK}" in listing.files:
        notes.append("lock: no part of the sealed case, not checked")
    if withheld:
        notes.append(f"{PARTIES}: personal data is withheld in this copy; its SHA-256 stays {payload[PARTIES]}")
    return Verification(
        True, tuple(found[:MAX_DIFFERENCES]), computed, info, report, seal.signers, seal.stamps, withheld,
        (*notes, *seal.notes),
    )  # fmt: skip


def _read(path: Path, listing: Tree, name: str, limit: int, found: list[Difference]) -> bytes | None:
    if name not in listing.files:
        found.append(Difference(name, "missing", "the file", "none"))
        return None
    try:
        return read_small(path / name, limit)
    except (IntegrityError, OSError) as problem:
        found.append(Difference(name, "cannot be read", f"at most {limit} bytes", str(problem)))
        return None


def _hashes(path: Path, listing: Tree, entries: Mapping[str, str], manifest: str, algorithm: str) -> list[Difference]:
    found = []
    for number, (name, stated) in enumerate(entries.items(), 1):
        if name not in listing.files:
            found.append(Difference(name, f"missing, listed in {manifest} line {number}", stated, "no file"))
            continue
        try:
            (got,) = hash_file(path / name, (algorithm,), listing.files[name])
        except (IntegrityError, OSError) as problem:
            found.append(Difference(name, "cannot be read", stated, str(problem)))
            continue
        if got != stated:
            found.append(Difference(name, f"changed, {algorithm} in {manifest} line {number}", stated, got))
    return found


def _sm3(path: Path, listing: Tree, payload: Mapping[str, str], gone: set[str], notes: list[str]) -> list[Difference]:
    found: list[Difference] = []
    raw = _read(path, listing, MANIFEST_SM3, MAX_MANIFEST_BYTES, found)
    entries, wrong = read_manifest(raw or b"", MANIFEST_SM3, payload=True)
    found += wrong
    for name in sorted(set(entries) ^ set(payload)):
        found.append(Difference(MANIFEST_SM3, f"not the files of {MANIFEST}", "the same files", name))
    try:
        found += _hashes(path, listing, {n: h for n, h in entries.items() if n not in gone}, MANIFEST_SM3, "sm3")
    except SealedError:
        notes.append(f"{MANIFEST_SM3}: not checked, the OpenSSL of this Python has no SM3; the SHA-256 manifest was")
    return found


def _unlisted(listing: Tree, payload: Mapping[str, str]) -> list[Difference]:
    """Files that are there and in no manifest: what `sha256sum -c` does not see."""
    known = {*REQUIRED, *OPTIONAL, TAG_MANIFEST}
    found = []
    for name, size in listing.files.items():
        if name.startswith("data/"):
            if name not in payload:
                found.append(Difference(name, f"added, no line of {MANIFEST}", "no such file", f"{size} bytes"))
        elif name == "fetch.txt":
            found.append(Difference(name, "files to be fetched", "a case that holds its files", "fetch.txt"))
        elif name == LOCK and size <= MAX_LOCK_BYTES:
            continue
        elif name not in known and not (name.startswith(f"{SEAL}/") and name.count("/") == 1):
            found.append(Difference(name, "added, no part of a sealed case", "no such file", f"{size} bytes"))
    return found


def _promises(listing: Tree, info: Mapping[str, str], report: CaseReport | None, withheld: bool) -> list[Difference]:
    """bag-info.txt against what is there."""
    found = []
    sizes = [size for name, size in listing.files.items() if name.startswith("data/")]
    checks = [] if withheld else [("Payload-Oxum", f"{sum(sizes)}.{len(sizes)}")]
    if report is not None:
        state = "complete" if report.complete else "cut"
        checks += [("Journal-Lines", str(report.lines)), ("Journal-Head", report.head), ("Journal-State", state)]
    for label, got in checks:
        if info.get(label) != got:
            found.append(Difference(INFO, label, info.get(label, "none stated"), got))
    return found


def _of_journal(path: Path, problem: str) -> Difference:
    """An IntegrityError of the journal or the originals; where it names a line of a file, so does the difference."""
    text = problem.removeprefix(str(path)).lstrip("/\\: ").replace("\\", "/")
    match = re.match(r"(data/journal/[0-9]+\.jsonl) line (\d+) \(byte \d+\): (.*)", text, re.DOTALL)
    if match is not None:
        return Difference(match[1], "the journal is not as written", "an unbroken chain", match[3], int(match[2]))
    return Difference("data", "does not verify", "a whole journal and its originals", text)
