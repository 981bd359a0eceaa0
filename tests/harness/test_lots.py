"""The kept seed of a draw when the program or the power fails while it is being written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from captures.errors import IntegrityError
from harness.draw import commitment
from harness.lots import Lots

SEED, OTHER = "ab" * 16, "cd" * 16


def test_a_committed_seed_is_the_one_of_the_next_start(tmp_path: Path) -> None:
    Lots(tmp_path, SEED).commit()
    again = Lots(tmp_path, OTHER)
    again.commit()
    again.check(commitment(SEED))
    assert Lots(tmp_path, OTHER).seed == SEED


@pytest.mark.parametrize("left", [b"", bytes(32)])
def test_a_seed_that_never_reached_the_disk_was_shown_to_nobody_and_is_replaced(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "draw-seed").write_bytes(left)
    lots = Lots(tmp_path, SEED)
    lots.commit()
    assert (tmp_path / "draw-seed").read_text() == SEED
    assert [path.name for path in tmp_path.iterdir()] == ["draw-seed"]


@pytest.mark.parametrize("left", [None, b"", bytes(32), OTHER.encode()])
def test_a_seed_whose_hash_was_recorded_is_never_replaced(tmp_path: Path, left: bytes | None) -> None:
    promised = Lots(tmp_path, SEED).commit()
    assert promised == commitment(SEED)
    if left is None:
        (tmp_path / "draw-seed").unlink()
    else:
        (tmp_path / "draw-seed").write_bytes(left)
    with pytest.raises(IntegrityError, match="removed or changed since"):
        Lots(tmp_path, "ef" * 16, promised).commit()
    assert not (tmp_path / "draw-seed").exists() or (tmp_path / "draw-seed").read_bytes() == left


def test_a_seed_whose_hash_was_recorded_is_shown_again(tmp_path: Path) -> None:
    promised = Lots(tmp_path, SEED).commit()
    assert Lots(tmp_path, OTHER, promised).commit() == promised


def test_a_disk_that_fails_leaves_no_half_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("captures.durable.os.fsync", full)
    with pytest.raises(OSError, match="expected the disk to take it, got: No space left on device"):
        Lots(tmp_path, SEED).commit()
    assert not (tmp_path / "draw-seed").exists()
