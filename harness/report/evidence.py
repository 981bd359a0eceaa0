"""For people: what a likelihood ratio says and what it does not, and how the case's alpha is spent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Context
from typing import Any

from fixtures.language import language, mark, translate
from harness.report.figures import figure
from harness.report.wording import said


def at_least(value: float) -> str:
    """Three digits of a lower bound, rounded down: it never reaches a band of the scale that the number does not."""
    return figure(float(Context(prec=3, rounding=ROUND_FLOOR).create_decimal_from_float(value)))


def likelihood_lines(ratio: Mapping[str, Any], scale: Mapping[str, Any]) -> list[str]:
    """The number with its two propositions, its words on the scale with the scale's source, and what it does not weigh."""
    tongue = "zh" if language() == "zh_CN" else "en"
    number = at_least(ratio["at_least"])
    lines = []
    if ratio["at_least"] < 1:
        lines.append(translate(mark("  likelihood  the evidence of this test, alone, supports neither proposition")))
    else:
        text = mark("  likelihood  what was seen is at least {number} times as likely if {hp}")
        lines.append(translate(text, number=number, hp=ratio[f"hp_{tongue}"]))
        lines.append(translate(mark("              than if {hd}"), hd=ratio[f"hd_{tongue}"]))
        words = ratio.get("verbal", {}).get(tongue)
        if words:
            grade = "" if scale["verified"] else translate(mark(", grade {grade}, unverified"), grade=scale["grade"])
            text = mark("              {words} for the first ({name}: {source}, {edition}{grade})")
            named = {key: scale[key] for key in ("name", "source", "edition")}
            lines.append(translate(text, words=words, grade=grade, **named))
        if ratio["e"] > ratio["cap"]:
            text = mark("              no more is claimed than the validation of the test supports ({cap})")
            lines.append(translate(text, cap=figure(ratio["cap"])))
    if ratio["unweighed"]:
        text = mark("              not weighed by this number: {n} honest causes that nothing excluded")
        lines.append(translate(text, n=len(ratio["unweighed"])))
    return lines


def budget_lines(document: Mapping[str, Any]) -> list[str]:
    """How alpha is spent: the scheduled half by weight, the half for confirmations one by one."""
    budget = document.get("budget")
    if not budget or not budget["pairs"]:
        return []
    tests = [one for one in document["evidence"] if one["basis"] == "prespecified"]
    thresholds = [one["proven_at"] for one in tests]
    lines = [translate(mark("How the false-accusation budget is spent:"))]
    text = mark(
        "  scheduled tests      {level}, by weight over {pairs} pairs of test and link: thresholds {low} to {high}"
    )
    figures = {"low": figure(min(thresholds)), "high": figure(max(thresholds))}
    lines.append(translate(text, level=figure(budget["scheduled"]), pairs=budget["pairs"], **figures))
    text = mark("  confirmations        {level}, the k-th has this times 2^-k")
    lines.append(translate(text, level=figure(budget["confirmations"])))
    for k, target, level in budget["spent"]:
        own = next((one for one in document["evidence"] if one["k"] == k), None)
        name, _, link = target.partition(":")
        if own is None:
            text = mark(
                "  confirmation {k}       {level}: {test} over {link}, registered; nothing of it could be judged"
            )
            lines.append(translate(text, k=k, level=figure(level), test=said(name), link=link))
            continue
        text = mark("  confirmation {k}       {level}: {test} over {link}, threshold {threshold}, evidence {e}")
        lines.append(
            translate(
                text, k=k, level=figure(level), test=said(name), link=own["link"],
                threshold=figure(own["proven_at"]), e=figure(own["e"]),
            )
        )  # fmt: skip
    if not budget["spent"]:
        lines.append(translate(mark("  none was run: this half is margin")))
    return lines
