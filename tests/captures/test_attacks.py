"""Every attack of benchmarks/attacks.py: found and named, or revealed by the second copy that the table names."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from benchmarks.attacks import PROGRAM, damages, stand_alone
from benchmarks.case_forging import NAME, OFFICER, Scene, put, sealed_case
from benchmarks.manipulations import ATTACKS, Attack
from benchmarks.stamp_authority import OPENSSL_HERE
from captures.case import Case
from captures.seal import case_digest
from captures.signing import fingerprint
from captures.verify import verify


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("cases")
    return Scene(sealed_case(folder / "whole"), sealed_case(folder / "other", "other "))


def test_there_are_enough() -> None:
    assert len(ATTACKS) >= 70
    assert len({attack.title for attack in ATTACKS}) == len(ATTACKS)


def test_without_an_attack_all_agree(whole: Scene) -> None:
    assert verify(whole.case, digest=case_digest(Case(whole.case))).differences == ()
    done = stand_alone(whole.case, "--digest", case_digest(Case(whole.case)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert fingerprint(OFFICER.public_key()) in done.stdout
    assert (whole.case / "verify_case.py").read_bytes() == PROGRAM.read_bytes()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.title)
def test_attack(attack: Attack, whole: Scene, tmp_path: Path) -> None:
    if attack.stamped and not OPENSSL_HERE:
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
    elif attack.by == "note":
        (said,) = set(found.notes) - set(verify(whole.case).notes)
        assert attack.note in said
    else:
        assert attack.by == "copy"
        assert not verify(scene.case, digest=digest).differences


def test_swapped_data_folders_are_named_in_both_cases(whole: Scene, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    shutil.copytree(whole.case, one)
    shutil.copytree(whole.other, two)
    (one / "data").rename(tmp_path / "data")
    (two / "data").rename(one / "data")
    (tmp_path / "data").rename(two / "data")
    for path in (one, two):
        files = {difference.file for difference in verify(path).differences}
        assert {"data/journal/0001.jsonl", "data/originals/脉冲 1.sr", "bag-info.txt"} <= files


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
