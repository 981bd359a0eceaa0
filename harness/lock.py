"""One run per case: CASE/lock says which process has it, and who has died with it does not keep it.

The file is given its name in one step, whole, so that it is never seen half written.  It names the process by number
and by the time it began, since numbers are used again; of another computer's process (a case on a network share)
nothing can be known, and it keeps the lock.  It is no evidence and no part of the sealed bag.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from captures.durable import give_name, naming, write_all
from captures.layout import LOCK, PARTIAL
from fixtures.hostclock import clock_state
from harness.processes import began

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_MOST_BYTES = 4096
_TRIES = 3


class CaseLocked(Exception):
    """Another run has this case."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a case.  `began`: as the system tells it, empty where it does not."""

    pid: int
    began: str
    host: str
    utc: str

    @property
    def body(self) -> Mapping[str, object]:
        return asdict(self)


@contextlib.contextmanager
def locked(case: Path) -> Iterator[Holder | None]:
    """Hold the case at `case` for this process; gives the dead process from which the lock was taken over, if any.

    CaseLocked, naming who has it, while another process lives; OSError when the folder takes no file.
    """
    path = case / LOCK
    own = Holder(os.getpid(), began(os.getpid()) or "", platform.node(), clock_state().utc)
    dead = _take(path, own)
    try:
        yield dead
    finally:
        with contextlib.suppress(OSError):  # a disk that failed meanwhile: the lock is stale once we are gone
            if _read(path) == own:
                path.unlink(missing_ok=True)


def _take(path: Path, own: Holder) -> Holder | None:
    temporary = path.parent / PARTIAL / f"{LOCK}.{own.pid}"
    dead: Holder | None = None
    _write(temporary, own)
    try:
        for _ in range(_TRIES):
            try:
                give_name(temporary, path)
                return dead
            except FileExistsError:
                dead = _pushed_aside(path, own)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
            temporary.parent.rmdir()
    raise CaseLocked(f"{path}: expected a case that nobody else takes at this moment; try again")


def _pushed_aside(path: Path, own: Holder) -> Holder | None:
    """Remove the lock of a dead process and say whose it was; CaseLocked when it lives."""
    holder = _read(path)
    if holder is not None and _lives(holder, own):
        raise CaseLocked(
            f"{path}: expected a case with no run on it, process {holder.pid} on {holder.host or 'this computer'} has it "
            f"since {holder.utc}; end that run first"
            + ("" if holder.host == own.host else f", or remove {path} if it is certain that it has ended")
        )
    aside = path.parent / PARTIAL / f"{LOCK}.stale-{own.pid}"
    try:
        os.replace(path, aside)
    except FileNotFoundError:  # its owner ended, or somebody else was quicker
        return None
    try:
        if _read(aside) != holder:  # somebody took it over between our look and our grip: give it back
            with contextlib.suppress(FileExistsError):
                give_name(aside, path)
            return None
    finally:
        aside.unlink(missing_ok=True)
    return holder or Holder(0, "", "", "")


def _lives(holder: Holder, own: Holder) -> bool:
    if holder.host != own.host:
        return True
    since = began(holder.pid)
    return since is not None and (not holder.began or since == holder.began)


def _write(path: Path, own: Holder) -> None:
    path.unlink(missing_ok=True)  # left by an earlier process of this number
    path.parent.mkdir(exist_ok=True)
    try:
        descriptor = os.open(path, _NEW_FILE, 0o644)
    except FileNotFoundError:  # another process that ended removed the folder under us
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, _NEW_FILE, 0o644)
    try:
        with naming(path, "the disk to take it"):
            write_all(descriptor, (json.dumps(own.body, ensure_ascii=True) + "\n").encode("ascii"))
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> Holder | None:
    """None where it cannot be read as a lock: power was lost before it reached the disk, so whoever made it is dead."""
    try:
        with open(path, "rb") as handle:
            said = json.loads(handle.read(_MOST_BYTES).decode("ascii"))
        match said:
            case {"pid": int(pid), "began": str(since), "host": str(host), "utc": str(utc)}:
                return Holder(pid, since, host, utc)
    except FileNotFoundError:
        return None
    except ValueError:
        pass
    return None
