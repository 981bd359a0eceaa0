"""A journal, read back: what was on the lines and what the run did, in time order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from captures.errors import IntegrityError
from captures.journal import read_lines, wire_bytes
from captures.model import Direction, WireChunk
from fixtures.benchfile import BenchFile, parse
from fixtures.errors import BenchError
from harness.derive.corrections import corrected
from harness.derive.spans import WHOLE, Span, spans, standing


@dataclass(frozen=True)
class Recorded:
    """`chunks` by link in time order; `entries` every other body with its journal place ("0001.jsonl:12"), superseded
    steps and outcomes marked as void; `spans` the starts of the program."""

    header: Mapping[str, Any]
    bench: BenchFile
    chunks: Mapping[str, Sequence[WireChunk]]
    places: Mapping[str, str]  # link -> first and last journal place its bytes stand at
    entries: Sequence[tuple[str, Mapping[str, Any]]]
    status: str
    why: str
    speed: float
    spans: Sequence[Span] = WHOLE

    def during(self, span: Span) -> Recorded:
        """What came on the lines while this start of the program listened; itself where there was only one."""
        if len(self.spans) == 1:
            return self
        heard = {link: [c for c in chunks if span.holds(c.t_ns)] for link, chunks in self.chunks.items()}
        return replace(self, chunks=heard, spans=(span,))


def read_recorded(folder: Path) -> Recorded:
    """Verify and read a journal folder.

    Raises IntegrityError when a line does not verify or lacks what its kind promises.
    """
    header: Mapping[str, Any] | None = None
    chunks: dict[str, list[WireChunk]] = {}
    stood: dict[str, list[str]] = {}
    entries: list[tuple[str, Mapping[str, Any]]] = []
    status, why = cut = "error", "the journal has no last line: the run was cut"
    speed = 1.0
    for line in read_lines(folder):
        body, place = line.body, f"{line.file}:{line.number}"
        kind = body.get("kind")
        try:
            if kind == "header":
                header = body
            elif kind == "wire" and body.get("private") is True:
                continue  # a name or a number was typed: how many bytes, but not which
            elif kind == "wire":
                link, direction = str(body["link"]), Direction(body["dir"])
                chunks.setdefault(link, []).extend(
                    WireChunk(int(t_ns), link, direction, wire_bytes(text)) for t_ns, text in body["reads"]
                )
                stood.setdefault(link, [place, place])[1] = place
            else:
                entries.append((place, body))
                if kind == "span":
                    status, why = cut  # until this start of the program has written its own end
                    speed = max(speed, float(body.get("speed", 1.0)))
                if kind == "end":
                    status, why = str(body["status"]), str(body.get("why", ""))
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(
                f"{folder / line.file}, line {line.number}: a {kind} record lacks what it must hold: {error}"
            ) from None
    if header is None or "bench" not in header:
        raise IntegrityError(f"{folder}: the journal has no header with a bench; it was not written by a run")
    try:
        bench = parse(str(header["bench"]), f"{folder}: bench in the header")
    except BenchError as error:
        raise IntegrityError(str(error)) from None
    ordered = {link: sorted(items, key=lambda chunk: chunk.t_ns) for link, items in chunks.items()}
    places = {link: f"{first}-{last}" for link, (first, last) in stood.items()}
    try:
        return Recorded(
            header, bench, ordered, places, corrected(standing(entries)), status, why, speed, spans(entries)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{folder}: its spans and attempts do not belong together: {error}") from None
