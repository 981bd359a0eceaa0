"""A disk that loses its cache: which state of a folder a power cut may leave, from a trace of what was really asked of it.

The real code writes to a real folder while its calls are noted (`TracedDisk`): io.FileIO, os.open, os.write, os.fsync,
os.link, os.rename, os.replace, os.unlink, os.mkdir.  From the notes `after_power_cut` makes one of the states that a
disk may come back with.

Modelled: every sector (512 B) or page (4096 B) written since the file's last fsync is there or is not, each for itself;
one that is not has its old bytes, or zeros where the file was shorter; the file's length is the old one, the new one or
any between (a torn last block); the write under way when power failed is there in part.  Of the names made, moved or
removed in a folder since that folder's last fsync a first part is there, in order, as a journalling file system keeps
it.  Not modelled: a disk that lies about fsync, or damages what was synced.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock


@dataclass
class Inode:
    """`synced` is what the disk surely has; `writes` (offset, bytes) came after."""

    synced: bytes = b""
    writes: list[tuple[int, bytes]] = field(default_factory=list)

    def full(self) -> bytes:
        data = bytearray(self.synced)
        for offset, piece in self.writes:
            data.extend(bytes(max(0, offset + len(piece) - len(data))))
            data[offset : offset + len(piece)] = piece
        return bytes(data)


@dataclass(frozen=True)
class Event:
    """`kind`: create, write, sync, link, rename, unlink, mkdir, folder (sync), told (somebody was told it is safe)."""

    kind: str
    path: str = ""
    other: str = ""
    inode: int = -1
    offset: int = 0
    data: bytes = b""


class TracedDisk:
    """Notes what is asked of files below `root` while active.  Paths in events are relative to `root`."""

    def __init__(self, root: Path, before: TracedDisk | None = None) -> None:
        self.root = root
        self.events: list[Event] = list(before.events) if before else []
        self._paths: dict[str, int] = dict(before._paths) if before else {}
        self._next = before._next if before else 0
        self._open: dict[int, int] = {}
        self._folders: dict[int, str] = {}
        self._positions: dict[int, int] = {}
        if before is None:
            self._adopt()

    def _adopt(self) -> None:
        """What is in the folder already has been there for long."""
        for path in sorted(self.root.rglob("*")):
            relative = str(path.relative_to(self.root))
            if path.is_dir():
                self._note("mkdir", relative)
            else:
                inode = self._made(relative)
                self._note("write", inode=inode, data=path.read_bytes())
                self._note("sync", inode=inode)
        for path in [self.root, *(p for p in self.root.rglob("*") if p.is_dir())]:
            self._note("folder", str(path.relative_to(self.root)))
        self.told("adopted")

    @classmethod
    def standing(cls, folder: Path, disk: TracedDisk, events: list[Event]) -> TracedDisk:
        """`disk` as it was after `events`, with its files now below `folder`: much of them in the cache alone."""
        known = cls.__new__(cls)
        known.root, known.events, known._next = folder, list(events), disk._next
        known._paths, known._open, known._folders, known._positions = current_names(events), {}, {}, {}
        return known

    def told(self, what: str) -> None:
        """Somebody was told that `what` survives a power cut from now on."""
        self._note("told", what)

    @contextlib.contextmanager
    def active(self) -> Iterator[TracedDisk]:
        disk = self

        class File(io.FileIO):
            def __init__(self, path: Any, mode: str = "r") -> None:
                super().__init__(path, mode)
                if (name := disk._relative(path)) is not None:
                    disk._open[self.fileno()] = disk._made(name) if "x" in mode else disk._paths[name]
                    disk._positions[self.fileno()] = 0

            def write(self, data: Any) -> int:  # type: ignore[override]
                disk._write(self.fileno(), bytes(data))
                return super().write(data) or 0

            def close(self) -> None:
                if not self.closed:
                    disk._forget(self.fileno())
                super().close()

        with contextlib.ExitStack() as stack:
            for module, name, replacement in (
                (io, "FileIO", File),
                (os, "open", self._wrap_open(os.open)),
                (os, "write", self._wrap_write(os.write)),
                (os, "close", self._wrap_close(os.close)),
                (os, "fsync", self._wrap_fsync(os.fsync)),
                *((os, name, self._wrap_names(name, getattr(os, name))) for name in ("link", "rename", "replace")),
                *((os, name, self._wrap_name(name, getattr(os, name))) for name in ("unlink", "mkdir", "rmdir")),
            ):
                stack.enter_context(mock.patch.object(module, name, replacement))
            yield self

    def _note(
        self, kind: str, path: str = "", other: str = "", inode: int = -1, data: bytes = b"", at: int = 0
    ) -> None:
        self.events.append(Event(kind, path, other, inode, at, data))

    def _relative(self, path: Any) -> str | None:
        if isinstance(path, int):
            return None
        absolute = Path(os.path.abspath(os.fsdecode(path)))
        return str(absolute.relative_to(self.root)) if absolute.is_relative_to(self.root) else None

    def _made(self, name: str) -> int:
        inode, self._next = self._next, self._next + 1
        self._paths[name] = inode
        self._note("create", name, inode=inode)
        return inode

    def _write(self, descriptor: int, data: bytes) -> None:
        if descriptor in self._open:
            at = self._positions[descriptor]
            self._note("write", inode=self._open[descriptor], data=data, at=at)
            self._positions[descriptor] = at + len(data)

    def _forget(self, descriptor: int) -> None:
        for known in (self._open, self._folders, self._positions):
            known.pop(descriptor, None)

    def _wrap_open(self, real: Callable[..., int]) -> Callable[..., int]:
        def wrapped(path: Any, flags: int, *more: Any, **named: Any) -> int:
            descriptor = real(path, flags, *more, **named)
            if (name := self._relative(path)) is not None:
                if os.path.isdir(path):
                    self._folders[descriptor] = name
                else:
                    self._open[descriptor] = self._made(name) if flags & os.O_CREAT else self._paths[name]
                    self._positions[descriptor] = 0
            return descriptor

        return wrapped

    def _wrap_write(self, real: Callable[..., int]) -> Callable[..., int]:
        def wrapped(descriptor: int, data: Any) -> int:
            self._write(descriptor, bytes(data))
            return real(descriptor, data)

        return wrapped

    def _wrap_close(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def wrapped(descriptor: int) -> None:
            self._forget(descriptor)
            real(descriptor)

        return wrapped

    def _wrap_fsync(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def wrapped(descriptor: int) -> None:
            if descriptor in self._open:
                self._note("sync", inode=self._open[descriptor])
            elif descriptor in self._folders:
                self._note("folder", self._folders[descriptor])
            # the real disk need not be troubled: nothing here is kept

        return wrapped

    def _wrap_names(self, kind: str, real: Callable[..., None]) -> Callable[..., None]:
        def wrapped(source: Any, target: Any, **named: Any) -> None:
            real(source, target, **named)
            old, new = self._relative(source), self._relative(target)
            if old is not None and new is not None:
                self._note("link" if kind == "link" else "rename", old, new, inode=self._paths[old])
                self._paths[new] = self._paths[old]
                if kind != "link":
                    del self._paths[old]

        return wrapped

    def _wrap_name(self, kind: str, real: Callable[..., None]) -> Callable[..., None]:
        def wrapped(path: Any, *more: Any, **named: Any) -> None:
            real(path, *more, **named)
            if (name := self._relative(path)) is not None:
                self._note(kind, name)
                if kind == "unlink":
                    del self._paths[name]

        return wrapped


@dataclass
class Disk:
    """The disk and its cache after some events."""

    inodes: dict[int, Inode] = field(default_factory=dict)
    names: list[tuple[Event, bool]] = field(default_factory=list)  # in order; whether its folder was synced since
    told: list[str] = field(default_factory=list)
    versions: dict[str, list[bytes]] = field(default_factory=dict)  # whole contents that got a name, by path


def replay(events: list[Event]) -> Disk:
    disk = Disk()
    current: dict[str, int] = {}
    for event in events:
        match event.kind:
            case "create":
                disk.inodes[event.inode] = Inode()
                current[event.path] = event.inode
                disk.names.append((event, False))
            case "write":
                disk.inodes[event.inode].writes.append((event.offset, event.data))
            case "sync":
                inode = disk.inodes[event.inode]
                inode.synced, inode.writes = inode.full(), []
            case "folder":
                disk.names = [(e, synced or _folder_of(e) == event.path) for e, synced in disk.names]
            case "told":
                disk.told.append(event.path)
            case kind:
                if kind in ("link", "rename"):
                    current[event.other] = current[event.path]
                    disk.versions.setdefault(event.other, []).append(disk.inodes[current[event.other]].full())
                disk.names.append((event, False))
    return disk


def current_names(events: list[Event]) -> dict[str, int]:
    """The inode behind every file name, as the running system sees it."""
    names: dict[str, int] = {}
    for event in events:
        match event.kind:
            case "create":
                names[event.path] = event.inode
            case "link" | "rename":
                names[event.other] = names[event.path]
                if event.kind == "rename":
                    del names[event.path]
            case "unlink":
                names.pop(event.path, None)
    return names


def _folder_of(event: Event) -> str:
    return str(Path(event.other or event.path).parent)


def after_kill(events: list[Event], target: Path) -> None:
    """The folder as a killed process leaves it: everything that was handed over is there."""
    _lay_out(replay(events), target, lambda folder, count: count, lambda inode: inode.full())


def after_power_cut(events: list[Event], target: Path, seed: int) -> None:
    """One of the folders that a power cut after `events` may leave, laid out at `target`."""
    rng = random.Random(seed)
    block = rng.choice((512, 512, 4096))
    keep = rng.choice((0.0, 0.2, 0.5, 0.8, 0.97))
    if events and events[-1].kind == "write":  # it was under way
        last = events[-1]
        events = [*events[:-1], Event("write", inode=last.inode, offset=last.offset, data=last.data[: rng.randrange(len(last.data) + 1)])]  # fmt: skip
    _lay_out(
        replay(events),
        target,
        lambda folder, count: rng.choice((0, count, rng.randint(0, count))),
        lambda inode: _survived(inode, block, keep, rng),
    )


def _survived(inode: Inode, block: int, keep: float, rng: random.Random) -> bytes:
    if not inode.writes:
        return inode.synced
    full, old = inode.full(), inode.synced
    data = bytearray(full)
    for begin in range(0, len(full), block):
        end = min(begin + block, len(full))
        before = old[begin:end].ljust(end - begin, b"\0")
        if full[begin:end] != before and rng.random() >= keep:
            data[begin:end] = before
    size = rng.choice((len(full), len(full), len(old), rng.randint(min(len(old), len(full)), len(full))))
    return bytes(data[:size])


def _lay_out(disk: Disk, target: Path, kept: Callable[[str, int], int], content: Callable[[Inode], bytes]) -> None:
    loose: dict[str, int] = {}
    for event, synced in disk.names:
        if not synced:
            loose[_folder_of(event)] = loose.get(_folder_of(event), 0) + 1
    left = {folder: kept(folder, count) for folder, count in sorted(loose.items())}
    names: dict[str, int | None] = {}  # None = a folder
    for event, synced in disk.names:
        if not synced:
            left[_folder_of(event)] -= 1
            if left[_folder_of(event)] < 0:
                continue
        match event.kind:
            case "create":
                names[event.path] = event.inode
            case "mkdir":
                names[event.path] = None
            case "unlink" | "rmdir":
                names.pop(event.path, None)
            case "link" | "rename":  # the name is of the file, whether or not the old name ever reached the disk
                names[event.other] = event.inode
                if event.kind == "rename":
                    names.pop(event.path, None)
    target.mkdir(parents=True)
    for name, inode in sorted(names.items()):
        parent = str(Path(name).parent)
        if parent != "." and parent not in names:
            continue  # its folder was lost
        if inode is None:
            (target / name).mkdir()
        elif (target / name).parent.is_dir():
            (target / name).write_bytes(content(disk.inodes[inode]))
