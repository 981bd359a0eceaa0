"""What was on a line: bytes with their instants, out of a case or straight from a captured channel, cut at silences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from captures.errors import IntegrityError
from captures.journal import read_lines, wire_bytes
from captures.model import Direction, WireChunk
from harness.learning.fit import Stream

TOOL = "capture sniff"
SILENCE_NS = 30_000_000
"""An adapter hands over what it has every 16 ms: a shorter pause may be its own."""
SILENCE_CHARS = 20.0
TURN_CHARS = 3.5
"""Of a captured line, whose instants are exact: whoever answers pauses as long (protocols.md 6.5)."""
TAP = "tap"
FAR_NS = 1 << 62
MARK = "sniff"


class Chunk(NamedTuple):
    """Bytes that arrived together."""

    t_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """What the operator said he was doing from t_ns on."""

    t_ns: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a recording, or both of them mixed.  `baud`, `mode`: as it was listened to; None where nobody set it."""

    name: str
    chunks: tuple[Chunk, ...]
    mixed: bool = False
    baud: float | None = None
    mode: str = ""
    exact: bool = False  # each chunk a character, at the instant it ended

    @property
    def turn_ns(self) -> int:
        """The silence between two frames, as short as the instants can tell; inside a message a device may pause as long."""
        return int((TURN_CHARS + 1) * 10e9 / self.baud) if self.exact and self.baud else self.silence_ns

    @property
    def silence_ns(self) -> int:
        return max(SILENCE_NS, int(SILENCE_CHARS * 10e9 / self.baud)) if self.baud else SILENCE_NS

    @property
    def stream(self) -> Stream:
        return Stream(self.name, bursts_of(self.chunks, self.silence_ns), None, self.mixed)

    def between(self, begin_ns: int, end_ns: int) -> tuple[Chunk, ...]:
        return tuple(chunk for chunk in self.chunks if begin_ns <= chunk.t_ns < end_ns)


@dataclass(frozen=True, slots=True)
class Recording:
    """`lines` as they were last listened to; `begin_ns` the instant that the marks and the operator count from."""

    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    begin_ns: int = 0
    links: tuple[str, ...] = ()  # of the journal, for replay


def bursts_of(chunks: Sequence[Chunk], silence_ns: int = SILENCE_NS) -> tuple[bytes, ...]:
    """The bytes between two silences, each as one."""
    found: list[list[bytes]] = []
    last_ns = None
    for chunk in chunks:
        if last_ns is None or chunk.t_ns - last_ns >= silence_ns:
            found.append([])
        found[-1].append(chunk.data)
        last_ns = chunk.t_ns
    return tuple(b"".join(parts) for parts in found)


def wire_chunks(journal: Path) -> list[WireChunk]:
    """Everything on the wires of a journal, in time order.  IntegrityError where a line does not verify or lacks its parts."""
    return _read(journal)[1]


def read_recording(journal: Path, link: str = "") -> Recording:
    """A recording of `capture sniff`, or `link` of the journal of a run: what came on it, and what was sent.

    IntegrityError as `wire_chunks`; KeyError with the names of the links where `link` is none of them.
    """
    header, chunks, entries = _read(journal)
    links = tuple(dict.fromkeys(chunk.link for chunk in chunks))
    if header.get("tool") != TOOL:
        if link not in links:
            raise KeyError(", ".join(links) or "none: nothing was on a wire")
        way = {Direction.RX: "device", Direction.TX: "host"}
        said = {
            name: tuple(Chunk(c.t_ns, c.data) for c in chunks if c.link == link and c.direction is direction)
            for direction, name in way.items()
        }
        return Recording(tuple(Line(name, own) for name, own in said.items() if own), links=(link,))
    last: Mapping[str, Any] = {}
    for entry in entries:  # the last setting listened to, or the trial that was chosen where there was no time after it
        last = entry if entry.get("kind") in ("listening", "chosen") else last
    since_ns = int(last.get("since_ns", last.get("t_ns", 0)))
    until_ns = int(last.get("until_ns", FAR_NS))
    lines = tuple(
        Line(
            name,
            tuple(Chunk(c.t_ns, c.data) for c in chunks if c.link == name and since_ns <= c.t_ns < until_ns),
            name == TAP,
            _number(last.get("baud")),
            str(last.get("mode", "")),
        )
        for name in header.get("ports", {})
    )
    marks = tuple(
        Mark(int(entry["t_ns"]), str(entry.get("payload", {}).get("text", "")))
        for entry in entries
        if entry.get("kind") == "mark" and entry.get("mark") == MARK and since_ns <= int(entry["t_ns"]) < until_ns
    )
    return Recording(lines, marks, since_ns, links)


def _read(journal: Path) -> tuple[Mapping[str, Any], list[WireChunk], list[Mapping[str, Any]]]:
    header: Mapping[str, Any] = {}
    chunks: list[WireChunk] = []
    entries: list[Mapping[str, Any]] = []
    for line in read_lines(journal):
        body = line.body
        try:
            if body.get("kind") == "header":
                header = body
            elif body.get("kind") != "wire":
                entries.append(body)
            elif body.get("private") is not True:
                way = Direction(body["dir"])
                chunks += [
                    WireChunk(int(t_ns), str(body["link"]), way, wire_bytes(text)) for t_ns, text in body["reads"]
                ]
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityError(
                f"{journal / line.file}, line {line.number}: a wire record lacks what it must hold: {error}"
            ) from None
    return header, sorted(chunks, key=lambda chunk: chunk.t_ns), entries


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
