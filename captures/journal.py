"""The journal: JSON lines, each chained to the one before by SHA-256, in files that are never reopened.

One line is ``{"seq":12,"prev":"<64 hex>","body":{...},"sha":"<64 hex>"}`` and a newline, pure ASCII.  ``sha`` is the
SHA-256 of the line's bytes before ``,"sha":``; ``prev`` is the ``sha`` of the line before, 64 zeros at the very
first.  Verification hashes the bytes as they stand and never serialises JSON again, so there is no question of
canonical form.  The chain alone shows any change inside; it cannot show lines cut from the end, nor a chain rebuilt
whole: the head, kept elsewhere, does that.

A cut journal is continued in the next file, whose first line names the file before, its last valid hash and the
torn bytes after it.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from captures.durable import naming, sync_file, sync_folder
from captures.errors import IntegrityError
from captures.journal_files import file_name, journal_files, read_tail, tear_by_power_cut
from captures.journal_line import MAX_LINE, ZERO_SHA, BadLine, encode_line, explain_order, parse_line

MAX_TORN = MAX_LINE
"""Bytes of torn tail that a continuation records."""
_MAX_CONTINUE_LINE = 8 * MAX_LINE  # a torn byte takes at most six characters of JSON
_BUFFER_BYTES = 1 << 20

__all__ = [
    "MAX_LINE",
    "MAX_TORN",
    "ZERO_SHA",
    "Follower",
    "JournalWriter",
    "Line",
    "Scan",
    "read_lines",
    "scan",
    "walk",
    "wire_bytes",
    "wire_text",
]


def wire_text(data: bytes) -> str:
    """Wire bytes as text, one code point per byte, so that ASCII protocols stay readable in the journal."""
    return data.decode("latin-1")


def wire_bytes(text: str) -> bytes:
    """The bytes of `wire_text`.  ValueError when a code point is above 255: that text never was wire bytes."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as problem:
        raise ValueError(
            f"wire text: expected code points 0-255, got U+{ord(text[problem.start]):04X} at index {problem.start}"
        ) from None


@dataclass(frozen=True, slots=True)
class Line:
    """One verified line: `number` counts from 1 in `file`, `offset` is its first byte there."""

    seq: int
    prev: str
    sha: str
    body: Mapping[str, Any]
    file: str
    number: int
    offset: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A verified journal: number of lines, hash of the last one, bytes after it that are no line, files in order."""

    lines: int
    head: str
    torn: bytes
    files: tuple[str, ...]


class JournalWriter:
    """Appends lines to one journal file.

    `append` only fills a buffer.  The caller, who has the clock, decides when to `flush` (to the operating system:
    survives a killed process) and when to `sync` (to the disk: survives a power cut).  A failed flush keeps the
    unwritten bytes and can be repeated; a failed sync cannot: the system may have dropped what it could not write, and
    would call the next sync good.
    """

    def __init__(self, path: Path, handle: io.FileIO, seq: int, head: str) -> None:
        self._path = path
        self._handle = handle
        self._seq = seq
        self._head = head
        self._buffer = bytearray()
        self._lost: OSError | None = None

    @classmethod
    def create(cls, folder: Path, body: Mapping[str, Any]) -> Self:
        """Begin a journal in `folder` with the header `body`, on disk when this returns.

        FileExistsError when `folder` already has one: a journal is never reopened, see `resume`.
        """
        return cls._begin(folder, file_name(1), 0, ZERO_SHA, body, MAX_LINE)

    @classmethod
    def resume(cls, folder: Path) -> Self:
        """Continue the journal of `folder` in its next file, on disk when this returns.

        IntegrityError when the journal does not verify, has no whole line, or more torn bytes than MAX_TORN.
        """
        before = scan(folder)
        if before.lines == 0:
            raise IntegrityError(f"{folder}: expected a journal to continue, got no whole line; begin a new case")
        if len(before.torn) > MAX_TORN:
            raise IntegrityError(
                f"{folder}/{before.files[-1]}: expected at most {MAX_TORN} torn bytes at the end, "
                f"got {len(before.torn)}; keep this case as it is and begin a new one"
            )
        # a killed process leaves lines that no disk has yet: they must be there before anything is chained to them
        sync_file(folder / before.files[-1])
        body = {
            "kind": "continue",
            "previous": before.files[-1],
            "last_sha": before.head,
            "torn": wire_text(before.torn),
        }
        name = file_name(len(before.files) + 1)
        return cls._begin(folder, name, before.lines, before.head, body, _MAX_CONTINUE_LINE)

    @classmethod
    def _begin(cls, folder: Path, name: str, seq: int, head: str, body: Mapping[str, Any], limit: int) -> Self:
        line, sha = encode_line(seq, head, body, limit)  # first: a bad body must not leave an empty file
        path = folder / name
        writer = cls(path, io.FileIO(path, "xb"), seq + 1, sha)
        try:
            writer._buffer += line
            writer.sync()
            sync_folder(folder)
        except BaseException:
            writer._handle.close()
            raise
        return writer

    @property
    def path(self) -> Path:
        return self._path

    @property
    def lines(self) -> int:
        """Number of lines, over all files, appended so far."""
        return self._seq

    @property
    def head(self) -> str:
        """Hash of the last appended line, 64 hex digits."""
        return self._head

    def append(self, body: Mapping[str, Any]) -> int:
        """Add one line and return its sequence number.

        ValueError or TypeError, with nothing added, when `body` is not plain JSON (NaN, Decimal, keys that are no
        strings), too long, or of the reserved kind "continue".  OSError, with nothing added, when the buffer was
        full and could not be written.
        """
        if self._handle.closed:
            raise ValueError(f"{self._path}: the journal is closed; continue it with JournalWriter.resume")
        if body.get("kind") == "continue":
            raise ValueError(f'{self._path}: kind "continue" is reserved for the first line of a continued journal')
        line, sha = encode_line(self._seq, self._head, body, MAX_LINE)
        if len(self._buffer) + len(line) > _BUFFER_BYTES:
            self.flush()
        self._buffer += line
        seq, self._seq, self._head = self._seq, self._seq + 1, sha
        return seq

    def flush(self) -> None:
        """Hand all lines to the operating system."""
        with naming(self._path, "the disk to take what was recorded"):
            while self._buffer:
                done = self._handle.write(self._buffer)
                if not done:
                    raise OSError(errno.EIO, "it took no byte")
                del self._buffer[:done]

    def sync(self) -> None:
        """Bring all lines to the disk."""
        self.flush()
        self.sync_flushed()

    def sync_flushed(self) -> None:
        """Bring what was flushed to the disk.  This alone may be called beside the other methods, from a thread."""
        if self._lost is not None:
            raise self._lost
        try:
            with naming(self._path, "what was recorded to reach the disk"):
                os.fsync(self._handle.fileno())
        except OSError as problem:
            self._lost = problem
            raise

    def close(self) -> None:
        """Sync and close; the file is closed even when the sync fails.  Closing twice does nothing."""
        if self._handle.closed:
            return
        try:
            self.sync()
        finally:
            self._handle.close()

    def abandon(self) -> None:
        """Close the file with nothing more written, as the end of a killed process does."""
        self._buffer.clear()
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_lines(folder: Path) -> Iterator[Line]:
    """All lines of the journal in `folder`, in order, each verified before it is handed out.

    IntegrityError names file, line number and what differs.  A torn tail of the last file ends the iteration
    quietly; `scan` reports it.
    """
    yield from walk(folder)


def scan(folder: Path) -> Scan:
    """Verify the whole journal of `folder`; IntegrityError as in `read_lines`."""
    steps = walk(folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Scan = end.value
            return result


def walk(folder: Path) -> Generator[Line, None, Scan]:
    """`read_lines` and `scan` in one pass: yields the lines, returns the Scan."""
    reader = _Reader(folder, journal_files(folder))
    for index in range(len(reader.files)):
        yield from reader.file_lines(index)
    return Scan(reader.seq, reader.head, reader.torn, reader.files)


class Follower:
    """A journal that is read while it grows: each line is read, verified and handed out once."""

    def __init__(self, folder: Path) -> None:
        self._reader = _Reader(folder, ())
        self._index = 0
        self._torn = b""  # what the files before this one left torn

    def take(self) -> Iterator[Line]:
        """The lines that were whole since the last call; IntegrityError as in `read_lines`, and where files or lines that were
        read are there no more.

        A line that is being written is left for the next call.  What was altered in place after it was read is not seen here:
        only `scan` reads everything again.
        """
        reader = self._reader
        reader.files = journal_files(reader.folder)
        self._require_what_was_read()
        while True:
            reader.torn = self._torn
            for line in reader.file_lines(self._index, reader.number, reader.offset):
                self._torn = b""
                yield line
            if self._index + 1 >= len(reader.files):
                return
            self._torn, self._index = reader.torn, self._index + 1
            reader.number = reader.offset = 0

    def _require_what_was_read(self) -> None:
        reader = self._reader
        if self._index >= len(reader.files):
            raise IntegrityError(f"{reader.folder}: expected {self._index + 1} files or more, got {len(reader.files)}")
        path = reader.folder / reader.files[self._index]
        with naming(path, "a journal that can be read"):
            size = path.stat().st_size
        if size < reader.offset:
            raise IntegrityError(f"{path}: expected the {reader.offset} bytes that were read, or more, got {size}")


class _Reader:
    """The state of the chain while files are read in order."""

    def __init__(self, folder: Path, files: tuple[str, ...]) -> None:
        self.folder = folder
        self.files = files
        self.seq = 0
        self.head = ZERO_SHA
        self.before = ZERO_SHA  # the head before the last line, to tell an inserted line from others
        self.torn = b""  # all bytes since the last whole line, over all files since then
        self.number = self.offset = 0  # whole lines, and their bytes, of the file read last

    def file_lines(self, index: int, number: int = 0, offset: int = 0) -> Generator[Line, None, None]:
        """The lines of a file after its first `number`, which are `offset` bytes."""
        name = self.files[index]
        path = self.folder / name

        def where() -> str:  # told of a line that is wrong: composed for every line it took a third of the reading
            return f"{path} line {number} (byte {offset})"

        with open(path, "rb") as handle, naming(path, "a journal that can be read"):
            handle.seek(offset)
            while True:
                limit = _MAX_CONTINUE_LINE if index and number == 0 else MAX_LINE
                raw = handle.readline(limit + 1)
                number += 1
                if len(raw) > limit:
                    raise IntegrityError(f"{where()}: too long a line: expected at most {limit} bytes")
                if not raw.endswith(b"\n"):
                    self.torn += raw
                    return
                try:
                    parts = parse_line(raw[:-1])
                except BadLine as problem:
                    tail = read_tail(handle, offset, MAX_TORN)
                    if tail is not None and tear_by_power_cut(tail, offset):
                        self.torn += tail
                        return
                    raise IntegrityError(f"{where()}: {problem}") from None
                continues = parts.body.get("kind") == "continue"
                if continues != (index > 0 and number == 1):
                    raise IntegrityError(f"{where()}: {_misplaced(continues, number)}")
                if (parts.seq, parts.prev) != (self.seq, self.head):
                    why = explain_order(parts, self.seq, self.head, self.before, handle, number)
                    raise IntegrityError(f"{where()}: {why}")
                if continues:
                    self._check_continuation(parts.body, self.files[index - 1], where())
                self.torn = b""
                self.seq, self.before, self.head = self.seq + 1, self.head, parts.sha
                begin, offset = offset, offset + len(raw)
                self.number, self.offset = number, offset
                yield Line(parts.seq, parts.prev, parts.sha, parts.body, name, number, begin)

    def _check_continuation(self, body: Mapping[str, Any], previous: str, where: str) -> None:
        if body.get("previous") != previous:
            got = body.get("previous")
            raise IntegrityError(f"{where}: wrong file order: expected to continue {previous}, got {got!r:.80}")
        if body.get("last_sha") != self.head:
            raise IntegrityError(f"{where}: expected last_sha {self.head}, got {body.get('last_sha')!r:.80}")
        text = body.get("torn")
        if not isinstance(text, str) or text != wire_text(self.torn):
            got = f"{len(text)} bytes" if isinstance(text, str) else "none"
            raise IntegrityError(
                f"{where}: the torn bytes at the end of {previous} ({len(self.torn)} bytes) are not the ones "
                f"recorded here ({got}): {previous} was changed after the cut"
            )


def _misplaced(continues: bool, number: int) -> str:
    if continues and number == 1:
        return "wrong file order: the first file must not continue another; an earlier file was removed or renamed"
    if continues:
        return "inserted line: a continuation can only be the first line of a file; files were joined"
    return "wrong file order: expected a line that continues the file before, got an ordinary line; files were renamed"
