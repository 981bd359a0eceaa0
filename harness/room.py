"""Room for a case: how much is free where it is to stand, and how long its disk takes to keep something."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fixtures.hostclock import duration_s
from fixtures.language import Sentence, mark

# Two lines at 115200 baud carry 41 MB in 30 minutes; a byte takes up to 6 characters in the journal, with the stamps of
# short reads 7: 290 MB, and as much again for photos, pictures and an export.
FLOOR_BYTES = 600_000_000
PROBES = 5
PROBE_BYTES = 4096
SLOW_SYNC_S = 0.1  # the recorder syncs every 0.5 s and at each step; a fifth of that is felt


class RoomError(Exception):
    """Too little room for a case (exit 41)."""


@dataclass(frozen=True, slots=True)
class Room:
    """`sync_s`: median of PROBES times writing 4 KiB and syncing it, None where it was not tried."""

    folder: str
    free_bytes: int
    sync_s: float | None = None

    @property
    def enough(self) -> bool:
        return self.free_bytes >= FLOOR_BYTES


def nearest(path: Path) -> Path:
    """`path`, or the nearest folder above it that exists."""
    found = path.absolute()
    while not found.is_dir() and found != found.parent:
        found = found.parent
    return found


def room(path: Path, *, probe: bool = False) -> Room:
    """The room at `path` or where it would be made.  OSError where nothing can be written there (with `probe`)."""
    folder = nearest(path)
    return Room(str(folder), shutil.disk_usage(folder).free, _sync_s(folder) if probe else None)


def check_room(path: Path) -> Room:
    """The room for a case at `path`.  Raises RoomError below the floor."""
    found = room(path)
    if not found.enough:
        raise RoomError(
            Sentence(
                mark("{folder}: expected at least {floor:.0f} MB free for a case, got {free:.0f} MB"),
                folder=found.folder,
                floor=FLOOR_BYTES / 1e6,
                free=found.free_bytes / 1e6,
            )
        )
    return found


def _sync_s(folder: Path) -> float:
    """Writes and syncs a file of its own beside the cases and removes it."""
    with tempfile.TemporaryFile(dir=folder, prefix=".shortmeasure-probe-") as handle:

        def once() -> None:
            handle.write(bytes(PROBE_BYTES))
            handle.flush()
            os.fsync(handle.fileno())

        return statistics.median(duration_s(once) for _ in range(PROBES))
