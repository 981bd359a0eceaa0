"""The tripwire of benchmarks/power_cuts.py: few seeds, and that the model notices what it is there to notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lost_writes import TracedDisk, after_kill, after_power_cut
from benchmarks.power_cuts import one, raid
from captures.journal import JournalWriter, scan
from captures.journal_files import tear_by_power_cut

SEEDS = range(1, 31)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TracedDisk:
    return raid(tmp_path_factory.mktemp("whole") / "raid")


def test_what_was_said_to_be_safe_is_there_after_every_cut(whole: TracedDisk, tmp_path: Path) -> None:
    found = [one(seed, whole, tmp_path) for seed in SEEDS]
    assert [why for each in found for why in each.wrong] == []
    assert sum(each.synced for each in found) > 10_000
    assert sum(each.beyond for each in found) > 1_000  # the cuts fall between two syncs, not at them


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("captures.journal.JournalWriter.sync_flushed", lambda self: None),
        ("captures.journal.sync_folder", lambda folder: None),
        ("captures.journal.sync_file", lambda path: None),
        ("captures.case.replace_name", lambda temporary, final: temporary.replace(final)),
    ],
)
def test_a_sync_left_out_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, instead: Callable[..., Any]
) -> None:
    monkeypatch.setattr(name, instead)
    disk = raid(tmp_path / "raid")
    assert any(one(seed, disk, tmp_path).wrong for seed in range(1, 151))


def test_a_killed_run_is_on_the_disk_before_anything_is_chained_to_it(tmp_path: Path) -> None:
    """The lines that a killed process had only handed over; power is lost right after the journal was continued."""
    folder = tmp_path / "a"
    folder.mkdir()
    disk = TracedDisk(folder)
    with disk.active():
        writer = JournalWriter.create(folder, {"kind": "header"})
        for n in range(100):
            writer.append({"kind": "step", "n": n})
        writer.flush()
        writer.abandon()
        JournalWriter.resume(folder).abandon()
    for seed in range(50):
        after_power_cut(disk.events, tmp_path / f"cut-{seed}", seed)
        assert scan(tmp_path / f"cut-{seed}").lines == 102
    after_kill(disk.events, tmp_path / "killed")
    assert scan(tmp_path / "killed").lines == 102


def test_zeros_in_the_rest_of_the_last_synced_sector_are_a_tear() -> None:
    """The page was lost and the file's length was not: the sector in which the synced part ends goes on in zeros."""
    assert tear_by_power_cut(bytes(412) + b'"}\n' * 50, 100)
    assert not tear_by_power_cut(bytes(411) + b"x" + b'"}\n' * 50, 100)
    assert not tear_by_power_cut(b'{"seq":9' + bytes(404) + b'"}\n' * 50, 100)
