"""How late arrivals on a link were stamped at worst, from what the self-test of the run recorded of it.

`timing` entries hold a standard uncertainty, taken as rectangular (fixtures/timing.py); here it becomes the width of that
rectangle again.  It is a bound and is added as one, not in quadrature: a late byte is never early, and what rests on
arrivals are intervals that surely hold the instant.  A journal without such entries adds nothing: its clock was virtual,
or it was written before there was a self-test.
"""

from __future__ import annotations

import math

from harness.derive.recorded import Recorded


def late_ns(recorded: Recorded, link: str) -> int:
    """The longest an arrival on `link` may have been held back, on the clock of the run; of several starts of the
    program the worst.  Raises KeyError, TypeError or ValueError where a `timing` entry lacks what it must hold."""
    told = [
        int(body["u_ns"]) for _, body in recorded.entries if body.get("kind") == "timing" and str(body["link"]) == link
    ]
    if any(u_ns < 0 for u_ns in told):
        raise ValueError(f"timing of link {link}: expected u_ns of 0 or more, got {min(told)}")
    return math.ceil(max(told, default=0) * math.sqrt(12))
