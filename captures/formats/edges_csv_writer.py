"""Plain CSV of edges (edges_csv.py): carries every pulse train as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from captures.errors import CaptureError
from captures.formats.carried import channel_name, initial_level, need_levels, new_file, stretches, trains_of
from captures.formats.edges_csv import FIRST_LINE
from captures.model import Capture, EdgeKind, PulseTrain

_ROWS = 1 << 16


def write(capture: Capture, path: Path) -> None:
    """Write all trains in ticks; CaptureError when windows or ticks differ, FileExistsError when `path` is there."""
    trains = trains_of(capture, "csv")
    if len({(train.window, train.tick_s, train.clock) for train in trains}) != 1:
        raise CaptureError("csv: expected channels of one clock and one window; write fewer channels")
    tick_s, (first, last) = trains[0].tick_s, trains[0].window
    lines = [FIRST_LINE, f"# tick_s {'unknown' if tick_s is None else tick_s}", f"# window {first} {last}"]
    for train in trains:
        name = channel_name(train)
        if any(c in name for c in ',"') or not name.isprintable() or " ".join(name.split()) != name:
            raise CaptureError(f"csv: channel {name!r:.80}: expected a name without commas and quotes; rename it")
        if train.edge is EdgeKind.BOTH:
            need_levels([train], "csv")
            stretches(capture, train, "csv")  # levels alternate, edges lie inside
        level = initial_level(capture, train)
        lines.append(f"# channel {name} {train.edge} {'x' if level is None else level}")
        lines += [f"# gap {name} {begin} {end}" for begin, end in train.gaps]
    lines.append("tick,channel,level")
    ticks = np.concatenate([train.ticks for train in trains])
    rows = np.concatenate([2 * number + _levels(train) for number, train in enumerate(trains)])
    order = np.lexsort((rows, ticks))
    ticks, rows = ticks[order], rows[order]
    tails = [f",{channel_name(train)},{level}\n" for train in trains for level in (0, 1)]
    with new_file(path) as handle:
        handle.write(("\n".join(lines) + "\n").encode())
        for begin in range(0, ticks.size, _ROWS):
            block = slice(begin, begin + _ROWS)
            pairs = zip(ticks[block].tolist(), rows[block].tolist(), strict=True)
            handle.write("".join([f"{tick}{tails[row]}" for tick, row in pairs]).encode())


def _levels(train: PulseTrain) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if train.levels is not None:
        return train.levels.astype(np.int64)
    return np.full(train.ticks.size, int(train.edge is EdgeKind.RISING), np.int64)
