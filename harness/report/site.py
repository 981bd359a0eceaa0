"""A site's verdict for people: the site first, then the batch, then each instrument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.text import CONFORMITY, INTEGRITY, percent, verdict_text

RULE = "-" * 72


def site_text(document: Mapping[str, Any]) -> str:
    """The verdict of a site and of its instruments."""
    lines = [f"Technical analysis of site {document['site']}: on-site examination, not verification", ""]
    if document["status"] != "complete":
        lines += [
            f"RUN {document['status'].upper()}: {document['why']}",
            "What was recorded before is judged below.",
            "",
        ]
    lines += [
        f"integrity   {INTEGRITY[document['integrity']]}",
        f"conformity  {CONFORMITY[document['conformity']]}  (the gravest of its instruments on each axis)",
        "",
    ]
    for one in document["instruments"]:
        survey = one["survey"]
        how = "full plan" if survey["full_plan"] else "survey only"
        named = f", complaint: {survey['complaint']}" if survey["complaint"] else ", drawn by lot"
        lines.append(f"  {one['instrument']:<12} {one['integrity']:<12} {one['conformity']:<12} {how}{named}")
    if document["not_measured"]:
        lines.append(f"  not measured: {', '.join(document['not_measured'])}")
    lines += ["", *_batch(document["batch"]), "", *_draw(document), "", *_records(document["records"])]
    for one in document["instruments"]:
        lines += ["", RULE, verdict_text(one)]
    return "\n".join(lines).rstrip()


def _batch(figures: Mapping[str, Any]) -> list[str]:
    lines = ["Instruments of the site together (conformity information, no finding about any of them):"]
    said = {"measured": "all measured", "drawn": "drawn by lot"}
    for key, name in said.items():
        one = figures[key]
        if one is None:
            lines.append(f"  {name}: fewer than two instruments with an error of indication")
            continue
        lines.append(
            f"  {name}: mean error of indication {percent(one['mean'])} over {one['n']}, standard uncertainty {percent(one['u'], sign=False)}; "
            f"mean not above 0: p = {one['p_mean']:.2g}; {one['positive']} of {one['decided']} above 0: p = {one['p_sign']:.2g}"
        )
    return lines


def _draw(document: Mapping[str, Any]) -> list[str]:
    alpha = document["alpha"]
    shares = ", ".join(f"{id} {share}" for id, share in alpha["shares"].items())
    lines = [f"false-accusation budget of the case: alpha = {alpha['case']:g}, shared before the run: {shares}"]
    lots = document["draw"]
    if lots is not None:
        lines.append(
            f"draw by lot: {', '.join(lots['drawn'])} of {', '.join(lots['candidates'])}; seed {lots['seed']}, "
            f"its SHA-256 shown beforehand {lots['sha256']}"
        )
    return lines


def _records(records: list[Mapping[str, Any]]) -> list[str]:
    lines = ["Complaint receipts and covert purchases:"] if records else []
    for record in records:
        values = "; ".join(f"{key} {value}" for key, value in record["values"].items() if value)
        lines.append(f"  {record['instrument']:<12} {record['kind']:<16} {values}  ({record['place']})")
    return lines
