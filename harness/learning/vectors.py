"""Frames of a recording as a file of vectors for the author of a codec, who fills in what each means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.contract import EvidenceClass

MOST = 64  # of each stream


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """`sender` host or device, "" where the recording does not tell."""

    name: str
    sender: str
    wire: bytes
    source: str


def chosen(frames: Iterable[bytes]) -> list[bytes]:
    """Different frames in the order they came, MOST at most."""
    return list(dict.fromkeys(frames))[:MOST]


def to_toml(vectors: Sequence[CapturedFrame]) -> str:
    """A file as protocols.vectors reads it, one table a vector; `means` is to be filled in."""
    parts = []
    for one in vectors:
        parts.append(
            f"[[vector]]\nname = {_quoted(one.name)}\nsender = {_quoted(one.sender)}\nwire = {_quoted(one.wire.hex(' '))}\n"
            f"source = {_quoted(one.source)}\nevidence = {_quoted(str(EvidenceClass.CAPTURE))}\nmeans = []\n"
        )
    return "\n".join(parts)


def _quoted(text: str) -> str:
    escaped = "".join(
        f"\\{c}"
        if c in '"\\'
        else c
        if c.isprintable()
        else f"\\u{ord(c):04X}"
        if ord(c) < 0x10000
        else f"\\U{ord(c):08X}"
        for c in text
    )
    return f'"{escaped}"'
