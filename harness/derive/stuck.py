"""A line that repeats one frame for ever: it goes on saying the same while the load changes.

At rest every digital scale repeats its reading, and that is no fault.  It is one when the load was changed by more than the
scale can hide, had time to come to rest, and what the line says is to the last flag what it said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from captures.model import Flag, SampledTrace

WHY = "one reading repeated over a change of load"


@dataclass(frozen=True, slots=True)
class Change:
    """The load was touched at `from_ns` and lay at rest, `load_kg` as far as known, at `t_ns`."""

    from_ns: int
    t_ns: int
    load_kg: Decimal


class Stuck(NamedTuple):
    """The line said one thing from the load's rest at `begin_ns` to `end_ns`; it has said it since `since_ns`."""

    begin_ns: int
    end_ns: int
    since_ns: int


def stuck(trace: SampledTrace, changes: Sequence[Change], least_kg: Decimal, settle_ns: int) -> list[Stuck]:
    """Spans in which the line said one thing over a change of load: from its rest to the last reading that repeats what was
    said before, or to the next change.

    `changes` in order of time, the first one the load before any.  Those of less than `least_kg` the display's own steps may
    hide, unless the line repeats itself since a greater one; `settle_ns` is what the scale may take to show one.  What is said
    out of range says nothing of the load.
    """
    if not trace.times_ns.size:
        return []
    new = (np.diff(trace.steps) != 0) | (np.diff(trace.flags.astype(np.int64)) != 0)
    edges = np.flatnonzero(new) + 1
    begins, ends = np.append(0, edges), np.append(edges, trace.times_ns.size) - 1
    rests = [change.from_ns for change in changes[2:]] + [int(trace.times_ns[-1])]
    found: list[Stuck] = []
    for (before, after), next_ns in zip(pairwise(changes), rests, strict=True):
        run = int(np.searchsorted(trace.times_ns[begins], after.from_ns)) - 1  # said before the load was touched
        if run < 0:
            continue
        since_ns = int(trace.times_ns[begins[run]])
        goes_on = bool(found) and found[-1].since_ns == since_ns
        if not goes_on and abs(after.load_kg - before.load_kg) < least_kg:
            continue
        end_ns = min(int(trace.times_ns[ends[run]]), next_ns)
        if end_ns - after.t_ns >= settle_ns and not trace.flags[begins[run]] & (Flag.OVERLOAD | Flag.UNDERLOAD):
            found.append(Stuck(after.t_ns, end_ns, since_ns))
    return found
