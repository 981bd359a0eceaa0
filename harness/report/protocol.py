"""The tests of an acceptance edition with their results, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.language import Bilingual, in_a_row, mark, tell, translate
from harness.acceptance.reasons import SENTENCES
from harness.report.columns import column
from harness.report.figures import figure as in_digits
from harness.report.forms import sentence
from harness.report.wording import said

HEAD = mark("Tests of {edition}, decision rule {rule}: {decision}")
TEST = mark("{id}  {title} [{clause}; {grade}, {standing}]")
INFLUENCE = mark("  set for it: {severity}")
WIDTHS = (18, 30, 18, 12, 18, 12)
COLUMNS = (mark("formula"), mark("point"), mark("value"), mark("U"), mark("limit"), mark("decision"))
DECISION = {"pass": mark("pass"), "fail": mark("fail"), "inconclusive": mark("inconclusive")}
RULES = {"guarded": mark("guarded"), "simple": mark("simple"), "shared-risk": mark("shared risk")}
RISK = mark(
    "greatest risk that what was passed does not conform {consumer:.3f}, that what was failed does {producer:.3f}"
)
FORMULAS = {
    "error": mark("single error"), "mean-error": mark("mean error"), "repeatability": mark("repeatability"), "range": mark("greatest less least"),
    "range-share": mark("spread over MPE"), "amount-error": mark("amount"), "fault": mark("fault"), "weighing-error": mark("error Ec"),
    "spread": mark("spread"), "price-error": mark("price to pay"), "zero-error": mark("error at zero"), "indication-change": mark("change by 1.4 d"),
    "creep-30-min": mark("creep, 30 min"), "creep-15-30-min": mark("creep, 15 to 30 min"), "zero-return": mark("zero return"),
    "distance-error": mark("distance"), "fare-error": mark("fares not made"), "time-error": mark("time"),
    "stated-exactly": mark("stated"), "stated-most": mark("stated, at most"), "stated-least": mark("stated, at least"),
}  # fmt: skip
CONDITIONS = (  # quantities of the conditions of the editions
    mark("ambient temperature"), mark("relative humidity"), mark("temperature of the liquid"), mark("temperature of the liquid at the meter less that in the measure"),
)  # fmt: skip
BUDGET = (  # names of quantities in uncertainty budgets, their parts behind a comma, and what they rest on
    mark("scatter of the runs"), mark("reading and resolution"), mark("reference"), mark("distance shown"), mark("instants of reading"),
    mark("seconds shown"), mark("weights"), mark("changeover point"), mark("changeover point near zero"), mark("changeover point of the greatest"),
    mark("changeover point of the least"), mark("first"), mark("second"), mark("before"), mark("with it"), mark("certificate of the standard"),
    mark("certificate of the weights"), mark("step of the small weights"), mark("resolution of the display"), mark("read aloud"),
)  # fmt: skip
PLACES = (mark("near zero"), mark("falling"), mark("payment step"), mark("of the MPE"), mark("fares"))
COUNT, RELATIVE = "stated-exactly", "1"


def protocol_lines(document: Mapping[str, Any]) -> list[str]:
    """One line a result; nothing where no test of an edition was done."""
    own = document.get("protocol")
    if not own:
        return []
    decision = translate(DECISION[own["decision"]])
    lines = [translate(HEAD, edition=own["title"], rule=translate(RULES[own["rule"]]), decision=decision)]
    lines += [f"  ! {flag_line(flag)}" for flag in own["flags"]]
    for test in own["tests"]:
        standing = translate(mark("verified") if test["verified"] else mark("unverified"))
        lines += [
            "",
            translate(
                TEST,
                id=test["id"],
                title=tell(Bilingual(test["title"], test["title_zh"] or test["title"])),
                clause=said(test["clause"]),
                grade=test["grade"],
                standing=standing,
            ),
        ]
        if test["severity"]:
            lines.append(translate(INFLUENCE, severity=test["severity"]))
        if not test["results"]:
            lines.append(translate(mark("  does not apply to this instrument")))
            continue
        lines.append(
            "  "
            + " ".join(column(translate(head), width) for head, width in zip(COLUMNS, WIDTHS, strict=True)).rstrip()
        )
        lines += ["  " + _row(row) for row in test["results"]]
    consumer, producer = greatest_risks(own)
    return [*lines, "", translate(RISK, consumer=consumer, producer=producer)]


def greatest_risks(own: Mapping[str, Any]) -> tuple[float, float]:
    """Of any result: that what was passed does not conform, that what was failed does (JCGM 106)."""
    risks = [row for test in own["tests"] for row in test["results"]]
    consumer, producer = (max((float(row[of]) for row in risks), default=0.0) for of in ("consumer", "producer"))
    return consumer, producer


def flag_line(flag: Mapping[str, Any]) -> str:
    return translate(mark("{what} [{clause}]"), what=_said(flag["text"]), clause=said(flag["clause"]))


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """One result under COLUMNS, and a remark behind them."""
    decision = translate(DECISION[row["decision"]])
    formula, at, why = translate(FORMULAS[row["formula"]]), _at(row["at"]), _said(row["why"]) if row["why"] else ""
    if row["value"] is None:
        return formula, at, "-", "-", "-", decision, why
    u = row["k"] * row["u"]
    own = figure(row["value"], row["unit"]), figure(u, row["unit"]) if u else "-", _limits(row)
    return formula, at, *own, decision, why


def _row(row: Mapping[str, Any]) -> str:
    formula, at, value, u, limits, decision, why = cells(row)
    if row["value"] is None:
        return " ".join((column(formula, WIDTHS[0]), column(at, WIDTHS[1]), f"{decision}: {why}"))
    shown = zip((formula, at, value, u, limits, decision), WIDTHS, strict=True)
    text = " ".join(column(cell, width) for cell, width in shown).rstrip()
    return f"{text}  {why}" if why else text


def _said(text: str) -> str:
    """A reason in the reader's language; what an edition or a law says in it as it stands there, or as the catalogue knows it."""
    found = sentence(text, SENTENCES)
    return said(text) if found is None else translate(found[0], **{name: said(part) for name, part in found[1].items()})


def _at(at: str) -> str:
    """A point with its place and which way it was reached."""
    return in_a_row(map(said, at.split(", ")))


def budget_name(name: str) -> str:
    """A quantity of a budget; of two readings each says which it is of behind a comma."""
    return in_a_row(map(said, name.split(", ")))


def figure(value: float, unit: str) -> str:
    """A relative figure in per cent, any other in its unit."""
    return f"{100 * value:+.3f} %" if unit == RELATIVE else f"{in_digits(value, '+.3g')} {said(unit)}".rstrip()


def _limits(row: Mapping[str, Any]) -> str:
    low, high, unit = row["low"], row["high"], row["unit"]
    if low is None or high is None:
        return f"≤ {figure(high, unit)}" if low is None else f"≥ {figure(low, unit)}"
    if row["formula"] == COUNT:  # half a count on either side
        return f"= {(low + high) / 2:g}"
    if low == -high:
        return f"±{figure(high, unit).lstrip('+')}"
    return f"{figure(low, unit)} .. {figure(high, unit)}"
