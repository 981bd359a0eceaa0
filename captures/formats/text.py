"""Text of many short fields read with numpy: blocks of whole lines, numbers and names in them, never floats.

Fields are half-open spans [start, end) of one block.  Nothing here raises for a bad field: each function says which
were bad, and who called it knows line and file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from captures.errors import CaptureError
from captures.model import Int64Array, UInt8Array

Bools = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

BLOCK = 4 << 20
"""Bytes read at once; also the longest line."""
MAX_DIGITS = 18  # every number of 18 digits fits 64 bits
KEY_BYTES = 8  # longest name that is packed into one integer
NEWLINE, RETURN, COMMA, DOT, MINUS, ZERO = b"\n\r,.-0"


def blocks(handle: BinaryIO, where: str) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of blocks that end with a line; the last line is given its end where it has none.

    CaptureError for a line longer than BLOCK.
    """
    offset = handle.tell()
    rest = b""
    while piece := handle.read(BLOCK):
        data = rest + piece if rest else piece
        end = data.rfind(b"\n") + 1
        if end:
            yield offset, data[:end]
            offset += end
        elif len(data) > BLOCK:
            raise CaptureError(
                f"{where} offset {offset}: expected lines, got {len(data)} bytes without one; the file is damaged"
            )
        rest = data[end:]
    if rest:
        yield offset, rest + b"\n"


def lines_of(buffer: UInt8Array) -> tuple[Int64Array, Int64Array]:
    """Starts and ends (n,) of the lines of a block that ends with one, without their ends ("\\n", "\\r\\n")."""
    newlines = np.flatnonzero(buffer == NEWLINE)
    starts = np.concatenate([[0], newlines[:-1] + 1])
    ends = newlines - ((buffer[np.maximum(newlines - 1, 0)] == RETURN) & (newlines > starts))
    return starts, ends


def integers(buffer: UInt8Array, starts: Int64Array, ends: Int64Array) -> tuple[Int64Array, Bools]:
    """Whole numbers int64 (n,) of ASCII digits, and which fields (n,) are none of 1 to 18 digits."""
    length = ends - starts
    bad = (length < 1) | (length > MAX_DIGITS)
    values = np.zeros(starts.size, dtype=np.int64)
    last = buffer.size - 1
    for column in range(min(int(length.max(initial=0)), MAX_DIGITS)):
        live = length > column
        digit = buffer[np.minimum(starts + column, last)] - np.uint8(ZERO)  # wraps far above 9 for other bytes
        bad |= live & (digit > 9)
        np.multiply(values, 10, out=values, where=live)
        np.add(values, digit, out=values, where=live, casting="unsafe")
    return values, bad


def decimals(buffer: UInt8Array, starts: Int64Array, ends: Int64Array) -> tuple[Int64Array, int, Bools]:
    """Exact decimals "-12.345" as whole numbers int64 (n,) of 10^-places, `places`, and which (n,) are none.

    A field has at most 18 digits, counted with the `places` that the longest of all has.
    """
    negative = (ends > starts) & (buffer[np.minimum(starts, buffer.size - 1)] == MINUS)
    first = starts + negative
    points = np.flatnonzero(buffer == DOT)
    field = np.searchsorted(first, points, "right") - 1
    inside = field >= 0
    points, field = points[inside], field[inside]
    inside = points < ends[field]
    points, field = points[inside], field[inside]
    twice = np.zeros(starts.size, dtype=bool)
    twice[field[1:][field[1:] == field[:-1]]] = True
    whole_end = ends.copy()
    whole_end[field] = points
    dotted = np.zeros(starts.size, dtype=bool)
    dotted[field] = True
    whole, bad = integers(buffer, first, whole_end)
    length = np.where(dotted, ends - whole_end - 1, 0)
    places = min(int(length.max(initial=0)), MAX_DIGITS)
    part = np.zeros(starts.size, dtype=np.int64)
    if dotted.any():
        part, odd = integers(buffer, np.where(dotted, whole_end + 1, 0), np.where(dotted, ends, 1))
        part[~dotted] = 0
        bad |= dotted & odd
    bad |= twice | (length > MAX_DIGITS) | (whole >= 10 ** (MAX_DIGITS - places))
    whole[bad] = 0
    part[bad] = 0
    values = whole * 10**places + part * 10 ** (places - np.minimum(length, places))
    return np.where(negative, -values, values), places, bad


def keys(buffer: UInt8Array, starts: Int64Array, ends: Int64Array) -> tuple[Keys, Bools]:
    """Names of 1 to 8 bytes packed into uint64 (n,), and which fields (n,) are longer or empty."""
    length = ends - starts
    packed = np.zeros(starts.size, dtype=np.uint64)
    last = buffer.size - 1
    for column in range(min(int(length.max(initial=0)), KEY_BYTES)):
        live = length > column
        byte = buffer[np.minimum(starts + column, last)]
        np.left_shift(packed, np.uint64(8), out=packed, where=live)
        np.bitwise_or(packed, byte.astype(np.uint64), out=packed, where=live)
    return packed, (length < 1) | (length > KEY_BYTES)


def key_of(name: bytes) -> int:
    """The packed form of one name, as `keys` makes it."""
    return int.from_bytes(name, "big")


def numbered(buffer: UInt8Array, starts: Int64Array, ends: Int64Array, known: dict[bytes, int]) -> Int64Array:
    """The number int64 (n,) of each name; a new name is added to `known` with the next number.

    Names of any length: they are compared as whole words of eight bytes, one after the other.
    """
    length = ends - starts
    group = length.copy()  # names of different length differ
    for begin in range(0, int(length.max(initial=0)), KEY_BYTES):
        word_start = np.minimum(starts + begin, ends)
        packed, _ = keys(buffer, word_start, np.minimum(word_start + KEY_BYTES, ends))
        _, code = np.unique(packed, return_inverse=True)
        _, group = np.unique(group * (int(code.max(initial=0)) + 1) + code, return_inverse=True)
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")  # numbers in order of appearance
    number = np.empty(first.size, dtype=np.int64)
    for place in order:
        name = buffer[starts[first[place]] : ends[first[place]]].tobytes()
        number[place] = known.setdefault(name, len(known))
    return number[inverse]
