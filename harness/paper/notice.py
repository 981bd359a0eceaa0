"""One page for the trader, in plain words: what was looked at, what came out, what it means and what can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.language import language, mark, translate
from harness.paper.model import Bullets, Paragraph, Part, Section, Tone
from harness.paper.sections import case_section, signatures
from harness.paper.source import Source

TITLE = mark("Notice of what was measured")
SUBTITLE = mark("{instrument}; not a verification certificate and not a decision")
INTEGRITY = {
    "proven": mark(
        "Features of a function that changes the measured quantity were detected. How they were found is in the report."
    ),
    "suspect": mark(
        "Something in the chain does not agree, and not all that a proof asks for is there. It is to be looked into further."
    ),
    "inconclusive": mark("Not every question could be answered. Nothing is said against the instrument by that."),
    "no_evidence": mark(
        "In what was tried nothing was found against the instrument. What was not tried is listed in the report."
    ),
}
CONFORMITY = {
    "pass": mark("The errors of indication that were measured lie within the limits."),
    "fail": mark("Errors of indication beyond the limits were measured."),
    "inconclusive": mark("Whether the errors of indication lie within the limits was not decided."),
}
RIGHTS = (
    mark("You may state your view in your own words; it is kept with the case as you said it."),
    mark("You may ask for the measurement to be repeated, or for verification by the institute that the law names."),
    mark(
        "You may ask for the report and for the digest of the case, by which anybody can check that nothing was changed afterwards."
    ),
)


def notice_part(source: Source) -> Part:
    named = source.document.get("site") or source.document["instrument"]
    sections = [_result(one, number) for number, one in enumerate(source.verdicts, 1)]
    rights = Section("rights", translate(mark("What you may do")), (Bullets(tuple(map(translate, RIGHTS))),))
    subtitle = translate(SUBTITLE, instrument=named)
    return Part(language()[:2], translate(TITLE), subtitle, (*sections, rights, case_section(source), signatures()))


def _result(document: Mapping[str, Any], number: int) -> Section:
    found = [
        Paragraph(translate(INTEGRITY[document["integrity"]]), Tone.LEAD),
        Paragraph(translate(CONFORMITY[document["conformity"]]), Tone.LEAD),
    ]
    if document["conformity"] == "fail" and document["integrity"] in ("no_evidence", "inconclusive"):
        found.append(Paragraph(translate(mark("That is a matter of adjustment until something else is shown."))))
    if document["status"] != "complete":
        found.insert(
            0,
            Paragraph(
                translate(mark("The examination was cut short; what is said here rests on what was measured before.")),
                Tone.WARNING,
            ),
        )
    return Section(
        f"result-{number}", translate(mark("Result for {instrument}"), instrument=document["instrument"]), tuple(found)
    )
