"""The draft of an on-site record, 现场笔录, filled from the journal: the office's own form wins, and the tool never replaces the signed one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fixtures.language import language, mark, translate
from harness.paper.model import Paragraph, Part, Section, Table, Tone
from harness.paper.sections import ONE_OF, case_section, measured_with, people_section, runs_section, signatures
from harness.paper.source import Source
from harness.report.account import LITRES
from harness.report.wording import said

TITLE = mark("On-site record (draft)")
SUBTITLE = mark("pre-filled from the journal of case {case}; the form of the office takes precedence")
ASKED = ("Inquire", "Confirm", "Choose")
PROPOSED = "run_"  # key of the question whether a proposed run is made (harness/plans/trigger_search.py)
COLUMNS = (mark("time, s"), mark("what was asked"), mark("as it was answered"), mark("journal line"))


def record_part(source: Source) -> Part:
    subtitle = translate(SUBTITLE, case=source.id)
    return Part(language()[:2], translate(TITLE), subtitle, tuple(_sections(source)))


def _sections(source: Source) -> Iterator[Section]:
    if (people := people_section(source)) is not None:
        yield people
    yield _facts(source)
    for number, document in enumerate(source.verdicts, 1):
        prefix = f"{document['instrument']} " if "instruments" in source.document else ""
        runs = runs_section(source, document, str(document.get("quantity", LITRES)), prefix)
        if runs is not None:
            yield Section(
                f"i{number}-{runs.id}",
                translate(ONE_OF, instrument=document["instrument"], section=runs.title),
                runs.blocks,
            )
    yield measured_with(source)
    yield case_section(source)
    yield signatures()


def _facts(source: Source) -> Section:
    """Every question with its answer in order; names stay out of it, as they stay out of the journal."""
    rows: list[tuple[str, str, str, str]] = []
    asked: dict[int, tuple[float, Mapping[str, Any]]] = {}
    for place, body in source.recorded.entries if source.recorded is not None else ():
        step = body.get("step")
        if (
            body.get("kind") == "step"
            and isinstance(step, dict)
            and step.get("type") in ASKED
            and not step.get("private")
        ):
            asked[body["n"]] = body["t_ns"] / 1e9, step
        elif body.get("kind") == "outcome" and body.get("n") in asked:
            t, question = asked.pop(body["n"])
            rows.append((f"{t:.0f}", _question(question), _answer(question, body["value"]), place))
    title = translate(mark("What was asked and answered"))
    if not rows:
        return Section("facts", title, (Paragraph(translate(mark("No run was recorded in this case.")), Tone.WARNING),))
    return Section("facts", title, (Table("record", tuple(map(translate, COLUMNS)), tuple(rows)),))


def _question(step: Mapping[str, Any]) -> str:
    """As it was asked.  Of a run that a search proposed its label alone: what was expected of it is planning, and stands in no report
    (field_rules.md 7)."""
    key = str(step.get("key", ""))
    if key.startswith(PROPOSED):
        return translate(mark("run {label} is proposed"), label=key.removeprefix(PROPOSED))
    return said(str(step.get("text", key)))


def _answer(step: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    given = value.get("value", value.get("confirmed"))
    if given is True:
        return translate(mark("confirmed"))
    named = dict(step.get("options", ()))
    return said(str(named.get(given, given))) if given is not None else "-"
