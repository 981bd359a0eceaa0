"""Every attack of benchmarks/attacks.py: found and named, or revealed by the second copy that the table names."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from benchmarks.attacks import (
    ATTACKS,
    NAME,
    OFFICER,
    PROGRAMS,
    Attack,
    Scene,
    act_foreign_token,
    act_token_changed,
    damages,
    put,
    sealed_case,
    stand_alone,
)
from captures.case import Case
from captures.seal import case_digest
from captures.signing import fingerprint
from captures.verify import verify
from tests.captures.authority import OPENSSL_HERE


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("cases")
    return Scene(sealed_case(folder / "whole"), sealed_case(folder / "other", "other "))


def test_there_are_enough() -> None:
    assert len(ATTACKS) >= 40
    assert len({attack.title for attack in ATTACKS}) == len(ATTACKS)


def test_without_an_attack_all_agree(whole: Scene) -> None:
    assert verify(whole.case, digest=case_digest(Case(whole.case))).differences == ()
    done = stand_alone(whole.case, "--digest", case_digest(Case(whole.case)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert fingerprint(OFFICER.public_key()) in done.stdout
    assert (whole.case / "verify_case.py").read_bytes() == PROGRAMS.read_bytes()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.title)
def test_attack(attack: Attack, whole: Scene, tmp_path: Path) -> None:
    if attack.act in (act_foreign_token, act_token_changed) and not OPENSSL_HERE:
        pytest.skip("openssl is not on this system: nobody can make a time stamp")
    if "pipe" in attack.title and not hasattr(os, "mkfifo"):
        pytest.skip("pipes have no names on this system")
    digest = hashlib.sha256((whole.case / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    scene = Scene(tmp_path / "case", whole.other)
    shutil.copytree(whole.case, scene.case)
    attack.act(scene)
    found = verify(scene.case)
    alone = stand_alone(scene.case)
    assert "Traceback" not in alone.stderr
    if not attack.second:
        assert attack.names in "\n".join(map(str, found.differences))
        assert found.differences
        assert (alone.returncode != 0) == attack.alone, alone.stdout
        return
    assert not found.differences
    if attack.by == "digest":
        assert any(difference.got != digest for difference in verify(scene.case, digest=digest).differences)
        assert stand_alone(scene.case, "--digest", digest).returncode != 0
    elif attack.by == "key":
        (difference,) = verify(scene.case, key=fingerprint(OFFICER.public_key())).differences
        assert difference.what == "not signed by the demanded key"
    else:
        assert found.withheld
        assert any("withheld" in note for note in found.notes)


def test_damage_of_any_file_is_reported(tmp_path: Path) -> None:
    done = list(damages(tmp_path, 8))
    assert len(done) >= 20
    assert [(name, missed) for name, _, _, missed in done if missed] == []


def test_the_stand_alone_verifier_agrees_on_every_file(tmp_path: Path) -> None:
    """One bit of each file outside seal/, and of the office's signature."""
    whole = sealed_case(tmp_path / "case")
    names = [str(path.relative_to(whole)) for path in sorted(whole.rglob("*")) if path.is_file()]
    for name in [name for name in names if not name.startswith("seal/")] + [f"seal/{NAME}.sig"]:
        raw = (whole / name).read_bytes()
        put(whole / name, raw[:20] + bytes([raw[20] ^ 1]) + raw[21:])
        assert stand_alone(whole).returncode == 1, name
        assert verify(whole).differences, name
        put(whole / name, raw)
    assert stand_alone(whole).returncode == 0
