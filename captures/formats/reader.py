"""What a reader of a foreign format is."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from captures.errors import CaptureError
from captures.model import Capture

_PIECE = 1 << 20
HEAD_BYTES = 4096
"""Bytes from the beginning of a file that `Reader.sniff` is given (fewer when the file is shorter)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One foreign format.

    `sniff` says from the head whether the file may be of this format; `read` raises WrongFormatError when it is not
    after all, and CaptureError when it is but is damaged, hostile or too large.
    """

    name: str
    sniff: Callable[[bytes], bool]
    read: Callable[[Path], Capture]


def open_plain(path: Path) -> BinaryIO:
    """Open an ordinary file; CaptureError for a folder, pipe or device, on which reading could wait for ever."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise CaptureError(f"{path.name!r}: expected an ordinary file, got a folder, pipe or device")
    return open(path, "rb")


def hashed(handle: BinaryIO) -> tuple[str, int]:
    """SHA-256 in hex and number of bytes of the whole file, which is then at its beginning again."""
    handle.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := handle.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    handle.seek(0)
    return digest.hexdigest(), size
