"""A report as PDF/A-3 with the results as JSON attached, set by typst.  Needs the extra `report`.

Equal bytes on repeat: the date is that of the case, the faces are named, nothing of the system is used.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from harness.paper.as_html import words
from harness.paper.build import report_document
from harness.paper.fonts import folders, missing, shown
from harness.paper.harmless import breakable
from harness.paper.model import Report
from harness.report.document import as_json_bytes

STANDARD: Final = "a-3b"
FIRST = datetime(1970, 1, 1, tzinfo=UTC)  # of a case that knows no time


def pdf(report: Report) -> tuple[bytes, list[str]]:
    """The pages, and the characters of the report that no face has: each stands there by its number."""
    import typst

    document = report_document(report)
    made = datetime.fromisoformat(report.made_utc.replace("Z", "+00:00")) if report.made_utc else FIRST
    texts = _texts(document["parts"])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts = _set(document["parts"], place)
        head = {
            "title": f"{report.parts[0].title} {report.case}", "tool": report.tool, "lang": report.parts[0].lang, "words": words(report), "parts": parts,
            "places": [breakable(shown(one.segment)) for one in report.places],
            "footer": breakable(shown(f"{report.parts[0].title}  {report.case}  {report.digest or report.journal_head}")),
            "year": made.year, "month": made.month, "day": made.day,
        }  # fmt: skip
        (place / "report.json").write_text(json.dumps(head, ensure_ascii=False), "utf-8")
        (place / "results.json").write_bytes(as_json_bytes(report.document))
        text = files("harness.paper").joinpath("templates", "report.typ").read_text("utf-8")
        attached = '\n#pdf.attach("results.json", relationship: "source", mime-type: "application/json", description: "results of the case")\n'
        (place / "report.typ").write_text(text + attached, "utf-8")
        pages = typst.compile(
            place / "report.typ", root=place, font_paths=[*folders()], ignore_system_fonts=True, format="pdf",
            pdf_standards=STANDARD,
            pdf_tags=False,  # they would be two thirds of the file; who cannot see reads the HTML
            timestamp=int(made.timestamp()),
        )  # fmt: skip
    return pages, missing(texts)


def _set(value: Any, place: Path, number: list[int] | None = None) -> Any:
    """Parts for the template: texts with what no face has by its number, pictures as files beside it."""
    count = [0] if number is None else number
    if isinstance(value, str):
        return breakable(shown(value))
    if isinstance(value, list | tuple):
        return [_set(one, place, count) for one in value]
    if isinstance(value, dict):
        own = dict(value)
        if "svg" in own:
            count[0] += 1
            own["file"] = f"figure-{count[0]}.svg"
            (place / own["file"]).write_text(own.pop("svg"), "utf-8")
        return {key: one if key == "file" else _set(one, place, count) for key, one in own.items()}
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, one in value.items() if key != "svg" for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list | tuple) else []
