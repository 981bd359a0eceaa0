"""What a case folder holds, by name: whoever writes, seals, copies or verifies one means the same files.

What each is for stands in docs/case.md.
"""

from __future__ import annotations

RECORD = "case.json"
PARTIES = "data/parties.json"
MAX_PARTIES_BYTES = 16 << 20
FOLDERS = ("data", "data/journal", "data/originals", "data/derived")

LOCK = "lock"
PARTIAL = "partial"
"""Where files are while they are being written; what lies there was left by a crash."""

SEED = "draw-seed"
SEED_ASIDE = f".{SEED}.new"
SECRETS = (SEED, SEED_ASIDE)
"""What a draw by lot follows from, until it is drawn: who reads it before knows who will be.  Never sealed, never copied."""

MANIFEST = "manifest-sha256.txt"
MANIFEST_SM3 = "manifest-sm3.txt"
INFO = "bag-info.txt"
README = "README.txt"
VERIFIER = "verify_case.py"
TAG_MANIFEST = "tagmanifest-sha256.txt"
"""The last file that sealing writes; its SHA-256 is the digest of the case."""
SEAL = "seal"
DIGEST_TEXT = "digest.txt"
DIGEST_IMAGE = "digest.svg"
WITHHELD = "withheld.txt"
MAX_SEAL_FILE_BYTES = 1 << 20


def read_only_mode(name: str) -> int:
    """Of the file `name` of a sealed case or a copy: names are for whoever has the case, not for all on his computer."""
    return 0o400 if name == PARTIES else 0o444
