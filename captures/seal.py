"""Sealing: the BagIt tag files around data/, and the signature over the tag manifest.

::

    CASE/bagit.txt, bag-info.txt        BagIt 1.0; what the case is, Payload-Oxum, head and lines of the journal
    CASE/manifest-sha256.txt            every file under data/ (and manifest-sm3.txt, GB/T 32905, where asked for)
    CASE/README.txt                     how to check all this without shortmeasure, in Chinese and English
    CASE/verify_case.py                 a verifier that needs Python alone
    CASE/tagmanifest-sha256.txt         the files above; its SHA-256 is THE digest of the case
    CASE/seal/KEY.sig, .pem, .fingerprint   raw Ed25519 signature of the tag manifest, the public key, its SHA-256
    CASE/seal/digest.txt, digest.svg    the digest for the paper record, and as a QR code

seal/ is made of the tag manifest and is not in it; further signatures and time stamps join it later.  The tag manifest
is written last: without it a case is not sealed, and a sealing that was cut begins anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from captures.bag import BAGIT, hash_file, info_bytes, manifest_bytes, read_small, tree
from captures.case import RECORD, TAG_MANIFEST, Case, CaseReport, put_file, verify_case
from captures.case_record import checked_utc, read_record
from captures.digest import grouped, qr_svg, qr_text
from captures.errors import IntegrityError, SealedError, UnsealableError
from captures.journal import read_lines
from captures.names import checked_path
from captures.seal_readme import readme
from captures.signing import Ed25519PrivateKey, fingerprint, public_pem, short

MANIFEST = "manifest-sha256.txt"
MANIFEST_SM3 = "manifest-sm3.txt"
INFO = "bag-info.txt"
README = "README.txt"
VERIFIER = "verify_case.py"
SEAL = "seal"
LOCK = "lock"
SEED = "draw-seed"
SECRETS = (SEED, f".{SEED}.new")
"""What a draw by lot follows from, until it is drawn: who reads it before knows who will be.  Never sealed, never copied."""
PARTIES = "data/parties.json"
WITHHELD = "withheld.txt"
MAX_SEAL_FILE_BYTES = 1 << 20
FOLDERS = ("data", "data/journal", "data/originals", "data/derived")
_PAYLOAD = re.compile(rf"data/(?:(?:journal|originals|derived)/[^/]+|{re.escape(RECORD)}|parties\.json)")
_MAX_SEED_BYTES = 1024
_PARTS = {"data", LOCK, "partial", "bagit.txt", INFO, MANIFEST, MANIFEST_SM3, README, VERIFIER, SEAL}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealing gave: the digest, the fingerprint of the key, and whether the run had come to its end."""

    digest: str
    key: str
    complete: bool


def seal(case: Case, key: Ed25519PrivateKey, *, utc: str, tool: str, sm3: bool = False) -> Sealed:
    """Seal `case` at `utc` (ISO 8601 with Z) by `tool` (name and version).

    SealedError when it is sealed already, or holds what a case does not hold; IntegrityError when it does not verify.
    A case whose run was cut is sealed as it is, and its bag-info says so.
    """
    checked_utc(utc)
    path = case.path
    report = require_sealable(case)
    _clear_cut_sealing(path)
    record = read_record(case)
    after = record.after.digest if record.after else _named_in_header(case)
    hashes = ("sha256", "sm3") if sm3 else ("sha256",)
    payload = {name: size for name, size in tree(path).files.items() if name.startswith("data/")}
    digests = {_named(name): hash_file(path / name, hashes, size) for name, size in payload.items()}
    signer = fingerprint(key.public_key())
    tags = {
        "bagit.txt": BAGIT,
        INFO: info_bytes(
            [
                ("External-Identifier", record.id),
                *([("Opened-UTC", record.opened_utc)] if record.opened_utc else []),
                *([("After-Case", record.after.id)] if record.after else []),
                *([("After-Case-Digest", after)] if after else []),
                ("Bagging-Date", utc[:10]),
                ("Sealed-UTC", utc),
                ("Bag-Software-Agent", tool),
                ("Payload-Oxum", f"{sum(payload.values())}.{len(payload)}"),
                ("Journal-Lines", str(report.lines)),
                ("Journal-Head", report.head),
                ("Journal-State", "complete" if report.complete else "cut"),
                ("Signing-Key", signer),
            ]
        ),
        README: readme(record.id, short(signer), sm3),
        VERIFIER: files("captures").joinpath("standalone_verify.py").read_bytes().replace(b"\r\n", b"\n"),
    }
    for index, manifest in enumerate([MANIFEST, MANIFEST_SM3][: len(hashes)]):
        tags[manifest] = manifest_bytes({name: found[index] for name, found in digests.items()})
    tag_manifest = manifest_bytes({name: hashlib.sha256(data).hexdigest() for name, data in tags.items()})
    digest = hashlib.sha256(tag_manifest).hexdigest()
    for name, data in tags.items():
        put_file(case, path / name, data)
    folder = path / SEAL
    folder.mkdir()
    _put_signature(case, key, tag_manifest)
    put_file(case, folder / "digest.txt", digest_text(record.id, digest))
    put_file(case, folder / "digest.svg", qr_svg(qr_text(record.id, digest)))
    put_file(case, path / TAG_MANIFEST, tag_manifest)
    for name in tree(path).files:
        _make_read_only(path / name)
    return Sealed(digest, signer, report.complete)


def require_sealable(case: Case) -> CaseReport:
    """The verified case that can be sealed; SealedError or IntegrityError as in `seal`.  Nothing is written."""
    if case.sealed:
        raise SealedError(
            f"{case.path}: the case is sealed already, with the digest {case_digest(case)}; a case is sealed once"
        )
    report = verify_case(case.path)
    _refuse_seed(case)
    listing = tree(case.path)
    for name in listing.files:
        if name.startswith("data/"):
            _named(name)
    strange = [name for name in sorted(os.listdir(case.path)) if name not in {*_PARTS, *SECRETS}]
    strange += [name for name in listing.files if name.startswith("data/") and not _PAYLOAD.fullmatch(name)]
    strange += [name for name in listing.folders if name.startswith("data/") and name not in FOLDERS]
    for name in strange:
        raise UnsealableError(
            f"{case.path}: {name!r:.100} is no part of a case; move it away, or import it, before sealing"
        )
    return report


def _refuse_seed(case: Case) -> None:
    """UnsealableError while the case keeps the secret of a draw that was announced and not made."""
    path = case.path / SEED
    if not os.path.lexists(path):
        return
    seed = read_small(path, _MAX_SEED_BYTES).decode("ascii", "replace").strip()
    outcomes = (line.body.get("value") for line in read_lines(case.journal) if line.body.get("kind") == "outcome")
    if any(isinstance(value, dict) and value.get("seed") == seed for value in outcomes):
        return  # drawn and recorded; the program was killed before it removed the file, and sealing does
    raise UnsealableError(
        f"{path}: expected no secret in a case that is sealed, got the seed of a draw by lot that was announced and not "
        f"made; `shortmeasure run --resume {case.path}` makes the draw, or, if that run is given up for good, remove "
        f"{path}: the journal keeps its hash, and nothing can be drawn any more"
    )


def sign(case: Case, key: Ed25519PrivateKey) -> str:
    """Add a signature by another key to a sealed case; returns its fingerprint.  SealedError when it has signed."""
    tag_manifest = _tag_manifest(case)
    signer = fingerprint(key.public_key())
    if os.path.lexists(case.path / SEAL / f"{short(signer)}.sig"):
        raise SealedError(f"{case.path}: the key {signer} has signed this case already")
    for path in _put_signature(case, key, tag_manifest):
        _make_read_only(path)
    return signer


def add_to_seal(case: Case, name: str, data: bytes) -> Path:
    """Put a new file into seal/; the same bytes again are accepted.  FileExistsError for other bytes of that name."""
    _tag_manifest(case)
    path = case.path / SEAL / name
    if os.path.lexists(path):
        if read_small(path, MAX_SEAL_FILE_BYTES) != data:
            raise FileExistsError(f"{path}: another file of this name is there")
        return path
    put_file(case, path, data)
    _make_read_only(path)
    return path


def case_digest(case: Case) -> str:
    """The digest of a sealed case, as it stands; whether all else agrees with it is for `verify` to say."""
    return hashlib.sha256(_tag_manifest(case)).hexdigest()


def digest_text(case_id: str, digest: str) -> bytes:
    return f"{case_id}\n{grouped(digest)}\n".encode()


def _tag_manifest(case: Case) -> bytes:
    if not case.sealed:
        raise SealedError(f"{case.path}: the case is not sealed; `shortmeasure case seal` seals it")
    return read_small(case.path / TAG_MANIFEST, MAX_SEAL_FILE_BYTES)


def _put_signature(case: Case, key: Ed25519PrivateKey, message: bytes) -> Iterable[Path]:
    public = key.public_key()
    name = short(fingerprint(public))
    parts: Mapping[str, bytes] = {
        f"{name}.pem": public_pem(public),
        f"{name}.fingerprint": f"{fingerprint(public)}\n".encode(),
        f"{name}.sig": key.sign(message),  # last: without it the others say nothing
    }
    return [put_file(case, case.path / SEAL / part, data) for part, data in parts.items()]


def _named_in_header(case: Case) -> str:
    """The digest of the case before, where the run was told it; empty otherwise."""
    after = next(read_lines(case.journal)).body.get("after")
    return after if isinstance(after, str) and re.fullmatch(r"[0-9a-f]{64}", after) else ""


def _named(name: str) -> str:
    try:
        return checked_path(name)
    except ValueError as problem:
        raise SealedError(f"cannot be sealed: {problem}") from None


def _clear_cut_sealing(path: Path) -> None:
    """Remove what a crash left of an earlier sealing, or of files being written: neither is evidence."""
    for name in sorted(set(os.listdir(path)) - {"data", LOCK}):
        if (path / name).is_dir() and not (path / name).is_symlink():
            shutil.rmtree(path / name)
        else:
            (path / name).unlink()
    if any(not name.startswith("data/") and name != LOCK for name in tree(path).files):
        raise IntegrityError(f"{path}: the folder changes while it is sealed; end what writes into it")


def _make_read_only(path: Path) -> None:
    """A guard against slips, not against intent; some file systems have no modes."""
    if path.name != LOCK:
        with contextlib.suppress(PermissionError):
            path.chmod(0o400 if path.as_posix().endswith(f"/{PARTIES}") else 0o444)
