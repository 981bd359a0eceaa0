"""Foreign capture files: which reader is chosen by what a file holds, never by what it is called."""

from __future__ import annotations

from pathlib import Path

from captures.errors import WrongFormatError
from captures.formats.reader import HEAD_BYTES, Reader, open_plain
from captures.formats.sigrok import READER as SIGROK
from captures.model import Capture

READERS: tuple[Reader, ...] = (SIGROK,)

__all__ = ["READERS", "Reader", "read"]


def read(path: Path) -> Capture:
    """The capture in `path`.

    WrongFormatError when no reader knows it; CaptureError when one does and it is damaged or hostile; OSError when
    it cannot be opened.
    """
    with open_plain(path) as handle:
        head = handle.read(HEAD_BYTES)
    reasons = []
    for reader in READERS:
        if not reader.sniff(head):
            continue
        try:
            return reader.read(path)
        except WrongFormatError as reason:  # the head looked like it, the rest did not
            reasons.append(f"{reader.name}: {reason}")
    known = ", ".join(reader.name for reader in READERS)
    why = "; ".join(reasons) or f"it begins {head[:8]!r}"
    raise WrongFormatError(f"{path.name!r}: expected a capture file ({known}), got another format: {why}")
