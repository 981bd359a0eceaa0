"""Verdict documents on stdout, for people or scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from captures.case import Case
from captures.durable import naming
from fixtures.language import mark, translate
from harness.output import comment, emit
from harness.report.site import site_text
from harness.report.text import verdict_text

GRAVITY = ("no_evidence", "inconclusive", "suspect", "proven")
CONFORMITY = ("pass", "inconclusive", "fail")
STATUS = ("complete", "stopped", "error")


def show(document: Mapping[str, Any], as_json: bool) -> None:
    if "instruments" in document:
        emit("site-verdict", document, site_text(document), as_json)
    elif "parts" in document:
        emit("verdicts", document, "\n\n".join(_text(part) for part in document["parts"]), as_json)
    else:
        emit("verdict", document, verdict_text(document), as_json)


def _text(document: Mapping[str, Any]) -> str:
    return site_text(document) if "instruments" in document else verdict_text(document)


def pictures(case: Path, document: Mapping[str, Any]) -> None:
    """Draw the error courses and the evidence into the case, where the report extra is installed; say where they are."""
    if Case(case).sealed:
        return  # nothing is written into a sealed case
    try:
        from harness.report.plots import draw
    except ImportError:
        text = mark("plots: install shortmeasure[report] (matplotlib) to see E(v) and the evidence as pictures")
        comment(translate(text))
        return
    with naming(Case(case).derived, "the disk to take the pictures"):
        paths = draw(case, document)
    for path in paths:
        comment(translate(mark("plot  {path}"), path=path))


def gravest(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several verdicts as one: the gravest of its parts on each axis (design: a parent takes the gravest)."""
    return {
        "integrity": max((d["integrity"] for d in documents), key=GRAVITY.index),
        "conformity": max((d["conformity"] for d in documents), key=CONFORMITY.index),
        "status": max((d["status"] for d in documents), key=STATUS.index),
        "parts": list(documents),
    }
