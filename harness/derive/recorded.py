"""A journal, read back: what was on the lines and what the run did, in time order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from captures.errors import IntegrityError
from captures.journal import Line, read_lines, wire_bytes
from captures.model import Direction, WireChunk
from fixtures.benchfile import BenchFile, from_header
from fixtures.errors import BenchError
from harness.derive.corrections import corrected
from harness.derive.spans import WHOLE, Entry, Span, spans, standing

CUT = ("error", "the journal has no last line: the run was cut")


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
    taken = Taken(folder)
    for line in read_lines(folder):
        taken.take(line)
    return taken.recorded()


class Taken:
    """What the lines of a journal hold, taken one after the other; `recorded` tells it at any time.

    `hear` is called with what came on a link, in the order of the lines; what it returns True for is not kept.
    """

    def __init__(self, folder: Path, hear: Callable[[str, list[WireChunk]], bool] | None = None) -> None:
        self._folder, self._hear = folder, hear
        self._header: Mapping[str, Any] | None = None
        self._bench: BenchFile | None = None
        self._chunks: dict[str, list[WireChunk]] = {}
        self._stood: dict[str, list[str]] = {}
        self._entries: list[Entry] = []
        self._status, self._why = CUT
        self._speed = 1.0

    def take(self, line: Line) -> None:
        body, place = line.body, f"{line.file}:{line.number}"
        kind = body.get("kind")
        try:
            if kind == "header":
                self._header = body
            elif kind == "wire" and body.get("private") is True:
                return  # a name or a number was typed: how many bytes, but not which
            elif kind == "wire":
                link, direction = str(body["link"]), Direction(body["dir"])
                came = [WireChunk(int(t_ns), link, direction, wire_bytes(text)) for t_ns, text in body["reads"]]
                if self._hear is None or not self._hear(link, came):
                    self._chunks.setdefault(link, []).extend(came)
                self._stood.setdefault(link, [place, place])[1] = place
            else:
                self._entries.append((place, body))
                if kind == "span":
                    self._status, self._why = CUT  # until this start of the program has written its own end
                    self._speed = max(self._speed, float(body.get("speed", 1.0)))
                if kind == "end":
                    self._status, self._why = str(body["status"]), str(body.get("why", ""))
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(
                f"{self._folder / line.file}, line {line.number}: a {kind} record lacks what it must hold: {error}"
            ) from None

    def place(self, link: str) -> str:
        """First and last journal place at which bytes of the link stand; "" before any came."""
        return "-".join(self._stood.get(link, ()))

    def recorded(self) -> Recorded:
        """Raises IntegrityError as `read_recorded`."""
        folder = self._folder
        if self._header is None or "bench" not in self._header:
            raise IntegrityError(f"{folder}: the journal has no header with a bench; it was not written by a run")
        if self._bench is None:
            try:
                self._bench = from_header(self._header, f"{folder}: bench in the header")
            except BenchError as error:
                raise IntegrityError(str(error)) from None
        ordered = {link: sorted(items, key=lambda chunk: chunk.t_ns) for link, items in self._chunks.items()}
        places = {link: self.place(link) for link in self._stood}
        try:
            return Recorded(
                self._header,
                self._bench,
                ordered,
                places,
                corrected(standing(self._entries)),
                self._status,
                self._why,
                self._speed,
                spans(self._entries),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"{folder}: its spans and attempts do not belong together: {error}") from None
