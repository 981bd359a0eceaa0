"""A trip file, streamed: blocks of whole records to checked trips; what is no trip is counted by reason and never averaged in.

Memory does not grow with the file, but for 8 bytes a trip that find duplicates; a file of more than MOST_ROWS is refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from harness.fleet.cells import TOLD, Ints, Marks, Reason, figures, times
from harness.fleet.city import inside
from harness.fleet.errors import FleetError
from harness.fleet.mapping import Mapped
from harness.fleet.roster import Roster
from harness.fleet.seen import Seen, keys

BLOCK = 1 << 23  # bytes read at a time
LONGEST_RECORD = 1 << 20  # bytes: an open quotation mark would swallow the rest of the file
MOST_ROWS = 50_000_000
DAY_S = 86_400
EXAMPLES = 3
ORDINARY, DOUBLED, OTHER = 0, 1, 2


@dataclass(frozen=True)
class Trips:
    """Trips of one block, arrays (n,); distance, fare and surcharge in millionths of their units, local times in s.

    `unit`: vehicle and driver by number.  `rate`: ORDINARY, DOUBLED or OTHER.  `inside`: both ends in the city 1, not 0, unknown -1.
    `waiting_s`: -1 unknown.
    """

    unit: Mapping[str, Ints]
    start_s: Ints
    duration_s: Ints
    distance: Ints
    fare: Ints
    surcharge: Ints
    waiting_s: Ints
    rate: Marks
    inside: Marks


@dataclass
class Reading:
    """What has been read so far."""

    rosters: Mapping[str, Roster]
    rows: int = 0
    taken: int = 0
    refused: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(TOLD, 0))
    examples: dict[Reason, list[int]] = field(default_factory=lambda: {reason: [] for reason in TOLD})
    other_codes: int = 0
    sha256: str = ""
    bytes_read: int = 0


def reading(mapped: Mapped) -> Reading:
    return Reading({noun: Roster(noun) for noun in mapped.units})


def trips(path: Path, mapped: Mapped, read: Reading) -> Iterator[Trips]:
    """The trips of `path`, block after block; `read` is kept up to date, its digest stands at the end.

    Raises FleetError for what makes the file as a whole useless: encoding, header, quotation, size.
    """
    digest, seen, columns, width = hashlib.sha256(), Seen(), dict[str, int](), 0
    with path.open("rb") as stream:
        for block, offset in _blocks(stream, path):
            digest.update(block)
            rows = _rows(_text(block, mapped, path, offset), mapped, path, read.rows)
            if not columns:
                columns, width = _header(rows, mapped, path), len(rows[0])
                rows = rows[1:]
            if read.rows + len(rows) > MOST_ROWS:
                raise FleetError(
                    f"{path}: expected at most {MOST_ROWS} records, got more; split the file, say by month"
                )
            found = _checked(rows, columns, width, mapped, read, seen)
            if found is not None:
                yield found
        read.bytes_read = stream.tell()
    if not columns:
        raise FleetError(f"{path}: expected a header and trips, got an empty file")
    read.sha256 = digest.hexdigest()


def _blocks(stream: BinaryIO, path: Path) -> Iterator[tuple[bytes, int]]:
    """Blocks that end with a record, and their offsets.  A line feed ends a record where the quotation marks before it are even."""
    rest, offset = b"", 0
    while True:
        more = stream.read(BLOCK)
        data = rest + more
        if b"\0" in more:
            at = offset + data.index(b"\0")
            raise FleetError(
                f"{path}: expected text, got a zero byte at offset {at}: a UTF-16 or binary file? Save it as UTF-8 CSV"
            )
        if not more:
            if data:
                yield data, offset
            return
        cut = _cut(data)
        if cut == 0 and len(data) > LONGEST_RECORD:
            raise FleetError(
                f"{path}: expected records of at most {LONGEST_RECORD} bytes, got a longer one from offset {offset} on: "
                "a quotation mark that is never closed, or no line feeds?"
            )
        if cut:
            yield data[:cut], offset
        rest, offset = data[cut:], offset + cut


def _cut(data: bytes) -> int:
    """Bytes up to the last line feed with even quotation marks before it, 0 where there is none in reach."""
    end = data.rfind(b"\n")
    even = data.count(b'"', 0, max(end, 0)) % 2 == 0
    while end >= 0 and not even and len(data) - end <= LONGEST_RECORD:
        quote = data.rfind(b'"', 0, end)
        before = data.rfind(b"\n", 0, quote)
        even = even ^ (data.count(b'"', max(before, 0), end) % 2 == 1)
        end = before
    return end + 1 if even else 0


def _text(block: bytes, mapped: Mapped, path: Path, offset: int) -> str:
    try:
        return block.decode(mapped.encoding if offset == 0 else mapped.encoding.removesuffix("-sig"), "strict")
    except UnicodeDecodeError as error:
        line = block.count(b"\n", 0, error.start) + 1
        shown = block[max(error.start - 8, 0) : error.start + 8]
        raise FleetError(
            f"{path}: expected {mapped.encoding.removesuffix('-sig')} text, got byte {block[error.start]:#04x} at offset {offset + error.start} "
            f"(line {line} from offset {offset}, around {shown!r}); state the file's own encoding as file.encoding in the mapping"
        ) from None


def _rows(text: str, mapped: Mapped, path: Path, before: int) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapped.separator, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        told = f"a broken record {reader.line_num} lines after record {before + 1 if before else 0}"
        raise FleetError(f"{path}: expected CSV, got {told}: {error}") from None


def _header(rows: list[list[str]], mapped: Mapped, path: Path) -> dict[str, int]:
    """Noun -> place of its column."""
    names = [name.strip() for name in rows[0]]
    found = dict[str, int]()
    for noun, name in mapped.columns.items():
        if names.count(name) != 1:
            got = "none" if name not in names else f"{names.count(name)} of them"
            listed = ", ".join(repr(one[:40]) for one in names[:40])
            raise FleetError(
                f"{path}: header: expected a column {name!r} ({noun}), got {got}; the columns are {listed}. "
                "Mend [columns] in the mapping, or its separator and encoding"
            )
        found[noun] = names.index(name)
    return found


def _checked(
    rows: list[list[str]], columns: Mapping[str, int], width: int, mapped: Mapped, read: Reading, seen: Seen
) -> Trips | None:
    """The rows that are trips; the others are counted."""
    first = read.rows + 2  # the header is record 1
    read.rows += len(rows)
    whole = [len(row) == width for row in rows]
    numbers = np.arange(first, first + len(rows))
    if not all(whole):
        for reason, wanted in ((Reason.BLANK, True), (Reason.FIELDS, False)):
            _count(read, reason, numbers[[not ok and (not row) is wanted for ok, row in zip(whole, rows, strict=True)]])
        rows = [row for row, ok in zip(rows, whole, strict=True) if ok]
        numbers = numbers[whole]
    if not rows:
        return None
    cells = list(zip(*rows, strict=True))
    found, marks = _trips({noun: cells[at] for noun, at in columns.items()}, mapped, read)
    taken = np.flatnonzero(marks == Reason.TAKEN)
    trip = (*found.unit.values(), found.start_s, found.duration_s, found.distance, found.fare)
    again = seen.again(keys([column[taken] for column in trip]))
    marks[taken[again]] = Reason.DUPLICATE
    for reason in TOLD:
        _count(read, reason, numbers[marks == reason])
    keep = marks == Reason.TAKEN
    read.taken += int(keep.sum())
    read.other_codes += int((found.rate[keep] == OTHER).sum())
    return Trips(
        {noun: codes[keep] for noun, codes in found.unit.items()}, found.start_s[keep], found.duration_s[keep],
        found.distance[keep], found.fare[keep], found.surcharge[keep], found.waiting_s[keep], found.rate[keep], found.inside[keep],
    )  # fmt: skip


def _count(read: Reading, reason: Reason, numbers: Ints) -> None:
    read.refused[reason] += int(numbers.size)
    room = EXAMPLES - len(read.examples[reason])
    if numbers.size and room:
        read.examples[reason] += numbers[:room].tolist()


def _trips(cells: Mapping[str, tuple[str, ...]], mapped: Mapped, read: Reading) -> tuple[Trips, Marks]:
    """All rows as trips, and of each what is wrong with it."""
    size = len(cells["start"])
    marks = np.zeros(size, dtype=np.int8)

    def worst(of: Marks) -> None:
        """Keep the first reason in the order of Reason."""
        np.copyto(marks, of, where=(of > 0) & ((marks == 0) | (of < marks)))

    def column(noun: str, none: int) -> Ints:
        """A figure that may be missing."""
        if noun not in cells:
            return np.full(size, none, dtype=np.int64)
        values, wrong = figures(cells[noun], mapped)
        worst(np.where(wrong == Reason.EMPTY, Reason.TAKEN, wrong).astype(np.int8))
        return np.where(wrong == Reason.EMPTY, none, values)

    unit = dict[str, Ints]()
    for noun, roster in read.rosters.items():
        unit[noun], wrong = roster.codes(cells[noun])
        worst(wrong)
    start, wrong = times(cells["start"], mapped.date)
    worst(wrong)
    end, wrong = times(cells["end"], mapped.date)
    worst(wrong)
    distance, wrong = figures(cells["distance"], mapped)
    worst(wrong)
    fare, wrong = figures(cells["fare"], mapped)
    worst(wrong)
    surcharge, waiting = column("surcharge", 0), column("waiting", -1)
    waiting_s = np.where(waiting < 0, -1, waiting * mapped.waiting_s // 1_000_000)
    duration = end - start
    worst(
        np.where(duration < 0, Reason.REVERSED, np.where(duration > DAY_S, Reason.TOO_LONG, Reason.TAKEN)).astype(
            np.int8
        )
    )
    rate = _rates(cells.get("rate_code"), mapped, size)
    where = inside(cells, mapped, size)
    return Trips(unit, start, duration, distance, fare, surcharge, waiting_s, rate, where), marks


def _rates(codes: tuple[str, ...] | None, mapped: Mapped, size: int) -> Marks:
    """Without a mapped code every trip is ordinary; an unlisted code is other, and other codes are judged by nothing."""
    if codes is None:
        return np.full(size, ORDINARY, dtype=np.int8)
    known = {code: ORDINARY for code in mapped.ordinary} | {code: DOUBLED for code in mapped.doubled}
    return np.fromiter((known.get(code.strip(), OTHER) for code in codes), dtype=np.int8, count=size)
