"""Ends code of a stranger that neither returns nor calls the bench: nobody should have to kill the test run to learn where it hangs."""

from __future__ import annotations

import ctypes
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from harness.testing.wanted import Broken

STUCK_S = 10.0  # of wall time in which nothing was asked of the bench
LOOKS = 20  # in that time
ARRIVES = 10_000  # turns of a loop, before the end of which an error sent to a thread is raised there


class TooLong(BaseException):
    """A verb did not come back in the time it may take.  No Exception: a driver that goes on after any error must end too."""


class Stuck(TooLong):
    """It did not call the bench either.  Raised from beside, wherever the code is: it has no words of its own."""

    def __str__(self) -> str:
        return f"nothing, and no call of the bench, in {STUCK_S:g} s: it loops by itself"


@contextmanager
def returning(where: str, progress: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Broken, with the place, where the code below neither returns nor makes `progress`."""
    try:
        with watchdog(progress):
            yield
    except Stuck as stuck:
        raise Broken(f"{where}: expected it to return, or to call the bench; got {stuck}{place_of(stuck)}") from None


def place_of(error: BaseException) -> str:
    """Where it was in code that is not the bench's own."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [
        frame
        for frame in frames
        if not re.search(r"fixtures[/\\](bench|clock|sim)|harness[/\\]testing", frame.filename)
    ]
    return f" in {outside[-1].name}, line {outside[-1].lineno}" if outside else ""


@contextmanager
def watchdog(progress: Callable[[], object]) -> Iterator[None]:
    """Raises Stuck in the code below where `progress` stays the same for so long; code that waits inside the system is not reached."""
    over, lock, worker = threading.Event(), threading.Lock(), threading.get_ident()
    sent = False

    def watch() -> None:
        nonlocal sent
        last, same = progress(), 0
        while not over.wait(STUCK_S / LOOKS):
            now = progress()
            same, last = (same + 1 if now == last else 0), now
            if same < LOOKS:
                continue
            with lock:
                if not over.is_set():
                    sent = True
                    _raise_in(worker, Stuck)
            return

    watching = threading.Thread(target=watch, name="watchdog", daemon=True)
    watching.start()
    arrived = False
    try:
        yield
    except Stuck:
        arrived = True
        raise
    finally:
        with lock:
            over.set()
        if sent and not arrived:  # it came back in the last moment: what is on its way to it must not strike behind
            with suppress(Stuck):
                for _ in range(ARRIVES):
                    pass


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
