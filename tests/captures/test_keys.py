"""Keys on disk: private, found where the system keeps such data, with and without a passphrase."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from captures.errors import KeyFileError
from captures.keys import default_folder, is_encrypted, key_names, key_path, load_key, load_public, make_key
from captures.signing import Ed25519PrivateKey, fingerprint, public_key, public_pem, signature_holds

HOME = Path("/home/o")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", HOME / ".local/share/shortmeasure/keys"),
        ({"XDG_DATA_HOME": "/data"}, "linux", Path("/data/shortmeasure/keys")),
        ({}, "darwin", HOME / "Library/Application Support/shortmeasure/keys"),
        ({"LOCALAPPDATA": "/profile/Local"}, "win32", Path("/profile/Local/shortmeasure/keys")),
        ({}, "win32", HOME / "AppData/Local/shortmeasure/keys"),
        ({"SHORTMEASURE_KEYS": "/stick", "XDG_DATA_HOME": "/data"}, "linux", Path("/stick")),
    ],
)
def test_where_keys_lie(environment: dict[str, str], platform: str, expected: Path) -> None:
    assert default_folder(environment, platform, HOME) == expected


def test_a_key_is_made_private_and_once(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert key_names(folder) == []
    key = make_key(folder, "station", None)
    path = key_path(folder)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(os.listdir(folder)) == ["station.key", "station.pem"]
    assert key_names(folder) == ["station"]
    assert fingerprint(load_key(path, None).public_key()) == fingerprint(key.public_key())
    assert fingerprint(load_public(path.with_suffix(".pem"))) == fingerprint(key.public_key())
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        make_key(folder, "station", None)
    assert path.read_bytes() == before


def test_a_passphrase_is_demanded(tmp_path: Path) -> None:
    key = make_key(tmp_path, "officer", "马到成功")
    path = key_path(tmp_path, "officer")
    assert is_encrypted(path)
    assert fingerprint(load_key(path, "马到成功").public_key()) == fingerprint(key.public_key())
    with pytest.raises(KeyFileError, match="expected its passphrase, got another one"):
        load_key(path, "wrong")
    for nothing in (None, ""):
        with pytest.raises(KeyFileError, match="encrypted: expected its passphrase, got none"):
            load_key(path, nothing)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path, "station", None)
    key_path(tmp_path).chmod(0o640)
    with pytest.raises(KeyFileError, match="mode 640"):
        load_key(key_path(tmp_path), None)


def test_what_is_no_key(tmp_path: Path) -> None:
    path = key_path(tmp_path)
    with pytest.raises(KeyFileError, match="expected a private key file"):
        load_key(path, None)
    path.write_bytes(b"no key")
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="PEM"):
        load_key(path, None)
    with pytest.raises(KeyFileError, match="PEM"):
        load_public(path)
    with pytest.raises(KeyFileError, match="expected a public key file"):
        load_public(tmp_path / "nowhere.pem")
    path.write_bytes(b"x" * 20_000)
    with pytest.raises(KeyFileError, match="at most"):
        load_public(path)
    for name in ("../x", "", "a/b", "NUL"):
        with pytest.raises(KeyFileError, match="name of a key"):
            key_path(tmp_path, name)


def test_only_one_ed25519_key_and_nothing_else_is_a_public_key() -> None:
    pem = public_pem(Ed25519PrivateKey.generate().public_key())
    assert public_pem(public_key(pem)) == pem
    assert public_pem(public_key(pem.replace(b"\n", b"\r\n"))) == pem
    for bad in (pem + b"x", b"x\n" + pem, pem + pem, pem[:-1]):
        with pytest.raises(ValueError, match="public key"):
            public_key(bad)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this system")
def test_openssl_makes_keys_we_read_and_other_kinds_we_refuse(tmp_path: Path) -> None:
    for kind, good in (("ed25519", True), ("x25519", False)):
        path = key_path(tmp_path, kind)
        subprocess.run(["openssl", "genpkey", "-algorithm", kind, "-out", str(path)], check=True, capture_output=True)
        path.chmod(0o600)
        if good:
            assert signature_holds(load_key(path, None).public_key(), load_key(path, None).sign(b"m"), b"m")
        else:
            with pytest.raises(KeyFileError, match="for Ed25519"):
                load_key(path, None)


def test_the_vector_of_the_standard() -> None:
    """RFC 8032 section 7.1, test 2."""
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    expected = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert key.sign(b"\x72").hex() == expected
    assert signature_holds(key.public_key(), bytes.fromhex(expected), b"\x72")
    assert not signature_holds(key.public_key(), bytes.fromhex(expected), b"\x73")
