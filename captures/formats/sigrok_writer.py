"""sigrok session files (`.sr`, version 2) of pulse trains: samples again, one bit a channel.

Sample 0 is tick 0, so the window must begin there; a session has one sample rate in whole hertz (or none), no gaps.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from captures.errors import CaptureError
from captures.formats.carried import channel_name, need_levels, need_one_window, new_file, stretches, trains_of
from captures.model import Capture, Int64Array

MAX_SAMPLE_BYTES = 4 << 30
_MEMBER_BYTES = 4 << 20
_MAX_CHANNELS = 64
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same capture gives the same bytes
_UNITS = (("GHz", 10**9), ("MHz", 10**6), ("kHz", 10**3), ("Hz", 1))


def write(capture: Capture, path: Path) -> None:
    """Write all trains; CaptureError when a session cannot carry them, FileExistsError when `path` is there."""
    trains = trains_of(capture, "sr")
    need_levels(trains, "sr")
    need_one_window(trains, "sr")
    if len(trains) > _MAX_CHANNELS:
        raise CaptureError(f"sr: expected at most {_MAX_CHANNELS} channels, got {len(trains)}; write fewer, or vcd")
    first, last = trains[0].window
    if first != 0:
        raise CaptureError(f"sr: the window begins at tick {first}, a session begins at sample 0; write vcd or csv")
    if gapped := [channel_name(train) for train in trains if train.gaps]:
        raise CaptureError(f"sr: {', '.join(gapped)}: gaps cannot be told in samples; write vcd, saleae-bin or csv")
    unitsize = -(-len(trains) // 8)
    if (last + 1) * unitsize > MAX_SAMPLE_BYTES:
        raise CaptureError(
            f"sr: {last + 1} samples of {unitsize} bytes are more than {MAX_SAMPLE_BYTES} bytes; write vcd, or cut the capture"
        )
    metadata = _metadata([channel_name(train) for train in trains], trains[0].tick_s, unitsize)
    levels = [stretches(capture, train, "sr")[0][2] for train in trains]
    with new_file(path) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr(_member("version"), b"2")
        archive.writestr(_member("metadata"), metadata)
        samples = _samples([train.ticks for train in trains], levels, last + 1, unitsize)
        for number, data in enumerate(samples, 1):
            archive.writestr(_member(f"logic-1-{number}"), data)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _metadata(names: Sequence[str], tick_s: Fraction | None, unitsize: int) -> bytes:
    for name in names:
        if not name.isprintable() or name != name.strip():
            raise CaptureError(f"sr: channel {name!r:.80}: expected a printable name; rename it")
    lines = ["[global]", "sigrok version=0.5.2", "", "[device 1]", "capturefile=logic-1", f"total probes={len(names)}"]
    if tick_s is not None:
        rate = 1 / tick_s
        if rate.denominator != 1:
            raise CaptureError(f"sr: {rate} samples/s: a session states whole hertz; write vcd, csv or saleae-bin")
        unit, scale = next((unit, scale) for unit, scale in _UNITS if rate.numerator % scale == 0)
        lines.append(f"samplerate={rate.numerator // scale} {unit}")
    lines += [
        "total analog=0",
        *(f"probe{number}={name}" for number, name in enumerate(names, 1)),
        f"unitsize={unitsize}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _samples(edges: Sequence[Int64Array], levels: Sequence[int], count: int, unitsize: int) -> Iterator[bytes]:
    """The samples in members of at most 4 MiB: words of `unitsize` bytes, bit i = channel i."""
    width = next(width for width in (1, 2, 4, 8) if width >= unitsize)
    dtype: np.dtype[np.unsignedinteger] = np.dtype(f"<u{width}")
    word = sum(level << bit for bit, level in enumerate(levels))
    step = _MEMBER_BYTES // unitsize
    for begin in range(0, count, step):
        size = min(step, count - begin)
        flips: npt.NDArray[np.unsignedinteger] = np.zeros(size, dtype)
        flips[0] = word
        moved = False
        for bit, ticks in enumerate(edges):
            a, b = np.searchsorted(ticks, [begin, begin + size])
            if b > a:
                flips[ticks[a:b] - begin] ^= dtype.type(1 << bit)  # ticks of one channel differ: no flip is lost
                moved = True
        words = np.bitwise_xor.accumulate(flips) if moved else np.full(size, word, dtype)
        word = int(words[-1])
        raw = np.ascontiguousarray(words).view(np.uint8).reshape(size, width)[:, :unitsize]
        yield raw.tobytes()
