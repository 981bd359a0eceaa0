"""Value change dump, four-state (IEEE 1364-2005, clause 18), read with numpy.

Time is a whole number of the file's time scale, so nothing is lost.  x and z, $dumpoff and the time before a first value are stretches in
which the level is not known: gaps, not edges.  The window is the first and the last time stamp of the file (0 where
values stand before the first).  Real numbers and texts are no logic levels: they are named in the header and skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np

from captures.errors import CaptureError, WrongFormatError
from captures.formats.changes import MAX_EDGES
from captures.formats.reader import HEAD_BYTES, Reader, hashed, open_plain
from captures.formats.text import blocks
from captures.formats.vcd_body import Body
from captures.formats.vcd_header import read_header
from captures.model import Capture, EdgeKind, Int64Array, Origin, PulseTrain

CODEC = "vcd/1"


def sniff(head: bytes) -> bool:
    return re.match(rb"(?:\xef\xbb\xbf)?\s*\$[a-z]", head) is not None


def read(path: Path) -> Capture:
    """All variables of the file at `path` as PulseTrains of station "tap".

    WrongFormatError when it is no VCD file; CaptureError when it is damaged, hostile, or too large.
    """
    where = repr(path.name)
    with open_plain(path) as handle:
        if not sniff(handle.read(HEAD_BYTES)):
            raise WrongFormatError(f"{where}: expected a VCD file, got another format")
        sha256, size = hashed(handle)
        if handle.read(3) != b"\xef\xbb\xbf":
            handle.seek(0)
        declared = read_header(handle, where)
        body = Body(declared, where)
        for offset, block in blocks(handle, where):
            body.feed(offset, block)
    window = body.finish()
    if declared.tick_s is not None:
        scale = Scale.between(declared.tick_s, declared.scale_s, where)
        body.changes.translate(lambda stamps: scale.ticks(stamps, where))
        first, last = scale.ticks(np.array(window, np.int64), where).tolist()
        window = first, last
    courses = body.changes.courses(len(declared.names), window)
    origins = dict(declared.aliases)
    channels = [courses[origins.get(number, number)] for number in range(len(declared.names))]
    if (total := sum(course.ticks.size for course in channels)) > MAX_EDGES:
        raise CaptureError(f"{where}: {total} edges with all aliases, the limit is {MAX_EDGES}; export fewer signals")
    trains = tuple(
        PulseTrain(
            station="tap", channel=name, ticks=course.ticks, tick_s=declared.tick_s or declared.scale_s,
            edge=EdgeKind.BOTH, window=window, origin=Origin(CODEC, f"{path.name} sha256 {sha256}"), clock="file",
            levels=course.levels, gaps=course.gaps,
        )
        for name, course in zip(declared.names, channels, strict=True)
    )  # fmt: skip
    initial = {name: course.initial for name, course in zip(declared.names, channels, strict=True)}
    header = {
        "format": "vcd", "file": path.name, "sha256": sha256, "bytes": size, "writer": declared.writer, "date": declared.date,
        "timescale_s": str(declared.scale_s), "skipped": list(declared.skipped), "initial": initial,
    }  # fmt: skip
    return Capture(header=header, trains=trains)


@dataclass(frozen=True, slots=True)
class Scale:
    """Ticks that are no whole number of time scales: tick k stands at floor(k p / q) in a file with a finer scale.

    The tick is at least as long as the scale, so every stamp belongs to one tick at most.
    """

    p: int
    q: int

    @classmethod
    def between(cls, tick_s: Fraction, scale_s: Fraction, where: str) -> Self:
        ratio = tick_s / scale_s
        if ratio < 1 or ratio.numerator * ratio.denominator >= 1 << 62:
            raise CaptureError(f"{where}: a tick of {tick_s} s does not fit a time scale of {scale_s} s; name another")
        return cls(ratio.numerator, ratio.denominator)

    def stamps(self, ticks: Int64Array) -> Int64Array:
        """Time stamps (n,) of ticks (n,)."""
        whole, part = np.divmod(ticks, self.q)
        stamps: Int64Array = whole * self.p + part * self.p // self.q
        return stamps

    def ticks(self, stamps: Int64Array, where: str) -> Int64Array:
        """Ticks (n,) of stamps (n,); CaptureError where a stamp belongs to no tick."""
        whole, part = np.divmod(stamps, self.p)
        ticks: Int64Array = whole * self.q - (-(part * self.q) // self.p)
        if not np.array_equal(self.stamps(ticks), stamps):
            raise CaptureError(
                f"{where}: time stamps do not lie on the tick that the comment states; the file was edited"
            )
        return ticks


READER = Reader("vcd", sniff, read)
