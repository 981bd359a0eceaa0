"""Frames of a recording as a file of vectors for the author of a codec, who fills in what each means."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from protocols.contract import EvidenceClass

MOST = 64  # of each stream


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """`sender` host or device, "" where the recording does not tell."""

    name: str
    sender: str
    wire: bytes
    source: str
    means: str = ""


def chosen(frames: Iterable[bytes]) -> list[bytes]:
    """Different frames in the order they came, MOST at most."""
    return list(dict.fromkeys(frames))[:MOST]


def to_toml(vectors: Sequence[CapturedFrame]) -> str:
    """One table a vector: name, sender, wire in hexadecimal, source, evidence, and `means` to be filled in."""
    parts = []
    for one in vectors:
        parts.append(
            f"[[vector]]\nname = {_quoted(one.name)}\nsender = {_quoted(one.sender)}\nwire = {_quoted(one.wire.hex(' '))}\n"
            f"source = {_quoted(one.source)}\nevidence = {_quoted(str(EvidenceClass.CAPTURE))}\nmeans = {_quoted(one.means)}\n"
        )
    return "\n".join(parts)


def from_toml(text: str) -> list[CapturedFrame]:
    """What `to_toml` wrote, filled in or not.  ValueError names the table that lacks something."""
    try:
        tables: Any = tomllib.loads(text).get("vector", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"expected TOML with [[vector]] tables: {error}") from None
    found = []
    for number, table in enumerate(tables, 1):
        try:
            one = CapturedFrame(
                str(table["name"]),
                str(table["sender"]),
                bytes.fromhex(table["wire"]),
                str(table["source"]),
                str(table["means"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"[[vector]] {number}: expected name, sender, wire in hex, source, means: {error}"
            ) from None
        found.append(one)
    return found


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
