"""Plain CSV of edges: one row an edge, with what no other format can say in lines that begin with `#`.

::

    # shortmeasure-edges 1         known by this line, or by the columns within the first 4096 bytes
    # tick_s 1/12000000            a tick in seconds: a fraction, a decimal, or "unknown"
    # window 0 99999999            first and last observed time, in the unit of the rows
    # channel XA both 0            name, edges recorded (both, rising, falling), level at the beginning (0, 1, x)
    # gap XA 100 199               first and last time of a loss
    tick,channel,level             or time_s,channel,level with exact decimals
    1,XA,1

All `#` lines may be missing: then the window is that from the first to the last row, the level at the beginning the
opposite of the first edge's, and the tick of `time_s` a unit of the last decimal place.  Rows of one channel stand in
order of time; channels may be mixed in any order.  Names hold no comma, quote or control character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from captures.errors import CaptureError, WrongFormatError
from captures.formats.changes import Changes
from captures.formats.decimal_ticks import Decimals
from captures.formats.reader import HEAD_BYTES, Reader, hashed, open_plain
from captures.formats.text import BLOCK, COMMA, MAX_DIGITS, Bools, blocks, lines_of, numbered
from captures.model import Capture, EdgeKind, Int64Array, Origin, PulseTrain, UInt8Array

CODEC = "edges-csv/1"
FIRST_LINE = "# shortmeasure-edges 1"
MAX_CHANNELS = 512
_MAX_LINES = 100_000
_COLUMNS = re.compile(rb"(?:\xef\xbb\xbf)?(tick|time_s),channel,level\r?\n")
_REMARKS_AND_COLUMNS = re.compile(rb"(?:\xef\xbb\xbf)?(?:#[^\n]*\n)*(?:tick|time_s),channel,level\r?\n")
_TIME = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_TICK = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18}|/[1-9][0-9]{0,17})?")


def sniff(head: bytes) -> bool:
    """The first line, or the columns, after lines with # as far as the head reaches."""
    return head.startswith(FIRST_LINE.encode()) or _REMARKS_AND_COLUMNS.match(head) is not None


@dataclass
class _Said:
    """What the `#` lines say; times as text until the unit of the rows is known."""

    tick: str | None = None
    window: tuple[str, str] | None = None
    kinds: dict[str, EdgeKind] = field(default_factory=dict)
    initial: dict[str, int | None] = field(default_factory=dict)
    gaps: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def read(path: Path) -> Capture:
    """All channels of the file at `path` as PulseTrains of station "tap".

    WrongFormatError when it is no such file; CaptureError when it is damaged, hostile, or too large.
    """
    where = repr(path.name)
    with open_plain(path) as handle:
        if not sniff(handle.read(HEAD_BYTES)):
            raise WrongFormatError(f'{where}: expected "{FIRST_LINE}" or columns tick|time_s,channel,level')
        sha256, size = hashed(handle)
        said, column, number = _Said(), b"", 0
        while True:
            line = handle.readline(BLOCK)
            number += 1
            if not line.startswith(b"#"):
                break
            if number > _MAX_LINES:
                raise CaptureError(
                    f"{where}: expected at most {_MAX_LINES} lines with #, got more; split the recording"
                )
            _say(said, line, f"{where} line {number}")
        match = _COLUMNS.fullmatch(line)
        if match is None:
            raise CaptureError(
                f"{where} line {number}: expected tick,channel,level or time_s,channel,level, got {line!r:.60}"
            )
        column = match[1]
        rows = _Rows(said, number, column == b"tick", where)
        for _, block in blocks(handle, where):
            rows.feed(block)
    return rows.capture(path, sha256, size)


def _say(said: _Said, line: bytes, where: str) -> None:
    try:
        words = line[1:].decode("utf-8").split()
    except UnicodeDecodeError:
        raise CaptureError(f"{where}: expected UTF-8, got {line!r:.60}") from None
    name = " ".join(words[1:-2])
    match words:
        case ["tick_s", text] if said.tick is None and (text == "unknown" or _TICK.fullmatch(text)):
            said.tick = text
        case ["window", first, last] if said.window is None and _TIME.fullmatch(first) and _TIME.fullmatch(last):
            said.window = first, last
        case ["channel", _, *_, "both" | "rising" | "falling" as kind, "0" | "1" | "x" as level] if (
            name not in said.kinds
        ):
            said.kinds[name] = EdgeKind(kind)
            said.initial[name] = None if level == "x" else int(level)
        case ["gap", _, *_, first, last] if _TIME.fullmatch(first) and _TIME.fullmatch(last):
            said.gaps.setdefault(name, []).append((first, last))
        case ["tick_s" | "window" | "channel" | "gap", *_]:
            raise CaptureError(
                f"{where}: expected tick_s T, window A B, channel NAME both|rising|falling 0|1|x or gap NAME A B, "
                f"each once, got {line!r:.80}"
            )
        case _:
            pass  # a remark


class _Rows:
    def __init__(self, said: _Said, line: int, whole: bool, where: str) -> None:
        self._said, self._line, self._whole, self._where = said, line, whole, where
        self._known: dict[bytes, int] = {name.encode(): i for i, name in enumerate(said.kinds)}
        self.changes = Changes(where)
        self._times = Decimals(where, self.changes)

    def feed(self, block: bytes) -> None:
        buffer = np.frombuffer(block, dtype=np.uint8)
        starts, ends = lines_of(buffer)
        filled = ends > starts
        starts, ends = starts[filled], ends[filled]
        if not starts.size:
            return

        def refuse(bad: Bools, expected: str) -> None:
            if bad.any():
                row = int(np.argmax(bad))
                got = block[starts[row] : ends[row]]
                raise CaptureError(f"{self._where} line {self._line + row + 1}: expected {expected}, got {got!r:.80}")

        commas = np.flatnonzero(buffer == COMMA)
        place = np.searchsorted(commas, starts)
        two = np.searchsorted(commas, ends) - place == 2
        refuse(~two, "time,channel,level")
        first, second = commas[place], commas[place + 1]
        levels = buffer[np.minimum(second + 1, buffer.size - 1)] - np.uint8(ord("0"))
        refuse((ends - second != 2) | (levels > 1), "level 0 or 1")
        refuse((second - first < 2) | (second - first > 256), "a channel name of 1 to 255 bytes")
        ticks, bad = self._times.feed(buffer, starts, first)
        refuse(bad, f"a time of at most {MAX_DIGITS} digits")
        if self._whole and self._times.places:
            refuse(np.ones(starts.size, bool), "whole ticks; name the column time_s for decimals")
        self._times.falls(ticks)
        channels = numbered(buffer, first + 1, second, self._known)
        if len(self._known) > MAX_CHANNELS:
            raise CaptureError(
                f"{self._where}: expected at most {MAX_CHANNELS} channels, got more; split the recording"
            )
        self.changes.add(ticks, channels, levels)
        self._line += int(starts.size)

    def capture(self, path: Path, sha256: str, size: int) -> Capture:
        said, where = self._said, self._where
        names = [self._name(raw) for raw in self._known]
        if unknown := sorted(set(said.gaps) - set(names)):
            raise CaptureError(f"{where}: gap of {unknown[0]!r:.80}: expected a channel of the file")
        if not names:
            raise CaptureError(f"{where}: expected rows or channels, got none; the recording is empty")
        written = [
            text for pair in [said.window or (), *(g for gaps in said.gaps.values() for g in gaps)] for text in pair
        ]
        to_ticks = self._unit(written)
        ticks, channels, levels = self.changes.joined()
        tick_s = self._tick()
        if said.window is None:
            if not ticks.size:
                raise CaptureError(f"{where}: expected rows, or a line # window FIRST LAST, got neither")
            window = int(ticks.min()), int(ticks.max())
        else:
            window = to_ticks(said.window[0]), to_ticks(said.window[1])
        trains, initial = [], {}
        for number, name in enumerate(names):
            own = channels == number
            kind = said.kinds.get(name, EdgeKind.BOTH)
            gaps = tuple(sorted((to_ticks(a), to_ticks(b)) for a, b in said.gaps.get(name, ())))
            mine, after = ticks[own], levels[own]
            self._check(name, kind, window, gaps, mine, after)
            level = said.initial.get(name)
            if name not in said.kinds and after.size and not any(a <= window[0] <= b for a, b in gaps):
                level = 1 - int(after[0])
            initial[name] = level
            trains.append(
                PulseTrain(
                    station="tap", channel=name, ticks=mine, tick_s=tick_s, edge=kind, window=window,
                    origin=Origin(CODEC, f"{path.name} sha256 {sha256}"), clock="file",
                    levels=after if kind is EdgeKind.BOTH else None, gaps=gaps,
                )
            )  # fmt: skip
        header = {"format": "csv", "file": path.name, "sha256": sha256, "bytes": size, "initial": initial}
        return Capture(header=header, trains=tuple(trains))

    def _name(self, raw: bytes) -> str:
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = "\x00"
        if not name.isprintable() or '"' in name or name != name.strip():
            raise CaptureError(f"{self._where}: channel {raw!r:.80}: expected a printable UTF-8 name without quotes")
        return name

    def _unit(self, texts: list[str]) -> Callable[[str], int]:
        """How the times of `#` lines become ticks; those with more decimal places than the rows make the tick finer."""
        if texts:
            fields = [text.encode() for text in texts]
            buffer = np.frombuffer(b"\n".join(fields) + b"\n", np.uint8)
            starts, ends = lines_of(buffer)
            values, bad = self._times.feed(buffer, starts, ends)
            if bad.any() or (self._whole and self._times.places):
                raise CaptureError(
                    f"{self._where}: # lines: expected times as in the rows, got {texts[int(np.argmax(bad))]!r}"
                )
            return dict(zip(texts, values.tolist(), strict=True)).__getitem__
        return int

    def _tick(self) -> Fraction | None:
        text = self._said.tick
        if not self._whole:
            if text is None or text == "unknown":
                return self._times.tick_s
            raise CaptureError(f"{self._where}: # tick_s goes with the column tick; with time_s the decimals say it")
        if text is None or text == "unknown":
            return None
        tick_s = Fraction(text)
        if tick_s <= 0:
            raise CaptureError(f"{self._where}: # tick_s: expected more than 0, got {text}")
        return tick_s

    def _check(
        self,
        name: str,
        kind: EdgeKind,
        window: tuple[int, int],
        gaps: tuple[tuple[int, int], ...],
        ticks: Int64Array,
        levels: UInt8Array,
    ) -> None:
        where = f"{self._where} channel {name!r}"
        if (np.diff(ticks) <= 0).any():
            at = int(ticks[1:][np.diff(ticks) <= 0][0])
            raise CaptureError(f"{where}: expected rising times, got {at} after a later or equal one; sort the rows")
        bounds = [window[0], *(t for gap in gaps for t in gap), window[1]]
        if window[0] > window[1] or sorted(bounds) != bounds or any(a[1] >= b[0] for a, b in pairwise(gaps)):
            raise CaptureError(f"{where}: expected gaps apart and inside the window {window}, got {gaps!r:.120}")
        if ticks.size and not window[0] <= int(ticks[0]) <= int(ticks[-1]) <= window[1]:
            raise CaptureError(
                f"{where}: expected edges inside the window {window}, got {int(ticks[0])} to {int(ticks[-1])}"
            )
        stretch = np.zeros(ticks.size, np.int64)
        if gaps:
            begins, ends = np.array([a for a, _ in gaps]), np.array([b for _, b in gaps])
            stretch = np.searchsorted(begins, ticks, "right")
            if (stretch != np.searchsorted(ends, ticks, "left")).any():
                raise CaptureError(f"{where}: edges stand inside a gap; the file contradicts itself")
        if kind is not EdgeKind.BOTH:
            if levels.size and (levels != (kind is EdgeKind.RISING)).any():
                raise CaptureError(f"{where}: expected {kind} edges only, as its line says")
            return
        same = (levels[1:] == levels[:-1]) & (stretch[1:] == stretch[:-1])
        if same.any():
            at = int(ticks[1:][same][0])
            raise CaptureError(f"{where}: two edges to one level at {at}: one is missing; mark the loss with # gap")
        first = self._said.initial.get(name)
        if first is not None and levels.size and not stretch[0] and int(levels[0]) == first:
            raise CaptureError(f"{where}: begins at level {first} and its first edge goes there; one is missing")


READER = Reader("csv", sniff, read)
