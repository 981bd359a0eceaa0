"""Makes the n-th call that touches given folders fail, as a full, broken or write-protected disk does."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

WRITING = {"create", "write", "fsync", "mkdir", "rmdir", "link", "rename", "replace", "unlink"}
FAULTS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
_CREATES = os.O_CREAT | os.O_WRONLY | os.O_RDWR


@dataclass
class FailingCalls:
    """Call number `fail_at` (from 1, None = none) below `roots` raises `fault`; the calls are noted in `calls`.

    A full or write-protected disk stays so: every later call that writes fails too.  EIO strikes once.
    """

    roots: Sequence[Path]
    fail_at: int | None = None
    fault: int = errno.EIO
    calls: list[tuple[str, str]] = field(default_factory=list)
    _files: dict[int, str] = field(default_factory=dict)

    def call(self, kind: str, path: str) -> None:
        """Count a call; OSError when its turn has come."""
        self.calls.append((kind, path))
        if self.fail_at is None:
            return
        lasting = self.fault != errno.EIO and kind in WRITING
        if len(self.calls) == self.fail_at or (lasting and len(self.calls) > self.fail_at):
            raise OSError(self.fault, os.strerror(self.fault))

    @staticmethod
    def fault_for(kind: str, number: int) -> int:
        """The fault of call `number`: those of a full or write-protected disk strike only what writes."""
        return FAULTS[number % len(FAULTS)] if kind in WRITING else errno.EIO

    def below(self, path: Any) -> str | None:
        """`path` relative to the root it lies below."""
        if isinstance(path, int):
            return self._files.get(path)
        absolute = Path(os.path.abspath(os.fsdecode(path)))
        for root in self.roots:
            if absolute.is_relative_to(root):
                return str(absolute.relative_to(root.parent))
        return None

    def _named(self, kind: str, path: Any) -> None:
        """A call by name: what fails carries the name, as the system's own errors do."""
        if isinstance(path, int):
            return  # a descriptor is only put into a file object: the call that made it was counted
        if (name := self.below(path)) is not None:
            try:
                self.call(kind, name)
            except OSError as problem:
                raise OSError(problem.errno, problem.strerror, os.fspath(path)) from None

    @contextlib.contextmanager
    def active(self) -> Iterator[FailingCalls]:
        with contextlib.ExitStack() as stack:
            for module, name, replacement in (
                (io, "FileIO", self._file_type()),
                (builtins, "open", self._wrap_open_file()),
                (os, "open", self._wrap_open(os.open)),
                (os, "close", self._wrap_close(os.close)),
                (os, "write", self._wrap_descriptor("write", os.write)),
                (os, "fsync", self._wrap_descriptor("fsync", os.fsync)),
                *((os, name, self._wrap_path(name, getattr(os, name)))
                  for name in ("mkdir", "rmdir", "unlink", "listdir", "scandir", "chmod")),
                *((os, name, self._wrap_path(name, getattr(os, name))) for name in ("link", "rename", "replace")),
            ):  # fmt: skip
                stack.enter_context(mock.patch.object(module, name, replacement))
            stack.enter_context(mock.patch.object(io, "open", builtins.open))  # pathlib's
            yield self

    def _file_type(self) -> type[io.FileIO]:
        outer = self

        class File(io.FileIO):
            def __init__(self, path: Any, mode: str = "r", closefd: bool = True) -> None:
                outer._named("create" if set(mode) & set("wxa") else "open", path)
                name = outer.below(path)
                super().__init__(path, mode, closefd)
                self._name = name
                if name is not None:
                    outer._files[self.fileno()] = name

            def readinto(self, buffer: Any) -> int:  # type: ignore[override]
                if self._name is not None:
                    outer.call("read", self._name)
                return super().readinto(buffer) or 0

            def readall(self) -> bytes:
                if self._name is not None:
                    outer.call("read", self._name)
                return super().readall() or b""

            def write(self, data: Any) -> int:  # type: ignore[override]
                if self._name is not None:
                    outer.call("write", self._name)
                return super().write(data) or 0

            def close(self) -> None:
                if not self.closed:
                    outer._files.pop(self.fileno(), None)
                super().close()

        return File

    def _wrap_open_file(self) -> Callable[..., Any]:
        real, raw = builtins.open, self._file_type()

        def opened(path: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, *more: Any, **named: Any) -> Any:  # fmt: skip
            if self.below(path) is None:
                return real(path, mode, buffering, encoding, *more, **named)
            file = raw(path, mode.replace("b", "").replace("t", ""), named.get("closefd", True))
            if buffering == 0:
                return file
            buffered: Any = io.BufferedWriter(file) if set(mode) & set("wxa") else io.BufferedReader(file)
            if "b" in mode:
                return buffered
            return io.TextIOWrapper(buffered, encoding=encoding or "utf-8", newline=named.get("newline"))

        return opened

    def _wrap_open(self, real: Callable[..., int]) -> Callable[..., int]:
        def wrapped(path: Any, flags: int, *more: Any, **named: Any) -> int:
            self._named("create" if flags & _CREATES else "open", path)
            descriptor = real(path, flags, *more, **named)
            if (name := self.below(path)) is not None:
                self._files[descriptor] = name
            return descriptor

        return wrapped

    def _wrap_close(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def wrapped(descriptor: int) -> None:
            self._files.pop(descriptor, None)
            real(descriptor)

        return wrapped

    def _wrap_descriptor(self, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(descriptor: int, *more: Any) -> Any:
            if (name := self._files.get(descriptor)) is not None:
                self.call(kind, name)
            return real(descriptor, *more)

        return wrapped

    def _wrap_path(self, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: Any = ".", *more: Any, **named: Any) -> Any:
            self._named(kind, path)
            return real(path, *more, **named)

        return wrapped
