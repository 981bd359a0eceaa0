"""Program lines read as an instrument reads them: units, headers in long and short form, the current path.

`SYST:ERR?;VERS?` asks SYST:ERR? and SYST:VERS?: a unit that begins neither with a colon nor with an asterisk goes on from
the path of the one before (SCPI-1999 6.2.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MAX_UNITS = 64
_UNIT = re.compile(r"(?P<header>[:*]?[A-Za-z][A-Za-z0-9_:]*\??)(?:[ \t]+(?P<rest>.*))?")
_NODE = re.compile(r"(?P<short>[A-Z0-9*]+)(?P<rest>[a-z]*)")


@dataclass(frozen=True, slots=True)
class Unit:
    """One command or query with its absolute header (upper case, without leading colon); `header` empty: unreadable."""

    header: str
    arguments: tuple[str, ...]

    @property
    def query(self) -> bool:
        return self.header.endswith("?")


def units(text: str) -> Iterator[Unit]:
    """The units of a program line, MAX_UNITS at most."""
    path = ""
    for piece in _outside_quotes(text, ";")[:MAX_UNITS]:
        found = _UNIT.fullmatch(piece.strip())
        if found is None:
            if piece.strip():
                yield Unit("", (piece.strip(),))
            continue
        header = found["header"].upper()
        if header.startswith("*"):
            absolute = header
        else:
            absolute = header[1:] if header.startswith(":") else path + header
            path = absolute[: absolute.rfind(":") + 1]
        rest = found["rest"]
        yield Unit(absolute, tuple(a.strip() for a in _outside_quotes(rest, ",")) if rest else ())


def _outside_quotes(text: str, separator: str) -> list[str]:
    """`text` cut at `separator`, except inside of quotes and parentheses."""
    pieces, quote, depth = [""], "", 0
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        if character == separator and not quote and not depth:
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces


@cache
def _pattern(spelling: str) -> re.Pattern[str]:
    made = ""
    for part in re.split(r"(\[[^\]]*\])", spelling.removesuffix("?")):
        nodes = _NODE.sub(
            lambda m: f"{re.escape(m['short'])}(?:{m['rest'].upper()})?" if m["rest"] else re.escape(m["short"]),
            part.strip("[]"),
        )
        made += f"(?:{nodes})?" if part.startswith("[") else nodes
    return re.compile(made + (r"\?" if spelling.endswith("?") else ""))


def matches(spelling: str, header: str) -> bool:
    """Whether `header` (upper case) is the command written as in manuals: "[SENSe:]TOTalize:DATA?"."""
    return _pattern(spelling).fullmatch(header) is not None
