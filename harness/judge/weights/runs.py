"""A broadcast line repeats its last result until there is a new one: equal frames in a row are one reading told again.

At 9600 baud one result of the converter is sent 3 to 16 times over (scales.md 3).  Whoever counts frames as readings makes
every p-value that much too small, so statistics count runs, or readings at the pace at which the indicator renews them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from captures.model import Int64Array, UInt8Array


@dataclass(frozen=True, eq=False)
class Runs:
    """Equal frames in a row, each array (m,): `value` in steps and `flags` as sent, times of the first and the last frame,
    how many frames, and the index of the first."""

    value: Int64Array
    flags: UInt8Array
    from_ns: Int64Array
    to_ns: Int64Array
    frames: Int64Array
    first: Int64Array

    @property
    def changed(self) -> Int64Array:
        """Indices (k,) of runs that follow another value: what came between is no repeat."""
        return (np.flatnonzero(np.diff(self.value)) + 1).astype(np.int64)


def runs(times_ns: Int64Array, steps: Int64Array, flags: UInt8Array, gap_ns: int | None = None) -> Runs:
    """The runs of frames (n,) in time order; a silence longer than `gap_ns` ends a run too.

    Raises ValueError where the three are not of one length.
    """
    if not times_ns.shape == steps.shape == flags.shape:
        raise ValueError(f"runs: {times_ns.size} times, {steps.size} readings and {flags.size} flags, expected as many")
    if not times_ns.size:
        none = np.zeros(0, dtype=np.int64)
        return Runs(none, np.zeros(0, dtype=np.uint8), none, none, none, none)
    new = np.empty(times_ns.size, dtype=np.bool_)
    new[0] = True
    new[1:] = (steps[1:] != steps[:-1]) | (flags[1:] != flags[:-1])
    if gap_ns is not None:
        new[1:] |= np.diff(times_ns) > gap_ns
    first = np.flatnonzero(new).astype(np.int64)
    last = np.append(first[1:], times_ns.size) - 1
    return Runs(steps[first], flags[first], times_ns[first], times_ns[last], (last - first + 1).astype(np.int64), first)


def renewed_within_ns(found: Runs) -> int | None:
    """An upper bound of the time after which the indicator renews its result: the shortest time a changed value stood before
    the next change.  None with fewer than two changes at different times: a display at rest does not tell."""
    apart = np.diff(found.from_ns[found.changed])
    return int(apart[apart > 0].min()) if bool(np.any(apart > 0)) else None


def readings(found: Runs, update_ns: int | None) -> Int64Array:
    """How many separate readings each run (m,) stands for: one, and one more for each whole `update_ns` that it lasts, never
    more than its frames; one alone where the pace is unknown."""
    if update_ns is None:
        return np.ones(found.value.size, dtype=np.int64)
    if update_ns <= 0:
        raise ValueError(f"time between readings: expected above 0 ns, got {update_ns}")
    result: Int64Array = np.minimum(1 + (found.to_ns - found.from_ns) // update_ns, found.frames).astype(np.int64)
    return result


def thinned(times_ns: Int64Array, apart_ns: int) -> Int64Array:
    """Indices (k,) of frames at least `apart_ns` apart, the first among them: one for each separate reading."""
    if not times_ns.size or apart_ns <= 0:
        return np.arange(times_ns.size, dtype=np.int64)
    kept = [0]
    while (at := int(np.searchsorted(times_ns, times_ns[kept[-1]] + apart_ns))) < times_ns.size:
        kept.append(at)
    return np.array(kept, dtype=np.int64)
