"""Signals that end a run: at the next look of the bench, never in the middle of a line of the journal.

Ctrl-C: the run stops and cleans up; a second one ends the program at once (exit 130), the journal cut but whole.
SIGTERM and SIGHUP (shutdown, terminal gone): nobody is there to clean up; the bench is made safe, the run can be resumed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fixtures.bench import Bench
from fixtures.errors import StopAsked
from fixtures.language import mark, translate
from harness.exits import Exit

STDERR = 2
SAFELY = mark("stopping safely; Ctrl-C once more ends at once")
AT_ONCE = mark("ended at once; what was recorded verifies, `run --resume` goes on")


@contextmanager
def stoppable(bench: Bench) -> Iterator[None]:
    """Signals ask `bench` to stop while this lasts; elsewhere than in the main thread they cannot be heard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = False
    safely, at_once = (f"\nshortmeasure: {translate(text)}\n".encode() for text in (SAFELY, AT_ONCE))

    def ctrl_c(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            # no exception: it could split a line of the journal, and `finally` would go on as if nothing had happened
            os.write(STDERR, at_once)
            os._exit(Exit.KILLED)
        interrupted = True
        bench.stop = StopAsked("stopped by the operator", resumable=False)
        os.write(STDERR, safely)

    def ended(number: int, frame: FrameType | None) -> None:
        bench.stop = StopAsked(f"interrupted by {signal.Signals(number).name}", resumable=True)

    handlers = {signal.SIGINT: ctrl_c, signal.SIGTERM: ended}
    if sys.platform != "win32":
        handlers[signal.SIGHUP] = ended
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
