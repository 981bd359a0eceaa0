"""What a format can carry of a capture; a writer refuses the rest instead of writing something else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from captures.errors import CaptureError
from captures.formats.changes import UNKNOWN
from captures.model import Capture, EdgeKind, Int64Array, PulseTrain, UInt8Array


def channel_name(train: PulseTrain) -> str:
    """The name a train has in a file: of a foreign tap its channel, else "station.channel"."""
    return train.channel if train.station == "tap" else train.name


def trains_of(capture: Capture, format: str) -> tuple[PulseTrain, ...]:
    """The trains to write; CaptureError when there are none or two have one name."""
    names = [channel_name(train) for train in capture.trains]
    if not names:
        raise CaptureError(f"{format}: expected channels to write, the capture has none")
    if len(set(names)) != len(names):
        raise CaptureError(f"{format}: expected distinct channel names, got {', '.join(names)}; write fewer channels")
    return capture.trains


def need_levels(trains: Sequence[PulseTrain], format: str) -> None:
    """CaptureError for a train of rising edges only: a format of levels would have to invent the falling ones."""
    for train in trains:
        if train.edge is not EdgeKind.BOTH:
            raise CaptureError(
                f"{format}: {channel_name(train)} holds {train.edge} edges only, the format carries levels; write csv"
            )


def need_one_window(trains: Sequence[PulseTrain], format: str) -> None:
    """CaptureError unless all trains were watched over the same ticks of one length."""
    if len({(train.window, train.tick_s, train.clock) for train in trains}) != 1:
        raise CaptureError(
            f"{format}: expected channels of one clock and one window, got "
            f"{', '.join(f'{channel_name(t)} {t.window} of {t.tick_s} s' for t in trains)}; write saleae-bin, or fewer channels"
        )


def initial_level(capture: Capture, train: PulseTrain) -> int | None:
    """The level at the beginning: from the first edge, else as the header says; None where it is not known."""
    first = train.window[0]
    if any(begin <= first <= end for begin, end in train.gaps):
        return None
    before = train.gaps[0][0] if train.gaps else None
    if train.levels is not None and train.levels.size and (before is None or int(train.ticks[0]) < before):
        return 1 - int(train.levels[0])
    known = capture.header.get("initial")
    level = known.get(channel_name(train)) if isinstance(known, dict) else None
    return int(level) if level in (0, 1) else None


def stretches(capture: Capture, train: PulseTrain, format: str) -> list[tuple[int, int, int, int, int]]:
    """(first tick, last tick, level at first, first edge number, last edge number + 1) of every known stretch.

    CaptureError where edges stand outside the window or in a gap, or levels do not alternate: some edge is missing.
    """
    name = channel_name(train)
    first, last = train.window
    level = initial_level(capture, train)
    result = []
    begin = first
    for gap_begin, gap_end in [*sorted(train.gaps), (last + 1, last + 1)]:
        if gap_begin < begin and not (gap_begin == begin == first):
            raise CaptureError(f"{format}: {name}: gaps overlap, or lie outside the window {train.window}")
        a, b = np.searchsorted(train.ticks, [begin, gap_begin])
        if gap_begin > begin:
            own = _levels(train)[a:b]
            if own.size:
                level = 1 - int(own[0])
            if (own[1:] == own[:-1]).any():
                raise CaptureError(
                    f"{format}: {name}: two edges to one level without a gap between; an edge is missing"
                )
            result.append((begin, gap_begin - 1, 0 if level is None else level, int(a), int(b)))
            level = int(own[-1]) if own.size else level
        begin = gap_end + 1
    if sum(b - a for _, _, _, a, b in result) != train.ticks.size:
        raise CaptureError(f"{format}: {name}: edges stand in a gap or outside the window {train.window}")
    return result


def value_changes(capture: Capture, format: str) -> tuple[Int64Array, Int64Array, UInt8Array]:
    """Ticks, channel numbers and values 0, 1, UNKNOWN (n,) in order of time, beginning with one a channel.

    CaptureError where an edge stands right at the end of a gap: level and edge cannot be told at one time.
    """
    ticks, channels, values = [], [], []
    for number, train in enumerate(capture.trains):
        heads = [(first, level) for first, _, level, _, _ in stretches(capture, train, format)]
        heads += [(begin, UNKNOWN) for begin, _ in train.gaps]
        at = np.array([tick for tick, _ in heads], np.int64)
        if np.isin(at, train.ticks).any():
            raise CaptureError(
                f"{format}: {channel_name(train)}: an edge stands at the first tick of a stretch; write saleae-bin"
            )
        ticks += [at, train.ticks]
        values += [np.array([value for _, value in heads], np.uint8), _levels(train)]
        channels.append(np.full(at.size + train.ticks.size, number, np.int64))
    tick, channel, value = np.concatenate(ticks), np.concatenate(channels), np.concatenate(values)
    order = np.lexsort((channel, tick))
    return tick[order], channel[order], value[order]


def _levels(train: PulseTrain) -> UInt8Array:
    assert train.levels is not None  # need_levels came first
    return train.levels


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file; FileExistsError when there is one; removed again when writing fails."""
    with open(path, "xb") as handle:
        try:
            yield handle
        except BaseException:
            handle.close()
            path.unlink(missing_ok=True)
            raise
