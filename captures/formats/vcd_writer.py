"""VCD files of pulse trains (IEEE 1364-2005, clause 18).

The time scale is the tick where that is 1, 10 or 100 of a unit; else one at least ten times finer, and a comment
gives the exact tick, so that the ticks come back.  A gap is x.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np

from captures.errors import CaptureError
from captures.formats.carried import channel_name, need_levels, need_one_window, new_file, trains_of, value_changes
from captures.formats.text import MAX_DIGITS
from captures.formats.vcd import Scale
from captures.formats.vcd_header import OURS
from captures.model import Capture

_UNITS = [
    (Fraction(count, 10**power), f"{count} {unit}")
    for power, unit in ((0, "s"), (3, "ms"), (6, "us"), (9, "ns"), (12, "ps"), (15, "fs"))
    for count in (100, 10, 1)
]
_FINER = 10
_LINES = 1 << 16
_LETTERS = (b"0", b"1", b"x")


def write(capture: Capture, path: Path) -> None:
    """Write all trains of `capture`; CaptureError when VCD cannot carry them, FileExistsError when `path` is there."""
    trains = trains_of(capture, "vcd")
    need_levels(trains, "vcd")
    need_one_window(trains, "vcd")
    tick_s, window = trains[0].tick_s, trains[0].window
    if tick_s is None:
        raise CaptureError("vcd: the capture states no sample rate and VCD must state one; write csv or sr")
    if window[0] < 0:
        raise CaptureError(f"vcd: the window begins at tick {window[0]}, VCD has no times before 0; write csv")
    scale_s, text = _scale(tick_s)
    codes = [_code(number) for number in range(len(trains))]
    ours: dict[str, object] = {} if scale_s == tick_s else {"tick_s": str(tick_s)}
    plain = [_plain(channel_name(train)) for train in trains]
    names = {
        code: channel_name(t) for code, t, name in zip(codes, trains, plain, strict=True) if name != channel_name(t)
    }
    if names:
        ours["names"] = names
    lines = [f"$version {OURS} $end"]
    if ours:
        lines.append(f"$comment {OURS} {json.dumps(ours).replace('$', chr(92) + 'u0024')} $end")
    lines += [f"$timescale {text} $end", f"$scope module {OURS} $end"]
    lines += [f"$var wire 1 {code} {name} $end" for code, name in zip(codes, plain, strict=True)]
    lines += ["$upscope $end", "$enddefinitions $end"]
    ticks, channels, values = value_changes(capture, "vcd")
    exact = Scale.between(tick_s, scale_s, "vcd")
    if window[1] * exact.p // exact.q >= 10**MAX_DIGITS:
        raise CaptureError(f"vcd: tick {window[1]} of {tick_s} s is too large for a time stamp; cut the capture")
    stamps, (first, last) = exact.stamps(ticks), exact.stamps(np.array(window, np.int64)).tolist()
    with new_file(path) as handle:
        handle.write(("\n".join(lines) + "\n").encode())
        suffix = [code.encode() + b"\n" for code in codes]
        words = [[letter + end for end in suffix] for letter in _LETTERS]
        now = first
        handle.write(b"#%d\n" % first)
        for begin in range(0, stamps.size, _LINES):
            block = slice(begin, begin + _LINES)
            parts = []
            for stamp, channel, value in zip(
                stamps[block].tolist(), channels[block].tolist(), values[block].tolist(), strict=True
            ):
                if stamp != now:
                    parts.append(b"#%d\n" % stamp)
                    now = stamp
                parts.append(words[value][channel])
            handle.write(b"".join(parts))
        if now != last:
            handle.write(b"#%d\n" % last)


def _scale(tick_s: Fraction) -> tuple[Fraction, str]:
    """The coarsest scale that divides the tick, else the coarsest that is ten times finer."""
    for scale_s, text in _UNITS:
        if (tick_s / scale_s).denominator == 1:
            return scale_s, text
    for scale_s, text in _UNITS:
        if scale_s * _FINER <= tick_s:
            return scale_s, text
    raise CaptureError(f"vcd: a tick of {tick_s} s is shorter than the finest time scale can tell; write csv")


def _code(number: int) -> str:
    """Identifier codes from printable characters, shortest first; a letter first so that every tool takes them."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    code = letters[number % 52]
    while number := number // 52:
        code += letters[number % 52]
    return code


def _plain(name: str) -> str:
    """A reference without white space and brackets, which would end it or make it a bit of a vector."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-./") else "_" for c in name)
