"""The officer's keys as commands use them: where they lie, made on first use, opened with a passphrase if they have one."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from captures.errors import KeyFileError
from captures.keys import STATION, default_folder, is_encrypted, key_path, load_key, make_key
from captures.signing import Ed25519PrivateKey, fingerprint
from fixtures.language import mark, translate
from harness.output import comment

PASSPHRASE = "SHORTMEASURE_PASSPHRASE"


def folder() -> Path:
    return default_folder(os.environ, sys.platform, Path.home())


def signing_key(name: str = STATION) -> Ed25519PrivateKey:
    """The private key `name`, made when it is not there yet.  KeyFileError when it cannot be opened."""
    path = key_path(folder(), name)
    if not os.path.lexists(path):
        passphrase = _passphrase(mark("Passphrase for the new key {name} (empty: none): "), name)
        if passphrase and _passphrase(mark("The same passphrase again: "), name) != passphrase:
            raise KeyFileError(f"{path}: expected the same passphrase twice, got two; no key was made, try again")
        key = make_key(folder(), name, passphrase)
        comment(translate(mark("key {name} made: {path}"), name=name, path=path))
        text = mark("  register its fingerprint with the office: {fingerprint}")
        comment(translate(text, fingerprint=fingerprint(key.public_key())))
        return key
    if not is_encrypted(path):
        return load_key(path, None)
    passphrase = _passphrase(mark("Passphrase of the key {name}: "), name)
    if not passphrase:
        raise KeyFileError(f"{path}: the key is encrypted: set {PASSPHRASE}, or run on a terminal to be asked")
    return load_key(path, passphrase)


def _passphrase(prompt: str, name: str) -> str | None:
    """From the environment, else asked where somebody can answer, else none."""
    if (given := os.environ.get(PASSPHRASE)) is not None:
        return given or None
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass.getpass(translate(prompt, name=name)) or None
