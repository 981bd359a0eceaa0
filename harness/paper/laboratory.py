"""The laboratory report: an edition clause by clause, each result with its uncertainty budget, and what the laws saw meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from fixtures.language import Bilingual, in_a_row, language, listed, mark, tell, translate
from harness.paper.layout import blocks
from harness.paper.model import Block, Facts, Figure, Paragraph, Part, Section, Table, Tone
from harness.paper.raid import verdict_sections
from harness.paper.sections import ABSENT, closing
from harness.paper.source import NS, Source
from harness.plans.acceptance import UNITS
from harness.report.figures import figure
from harness.report.protocol import (
    COLUMNS,
    DECISION,
    FORMULAS,
    RISK,
    RULES,
    budget_name,
    cells,
    flag_line,
    greatest_risks,
)
from harness.report.wording import said

TITLE = mark("Laboratory report")
SUBTITLE = mark("tests of {edition}: {instrument}")
ONLY = mark("The results relate only to the instrument tested, in the condition in which it was brought.")
BUDGET = (mark("result"), mark("quantity"), mark("contribution"), mark("degrees of freedom"), mark("source"))
CONDITIONS = (
    mark("condition"), mark("before the tests"), mark("after the tests"), mark("limits"), mark("may change by"), mark("unit of it"), mark("clause"),
    mark("compared with the print"),
)  # fmt: skip
CHECKLIST = (mark("clause"), mark("test"), mark("results"))
VERIFIED, UNVERIFIED = mark("verified"), mark("unverified")
CHAIN = "chain-"


def laboratory_part(source: Source, pictures: Mapping[str, Figure]) -> Part:
    """In the language that is spoken, of a case that did the tests of an edition."""
    own = source.document["protocol"]
    subtitle = translate(SUBTITLE, edition=tell(own["title"]), instrument=source.document["instrument"])
    return Part(language()[:2], translate(TITLE), subtitle, tuple(_sections(source, own, pictures)))


def _sections(source: Source, own: Mapping[str, Any], pictures: Mapping[str, Figure]) -> Iterator[Section]:
    yield _summary(own)
    if own["conditions"]:
        yield Section("conditions", translate(mark("Conditions of the tests")), (_conditions(own),))
    times = _times(source)
    for test in own["tests"]:
        yield _test(test, times.get(test["id"]))
    yield Section("checklist", translate(mark("Checklist")), (_checklist(own),))
    for section in verdict_sections(source, source.document, pictures):
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


def _conditions(own: Mapping[str, Any]) -> Table:
    """What surrounded the tests, before and after, beside the limits of the edition."""
    rows = tuple(
        (
            said(one["quantity"]), tell(one["before"] or ABSENT), tell(one["after"] or ABSENT), f"{one['low'] or '-'} … {one['high'] or '-'}",
            str(one["change"] or "-"), tell(UNITS.get(one["unit"], one["unit"])), said(one["clause"]), translate(VERIFIED if one["verified"] else UNVERIFIED),
        )
        for one in own["conditions"]
    )  # fmt: skip
    return Table("conditions", tuple(map(translate, CONDITIONS)), rows)


def _checklist(own: Mapping[str, Any]) -> Table:
    """One line a test, as the sheets of type evaluation end (evidence.md 5.1): how many of its results passed, failed, stayed undecided."""
    rows = []
    for test in own["tests"]:
        found = Counter(str(row["decision"]) for row in test["results"])
        counts = listed(f"{translate(DECISION[one])} {found[one]}" for one in DECISION if found[one])
        title = tell(Bilingual(test["title"], test["title_zh"] or test["title"]))
        rows.append((said(test["clause"]), title, counts or translate(mark("does not apply"))))
    return Table("checklist", tuple(map(translate, CHECKLIST)), tuple(rows))


def _times(source: Source) -> dict[str, tuple[float, float]]:
    """By test: seconds since the run began at which its first part began and its last one ended."""
    found: dict[str, tuple[float, float]] = {}
    test, since_s = "", 0.0
    for _, body in source.recorded.entries if source.recorded is not None else ():
        step = body.get("step")
        if body.get("kind") != "step" or not isinstance(step, Mapping) or step.get("type") not in ("Clause", "Phase"):
            continue
        now_s = int(body["t_ns"]) / NS
        if test:
            found[test] = (found.get(test, (since_s, 0.0))[0], now_s)
        test, since_s = (str(step["test"]), now_s) if step["type"] == "Clause" else ("", 0.0)
    return found


def _test(test: Mapping[str, Any], when: tuple[float, float] | None) -> Section:
    title = tell(Bilingual(test["title"], test["title_zh"] or test["title"]))
    standing = translate(VERIFIED if test["verified"] else UNVERIFIED)
    head = translate(
        mark("clause {clause}; {grade}, {standing}"),
        clause=said(test["clause"]),
        grade=test["grade"],
        standing=standing,
    )
    found: list[Block] = [Paragraph(head, Tone.FINE)]
    if when is not None:
        text = mark("carried out from {begin} s to {end} s after the run began")
        found.append(Paragraph(translate(text, begin=f"{when[0]:.0f}", end=f"{when[1]:.0f}"), Tone.FINE))
    if test["severity"]:
        found += blocks([translate(mark("  set for it: {severity}"), severity=test["severity"])])
    if not test["results"]:
        found.append(Paragraph(translate(mark("  does not apply to this instrument")).strip()))
        return Section(f"test-{test['id']}", title, tuple(found))
    columns = (*map(translate, COLUMNS), translate(mark("remark")))
    found.append(
        Table(
            f"results-{test['id']}",
            columns,
            tuple(cells(row) for row in test["results"]),
            rests=tuple(tuple(row["places"]) for row in test["results"]),
        )
    )
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
            name = in_a_row((translate(FORMULAS[row["formula"]]), budget_name(row["at"])))
            yield (
                name,
                budget_name(line["name"]),
                figure(line["contribution"], "+.3g"),
                dof,
                said(str(line.get("source") or "-")),
            )
