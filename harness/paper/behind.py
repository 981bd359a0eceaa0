"""What a sentence of a report rests on: for each measurement of a finding the lines of the journal, byte for byte, and the pulses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captures.journal import Line, read_lines
from harness.derive import segments
from harness.derive.site import by_instrument
from harness.exits import UsageError
from harness.judge.contract import Segment
from harness.paper.model import Place
from harness.paper.source import Source, named, read_source

LINE = re.compile(r"[0-9]+\.jsonl:[0-9]+", re.ASCII)
FEWEST = 40  # lines and edges of a measurement that are shown where not all are asked for


@dataclass(frozen=True)
class Heard:
    """One line of the journal; of a wire each read with its time and its bytes."""

    place: str
    kind: str
    link: str
    direction: str
    reads: tuple[tuple[int, str], ...]  # ns since the run began, hexadecimal
    says: str


@dataclass(frozen=True)
class Behind:
    """One measurement; `left_out`: how many lines of it are not shown.  `edges`: train -> number of edges, and the first ticks."""

    place: Place
    lines: tuple[Heard, ...]
    left_out: int
    edges: Mapping[str, tuple[int, tuple[int, ...]]]


def behind(case: Path, which: str, most: int | None = FEWEST) -> tuple[Mapping[str, Any] | None, list[Behind]]:
    """What is behind `which`: the number of a finding, from 1, whose measurements these are; the name of one measurement; or a line of the
    journal, as "0001.jsonl:1101".  The finding where it is one, and at most `most` lines of each measurement, all of them for None.

    Raises UsageError for what is not there, and what reading and judging a case raises.
    """
    source = read_source(case)
    if which.isascii() and which.isdigit():
        finding, places = _of_finding(source, case, int(which))
        return finding, list(_behind(source, places, most))
    named_so = [place for place in source.places if place.segment == which]
    if not named_so and LINE.fullmatch(which):
        named_so = [Place("", 0.0, 0.0, which, which)]
    if not named_so:
        names = ", ".join(place.segment for place in source.places) or "none"
        raise UsageError(
            f"{case}: expected the number of a finding, a measurement ({names}) or a line such as 0001.jsonl:12, got {which!r}"
        )
    return None, list(_behind(source, named_so, most))


def _of_finding(source: Source, case: Path, number: int) -> tuple[Mapping[str, Any], list[Place]]:
    found = [(one, finding) for one in source.verdicts for finding in one["findings"]]
    if not 1 <= number <= len(found):
        raise UsageError(
            f"{case}: expected a finding from 1 to {len(found)}, got {number}"
            if found
            else f"{case}: expected a finding, the verdict has none"
        )
    document, finding = found[number - 1]
    names = {named(document["instrument"], id, source.document) for id in finding["segments"]}
    return finding, [place for place in source.places if place.segment in names]


def _behind(source: Source, places: Sequence[Place], most: int | None) -> Iterator[Behind]:
    lines = list(read_lines(source.case.journal))
    at = {f"{line.file}:{line.number}": number for number, line in enumerate(lines)}
    own_segments = _segments(source) if any(place.segment for place in places) else {}
    for place in places:
        if place.first not in at:
            raise UsageError(
                f"{source.case.journal}: expected a line of the journal, got {place.first}; its last is {list(at)[-1]}"
            )
        own = [_heard(line) for line in lines[at[place.first] : at[place.last] + 1]]
        shown = own if most is None else own[:most]
        yield Behind(place, tuple(shown), len(own) - len(shown), _edges(own_segments.get(place.segment), most))


def _segments(source: Source) -> dict[str, Segment]:
    """By the name of their place: two instruments of a site may have a segment of one id."""
    if source.recorded is None:
        return {}
    if "instruments" not in source.document:
        return {segment.id: segment for segment in segments(source.recorded)}
    views = by_instrument(source.recorded)
    return {named(id, segment.id, source.document): segment for id, view in views.items() for segment in segments(view)}


def _heard(line: Line) -> Heard:
    body = line.body
    reads = (
        tuple((int(t), text.encode("latin-1").hex(" ")) for t, text in body["reads"])
        if body.get("kind") == "wire"
        else ()
    )
    rest = {key: value for key, value in body.items() if key not in ("kind", "link", "dir", "reads")}
    says = ", ".join(f"{key} {value}" for key, value in rest.items())
    return Heard(
        f"{line.file}:{line.number}",
        str(body.get("kind")),
        str(body.get("link", "")),
        str(body.get("dir", "")),
        reads,
        says,
    )


def _edges(segment: Segment | None, most: int | None) -> dict[str, tuple[int, tuple[int, ...]]]:
    trains = {} if segment is None else segment.trains
    return {name: (int(train.ticks.size), tuple(train.ticks[:most].tolist())) for name, train in trains.items()}
