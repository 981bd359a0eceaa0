"""Ed25519 signatures (RFC 8032) and the form in which public keys are kept: PEM, named by their fingerprint.

The fingerprint is the SHA-256 of the key's DER form (SubjectPublicKeyInfo, RFC 8410), so that anybody computes it with
``openssl pkey -pubin -in KEY.pem -outform DER | sha256sum``.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

MAX_KEY_BYTES = 16 << 10
SIGNATURE_BYTES = 64

__all__ = [
    "MAX_KEY_BYTES",
    "SIGNATURE_BYTES",
    "Ed25519PrivateKey",
    "Ed25519PublicKey",
    "fingerprint",
    "public_key",
    "public_pem",
    "short",
    "signature_holds",
]


def fingerprint(key: Ed25519PublicKey) -> str:
    """64 hex digits."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def short(fingerprint: str) -> str:
    """The first 16 digits, which name the files of a signature."""
    return fingerprint[:16]


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_key(pem: bytes) -> Ed25519PublicKey:
    """The key in `pem`; ValueError when it is not exactly what `public_pem` writes, but for line ends."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("expected a public key in PEM form") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("expected a public key for Ed25519, got another kind")
    if public_pem(key) != pem.replace(b"\r\n", b"\n"):
        raise ValueError("expected nothing but one public key in PEM form, got more")
    return key


def signature_holds(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is of `message` by `key`."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
