"""Binary digital export of Saleae Logic 2, versions 0 and 1: one channel a file, `digital_0.bin`, `digital_1.bin` ...

Little endian: "<SALEAE>", i32 version, i32 type (0 = digital).  Version 0: u32 initial level, f64 begin, f64 end, u64
n, f64[n] times of the transitions.  Version 1: u64 chunks, each u32 initial, f64 samplerate, f64 begin, f64 end, u64 n,
f64[n]; time between two chunks was not recorded: a gap.

Version 1 gives ticks of the stated sample rate.  Version 0 states none: ticks are picoseconds while all times are
within 1000 s, else nanoseconds; that is finer than its floats' multiples of any sample rate, so nothing is lost.
A folder of such files is one recording on one clock; `channels.csv` (file,channel) beside them names the channels.
"""

from __future__ import annotations

import csv
import io
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from captures.errors import CaptureError, WrongFormatError
from captures.formats.changes import MAX_EDGES
from captures.formats.reader import Reader, hashed, open_plain
from captures.model import Capture, EdgeKind, Int64Array, Origin, PulseTrain, UInt8Array

CODEC = "saleae-bin/1"
MAGIC = b"<SALEAE>"
HEAD, V0, COUNT, V1 = struct.Struct("<8sii"), struct.Struct("<IddQ"), struct.Struct("<Q"), struct.Struct("<IdddQ")
NAMES = "channels.csv"
MAX_CHANNELS = 512
_MAX_CHUNKS = 1_000_000
_FILE = re.compile(r"digital_([0-9]{1,4})\.bin")
PICO, NANO, PICO_UNTIL_S = 10**12, 10**9, 1000.0
_OFF_TICK = 0.02
"""How far, in ticks, a time may lie from one: what is left of a float64 after a day at 10 GHz is less."""
_LARGEST_TICK = float(1 << 53)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Chunk:
    initial: int
    rate_hz: float  # 0 where the version states none
    begin_s: float
    end_s: float
    times_s: Floats


def sniff(head: bytes) -> bool:
    return head.startswith(MAGIC)


def read(path: Path) -> Capture:
    """The channel of one file as a PulseTrain of station "tap"; its name is the file's without ".bin".

    WrongFormatError when it is no such file; CaptureError when it is damaged, hostile, too large or analogue.
    """
    return read_files([path])


def read_folder(path: Path) -> Capture:
    """The channels of all `digital_N.bin` in the folder `path`; WrongFormatError when there is none."""
    return read_files([*channel_files(path), *(file for file in [path / NAMES] if file.is_file())])


def channel_files(path: Path) -> list[Path]:
    """The channel files of a folder in order of their numbers."""
    found = sorted((int(match[1]), file) for file in path.iterdir() if (match := _FILE.fullmatch(file.name)))
    if not found:
        raise WrongFormatError(
            f"{path.name!r}: expected a capture file, or a folder with digital_0.bin ..., got a folder"
        )
    return [file for _, file in found]


def read_files(paths: Sequence[Path]) -> Capture:
    """The channels of several files of one recording; a `channels.csv` among them names them."""
    files = [path for path in paths if path.name != NAMES]
    names = {path.name: path.stem for path in files}
    for path in paths:
        if path.name == NAMES:
            names |= _names(path, set(names))
    if not 1 <= len(files) <= MAX_CHANNELS or len(set(names.values())) != len(files):
        raise CaptureError(
            f"expected 1 to {MAX_CHANNELS} channel files with names of their own, got {sorted(names.values())!r:.120}"
        )
    trains, about, initial, left = [], [], {}, MAX_EDGES
    for path in files:
        name = names[path.name]
        train, level, version, sha256 = _channel(path, name, left)
        trains.append(train)
        left -= train.ticks.size
        about.append({"file": path.name, "channel": name, "version": version, "sha256": sha256})
        initial[name] = level
    header: dict[str, object] = {"format": "saleae-bin", "file": files[0].name, "files": about, "initial": initial}
    if len(files) == 1:
        header |= {"sha256": about[0]["sha256"]}
    return Capture(header=header, trains=tuple(trains))


def _names(path: Path, files: set[str]) -> dict[str, str]:
    with open_plain(path) as handle:
        raw = handle.read(64 << 10)
    try:
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise CaptureError(f"{path.name!r}: expected UTF-8 rows of file and channel ({problem})") from None
    named = {
        row[0]: row[1] for row in rows[1:] if len(row) == 2 and row[0] in files and row[1].isprintable() and row[1]
    }
    if rows[:1] != [["file", "channel"]] or len(named) != len(rows) - 1:
        raise CaptureError(
            f"{path.name!r}: expected a line file,channel and one row for each of {sorted(files)!r:.120}"
        )
    return named


def _channel(path: Path, name: str, limit: int) -> tuple[PulseTrain, int, int, str]:
    """Train, initial level, version and SHA-256 of one file with at most `limit` transitions."""
    where = repr(path.name)
    with open_plain(path) as handle:
        sha256, size = hashed(handle)
        head = handle.read(HEAD.size)
        if not sniff(head):
            raise WrongFormatError(f"{where}: expected a Saleae binary file, got another format")
        if size > HEAD.size + 8 * limit + (V1.size + 8) * 1000:
            raise CaptureError(f"{where}: {size} bytes are more than {limit} transitions; cut the capture")
        data = head + handle.read()
    if len(data) < HEAD.size:
        raise CaptureError(f"{where}: expected {HEAD.size} bytes of head, got {len(data)}; truncated")
    _, version, kind = HEAD.unpack_from(data)
    if version not in (0, 1):
        raise CaptureError(f"{where} offset 8: expected version 0 or 1, got {version}; export as version 0 or as CSV")
    if kind != 0:
        raise CaptureError(f"{where} offset 12: expected type 0 (digital), got {kind}; export the digital channels")
    chunks = _chunks(data, version, where)
    if sum(chunk.times_s.size for chunk in chunks) > limit:
        raise CaptureError(f"{where}: more than {limit} transitions; cut the capture")
    tick_s, to_ticks = _clock(chunks, where)
    ticks, levels, gaps, window = _joined(chunks, to_ticks, where)
    train = PulseTrain(
        station="tap", channel=name, ticks=ticks, tick_s=tick_s, edge=EdgeKind.BOTH, window=window,
        origin=Origin(CODEC, f"{path.name} sha256 {sha256}"), clock="file", levels=levels, gaps=gaps,
    )  # fmt: skip
    return train, chunks[0].initial, version, sha256


def _chunks(data: bytes, version: int, where: str) -> list[_Chunk]:
    offset, count = HEAD.size, 1
    layout = V1 if version else V0
    if version:
        if len(data) < offset + COUNT.size:
            raise CaptureError(f"{where} offset {offset}: expected a number of chunks, got the end; truncated")
        (count,) = COUNT.unpack_from(data, offset)
        offset += COUNT.size
        if not 1 <= count <= min(_MAX_CHUNKS, (len(data) - offset) // V1.size):
            raise CaptureError(
                f"{where} offset {offset - COUNT.size}: {count} chunks do not fit {len(data)} bytes; truncated"
            )
    chunks = []
    for _ in range(count):
        if len(data) - offset < layout.size:
            raise CaptureError(
                f"{where} offset {offset}: expected {layout.size} bytes of a chunk, got {len(data) - offset}"
            )
        fields = layout.unpack_from(data, offset)
        initial, rate, begin, end, n = fields if version else (fields[0], 0.0, *fields[1:])
        at, offset = offset, offset + layout.size
        if n > (len(data) - offset) // 8:
            raise CaptureError(f"{where} offset {offset - 8}: {n} transitions do not fit {len(data)} bytes; truncated")
        times = np.frombuffer(data, dtype="<f8", count=n, offset=offset).astype(np.float64, copy=False)
        offset += 8 * n
        fine = initial in (0, 1) and np.isfinite([rate, begin, end]).all() and begin <= end
        if not fine or (version and not 1e-6 <= rate <= 1e13) or not np.isfinite(times).all():
            raise CaptureError(
                f"{where} offset {at}: expected level 0 or 1, a sample rate and finite times, begin before end; "
                f"got {initial}, {rate}, {begin}, {end}; the file is damaged"
            )
        if n and not (begin <= times[0] and times[-1] <= end and (np.diff(times) > 0).all()):
            raise CaptureError(
                f"{where} offset {at}: expected rising times from {begin} to {end} s; the file is damaged"
            )
        chunks.append(_Chunk(initial, rate, begin, end, times))
    if offset != len(data):
        raise CaptureError(
            f"{where} offset {offset}: expected the end of the file, got {len(data) - offset} more bytes"
        )
    return chunks


@dataclass(frozen=True, slots=True)
class _Lattice:
    """Ticks of seconds: (t - origin_s) * rate_hz, rounded to the nearest."""

    origin_s: float
    rate_hz: float

    def raw(self, times_s: Floats) -> Floats:
        return (times_s - self.origin_s) * self.rate_hz

    def fits(self, times_s: Floats) -> bool:
        raw = self.raw(times_s)
        return not raw.size or float(np.abs(raw - np.rint(raw)).max()) <= _OFF_TICK

    def ticks(self, times_s: Floats) -> Int64Array:
        return np.rint(self.raw(times_s)).astype(np.int64)

    def first(self, time_s: float) -> int:
        """The first tick at or after a time."""
        return int(np.ceil((time_s - self.origin_s) * self.rate_hz - _OFF_TICK))

    def last(self, time_s: float) -> int:
        return int(np.floor((time_s - self.origin_s) * self.rate_hz + _OFF_TICK))


def _clock(chunks: Sequence[_Chunk], where: str) -> tuple[Fraction, _Lattice]:
    """Length of a tick and how times become ticks: on the stated sample rate where times lie on it."""
    latest = max(max(abs(chunk.begin_s), abs(chunk.end_s)) for chunk in chunks)
    rates = {chunk.rate_hz for chunk in chunks}
    rate = rates.pop()
    if rates:
        raise CaptureError(f"{where}: expected one sample rate in all chunks, got {rate} and {rates.pop()} Hz")
    if rate:
        for origin in (0.0, chunks[0].begin_s):  # times can count from a marker that lies on no sample
            lattice = _Lattice(origin, rate)
            if all(lattice.fits(chunk.times_s) for chunk in chunks) and 2 * latest * rate < _LARGEST_TICK:
                return 1 / Fraction(rate), lattice
    rate = PICO if latest <= PICO_UNTIL_S else NANO
    if latest * rate >= _LARGEST_TICK:
        raise CaptureError(f"{where}: times up to {latest} s do not fit ticks of {1 / rate:g} s; cut the capture")
    return Fraction(1, int(rate)), _Lattice(0.0, float(rate))


def _joined(
    chunks: Sequence[_Chunk], lattice: _Lattice, where: str
) -> tuple[Int64Array, UInt8Array, tuple[tuple[int, int], ...], tuple[int, int]]:
    """Ticks, levels, gaps and window of all chunks."""
    ticks, levels, gaps = [], [], []
    end, level = None, chunks[0].initial
    for chunk in chunks:
        first = lattice.first(chunk.begin_s)
        if end is not None and first <= end:
            raise CaptureError(f"{where}: a chunk begins at {chunk.begin_s} s, before the one before ends; damaged")
        if end is not None and first > end + 1:
            gaps.append((end + 1, first - 1))
        elif end is not None and chunk.initial != level:  # nothing between: the change is an edge
            ticks.append(np.array([first], np.int64))
            levels.append(np.array([chunk.initial], np.uint8))
        own = lattice.ticks(chunk.times_s)
        after = ((np.arange(own.size) + chunk.initial + 1) % 2).astype(np.uint8)
        ticks.append(own)
        levels.append(after)
        end, level = lattice.last(chunk.end_s), int(after[-1]) if own.size else chunk.initial
        if own.size:
            end = max(end, int(own[-1]))
    joined = np.concatenate(ticks)
    if (np.diff(joined) <= 0).any():
        raise CaptureError(
            f"{where}: two transitions fall on one tick; the sample rate is wrong, or the file is damaged"
        )
    assert end is not None
    first = lattice.first(chunks[0].begin_s)
    if joined.size:
        first = min(first, int(joined[0]))
    return joined, np.concatenate(levels), tuple(gaps), (first, max(end, first))


READER = Reader("saleae-bin", sniff, read)
