"""A site's verdict for people: the site first, then the batch, then each instrument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures.language import listed, mark, tell, translate
from harness.report.columns import column
from harness.report.figures import figure
from harness.report.history import made
from harness.report.text import (
    CONDITIONAL,
    CONFORMITY,
    CONFORMITY_LINE,
    INTEGRITY,
    INTEGRITY_LINE,
    LEVELS,
    cut_short,
    past_due,
    verdict_text,
)
from harness.report.wording import percent

RULE = "-" * 72
KINDS = {"complaint": mark("complaint"), "covert-purchase": mark("covert purchase")}
RECORDED = {  # what stands on receipt and display, as the record names it
    "label": mark("delivery"), "asked_l": mark("asked for"), "volume_l": mark("displayed quantity"), "amount": mark("amount"), "price": mark("unit price"),
    "receipt": mark("receipt"),
}  # fmt: skip


def site_text(document: Mapping[str, Any]) -> str:
    """The verdict of a site and of its instruments, in the reader's language."""
    lines = site_head(document)
    for one in document["instruments"]:
        lines += ["", RULE, verdict_text(one)]
    return "\n".join(lines).rstrip()


def site_head(document: Mapping[str, Any]) -> list[str]:
    """The site itself: title, an empty line, its levels, each instrument in a line, what they are together."""
    title = mark("Technical analysis of site {site}: on-site examination, not verification")
    gravest = translate(mark("  (the gravest of its instruments on each axis)"))
    level = translate(CONFORMITY[document["conformity"]])
    lines = [translate(title, site=document["site"]), "", *cut_short(document), *past_due(document), *made(document)]
    lines += [
        translate(INTEGRITY_LINE, level=translate(INTEGRITY[document["integrity"]])),
        translate(CONFORMITY_LINE, level=level, detail=gravest),
        "",
    ]
    for one in document["instruments"]:
        survey = one["survey"]
        how = translate(mark("full plan") if survey["full_plan"] else mark("survey only"))
        if survey["complaint"]:
            named = translate(mark(", complaint: {complaint}"), complaint=survey["complaint"])
        else:
            named = translate(mark(", drawn by lot"))
        levels = f"{column(tell(LEVELS[one['integrity']]), 12)} {column(tell(LEVELS[one['conformity']]), 12)}"
        late = f" [{translate(CONDITIONAL)}]" if one.get("overdue_stations") else ""
        lines.append(f"  {column(one['instrument'], 12)} {levels} {how}{named}{late}")
    if document["not_measured"]:
        lines.append(translate(mark("  not measured: {ids}"), ids=listed(document["not_measured"])))
    lines += ["", *_batch(document["batch"])]
    if any(one.get("overdue_stations") for one in document["instruments"]):
        lines.append(f"  {translate(CONDITIONAL)}")
    return [*lines, "", *_draw(document), "", *_records(document["records"])]


def _batch(figures: Mapping[str, Any]) -> list[str]:
    lines = [
        translate(mark("Instruments of the site together (conformity information, no finding about any of them):"))
    ]
    for key, name in {"measured": mark("all measured"), "drawn": mark("drawn by lot")}.items():
        one = figures[key]
        if one is None:
            text = mark("  {name}: fewer than two instruments with an error of indication")
            lines.append(translate(text, name=translate(name)))
            continue
        text = mark(
            "  {name}: mean error of indication {mean} over {n}, standard uncertainty {u}; "
            "mean not above 0: p = {p_mean}; {positive} of {decided} above 0: p = {p_sign}"
        )
        lines.append(
            translate(
                text,
                name=translate(name),
                mean=percent(one["mean"]),
                n=one["n"],
                u=percent(one["u"], sign=False),
                p_mean=figure(one["p_mean"], ".2g"),
                positive=one["positive"],
                decided=one["decided"],
                p_sign=figure(one["p_sign"], ".2g"),
            )
        )
    return lines


def _draw(document: Mapping[str, Any]) -> list[str]:
    alpha = document["alpha"]
    shares = listed(f"{id} {share}" for id, share in alpha["shares"].items())
    text = mark("false-accusation budget of the case: alpha = {alpha}, shared before the run: {shares}")
    lines = [translate(text, alpha=figure(alpha["case"], "g"), shares=shares)]
    lots = document["draw"]
    if lots is not None:
        text = mark("draw by lot: {drawn} of {candidates}; seed {seed}, its SHA-256 shown beforehand {sha256}")
        drawn, candidates = listed(lots["drawn"]), listed(lots["candidates"])
        lines.append(translate(text, drawn=drawn, candidates=candidates, seed=lots["seed"], sha256=lots["sha256"]))
    return lines


def _records(records: list[Mapping[str, Any]]) -> list[str]:
    lines = [translate(mark("Complaint receipts and covert purchases:"))] if records else []
    for record in records:
        values = translate(mark("; ")).join(
            f"{translate(RECORDED[key]) if key in RECORDED else key} {tell(str(value))}"
            for key, value in record["values"].items()
            if value
        )
        kind = translate(KINDS[record["kind"]]) if record["kind"] in KINDS else str(record["kind"])
        lines.append(f"  {column(record['instrument'], 12)} {column(kind, 16)} {values}  ({record['place']})")
    return lines
