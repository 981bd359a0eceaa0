"""Saleae Logic 2 binary files of pulse trains: a folder with one file a channel, and `channels.csv` with the names.

Version 1 states the sample rate and can hold gaps.  Version 0 is what older scripts read: times only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from captures.errors import CaptureError
from captures.formats.carried import channel_name, need_levels, new_file, stretches, trains_of
from captures.formats.saleae_binary import COUNT, HEAD, MAGIC, NAMES, NANO, PICO, PICO_UNTIL_S, V0, V1, Floats
from captures.model import Capture, Int64Array, PulseTrain

_EXACT = 1 << 51  # ticks that float seconds times a rate give back


def write_v1(capture: Capture, path: Path) -> None:
    """Version 1 into the new folder `path`; CaptureError when it cannot carry the capture, FileExistsError when it exists."""
    _write(capture, path, 1)


def write_v0(capture: Capture, path: Path) -> None:
    """Version 0 into the new folder `path`; errors as `write_v1`, also for gaps."""
    _write(capture, path, 0)


def _write(capture: Capture, path: Path, version: int) -> None:
    format = f"saleae-bin-v{version}"
    trains = trains_of(capture, format)
    need_levels(trains, format)
    files = [_file(capture, train, version, format) for train in trains]
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["file", "channel"])
    rows.writerows([f"digital_{number}.bin", channel_name(train)] for number, train in enumerate(trains))
    path.mkdir()
    for number, data in enumerate(files):
        with new_file(path / f"digital_{number}.bin") as handle:
            handle.write(data)
    with new_file(path / NAMES) as handle:
        handle.write(table.getvalue().encode())


def _file(capture: Capture, train: PulseTrain, version: int, format: str) -> bytes:
    if train.tick_s is None:
        raise CaptureError(f"{format}: the capture states no sample rate, times are not to be had; write csv or sr")
    known = stretches(capture, train, format)
    if version == 0 and (len(known) != 1 or train.gaps):
        raise CaptureError(f"{format}: {channel_name(train)} has gaps, version 0 cannot say so; write saleae-bin")
    if not known or known[0][0] != train.window[0] or known[-1][1] != train.window[1]:
        raise CaptureError(f"{format}: {channel_name(train)} begins or ends with a gap; write vcd or csv")
    seconds = _seconds(train, version, format)
    parts = [HEAD.pack(MAGIC, version, 0)]
    if version:
        parts.append(COUNT.pack(len(known)))
    rate = float(1 / train.tick_s)
    for first, last, level, a, b in known:
        begin, end = seconds(np.array([first, last], np.int64)).tolist()
        head = V1.pack(level, rate, begin, end, b - a) if version else V0.pack(level, begin, end, b - a)
        parts += [head, seconds(train.ticks[a:b]).astype("<f8").tobytes()]
    return b"".join(parts)


def _seconds(train: PulseTrain, version: int, format: str) -> Callable[[Int64Array], Floats]:
    """Ticks -> float seconds that give the ticks back; CaptureError where floats cannot."""
    assert train.tick_s is not None
    largest = max(abs(train.window[0]), abs(train.window[1]))
    rate = 1 / train.tick_s
    if version == 0:
        grid = PICO if largest * train.tick_s <= PICO_UNTIL_S else NANO
        step = train.tick_s * grid
        if step.denominator != 1:
            raise CaptureError(
                f"{format}: a tick of {train.tick_s} s is no whole number of 1/{grid} s; write saleae-bin"
            )
        factor, rate = int(step), Fraction(grid)
    else:
        factor = 1
    if Fraction(float(rate)) != rate or largest * factor >= _EXACT:
        raise CaptureError(f"{format}: {rate} samples/s up to tick {largest} do not fit its floats; write vcd or csv")
    divisor = float(rate)
    return lambda ticks: (ticks * factor).astype(np.float64) / divisor
