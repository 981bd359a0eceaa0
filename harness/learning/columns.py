"""What each column of frames of one length does: stays, changes, counts, holds digits of a value, or checks the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from protocols.checks import CATALOGUE, Checksum

LEAST_DIFFERENT = 4  # frames: by chance a byte is right in 1 of 256, and some hundred places are tried
MOST_FOR_CHECK = 96
MOST_FIRST = 6  # bytes before a check begins
MOST_BEHIND = 3  # bytes between the last checked byte and the check, and behind the check
COUNTS = 0.9  # share of the steps
LEAST_COUNTED = 5
Matrix = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: constant, counter, digits, bcd, check or changes; `detail`: its value, step, range or what it checks."""

    index: int
    kind: str
    detail: str
    values: int


@dataclass(frozen=True, slots=True)
class Check:
    """`name` over bytes `first` to `last` (from the end, negative) stands at `at` (from the end), written as `spelling`."""

    name: str
    first: int
    last: int
    at: int
    size: int
    spelling: str

    @property
    def text(self) -> str:
        return f"{self.name} of bytes {self.first} to {self.last}, {self.spelling}"


@dataclass(frozen=True, slots=True)
class Shape:
    """Frames of one length: how many, a typical one, its columns and the checks that hold in all of them."""

    length: int
    count: int
    sample: bytes
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A column that stays within each part of a recording and differs between them; `values` by part, None where it moved."""

    index: int
    values: tuple[int | None, ...]


def shape(found: Sequence[bytes]) -> Shape:
    """What the frames `found`, all of one length and in order, have in common."""
    length = len(found[0])
    matrix = np.frombuffer(b"".join(found), dtype=np.uint8).reshape(len(found), length)
    checks = find_checks(found)
    checking = {length + check.at + k: check for check in reversed(checks) for k in range(check.size)}
    columns = tuple(_column(matrix, index, checking.get(index)) for index in range(length))
    return Shape(length, len(found), Counter(found).most_common(1)[0][0], columns, tuple(checks))


def _column(matrix: Matrix, index: int, check: Check | None) -> Column:
    column = matrix[:, index]
    values = np.unique(column)
    if values.size == 1:
        return Column(index, "constant", f"{int(values[0]):02X}h", 1)
    if check is not None:
        return Column(index, "check", check.text, int(values.size))
    if step := _step(column):
        return Column(index, "counter", step, int(values.size))
    span = f"{int(values[0]):02X}h to {int(values[-1]):02X}h"
    if all(0x30 <= value <= 0x39 or value in b" .,+-" for value in values.tolist()):
        return Column(index, "digits", f"{chr(int(values[0]))!r} to {chr(int(values[-1]))!r}", int(values.size))
    if _bcd(matrix, index):
        return Column(index, "bcd", span, int(values.size))
    return Column(index, "changes", span, int(values.size))


def _step(column: Matrix) -> str:
    """How a counter counts, "" where it is none: by the same step (not 0) nearly every time, in 8 bits, in the low half, or as a digit."""
    ways: tuple[tuple[str, npt.NDArray[np.int64], int], ...] = (
        ("", column.astype(np.int64), 256), ("low half ", column.astype(np.int64) & 15, 16), ("digit ", column.astype(np.int64) - 0x30, 10),
    )  # fmt: skip
    for name, values, modulus in ways:
        if name == "digit " and (values.min() < 0 or values.max() > 9):
            continue
        if name == "low half " and np.unique(column >> 4).size > 1:
            continue
        steps = np.diff(values) % modulus
        if steps.size < LEAST_COUNTED or np.unique(values).size < 3:
            continue
        step, count = Counter(steps.tolist()).most_common(1)[0]
        if step and count >= COUNTS * steps.size:
            return f"{name}{step if step <= modulus // 2 else step - modulus:+d} each"
    return ""


def _bcd(matrix: Matrix, index: int) -> bool:
    """Both halves are decimal digits in every frame, and more values than chance leaves so: a free byte is BCD in 100 of 256."""
    column = matrix[:, index]
    different = np.unique(column)
    return bool(np.all((different & 15) <= 9) and np.all((different >> 4) <= 9) and different.size >= LEAST_DIFFERENT)


def find_checks(found: Sequence[bytes]) -> list[Check]:
    """Every checksum of protocols/checks.py that holds in all frames, over any range that begins within the first bytes and ends
    before the check: the longest range first.  None is named on fewer than LEAST_DIFFERENT different frames."""
    different = list(dict.fromkeys(found))[:MOST_FOR_CHECK]
    if len(different) < LEAST_DIFFERENT:
        return []
    length = len(different[0])
    named: list[Check] = []
    for checksum in CATALOGUE:
        for spelling, read, size in _spellings(checksum):
            for at in range(-size - MOST_BEHIND, -size + 1):
                if length + at < 2 or len({frame[at : at + size or None] for frame in different}) < 2:
                    continue
                named += [
                    Check(checksum.name, first, last, at, size, spelling)
                    for last in range(at, at - MOST_BEHIND, -1)
                    for first in range(min(MOST_FIRST, length + last - 1))
                    if _holds(different, checksum, first, last, at, size, read)
                ]
    return sorted(named, key=lambda check: (check.first - check.last, check.first, check.name))


def _holds(
    different: Sequence[bytes], checksum: Checksum, first: int, last: int, at: int, size: int, read: Callable[[bytes], int | None]
) -> bool:  # fmt: skip
    return all(read(frame[at : at + size or None]) == checksum.compute(frame[first:last]) for frame in different)


def _spellings(checksum: Checksum) -> list[tuple[str, Callable[[bytes], int | None], int]]:
    """How a sum of one or two bytes is written."""
    if checksum.check <= 0xFF:
        return [("one byte", lambda raw: raw[0], 1), ("two hexadecimal characters", _hexadecimal, 2)]
    return [
        ("low byte first", lambda raw: int.from_bytes(raw, "little"), 2),
        ("high byte first", lambda raw: int.from_bytes(raw, "big"), 2),
        ("four hexadecimal characters", _hexadecimal, 4),
    ]


def _hexadecimal(raw: bytes) -> int | None:
    try:
        return int(raw, 16) if raw.isalnum() else None
    except ValueError:
        return None


def differences(parts: Sequence[Sequence[bytes]]) -> list[Difference]:
    """Columns that one setting of the instrument moved: constant within at least two parts, with different values.  All frames
    have one length; parts without frames say nothing."""
    given = [part for part in parts if part]
    if len(given) < 2:
        return []
    found = []
    for index in range(len(given[0][0])):
        values = tuple(_only({frame[index] for frame in part}) for part in parts)
        known = [value for value in values if value is not None]
        if any(a != b for a, b in pairwise(known)):
            found.append(Difference(index, values))
    return found


def _only(values: set[int]) -> int | None:
    return next(iter(values)) if len(values) == 1 else None
