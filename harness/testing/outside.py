"""Notices code that goes round the bench: reads a clock, sleeps, starts a thread or a program, opens a port or a socket.

Looked for is the call itself, however it was imported.  A file may be read (register maps); that one is no device cannot be
told from here.
"""

from __future__ import annotations

import datetime
import gc
import importlib.util
import select
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, ModuleType
from typing import Any

import serial

from harness.testing.wanted import Broken

_WAITS = (time.sleep, select.select)
_CLOCKS = (
    time.time, time.time_ns, time.monotonic, time.monotonic_ns, time.perf_counter, time.perf_counter_ns,
    time.localtime, time.gmtime,
)  # fmt: skip
_CALENDARS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
_STARTS: dict[CodeType, str] = {
    threading.Thread.start.__code__: "starts a thread",
    subprocess.Popen.__init__.__code__: "starts a program",
    socket.socket.__init__.__code__: "opens a socket",
    serial.Serial.open.__code__: "opens a port",
}
# who may: they are the bench, or the check itself
_BENCH = ("captures.", "fixtures.recorder", "fixtures.background_sync", "fixtures.clock", "harness.testing.")
_ASIDE = {"logging", "warnings", uuid.__name__}  # read a clock for their own ends, whoever calls them


class _Caught(BaseException):
    """No Exception: whoever goes on after any error must not go on after this one."""


@contextmanager
def round_the_bench_is_broken(who: str) -> Iterator[None]:
    """Broken where code of `who`, or of the device in front of it, does within what only the bench may do."""
    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what others hang on the collector would be taken for work of `who`
    sys.setprofile(_look)
    try:
        yield
    except _Caught as caught:
        raise Broken(
            f"{who}: expected everything of time and ports to come from the bench (now_ns, until, due_ns, send); got {caught}"
        ) from None
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def _look(frame: FrameType, event: str, arg: Any) -> None:
    if event == "c_call":
        done = _calls(arg)
        caller: FrameType | None = frame
    elif event == "call" and frame.f_code in _STARTS:
        done, caller = _STARTS[frame.f_code], frame.f_back
    else:
        return
    if done and (place := _responsible(caller)):
        raise _Caught(f"{place}, which {done}")


def _calls(function: Callable[..., Any]) -> str:
    if function in _WAITS:
        return f"waits by {function.__name__}"
    if function in _CLOCKS:
        return f"reads a clock ({function.__name__})"
    if getattr(function, "__qualname__", "") in _CALENDARS and isinstance(getattr(function, "__self__", None), type):
        return f"reads a clock ({datetime.__name__})"
    return ""


def _responsible(frame: FrameType | None) -> str:
    """Whose call it was, as MODULE line N: who stands behind the standard library; "" where he may."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        top = module.partition(".")[0]
        if module.startswith(_BENCH) or top in _ASIDE:
            return ""
        if top not in sys.stdlib_module_names and top != serial.__name__:
            return f"{module} line {frame.f_lineno}"
        frame = frame.f_back
    return ""


def imported_anew(make: Callable[..., Any]) -> None:
    """Run the module that `make` stands in once more, under another name: what it does at import is done here."""
    module = sys.modules.get(getattr(getattr(make, "func", make), "__module__", ""))
    if module is None or not getattr(module, "__file__", None) or module.__name__ == "__main__":
        return
    name = f"{module.__name__}__anew"
    spec = importlib.util.spec_from_file_location(name, module.__file__)
    if spec is None or spec.loader is None:
        return
    again: ModuleType = importlib.util.module_from_spec(spec)
    again.__package__ = module.__package__ or ""
    sys.modules[name] = again  # dataclasses look their module up
    try:
        spec.loader.exec_module(again)
    finally:
        del sys.modules[name]
