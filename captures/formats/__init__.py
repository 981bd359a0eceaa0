"""Foreign capture files: which reader is chosen by what a file holds, never by what it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from captures.errors import CaptureError, WrongFormatError
from captures.formats import (
    edges_csv,
    edges_csv_writer,
    saleae_binary,
    saleae_binary_writer,
    saleae_csv,
    sigrok,
    sigrok_writer,
    vcd,
    vcd_writer,
)
from captures.formats.reader import HEAD_BYTES, Reader, open_plain
from captures.model import Capture

READERS: tuple[Reader, ...] = (sigrok.READER, saleae_binary.READER, vcd.READER, saleae_csv.READER, edges_csv.READER)
WRITERS: Mapping[str, Callable[[Capture, Path], None]] = {
    "sr": sigrok_writer.write,
    "vcd": vcd_writer.write,
    "saleae-csv": saleae_csv.write,
    "saleae-bin": saleae_binary_writer.write_v1,
    "saleae-bin-v0": saleae_binary_writer.write_v0,
    "csv": edges_csv_writer.write,
}
FOLDERS = frozenset({"saleae-bin", "saleae-bin-v0"})
"""Formats that are a folder with a file for each channel."""

__all__ = ["FOLDERS", "READERS", "WRITERS", "Reader", "files_of", "read", "read_files", "write"]


def read(path: Path) -> Capture:
    """The capture in the file `path`, or in a folder of Saleae binary files.

    WrongFormatError when no reader knows it; CaptureError when one does and it is damaged or hostile; OSError when
    it cannot be opened.
    """
    if path.is_dir():
        return saleae_binary.read_folder(path)
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


def files_of(path: Path) -> list[Path]:
    """The files that make up the recording at `path`, a file or a folder of Saleae binary files."""
    if not path.is_dir():
        return [path]
    names = path / saleae_binary.NAMES
    return [*saleae_binary.channel_files(path), *([names] if names.is_file() else [])]


def read_files(paths: Sequence[Path]) -> Capture:
    """The capture that one file is, or that several of `files_of` are together; errors as `read`."""
    return read(paths[0]) if len(paths) == 1 else saleae_binary.read_files(paths)


def write(capture: Capture, path: Path, format: str) -> None:
    """Write `capture` to the new file (or folder, see FOLDERS) `path`; what is read back is the same.

    CaptureError when the format cannot carry it, or is not known; FileExistsError when `path` is there.
    """
    if format not in WRITERS:
        raise CaptureError(f"expected one of {', '.join(WRITERS)}, got {format!r}")
    WRITERS[format](capture, path)
