"""After a hit: which of its conditions matter, where a threshold lies, which keys of a sequence are needed.

Each is a dialogue: it yields what to try and is sent whether it showed itself, so that the runs are made by a plan, by people or by a test.
One factor at a time around the hit (statistics.md 3e, rule 5); thresholds by bisection, log2(range / resolution) runs (rule 6); key sequences by
delta debugging (Zeller and Hildebrandt 2002, ddmin), whose result loses its effect when any one key is left out.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum

Keys = tuple[str, ...]
Levels = tuple[int, ...]


@dataclass(frozen=True)
class Threshold:
    """It acts at `acts` and not at `silent`; which side is which says whether it acts above or below."""

    silent: float
    acts: float

    @property
    def above(self) -> bool:
        return self.acts > self.silent


def runs_needed(low: float, high: float, resolution: float) -> int:
    """Runs of a bisection: log2 of the range over the resolution, rounded up.  ValueError for no range or no resolution."""
    if not (low < high and resolution > 0):
        raise ValueError(f"expected a range and a resolution above zero, got {low} to {high} by {resolution}")
    return max(0, math.ceil(math.log2((high - low) / resolution)))


def threshold(silent: float, acts: float, resolution: float) -> Generator[float, bool, Threshold]:
    """Bisects between a value at which nothing showed and one at which it did, to `resolution` or better.

    Values are whole multiples of the resolution from `silent`, so that each can be asked for on the instrument.
    """
    runs_needed(min(silent, acts), max(silent, acts), resolution)
    step = math.copysign(resolution, acts - silent)
    low, high = 0, math.ceil(abs(acts - silent) / resolution - 1e-9)  # in steps from `silent`
    while high - low > 1:
        middle = (low + high) // 2
        if (yield silent + middle * step):
            high = middle
        else:
            low = middle
    last = acts if high * resolution >= abs(acts - silent) - 1e-9 else silent + high * step
    return Threshold(silent + low * step, last)


def minimal(sequence: Sequence[str]) -> Generator[Keys, bool, Keys]:
    """The shortest part of `sequence`, in its order, that still works when no single key of it can be left out (ddmin)."""
    keys, parts = tuple(sequence), 2
    tried: dict[Keys, bool] = {}
    while len(keys) >= 2:
        size = math.ceil(len(keys) / parts)
        cuts = [keys[:at] + keys[at + size :] for at in range(0, len(keys), size)]
        pieces = [keys[at : at + size] for at in range(0, len(keys), size)] if parts == 2 else []
        for one in dict.fromkeys([*pieces, *cuts]):
            if one and one not in tried:
                tried[one] = yield one
            if one and tried[one]:
                keys, parts = one, 2 if one in pieces else max(parts - 1, 2)
                break
        else:
            if parts >= len(keys):
                break
            parts = min(2 * parts, len(keys))
    return keys


class Need(StrEnum):
    """What the effect has of a factor of the hit."""

    NONE = "none"
    NEEDED = "needed"
    LATCHED = "latched"  # worked once it stays on, and goes off when it is worked again


def factors_that_matter(
    hit: Levels, plain: Levels, free: Sequence[int], worked: Sequence[int] = ()
) -> Generator[Levels, bool, dict[int, Need]]:
    """Each factor of `free` in which `hit` differs from `plain` put back alone: whether the effect needs it.

    What was worked comes first, because working it again may switch it off.  What is not needed stays at its plain level, so that the hit that is left is as plain as it can be.  A factor that is `worked` may have
    latched: where it shows without being worked again it is worked once more, and what then is silent was switched by it.  One that has
    latched is left on, unworked.
    """
    now, needs = list(hit), dict[int, Need]()
    for f in (*(f for f in free if f in worked), *(f for f in free if f not in worked)):
        if now[f] == plain[f]:
            continue
        with_it, without = tuple(now), (*now[:f], plain[f], *now[f + 1 :])
        if not (yield without):
            needs[f] = Need.NEEDED
        elif f in worked and not (yield with_it):
            yield with_it  # on again for what follows
            now[f], needs[f] = plain[f], Need.LATCHED
        else:
            now[f], needs[f] = plain[f], Need.NONE
    return needs
