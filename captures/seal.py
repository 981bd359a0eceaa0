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
is written last: without it a case is not sealed, and a sealing that was cut begins anew, or, where its digest was written,
ends with the same digest.  What others have put into seal/ is never removed.
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

from captures.bag import BAGIT, MAX_MANIFEST_BYTES, hash_file, info_bytes, manifest_bytes, read_info, read_small, tree
from captures.case import Case, CaseReport, put_file, verify_case
from captures.case_record import checked_utc, read_record
from captures.digest import grouped, qr_svg, qr_text
from captures.errors import IntegrityError, NotSealedError, SealedError, UnsealableError
from captures.journal import read_lines
from captures.layout import (
    DIGEST_IMAGE,
    DIGEST_TEXT,
    FOLDERS,
    INFO,
    LOCK,
    MANIFEST,
    MANIFEST_SM3,
    MAX_SEAL_FILE_BYTES,
    PARTIAL,
    README,
    RECORD,
    SEAL,
    SECRETS,
    SEED,
    TAG_MANIFEST,
    VERIFIER,
    WITHHELD,
    read_only_mode,
)
from captures.names import checked_path
from captures.seal_readme import readme
from captures.signing import Ed25519PrivateKey, fingerprint, public_pem, short, signature_holds

_PAYLOAD = re.compile(rf"data/(?:(?:journal|originals|derived)/[^/]+|{re.escape(RECORD)}|parties\.json)")
_MAX_SEED_BYTES = 1024
_PARTS = {"data", LOCK, PARTIAL, "bagit.txt", INFO, MANIFEST, MANIFEST_SM3, README, VERIFIER, SEAL}


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
    record = read_record(case)
    after = record.after.digest if record.after else _named_in_header(case)
    hashes = ("sha256", "sm3") if sm3 else ("sha256",)
    payload = {name: size for name, size in tree(path).files.items() if name.startswith("data/")}
    digests = {_named(name): hash_file(path / name, hashes, size) for name, size in payload.items()}
    signer = fingerprint(key.public_key())
    _refuse_other_signer(case, signer)
    if os.path.lexists(path / SEAL / DIGEST_TEXT):
        return _finish(case, key, manifest_bytes({name: found[0] for name, found in digests.items()}))
    _clear_cut_sealing(path)
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
    put_file(case, folder / DIGEST_TEXT, digest_text(record.id, digest))
    _close(case, tag_manifest, record.id)
    return Sealed(digest, signer, report.complete)


def _close(case: Case, tag_manifest: bytes, case_id: str) -> None:
    digest = hashlib.sha256(tag_manifest).hexdigest()
    put_file(case, case.path / SEAL / DIGEST_IMAGE, qr_svg(qr_text(case_id, digest)))
    put_file(case, case.path / TAG_MANIFEST, tag_manifest)
    for name in tree(case.path).files:
        _make_read_only(case, name)


def _finish(case: Case, key: Ed25519PrivateKey, manifest: bytes) -> Sealed:
    """Write what a sealing that was cut after its digest.txt lacks: the same case, the same digest.  `manifest`: of the
    payload as it is now.  UnsealableError when it is not what was signed then."""
    path, signer = case.path, fingerprint(key.public_key())
    names = ["bagit.txt", INFO, MANIFEST, README, VERIFIER, MANIFEST_SM3]
    tags = {name: read_small(path / name, MAX_MANIFEST_BYTES) for name in names if os.path.lexists(path / name)}
    tag_manifest = manifest_bytes({name: hashlib.sha256(data).hexdigest() for name, data in tags.items()})
    digest = hashlib.sha256(tag_manifest).hexdigest()
    info, _ = read_info(tags.get(INFO, b""))
    case_id = info.get("External-Identifier", "")
    signature = path / SEAL / f"{short(signer)}.sig"
    if (
        tags.get(MANIFEST) != manifest
        or read_small(path / SEAL / DIGEST_TEXT, MAX_SEAL_FILE_BYTES) != digest_text(case_id, digest)
        or not os.path.lexists(signature)
        or not signature_holds(key.public_key(), read_small(signature, MAX_SEAL_FILE_BYTES), tag_manifest)
    ):
        raise _broken(case, f"a signature of what the case holds beside {SEAL}/{DIGEST_TEXT}", "another or none")
    _close(case, tag_manifest, case_id)
    return Sealed(digest, signer, info.get("Journal-State") == "complete")


def require_sealable(case: Case) -> CaseReport:
    """The verified case that can be sealed; SealedError or IntegrityError as in `seal`.  Nothing is written."""
    if case.sealed:
        raise SealedError(
            f"{case.path}: the case is sealed already, with the digest {case_digest(case)}; a case is sealed once"
        )
    report = verify_case(case.path)
    _refuse_finished_seal(case)
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


def _refuse_finished_seal(case: Case) -> None:
    """UnsealableError when seal/ holds what joins a seal only when it is finished: its tag manifest is gone."""
    folder = case.path / SEAL
    names = sorted(os.listdir(folder)) if os.path.lexists(folder) else []
    joined = [name for name in names if name.endswith((".tsq", ".tsr")) or name == WITHHELD]
    if joined or len(case.signatures) > 1:
        raise _broken(case, "nothing but one signature", ", ".join([*joined, *case.signatures])[:200])


def _refuse_other_signer(case: Case, signer: str) -> None:
    """UnsealableError when the signature that a cut sealing left is of another key: nobody's is ever removed by another."""
    if any(name != f"{short(signer)}.sig" for name in case.signatures):
        raise _broken(case, f"no signature but one by the key {signer}", case.signatures[0])


def _broken(case: Case, expected: str, got: str) -> UnsealableError:
    return UnsealableError(
        f"{case.path / SEAL}: expected {expected} in a case without {TAG_MANIFEST}, got {got}; a seal that was broken is "
        f"not made anew over the signatures of others: take another copy of the case. If it is certain that the sealing "
        f"was cut, seal with the key of that signature, or move {SEAL}/ away"
    )


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
        _make_read_only(case, f"{SEAL}/{path.name}")
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
    _make_read_only(case, f"{SEAL}/{name}")
    return path


def case_digest(case: Case) -> str:
    """The digest of a sealed case, as it stands; whether all else agrees with it is for `verify` to say."""
    return hashlib.sha256(_tag_manifest(case)).hexdigest()


def digest_text(case_id: str, digest: str) -> bytes:
    return f"{case_id}\n{grouped(digest)}\n".encode()


def _tag_manifest(case: Case) -> bytes:
    if not case.sealed:
        raise NotSealedError(f"{case.path}: expected a sealed case, this one is not sealed")
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


def _make_read_only(case: Case, name: str) -> None:
    """Of the file `name` of the case: a guard against slips, not against intent; some file systems have no modes."""
    if name != LOCK:
        with contextlib.suppress(PermissionError):
            (case.path / name).chmod(read_only_mode(name))
