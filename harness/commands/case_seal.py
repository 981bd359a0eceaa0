"""`case seal|sign|digest`: a finished case is closed, signed, and its digest put onto paper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark, translate
from harness.output import comment, emit

if TYPE_CHECKING:
    from captures.case import Case

Folder = Annotated[Path, typer.Argument(help="the case folder")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]


def seal(
    case: Folder,
    key: Annotated[str, typer.Option("--key", help="name of the key; made when it is not there yet")] = "station",
    sm3: Annotated[bool, typer.Option("--sm3", help="a manifest by SM3 (GB/T 32905) beside SHA-256")] = False,
    request: Annotated[
        bool, typer.Option("--request", help="write the request for a time stamp (RFC 3161) into seal/")
    ] = False,
    attach_token: Annotated[
        Path | None, typer.Option("--attach-token", help="store a time stamp authority's answer in a sealed case")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Seal a case: manifests, signature, digest.  From then on nothing is written into it.

    On a sealed case --request and --attach-token add to its seal.
    """
    from captures.case import Case

    opened = Case.open(case)
    document: dict[str, Any] = {"case": str(case)}
    if not (opened.sealed and (request or attach_token is not None)) and attach_token is None:
        document |= _close(opened, key, sm3)
    if attach_token is not None:
        document["token"] = _attach(opened, attach_token)
    if request:
        document["request"] = _request(opened)
    _show(opened, document, as_json)
    return 0


def sign(
    case: Folder,
    key: Annotated[str, typer.Option("--key", help="name of the officer's own key; made when it is not there yet")],
    as_json: AsJson = False,
) -> int:
    """Add the signature of a second officer to a sealed case."""
    from captures.case import Case
    from captures.seal import case_digest
    from captures.seal import sign as add
    from captures.verify import require_as_sealed
    from harness.keyring import signing_key
    from harness.lock import locked

    opened = Case.open(case)
    digest = case_digest(opened)
    require_as_sealed(case)  # nobody signs what differs from what was sealed
    own = signing_key(key)
    with locked(case):
        signer = add(opened, own)
    document = {"case": str(case), "digest": digest, "key": signer}
    emit("signature", document, f"{case}: signed by {key}, fingerprint {signer}", as_json)
    return 0


def digest(case: Folder, as_json: AsJson = False) -> int:
    """Print the digest of a sealed case for the paper record: in groups of four, and as a QR code."""
    from captures.case import Case

    _show(Case.open(case), {"case": str(case)}, as_json)
    return 0


def _close(case: Case, key: str, sm3: bool) -> dict[str, Any]:
    from importlib.metadata import version

    from captures.seal import require_sealable, seal
    from captures.verify import require_as_sealed
    from harness.hours import utc_now
    from harness.keyring import signing_key
    from harness.lock import locked

    require_sealable(case)  # before a key is made or a passphrase asked
    own = signing_key(key)
    tool = f"shortmeasure {version('shortmeasure')}"
    with locked(case.path):  # no run goes on while its case is sealed
        done = seal(case, own, utc=utc_now(), tool=tool, sm3=sm3)
    require_as_sealed(case.path)  # read back from the disk
    if not done.complete:
        text = mark("{case}: the run was cut: sealed as it is, and bag-info.txt says so (Journal-State: cut)")
        comment(translate(text, case=case.path))
    return {"key": done.key, "complete": done.complete}


def _request(case: Case) -> str:
    """Write the request for a time stamp of the digest; returns its path."""
    import hashlib
    import secrets

    from captures.seal import add_to_seal, case_digest
    from captures.seal_token import request
    from harness.lock import locked

    raw = request(case_digest(case), secrets.randbits(63))
    with locked(case.path):
        return str(add_to_seal(case, f"request-{hashlib.sha256(raw).hexdigest()[:16]}.tsq", raw))


def _attach(case: Case, token: Path) -> str:
    """Store the answer of a time stamp authority, when it is about this case; returns its path."""
    import hashlib

    from captures.bag import read_small
    from captures.errors import IntegrityError
    from captures.seal import add_to_seal, case_digest
    from captures.seal_token import MAX_TOKEN_BYTES, read_token
    from harness.lock import locked

    digest = case_digest(case)
    raw = read_small(token, MAX_TOKEN_BYTES)
    try:
        stamp = read_token(raw)
    except ValueError as problem:
        raise IntegrityError(f"{token}: {problem}") from None
    if stamp.imprint != digest:
        raise IntegrityError(
            f"{token}: a time stamp of another case: expected the digest {digest}, got {stamp.imprint}"
        )
    text = mark("time stamp of {utc}; whether its authority signed it is for `openssl ts -verify`")
    comment(translate(text, utc=stamp.utc))
    with locked(case.path):
        return str(add_to_seal(case, f"token-{hashlib.sha256(raw).hexdigest()[:16]}.tsr", raw))


def _show(case: Case, document: dict[str, Any], as_json: bool) -> None:
    """The digest on stdout, with its QR code where that is a terminal."""
    from captures.case_record import read_record
    from captures.digest import grouped, qr_terminal, qr_text
    from captures.seal import case_digest

    value, name = case_digest(case), read_record(case).id
    groups = grouped(value).split("\n")
    labels = {"key": mark("key {value}"), "request": mark("request {value}"), "token": mark("token {value}")}
    text = [translate(mark("{case}: sealed, case {id}"), case=case.path, id=name)]
    text += [translate(label, value=document[key]) for key, label in labels.items() if key in document]
    text += [translate(mark("digest for the paper record that the parties sign:")), *(f"  {line}" for line in groups)]
    if sys.stdout.isatty() and not as_json:
        text.append(qr_terminal(qr_text(name, value)))
    emit("seal", {**document, "id": name, "digest": value, "grouped": groups}, "\n".join(text), as_json)
