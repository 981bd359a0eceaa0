"""Files that survive a power cut: written aside, synced, then given their name."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

# a link may be refused by file systems without links (FAT, exFAT, some network shares)
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES, errno.EINVAL}


@contextlib.contextmanager
def naming(path: Path, expected: str) -> Iterator[None]:
    """What the system says of a descriptor names no file: say of `path` what was `expected` of it and what came."""
    try:
        yield
    except OSError as problem:
        if problem.filename is not None:
            raise
        raise OSError(problem.errno, f"expected {expected}, got: {problem.strerror}", str(path)) from problem


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable.  Windows cannot sync a folder; its file systems journal names themselves."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with naming(folder, "its names to reach the disk"):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Bring to the disk what another process has written to the file at `path` and may not have synced."""
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)  # Windows syncs only what may be written
    try:
        with naming(path, "what is in it to reach the disk"):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of `data`, looping on short writes."""
    with memoryview(data) as view:
        done = 0
        while done < len(view):
            done += os.write(descriptor, view[done:])


def give_name(temporary: Path, final: Path) -> None:
    """Move a synced file to `final`, which must not exist: FileExistsError otherwise, and `temporary` stays."""
    try:
        os.link(temporary, final)  # unlike a rename on POSIX, a link never replaces what is there
    except FileExistsError:
        raise
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, "expected no file of this name", str(final)) from None
        os.rename(temporary, final)
    else:
        os.unlink(temporary)
    sync_folder(final.parent)


def replace_name(temporary: Path, final: Path) -> None:
    """Move a synced file to `final`, replacing what is there in one step."""
    os.replace(temporary, final)
    sync_folder(final.parent)
