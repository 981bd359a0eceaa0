"""The files of one journal folder: their names and order, and how a power cut can leave the end of one."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from captures.errors import IntegrityError

_SECTOR = 512
_NAME = re.compile(r"[0-9]{4,6}\.jsonl")


def file_name(number: int) -> str:
    """0001.jsonl for 1."""
    return f"{number:04d}.jsonl"


def journal_files(folder: Path) -> tuple[str, ...]:
    """The journal's files in order; IntegrityError when one is missing, is no plain file, or does not belong here."""
    found: set[str] = set()
    with os.scandir(folder) as entries:
        for entry in entries:
            if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                raise IntegrityError(f"{folder}: expected plain files, {entry.name!r} is none; ask who put it there")
            if _NAME.fullmatch(entry.name) is None:
                raise IntegrityError(f"{folder}: expected 0001.jsonl, 0002.jsonl ..., got {entry.name!r}; move it away")
            found.add(entry.name)
    if not found:
        raise IntegrityError(f"{folder}: expected a journal, got no file 0001.jsonl")
    names = tuple(file_name(number) for number in range(1, len(found) + 1))
    for name in names:
        if name not in found:
            raise IntegrityError(f"{folder}: missing file {name}; the folder has {', '.join(sorted(found)[:8])}")
    return names


def read_tail(handle: BinaryIO, offset: int, limit: int) -> bytes | None:
    """All bytes from `offset` on, or None when they are more than `limit`."""
    handle.seek(offset)
    tail = handle.read(limit + 1)
    return tail if len(tail) <= limit else None


def tear_by_power_cut(tail: bytes, offset: int) -> bool:
    """Whether `tail`, which begins at `offset` of its file, has a whole sector of zeros, or zeros up to the first sector.

    A power cut can lose unsynced sectors and keep later ones, so that newlines stand behind the damage; of the sector
    in which the synced part ends, the rest is zeros then.  The journal itself never has a NUL byte, and sectors of them
    are not what a changed line looks like.
    """
    start = -offset % _SECTOR
    if start and not any(tail[:start]):
        return True
    for begin in range(start, len(tail), _SECTOR):
        sector = tail[begin : begin + _SECTOR]
        if not any(sector):
            return True
    return False
