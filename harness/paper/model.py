"""The written report: parts by language, sections, and blocks that every renderer knows.  Data alone; nothing is measured or worded here.

Every text is data: a renderer escapes it, whatever stands in it.  A section names what its sentences rest on (`traces`), and what it rests on is a row
of the table of places, so that a number leads to the lines of the journal it was made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = "shortmeasure-report/1"


class Kind(StrEnum):
    RAID = "raid"
    RECORD = "record"
    LABORATORY = "laboratory"
    COMPARISON = "comparison"
    NOTICE = "notice"


class Tone(StrEnum):
    PLAIN = "plain"
    LEAD = "lead"  # the answer
    WARNING = "warning"  # what limits it
    FINE = "fine"  # small print


@dataclass(frozen=True)
class Paragraph:
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Label and text; a row without label goes on where the one before it ended."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """`name`: of its CSV file.  Every cell is text as a person reads it.  `rests`, by row: what its figures rest on, segments of the run and
    lines of the journal; () where the table says no figure of its own."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    rests: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Figure:
    """`svg`: the picture, self-contained; `alt` says in words what it shows, for who cannot see it."""

    name: str
    svg: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Blanks:
    """Lines that people fill in and sign by hand."""

    labels: tuple[str, ...]


Block = Paragraph | Bullets | Facts | Table | Figure | Blanks


@dataclass(frozen=True)
class Section:
    """`id` is unique in its part; `traces`: segments of the run that its sentences rest on."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    traces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """The whole report in one language, "zh" or "en"."""

    lang: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Place:
    """Where the bytes behind a segment stand: journal lines and time since the run began.  `read`: what people read for it, and the line on which
    each answer stands."""

    segment: str
    begin_s: float
    end_s: float
    first: str
    last: str
    read: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Report:
    """`made_utc`: the last instant that the case itself knows, never the clock of who prints it: equal bytes on repeat.  `document`: the results
    that the report is of, as `judge --json` prints them."""

    kind: Kind
    case: str
    digest: str  # of the sealed case, "" where it is not sealed
    journal_head: str
    made_utc: str
    tool: str
    parts: tuple[Part, ...]
    places: tuple[Place, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
