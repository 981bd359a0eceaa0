"""What an instrument says of itself, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.language import mark, translate
from harness.identity import WHAT

HEAD = mark("Identity, compared with the type file {type} [{grade}, {standing}]:")
TWICE = mark("Identity, read twice:")
AGREES = mark("{what}: agrees")
DIFFERS = mark("{what}: DIFFERS: expected {expected}, got {got}")
UNTOLD = mark("{what}: not told, so not compared")


def identity_lines(document: Mapping[str, Any]) -> list[str]:
    """Each comparison in a line, or none where nothing was compared."""
    own = document.get("identity")
    if not own:
        return []
    standing = translate(mark("verified") if own.get("verified") else mark("unverified"))
    lines = [
        translate(HEAD, type=own["type"], grade=own["grade"], standing=standing) if "type" in own else translate(TWICE)
    ]
    for one in own["compared"]:
        text = UNTOLD if one["agrees"] is None else AGREES if one["agrees"] else DIFFERS
        fields = {"expected": one["expected"], "got": one["got"]} if text is DIFFERS else {}
        lines.append(f"  - {translate(text, what=translate(WHAT[one['what']]), **fields)}")
    return lines
