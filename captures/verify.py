"""Whether a case is what was sealed: everything that differs, each with file, line, expected and got.

No bench, no plug-in, no clock.  The input is hostile: nothing outside the case is opened, links are never followed,
sizes and counts are bounded.  What no look at the folder alone can show - that the holder of the key made the whole
case anew - shows against the digest on the paper record (`digest`) or a time stamp.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
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
    unread,
)
from captures.case import CaseReport, verify_case
from captures.errors import IntegrityError, NoCaseError, SealedError
from captures.layout import (
    FOLDERS,
    INFO,
    LOCK,
    MANIFEST,
    MANIFEST_SM3,
    PARTIAL,
    PARTIES,
    README,
    RECORD,
    SEAL,
    SECRETS,
    TAG_MANIFEST,
    VERIFIER,
    WITHHELD,
)
from captures.verify_parties import check_parties
from captures.verify_seal import Signer, Stamp, check_seal, left_over

REQUIRED = ("bagit.txt", INFO, MANIFEST, README, VERIFIER)
OPTIONAL = (MANIFEST_SM3,)
RECORD_FILE = f"{FOLDERS[0]}/{RECORD}"
MAX_LOCK_BYTES = 4096
MAX_DIFFERENCES = 200
MAX_UNSTATED_BYTES = 64 << 30  # of a file, where bag-info.txt no longer says how many all have
_OXUM = re.compile(r"(\d{1,18})\.(\d{1,9})", re.ASCII)
_LOCK = re.compile(
    rb'\{"pid": \d{1,10}, "began": "(?:[^"\\]|\\.){0,100}", "host": "(?:[^"\\]|\\.){0,2000}", "utc": "[0-9TZ:.+-]{0,40}"\}\n'
)
"""What harness/lock.py writes: a program killed right after it sealed may leave it."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.  `sealed`: a seal stands on the case; it is as sealed when `differences` is empty.

    `report`: the journal and originals, None where they do not verify.  `withheld`: a redacted copy, without
    data/parties.json.  `notes` are for people: what was not checked, and why.  `more`: differences beyond the
    MAX_DIFFERENCES that are listed.
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
    more: int = 0


def verify(path: Path, *, digest: str | None = None, key: str | None = None) -> Verification:
    """Check the case at `path`, against a case `digest` from paper and the fingerprint of a demanded `key` if given.

    IntegrityError when `path` is no folder, or holds more than any case does; PermissionError when a folder, or a file
    that says what was sealed, may not be read.  A file of the payload that may not be read is a difference of kind
    "denied": nothing is known of it.
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
        found.append(unread(_within(path, problem.filename), "a case", problem))
    notes: list[str] = []
    if report is not None:  # else nobody knows which answers the journal names
        wrong, notes = check_parties(path, listing, report.private)
        found += wrong
    sealed = [name for name in (TAG_MANIFEST, "bagit.txt", INFO, MANIFEST) if os.path.lexists(path / name)]
    if sealed:
        return _sealed(path, listing, found, report, digest, key)
    if digest is not None or key is not None:
        found.append(Difference(TAG_MANIFEST, "no seal", "a sealed case", "a case that is not sealed", kind="demanded"))
    notes += _second_names(listing) + _strangers(listing)
    found = _once(found)
    listed, more = tuple(found[:MAX_DIFFERENCES]), max(0, len(found) - MAX_DIFFERENCES)
    return Verification(False, listed, report=report, notes=tuple(notes), more=more)


def require_as_sealed(path: Path) -> None:
    """IntegrityError naming what differs, when the sealed case at `path` is not as it was sealed; PermissionError when
    nothing differs that could be looked at."""
    found = verify(path).differences
    if found and all(one.kind == "denied" for one in found):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path / found[0].file))
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
            found.append(Difference(TAG_MANIFEST, "a tag file is not listed", name, "no line for it", kind="missing"))
    for name in sorted(set(tags) - {*REQUIRED, *OPTIONAL}):
        what = "a file that no sealed case has"
        found.append(Difference(TAG_MANIFEST, what, "tag files only", name, kind="foreign"))
    payload, wrong = read_manifest(raw[MANIFEST] or b"", MANIFEST, payload=True)
    found += wrong
    info, wrong = read_info(raw[INFO] or b"")
    found += wrong
    withheld = f"{SEAL}/{WITHHELD}" in listing.files and PARTIES in payload and PARTIES not in listing.files
    if f"{SEAL}/{WITHHELD}" in listing.files and not withheld:
        found.append(Difference(f"{SEAL}/{WITHHELD}", "says personal data is withheld", f"no {PARTIES}", "it is here"))
    gone = {PARTIES} if withheld else set()
    most = int(stated[1]) if (stated := _OXUM.fullmatch(info.get("Payload-Oxum", ""))) else MAX_UNSTATED_BYTES
    present = {name: digest for name, digest in payload.items() if name not in gone}
    found += _hashes(path, listing, tags, TAG_MANIFEST, "sha256", MAX_MANIFEST_BYTES)
    found += _hashes(path, listing, present, MANIFEST, "sha256", most)
    if MANIFEST_SM3 in tags:
        found += _sm3(path, listing, payload, gone, notes, most)
    found += _unlisted(listing, payload, notes)
    found += _strange_folders(listing, notes)
    found += _promises(listing, info, report, withheld)
    seal = check_seal(path, listing, tag_manifest, info, demanded=key)
    found += seal.differences
    if digest is not None and digest != computed:
        found.append(Difference(TAG_MANIFEST, "not the case of this digest", digest, computed, kind="demanded"))
    if LOCK in listing.files:
        found += _of_lock(path, notes)
    notes += _second_names(listing)
    found = _once(found)
    if withheld:
        notes.append(f"{PARTIES}: personal data is withheld in this copy; its SHA-256 stays {payload[PARTIES]}")
    return Verification(
        True, tuple(found[:MAX_DIFFERENCES]), computed, info, report, seal.signers, seal.stamps, withheld,
        (*notes, *seal.notes), max(0, len(found) - MAX_DIFFERENCES),
    )  # fmt: skip


def _read(path: Path, listing: Tree, name: str, limit: int, found: list[Difference]) -> bytes | None:
    if name not in listing.files:
        found.append(Difference(name, "missing", "the file", "none", kind="missing"))
        return None
    try:
        return read_small(path / name, limit)
    except PermissionError:
        raise  # of all else nothing could be said without it
    except (IntegrityError, OSError) as problem:
        found.append(unread(name, f"at most {limit} bytes", problem))
        return None


def _hashes(
    path: Path, listing: Tree, entries: Mapping[str, str], manifest: str, algorithm: str, most: int
) -> list[Difference]:
    """A file of more than `most` bytes is not hashed: it is none that was sealed, and may be endless."""
    found = []
    for number, (name, stated) in enumerate(entries.items(), 1):
        if name not in listing.files:
            what = f"missing, listed in {manifest} line {number}"
            found.append(Difference(name, what, stated, "no file", kind="missing"))
            continue
        if listing.files[name] > most:
            what = f"changed, larger than all that was sealed ({manifest} line {number})"
            found.append(Difference(name, what, f"at most {most} bytes", f"{listing.files[name]} bytes"))
            continue
        try:
            (got,) = hash_file(path / name, (algorithm,), listing.files[name])
        except (IntegrityError, OSError) as problem:
            found.append(unread(name, stated, problem))
            continue
        if got != stated:
            found.append(Difference(name, f"changed, {algorithm} in {manifest} line {number}", stated, got))
    return found


def _sm3(
    path: Path, listing: Tree, payload: Mapping[str, str], gone: set[str], notes: list[str], most: int
) -> list[Difference]:
    found: list[Difference] = []
    raw = _read(path, listing, MANIFEST_SM3, MAX_MANIFEST_BYTES, found)
    entries, wrong = read_manifest(raw or b"", MANIFEST_SM3, payload=True)
    found += wrong
    for name in sorted(set(entries) ^ set(payload)):
        found.append(Difference(MANIFEST_SM3, f"not the files of {MANIFEST}", "the same files", name))
    try:
        present = {name: digest for name, digest in entries.items() if name not in gone}
        found += _hashes(path, listing, present, MANIFEST_SM3, "sm3", most)
    except SealedError:
        notes.append(f"{MANIFEST_SM3}: not checked, the OpenSSL of this Python has no SM3; the SHA-256 manifest was")
    return found


def _unlisted(listing: Tree, payload: Mapping[str, str], notes: list[str]) -> list[Difference]:
    """Files that are there and in no manifest: what `sha256sum -c` does not see."""
    known = {*REQUIRED, *OPTIONAL, TAG_MANIFEST}
    found = []
    for name, size in listing.files.items():
        if name.startswith("data/"):
            if name not in payload:
                what = f"added, no line of {MANIFEST}"
                found.append(Difference(name, what, "no such file", f"{size} bytes", kind="added"))
        elif name == "fetch.txt":
            what = "files to be fetched"
            found.append(Difference(name, what, "a case that holds its files", "fetch.txt", kind="foreign"))
        elif left_over(name, size):
            notes.append(f"{name}: left by a program that was killed; no part of the sealed case and no evidence")
        elif name not in {*known, LOCK} and not (name.startswith(f"{SEAL}/") and name.count("/") == 1):
            what = "added, no part of a sealed case"
            found.append(Difference(name, what, "no such file", f"{size} bytes", kind="added"))
    return found


def _strange_folders(listing: Tree, notes: list[str]) -> list[Difference]:
    """Folders that no sealed case has: a manifest lists files alone, and an empty folder would stand there unseen."""
    found = []
    for name in listing.folders:
        if name == PARTIAL:
            if not any(file.startswith(f"{PARTIAL}/") for file in listing.files):  # else they are named one by one
                notes.append(f"{PARTIAL}: an empty folder of a program that was killed; no part of the sealed case")
        elif name not in {*FOLDERS, SEAL}:
            found.append(Difference(name, "added, no folder of a case", "no such folder", "a folder", kind="added"))
    return found


def _of_lock(path: Path, notes: list[str]) -> list[Difference]:
    """A lock is no part of the sealed case, and a killed program may leave one: noted.  Anything else in it is added."""
    try:
        raw = read_small(path / LOCK, MAX_LOCK_BYTES)
    except (IntegrityError, OSError) as problem:
        return [unread(LOCK, "no lock in a sealed case", problem)]
    if _LOCK.fullmatch(raw) is None:
        return [Difference(LOCK, "added, no lock of a run", "no such file", f"{raw!r:.100}", kind="added")]
    notes.append(
        f"{LOCK}: no part of the sealed case and no evidence, left by a program: {raw.decode('ascii', 'replace')!r:.200}"
    )
    return []


def _strangers(listing: Tree) -> list[str]:
    """Files of an unsealed case that no part of it is made of; a sealed one lists all of its files."""
    own = (LOCK, *SECRETS, RECORD_FILE, PARTIES)
    within = tuple(f"{folder}/" for folder in (*FOLDERS[1:], PARTIAL, SEAL))
    return [
        f"{name}: no part of the case and no evidence: nobody took it on record; move it out, or take it in with "
        "`shortmeasure capture import`"
        for name in listing.files
        if name not in own and not name.startswith(within)
    ]


def _second_names(listing: Tree) -> list[str]:
    if not listing.linked:
        return []
    names = ", ".join(listing.linked[:5]) + (" ..." if len(listing.linked) > 5 else "")
    return [
        f"{len(listing.linked)} files have a second name on this disk (hard links: {names}); who writes by the other name "
        "changes them here: keep a copy made with `case export`"
    ]


def _within(path: Path, name: object) -> str:
    """`name` as it is called inside the case at `path`."""
    try:
        return Path(str(name)).relative_to(path).as_posix()
    except ValueError:
        return "data"


def _once(found: Sequence[Difference]) -> list[Difference]:
    """What was denied is said once a file, however often it was tried."""
    denied: set[str] = set()
    told = []
    for one in found:
        if one.kind != "denied" or one.file not in denied:
            told.append(one)
        if one.kind == "denied":
            denied.add(one.file)
    return told


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
    match = re.match(r"(data(?:/[^:]{1,200})?): (.*)", text, re.DOTALL)
    if match is not None:
        said = re.fullmatch(r"(.*?)(?:: )?expected (.+?), got (.+)", match[2], re.DOTALL)
        if said is not None:
            return Difference(match[1], said[1] or "does not verify", said[2], said[3])
        expected = "the originals that the journal records" if match[1] == "data/originals" else "a whole journal"
        return Difference(match[1], "does not verify", expected, match[2])
    return Difference("data", "does not verify", "a whole journal and its originals", text)
