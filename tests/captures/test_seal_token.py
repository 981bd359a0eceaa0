"""Requests and answers of RFC 3161 against openssl, and what is no answer."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.finished_case import KEY, TOOL, UTC, finished_case
from benchmarks.stamp_authority import OPENSSL_HERE, Authority
from captures.case import Case
from captures.errors import IntegrityError
from captures.seal import add_to_seal, case_digest
from captures.seal_token import read_request, read_token, request
from captures.verify import require_as_sealed, verify

needs_openssl = pytest.mark.skipif(not OPENSSL_HERE, reason="openssl is not on this system")
DIGEST = hashlib.sha256(b"tag manifest").hexdigest()


@needs_openssl
@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 2**62, 2**63 - 1])
def test_openssl_reads_our_request(tmp_path: Path, nonce: int) -> None:
    (tmp_path / "q.tsq").write_bytes(request(DIGEST, nonce))
    command = ["openssl", "ts", "-query", "-in", "q.tsq", "-text"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Hash Algorithm: sha256" in done.stdout
    stated = next(row.partition(": ")[2] for row in done.stdout.splitlines() if row.startswith("Nonce: "))
    assert int(stated, 16) == nonce
    assert "Certificate required: yes" in done.stdout
    rows = [row.partition(" - ")[2][:47] for row in done.stdout.splitlines() if row.startswith("    00")]
    dump = "".join(rows).replace("-", "").replace(" ", "")
    assert dump == DIGEST
    assert read_request(request(DIGEST, nonce)) == DIGEST


@needs_openssl
def test_an_answer_is_stored_and_verified_outside(tmp_path: Path) -> None:
    from captures.seal import seal

    case = finished_case(tmp_path / "case")
    digest = seal(case, KEY, utc=UTC, tool=TOOL).digest
    authority = Authority(tmp_path / "tsa")
    raw = authority.stamp(request(digest, 5))
    token = read_token(raw)
    assert token.imprint == digest
    assert token.utc.endswith("Z")
    assert len(token.utc) == 20
    stored = add_to_seal(case, f"token-{hashlib.sha256(raw).hexdigest()[:16]}.tsr", raw)
    found = verify(case.path)
    assert found.differences == ()
    assert [stamp.utc for stamp in found.stamps] == [token.utc]
    assert any("openssl ts -verify" in note for note in found.notes)
    assert authority.verifies(stored, case.path / "tagmanifest-sha256.txt")
    assert not authority.verifies(stored, case.path / "bag-info.txt")


@needs_openssl
def test_an_answer_about_another_digest_is_named(tmp_path: Path) -> None:
    from captures.seal import seal

    case = finished_case(tmp_path / "case")
    seal(case, KEY, utc=UTC, tool=TOOL)
    raw = Authority(tmp_path / "tsa").stamp(request(DIGEST, 5))
    add_to_seal(case, f"token-{hashlib.sha256(raw).hexdigest()[:16]}.tsr", raw)
    with pytest.raises(IntegrityError, match=f"a time stamp of another case: expected {case_digest(Case(case.path))}"):
        require_as_sealed(case.path)


@needs_openssl
def test_a_truncated_answer_is_never_read_as_one(tmp_path: Path) -> None:
    raw = Authority(tmp_path / "tsa").stamp(request(DIGEST, 5))
    for length in range(len(raw)):
        with pytest.raises(ValueError, match=r"expected|refused"):
            read_token(raw[:length])
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 0x20]) + raw[position + 1 :]
        try:
            read_token(changed)
        except ValueError:
            continue


def test_a_refusal_is_said() -> None:
    with pytest.raises(ValueError, match="refused"):
        read_token(bytes.fromhex("30053003020102"))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(raw: bytes) -> None:
    for read in (read_token, read_request):
        with pytest.raises(ValueError, match=r"expected|refused"):
            read(raw)


def test_deep_and_endless_lengths_are_refused() -> None:
    for raw in (b"\x30\x80" * 1000, b"\x30\x84\xff\xff\xff\xff", b"\x30\x88" + b"\xff" * 8, b"\x3f\x01\x00"):
        with pytest.raises(ValueError, match="expected"):
            read_token(raw)
