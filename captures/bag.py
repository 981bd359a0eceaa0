"""BagIt 1.0 (RFC 8493): manifests and tag files, written and read.

A manifest line is ``HEX  PATH`` and a newline, as sha256sum writes and checks it.  Paths are relative, with ``/``, of
plain names only (captures/names.py), so that RFC 8493's percent-encoding never occurs.  `fetch.txt` is refused: a case
holds its files itself, and nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

from captures.durable import naming
from captures.errors import IntegrityError, SealedError
from captures.names import MAX_DEPTH, checked_path, folded, shown

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MAX_FILES = 100_000
MAX_MANIFEST_BYTES = 64 << 20
MAX_INFO_BYTES = 64 << 10
_PIECE = 1 << 20
_INFO_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,63}): (.{0,1000})")
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


Kind = Literal["changed", "missing", "added", "foreign", "unreadable", "denied", "demanded"]
"""Of a difference: `denied` not looked at, for want of permission: nothing is known of it; `foreign` what no case holds (a link, a manifest line that leaves the case); `demanded` the case is as
sealed, and not signed by the key, or not of the digest, that was asked for."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as sealed: `file` relative to the case, `line` from 1 (0 = the file as a whole)."""

    file: str
    what: str
    expected: str
    got: str
    line: int = 0
    kind: Kind = "changed"

    def __str__(self) -> str:
        where = shown(self.file) + (f" line {self.line}" if self.line else "")
        return f"{where}: {self.what}: expected {shown(self.expected)}, got {shown(self.got)}"


@dataclass(frozen=True, slots=True)
class Tree:
    """The ordinary files under a folder, by relative path, with their sizes; what is not ordinary, as differences.

    `linked`: files that have a second name somewhere on this disk, where the system tells."""

    files: Mapping[str, int]
    odd: tuple[Difference, ...]
    folders: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


def tree(path: Path) -> Tree:
    """List `path` without following anything; IntegrityError when it holds more than MAX_FILES entries."""
    files: dict[str, int] = {}
    odd: list[Difference] = []
    linked: list[str] = []
    found: list[str] = []
    folders, count = [""], 0
    while folders:
        folder = folders.pop()
        seen: dict[str, str] = {}
        with os.scandir(path / folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                count += 1
                if count > MAX_FILES:
                    raise IntegrityError(f"{path}: expected at most {MAX_FILES} files, got more; this is no case")
                name = f"{folder}/{entry.name}" if folder else entry.name
                if (other := seen.setdefault(folded(entry.name), entry.name)) != entry.name:
                    odd.append(
                        Difference(name, "names that some systems take for one", "one of them", other, kind="foreign")
                    )
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    files[name] = status.st_size
                    if status.st_nlink > 1:
                        linked.append(name)
                elif not stat.S_ISDIR(status.st_mode):
                    kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "a device, pipe or socket"
                    odd.append(Difference(name, "no ordinary file", "ordinary files only", kind, kind="foreign"))
                elif name.count("/") + 1 >= MAX_DEPTH:
                    odd.append(
                        Difference(name, "nested too deeply", f"at most {MAX_DEPTH} folders", "more", kind="foreign")
                    )
                else:
                    folders.append(name)
                    found.append(name)
    return Tree(dict(sorted(files.items())), tuple(odd), tuple(sorted(found)), tuple(sorted(linked)))


def read_small(path: Path, limit: int) -> bytes:
    """The bytes of an ordinary file of at most `limit`; IntegrityError otherwise.  Never follows a link."""
    with naming(path, "a file that can be read"), _opened(path) as handle:
        raw = b"".join(_pieces(handle, limit + 1))
    if len(raw) > limit:
        raise IntegrityError(f"{path}: expected at most {limit} bytes, got more")
    return raw


def _opened(path: Path) -> FileIO:
    """An ordinary file, looked at before it is read: a folder opens too, and a pipe would wait."""
    descriptor = os.open(path, _READ)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IntegrityError(f"{path}: expected an ordinary file")
        return FileIO(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _pieces(handle: FileIO, most: int) -> Iterator[bytes]:
    """The first `most` bytes."""
    while most > 0 and (piece := handle.read(min(_PIECE, most))):
        most -= len(piece)
        yield piece


def unread(file: str, expected: str, problem: Exception) -> Difference:
    """What could not be looked at: for want of permission, or because it is not what can be read."""
    if isinstance(problem, PermissionError):
        return Difference(file, "may not be read", expected, "no permission", kind="denied")
    return Difference(file, "cannot be read", expected, str(problem), kind="unreadable")


def new_hash(name: str) -> hashlib._Hash:
    """hashlib's `name`; SealedError where this OpenSSL does not know it."""
    try:
        return hashlib.new(name, usedforsecurity=True)
    except ValueError:
        raise SealedError(
            f"the OpenSSL of this Python has no {name}: expected one built with it; do without the {name} manifest"
        ) from None


def hash_file(path: Path, names: Sequence[str], size: int) -> tuple[str, ...]:
    """Hex digests of the ordinary file at `path`, one for each of `names`, in one pass.

    IntegrityError when it has not exactly `size` bytes: a file that grows while it is read would never end.
    """
    digests = [new_hash(name) for name in names]
    got = 0
    with naming(path, "a file that can be read"), _opened(path) as handle:
        for piece in _pieces(handle, size + 1):
            got += len(piece)
            for digest in digests:
                digest.update(piece)
    if got != size:
        raise IntegrityError(f"{path}: expected {size} bytes; its size changed while it was read")
    return tuple(digest.hexdigest() for digest in digests)


def manifest_bytes(entries: Mapping[str, str]) -> bytes:
    """The manifest of `entries`, path -> hex digest, in the order of the paths."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(entries.items())).encode("utf-8")


def read_manifest(raw: bytes, file: str, payload: bool) -> tuple[dict[str, str], list[Difference]]:
    """Path -> hex digest of each good line, and what is wrong with the others.

    `payload`: all paths are under data/; else none is.  No path that leaves the case is ever returned.
    """
    entries: dict[str, str] = {}
    found: list[Difference] = []
    lines = raw.split(b"\n")
    if lines.pop():
        found.append(Difference(file, "its end is gone", "a newline at the end", "none", len(lines) + 1))
    if len(lines) > MAX_FILES:
        return {}, [Difference(file, "too many lines", f"at most {MAX_FILES}", str(len(lines)), kind="foreign")]
    for number, line in enumerate(lines, 1):
        digest, _, rest = line.partition(b"  ")
        try:
            if re.fullmatch(rb"[0-9a-f]{64}", digest) is None:
                raise ValueError(f"{line!r:.100}")
            path = checked_path(rest.decode("utf-8"))
            if path.startswith("data/") != payload:
                raise ValueError(path)
        except ValueError as problem:
            form = "64 hex digits, two blanks, a plain path " + ("under data/" if payload else "beside data/")
            found.append(Difference(file, "no line of a manifest", form, str(problem), number, "foreign"))
            continue
        if path in entries:
            found.append(Difference(file, "a file listed twice", "each once", path, number, "foreign"))
        entries[path] = digest.decode("ascii")
    return entries, found


def info_bytes(entries: Iterable[tuple[str, str]]) -> bytes:
    """bag-info.txt; ValueError for a value that would not be one line."""
    lines = []
    for label, value in entries:
        line = f"{label}: {value}"
        if _INFO_LINE.fullmatch(line) is None or not value.isprintable():
            raise ValueError(f"bag-info.txt: expected {label} as one printable line, got {value!r:.120}")
        lines.append(line + "\n")
    return "".join(lines).encode("utf-8")


def read_info(raw: bytes, file: str = "bag-info.txt") -> tuple[dict[str, str], list[Difference]]:
    """Label -> value, and the lines that are none."""
    entries: dict[str, str] = {}
    found: list[Difference] = []
    lines = raw.split(b"\n")
    if lines.pop():
        found.append(Difference(file, "its end is gone", "a newline at the end", "none", len(lines) + 1))
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        match = _INFO_LINE.fullmatch(text)
        if match is None or match[1] in entries or not text.isprintable():
            form = "LABEL: VALUE, each label once"
            found.append(Difference(file, "no line of its own", form, f"{line!r:.100}", number, "foreign"))
        else:
            entries[match[1]] = match[2]
    return entries, found
