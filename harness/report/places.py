"""Where something stands, in the reader's language: a line of a file as errors and differences name it."""

from __future__ import annotations

import re

from fixtures.language import mark, translate

LINE = re.compile(r"(.*) line (\d+)(?: \(byte (\d+)\))?", re.DOTALL)
OF_FILE = mark("{file} line {number}")
WITH_BYTE = mark("{file} line {number} (byte {offset})")


def place_said(place: str) -> str:
    """`place` as it is, but for "FILE line N" and "FILE line N (byte M)"."""
    if (found := LINE.fullmatch(place)) is None:
        return place
    file, number, offset = found.groups()
    if offset is None:
        return translate(OF_FILE, file=file, number=number)
    return translate(WITH_BYTE, file=file, number=number, offset=offset)
