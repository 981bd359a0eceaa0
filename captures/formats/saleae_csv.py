"""Digital CSV of Saleae Logic 2: "Time [s],Channel 0,..." and one row for every transition of any channel.

Times are exact decimals; the tick is one unit of the last decimal place that the file uses.  The first row holds the
levels at the beginning of the recording.  The format states no end: the window ends with the last row.  `X` (format of
2025) means that nobody knows the level until the next 0 or 1: a gap.  Logic 1 ("Time[s], Channel 0") is read too.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from captures.errors import CaptureError, WrongFormatError
from captures.formats.carried import (
    channel_name,
    need_levels,
    need_one_window,
    new_file,
    trains_of,
    value_changes,
)
from captures.formats.changes import UNKNOWN, Changes
from captures.formats.decimal_ticks import Decimals, places_of, written
from captures.formats.reader import Reader, hashed, open_plain
from captures.formats.text import COMMA, blocks, lines_of
from captures.model import Capture, EdgeKind, Int64Array, Origin, PulseTrain, UInt8Array

CODEC = "saleae-csv/1"
MAX_CHANNELS = 512
_MAX_HEADER = 64 << 10
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?"?Time ?\[s\]"?, ?')
_ROWS = 1 << 16
_VALUE = np.full(256, 255, dtype=np.uint8)
_VALUE[[ord("0"), ord("1"), ord("X"), ord("x")]] = (0, 1, UNKNOWN, UNKNOWN)


def sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def read(path: Path) -> Capture:
    """All channels of the file at `path` as PulseTrains of station "tap".

    WrongFormatError when it is no such file; CaptureError when it is damaged, hostile, or too large.
    """
    where = repr(path.name)
    with open_plain(path) as handle:
        sha256, size = hashed(handle)
        first = handle.readline(_MAX_HEADER)
        names = _names(first, where)
        rows = _Rows(len(names), where)
        for offset, block in blocks(handle, where):
            rows.feed(offset, block)
    window = rows.window()
    courses = rows.changes.courses(len(names), window)
    trains = tuple(
        PulseTrain(
            station="tap", channel=name, ticks=course.ticks, tick_s=rows.times.tick_s, edge=EdgeKind.BOTH, window=window,
            origin=Origin(CODEC, f"{path.name} sha256 {sha256}"), clock="file", levels=course.levels, gaps=course.gaps,
        )
        for name, course in zip(names, courses, strict=True)
    )  # fmt: skip
    initial = {name: course.initial for name, course in zip(names, courses, strict=True)}
    header = {
        "format": "saleae-csv",
        "file": path.name,
        "sha256": sha256,
        "bytes": size,
        "rows": rows.count,
        "initial": initial,
    }
    return Capture(header=header, trains=trains)


def _names(line: bytes, where: str) -> list[str]:
    if _HEAD.match(line) is None:
        raise WrongFormatError(f'{where} line 1: expected "Time [s]" and channel names, got {line!r:.60}')
    try:
        fields = next(csv.reader([line.decode("utf-8-sig")], skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error, StopIteration) as problem:
        raise CaptureError(f"{where} line 1: expected channel names in UTF-8, got {line!r:.60} ({problem})") from None
    names = [name.strip() for name in fields[1:]]
    if not line.endswith(b"\n") or not 1 <= len(names) <= MAX_CHANNELS:
        raise CaptureError(
            f"{where} line 1: expected 1 to {MAX_CHANNELS} channel names and rows after them, got {len(names)}"
        )
    for name in names:
        if not name or not name.isprintable() or names.count(name) > 1:
            raise CaptureError(
                f"{where} line 1: expected distinct printable names, got {name!r:.80}; rename the channel"
            )
    return names


class _Rows:
    def __init__(self, channels: int, where: str) -> None:
        self._where, self._channels = where, channels
        self.changes = Changes(where)
        self.times = Decimals(where, self.changes)
        self._levels: UInt8Array = np.full(channels, 255, np.uint8)
        self._first: int | None = None
        self.count = 0

    def window(self) -> tuple[int, int]:
        if self._first is None:
            raise CaptureError(f"{self._where}: expected rows after the names, got none; the recording is empty")
        return self.times.first, self.times.last

    def feed(self, offset: int, block: bytes) -> None:
        if b", " in block:
            block = block.replace(b", ", b",")  # Logic 1
        buffer = np.frombuffer(block, dtype=np.uint8)
        starts, ends = lines_of(buffer)
        filled = ends > starts
        starts, ends = starts[filled], ends[filled]
        if not starts.size:
            return
        time_ends = ends - 2 * self._channels
        short = time_ends <= starts
        values = np.empty((starts.size, self._channels), np.uint8)
        bad = short.copy()
        for channel in range(self._channels):
            at = np.maximum(time_ends + 2 * channel, 0)
            bad |= buffer[at] != COMMA
            values[:, channel] = _VALUE[buffer[np.minimum(at + 1, buffer.size - 1)]]
        bad |= (values == 255).any(axis=1)

        def refuse(wrong: np.ndarray[tuple[int], np.dtype[np.bool_]], expected: str) -> None:
            if wrong.any():
                row = int(np.argmax(wrong))
                got = block[starts[row] : ends[row]]
                raise CaptureError(f"{self._where} line {self.count + row + 2}: expected {expected}, got {got!r:.80}")

        refuse(bad, f"a time and {self._channels} levels 0, 1 or X")
        ticks, bad = self.times.feed(buffer, starts, time_ends)
        refuse(bad, "a time in decimal digits")
        refuse(self.times.falls(ticks), "a time not before the row above")
        before = np.vstack([self._levels, values[:-1]])
        rows, channels = np.nonzero(values != before)
        self.changes.add(ticks[rows], channels, values[rows, channels])
        self._levels = values[-1]
        self._first = self.times.first
        self.count += int(starts.size)


def write(capture: Capture, path: Path) -> None:
    """Write all trains; CaptureError when the format cannot carry them, FileExistsError when `path` is there.

    The last row stands at the end of the window and may change nothing: readers take it for what it is.
    """
    trains = trains_of(capture, "saleae-csv")
    need_levels(trains, "saleae-csv")
    need_one_window(trains, "saleae-csv")
    tick_s, (first, last) = trains[0].tick_s, trains[0].window
    places = places_of(tick_s, "saleae-csv")
    assert tick_s is not None
    unit = int(tick_s * 10**places)
    ticks, channels, values = value_changes(capture, "saleae-csv")
    stamps, row = np.unique(np.concatenate([ticks, [first, last]]), return_inverse=True)
    row = row[: ticks.size]
    names = [channel_name(train) for train in trains]
    for name in names:
        if any(c in name for c in ',"\r\n') or name != name.strip():
            raise CaptureError(
                f"saleae-csv: channel {name!r:.80}: expected a name without commas and quotes; write csv"
            )
    state = np.zeros(len(trains), np.uint8)
    letters = np.frombuffer(b"01X", dtype=np.uint8)
    with new_file(path) as handle:
        handle.write(("Time [s]," + ",".join(names) + "\n").encode())
        for begin in range(0, stamps.size, _ROWS):
            end = min(begin + _ROWS, stamps.size)
            a, b = np.searchsorted(row, [begin, end])
            table, state = _filled(row[a:b] - begin, channels[a:b], values[a:b], state, end - begin)
            text = np.full((end - begin, 2 * len(trains) + 1), COMMA, np.uint8)
            text[:, 1:-1:2] = letters[table]
            text[:, -1] = ord("\n")
            width = text.shape[1]
            tails = text.tobytes()
            parts = written((stamps[begin:end] * unit).tolist(), places)
            handle.write(b"".join(part.encode() + tails[i * width : (i + 1) * width] for i, part in enumerate(parts)))


def _filled(
    rows: Int64Array, channels: Int64Array, values: UInt8Array, state: UInt8Array, count: int
) -> tuple[UInt8Array, UInt8Array]:
    """Levels of all channels in each of `count` rows, from changes in order of time, and those after the last."""
    source = np.zeros((count + 1, state.size), np.int64)
    table = np.zeros((count + 1, state.size), np.uint8)
    table[0] = state
    table[rows + 1, channels] = values
    source[rows + 1, channels] = rows + 1
    np.maximum.accumulate(source, axis=0, out=source)
    full: UInt8Array = np.take_along_axis(table, source, axis=0)[1:]
    return full, full[-1]


READER = Reader("saleae-csv", sniff, read)
