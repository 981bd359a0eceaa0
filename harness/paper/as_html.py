"""A report as one HTML file: no script, no request to anywhere, every text escaped.  Needs Jinja2 (extra `report`)."""

from __future__ import annotations

import base64
from importlib.resources import files

from fixtures.language import mark, speaking, translate
from harness.paper.layout import RESTS_ON
from harness.paper.model import Report

RESTS = mark("rests on the measurements")


def html(report: Report) -> bytes:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters["base64"] = lambda text: base64.b64encode(text.encode()).decode()
    text = files("harness.paper").joinpath("templates", "report.html.j2").read_text("utf-8")
    template = environment.from_string(text)
    places = {place.segment for place in report.places}
    return template.render(report=report, words=words(report), places=places).encode()


def words(report: Report) -> dict[str, dict[str, str]]:
    """What a template says of its own, by language."""
    found = {}
    for part in report.parts:
        with speaking(part.lang):
            found[part.lang] = {"rests": translate(RESTS), "column": translate(RESTS_ON)}
    return found
