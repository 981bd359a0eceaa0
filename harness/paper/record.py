"""The draft of an on-site record, 现场笔录, filled from the journal: the office's own form wins, and the tool never replaces the signed one."""

from __future__ import annotations

from collections.abc import Iterator

from fixtures.language import language, mark, translate
from harness.paper.model import Paragraph, Part, Section, Table, Tone
from harness.paper.sections import case_section, measured_with, people_section, runs_section, signatures
from harness.paper.source import Source
from harness.report.account import LITRES

TITLE = mark("On-site record (draft)")
SUBTITLE = mark("pre-filled from the journal of case {case}; the form of the office takes precedence")
COLUMNS = (mark("time, s"), mark("what was asked"), mark("as it was answered"), mark("journal line"))


def record_part(source: Source) -> Part:
    subtitle = translate(SUBTITLE, case=source.id)
    return Part(language()[:2], translate(TITLE), subtitle, tuple(_sections(source)))


def _sections(source: Source) -> Iterator[Section]:
    if (people := people_section(source)) is not None:
        yield people
    yield _facts(source)
    for number, document in enumerate(source.verdicts, 1):
        runs = runs_section(document, str(document.get("quantity", LITRES)))
        if runs is not None:
            yield Section(f"i{number}-{runs.id}", f"{document['instrument']}: {runs.title}", runs.blocks)
    yield measured_with(source)
    yield case_section(source)
    yield signatures()


def _facts(source: Source) -> Section:
    """Every question with its answer in order; names stay out of it, as they stay out of the journal."""
    rows: list[tuple[str, str, str, str]] = []
    asked: dict[int, tuple[float, str]] = {}
    for place, body in source.recorded.entries if source.recorded is not None else ():
        step = body.get("step")
        if (
            body.get("kind") == "step"
            and isinstance(step, dict)
            and step.get("type") in ("Inquire", "Confirm", "Choose")
        ):
            asked[body["n"]] = (
                body["t_ns"] / 1e9,
                "" if step.get("private") else str(step.get("text", step.get("key", ""))),
            )
        elif body.get("kind") == "outcome" and body.get("n") in asked:
            t, text = asked.pop(body["n"])
            value = body["value"].get("value", body["value"].get("confirmed", ""))
            if text:
                rows.append((f"{t:.0f}", _in_words(text), str(value) or "-", place))
    if not rows:
        return Section(
            "facts",
            translate(mark("What was asked and answered")),
            (Paragraph(translate(mark("No run was recorded in this case.")), Tone.WARNING),),
        )
    return Section(
        "facts",
        translate(mark("What was asked and answered")),
        (Table("record", tuple(map(translate, COLUMNS)), tuple(rows)),),
    )


def _in_words(text: str) -> str:
    from harness.report.wording import said

    return said(text)
