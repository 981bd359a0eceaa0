"""The laboratory report: an edition clause by clause, each result with its uncertainty budget, and what the laws saw meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fixtures.language import Bilingual, language, mark, tell, translate
from harness.paper.layout import blocks
from harness.paper.model import Block, Facts, Figure, Paragraph, Part, Section, Table, Tone
from harness.paper.raid import verdict_sections
from harness.paper.sections import closing
from harness.paper.source import Source
from harness.report.protocol import COLUMNS, DECISION, FORMULAS, RISK, RULES, cells, flag_line, greatest_risks
from harness.report.wording import said

TITLE = mark("Laboratory report")
SUBTITLE = mark("tests of {edition}: {instrument}")
ONLY = mark("The results relate only to the instrument tested, in the condition in which it was brought.")
BUDGET = (mark("result"), mark("quantity"), mark("contribution"), mark("degrees of freedom"), mark("source"))
CHAIN = "chain-"


def laboratory_part(source: Source, pictures: Mapping[str, Figure]) -> Part:
    """In the language that is spoken, of a case that did the tests of an edition."""
    own = source.document["protocol"]
    subtitle = translate(SUBTITLE, edition=own["title"], instrument=source.document["instrument"])
    return Part(language()[:2], translate(TITLE), subtitle, tuple(_sections(source, own, pictures)))


def _sections(source: Source, own: Mapping[str, Any], pictures: Mapping[str, Figure]) -> Iterator[Section]:
    yield _summary(own)
    for test in own["tests"]:
        yield _test(test)
    for section in verdict_sections(source.document, pictures):
        title = translate(mark("Chain laws: {section}"), section=section.title)
        yield Section(CHAIN + section.id, title, section.blocks, section.traces)
    yield from closing(source)


def _summary(own: Mapping[str, Any]) -> Section:
    consumer, producer = greatest_risks(own)
    rows = (
        (translate(mark("edition")), tell(own["title"])),
        (translate(mark("decision rule")), translate(RULES[own["rule"]])),
        (translate(mark("decision")), translate(DECISION[own["decision"]])),
    )
    flags = [Paragraph(flag_line(flag), Tone.WARNING) for flag in own["flags"]]
    risk = Paragraph(translate(RISK, consumer=consumer, producer=producer), Tone.FINE)
    return Section(
        "summary", translate(mark("Summary")), (Facts(rows), *flags, risk, Paragraph(translate(ONLY), Tone.FINE))
    )


def _test(test: Mapping[str, Any]) -> Section:
    title = tell(Bilingual(test["title"], test["title_zh"] or test["title"]))
    standing = translate(mark("verified") if test["verified"] else mark("unverified"))
    head = translate(
        mark("clause {clause}; {grade}, {standing}"),
        clause=tell(test["clause"]),
        grade=test["grade"],
        standing=standing,
    )
    found: list[Block] = [Paragraph(head, Tone.FINE)]
    if test["severity"]:
        found += blocks([translate(mark("  set for it: {severity}"), severity=test["severity"])])
    if not test["results"]:
        found.append(Paragraph(translate(mark("  does not apply to this instrument")).strip()))
        return Section(f"test-{test['id']}", title, tuple(found))
    columns = (*map(translate, COLUMNS), translate(mark("remark")))
    found.append(Table(f"results-{test['id']}", columns, tuple(cells(row) for row in test["results"])))
    if lines := tuple(_budget(test)):
        found.append(
            Table(
                f"budget-{test['id']}",
                tuple(map(translate, BUDGET)),
                lines,
                translate(mark("Uncertainty budgets (JCGM 100)")),
            )
        )
    return Section(f"test-{test['id']}", title, tuple(found))


def _budget(test: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in test["results"]:
        for line in row["budget"]:
            dof = "∞" if line["dof"] is None else f"{line['dof']:.3g}"
            name = f"{translate(FORMULAS[row['formula']])}, {said(row['at'])}"
            yield name, said(line["name"]), f"{line['contribution']:+.3g}", dof, said(str(line.get("source") or "-"))
