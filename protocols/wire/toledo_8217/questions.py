"""How a Toledo 8217 is asked for its weight."""

from __future__ import annotations

from functools import partial

from protocols.asking import Asking, Question
from protocols.wire.toledo_8217.messages import Command, Request
from protocols.wire.toledo_8217.session import fits

GAP_NS = 200_000_000  # least time between two commands (protocols.md 3.3)


def asking(address: str) -> Asking:
    """Nothing here is harmless and answered unlike the rest: echo mode holds back weights, the self-test is a test."""
    commands = (Command.WEIGHT, Command.HIGH_RESOLUTION)
    return Asking({str(one): Question(Request(one), partial(fits, one)) for one in commands}, gap_ns=GAP_NS)
