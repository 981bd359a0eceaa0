"""Cases on their way: copied to a folder or a zip, with or without the personal data, and taken in from a zip.

A zip is hostile: every member's name, kind, size and ratio is checked before anything is written, and it unfolds beside
its final place, which it gets only when it is whole.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from captures.bag import MAX_FILES, tree
from captures.case import Case
from captures.durable import give_name, sync_folder
from captures.errors import IntegrityError
from captures.layout import FOLDERS, LOCK, PARTIAL, PARTIES, SEAL, SECRETS, WITHHELD, read_only_mode
from captures.names import checked_path, folded
from captures.verify_seal import WITHHELD_TEXT

MAX_TOTAL_BYTES = 64 << 30
MAX_RATIO = 100
_RATIO_FREE_BYTES = 1 << 20  # small files of zeros may pack well
_PIECE = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same case gives the same zip
# what zipfile lets through of a damaged file
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError, RuntimeError, EOFError)

NOT_CARRIED = (LOCK, *SECRETS)
"""What belongs to the run on this computer: neither put into a copy nor taken from one."""


def copy_case(case: Case, target: Path, redacted: bool) -> None:
    """Copy `case` to the new folder `target`; `redacted`: without data/parties.json.  FileExistsError if it exists.

    The names stay what they are in the case: readable by their owner alone, and so is a zip that holds them.
    """
    with _aside(target) as aside:
        for folder in FOLDERS:
            (aside / folder).mkdir(parents=True, exist_ok=True)
        for name, source in _carried(case, redacted):
            _write(aside, name, source)


def zip_case(case: Case, target: Path, redacted: bool) -> None:
    """Pack `case` into the new zip `target`, under a folder of the case's name, as `copy_case` copies it."""
    root = _zip_root(case)
    temporary = target.with_name(f".{target.name}.partial")
    if os.path.lexists(target):
        raise FileExistsError(f"{target}: expected a new file for the copy; name another one")
    try:
        opener = _private if not redacted and os.path.lexists(case.path / PARTIES) else None
        with open(temporary, "xb", opener=opener) as handle:
            with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, strict_timestamps=True) as packed:
                for folder in FOLDERS:
                    packed.writestr(zipfile.ZipInfo(f"{root}/{folder}/", _EPOCH), b"")
                for name, source in _carried(case, redacted):
                    member = zipfile.ZipInfo(f"{root}/{name}", _EPOCH)
                    member.compress_type = zipfile.ZIP_DEFLATED
                    member.external_attr = (stat.S_IFREG | read_only_mode(name)) << 16
                    with source() as read, packed.open(member, "w", force_zip64=True) as write:
                        shutil.copyfileobj(read, write, _PIECE)
            handle.flush()
            os.fsync(handle.fileno())
        give_name(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def unpack_case(packed: Path, target: Path) -> Case:
    """Take the case in the zip `packed` in as the new folder `target`.  What it holds is for `verify` to say.

    IntegrityError names the member that no case holds: a path that leaves the folder, a link, a device's name, two
    names that some system takes for one, too many, too large, packed too tightly.
    """
    try:
        with zipfile.ZipFile(packed) as archive, _aside(target) as aside:
            for folder in FOLDERS:
                (aside / folder).mkdir(parents=True, exist_ok=True)
            for name, member in _checked_members(archive, packed):
                _write(aside, name, partial(archive.open, member))  # zipfile stops at the size the member states
    except (*_BROKEN_ZIP, OSError) as problem:
        if isinstance(problem, OSError) and problem.errno != errno.EINVAL:  # EINVAL: a stated offset before the file
            raise
        raise IntegrityError(f"{packed}: expected a whole zip: {problem}") from None
    return Case.open(target)


def _carried(case: Case, redacted: bool) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """What a copy holds: relative path and how to open it."""
    listing = tree(case.path)
    if listing.odd:
        raise IntegrityError(f"{case.path}: {listing.odd[0]}")
    for name in listing.files:
        if name in NOT_CARRIED or name.startswith(f"{PARTIAL}/") or (redacted and name == PARTIES):
            continue
        yield name, partial(_opened, case.path / name)
    if redacted and case.sealed and PARTIES in listing.files:
        yield f"{SEAL}/{WITHHELD}", partial(io.BytesIO, WITHHELD_TEXT)


def _checked_members(archive: zipfile.ZipFile, packed: Path) -> list[tuple[str, zipfile.ZipInfo]]:
    """Path inside the case -> member, for the files of the one folder the zip holds."""
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise IntegrityError(f"{packed}: expected at most {MAX_FILES} members, got {len(members)}")
    found: dict[str, zipfile.ZipInfo] = {}
    seen: dict[str, str] = {}
    total = 0
    for member in members:
        where = f"{packed}: member {member.orig_filename!r:.120}"
        try:
            path = checked_path(member.orig_filename.removesuffix("/"))
        except ValueError as problem:
            raise IntegrityError(f"{where}: {problem}") from None
        kind = member.external_attr >> 16
        if kind and stat.S_IFMT(kind) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise IntegrityError(f"{where}: expected ordinary files only, got a link or device")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise IntegrityError(f"{where}: expected a member stored or deflated, and not encrypted")
        pieces = path.split("/")
        for depth in range(1, len(pieces) + 1):
            part = "/".join(pieces[:depth])
            if seen.setdefault(folded(part), part) != part:
                raise IntegrityError(f"{where}: some systems take it for {seen[folded(part)]!r:.120}")
        if member.orig_filename.endswith("/"):
            continue
        total += member.file_size
        if total > MAX_TOTAL_BYTES:
            raise IntegrityError(f"{where}: expected at most {MAX_TOTAL_BYTES} bytes in all")
        if member.file_size > _RATIO_FREE_BYTES and member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise IntegrityError(f"{where}: {member.file_size} bytes packed into {member.compress_size}: a zip bomb")
        if path in found:
            raise IntegrityError(f"{where}: twice in the zip")
        found[path] = member
        if path.partition("/")[2] in NOT_CARRIED:
            raise IntegrityError(f"{where}: expected a copy, which has no lock and no seed of a draw")
    roots = {path.split("/")[0] for path in found}
    if len(roots) != 1 or any("/" not in path for path in found):
        raise IntegrityError(f"{packed}: expected the one folder of a case, got {sorted(roots)[:5]}")
    return [(path.partition("/")[2], member) for path, member in found.items()]


def _zip_root(case: Case) -> str:
    try:
        return checked_path(Path(os.path.abspath(case.path)).name)
    except ValueError:
        return "case"


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A new folder beside `target` that becomes `target` when all went well, and is removed otherwise."""
    if os.path.lexists(target):
        raise FileExistsError(f"{target}: expected a new folder for the copy; name another one")
    aside = target.with_name(f".{target.name}.partial")
    aside.mkdir(parents=True)
    try:
        yield aside
        for folder, _, _ in os.walk(aside):
            sync_folder(Path(folder))
        os.rename(aside, target)
        sync_folder(target.absolute().parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _opened(path: Path) -> IO[bytes]:
    return open(path, "rb")


def _private(path: str, flags: int) -> int:
    """An opener for files that hold names, from their first byte on."""
    return os.open(path, flags, 0o600)


def _write(aside: Path, name: str, source: Callable[[], IO[bytes]]) -> None:
    path = aside / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with source() as read, open(path, "xb", opener=_private) as write:
        while piece := read.read(_PIECE):
            write.write(piece)
        write.flush()
        os.fsync(write.fileno())
    with contextlib.suppress(PermissionError):
        path.chmod(read_only_mode(name))
