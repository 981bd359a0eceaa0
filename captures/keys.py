"""The office's signing key on disk: made on first use, private, with or without a passphrase.

::

    FOLDER/NAME.key   Ed25519 private key, PKCS #8 in PEM, for its owner alone (0600), encrypted if a passphrase is given
    FOLDER/NAME.pem   the public key

On Windows the folder lies in the user's profile, which other users cannot read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from captures.bag import read_small
from captures.durable import give_name, naming, write_all
from captures.errors import IntegrityError, KeyFileError
from captures.names import checked_name
from captures.signing import MAX_KEY_BYTES, Ed25519PrivateKey, Ed25519PublicKey, public_key, public_pem
from captures.user_folder import user_folder

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
STATION = "station"


def default_folder(environment: Mapping[str, str], platform: str, home: Path) -> Path:
    """Where keys lie: SHORTMEASURE_KEYS, else the user's folder for application data on this `platform` (sys.platform)."""
    if wanted := environment.get("SHORTMEASURE_KEYS"):
        return Path(wanted)
    return user_folder(environment, platform, home) / "keys"


def key_path(folder: Path, name: str = STATION) -> Path:
    try:
        return folder / f"{checked_name(name)}.key"
    except ValueError as problem:
        raise KeyFileError(f"name of a key: {problem}") from None


def key_names(folder: Path) -> list[str]:
    """The keys in `folder`; none where there is no such folder."""
    try:
        return sorted(entry.stem for entry in folder.iterdir() if entry.suffix == ".key")
    except FileNotFoundError:
        return []


def is_encrypted(path: Path) -> bool:
    """Whether the private key at `path` needs a passphrase.  KeyFileError when there is none."""
    return _private_bytes(path).lstrip().startswith(_ENCRYPTED)


def make_key(folder: Path, name: str, passphrase: str | None) -> Ed25519PrivateKey:
    """Make the key `name` in `folder`, durable when this returns.  FileExistsError when there is one."""
    path = key_path(folder, name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    encryption: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode("utf-8")) if passphrase else NoEncryption()
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    _write_new(path, private, 0o600)
    path.with_suffix(".pem").unlink(missing_ok=True)  # of a key that is gone
    _write_new(path.with_suffix(".pem"), public_pem(key.public_key()), 0o644)
    return key


def load_key(path: Path, passphrase: str | None) -> Ed25519PrivateKey:
    """The private key at `path`; KeyFileError when it is missing, readable by others, or the passphrase is wrong."""
    raw = _private_bytes(path)
    secret = passphrase.encode("utf-8") if passphrase and raw.lstrip().startswith(_ENCRYPTED) else None
    try:
        key = load_pem_private_key(raw, secret)
    except TypeError:
        raise KeyFileError(f"{path}: the key is encrypted: expected its passphrase, got none") from None
    except (ValueError, UnsupportedAlgorithm):
        why = "expected its passphrase, got another one" if secret else "expected a private key in PEM form"
        raise KeyFileError(f"{path}: {why}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: expected a private key for Ed25519, got another kind")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """The public key in the file `path`; KeyFileError when it holds none."""
    try:
        return public_key(read_small(path, MAX_KEY_BYTES))
    except (ValueError, IntegrityError) as problem:
        raise KeyFileError(f"{path}: {problem}") from None
    except OSError as problem:
        raise KeyFileError(f"{path}: expected a public key file: {problem.strerror}") from None


def _private_bytes(path: Path) -> bytes:
    try:
        mode = os.stat(path).st_mode
        raw = read_small(path, MAX_KEY_BYTES)
    except (OSError, IntegrityError) as problem:
        raise KeyFileError(f"{path}: expected a private key file: {problem}") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(
            f"{path}: expected a key that its owner alone can read (mode 600), got mode {stat.S_IMODE(mode):o}; "
            f"others may have copied it: make a new one, or `chmod 600` if you are sure"
        )
    return raw


def _write_new(path: Path, data: bytes, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, _NEW_FILE, mode)
    try:
        with naming(temporary, "the disk to take it"):
            write_all(descriptor, data)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    give_name(temporary, path)
