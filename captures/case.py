"""The case folder of one site, laid out so that it can be sealed as a BagIt bag later.

::

    CASE/data/journal/NNNN.jsonl   the journal
    CASE/data/originals/NAME       imported files, never modified
    CASE/data/derived/NAME         what was recomputed from the two above, replaceable
    CASE/data/case.json            its number and the case it follows, where `case new` made it
    CASE/data/parties.json         personal data, in this file alone
    CASE/partial/                  files being written; no evidence, left behind only by a crash
    CASE/lock                      who is writing now; no evidence

Sealing adds the tag files of BagIt beside data/ (captures/seal.py); from then on nothing here writes into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from captures.durable import give_name, naming, replace_name, sync_folder, write_all
from captures.errors import IntegrityError, NoCaseError, SealedError
from captures.journal import Line, read_lines, walk
from captures.layout import LOCK, PARTIAL, RECORD, SEAL, TAG_MANIFEST
from captures.names import checked_name, folded

_PIECE = 1 << 20
_MAX_ENTRIES = 100_000
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_SHA = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Original:
    """An imported file as it was when it came in."""

    name: str
    sha256: str
    bytes: int

    @property
    def body(self) -> dict[str, Any]:
        """The journal body that records it."""
        return {"kind": "original", "name": self.name, "sha256": self.sha256, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class PrivateAnswer:
    """An answer that names a person, as the journal has it: its key and a salted digest; `where`: the journal's line."""

    key: str
    sha256: str
    where: str


@dataclass(frozen=True, slots=True)
class CaseReport:
    """A verified case.  `complete`: the last journal line has kind "end" and nothing torn follows it."""

    files: tuple[str, ...]
    lines: int
    head: str
    torn: bytes
    originals: tuple[Original, ...]
    complete: bool
    private: tuple[PrivateAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """An existing case folder."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the folders at `path`, which must not exist, be empty, or be what `case new` made: FileExistsError otherwise."""
        path.mkdir(parents=True, exist_ok=True)
        case = cls(path)
        if any(path.iterdir()) and not case._fresh():
            raise FileExistsError(f"{path}: expected a new or empty folder for the case; choose another one")
        for folder in (case.journal, case.originals, case.derived):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (case.path / "data", case.path, case.path.absolute().parent):
            sync_folder(folder)
        return case

    @classmethod
    @contextlib.contextmanager
    def begun(cls, path: Path) -> Iterator[Self]:
        """As `create`; where what is done with the case fails before its journal has a line, the folders made for it are
        removed again.  Only empty ones: rmdir takes no other."""
        case, above = cls(path), path.absolute().parents
        folders = (case.journal, case.originals, case.derived, path / "data", path, *above)
        made = [folder for folder in folders if not os.path.lexists(folder)]
        try:
            yield cls.create(path)
        except BaseException:
            if not (case.journal.is_dir() and any(case.journal.iterdir())):
                for folder in made:
                    with contextlib.suppress(OSError):
                        folder.rmdir()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """IntegrityError when `path` is no case folder.

        A sealed case may be without originals/ or derived/: many programs that carry folders drop the empty ones, and
        no manifest can list them.
        """
        case = cls(path)
        for folder in (case.path, case.path / "data", case.journal, case.originals, case.derived):
            try:
                mode = os.lstat(folder).st_mode
            except OSError:
                if case.sealed and folder in (case.originals, case.derived):
                    continue
                kind = IntegrityError if os.path.lexists(path) else NoCaseError
                raise kind(f"{path}: expected a case folder, it has no folder {folder}") from None
            if not stat.S_ISDIR(mode) and not (folder == path and path.is_dir()):
                raise IntegrityError(f"{path}: expected a case folder, {folder} is no folder of its own")
        return case

    @property
    def journal(self) -> Path:
        return self.path / "data" / "journal"

    @property
    def originals(self) -> Path:
        return self.path / "data" / "originals"

    @property
    def derived(self) -> Path:
        return self.path / "data" / "derived"

    @property
    def sealed(self) -> bool:
        """Whether a seal stands on it, whole or broken: its tag manifest is there."""
        return os.path.lexists(self.path / TAG_MANIFEST)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The files in seal/ that hold one, by name."""
        try:
            return tuple(sorted(name for name in os.listdir(self.path / SEAL) if name.endswith(".sig")))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def require_unsealed(self) -> None:
        """SealedError when the case is sealed, or signed and without its tag manifest: nothing is written into it any more."""
        if self.sealed:
            raise SealedError(f"{self.path}: the case is sealed; nothing is written into it any more")
        if self.signatures:
            raise SealedError(
                f"{self.path}: the case is signed ({SEAL}/{self.signatures[0]}) and has no {TAG_MANIFEST}: nothing is "
                "written into it. A sealing that was cut is finished by `shortmeasure case seal`; a seal that was broken is "
                "not mended, take another copy"
            )

    def _fresh(self) -> bool:
        """Only what `case new` made: empty folders and the case's record."""
        entries = [set(os.listdir(self.path)), set(os.listdir(self.path / "data")) if self.journal.is_dir() else set()]
        return (
            entries[0] <= {"data", LOCK}
            and entries[1] == {"journal", "originals", "derived", RECORD}
            and not any(any(folder.iterdir()) for folder in (self.journal, self.originals, self.derived))
        )

    def import_original(
        self, source: Path, record: Callable[[Mapping[str, Any]], object], name: str | None = None
    ) -> Original:
        """Copy `source` into the case, read-only, under `name` (default: its own), then hand its body to `record`.

        `record` is JournalWriter.append or whatever stands in front of it.  Nothing is ever overwritten: another
        file of that name, also one that differs only in case, raises FileExistsError.  The same bytes under the same
        name are accepted again and recorded again, which mends an import that was cut before it was recorded.
        """
        self.require_unsealed()
        name = checked_name(unicodedata.normalize("NFC", source.name) if name is None else name)
        with self._partial(name) as temporary:
            original = _copy(source, temporary, name)
            final = self.originals / name
            for present in os.listdir(self.originals):
                if folded(present) == folded(name) and (present != name or _hashed(final) != original):
                    raise FileExistsError(f"{final}: {present!r} is another original; import this one under a new name")
            if not final.exists():
                give_name(temporary, final)
                with contextlib.suppress(PermissionError):  # a guard against slips; some file systems have no modes
                    final.chmod(0o444)
        record(original.body)
        return original

    @contextlib.contextmanager
    def _partial(self, name: str) -> Iterator[Path]:
        """A path on the same disk to write a file at; removed afterwards unless it was moved away."""
        folder = self.path / PARTIAL
        folder.mkdir(exist_ok=True)
        temporary = folder / name
        temporary.unlink(missing_ok=True)  # left by a crash
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty: another crash's remains
                folder.rmdir()


def unrecorded(case: Case) -> tuple[list[Original], list[str]]:
    """What lies in originals/ and stands in no journal line: files, as a program killed between the two leaves one, and
    the names of what no case can record (a name that not every system stores as it is, a link, a folder).

    Raises IntegrityError as `read_lines` does.
    """
    recorded = {line.body.get("name") for line in read_lines(case.journal) if line.body.get("kind") == "original"}
    found: list[Original] = []
    strange: list[str] = []
    with os.scandir(case.originals) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name in recorded:
                continue
            try:
                checked_name(entry.name)
            except ValueError:
                strange.append(entry.name)
                continue
            if entry.is_file(follow_symlinks=False):
                found.append(_hashed(case.originals / entry.name))
            else:
                strange.append(entry.name)
    return found, strange


def write_derived(case: Case, name: str, data: bytes) -> Path:
    """Write a recomputed file, replacing an earlier one in one step; returns its path."""
    case.require_unsealed()
    return put_file(case, case.derived / checked_name(name), data)


def put_file(case: Case, final: Path, data: bytes, mode: int = 0o644) -> Path:
    """Write `data` to `final`, a path inside the case, replacing what is there in one step; returns `final`."""
    with case._partial(final.name) as temporary:
        descriptor = os.open(temporary, _NEW_FILE, mode)
        try:
            with naming(temporary, "the disk to take it"):
                write_all(descriptor, data)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        replace_name(temporary, final)
    return final


def verify_case(path: Path) -> CaseReport:
    """Verify the journal and every original of the case at `path`.

    IntegrityError names what differs: a journal line, an original that is missing, changed or not recorded, a
    symbolic link or device anywhere in the case.
    """
    case = Case.open(path)
    _refuse_links(path)
    recorded: dict[str, Original] = {}
    private: list[PrivateAnswer] = []
    last_kind: object = None
    steps = walk(case.journal)
    while True:
        try:
            line = next(steps)
        except StopIteration as end:
            scan = end.value
            break
        last_kind = line.body.get("kind")
        if last_kind == "private":
            where = f"{line.file} line {line.number}"
            private.append(PrivateAnswer(str(line.body.get("key")), str(line.body.get("sha256")), where))
        if last_kind == "original":
            original = _recorded_original(line)
            if recorded.setdefault(original.name, original) != original:
                where = f"{line.file} line {line.number}"
                raise IntegrityError(f"{where}: original {original.name!r} is recorded twice, differently")
    present = set(os.listdir(case.originals)) if os.path.lexists(case.originals) else set()
    for name in sorted(present - recorded.keys()):
        raise IntegrityError(f"{case.originals}: {name!r} is not recorded in the journal; import it or move it away")
    for original in recorded.values():
        if original.name not in present:
            raise IntegrityError(f"{case.originals}: {original.name!r} is recorded in the journal but missing")
        if not (case.originals / original.name).is_file():
            raise IntegrityError(f"{case.originals}: {original.name!r}: expected a file, got a folder")
        size = (case.originals / original.name).stat().st_size
        if size != original.bytes:  # not hashed: it may be endless
            raise IntegrityError(
                f"{case.originals}: {original.name!r} was changed: expected {original.bytes} bytes with SHA-256 "
                f"{original.sha256}, got {size} bytes"
            )
        found = _hashed(case.originals / original.name)
        if found != original:
            raise IntegrityError(
                f"{case.originals}: {original.name!r} was changed: expected {original.bytes} bytes with SHA-256 "
                f"{original.sha256}, got {found.bytes} bytes with {found.sha256}"
            )
    originals = tuple(sorted(recorded.values(), key=lambda original: original.name))
    complete = last_kind == "end" and not scan.torn
    return CaseReport(scan.files, scan.lines, scan.head, scan.torn, originals, complete, tuple(private))


def _copy(source: Path, target: Path, name: str) -> Original:
    """Copy and hash in one pass, so that the hash is of the very bytes that were written."""
    if not stat.S_ISREG(os.stat(source).st_mode):
        raise ValueError(f"{source}: expected an ordinary file to import")
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, _NEW_FILE, 0o600)
    try:
        with open(source, "rb") as handle, naming(target, "the disk to take it"):
            while piece := handle.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                write_all(descriptor, piece)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return Original(name, digest.hexdigest(), size)


def _hashed(path: Path) -> Original:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as handle:
        while piece := handle.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Original(path.name, digest.hexdigest(), size)


def _recorded_original(line: Line) -> Original:
    where = f"{line.file} line {line.number}"
    name, sha, size = line.body.get("name"), line.body.get("sha256"), line.body.get("bytes")
    if not isinstance(name, str) or not isinstance(sha, str) or type(size) is not int:
        raise IntegrityError(f"{where}: expected name, sha256 and bytes of an original, got {dict(line.body)!r:.200}")
    if _SHA.fullmatch(sha) is None or size < 0:
        raise IntegrityError(f"{where}: expected 64 hex digits and a size, got {sha!r:.80} and {size}")
    try:
        return Original(checked_name(name), sha, size)
    except ValueError as problem:
        raise IntegrityError(f"{where}: {problem}") from None


def _refuse_links(path: Path) -> None:
    """Evidence is ordinary files in ordinary folders: a link could point at something that changes later."""
    folders, count = [path], 0
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                count += 1
                if count > _MAX_ENTRIES:
                    raise IntegrityError(f"{path}: expected at most {_MAX_ENTRIES} files, got more; this is no case")
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    folders.append(Path(entry.path))
                elif not stat.S_ISREG(mode):
                    kind = "a symbolic link" if stat.S_ISLNK(mode) else "a device, pipe or socket"
                    raise IntegrityError(f"{entry.path}: expected ordinary files only, got {kind}")
