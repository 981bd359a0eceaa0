"""The files of seal/: signatures over the tag manifest, time stamps of its digest, and the digest as printed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from captures.bag import Difference, Tree, read_small, unread
from captures.digest import qr_svg, qr_text
from captures.errors import IntegrityError
from captures.layout import DIGEST_IMAGE, DIGEST_TEXT, LOCK, MAX_SEAL_FILE_BYTES, PARTIAL, SEAL, WITHHELD
from captures.seal import digest_text
from captures.seal_token import read_request, read_token
from captures.signing import SIGNATURE_BYTES, fingerprint, public_key, public_pem, short, signature_holds

_SIGNATURE = re.compile(r"([0-9a-f]{16})\.(sig|pem|fingerprint)")
_STAMP = re.compile(r"(request|token)-([0-9a-f]{16})\.(tsq|tsr)")
_LEFT = re.compile(rf"{PARTIAL}/(?:{_SIGNATURE.pattern}|{_STAMP.pattern}|{LOCK}\.(?:stale-)?\d{{1,10}})")
_KINDS = {"request": "tsq", "token": "tsr"}
MAX_SEAL_FILES = 100
WITHHELD_TEXT = (
    "data/parties.json is withheld in this copy: it holds personal data.\n本副本不含个人信息文件。\n".encode()
)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key whose signature over the tag manifest holds."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp over the digest: the time that its authority states."""

    file: str
    utc: str


@dataclass(slots=True)
class SealCheck:
    """What seal/ holds."""

    differences: list[Difference] = field(default_factory=list)
    signers: tuple[Signer, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    notes: tuple[str, ...] = ()


def check_seal(
    path: Path, listing: Tree, tag_manifest: bytes, info: Mapping[str, str], demanded: str | None
) -> SealCheck:
    """Check the files of seal/.  `demanded`: the fingerprint of a key that must have signed."""
    done = SealCheck()
    found = done.differences
    files: dict[str, bytes] = {}
    names = [name.removeprefix(f"{SEAL}/") for name in listing.files if name.startswith(f"{SEAL}/")]
    for name in names[:MAX_SEAL_FILES]:
        try:
            files[name] = read_small(path / SEAL / name, MAX_SEAL_FILE_BYTES)
        except PermissionError:
            raise  # whose signatures hold could not be said without it
        except (IntegrityError, OSError) as problem:
            found.append(unread(f"{SEAL}/{name}", "a file of a seal", problem))
    if len(names) > MAX_SEAL_FILES:
        most = f"at most {MAX_SEAL_FILES}"
        found.append(Difference(SEAL, "too many files", most, str(len(names)), kind="added"))
    digest = hashlib.sha256(tag_manifest).hexdigest()
    done.signers = tuple(_signers(files, tag_manifest, _unfinished(files, info), found))
    done.stamps = tuple(_stamps(files, digest, found))
    case_id = info.get("External-Identifier", "")
    fixed = {DIGEST_TEXT: digest_text(case_id, digest), DIGEST_IMAGE: qr_svg(qr_text(case_id, digest))}
    for name, expected in fixed.items():
        if name not in files:
            expected_text = "the digest for the paper record"
            found.append(Difference(f"{SEAL}/{name}", "missing", expected_text, "none", kind="missing"))
        elif files[name] != expected:
            found.append(Difference(f"{SEAL}/{name}", "changed", f"the digest {digest}", "something else"))
    if files.get(WITHHELD, WITHHELD_TEXT) != WITHHELD_TEXT:
        found.append(Difference(f"{SEAL}/{WITHHELD}", "changed", "the text of a redacted copy", "something else"))
    for name in files:
        if name not in (*fixed, WITHHELD) and not _SIGNATURE.fullmatch(name) and not _STAMP.fullmatch(name):
            what = "added, no part of a seal"
            found.append(Difference(f"{SEAL}/{name}", what, "no such file", "a file", kind="added"))
    keys = {signer.fingerprint for signer in done.signers}
    got = ", ".join(sorted(keys)) or "no valid signature"
    if info.get("Signing-Key", "") not in keys:
        stated = info.get("Signing-Key", "a key named in bag-info.txt")
        found.append(Difference(SEAL, "not signed by the key that sealed it", stated, got))
    if demanded is not None and demanded not in keys:
        found.append(Difference(SEAL, "not signed by the demanded key", demanded, got, kind="demanded"))
    done.notes = tuple(_notes(done, files, info))
    return done


def left_over(name: str, size: int) -> bool:
    """Whether the file `name` is one that joins a sealed case, cut while it was written: a signature, a stamp, a lock."""
    return _LEFT.fullmatch(name) is not None and size <= MAX_SEAL_FILE_BYTES


def _notes(done: SealCheck, files: Mapping[str, bytes], info: Mapping[str, str]) -> list[str]:
    """What holds and proves less than it seems to."""
    notes = [
        f"{SEAL}/{name}.pem: a key that has not signed: a signing that was cut; `shortmeasure case sign` with this key ends it"
        for name in _unfinished(files, info)
    ]
    notes += [
        f"{signer.fingerprint} has signed too: bag-info.txt does not name this key, anybody could add a signature of his "
        "own; whose it is the office's register says"
        for signer in done.signers
        if signer.fingerprint != info.get("Signing-Key")
    ]
    asked = sorted(name for name in files if name.startswith("request-") and _STAMP.fullmatch(name))
    if asked and not done.stamps:
        notes.append(f"{SEAL}/{asked[0]}: a time stamp was asked for, and no answer is kept here")
    if done.stamps:
        notes.append("time stamps: imprint and time read; the authority's signature is for `openssl ts -verify`")
    return notes


def _unfinished(files: Mapping[str, bytes], info: Mapping[str, str]) -> list[str]:
    """Keys without their signature, which is written last; without that of the key that sealed, nothing was sealed."""
    keys = sorted(match[1] for file in files if (match := _SIGNATURE.fullmatch(file)) and match[2] == "pem")
    own = info.get("Signing-Key", "")
    return [name for name in keys if f"{name}.sig" not in files and name != short(own)]


def _signers(
    files: Mapping[str, bytes], message: bytes, unfinished: Container[str], found: list[Difference]
) -> list[Signer]:
    good = []
    for name in sorted({match[1] for file in files if (match := _SIGNATURE.fullmatch(file))}):
        where = f"{SEAL}/{name}"
        missing = [kind for kind in ("pem", "sig", "fingerprint") if f"{name}.{kind}" not in files]
        if missing and name not in unfinished:
            expected = f"{name}.pem, .sig and .fingerprint"
            got = "no " + ", ".join(missing)
            found.append(Difference(f"{where}.{missing[0]}", "missing", expected, got, kind="missing"))
            if missing != ["fingerprint"]:
                continue
        try:
            key = public_key(files[f"{name}.pem"])
            if public_pem(key) != files[f"{name}.pem"]:
                raise ValueError("other line ends")
        except ValueError as problem:
            found.append(Difference(f"{where}.pem", "no public key", "an Ed25519 public key in PEM form", str(problem)))
            continue
        own = fingerprint(key)
        if short(own) != name:
            found.append(Difference(f"{where}.pem", "another key than the file is named for", name, own))
        stated = files.get(f"{name}.fingerprint", f"{own}\n".encode())
        if stated != f"{own}\n".encode():
            found.append(Difference(f"{where}.fingerprint", "not of this key", own, f"{stated!r:.100}"))
        if name in unfinished:
            continue
        signature = files[f"{name}.sig"]
        if len(signature) != SIGNATURE_BYTES:
            expected = f"{SIGNATURE_BYTES} bytes"
            found.append(Difference(f"{where}.sig", "no signature", expected, f"{len(signature)} bytes"))
        elif not signature_holds(key, signature, message):
            what = "the signature does not hold for tagmanifest-sha256.txt"
            found.append(
                Difference(f"{where}.sig", what, f"a signature by {own}", "one of other bytes or by another key")
            )
        else:
            good.append(Signer(own))
    return good


def _stamps(files: Mapping[str, bytes], digest: str, found: list[Difference]) -> list[Stamp]:
    stamps = []
    for name, raw in sorted(files.items()):
        match = _STAMP.fullmatch(name)
        if match is None:
            continue
        where = f"{SEAL}/{name}"
        own = hashlib.sha256(raw).hexdigest()
        if own[:16] != match[2] or match[3] != _KINDS[match[1]]:
            found.append(Difference(where, "changed since it was named by its SHA-256", match[2], own[:16]))
            continue
        try:
            if match[1] == "request":
                imprint = read_request(raw)
            else:
                token = read_token(raw)
                imprint = token.imprint
        except ValueError as problem:
            found.append(Difference(where, "no time stamp", "a request or token of RFC 3161", str(problem)))
            continue
        if imprint != digest:
            found.append(Difference(where, "a time stamp of another case", digest, imprint))
        elif match[1] == "token":
            stamps.append(Stamp(name, token.utc))
    return stamps
